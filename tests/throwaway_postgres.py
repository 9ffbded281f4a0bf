"""A PostgreSQL server of one's own, in a folder of its own, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NoPostgres(Exception):  # noqa: N818 - named for what stands in the way
    """No server can be started here; says what is missing."""


@contextmanager
def throwaway_postgres(folder: Path) -> Iterator[str]:
    """Start a server with its data in `folder`; its URL. Raises `NoPostgres`."""
    programs = _programs()
    as_user = _unprivileged(folder)
    port = _free_port()

    def run(program: str, *arguments: str) -> None:
        command = [*as_user, str(programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=60)

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "regulars", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=50"
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgres://regulars:regulars@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")


def _programs() -> Path:
    found = shutil.which("pg_ctl")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists():
            return folder
    raise NoPostgres("PostgreSQL (install it, or set REGULARS_TEST_POSTGRES_URL)")


def _unprivileged(folder: Path) -> list[str]:
    """How to run a program as someone other than root, which PostgreSQL refuses; gives `folder` to that user."""
    if os.geteuid() != 0:
        return []
    user = next((entry.pw_name for entry in pwd.getpwall() if entry.pw_name in ("postgres", "nobody")), None)
    if user is None or shutil.which("runuser") is None:
        raise NoPostgres("PostgreSQL (its server does not run as root, and there is no user postgres)")
    shutil.chown(folder, user)
    for parent in folder.parents:
        if parent.stat().st_uid == 0 and str(parent).startswith(tempfile.gettempdir()):
            parent.chmod(parent.stat().st_mode | 0o011)
    return ["runuser", "-u", user, "--"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
