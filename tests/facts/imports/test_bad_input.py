"""Files as they really come: each gives a clear message, or is read; nothing is lost and nothing stands twice."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest

from regulars.base.warehouse import open_engine
from regulars.core.errors import Refusal
from regulars.facts.history import HISTORY
from regulars.facts.imports.rejected import rejected_rows, write_rejected
from regulars.facts.imports.runs import DryRun, import_folder, run_import, stage_import
from regulars.facts.models import Account, Contact, Import

pytestmark = pytest.mark.django_db

TODAY = date(2024, 12, 31)
HEAD = "Order ID,Line No,Date,Customer ID,Customer,Product,Quantity,Amount\n"
GOOD = "A1,1,2024-03-01,K1,Firm 1,P1,1,10.00\nA1,2,2024-03-01,K1,Firm 1,P2,2,20.00\n"


def bring_in(file: Path, content: bytes | str) -> DryRun:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with stage_import(paths=[file], as_of=TODAY) as staged:
        run_import(staged)
        return staged.report


def lines() -> list[tuple[str, str, date, int]]:
    with open_engine() as engine:
        return engine.rows(
            f"SELECT order_id, line_no, business_date, net_minor FROM {HISTORY.relation()} ORDER BY order_id, line_no"
        )


def nothing_happened() -> bool:
    return not lines() and not Account.objects.exists() and not Import.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "empty"),
        ("header_only.csv", HEAD, "no row|no data|only"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "PNG|picture|image"),
        ("noise.csv", bytes(range(256)) * 200, "text|binary"),
        ("bomb.csv.gz", None, "expand|unpack|large"),
        ("cities.csv", "City,Inhabitants\nBonn,330000\nAachen,250000\n", "understood"),
    ],
)
def test_a_file_that_is_no_order_list_is_refused_with_a_way_out(
    organisation: object, tmp_path: Path, name: str, content: bytes | str | None, message: str
) -> None:
    if content is None:
        content = gzip.compress(b"0" * 400_000_000, 9)
    with pytest.raises(Refusal, match=f"(?i){message}") as refusal:
        bring_in(tmp_path / name, content)
    assert refusal.value.way_out
    assert nothing_happened()
    assert not list((tmp_path / "imports").glob("*"))


TWO_LINES = [("A1", "1", date(2024, 3, 1), 1000), ("A1", "2", date(2024, 3, 1), 2000)]


@pytest.mark.parametrize(
    "content",
    [
        (HEAD + GOOD).encode("utf-8-sig"),
        (HEAD + GOOD).encode("utf-16"),
        (HEAD + GOOD).replace("Firm", "Müller & Söhne").encode("windows-1252"),
        (HEAD + GOOD).replace(",", ";").replace("10.00", "10,00").replace("20.00", "20,00").encode(),
        (HEAD + GOOD).replace(",", "\t").encode(),
        (HEAD + GOOD).replace(",", "|").encode(),
        (HEAD + GOOD).replace("\n", "\r\n").encode(),
        ("Sales report\nPrinted today\n\n" + HEAD + GOOD).encode(),
        (HEAD + GOOD).replace("Firm 1", '"Firm ""One"",\nBonn"').encode(),
        (HEAD + GOOD).replace("10.00", "£10.00").replace("20.00", "£ 20.00").replace("Amount", "Amount (EUR)").encode(),
        (HEAD + GOOD).replace("2024-03-01", "01.03.2024").encode(),
        (HEAD + GOOD).replace("2024-03-01", "1 March 2024").encode(),
        gzip.compress((HEAD + GOOD).encode()),
    ],
    ids=[
        "byte order mark",
        "UTF-16",
        "Windows-1252",
        "semicolons and decimal commas",
        "tabs",
        "pipes",
        "CRLF",
        "title lines",
        "quotes and newlines",
        "currency signs",
        "dotted dates",
        "month names",
        "gzip",
    ],
)
def test_an_order_list_is_read_however_it_was_written(organisation: object, tmp_path: Path, content: bytes) -> None:
    if "£".encode() in content:
        content = content.replace("£".encode(), "€".encode())
    file = tmp_path / ("orders.csv.gz" if content[:2] == b"\x1f\x8b" else "orders.csv")
    report = bring_in(file, content)
    assert report.lines_rejected == 0
    assert lines() == TWO_LINES
    assert Account.objects.count() == 1


def test_rows_that_cannot_be_read_are_kept_with_field_and_reason(organisation: object, tmp_path: Path) -> None:
    bad = (
        "A2,1,2024-13-45,K2,Firm 2,P1,1,5.00\n"  # no such day
        "A3,1,1900-01-01,K3,Firm 3,P1,1,5.00\n"
        "A4,1,2199-01-01,K4,Firm 4,P1,1,5.00\n"
        "A5,1,2024-03-01,K5,Firm 5,P1,1,five\n"
        ",1,2024-03-01,K6,Firm 6,P1,1,5.00\n"  # no order number
        "A7,1,2024-03-01,K7,Firm 7,P1,1,5.00,surplus,cells\n"
    )
    report = bring_in(tmp_path / "orders.csv", HEAD + GOOD + bad)
    assert lines() == TWO_LINES
    assert (report.lines_read, report.lines_accepted, report.lines_rejected) == (8, 2, 6)


def test_negative_amounts_are_understood_in_every_style(organisation: object, tmp_path: Path) -> None:
    styles = ["(10.00)", "-10.00", "10.00-", "−10.00", "-€10.00"]
    rows = [f"B{number},1,2024-03-01,K1,Firm 1,P1,-1,{style}" for number, style in enumerate(styles)]
    bring_in(tmp_path / "orders.csv", HEAD + "\n".join(rows) + "\n")
    assert [line[3] for line in lines()] == [-1000] * len(styles)


def test_the_same_line_twice_in_a_file_counts_once(organisation: object, tmp_path: Path) -> None:
    report = bring_in(tmp_path / "orders.csv", HEAD + GOOD + GOOD)
    assert lines() == TWO_LINES
    assert report.lines_read == 4


def test_orders_without_a_customer_are_kept_and_counted(organisation: object, tmp_path: Path) -> None:
    """A line that names nobody is still a sale of the firm."""
    report = bring_in(tmp_path / "orders.csv", HEAD + GOOD + "A9,1,2024-03-02,,,P1,1,7.00\n")
    assert len(lines()) == 3
    assert report.without_customer == {"lines": 1, "orders": 1, "net_minor": 700}


def test_both_notations_of_a_date_in_one_file_are_each_read_as_they_are_meant(
    organisation: object, tmp_path: Path
) -> None:
    rows = "A1,1,31.12.2023,K1,Firm 1,P1,1,10.00\nA2,1,12/31/2023,K1,Firm 1,P1,1,10.00\n"
    bring_in(tmp_path / "orders.csv", HEAD + rows)
    assert [line[2] for line in lines()] == [date(2023, 12, 31)] * 2


@pytest.mark.slow
@pytest.mark.parametrize(("orders", "customers"), [(1_000_000, 1_000_000), (1_000_000, 1)])
def test_a_million_customers_or_a_million_orders_of_one_are_taken_in(
    organisation: object, tmp_path: Path, orders: int, customers: int
) -> None:
    file = tmp_path / "orders.csv"
    with open_engine() as engine:
        engine.run(
            f"""COPY (SELECT 'A' || i AS "Order ID", DATE '2023-01-01' + (i % 700)::INT AS "Date",
              'K' || i % {customers} AS "Customer ID", 'P' || i % 50 AS "Product", 1 AS "Quantity", 9.50 AS "Amount"
            FROM range({orders}) AS t(i)) TO '{file}' (HEADER)"""
        )
    with stage_import(paths=[file], as_of=TODAY) as staged:
        run_import(staged)
    assert staged.report.history is not None
    assert (staged.report.history.added, Account.objects.count()) == (orders, customers)


def test_the_totals_by_month_stand_beside_those_of_the_file(organisation: object, tmp_path: Path) -> None:
    """Rejected rows count in the file's own totals, as far as they can be read."""
    bad = (
        "A8,1,2024-03-09,K8,Firm 8,P1,one,5.00\nA9,1,2024-04-09,K9,Firm 9,P1,one,6.00\nA10,1,soon,K9,Firm 9,P1,1,7.00\n"
    )
    report = bring_in(tmp_path / "orders.csv", HEAD + GOOD + bad)
    (march,) = report.months
    assert (march["lines"], march["net_minor"]) == (2, 3000)
    assert (march["file_lines"], march["file_net_minor"]) == (3, 3500)
    assert report.left_out_of_other_months == [
        {"month": "2024-04", "file_lines": 1, "file_net_minor": 600},
        {"month": None, "file_lines": 1, "file_net_minor": 700},
    ]


