"""Requests made up from the API's own description: none breaks it, and every answer is as described."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.utils import timezone
from hypothesis import Phase, given, settings
from ninja import Schema
from pytest_django import Settings
from schemathesis import BaseSchema, Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.openapi import from_wsgi
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api_calls import CallAs, Firm
from regulars.base.models import Record
from regulars.base.webhooks.endpoints import add_endpoint
from regulars.base.webhooks.models import WebhookDelivery, WebhookEndpoint
from regulars.facts.models import Contact, Import, Interaction, Upload
from regulars.plan.models import Action

pytestmark = pytest.mark.django_db(transaction=True)  # requests come in by WSGI, which closes the connection

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def described(silent: Firm, settings: Settings) -> BaseSchema:
    """The API of a firm with a record of every kind."""
    settings.API_REQUESTS_A_MINUTE = 1_000_000
    Contact.objects.create(account=silent.own, name="Eva")
    Interaction.objects.create(account=silent.own, kind="call", on="2024-12-01")
    Import.objects.create(content="accounts", source="x", state="undone")
    owner = silent.people["owner"]
    Upload.objects.create(member=owner, state="ready", report={"lines_read": 1})
    told, _secret = add_endpoint(name="Shop", url="https://example.com/", events=["account.changed"], member=owner)
    for number in range(10):
        WebhookDelivery.objects.create(
            endpoint=told, event="account.changed", origin=f"{number}", content="{}", next_at=timezone.now()
        )
    return from_wsgi("/api/v1/openapi.json", get_wsgi_application())


def test_every_route_answers_as_described(described: BaseSchema, silent: Firm, call_as: CallAs) -> None:
    key = call_as(silent.people["owner"]).key
    headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"}
    routes = [found.ok() for found in described.get_all_operations() if isinstance(found, Ok)]
    assert len(routes) > 45
    for route in routes:

        @settings(max_examples=6, phases=[Phase.generate], deadline=None, derandomize=True, database=None)
        @given(case=route.as_strategy())
        def answers_as_described(case: Case[Any]) -> None:
            case.path_parameters.update({name: _uid(case.path, name, silent) for name in case.path_parameters})
            case.call_and_validate(headers=headers, checks=CHECKS)

        answers_as_described()


def _uid(path: str, name: str, firm: Firm) -> str:
    """Of a record that is there, so that more than the address is tried."""
    kinds: dict[str, type[Record]] = {
        "contacts": Contact,
        "interactions": Interaction,
        "imports": Import,
        "actions": Action,
        "uploads": Upload,
        "webhooks": WebhookDelivery if name == "delivery" else WebhookEndpoint,
    }
    kind = kinds.get(path.removeprefix("/api/v1").split("/")[1])
    found = kind._default_manager.order_by("pk").first() if kind else firm.own
    return str(found.uid if found else firm.own.uid)


def test_no_two_schemas_have_one_name() -> None:
    """The description knows them by their names alone: of two, one would describe the other's answers."""
    import_module("regulars.api.v1")  # all routes
    found: dict[str, set[str]] = {}
    below = list(Schema.__subclasses__())
    while below:
        one = below.pop()
        below += one.__subclasses__()
        if one.__module__.startswith("regulars.api"):
            found.setdefault(one.__name__, set()).add(one.__module__)
    assert len(found) > 100
    assert {name: where for name, where in found.items() if len(where) > 1} == {}
