"""One box for everything: what is found, by whom, and in which words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from regulars.base.models import Member, Team
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.models import Account, Contact
from regulars.facts.search import order_number, phone_digits

Signer = Callable[[Member], Client]


def hits(browser: Client, text: str, **headers: str) -> list[str]:
    page = browser.get("/search/", {"q": text}, headers=headers).content.decode()
    return re.findall(r'<a class="hit" href="[^"]*"><bdi>([^<]*)</bdi>', page)


@pytest.fixture
def berta(organisation: Any) -> Account:
    return Account.objects.create(name="Berta Druck", external_id="C-7", email="office@berta.example", city="Bonn")


@pytest.fixture
def jo(berta: Account) -> Contact:
    return Contact.objects.create(
        account=berta, name="Jo Vale", email="jo@berta.example", phone="+49 (0)30 / 123-45 67", mobile="0171 99 88 77 6"
    )


@pytest.fixture
def orders(berta: Account) -> Callable[..., None]:
    """Put one line of an order into the history."""

    def put(order_id: str, account: Account = berta) -> None:
        columns = ", ".join(
            f"CAST(NULL AS {kind}) AS {name}" for name, kind in HISTORY.columns.items() if name not in _LINE
        )
        values = {**_LINE, "order_id": f"'{order_id}'", "account_id": str(account.pk)}
        given = ", ".join(f"CAST({value} AS {HISTORY.columns[name]}) AS {name}" for name, value in values.items())
        with open_engine() as engine:
            HISTORY.writable()
            HISTORY.put_in_force(HISTORY.replace(engine, f"SELECT {given}, {columns}"))

    return put


_LINE = {
    "source": "'shop'",
    "order_id": "''",
    "line_no": "'1'",
    "account_id": "0",
    "business_date": "DATE '2024-12-03'",
    "currency": "'EUR'",
    "net_minor": "120440",
    "net_base_minor": "120440",
    "kind": "'sale'",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("berta", ["Berta Druck", "Jo Vale"]),
        ("c-7", ["Berta Druck"]),
        ("office@BERTA.example", ["Berta Druck"]),
        ("vale", ["Jo Vale"]),
        ("+49 30 1234567", ["Jo Vale"]),
        ("030 1234567", ["Jo Vale"]),
        ("0049301234567", ["Jo Vale"]),
        ("(0171) 998877-6", ["Jo Vale"]),
        ("olga", ["Olga Owner"]),
        ("accou", ["Accounts"]),
        ("zzz", []),
    ],
)
def test_people_find_what_they_half_remember(browser: Client, jo: Contact, text: str, expected: list[str]) -> None:
    assert hits(browser, text) == expected


def test_an_order_is_found_by_its_whole_number_and_leads_to_its_account(
    browser: Client, berta: Account, orders: Callable[..., None]
) -> None:
    orders("A-536982")
    page = browser.get("/search/", {"q": "a-536982"}).content.decode()
    assert f'href="/accounts/{berta.uid}/"' in page
    for said in ("A-536982", "Berta Druck", "3 Dec 2024", "€1,204", "1 line"):
        assert said in page
    assert hits(browser, "53698") == []


def test_an_order_of_a_merged_account_leads_to_what_it_is_part_of_now(
    browser: Client, berta: Account, orders: Callable[..., None]
) -> None:
    orders("77001", account=Account.objects.create(name="Old", merged_into=berta))
    assert f'href="/accounts/{berta.uid}/"' in browser.get("/search/?q=77001").content.decode()


def test_nobody_finds_what_he_may_not_see(
    members: dict[str, Member], signed_in: Signer, berta: Account, jo: Contact, orders: Callable[..., None]
) -> None:
    far = Team.objects.create(name="Far away")
    berta.owner = Member.objects.create(email="far@firm.example", name="Bertand Far", role="account_manager", team=far)
    berta.save()
    orders("536982")
    seller = signed_in(members["new_business_seller"])
    for text in ("berta", "jo@berta.example", "030 1234567", "536982", "settings"):
        assert hits(seller, text) == [], text
    assert "Berta Druck" in hits(signed_in(members["sales_head"]), "berta")


def test_while_typing_only_the_results_come(browser: Client, berta: Account) -> None:
    part = browser.get("/search/", {"q": "berta"}, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "Berta Druck" in part.content.decode()
    assert "Show all results" in part.content.decode()
    assert "HX-Request" in part.headers["Vary"]


def test_an_empty_search_says_what_to_type_and_a_vain_one_what_to_try(browser: Client) -> None:
    assert "Type two letters or more" in browser.get("/search/").content.decode()
    vain = browser.get("/search/?q=<b>zz").content.decode()
    assert "Nothing is called “&lt;b&gt;zz”" in vain
    assert "order numbers have to be complete" in vain


def test_the_number_of_queries_does_not_grow_with_what_is_found(
    browser: Client, organisation: Any, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for place in range(30):
        account = Account.objects.create(name=f"Firm {place}")
        Contact.objects.create(account=account, name=f"Firm owner {place}")
    with django_assert_max_num_queries(8):
        assert len(hits(browser, "firm")) == 50


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+49 (0)30 123456", "30123456"),
        ("0049 30 123456", "30123456"),
        ("030/123-456", "30123456"),
        ("12345", ""),
        ("Route 66 123456", ""),
    ],
)
def test_a_phone_number_is_reduced_to_the_digits_it_always_has(text: str, digits: str) -> None:
    assert phone_digits(text) == digits


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("536982", "536982"),
        ("#A-17", "A-17"),
        ("INV/2024.7", "INV/2024.7"),
        ("Berta", None),
        ("a 7", None),
        ("7", None),
    ],
)
def test_only_a_word_with_a_digit_may_be_an_order_number(text: str, number: str | None) -> None:
    assert order_number(text) == number


@pytest.mark.parametrize("role", [role.value for role in Member.Role])
def test_everybody_may_search(members: dict[str, Member], signed_in: Signer, berta: Account, role: str) -> None:
    berta.owner = members[role]
    berta.save()
    assert hits(signed_in(members[role]), "berta druck") == ["Berta Druck"]
