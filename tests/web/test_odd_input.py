"""What no page sends, programs and strangers do: it is refused in words, and is no error of ours (mission D1, B4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.facts.leads import Origin, take_lead
from regulars.facts.models import Account, Contact, Lead
from regulars.plan.models import Review

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 12, 9, 10, 0, tzinfo=UTC)


@pytest.fixture
def lead(owner: Member) -> Lead:
    return take_lead(origin=Origin(channel="hand"), at=NOW, member=None, name="Alpine", email="a@alpine.example").lead


@pytest.fixture
def review(scored: Callable[..., Any], owner: Member) -> Review:
    account: Account = scored("Harbour Gifts", owner=owner)
    contact = Contact.objects.create(account=account, name="Ada Quist", email="ada@harbour.example")
    return Review.objects.create(account=account, due_on=NOW.date(), owner=owner, contact=contact)


@pytest.mark.parametrize("named", ["x", "12", "00000000-0000-0000-0000-000000000000"])
def test_a_lead_is_not_won_as_a_customer_who_is_not_there(browser: Client, lead: Lead, named: str) -> None:
    answer = browser.post(f"/leads/{lead.uid}/won/", {"account": named, "keep": "on", "work": "Lamps in March"})
    assert answer.status_code == 422
    assert "Lamps in March" in answer.content.decode()


@pytest.mark.parametrize("path", ["/accounts/", "/leads/", "/search/", "/value-proofs/"])
def test_a_character_that_no_text_has_is_refused_in_addresses(browser: Client, path: str) -> None:
    """PostgreSQL cannot compare with it."""
    assert browser.get(path, {"q": "a\0b"}).status_code == 400


@pytest.mark.parametrize("path", ["/r/a%00b/", "/forms/leads/a%00b/", "/names/a%00b/", "/effort/a%00b/"])
def test_a_stranger_who_sends_a_broken_link_makes_no_error(client: Client, organisation: Any, path: str) -> None:
    assert client.get(path).status_code == 400


@pytest.mark.parametrize("kind", ["multipart", "application/x-www-form-urlencoded"])
def test_a_character_that_no_text_has_is_refused_in_forms(browser: Client, lead: Lead, kind: str) -> None:
    """Also where a page reads what was sent without a form of ours."""
    where, said = f"/leads/{lead.uid}/note/", {"said": "a\0b"}
    if kind == "multipart":
        assert browser.post(where, said).status_code == 400
    else:
        assert browser.post(where, "said=a%00b", content_type=kind).status_code == 400
    assert browser.post(where, {"said": "ab"}).status_code == 302


@pytest.mark.parametrize(
    "fields",
    [
        [{"name": "said", "value": "\ud800", "mark": "0.0"}],
        [{"name": "\ud800", "value": "x", "mark": "0.0"}],
        [{"name": "said", "value": "x", "mark": "0.0", "asked": "\ud800"}],
        [{"name": "said", "value": "x", "mark": f"{10**30}.0"}],
        [{"name": "said", "value": "x", "mark": "-1.0"}],
        ["said"],
        {"said": 1},
        [{}],
    ],
)
def test_what_the_form_of_a_review_never_sends_is_not_an_error(browser: Client, review: Review, fields: Any) -> None:
    said = json.dumps({"fields": fields, "device": "\ud83d"})
    answer = browser.post(f"/reviews/{review.uid}/form/save/", said, content_type="application/json")
    assert answer.status_code in {200, 400, 422}


@pytest.mark.parametrize("body", ["", "[]", "7", "null", '"x"', "{", '{"fields": 7}', '{"fields": null}'])
def test_a_body_that_is_not_that_of_the_form_is_refused(browser: Client, review: Review, body: str) -> None:
    answer = browser.post(f"/reviews/{review.uid}/form/save/", body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_review_is_not_scheduled_at_the_end_of_time(
    browser: Client, review: Review, organisation: Any, day: str, zone: str
) -> None:
    organisation.time_zone = zone
    organisation.save()
    said = {"on": day, "at": "00:00" if day[0] == "0" else "23:59", "duration_minutes": "30", "how": "call"}
    answer = browser.post(
        f"/reviews/{review.uid}/appointment/move/", said | {"owner": str(review.owner.uid), "place": "Hull"}
    )
    assert answer.status_code == 422
    assert "Hull" in answer.content.decode()
    assert browser.get(f"/reviews/{review.uid}/appointment/").status_code == 200


def test_the_changes_until_the_end_of_time_are_shown(browser: Client) -> None:
    for said in ({"until": "9999-12-31"}, {"since": "0001-01-01"}):
        assert browser.get("/settings/audit/", said).status_code == 200


@pytest.mark.parametrize("month", ["0001-01", "9999-12", "2026-13", "x", "", "2026-W5"])
def test_a_month_that_is_none_shows_this_one(browser: Client, snapshot: Any, month: str) -> None:
    assert browser.get("/reviews/", {"month": month}).status_code == 200
