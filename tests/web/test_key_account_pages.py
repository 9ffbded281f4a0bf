"""Plan, people map, signs and assignment of key accounts in the browser (mission E10-E12, E21, E22)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.facts.contacts import create_contact
from regulars.facts.models import Account, Contact, ContactPart, Interaction, ToldSign, WalletEstimate
from regulars.insight.new_products import NewProduct
from regulars.plan.key_accounts import appoint_key_account
from regulars.plan.models import KeyAccount, KeyPlanEntry
from regulars.web.key_accounts import page as list_page
from regulars.web.key_accounts import plan as plan_page

Signer = Callable[[Member], Client]
AS_OF = date(2024, 12, 9)


@pytest.fixture
def manager(members: dict[str, Member]) -> Member:
    return members["account_manager"]


@pytest.fixture
def account(scored: Callable[..., Account], manager: Member) -> Account:
    return scored("Harbour Gifts", owner=manager, sales_12m=9_000.0)


@pytest.fixture
def key_account(account: Account, manager: Member, owner: Member) -> KeyAccount:
    return appoint_key_account(account=account, manager=manager, on=AS_OF, member=owner)


@pytest.fixture
def client(manager: Member, signed_in: Signer) -> Client:
    return signed_in(manager)


def page_of(client: Client, where: str, status: int = 200) -> str:
    answer = client.get(where)
    assert answer.status_code == status
    return unescape(answer.content.decode())


def person(account: Account, name: str = "Ada", **fields: Any) -> Contact:
    return create_contact(account=account, member=None, name=name, **fields)


# Plan


def line(kind: str = "action", **said: Any) -> dict[str, Any]:
    return {"kind": kind, "text": "Show the plant", "due_on": "2024-12-20", **said}


def test_a_line_is_planned_done_and_taken_back(client: Client, key_account: KeyAccount, manager: Member) -> None:
    where = f"/key-accounts/{key_account.uid}/"
    assert "Nothing is planned yet" in page_of(client, where)
    assert client.post(where, line(owner=str(manager.uid))).status_code == 302
    assert "Show the plant" in page_of(client, where)
    entry = KeyPlanEntry.objects.get()
    act = f"/key-accounts/plan/{entry.uid}"
    assert client.post(f"{act}/done/", {"result": "They liked it"}).status_code == 302
    page = page_of(client, where)
    assert "Settled" in page
    assert "They liked it" in page
    client.post(f"{act}/back/")
    entry.refresh_from_db()
    assert entry.state == "open"
    assert client.post(f"{act}/move/", {"due_on": "2025-01-05", "owner": str(manager.uid)}).status_code == 302
    entry.refresh_from_db()
    assert entry.due_on == date(2025, 1, 5)


def test_a_refused_line_keeps_what_was_typed(client: Client, key_account: KeyAccount, manager: Member) -> None:
    where = f"/key-accounts/{key_account.uid}/"
    refused = client.post(where, line(owner=str(manager.uid), due_on="2024-12-01"))
    assert refused.status_code == 422
    assert "Show the plant" in refused.content.decode()
    visit = client.post(where, line("visit", owner=str(manager.uid)))
    assert "does not lead" in visit.content.decode()
    client.post(where, line(owner=str(manager.uid)))
    act = f"/key-accounts/plan/{KeyPlanEntry.objects.get().uid}"
    dropped = client.post(f"{act}/drop/", {"result": ""})
    assert dropped.status_code == 422
    assert "Say why it is dropped" in dropped.content.decode()
    assert client.post(f"{act}/move/", {"due_on": ""}).status_code == 422
    assert client.post(f"{act}/fly/").status_code == 404


def test_a_new_product_goes_into_the_plan_with_one_tap(
    client: Client, key_account: KeyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = NewProduct(item="P9", name="The new one", launched=date(2024, 12, 1), buyers=2)
    monkeypatch.setattr(plan_page, "to_be_shown", lambda *_found, **_more: [new])
    where = f"/key-accounts/{key_account.uid}/"
    assert "The new one" in page_of(client, where)
    assert client.post(f"{where}show/", {"product": "P9"}).status_code == 302
    assert KeyPlanEntry.objects.get().product == "P9"
    assert "show them here first" not in page_of(client, where)
    assert client.post(f"{where}show/", {"product": "P9"}).status_code == 404


def test_the_plan_says_how_relations_stand_and_that_a_visit_is_due(
    client: Client, key_account: KeyAccount, account: Account, owner: Member
) -> None:
    where = f"/key-accounts/{key_account.uid}/"
    page = page_of(client, where)
    assert "relations not known" in page
    assert "a visit is due" in page
    Interaction.objects.create(account=account, kind="visit", on=AS_OF - timedelta(days=3), member=owner)
    page = page_of(client, where)
    assert "An executive of ours met it last on" in page
    assert "a visit is due" not in page
    assert "relations in danger" in page


@pytest.mark.parametrize("role", ["account_manager", "new_business_seller"])
def test_a_foreign_plan_is_not_there(
    role: str, members: dict[str, Member], signed_in: Signer, scored: Callable[..., Account], owner: Member
) -> None:
    foreign = appoint_key_account(account=scored("Foreign", owner=owner), manager=owner, on=AS_OF, member=owner)
    entry = KeyPlanEntry.objects.create(account=foreign.account, kind="action", text="x", owner=owner, due_on=AS_OF)
    client = signed_in(members[role])
    for where in (f"/key-accounts/{foreign.uid}/", f"/accounts/{foreign.account.uid}/people-map/"):
        page_of(client, where, 404)
    assert client.post(f"/key-accounts/{foreign.uid}/show/", {"product": "x"}).status_code == 404
    assert client.post(f"/key-accounts/plan/{entry.uid}/done/").status_code == 404


def test_readers_see_a_plan_and_no_forms(
    key_account: KeyAccount, members: dict[str, Member], signed_in: Signer
) -> None:
    client = signed_in(members["analyst"])
    where = f"/key-accounts/{key_account.uid}/"
    assert "Add to the plan" not in page_of(client, where)
    assert client.post(where, line(owner=str(members["owner"].uid))).status_code == 403


# People map


def test_the_map_shows_warmth_and_takes_the_part(client: Client, account: Account, manager: Member) -> None:
    where = f"/accounts/{account.uid}/people-map/"
    assert "Nobody is known there yet" in page_of(client, where)
    ada = person(account, level="owner")
    talk = Interaction.objects.create(account=account, kind="visit", on=AS_OF - timedelta(days=3), member=manager)
    talk.contacts.add(ada)
    page = page_of(client, where)
    for words in ("warm", "3 days ago", "Only account manager of ours is in contact", "Nobody is known there at these"):
        assert words in page
    said = {"part": "champion", "birth_day": "3", "birth_month": "5", "birthday_agreed_on": ""}
    refused = client.post(f"/accounts/people/{ada.uid}/part/", said)
    assert refused.status_code == 422
    assert "agreed to it" in refused.content.decode()
    said["birthday_agreed_on"] = "2024-12-01"
    assert client.post(f"/accounts/people/{ada.uid}/part/", said).status_code == 302
    assert ContactPart.objects.get().birth_month == 5
    assert "champion: speaks for us" in page_of(client, where)
    assert 'value="3"' in page_of(client, f"/accounts/people/{ada.uid}/part/")


def test_the_map_needs_as_many_queries_however_many_people(
    client: Client, account: Account, manager: Member, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        talk = Interaction.objects.create(account=account, kind="call", on=AS_OF, member=manager)
        talk.contacts.add(person(account, f"P {number}"))
    where = f"/accounts/{account.uid}/people-map/"
    page_of(client, where)
    with django_assert_max_num_queries(24):
        page_of(client, where)


def test_people_and_places_leads_to_the_map(client: Client, account: Account) -> None:
    assert f"/accounts/{account.uid}/people-map/" in page_of(client, f"/accounts/{account.uid}/people/")


# Signs


def test_a_wallet_is_estimated_shown_and_taken_back(client: Client, account: Account) -> None:
    where = f"/accounts/{account.uid}/key-signs/"
    assert "Nobody has estimated it yet" in page_of(client, where)
    said = {"yearly": "120000", "source": "Their buyer", "estimated_on": "2024-12-01"}
    assert client.post(where, {**said, "yearly": "0"}).status_code == 422
    assert client.post(where, {**said, "estimated_on": "2024-12-11"}).status_code == 422
    assert client.post(where, said).status_code == 302
    page = page_of(client, where)
    assert "€120,000 a year" in page
    assert "Their buyer" in page
    client.post(f"/accounts/wallets/{WalletEstimate.objects.get().uid}/withdraw/")
    undo = client.session["toast"]["undo"]
    assert "Nobody has estimated it yet" in page_of(client, where)
    client.post(undo)
    assert "€120,000 a year" in page_of(client, where)


def test_a_sign_is_told_and_shown_to_the_heads(
    client: Client, account: Account, members: dict[str, Member], signed_in: Signer
) -> None:
    where = f"/accounts/{account.uid}/key-signs/"
    assert client.post(where, {"sign": "reputation", "reason": "Supplies the court"}).status_code == 302
    assert client.post(where, {"sign": "reputation", "reason": "again"}).status_code == 422
    assert "Supplies the court" in page_of(client, where)
    head = signed_in(members["sales_head"])
    assert "Supplies the court" in page_of(head, "/key-accounts/")
    client.post(f"/accounts/key-signs/{ToldSign.objects.get().uid}/withdraw/")
    assert "Supplies the court" not in page_of(head, "/key-accounts/")


# Assignment


def test_the_assignment_is_explained_accepted_and_changed(
    scored: Callable[..., Account], members: dict[str, Member], signed_in: Signer, manager: Member
) -> None:
    account = scored("Large", owner=manager, sales_12m=100_000.0)
    head = signed_in(members["sales_head"])
    where = "/key-accounts/assignment/"
    page = page_of(head, where)
    assert "account manager looks after it already." in page
    nothing = head.post(where, {})
    assert nothing.status_code == 422
    assert "No change is ticked" in nothing.content.decode()
    other = members["sales_head"]
    said = {"accept": [str(account.uid)], f"manager-{account.uid}": str(other.uid)}
    assert head.post(where, said).status_code == 302
    assert KeyAccount.objects.get().manager == other
    page = page_of(head, where)
    assert "sales head" in page


def test_a_fourth_one_needs_a_reason_and_keeps_what_was_chosen(
    scored: Callable[..., Account], members: dict[str, Member], signed_in: Signer, manager: Member
) -> None:
    accounts = [scored(f"Large {number}", sales_12m=50_000.0) for number in range(4)]
    head = signed_in(members["sales_head"])
    where = "/key-accounts/assignment/"
    said = {"accept": [str(one.uid) for one in accounts]}
    said |= {f"manager-{one.uid}": str(manager.uid) for one in accounts}  # type: ignore[misc]
    refused = head.post(where, said)
    assert refused.status_code == 422
    assert "has 3 key accounts already" in refused.content.decode()
    assert not KeyAccount.objects.exists()
    assert head.post(where, {**said, "exception": "Until a colleague comes"}).status_code == 302
    assert KeyAccount.objects.filter(manager=manager, until=None).count() == 4


def test_the_list_needs_as_many_queries_however_many_key_accounts(
    scored: Callable[..., Account], members: dict[str, Member], signed_in: Signer, owner: Member, manager: Member
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    head = signed_in(members["owner"])
    counts = []
    for number in range(3):
        account = scored(f"Large {number}", sales_12m=50_000.0, owner=manager)
        appoint_key_account(account=account, manager=manager, on=AS_OF, member=owner)
        page_of(head, "/key-accounts/")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page_of(head, "/key-accounts/")
        counts.append(len(asked))
    assert counts[1] == counts[2]


def test_the_timeline_tells_of_the_appointment_and_the_plan(
    client: Client, key_account: KeyAccount, account: Account, manager: Member
) -> None:
    where = f"/accounts/{account.uid}/timeline/?kind=key_account"
    client.post(f"/key-accounts/{key_account.uid}/", line(owner=str(manager.uid)))
    client.post(f"/key-accounts/plan/{KeyPlanEntry.objects.get().uid}/done/", {"result": "They liked it"})
    page = page_of(client, where)
    assert "Key account</b></a> · <bdi>account manager</bdi>" in page
    assert "<bdi>Show the plant</bdi>: <bdi>They liked it</bdi>" in page


def test_many_key_accounts_stand_on_several_pages_and_each_says_how_to_go_on(
    members: dict[str, Member], signed_in: Signer, scored: Callable[..., Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    """E11: the page answers with 200 key accounts as with two; those of other pages are not proposed again."""
    monkeypatch.setattr(list_page, "A_PAGE", 2)
    head = signed_in(members["sales_head"])
    for name in ("Alpha", "Beta", "Gamma"):
        account = scored(name, owner=members["account_manager"], sales_12m=9_000.0)
        appoint_key_account(account=account, manager=members["account_manager"], on=AS_OF, member=members["owner"])
    first, second = page_of(head, "/key-accounts/"), page_of(head, "/key-accounts/?page=2")
    assert "Page 1 of 2" in first
    assert 'page=2"' in first
    assert ("End Alpha" in first, "End Gamma" in first) == (True, False)
    assert ("End Alpha" in second, "End Gamma" in second) == (False, True)
    assert "Could be key accounts" not in first
