"""Links in mails: where the pages of this installation are, seen from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings

_visited: ContextVar[str] = ContextVar("visited", default="")


def link_to(path: str) -> str:
    """A full address of a page: at `REGULARS_ADDRESS`, else where the request at hand came to."""
    return (settings.ADDRESS or _visited.get() or "http://localhost:8000").rstrip("/") + path


@contextmanager
def visited_at(address: str) -> Iterator[None]:
    """Within it, links lead to this address unless one is configured."""
    token = _visited.set(address)
    try:
        yield
    finally:
        _visited.reset(token)
