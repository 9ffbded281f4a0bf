"""A firm with people of every role, and programs that call the API in their names."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from regulars.base.models import Member, Team
from regulars.base.tokens import ApiScope, create_token
from regulars.facts.models import Account


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
        return Client().generic(method, f"/api/v1{path}", content, "application/json", headers=sent)


@dataclass(frozen=True)
class Firm:
    """Two teams; `own` is Anna's account, `team` that of her colleague, `foreign` that of another team."""

    people: dict[str, Member]
    own: Account
    team: Account
    foreign: Account


@pytest.fixture(autouse=True)
def no_requests_yet(settings: Settings) -> None:
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where `regulars serve` gathers the static files
    cache.clear()


@pytest.fixture
def firm(owner: Member) -> Firm:
    growth, other = Team.objects.create(name="Growth"), Team.objects.create(name="Other")
    people = {"owner": owner}
    for role in Member.Role.values[1:]:
        people[role] = Member.objects.create(email=f"{role}@example.com", name=role, role=role, team=growth)
    mate = Member.objects.create(email="mate@example.com", name="Mate", team=growth)
    stranger = Member.objects.create(email="stranger@example.com", name="Stranger", team=other)
    people |= {"mate": mate, "stranger": stranger}
    return Firm(
        people,
        own=Account.objects.create(name="Own", owner=people["account_manager"]),
        team=Account.objects.create(name="Team’s", owner=mate),
        foreign=Account.objects.create(name="Foreign", owner=stranger),
    )


CallAs = Callable[..., Caller]


@pytest.fixture
def call_as() -> CallAs:
    """`call_as(member)("GET", "/accounts")`; with `scopes` only those."""

    def caller(member: Member, scopes: tuple[str, ...] = tuple(ApiScope)) -> Caller:
        _token, key = create_token(person=member, name="test", scopes=scopes, member=None)
        return Caller(key)

    return caller
