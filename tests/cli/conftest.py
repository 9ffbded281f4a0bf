from __future__ import annotations

import pytest

from command_line import Regulars, command_line


@pytest.fixture
def regulars(db: None, capsys: pytest.CaptureFixture[str]) -> Regulars:
    """Run a command on the test database: `regulars("today", "--json").data`."""
    return command_line(capsys)
