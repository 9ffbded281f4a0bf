from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pytest

from command_line import Regulars
from regulars.cli.demo import MARK, _password, _prepare_home
from regulars.cli.made_up import firm_names, person
from served import PASSWORD, Installation, found_demo


def test_made_up_names_suffice_differ_and_are_always_the_same() -> None:
    names = list(dict.fromkeys(firm_names(2011)))
    assert len(names) >= 6000
    assert names[:5] == list(islice(dict.fromkeys(firm_names(2011)), 5))


def test_made_up_people_cannot_be_reached() -> None:
    someone = person("seed", "Kersey’s Cards & Gifts")
    assert someone == person("seed", "Kersey’s Cards & Gifts")
    assert someone.email.endswith("@kersey-s-cards-gifts.example")
    assert someone.phone.startswith("+44 1632 960")


def test_the_demo_never_empties_a_folder_with_data_of_ones_own(
    regulars: Regulars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "regulars.sqlite3").write_text("precious")
    monkeypatch.setenv("REGULARS_HOME", str(own))
    ran = regulars("demo")
    assert ran.code == 2
    assert "--home" in ran.err
    assert (own / "regulars.sqlite3").read_text() == "precious"


def test_the_demo_never_touches_a_database_with_data_of_ones_own(
    regulars: Regulars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_HOME", str(tmp_path / "new"))
    regulars("init", "--name", "Muster Druck")
    ran = regulars("demo")
    assert ran.code == 2
    assert regulars("init", "--json").data["name"] == "Muster Druck"


def test_the_demo_ends_with_its_address_and_login_and_serves_on_the_next_free_port(tmp_path: Path) -> None:
    demo = Installation(tmp_path)
    found_demo(demo)
    (tmp_path / MARK).write_text(PASSWORD)
    key = json.loads(
        demo.regulars("--json", "token", "add", "test", "--scope", "orders:read", "--scope", "accounts:read")
    )["key"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "regulars", "--home", str(tmp_path), "demo", "--keep", "--port", str(port)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env=demo.environment, start_new_session=True
        )
        try:
            assert process.stdout is not None
            shown = _lines_until(process.stdout, "Ctrl-C")
            address = next(line.split()[-1] for line in shown.splitlines() if "In the browser" in line)
            assert address != f"http://127.0.0.1:{port}"
            assert f"owner@demo.example, password {PASSWORD}" in shown
            assert "analyst@demo.example" in shown
            assert _status(address) == 200
            assert _order_lines(address, key), "the process that answers reads what the one before imported"
        finally:
            os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 0
    process.stdout.close()


def _lines_until(stream: IO[str], last: str) -> str:
    lines = []
    for line in stream:
        lines.append(line)
        if last in line:
            break
    return "".join(lines)


def _status(address: str) -> int:
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{address}/sign-in/") as answer:  # noqa: S310 - of this machine
                return int(answer.status)
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def test_each_demo_has_a_password_of_its_own_that_stays(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    kept = []
    for home in (first, second):
        _prepare_home(str(home), keep=False)
        kept.append(_password(home))
        assert (home / MARK).stat().st_mode & 0o077 == 0
    assert kept[0] != kept[1]
    _prepare_home(str(first), keep=True)
    assert _password(first) == kept[0]


def _order_lines(address: str, key: str) -> Any:
    """The lines of an account of the demo that has some, over the API."""

    def asked(path: str) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        request = urllib.request.Request(f"{address}/api/v1{path}", headers=headers)  # noqa: S310 - of this machine
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - of this machine
            return json.loads(answer.read())

    return asked(f"/accounts/{asked('/accounts')['items'][0]['uid']}/lines")
