"""Files of live orders are read row by row; what cannot be taken is given back with line, column and remedy (E16)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.base.access import Forbidden
from regulars.base.models import Member
from regulars.facts.live_order_cells import day_first, day_of, decimal_sign, minor_of
from regulars.facts.live_order_feed import WrongLiveOrder
from regulars.facts.live_order_files import (
    WrongLiveOrderFile,
    columns_of,
    read_live_order_file,
    rejected_headings,
    rejected_rows,
    visible_live_order_files,
)
from regulars.facts.models import Account, LiveOrder, LiveOrderFile

ON, AT = date(2024, 12, 9), datetime(2024, 12, 9, 10, tzinfo=UTC)
ENGLISH = """Order number,Customer number,Customer,Order date,Status,Promised,Due on,Payment status,Amount,Paid,Currency
A1,C7,Harbour,2024-11-01,Confirmed,2024-12-01,2024-12-20,unpaid,"1,234.50",0,EUR
A2,C7,Harbour,2024-11-01,Quotation,,,,900.00,,EUR
A3,C7,Harbour,2024-11-01,Beamed,,,,900.00,,EUR
,C7,Harbour,2024-11-01,Confirmed,,,,900.00,,EUR
A5,C7,Harbour,soon,Confirmed,,,,900.00,,EUR
A6,C7,Harbour,2024-11-01,Confirmed,,,,much,,EUR
A7,C7,Harbour,2024-11-01,Confirmed,,,,5.00,,XXY
"""
GERMAN = """Bestellnummer;Kundennummer;Bestelldatum;Status;Liefertermin;Fällig am;Zahlung;Betrag;Bezahlt
B1;C7;31.10.2024;bestätigt;05.12.2024;20.12.2024;teilweise bezahlt;1.234,50 €;234,50
B2;C7;01.11.2024;versendet;;;bezahlt;10,00;
"""


def read(text: str, member: Member | None, *, source: str = "erp") -> LiveOrderFile:
    return read_live_order_file(name="orders.csv", content=text.encode(), at=AT, on=ON, member=member, source=source)


@pytest.mark.django_db
def test_rows_are_taken_one_by_one_and_what_is_wrong_is_given_back(owner: Member) -> None:
    account = Account.objects.create(name="Harbour", source="erp", external_id="C7")
    file = read(ENGLISH, owner)
    assert (file.new, file.changed, file.unchanged, len(file.rejected)) == (2, 0, 0, 5)
    order = LiveOrder.objects.get(external_id="A1")
    assert (order.account, order.amount_minor, order.stage, order.payment) == (account, 123_450, "confirmed", "open")
    assert (order.due_on, order.promised_on) == (date(2024, 12, 20), date(2024, 12, 1))
    assert LiveOrder.objects.get(external_id="A2").stage == "quote"
    told = [(one["line"], one["field"]) for one in file.rejected]
    assert told == [(4, "Status"), (5, "Order number"), (6, "Order date"), (7, "Amount"), (8, "Currency")]
    rows = rejected_rows(file)
    assert {len(row) for row in rows} == {len(rejected_headings(file))}
    assert all(row[-1] and row[-2] for row in rows)
    assert rows[0][:5] == ["A3", "C7", "Harbour", "2024-11-01", "Beamed"]
    again = read(ENGLISH, owner)
    assert (again.new, again.unchanged) == (0, 2)
    changed = read(ENGLISH.replace("unpaid", "paid"), owner)
    assert (changed.changed, LiveOrder.objects.get(external_id="A1").payment) == (1, "paid")
    assert list(visible_live_order_files(owner)) == [changed, again, file]


@pytest.mark.django_db
def test_german_files_are_understood(owner: Member) -> None:
    file = read(GERMAN, owner)
    assert file.rejected == []
    first, second = LiveOrder.objects.order_by("external_id")
    assert (first.amount_minor, first.paid_minor, first.payment) == (123_450, 23_450, "partly")
    assert (first.placed_on, first.promised_on) == (date(2024, 10, 31), date(2024, 12, 5))
    assert (second.stage, second.payment, second.paid_minor) == ("shipped", "paid", 1_000)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "a\n", "Customer,Amount\nC7,5\n", "Order number,Customer\nA1,C7\n", "\x00\n\x00"])
def test_what_is_no_file_of_orders_is_refused_whole(owner: Member, text: str) -> None:
    with pytest.raises(WrongLiveOrderFile) as refused:
        read(text, owner)
    assert refused.value.way_out
    assert not LiveOrderFile.objects.exists()


@pytest.mark.django_db
def test_only_who_may_import_reads_files(owner: Member) -> None:
    seller = Member.objects.create(email="s@example.com", role=Member.Role.ACCOUNT_MANAGER)
    with pytest.raises(Forbidden):
        read(ENGLISH, seller)
    assert not visible_live_order_files(seller).exists()


def test_a_day_that_may_be_two_is_refused_unless_others_tell() -> None:
    with pytest.raises(WrongLiveOrder, match="two different days"):
        day_of("03/04/2024", "due_on", days_first=None)
    assert day_of("03/03/2024", "due_on", days_first=None) == date(2024, 3, 3)
    assert day_of("03/04/2024", "due_on", days_first=day_first(["01/02/2024", "25/12/2024"])) == date(2024, 4, 3)
    assert day_of("03/04/2024", "due_on", days_first=day_first(["12/25/2024"])) == date(2024, 3, 4)
    assert day_of("2024-03-04T10:00:00", "due_on", days_first=None) == date(2024, 3, 4)


def test_headings_are_known_by_what_they_mean() -> None:
    named = columns_of(["Invoice", "Customer", "Net amount", "Gross amount", "Payment state", "ETA", "Something"])
    assert named == {"external_id": 0, "customer_name": 1, "amount": 3, "payment": 4, "expected_on": 5}


@given(st.integers(0, 10**12), st.sampled_from(["{:,.2f}", "{:.2f}", "EUR {:,.2f}"]), st.booleans())
def test_an_amount_is_read_as_it_was_written(minor: int, pattern: str, swapped: bool) -> None:
    written = pattern.format(Decimal(minor) / 100)
    if swapped:
        written = written.translate(str.maketrans(",.", ".,"))
    assert minor_of(written, "EUR", "amount", sign=decimal_sign([written])) == minor
