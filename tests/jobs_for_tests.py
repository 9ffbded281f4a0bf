"""Jobs that the tests of the worker put in the queue; a module of its own, so that started workers find it."""

from __future__ import annotations

import time
from pathlib import Path

from regulars.base.jobs import job


@job(retries=2, pause_seconds=0)
def write(*, file: str, text: str) -> int:
    return Path(file).write_text(text)


@job(retries=2, pause_seconds=0)
def fail(*, reason: str) -> None:
    raise RuntimeError(reason)


@job(retries=2, pause_seconds=3600)
def fail_for_now(*, reason: str) -> None:
    raise RuntimeError(reason)


@job(retries=1, pause_seconds=0)
def hang_once(*, begun: str, done: str) -> None:
    """Hangs when begun the first time, and finishes the second."""
    if not Path(begun).exists():
        Path(begun).touch()
        time.sleep(600)
    Path(done).touch()


@job(retries=0)
def wait_for(*, begun: str, go: str, done: str) -> None:
    Path(begun).touch()
    while not Path(go).exists():
        time.sleep(0.02)
    Path(done).touch()


@job(retries=0)
def return_what_is_no_json() -> object:
    return object()


@job(retries=0)
def nightly() -> None:
    pass
