"""Calling the API in tests; the fixtures `firm` and `call_as` are in tests/api/conftest.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import ClientHandler

from regulars.base.models import Member
from regulars.facts.models import Account


@cache
def _server() -> ClientHandler:
    """The installation that answers all programs of the tests; it is built once, as for `regulars serve`."""
    return ClientHandler()


def _answering() -> Client:
    client = Client()
    client.handler = _server()
    return client


@dataclass(frozen=True)
class Caller:
    """A program with the key of a token."""

    key: str

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The response; `.json()` gives its content."""
        sent = {
            "Authorization": f"Bearer {self.key}",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        content = "" if body is None else json.dumps(body)
        return _answering().generic(method, f"/api/v1{path}", content, "application/json", headers=sent)

    def send_files(self, path: str, *files: tuple[str, bytes]) -> Any:
        """The response to a form with files, `(name, content)` each."""
        sent = [SimpleUploadedFile(name, content) for name, content in files]
        headers = {"Authorization": f"Bearer {self.key}"}
        return _answering().post(f"/api/v1{path}", {"file": sent}, headers=headers)


@dataclass(frozen=True)
class Firm:
    """Two teams; `own` is Anna's account, `team` that of her colleague, `foreign` that of another team."""

    people: dict[str, Member]
    own: Account
    team: Account
    foreign: Account


CallAs = Callable[..., Caller]
