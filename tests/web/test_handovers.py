"""Hand-overs in the browser: drafted, sent, returned, accepted, looked at; each queue its own (mission A1, A5, B2)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from regulars.base.models import AuditEntry, Member, Team
from regulars.facts.models import Account
from regulars.plan.handovers import accept_handover, open_handover, send_handover
from regulars.plan.models import Handover, HandoverCheck, Promise

Signer = Callable[[Member], Client]
Scored = Callable[..., Account]
AS_OF = date(2024, 12, 9)
WRITERS = {"owner", "sales_head", "account_manager", "new_business_seller", "service"}
ANSWERERS = {"owner", "sales_head"}
SAID = {"reason": "Who decides?", "said": "All is well", "text": "Samples", "due_on": "2024-12-20", "work": "x"}


def sent(account: Account, giver: Member, receiver: Member, *, accepted: bool = False) -> Handover:
    made = open_handover(
        account=account, origin="won", on=AS_OF, member=None, giver=giver, receiver=receiver, work="An order a month"
    )
    send_handover(handover=made, on=AS_OF, member=None)
    return accept_handover(handover=made, on=AS_OF, member=receiver) if accepted else made


@pytest.fixture
def keeper(owner: Member) -> Member:
    return Member.objects.create(
        email="k@x.example", name="Keeper", role="account_manager", team=Team.objects.create(name="Keepers")
    )


@pytest.fixture
def seller(owner: Member) -> Member:
    return Member.objects.create(email="s@x.example", name="Seller", role="new_business_seller")


def text_of(browser: Client, where: str) -> str:
    return browser.get(where).content.decode()


def test_a_customer_is_handed_over_returned_and_accepted(
    scored: Scored, seller: Member, keeper: Member, signed_in: Signer
) -> None:
    account = scored("Harbour Gifts", owner=seller)
    giving, receiving = signed_in(seller), signed_in(keeper)
    assert "Hand over to a colleague" in text_of(giving, f"/accounts/{account.uid}/")
    said = {"receiver": str(keeper.uid), "work": "", "cares_about": "Early delivery"}
    assert giving.post(f"/accounts/{account.uid}/hand-over/", said).status_code == 302
    where = f"/handovers/{Handover.objects.get().uid}/"
    giving.post(f"{where}promise/", {"text": "Send samples", "due_on": "2024-12-20"})
    assert Promise.objects.get().source_kind == "plan.handover"
    refused = giving.post(where, {**said, "send": "1"})
    assert refused.status_code == 422
    assert "Early delivery" in refused.content.decode()
    assert receiving.get("/handovers/").content.decode().count("Harbour Gifts") == 0
    giving.post(where, {**said, "work": "An order a month", "send": "1"})
    assert "To accept" in text_of(receiving, "/handovers/")
    page = text_of(receiving, where)
    assert "Send samples" in page
    assert "An order a month" in page
    assert f"/accounts/{account.uid}/" not in page
    assert receiving.post(f"{where}return/", {"reason": ""}).status_code == 422
    receiving.post(f"{where}return/", {"reason": "Who decides there?"})
    assert "Who decides there?" in text_of(giving, where)
    giving.post(where, {**said, "work": "An order a month", "their_people": "Ada", "send": "1"})
    receiving.post(f"{where}accept/")
    account.refresh_from_db()
    assert account.owner == keeper
    page = text_of(receiving, f"/accounts/{account.uid}/")
    assert "It cares about: Early delivery" in page
    assert "Taken over from Seller" in page
    for check in HandoverCheck.objects.all():
        receiving.post(f"/handovers/looks/{check.uid}/done/", {"said": "All is well"})
    assert Handover.objects.get().state == Handover.State.CLOSED
    page = text_of(receiving, where)
    undo = re.search(r'class="toast".*?action="([^"]+)"', page)
    assert undo
    receiving.post(undo[1])
    assert Handover.objects.get().state == Handover.State.ACCEPTED


def test_sending_is_undone_and_discarding_too(
    scored: Scored, seller: Member, keeper: Member, signed_in: Signer
) -> None:
    found = sent(scored("Harbour Gifts", owner=seller), seller, keeper)
    giving = signed_in(seller)
    giving.post(f"/handovers/{found.uid}/recall/")
    giving.post(f"/handovers/{found.uid}/discard/", {"reason": "I keep it"})
    assert Handover.objects.get().state == Handover.State.DISCARDED
    assert "Make it a draft again" in text_of(giving, f"/handovers/{found.uid}/")
    giving.post(f"/handovers/{found.uid}/restore/")
    assert Handover.objects.get().state == Handover.State.DRAFTED


def test_each_has_a_queue_of_their_own_and_who_sees_all_that_of_every_team(
    scored: Scored, seller: Member, keeper: Member, signed_in: Signer, browser: Client
) -> None:
    assert "Nothing is on its way" in text_of(browser, "/handovers/")
    sent(scored("Harbour Gifts", owner=seller), seller, keeper)
    sent(scored("Accepted firm", owner=seller), seller, keeper, accepted=True)
    receiving, giving = (text_of(signed_in(one), "/handovers/") for one in (keeper, seller))
    assert "To accept" in receiving
    assert "First weeks" in receiving
    assert "Sent, not answered yet" in giving
    assert "To accept" not in giving
    assert "Nothing is on its way" in text_of(browser, "/handovers/?whose=mine")
    assert "Harbour Gifts" in text_of(browser, "/handovers/"), "who leads starts with everybody's"
    for whose in ("everyone", str(Team.objects.get().uid)):
        assert "Harbour Gifts" in text_of(browser, f"/handovers/?whose={whose}")
    assert "Everyone" not in receiving


def test_the_queue_costs_as_many_queries_for_many_as_for_few(
    scored: Scored,
    seller: Member,
    keeper: Member,
    browser: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    sent(scored("One", owner=seller), seller, keeper)
    with django_assert_max_num_queries(40) as few:
        browser.get("/handovers/?whose=everyone")
    for number in range(8):
        sent(scored(f"Firm {number}", owner=seller), seller, keeper, accepted=number % 2 == 0)
    with django_assert_max_num_queries(len(few)):
        browser.get("/handovers/?whose=everyone")


@pytest.mark.parametrize("role", [role.value for role in Member.Role])
def test_each_role_reaches_what_it_may(
    role: str, members: dict[str, Member], signed_in: Signer, scored: Scored, keeper: Member, seller: Member
) -> None:
    client, own = signed_in(members[role]), members[role]
    drafted = open_handover(account=scored("Own", owner=own), origin="won", on=AS_OF, member=None)
    waiting = sent(scored("Sent", owner=own), own, keeper)
    check = sent(scored("Accepted", owner=own), own, keeper, accepted=True).checks.first()
    free = scored("Free", owner=own)
    assert check is not None
    allowed = role in WRITERS
    assert client.get("/handovers/").status_code == 200
    assert client.get(f"/handovers/{drafted.uid}/").status_code == 200
    assert client.get(f"/accounts/{free.uid}/hand-over/").status_code == (200 if allowed else 403)
    for where in (
        f"/handovers/{drafted.uid}/",
        f"/handovers/{drafted.uid}/promise/",
        f"/handovers/{drafted.uid}/discard/",
        f"/handovers/{drafted.uid}/restore/",
        f"/handovers/looks/{check.uid}/done/",
        f"/handovers/looks/{check.uid}/undo/",
        f"/accounts/{free.uid}/hand-over/",
    ):
        assert client.post(where, SAID).status_code == (302 if allowed else 403), where
    answers = 302 if role in ANSWERERS else 422 if allowed else 403
    assert client.post(f"/handovers/{waiting.uid}/return/", SAID).status_code == answers


@pytest.mark.parametrize("role", ["account_manager", "new_business_seller"])
def test_a_foreign_hand_over_answers_like_one_that_does_not_exist(
    role: str, members: dict[str, Member], signed_in: Signer, scored: Scored, keeper: Member, seller: Member
) -> None:
    foreign = sent(scored("Foreign", owner=seller), seller, keeper, accepted=True)
    check = foreign.checks.first()
    assert check is not None
    client, before = signed_in(members[role]), AuditEntry.objects.count()
    assert "Foreign" not in text_of(client, "/handovers/?whose=everyone")
    for uid in (foreign.uid, uuid.uuid4()):
        assert client.get(f"/handovers/{uid}/").status_code == 404
        for verb in ("accept", "return", "recall", "discard", "restore", "promise"):
            assert client.post(f"/handovers/{uid}/{verb}/", SAID).status_code == 404
    for uid in (check.uid, uuid.uuid4()):
        assert client.post(f"/handovers/looks/{uid}/done/", SAID).status_code == 404
    assert client.get(f"/accounts/{foreign.account.uid}/hand-over/").status_code == 404
    assert AuditEntry.objects.count() == before


def test_what_is_overdue_is_marked(scored: Scored, seller: Member, keeper: Member, signed_in: Signer) -> None:
    found = sent(scored("Harbour Gifts", owner=seller), seller, keeper)
    Handover.objects.filter(pk=found.pk).update(due_on=AS_OF - timedelta(days=1))
    assert "1 overdue" in text_of(signed_in(keeper), "/handovers/")


def test_what_waits_for_whom_is_said_on_today_and_the_introduction_is_noted_once_it_is_accepted(
    scored: Scored, seller: Member, keeper: Member, signed_in: Signer
) -> None:
    """A1, B2: a customer without an order has nothing at stake yet, and its hand-over must not be missed."""
    made = sent(scored("Harbour Gifts", owner=seller), seller, keeper)
    giving, receiving = signed_in(seller), signed_in(keeper)
    assert "1 hand-over waits for you" in text_of(receiving, "/today/")
    assert "waits for you" not in text_of(giving, "/today/")
    where = f"/handovers/{made.uid}/"
    assert "We are introduced" not in text_of(receiving, where)
    assert receiving.post(f"{where}introduce/").status_code == 422
    receiving.post(f"{where}return/", {"reason": "Who decides?"})
    assert "waits for you" not in text_of(receiving, "/today/")
    assert "1 hand-over waits for you" in text_of(giving, "/today/")
    send_handover(handover=made, on=AS_OF, member=None)
    receiving.post(f"{where}accept/")
    receiving.post(f"{where}introduce/")
    assert "Introduced to the customer on 9 Dec 2024." in text_of(receiving, where)
    receiving.post(f"{where}not-introduced/")
    assert "Not introduced to the customer yet." in text_of(receiving, where)
