"""What headings and values are taken for, and what is said about it."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.base.warehouse import Engine, open_engine
from regulars.facts.imports.detect import Proposal, find_saved, propose, save_mapping, with_columns
from regulars.facts.imports.headings import key, language_of, meanings, unit_currency
from regulars.facts.imports.mapping import LOOKUP, Mapping
from regulars.facts.imports.profiles import date_orders, decimal_sign
from regulars.facts.imports.sources import RawTable
from regulars.facts.models import SavedMapping

pytestmark = pytest.mark.django_db

Understand = Callable[..., list[Proposal]]


def orders(*rows: str, headings: str = "Order no,Date,Customer,Amount") -> str:
    return "\n".join([headings, *rows]) + "\n"


# Headings


@pytest.mark.parametrize(
    "same",
    [
        ("Invoice No.", "invoice_number", "INVOICENO", "Invoice #", "InvoiceNumber", "Invoice Nr", "* Invoice no"),
        ("Rechnungs-Nr.", "Rechnungsnummer", "RECHNUNGSNR"),
        ("N° de facture", "Facture no.", "Numéro de facture"),
        ("Währung", "WÄHRUNG", "waehrung".replace("ae", "a")),
        ("Amount (EUR)", "Amount [€]", "amount"),
        ("Rabatt %", "Rabatt (%)", "Rabatt in Prozent".replace("in ", "")),
    ],
)
def test_spellings_of_a_heading_have_one_key(same: tuple[str, ...]) -> None:
    assert len({key(heading) for heading in same}) == 1


def test_hindi_words_keep_their_vowel_signs() -> None:
    assert key("राशि") != key("राश")


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Custmer name", "account_name"),
        ("line_items.sku", "product"),
        ("Rechnugsdatum", "business_date"),
        ("Waehrung", "currency"),
        ("Order Lines/Quantity", "quantity"),
        ("Dto. %", "discount"),
    ],
)
def test_headings_that_no_list_has_are_understood_by_their_likeness(heading: str, field: str) -> None:
    assert field in {meaning.field for meaning in meanings(heading)}


@pytest.mark.parametrize("heading", ["Population", "x", "Ort2", "Qz", "Founded", "VAT %"])
def test_other_headings_mean_nothing(heading: str) -> None:
    assert not meanings(heading)


LANGUAGES = ["en", "de", "es", "pt", "fr", "ne", "hi", "ur", "bn", "th"]


def words_of(language: str) -> dict[str, dict[str, list[str]]]:
    file = files("regulars.facts.imports").joinpath("heading_words", f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_words_of_an_invoice_list(language: str) -> None:
    own = set(words_of(language))
    needed = {"order_id", "business_date", "account_id", "account_name", "product", "product_name", "quantity"}
    assert needed | {"unit_price", "net_amount", "amount", "tax_amount", "currency", "seller", "status"} <= own


def test_the_language_of_headings_is_known() -> None:
    assert language_of(["Rechnungsdatum", "Kunde", "Betrag", "Status"]) == "de"
    assert language_of(["Quantité", "Prix", "Client"]) == "fr"
    assert language_of(["zzz"]) == ""


@pytest.mark.parametrize(
    ("heading", "currency"),
    [("Betrag (EUR)", "EUR"), ("Importe €", "EUR"), ("SKU", ""), ("Net NPR", "NPR"), ("VAT", "")],
)
def test_a_heading_may_name_the_currency(heading: str, currency: str) -> None:
    assert unit_currency(heading) == currency


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_heading_surely_means_two_fields(language: str) -> None:
    fields: dict[str, set[str]] = defaultdict(set)
    for field, lists in words_of(language).items():
        for heading in lists["sure"] if field != "stranger" else ():
            fields[key(heading)].add(field)
    assert {heading: names for heading, names in fields.items() if len(names) > 1} == {}


# Dates


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["03/04/2024", "25/04/2024"], {"/": "dmy"}),
        (["03/04/2024", "04/25/2024"], {"/": "mdy"}),
        (["3.4.24", "25.4.24"], {".": "dmy"}),
        (["2024-01-31", "2024-02-01"], {"-": "ymd"}),
        (["2024-01-31T10:00:00Z", "31/01/2024"], {"-": "ymd", "/": "dmy"}),
        (["24-12-2023 10:00", "01-02-2024 11:30"], {"-": "dmy"}),
        (["৩১/০১/২০২৪", "০১/০২/২০২৪"], {"/": "dmy"}),
        (["31 01 2024", "01 02 2024"], {" ": "dmy"}),
    ],
)
def test_the_order_of_dates_is_seen_from_their_values(
    dates: list[str], expected: dict[str, str], understand: Understand
) -> None:
    (proposal,) = understand(orders(*(f"A{n},{day},Acme,10.00" for n, day in enumerate(dates))))
    assert proposal.mapping.date_order == expected
    assert not any("guess" in note for note in proposal.notes)


def test_dates_of_both_orders_in_one_file_are_counted_and_the_majority_is_used(understand: Understand) -> None:
    days = ["31/12/2023", "30/12/2023", "12/31/2023", "29/12/2023"]
    (proposal,) = understand(orders(*(f"A{n},{day},Acme,10.00" for n, day in enumerate(days))))
    assert proposal.mapping.date_order == {"/": "dmy"}
    assert any("1 are not and will be rejected" in note for note in proposal.notes)


@pytest.mark.parametrize(("currency", "expected"), [("USD", "mdy"), ("EUR", "dmy")])
def test_dates_that_tell_nothing_follow_the_currency_and_are_called_a_guess(
    currency: str, expected: str, understand: Understand
) -> None:
    headings = "Order no,Date,Customer,Amount,Currency"
    (proposal,) = understand(orders(f"A1,03/04/2024,Acme,10.00,{currency}", headings=headings))
    assert proposal.mapping.date_order == {"/": expected}
    assert any("is a guess" in note for note in proposal.notes)


def test_dates_that_tell_nothing_follow_the_sequence_of_the_rows(understand: Understand) -> None:
    days = ["01/11/2024", "02/11/2024", "03/11/2024", "01/12/2024"]  # sorted only if the day comes first
    (proposal,) = understand(orders(*(f"A{n},{day},Acme,10.00" for n, day in enumerate(days))))
    assert proposal.mapping.date_order == {"/": "dmy"}


STYLES = {"dmy": "{d:02}{s}{m:02}{s}{y}", "mdy": "{m}{s}{d}{s}{y}", "ymd": "{y}{s}{m:02}{s}{d:02}"}


@given(
    days=st.lists(st.dates(date(1990, 1, 1), date(2030, 12, 31)), min_size=1, max_size=20),
    order=st.sampled_from(sorted(STYLES)),
    separator=st.sampled_from("./-"),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_day_above_the_twelfth_is_enough(days: list[date], order: str, separator: str) -> None:
    telling = [*days, date(2024, 5, 27)]
    texts = [STYLES[order].format(d=day.day, m=day.month, y=day.year, s=separator) for day in telling]
    with open_engine() as engine:
        raw = column_of(engine, texts)
        assert {name: found.order for name, found in date_orders(engine, raw, ["A"], month_first=False).items()} == {
            separator: order
        }


def column_of(engine: Engine, texts: list[str]) -> RawTable:
    """A raw table of one column under the heading "A"."""
    engine.run(
        "CREATE OR REPLACE TABLE raw_0 AS SELECT 0 AS _file, row_number() OVER () AS _row, unnest AS c0 "
        "FROM unnest($1)",
        [texts],
    )
    return RawTable(name="raw_0", broken_name="", headings=["A"], columns=["c0"], files=[], rows=len(texts), broken=0)


# Decimal sign


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["1.234,56", "12,00"], ","),
        (["1,234.56", "12"], "."),
        (["1 234,56", "7"], ","),
        (["1'234.50", "1'000"], "."),
        (["1,23,456", "12"], "."),
        (["1.234.567", "12"], ","),
        (["12.5", "1.234"], "."),
        (["(1.234,50)", "€ 12,10"], ","),
        (["1.234,50 €", "-2,10 €"], ","),
        (["100", "250"], "."),
    ],
)
def test_the_decimal_sign_is_seen_from_all_amounts(amounts: list[str], expected: str, understand: Understand) -> None:
    rows = (f'A{n};2024-01-0{n + 1};Acme;"{amount}"' for n, amount in enumerate(amounts))
    (proposal,) = understand(orders(*rows, headings="Order no;Date;Customer;Amount"))
    assert proposal.mapping.decimal == expected


def test_amounts_that_can_be_read_in_two_ways_follow_the_language_and_are_named(understand: Understand) -> None:
    (proposal,) = understand(orders("A1;2024-01-02;Acme;1,234", headings="Rechnungsnr;Datum;Kunde;Betrag"))
    assert proposal.mapping.decimal == ","
    assert any("“1,234” can be read in two ways" in note for note in proposal.notes)


@given(
    amounts=st.lists(st.decimals(Decimal("-9999999"), Decimal("9999999"), places=2), min_size=1, max_size=20),
    style=st.sampled_from([".,", ",.", " ,", "'.", " ."]),
)
@settings(max_examples=40, deadline=None)
def test_two_digits_after_the_sign_are_enough(amounts: list[Decimal], style: str) -> None:
    thousands, sign = style[0], style[1]
    texts = [f"{amount:,.2f}".translate({ord(","): thousands, ord("."): sign}) for amount in amounts]
    with open_engine() as engine:
        found = decimal_sign(engine, column_of(engine, texts), ["A"], otherwise="?")
        assert (found.sign, found.against_it) == (sign, 0)


# Other columns


def test_a_second_column_of_dates_is_named(understand: Understand) -> None:
    text = orders("A1,2024-01-02,2024-01-05,Acme,5.00", headings="Order no,Order date,Packed,Customer,Amount")
    (proposal,) = understand(text)
    assert proposal.mapping.columns["business_date"] == "Order date"
    assert any("“Order date” is used, “Packed” not" in note for note in proposal.notes)
    assert proposal.unused == ["Packed"]


def test_customer_numbers_under_a_heading_for_names_are_numbers(understand: Understand) -> None:
    (proposal,) = understand(orders("A1,2024-01-02,10017,5.00", "A2,2024-01-03,10018,5.00"))
    assert proposal.mapping.columns["account_id"] == "Customer"
    assert "account_name" not in proposal.mapping.columns


def test_numbers_that_count_the_rows_do_not_name_lines(understand: Understand) -> None:
    rows = [f"{n},A{n // 2},2024-01-02,Acme,P{n},{n}.50" for n in range(1, 9)]
    (proposal,) = understand(orders(*rows, headings="S.No,Order no,Date,Customer,SKU,Amount"))
    assert "line_no" not in proposal.mapping.columns


def test_cells_that_stand_only_on_the_first_row_of_an_order_are_filled(understand: Understand) -> None:
    headings = "Order no,Date,Customer,SKU,Amount"
    (previous,) = understand(orders("A1,2024-01-02,Acme,X,5.00", ",,,Y,6.00", headings=headings))
    assert previous.mapping.fill_down == "previous"
    (order,) = understand(orders("A1,2024-01-02,Acme,X,5.00", "A1,,,Y,6.00", headings=headings))
    assert order.mapping.fill_down == "order"


def test_orders_without_a_column_of_customers_are_accepted_and_said(understand: Understand) -> None:
    (proposal,) = understand(orders("A1,2024-01-02,5.00", headings="Order no,Date,Amount"))
    assert proposal.mapping.content == "order_lines"
    assert any("belong to no account" in note for note in proposal.notes)


def test_purchases_by_customer_and_day_become_orders(understand: Understand) -> None:
    rows = ["C1,2024-01-02,5.00", "C1,2024-01-09,6.00", "C2,2024-01-09,7.00", "C1,2024-02-09,8.00"]
    (proposal,) = understand(orders(*rows, headings="Customer no,Purchase date,Amount"))
    assert proposal.mapping.columns["order_id"] == "Customer no + Purchase date"
    assert proposal.mapping.together == {"Customer no + Purchase date": ("Customer no", "Purchase date")}


def test_a_list_of_customers_with_their_turnover_is_not_a_list_of_orders(understand: Understand) -> None:
    rows = ["C1,Acme,a@acme.example,900.00,2024-01-02", "C2,Birch,b@birch.example,80.00,2024-03-04"]
    (proposal,) = understand(orders(*rows, headings="Customer no,Customer name,E-mail,Sales,Created"))
    assert proposal.mapping.content == "accounts"


def test_a_list_of_suppliers_is_left_out(understand: Understand) -> None:
    (proposal,) = understand(orders("1,Timber Ltd,Oslo,+47 1", headings="Supplier no,Company name,City,Phone"))
    assert proposal.mapping.content == ""


def test_a_file_of_headings_alone_is_understood_by_them(understand: Understand) -> None:
    (proposal,) = understand("Invoice no,Invoice date,Customer name,SKU,Qty,Unit price,Net amount\n")
    assert proposal.mapping.content == "order_lines"
    assert proposal.mapping.columns["net_amount"] == "Net amount"


# Several files


LINES = orders("A1,X,2,5.00", "A1,Y,1,7.00", "A2,X,1,5.00", headings="Order id,Item id,Qty,Unit price")
HEADERS = orders("A1,2024-01-02,C1,R1", "A2,2024-01-03,C2,R2", headings="Order id,Order date,Customer id,Sales rep")
ITEMS = orders("X,Hammer,10,3.00", "Y,Saw,20,4.00", headings="Item id,Item name,Category id,Cost price")
GROUPS = orders("10,Hand tools", "20,Blades", headings="Category id,Category name")
REPS = orders("R1,Ann,Lee", "R2,Bo,Kim", headings="Sales rep,First name,Last name")


def test_unknown_files_that_refer_to_each_other_are_joined(understand: Understand) -> None:
    found = {tuple(one.mapping.columns): one for one in understand(LINES, HEADERS, ITEMS, GROUPS, REPS)}
    lines = next(one.mapping for one in found.values() if one.mapping.content == "order_lines")
    headers = next(one.mapping for one in found.values() if one.mapping.content == "order_headers")
    assert lines.joined_by == "order_id"
    assert [step.values for step in lines.lookups["category"].steps] == [("Category id",), ("Category name",)]
    assert [step.values for step in lines.lookups["unit_cost"].steps] == [("Cost price",)]
    assert headers.lookups["seller"].steps[0].values == ("First name", "Last name")


def test_lines_without_their_orders_are_refused_with_what_is_missing(understand: Understand) -> None:
    (proposal,) = understand(LINES)
    assert proposal.mapping.content == ""
    assert proposal.missing == ["No column with the dates of the orders was found."]


def test_a_file_that_only_names_keys_is_read_for_that(understand: Understand) -> None:
    contents = [one.mapping.content for one in understand(LINES, HEADERS, GROUPS, ITEMS)]
    assert contents == ["order_lines", "order_headers", LOOKUP, "products"]


def test_a_list_of_invoices_alone_is_a_list_of_orders_of_one_line(understand: Understand) -> None:
    rows = ["R1;02.01.2024;Acme;119,00", "R2;15.01.2024;Birch;60,00"]
    (proposal,) = understand(orders(*rows, headings="Rechnungsnummer;Rechnungsdatum;Kunde;Nettobetrag"))
    assert proposal.mapping.content == "order_lines"


# Saved mappings


def test_a_saved_mapping_wins_whatever_the_sequence_and_case_of_the_headings(
    understand: Understand, engine: Engine, read: Callable[..., list[RawTable]], made: Callable[[str, str], Path]
) -> None:
    (first,) = understand(orders("A1,2024-01-02,Acme,5.00"))
    chosen = replace(first.mapping, source="shop", columns={**first.mapping.columns, "seller": "Customer"})
    save_mapping(["Order no", "Date", "Customer", "Amount"], chosen)
    raws = read(made("again.csv", orders("5.00,Acme,2024-01-02,A1", headings="AMOUNT,customer,Date,ORDER NO")))
    again = propose(engine, raws[0])
    assert again.saved
    assert again.mapping.source == "shop"
    assert again.mapping.columns == {
        "order_id": "ORDER NO",
        "business_date": "Date",
        "account_name": "customer",
        "net_amount": "AMOUNT",
        "seller": "customer",
    }


def test_saving_again_replaces_and_files_left_out_are_not_saved() -> None:
    headings = ["A", "B"]
    save_mapping(headings, Mapping(content="order_lines", source="one"))
    save_mapping(["b", "a"], Mapping(content="order_lines", source="two"))
    assert SavedMapping.objects.count() == 1
    found = find_saved(headings)
    assert found is not None
    assert found.source == "two"
    assert save_mapping(["C"], Mapping(content="")) is None
    assert find_saved(["C"]) is None


def test_evidence_of_a_new_file_corrects_a_guessed_order_of_dates_that_was_saved(understand: Understand) -> None:
    (guessed,) = understand(orders("A1,03/04/2024,Acme,5.00"))
    assert guessed.mapping.date_order == {"/": "dmy"}
    save_mapping(["Order no", "Date", "Customer", "Amount"], guessed.mapping)
    (seen,) = understand(orders("A2,03/25/2024,Acme,5.00"))
    assert seen.saved
    assert seen.mapping.date_order == {"/": "mdy"}


def test_corrected_rows_are_read_like_the_file_they_were_rejected_from(understand: Understand) -> None:
    (first,) = understand(orders("A1,2024-01-02,Acme,5.00"))
    save_mapping(["Order no", "Date", "Customer", "Amount"], replace(first.mapping, source="shop"))
    headings = (
        "Order no,Date,Customer,Amount,regulars_import,regulars_row,regulars_line_no,regulars_field,regulars_reason"
    )
    (again,) = understand(orders("A1,2024-01-03,Acme,5.00,7,17,3,business_date,Not a date", headings=headings))
    assert again.saved
    assert again.mapping.source == "shop"
    assert again.mapping.columns["line_no"] == "regulars_line_no"
    assert again.mapping.complete_orders is False


def test_columns_named_by_the_user_make_a_file_understood(understand: Understand) -> None:
    (proposal,) = understand(orders("A1,2024-01-02,Acme,5.00", headings="Chit,When,Whom,Worth"))
    assert proposal.mapping.content == ""
    named = {"order_id": "Chit", "business_date": "When", "account_name": "Whom", "net_amount": "Worth"}
    assert with_columns(proposal.mapping, named).content == "order_lines"
    assert with_columns(proposal.mapping, {"account_name": "Whom"}).content == "accounts"
    assert "order_id" not in with_columns(Mapping(content="order_lines", columns=named), {"order_id": ""}).columns


def test_the_source_can_be_given(
    engine: Engine, read: Callable[..., list[RawTable]], made: Callable[[str, str], Path]
) -> None:
    raws = read(made("a.csv", orders("A1,2024-01-02,Acme,5.00")))
    assert propose(engine, raws[0], source="erp").mapping.source == "erp"
