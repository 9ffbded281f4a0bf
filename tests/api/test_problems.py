"""What a caller is told when something goes wrong, how often it may call, and the description of it all."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django import Settings

from api_calls import CallAs, Firm
from regulars.facts.history import HISTORY_LOCK


def test_a_request_that_does_not_fit_is_told_where(firm: Firm, call_as: CallAs) -> None:
    answer = call_as(firm.people["owner"])("POST", "/accounts", {"kind": "dog"})
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert [error["at"][-1] for error in answer.json()["errors"]] == ["name", "kind"]


def test_a_body_that_is_no_json_is_told_so(firm: Firm, call_as: CallAs) -> None:
    call = call_as(firm.people["owner"])
    headers = {"Authorization": f"Bearer {call.key}"}
    answer = Client().post("/api/v1/accounts", "{", content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:regulars:problem:unreadable")


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_what_no_database_keeps_is_refused(firm: Firm, call_as: CallAs, text: str) -> None:
    assert call_as(firm.people["owner"])("POST", "/accounts", {"name": text}).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("POST", "/nothing", 404), ("DELETE", "/accounts", 405)]
)
def test_where_there_is_nothing_to_call_a_problem_says_so(
    firm: Firm, call_as: CallAs, method: str, path: str, status: int
) -> None:
    answer = call_as(firm.people["owner"])(method, path)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_an_error_of_our_own_says_no_more_than_that(
    firm: Firm, call_as: CallAs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("regulars.api.facts.accounts.visible_accounts", fail)
    answer = call_as(firm.people["owner"])("GET", "/accounts")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:regulars:problem:failed")
    assert "secret" not in answer.text
    assert "secret" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_batch_during_another_import_is_asked_to_come_again(
    firm: Firm, call_as: CallAs, hold_lock: Callable[[str], object]
) -> None:
    line = {"order_id": "1", "line_no": "1", "business_date": "2024-03-01", "currency": "EUR", "net_minor": 1}
    hold_lock(HISTORY_LOCK)
    answer = call_as(firm.people["owner"])("POST", "/order-lines", {"lines": [line]}, Idempotency_Key="k")
    assert (answer.status_code, answer["Retry-After"]) == (409, "5")


def test_a_token_that_calls_too_often_has_to_wait_and_others_need_not(
    firm: Firm, call_as: CallAs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_REQUESTS_A_MINUTE = 3
    monkeypatch.setattr("regulars.api.bearer.time.time", lambda: 1_700_000_010.0)
    hasty, calm = call_as(firm.people["owner"]), call_as(firm.people["owner"])
    assert [hasty("GET", "/token").status_code for _ in range(3)] == [200, 200, 200]
    refused = hasty("GET", "/token")
    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert 0 < int(refused["Retry-After"]) <= 60
    assert calm("GET", "/token").status_code == 200
    monkeypatch.setattr("regulars.api.bearer.time.time", lambda: 1_700_000_070.0)
    assert hasty("GET", "/token").status_code == 200


def test_the_token_says_as_whom_it_acts(firm: Firm, call_as: CallAs) -> None:
    said = call_as(firm.people["service"], ("actions:read",))("GET", "/token").json()
    assert (said["member"]["name"], said["role"], said["scopes"]) == ("service", "service", ["actions:read"])


def test_the_description_names_every_problem_and_refers_to_nothing_missing(db: None) -> None:
    described = Client().get("/api/v1/openapi.json").json()
    schemas = set(described["components"]["schemas"])
    assert set(re.findall(r"#/components/schemas/([\w\[\]]+)", str(described))) <= schemas
    for operations in described["paths"].values():
        for operation in operations.values():
            assert {"401", "403", "404", "422", "429"} <= set(operation["responses"])
            assert operation["security"]


def test_the_page_of_the_description_loads_nothing_from_elsewhere_and_has_nothing_inline(
    db: None, settings: Settings
) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    page = Client().get("/api/v1/docs")
    assert page.status_code == 200
    assert "http" not in re.sub(r"<!--.*?-->", "", page.text)
    for attributes, content in re.findall(r"<script([^>]*)>(.*?)</script>", page.text, re.DOTALL):
        assert "application/json" in attributes or not content.strip()
    for path in re.findall(r'(?:src|href)="/static/([^"]+)"', page.text):
        assert finders.find(path), path
