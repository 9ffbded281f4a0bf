"""The calendar of reviews, planning the year, appointments, invitations and the feed in the browser (A6, B4, B6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member, Team
from regulars.facts.models import Account, Contact
from regulars.insight.models import OpportunityLevel, Protection, Snapshot
from regulars.plan.models import Review

pytestmark = pytest.mark.django_db
Signer = Callable[[Member], Client]


@pytest.fixture
def firms(scored: Callable[..., Account], owner: Member, snapshot: Snapshot) -> list[Account]:
    made = [scored(f"Firm {number}", owner=owner) for number in range(6)]
    for place, one in enumerate(made):
        now = {"as_of": snapshot.as_of, "computed_at": timezone.now()}
        Protection.objects.create(account=one, level=2, band=1, worth=9_000 - place, **now)
        OpportunityLevel.objects.create(account=one, level=2, owned=3, broad=9, room=0.7, means=1, size=0.5, **now)
    return made


def at(snapshot: Snapshot, days: int) -> datetime:
    return datetime.combine(snapshot.as_of + timedelta(days=days), datetime.min.time(), tzinfo=UTC).replace(hour=10)


def review_of(account: Account, when: datetime, **fields: Any) -> Review:
    said = {"state": "scheduled", "due_on": when.date(), "owner": account.owner} | fields
    made = Review.objects.create(account=account, scheduled_at=when, **said)
    made.steps.create(state=made.state, on=when.date(), scheduled_at=when, owner=made.owner)
    return made


def page(answer: Any) -> str:
    return str(answer.content.decode())


def test_before_anything_is_planned_the_calendar_leads_to_planning(browser: Client) -> None:
    shown = page(browser.get("/reviews/"))
    assert "No review is planned yet" in shown
    assert "/reviews/start/" in shown


def test_the_first_reviews_are_proposed_accepted_and_stand_in_the_calendar(
    browser: Client, firms: list[Account], snapshot: Snapshot
) -> None:
    shown = page(browser.get("/reviews/start/"))
    assert "Plan the first reviews" in shown
    assert "6 customers" in shown
    browser.post("/reviews/start/propose/", {"whose": "mine"})
    assert Review.objects.filter(state="proposed", scheduled_at__isnull=False).count() == 6
    shown = page(browser.get("/reviews/start/?whose=mine"))
    assert "Accept all 6 proposals" in shown
    assert "Medium opportunity" in shown
    assert "70% of what it could buy is open" in shown
    chosen = Review.objects.order_by("scheduled_at").first()
    assert chosen is not None
    browser.post("/reviews/start/accept/", {"whose": "mine", "review": [str(chosen.uid), "no uid"]})
    assert Review.objects.filter(state="scheduled").get() == chosen
    browser.post("/reviews/start/accept/", {"whose": "mine", "all": "1"})
    assert Review.objects.filter(state="scheduled").count() == 6
    assert chosen.scheduled_at is not None
    shown = page(browser.get(f"/reviews/?month={chosen.scheduled_at:%Y-%m}"))
    assert chosen.account.name in shown


def test_how_many_fit_into_a_week_is_set_per_person(browser: Client, firms: list[Account], owner: Member) -> None:
    browser.post("/reviews/start/capacity/", {"whose": "mine", f"a_week_{owner.uid}": "0"})
    assert "and 0 fit" in page(browser.get("/reviews/start/?whose=mine"))
    answer = browser.post("/reviews/start/capacity/", {"whose": "mine", f"a_week_{owner.uid}": "99"}, follow=True)
    assert "whole number from 0 to 40" in page(answer)
    browser.post("/reviews/start/propose/", {"whose": "mine"})
    waiting = page(browser.get("/reviews/start/?whose=mine&show=waiting"))
    assert waiting.index("Firm 0") < waiting.index("Firm 5")  # who is worth most first


def test_overdue_reviews_stand_before_the_month(browser: Client, firms: list[Account], snapshot: Snapshot) -> None:
    late = review_of(firms[0], at(snapshot, -3))
    coming = review_of(firms[1], at(snapshot, 2))
    shown = page(browser.get("/reviews/"))
    assert shown.index("Overdue") < shown.index(f"/reviews/{late.uid}/appointment/") < shown.index('class="month"')
    assert shown.index('class="month"') < shown.index(f"/reviews/{coming.uid}/appointment/")


def test_the_calendar_asks_the_same_questions_however_many_reviews_there_are(
    browser: Client, firms: list[Account], snapshot: Snapshot
) -> None:
    review_of(firms[0], at(snapshot, 1))
    browser.get("/reviews/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        browser.get("/reviews/")
    for place, one in enumerate(firms[1:], 2):
        review_of(one, at(snapshot, place - 4))
    with CaptureQueriesContext(connection) as many:
        browser.get("/reviews/")
    assert len(many) == len(few)


def test_a_review_is_accepted_moved_cancelled_and_taken_back(
    browser: Client, firms: list[Account], snapshot: Snapshot, owner: Member
) -> None:
    made = review_of(firms[0], at(snapshot, 5), state="proposed")
    where = f"/reviews/{made.uid}/appointment/"
    assert "Accept this time" in page(browser.get(where))
    browser.post(f"{where}accept/")
    when = {"on": "2099-02-03", "at": "14:30", "duration_minutes": "60", "how": "call", "owner": str(owner.uid)}
    assert browser.post(f"{where}move/", when).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.how, made.scheduled_at) == ("scheduled", "call", datetime(2099, 2, 3, 13, 30, tzinfo=UTC))
    past = browser.post(f"{where}move/", when | {"on": "2001-01-01"})
    assert past.status_code == 422
    assert "has passed" in page(past)
    assert browser.post(f"{where}cancel/", {"reason": ""}).status_code == 422
    browser.post(f"{where}cancel/", {"reason": "On holiday"})
    assert "On holiday" in page(browser.get(where))
    browser.post(f"{where}back/")
    made.refresh_from_db()
    assert made.state == "scheduled"
    assert browser.post(f"{where}nothing/").status_code == 404


def test_an_account_gets_a_review_of_its_own(browser: Client, firms: list[Account], owner: Member) -> None:
    where = f"/accounts/{firms[0].uid}/review/"
    assert "every 182 days" in page(browser.get(where))
    when = {"on": "2099-02-03", "at": "14:30", "duration_minutes": "60", "how": "call", "owner": str(owner.uid)}
    assert browser.post(where, when | {"duration_minutes": "1"}).status_code == 422
    assert browser.post(where, when).status_code == 302
    made = Review.objects.get()
    assert browser.get(where).headers["Location"] == f"/reviews/{made.uid}/appointment/"


def test_the_invitation_is_changed_before_it_goes_and_stopped_after(
    browser: Client, firms: list[Account], snapshot: Snapshot
) -> None:
    contact = Contact.objects.create(account=firms[0], name="Eva Stone", email="eva@example.com")
    made = review_of(firms[0], at(snapshot, 9))
    where = f"/reviews/{made.uid}/invitation/"
    assert browser.get(where).headers["Location"].endswith("/appointment/")  # nobody to invite yet
    Review.objects.update(contact=contact)
    assert "free check-up" in page(browser.get(where))
    assert "costs you nothing" in page(browser.get(f"{where}?reluctant=1"))
    answer = browser.post(where, {"subject": "Our look together", "text": "Dear Eva, come."}, follow=True)
    assert "is on its way" in page(answer)
    mail = OutgoingMail.objects.get()
    assert (mail.subject, mail.text, mail.attachments.count()) == ("Our look together", "Dear Eva, come.", 1)
    browser.post(f"/reviews/{made.uid}/appointment/uninvite/")
    mail.refresh_from_db()
    made.refresh_from_db()
    assert (mail.state, made.state) == ("cancelled", "scheduled")


def test_a_level_is_set_with_a_reason_and_goes_back(browser: Client, firms: list[Account]) -> None:
    where = f"/accounts/{firms[0].uid}/level/"
    shown = page(browser.get(where))
    assert "Medium opportunity" in shown
    assert browser.post(where, {"level": "3", "reason": ""}).status_code == 422
    browser.post(where, {"level": "3", "reason": "They build a hall"})
    shown = page(browser.get(where))
    assert "High opportunity" in shown
    assert "They build a hall" in shown
    browser.post(f"{where}computed/")
    assert "<h2>Medium opportunity" in page(browser.get(where))
    browser.post(f"{where}again/")
    assert "<h2>High opportunity" in page(browser.get(where))


def test_the_feed_is_read_without_a_sign_in_until_its_address_is_closed(
    browser: Client, firms: list[Account], snapshot: Snapshot
) -> None:
    review_of(firms[0], at(snapshot, 3))
    shown = page(browser.post("/profile/calendar/"))
    address = shown.split('class="secret" dir="ltr">')[1].split("<")[0]
    path = "/calendar/" + address.rsplit("/", 1)[1]
    assert address.endswith(".ics")
    read = Client().get(path)
    assert read.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "Review: Firm 0" in page(read)
    assert address not in page(browser.get("/profile/calendar/"))  # it is shown once
    assert Client().get("/calendar/guessed.ics").status_code == 404
    browser.post("/profile/calendar/close/")
    assert Client().get(path).status_code == 404


def test_what_belongs_to_others_is_neither_seen_nor_planned(
    firms: list[Account], snapshot: Snapshot, signed_in: Signer, scored: Callable[..., Account]
) -> None:
    team = Team.objects.create(name="Growth")
    sam, ann = (
        Member.objects.create(email=f"{name}@example.com", name=name, role="account_manager", team=team)
        for name in ("Sam", "Ann")
    )
    foreign = review_of(firms[0], at(snapshot, 3))
    anns = review_of(scored("Ann's firm", owner=ann), at(snapshot, 3))
    scored("Sam's firm", owner=sam)
    client = signed_in(sam)
    assert client.get(f"/reviews/{foreign.uid}/appointment/").status_code == 404
    assert client.post(f"/reviews/{foreign.uid}/appointment/cancel/", {"reason": "x"}).status_code == 404
    assert client.get(f"/reviews/{anns.uid}/appointment/").status_code == 200
    assert "Firm 0" not in page(client.get(f"/reviews/?whose={team.uid}"))
    refused = client.post("/reviews/start/propose/", {"whose": str(team.uid)})
    assert refused.status_code in {403, 422}
    client.post("/reviews/start/propose/", {"whose": "mine"})
    assert Review.objects.filter(state="proposed").get().owner == sam