def test_a_row_that_merely_lacks_its_number_joins_no_order_of_another_customer(
    organisation: object, tmp_path: Path
) -> None:
    text = (
        "Invoice,Date,Customer,Product,Amount\n"
        "A1,2024-03-01,Alpha,Pen,5.00\n"
        ",2024-03-02,Gamma,Pen,7.00\n"
        "A4,2024-03-03,Delta,Pen,8.00\n"
        "A5,,Epsilon,Pen,9.00\n"
        ",2024-03-05,Zeta,Pen,9.50\n"
        ",,Eta,Pen,9.60\n"
    )
    report = bring_in(tmp_path / "gaps.csv", text)
    assert [(order, amount) for order, _line, _day, amount in lines()] == [("A1", 500), ("A4", 800)]
    assert report.lines_rejected == 4


def test_rows_that_repeat_the_customer_but_not_the_number_belong_to_the_order_above(
    organisation: object, tmp_path: Path
) -> None:
    text = (
        "Invoice,Date,Customer,Product,Amount\n"
        "A1,2024-03-01,Alpha,Pen,5.00\n"
        ",,Alpha,Ink,7.00\n"
        "A2,2024-03-02,Beta,Pen,6.00\n"
        ",,,Ink,8.00\n"
    )
    bring_in(tmp_path / "first_rows.csv", text)
    assert [(order, amount) for order, _line, _day, amount in lines()] == [
        ("A1", 500), ("A1", 700), ("A2", 600), ("A2", 800),
    ]  # fmt: skip


