"""Live orders in the browser: lists, one order, mails, files, account page (mission E16, E7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member
from regulars.facts.live_order_feed import upsert_live_order
from regulars.facts.models import Account, Contact, Interaction, LiveOrder, LiveOrderFile, LiveOrderFollowUp

pytestmark = pytest.mark.django_db
ON = date(2024, 12, 9)
Signer = Callable[[Member], Client]


@pytest.fixture(autouse=True)
def on_that_day() -> Any:
    with time_machine.travel("2024-12-09T10:00:00Z", tick=False):
        yield


@pytest.fixture
def account(owner: Member) -> Account:
    return Account.objects.create(name="Harbour Gifts", owner=owner, source="shop", external_id="C7")


def told(number: str = "A1", **said: Any) -> LiveOrder:
    plain = {"customer": "C7", "placed_on": ON - timedelta(days=30), "currency": "EUR", "amount_minor": 123_450}
    return upsert_live_order(source="shop", external_id=number, on=ON, member=None, **{**plain, **said}).order


def unpaid(number: str = "A1", **said: Any) -> LiveOrder:
    return told(number, stage="delivered", payment="open", due_on=ON - timedelta(days=20), **said)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_each_list_shows_what_belongs_there_and_an_empty_one_says_what_to_do(browser: Client, account: Account) -> None:
    """E16."""
    assert "No live order is known yet" in text_of(browser.get("/live-orders/"))
    unpaid()
    told("Q1", stage="quote")
    told("L1", stage="confirmed", promised_on=ON - timedelta(days=2))
    told("S1", customer="?", customer_name="Stranger", stage="confirmed")
    shown = {
        key: text_of(browser.get(f"/live-orders/?show={key}&whose=all")) for key in ("unpaid", "abandoned", "late")
    }
    assert "20 days overdue" in shown["unpaid"]
    assert "1 order, €1,235 in all" in shown["unpaid"]
    assert "quoted" in shown["abandoned"]
    assert "2 days late" in shown["late"]
    everything = text_of(browser.get("/live-orders/?show=all&whose=all"))
    assert everything.count('<article class="action"') == 4
    assert "Stranger" in text_of(browser.get("/live-orders/?show=all&whose=unknown"))
    assert "No order fits" in text_of(browser.get("/live-orders/?q=nothing"))
    assert text_of(browser.get("/live-orders/?show=all&q=harbour")).count('<article class="action"') == 3
    assert browser.get("/live-orders/?show=x&whose=y&page=zz").status_code == 200


def test_a_call_is_noted_from_the_list_and_taken_back(browser: Client, account: Account) -> None:
    order = unpaid()
    said = {"said": "Pays on Friday", "next_on": "2024-12-13", "back": "unpaid"}
    answer = browser.post(f"/live-orders/{order.uid}/call/", said, follow=True)
    assert answer.redirect_chain == [("/live-orders/?show=unpaid", 302)]
    assert "Next look on 13 Dec 2024" in text_of(answer)
    assert Interaction.objects.get().text.endswith("Pays on Friday")
    browser.post(f"/live-orders/{order.uid}/back/")
    assert not Interaction.objects.exists()
    assert "taken back" in text_of(browser.get(f"/live-orders/{order.uid}/"))


def test_one_order_is_paid_closed_and_opened_again(browser: Client, account: Account) -> None:
    order = unpaid()
    page = f"/live-orders/{order.uid}/"
    assert "Partly paid" in text_of(browser.post(f"{page}paid/", {"paid": "1000"}, follow=True))
    assert "€234.50 to be paid by" in text_of(browser.get(page))
    assert "Paid." in text_of(browser.post(f"{page}paid/", {}, follow=True))
    assert "delivered and paid" in text_of(browser.get(page))
    browser.post(f"{page}reopen/")
    refused = browser.post(f"{page}close/", {"reason": ""})
    assert refused.status_code == 422
    browser.post(f"{page}close/", {"reason": "Sorted out"})
    assert "closed by us: <bdi>Sorted out</bdi>" in text_of(browser.get(page))
    browser.post(f"{page}reopen/")
    too_much = browser.post(f"{page}paid/", {"paid": "99999"})
    assert (too_much.status_code, "not a part of its amount" in text_of(too_much)) == (422, True)
    browser.post(f"{page}cancel/", {"reason": "Sent back"})
    order.refresh_from_db()
    assert (order.stage, order.closed) == ("cancelled", "by_hand")
    assert browser.post(f"{page}dance/").status_code == 404


def test_an_order_of_a_stranger_is_given_to_its_customer(browser: Client, account: Account) -> None:
    order = told(customer="?", customer_name="Harbor")
    assert "Customer not known: <bdi>Harbor</bdi>" in text_of(browser.get(f"/live-orders/{order.uid}/"))
    assert "whose order this is" in text_of(browser.get(f"/live-orders/{order.uid}/mail/"))
    assert browser.post(f"/live-orders/{order.uid}/give/", {"wanted": "nobody at all"}).status_code == 422
    browser.post(f"/live-orders/{order.uid}/give/", {"wanted": "C7"})
    order.refresh_from_db()
    assert order.account == account


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"stage": "delivered", "payment": "open", "due_on": date(2024, 11, 1)}, "were due on 1 Nov 2024"),
        ({"stage": "confirmed", "promised_on": date(2024, 12, 1)}, "finding out when it comes"),
        ({"promised_on": date(2024, 12, 1), "expected_on": date(2024, 12, 20)}, "expected on 20 Dec 2024"),
        ({"stage": "quote"}, "you got our quote"),
        ({"stage": "basket"}, "have not ordered it"),
        ({"stage": "delivered"}, "This is how your order"),
    ],
)
def test_a_mail_begins_with_what_there_is_to_say(
    browser: Client, account: Account, said: dict[str, Any], words: str
) -> None:
    order = told(**said)
    assert "Nobody there can be written to" in text_of(browser.get(f"/live-orders/{order.uid}/mail/"))
    Contact.objects.create(account=account, name="Ann", email="ann@example.com", language="en")
    assert words in text_of(browser.get(f"/live-orders/{order.uid}/mail/"))


def test_a_mail_goes_out_once_in_the_language_of_who_reads_it(browser: Client, account: Account) -> None:
    Contact.objects.create(account=account, name="Ann", email="ann@example.com", language="en")
    hindi = Contact.objects.create(account=account, name="Zara", email="zara@example.com", language="hi")
    where = f"/live-orders/{unpaid().uid}/mail/"
    assert "Dear Ann" in text_of(browser.get(where))
    assert "written in: हिन्दी" in text_of(browser.get(f"{where}?to={hindi.uid}"))
    said = {"subject": "Your order", "text": "All right?", "follow_ups_seen": "0", "next_on": "2024-12-20"}
    assert browser.post(where, said).status_code == 302
    twice = browser.post(where, said)
    assert (twice.status_code, "in the meantime" in text_of(twice)) == (422, True)
    mail = OutgoingMail.objects.get()
    assert (mail.subject, LiveOrderFollowUp.objects.get().kind) == ("Your order", "mail")
    assert LiveOrder.objects.get().next_on == date(2024, 12, 20)


def test_a_file_is_read_and_what_was_not_taken_is_downloaded_without_formulas(
    browser: Client, account: Account
) -> None:
    rows = "order number,customer number,amount,status\nA1,C7,100.00,confirmed\n=1+1,C7,much,confirmed\n"
    upload = {"file": SimpleUploadedFile("orders.csv", rows.encode()), "source": "shop"}
    answer = browser.post("/live-orders/files/", upload, follow=True)
    assert "1 new order. Changed: 0. Not taken: 1." in text_of(answer)
    assert "“much” is no amount of money. Write it in digits, such as 1234.50." in text_of(answer)
    file = LiveOrderFile.objects.get()
    left = browser.get(f"/live-orders/files/{file.uid}/not-taken.csv")
    content = b"".join(left.streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=1+1,C7,much,confirmed,3,amount" in content
    wrong = {"file": SimpleUploadedFile("orders.csv", b"\x00\x01"), "source": "shop"}
    assert browser.post("/live-orders/files/", wrong).status_code == 422
    assert browser.post("/live-orders/files/", {}).status_code == 422


def test_the_list_is_exported_without_formulas(browser: Client, account: Account) -> None:
    told("=cmd", stage="confirmed")
    answer = browser.get("/live-orders.csv?show=all&whose=all")
    content = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "shop,'=cmd,Harbour Gifts,Olga Owner,2024-11-09,confirmed" in content
    assert "1234.50" in content


def test_running_orders_stand_on_the_account_and_on_its_timeline(browser: Client, account: Account) -> None:
    order = unpaid()
    browser.post(f"/live-orders/{order.uid}/note/", {"said": "The invoice went astray"})
    page = text_of(browser.get(f"/accounts/{account.uid}/orders/"))
    assert "Orders that still run" in page
    assert "20 days overdue" in page
    story = text_of(browser.get(f"/accounts/{account.uid}/timeline/?kind=live_orders"))
    assert "The invoice went astray" in story
    browser.post(f"/live-orders/{order.uid}/cancel/", {"reason": "Sent back"})
    story = text_of(browser.get(f"/accounts/{account.uid}/timeline/?kind=live_orders"))
    assert "<bdi>A1</bdi>: <bdi>Sent back</bdi>" in story
    assert "Orders that still run" not in text_of(browser.get(f"/accounts/{account.uid}/orders/"))


def test_who_does_not_see_the_account_does_not_see_its_orders(
    account: Account, members: dict[str, Member], signed_in: Signer
) -> None:
    order, stranger = unpaid(), told("S1", customer="?")
    seller = signed_in(members["new_business_seller"])
    for where in (f"/live-orders/{order.uid}/", f"/live-orders/{order.uid}/mail/", f"/live-orders/{stranger.uid}/"):
        assert seller.get(where).status_code == 404
    assert seller.post(f"/live-orders/{order.uid}/paid/", {}).status_code == 404
    assert "Harbour" not in text_of(seller.get("/live-orders/?show=all&whose=unknown"))
    analyst = signed_in(members["analyst"])
    assert "Harbour" in text_of(analyst.get("/live-orders/?whose=all"))
    assert "We called" not in text_of(analyst.get(f"/live-orders/{order.uid}/"))
    assert analyst.post(f"/live-orders/{order.uid}/paid/", {}).status_code == 403
    service = signed_in(members["service"])
    assert service.post(f"/live-orders/{order.uid}/paid/", {}).status_code == 302


def test_a_long_list_costs_no_more_queries(browser: Client, account: Account) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert browser.get("/live-orders/?show=unpaid&whose=all").status_code == 200
        return len(asked)

    unpaid()
    queries()
    few = queries()
    for number in range(12):
        unpaid(f"B{number}")
    assert queries() == few
