"""The page of key accounts: who could be one, who is, whose they are."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.facts.models import Account
from regulars.plan.models import KeyAccount

Signer = Callable[[Member], Client]
PAGE = "/key-accounts/"


@pytest.fixture
def large(scored: Callable[..., Account]) -> Account:
    scored("Small", sales_12m=100.0)
    return scored("Large Ltd", sales_12m=9_900.0)


def test_who_shows_the_sign_is_appointed_ended_and_restored(
    large: Account, members: dict[str, Member], signed_in: Signer
) -> None:
    """E10, E11."""
    client = signed_in(members["sales_head"])
    page = client.get(PAGE).content.decode()
    assert "It brings 99% of all sales." in page
    assert "No key account is appointed yet" in page
    assert client.post(PAGE, {}).status_code == 422
    said = {"account": str(large.uid), "manager": str(members["account_manager"].uid)}
    assert client.post(PAGE, said).status_code == 302
    page = client.get(PAGE).content.decode()
    assert "1 of 3" in page
    assert "It brings 99% of all sales." not in page
    again = client.post(PAGE, said)
    assert again.status_code == 422
    assert "manages this key account already" in again.content.decode()
    Member.objects.filter(pk=members["account_manager"].pk).update(is_active=False)
    assert "no longer works here" in client.get(PAGE).content.decode()
    end = f"/key-accounts/{KeyAccount.objects.get().uid}/end/"
    assert client.get(end).status_code == 200
    assert client.post(end, {"reason": ""}).status_code == 422
    assert client.post(end, {"reason": "Buys little"}).status_code == 302
    assert not KeyAccount.objects.filter(until=None).exists()
    client.post(client.session["toast"]["undo"])
    assert KeyAccount.objects.filter(until=None).exists()


def test_a_fourth_one_is_refused_without_a_reason(
    scored: Callable[..., Account], members: dict[str, Member], signed_in: Signer
) -> None:
    client = signed_in(members["owner"])
    for number in range(4):
        account = scored(f"Firm {number}", sales_12m=1_000.0)
        said = {"account": str(account.uid), "manager": str(members["account_manager"].uid)}
        answer = client.post(PAGE, said)
    assert answer.status_code == 422
    assert "has 3 key accounts already" in answer.content.decode()
    assert client.post(PAGE, {**said, "exception": "Knows them"}).status_code == 302
    page = client.get(PAGE).content.decode()
    assert "4 of 3" in page
    assert "Knows them" in page


@pytest.mark.parametrize("role", [role.value for role in Member.Role])
def test_only_the_heads_change_them(role: str, large: Account, members: dict[str, Member], signed_in: Signer) -> None:
    client = signed_in(members[role])
    whole = role in {"owner", "sales_head", "service", "marketer", "analyst"}
    page = client.get(PAGE)
    assert page.status_code == 200
    assert ("Could be key accounts" in page.content.decode()) == whole, "signs are of the whole firm"
    assert client.get(f"{PAGE}assignment/").status_code == (200 if whole else 403)
    assert client.post(f"{PAGE}assignment/").status_code == (422 if role in {"owner", "sales_head"} else 403)
    head = role in {"owner", "sales_head"}
    said = {"account": str(large.uid), "manager": str(members["account_manager"].uid)}
    assert client.post(PAGE, said).status_code == (302 if head else 403)
    for verb in ("end", "restore"):
        where = f"/key-accounts/{uuid.uuid4()}/{verb}/"
        assert client.post(where).status_code == (404 if head else 403)
    assert KeyAccount.objects.exists() == head