def test_a_contact_of_an_unknown_customer_is_kept_and_comes_back(organisation: object, tmp_path: Path) -> None:
    people = (
        "Contact ID,First name,Last name,Company,Job title,E-mail\n"
        "1,Mara,Keller,Keller Print GmbH,Owner,mara@example.com\n"
        "2,,,Keller Print GmbH,Buyer,buyer@example.com\n"
        "3,Tim,Oster,Keller Print GmbH,Buyer,tim@example.com\n"
    )
    with stage_import(paths=[_written(tmp_path / "contacts.csv", people)], as_of=TODAY) as staged:
        done = run_import(staged)
    assert done.report["lines_rejected"] == 3
    kept = list(rejected_rows(import_folder(done)))
    assert [(row.line, row.reason) for row in kept] == [
        (2, "unknown_customer"), (3, "missing"), (4, "unknown_customer"),
    ]  # fmt: skip
    assert "Keller Print GmbH" in kept[0].sentence
    assert kept[0].way_out
    write_rejected(import_folder(done), tmp_path / "rejected.csv", number=done.pk)

    bring_in(tmp_path / "orders.csv", HEAD.replace("Customer ID,", "") + "A1,1,2024-03-01,Keller Print GmbH,P1,1,10\n")
    with stage_import(paths=[tmp_path / "rejected.csv"], as_of=TODAY) as staged:
        assert run_import(staged).report["lines_rejected"] == 1
    assert set(Contact.objects.values_list("name", "account__name")) == {
        ("Mara Keller", "Keller Print GmbH"),
        ("Tim Oster", "Keller Print GmbH"),
    }


def test_a_customer_without_a_firm_is_a_person_in_orders_and_customer_lists(
    organisation: object, tmp_path: Path
) -> None:
    bring_in(
        tmp_path / "orders.csv",
        "Order ID,Date,Company,First name,Last name,Email,Product,Quantity,Amount\n"
        "A1,2024-03-01,Keller Print GmbH,Mara,Keller,mara@example.com,P1,1,10.00\n"
        "A2,2024-03-02,,Jo,Beck,jo@example.com,P1,1,10.00\n",
    )
    bring_in(
        tmp_path / "customers.csv",
        "Customer ID,Company,First name,Last name,Email\n"
        "7,Nordhaus KG,Ole,Nord,ole@example.com\n"
        "8,,Una,Lund,una@example.com\n",
    )
    kinds = dict(Account.objects.values_list("name", "kind"))
    assert kinds == {"Keller Print GmbH": "firm", "Jo Beck": "person", "Nordhaus KG": "firm", "Una Lund": "person"}


def test_a_name_over_two_lines_is_kept_in_one(organisation: object, tmp_path: Path) -> None:
    bring_in(tmp_path / "orders.csv", HEAD + 'A1,1,2024-03-01,K1,"Nord  ""Haus""\n KG",P1,1,10.00\n')
    assert Account.objects.get().name == 'Nord "Haus" KG'


def _written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("sign", ["€", "EUR", ""])
def test_a_currency_sign_beside_each_amount_multiplies_no_line(organisation: object, tmp_path: Path, sign: str) -> None:
    rows = [f"{number};{number:02d}.01.2024;Firm {number % 3};Ink;1.2{number}4,50 {sign}" for number in range(1, 10)]
    report = bring_in(tmp_path / "signs.csv", "\n".join(["Order;Date;Customer;Product;Net", *rows]))
    assert [(order, amount) for order, _line, _day, amount in lines()] == [
        (str(number), 120_450 + number * 1_000) for number in range(1, 10)
    ]
    assert report.lines_read == report.lines_accepted == 9
