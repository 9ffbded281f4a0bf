"""Running commands of `regulars` in tests; the fixture `regulars` is in the folders that use it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Regulars = Callable[..., Ran]


def command_line(capsys: pytest.CaptureFixture[str]) -> Regulars:
    """A function that runs one command in this process, on the test database."""
    from regulars.cli.app import run

    def run_command(*arguments: object) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0, printed.out, printed.err)

    return run_command
