from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


def run(*command: str | Path, home: Path) -> str:
    """Run a command as a user would who has nothing but the installed package; what it printed."""
    kept = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR")
    inherited = {name: value for name, value in os.environ.items() if name in kept or name.startswith(("UV_", "PIP_"))}
    environment = inherited | {"REGULARS_HOME": str(home)}
    done = subprocess.run(command, env=environment, cwd=home.parent, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_built_wheel_works_in_an_empty_environment(tmp_path: Path) -> None:
    """Issue: `pip install` the wheel, `regulars demo`, `regulars today --json`."""
    home, wheels, environment = tmp_path / "home", tmp_path / "wheels", tmp_path / "environment"
    uv = (sys.executable, "-m", "uv")
    run(*uv, "build", "--quiet", "--wheel", "--out-dir", wheels, CHECKOUT, home=home)
    run(*uv, "venv", "--quiet", "--python", sys.executable, environment, home=home)
    wheel = next(wheels.glob("regulars-*.whl"))
    run(*uv, "pip", "install", "--quiet", "--python", environment / "bin" / "python", wheel, home=home)
    regulars = environment / "bin" / "regulars"

    shown = run(regulars, "demo", "--no-serve", home=home)
    assert "CC BY 4.0" in shown

    today = json.loads(run(regulars, "today", "--json", home=home))
    assert today["on"] == "2011-12-09"
    assert 1 <= len(today["items"]) <= 7
    assert all(item["sentences"] for item in today["items"])
    assert all(item["account"]["made_up"] for item in today["items"])
