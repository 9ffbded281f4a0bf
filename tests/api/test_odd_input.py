"""What a program may send by mistake: days at the end of time, texts with a NUL; it is told so, and nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from api_calls import CallAs, Firm
from regulars.base.models import Organisation

pytestmark = pytest.mark.django_db
DAYS = ("0001-01-01", "9999-12-31")


def lists(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What can be asked by GET without naming a record: the path, and one parameter."""
    for path, operations in described["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", ()):
            if "{" not in path and parameter["in"] == "query":
                yield path.removeprefix("/api/v1"), parameter


def kinds(parameter: dict[str, Any]) -> list[dict[str, Any]]:
    schema = parameter["schema"]
    return [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_lists_are_asked_for_up_to_the_end_of_time(silent: Firm, call_as: CallAs, zone: str) -> None:
    Organisation.objects.update(time_zone=zone)
    call = call_as(silent.people["owner"])
    asked = 0
    for path, parameter in lists(Client().get("/api/v1/openapi.json").json()):
        if any(one.get("format") in {"date", "date-time"} for one in kinds(parameter)):
            for day in DAYS:
                answer = call("GET", f"{path}?{parameter['name']}={day}")
                assert answer.status_code in {200, 404, 422}, (path, parameter["name"], day)
                asked += 1
    assert asked > 10


def test_no_list_takes_a_text_that_postgresql_cannot_compare_with(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["owner"])
    asked = 0
    for path, parameter in lists(Client().get("/api/v1/openapi.json").json()):
        if all(one.get("type") == "string" for one in kinds(parameter)):
            answer = call("GET", f"{path}?{parameter['name']}=a%00b")
            assert answer.status_code == 422, (path, parameter["name"])
            assert answer["Content-Type"] == "application/problem+json"
            asked += 1
    assert asked > 10


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2300-01-01T10:00:00Z"])
def test_a_review_has_its_time_within_our_days(silent: Firm, call_as: CallAs, at: str) -> None:
    call = call_as(silent.people["owner"])
    answer = call("POST", "/reviews", {"account": str(silent.own.uid), "at": at})
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
