"""Rules say which lines are no sales; the firm sees and edits them; the defaults fit the usual exports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regulars.base.audit import history_of
from regulars.base.models import AuditEntry, Member
from regulars.base.warehouse import Engine, identifier
from regulars.facts.imports import rules
from regulars.facts.imports.default_rules import DEFAULT_RULES
from regulars.facts.imports.mapping import Mapping
from regulars.facts.imports.normalise import stage_order_lines
from regulars.facts.imports.raw_tables import RawTable, SourceFile
from regulars.facts.models import ClassificationRule

Kind = ClassificationRule.Kind
Check = ClassificationRule.Test


def kind_of(
    engine: Engine, line: dict[str, Any], *, source: str = "orders", own: list[ClassificationRule] | None = None
) -> str:
    """The kind of one line whose columns have the given values."""
    columns = {"order_id": "1", "line_no": "1", "net_minor": 100, "product": "X", "category": None, **line}
    kinds = {"net_minor": "BIGINT", "quantity": "DOUBLE"}
    values = ", ".join(f"$value_{name}::{kinds.get(name, 'VARCHAR')} AS {name}" for name in columns)
    engine.run(
        f"""CREATE OR REPLACE TABLE typed AS SELECT 0 AS _part, NULL::VARCHAR AS reason, 'sale' AS kind,
        NULL::VARCHAR AS rule, {values}""",
        {f"value_{name}": value for name, value in columns.items()},
    )
    chosen = own if own is not None else [rule.record(place) for place, rule in enumerate(DEFAULT_RULES)]
    rules.CompiledRules(chosen, [source]).apply(engine, part=0, columns=list(columns))
    return str(engine.value("SELECT kind FROM typed"))


@pytest.mark.parametrize(
    "name",
    [
        *("Shipping", "POSTAGE", "Dotcom Postage", "Next Day Carriage", "DHL Express Shipping", "Freight charges"),
        *(
            "Standard delivery",
            "Postage & Packing",
            "P&P",
            "Handling fee",
            "Shipping and handling",
            "UPS Ground Shipping",
        ),
        *("Versandkosten", "Porto und Verpackung", "Versand DHL", "Fracht", "Frais de port", "Frais de livraison"),
        *("Gastos de envío", "Envío", "Flete", "Frete", "ค่าจัดส่ง", "ডেলিভারি চার্জ", "Shipping 2.5 kg"),
    ],
)
def test_carriage_without_a_category_is_a_fee(engine: Engine, name: str) -> None:
    assert kind_of(engine, {"product_name": name}) == Kind.FEE


@pytest.mark.parametrize(
    "name",
    [
        *("Shipping boxes 30x40", "FRENCH CARRIAGE LANTERN", "Carriage bolt M8", "Post box red", "Delivery van, toy"),
        *(
            "Portobello mushrooms",
            "Freight scale",
            "Versandtasche A4",
            "Test tube rack",
            "Gift card holder",
            "Port wine",
        ),
        *("Discount bin label printer", "Contest entry", "Cancellation stamp"),
    ],
)
def test_goods_that_are_named_like_a_fee_stay_goods(engine: Engine, name: str) -> None:
    assert kind_of(engine, {"product_name": name}) == Kind.SALE


def test_a_category_says_that_shipping_is_what_the_firm_sells(engine: Engine) -> None:
    assert kind_of(engine, {"product_name": "Shipping", "category": "Services"}) == Kind.SALE


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ({"status": "Cancelled"}, Kind.OTHER),
        ({"status": "voided"}, Kind.OTHER),
        ({"status": "storniert"}, Kind.OTHER),
        ({"status": "annulé"}, Kind.OTHER),
        ({"status": "रद्द"}, Kind.OTHER),
        ({"status": "paid"}, Kind.SALE),
        ({"document": "Quotation"}, Kind.OTHER),
        ({"document": "Credit note"}, Kind.RETURN),
        ({"document": "nota de crédito"}, Kind.RETURN),
        ({"document": "Invoice"}, Kind.SALE),
        ({"product_name": "Test product"}, Kind.OTHER),
        ({"account_name": "TEST"}, Kind.OTHER),
        ({"account_email": "bogus@example.com"}, Kind.OTHER),
        ({"product_name": "Rabatt 10 %"}, Kind.OTHER),
        ({"product_name": "Gift Voucher £20.00"}, Kind.OTHER),
        ({"quantity": -1.0, "net_minor": -100}, Kind.RETURN),
        ({"quantity": -1.0, "net_minor": 0}, Kind.OTHER),
        ({"product": None, "net_minor": -100}, Kind.OTHER),
        ({"net_minor": -100}, Kind.RETURN),
        ({"net_minor": -100, "line_no": "shipping"}, Kind.SALE),
        ({"product": "POST"}, Kind.SALE),
        ({"order_id": "C536"}, Kind.SALE),
    ],
)
def test_the_default_rules(engine: Engine, line: dict[str, Any], kind: str) -> None:
    assert kind_of(engine, line) == kind


def test_codes_of_one_source_mean_nothing_in_another(engine: Engine) -> None:
    assert kind_of(engine, {"product": "POST"}, source="uci_online_retail") == Kind.FEE
    assert kind_of(engine, {"order_id": "C536"}, source="uci_online_retail") == Kind.RETURN


def test_the_first_rule_that_fits_decides(engine: Engine) -> None:
    fee = ClassificationRule(name="fee", field="product", test=Check.STARTS_WITH, pattern="x", kind=Kind.FEE)
    other = ClassificationRule(name="other", field="order_id", test=Check.EQUALS, pattern="7, 1", kind=Kind.OTHER)
    off = ClassificationRule(
        name="off", field="product", test=Check.CONTAINS, pattern="X", kind=Kind.RETURN, active=False
    )
    assert kind_of(engine, {}, own=[off, fee, other]) == Kind.FEE
    assert kind_of(engine, {}, own=[off, other, fee]) == Kind.OTHER


@pytest.mark.parametrize("pattern", ["'; DROP TABLE typed; --", "x') OR 1=1 --", "$1", "{}", "\\"])
@pytest.mark.parametrize("test", [Check.EQUALS, Check.STARTS_WITH, Check.CONTAINS])
def test_a_pattern_is_a_text_and_never_a_command(engine: Engine, pattern: str, test: str) -> None:
    rule = ClassificationRule(name=pattern, field="product", test=test, pattern=pattern, kind=Kind.FEE)
    assert kind_of(engine, {}, own=[rule]) == Kind.SALE
    assert kind_of(engine, {"product": pattern}, own=[rule]) == Kind.FEE
    assert engine.value("SELECT rule FROM typed") == pattern


# Verbs


def test_the_defaults_are_there_before_the_first_import_and_can_be_switched_off(db: None) -> None:
    assert [rule.name for rule in rules.active_rules()] == [rule.name for rule in DEFAULT_RULES]
    first = ClassificationRule.objects.all()[0]
    rules.change_rule(member=None, rule=first, active=False)
    assert first not in rules.active_rules()


def test_rules_are_added_moved_changed_and_removed_with_a_trail(owner: Member) -> None:
    rules.restore_default_rules(member=owner)
    first, second = ClassificationRule.objects.all()[:2]
    mine = rules.add_rule(
        member=owner,
        name="Rent",
        field="product_name",
        test=Check.CONTAINS,
        pattern=" rent ",
        kind=Kind.FEE,
        before=second,
    )
    assert list(ClassificationRule.objects.all()[:3]) == [first, mine, second]
    rules.move_rule(member=owner, rule=mine, before=first)
    assert ClassificationRule.objects.all()[0] == mine
    rules.change_rule(member=owner, rule=mine, pattern="rental")
    rules.remove_rule(member=owner, rule=mine)
    assert mine.name not in {rule.name for rule in ClassificationRule.objects.all()}
    verbs = set(AuditEntry.objects.filter(member=owner).values_list("verb", flat=True))
    assert verbs == {"restore_default_rules", "add_rule", "move_rule", "change_rule", "remove_rule"}
    assert history_of(first)


def test_defaults_come_back_in_the_place_of_all_rules(owner: Member) -> None:
    rules.add_rule(member=owner, name="Rent", field="product", test=Check.CONTAINS, pattern="rent", kind=Kind.FEE)
    rules.restore_default_rules(member=owner)
    assert [rule.name for rule in ClassificationRule.objects.all()] == [rule.name for rule in DEFAULT_RULES]


@pytest.mark.parametrize(
    "wrong",
    [
        {"test": Check.MATCHES, "pattern": "(unclosed"},
        {"test": Check.MATCHES, "pattern": "(?=lookahead)"},
        {"test": Check.CONTAINS, "pattern": " "},
        {"test": Check.NEGATIVE, "field": "product"},
        {"test": Check.CONTAINS, "field": "quantity"},
        {"test": "sounds_like"},
        {"kind": "gift"},
        {"name": ""},
    ],
)
def test_a_rule_that_cannot_work_is_refused_when_it_is_saved(db: None, wrong: dict[str, str]) -> None:
    said: dict[str, Any] = {
        "name": "n",
        "field": "product",
        "test": Check.CONTAINS,
        "pattern": "x",
        "kind": Kind.FEE,
        **wrong,
    }
    with pytest.raises(rules.WrongRule) as refused:
        rules.add_rule(member=None, **said)
    assert refused.value.way_out
    assert not ClassificationRule.objects.exists()


def test_every_default_rule_could_be_made_by_a_user(db: None) -> None:
    for default in DEFAULT_RULES:
        rules.add_rule(
            member=None,
            name=default.name,
            field=default.field,
            test=default.test,
            pattern=default.pattern,
            kind=default.kind,
            source=default.source,
        )


def test_the_preview_counts_lines_and_money_by_rule_in_the_base_currency(
    engine: Engine, read: Callable[..., list[RawTable]], made: Callable[[str, str], Path]
) -> None:
    text = "id,day,name,a,cur\n1,2024-01-31,Mug,10,EUR\n1,2024-01-31,Postage,4,EUR\n2,2024-01-31,Postage,4,USD\n"
    columns = {"order_id": "id", "business_date": "day", "product_name": "name", "net_amount": "a", "currency": "cur"}
    raw = read(made("o.csv", text))[0]
    stage_order_lines(
        engine,
        [(raw, Mapping(content="order_lines", columns=columns))],
        rules=[rule.record(place) for place, rule in enumerate(DEFAULT_RULES)],
        base_currency="EUR",
        as_of=dt.date(2024, 6, 30),
    )
    engine.run(
        "CREATE TABLE conversions AS "
        "SELECT 'USD' AS currency, DATE '2024-01-31' AS business_date, 0.5::DECIMAL(20, 10) AS factor"
    )
    assert rules.preview_rules(engine) == [
        {"rule": "Postage, shipping and other fees", "kind": "fee", "lines": 2, "orders": 2, "net_minor": 600}
    ]


# The real history


@pytest.fixture
def uci(engine: Engine, shared_data: Path) -> RawTable:
    """The UCI Online Retail II history, laid out as text as reading its CSV would."""
    file = shared_data / "uci_online_retail_ii.parquet"
    engine.run(f"CREATE TABLE uci AS SELECT * FROM read_parquet('{file}')")
    headings = list(engine.columns("uci"))
    cells = ", ".join(f"{identifier(heading)}::VARCHAR AS c{place}" for place, heading in enumerate(headings))
    engine.run(f"CREATE VIEW raw_0 AS SELECT 0::INTEGER AS _file, rowid + 1 AS _row, {cells} FROM uci")
    engine.run("CREATE TABLE broken_0 (_file INTEGER, _row BIGINT, line BIGINT, reason VARCHAR, text VARCHAR)")
    source = SourceFile(name=file.name, path=str(file), size_bytes=0, sha256="", format="parquet")
    columns = [f"c{place}" for place in range(len(headings))]
    return RawTable(
        name="raw_0",
        broken_name="broken_0",
        headings=headings,
        columns=columns,
        files=[source],
        rows=1_044_847,
        broken=0,
    )


def test_the_uci_history_is_classified_as_counted_independently(engine: Engine, uci: RawTable) -> None:
    """E16, C1: nothing of a million lines is lost, and sales are without postage, charges and corrections."""
    names = {name.casefold().replace(" ", "").replace("_", ""): name for name in uci.headings}
    columns = {
        "order_id": names["invoice"],
        "business_date": names["invoicedate"],
        "account_id": names["customerid"],
        "account_country": names["country"],
        "product": names["stockcode"],
        "product_name": names["description"],
        "quantity": names["quantity"],
        "unit_price": names["price"],
    }
    found = stage_order_lines(
        engine,
        [(uci, Mapping(content="order_lines", export="uci_online_retail", columns=columns))],
        rules=[rule.record(place) for place, rule in enumerate(DEFAULT_RULES)],
        base_currency="GBP",
        as_of=dt.date(2011, 12, 10),
    )
    assert (found.staged_rows, found.rejected_rows) == (1_044_847, 0)
    of_rule: dict[str, int] = dict(
        engine.rows("SELECT rule, count(*) FROM staged WHERE rule IS NOT NULL GROUP BY rule")
    )
    cell = {field: f"upper(trim({identifier(heading)}::VARCHAR))" for field, heading in columns.items()}
    codes = "'POST','DOT','C2','C3','M','ADJUST','ADJUST2','B','BANK CHARGES','AMAZONFEE','CRUK','S','D'"
    postage, manual, cancelled = engine.rows(
        f"""SELECT count(*) FILTER (WHERE {cell["product"]} IN ('POST', 'DOT', 'C2', 'C3')),
                   count(*) FILTER (WHERE {cell["product"]} = 'M'),
                   count(*) FILTER (WHERE {cell["order_id"]} LIKE 'C%' AND {cell["product"]} NOT IN ({codes})
                                    AND {cell["product"]} NOT LIKE 'TEST%' AND {cell["product"]} NOT LIKE 'GIFT%')
            FROM uci"""
    )[0]
    assert (of_rule["Postage and carriage codes"], of_rule["Manual entries"]) == (postage, manual)
    assert of_rule["Cancelled invoices"] == cancelled
    assert of_rule["Bad debt written off"] == 6
    quantity, price = (f"{identifier(columns[name])}::DECIMAL(18, 6)" for name in ("quantity", "unit_price"))
    total = engine.value(f"SELECT sum(round({quantity}::DECIMAL(38, 6) * {price}, 2)) FROM uci")
    assert engine.value("SELECT sum(net_minor) FROM staged") == int(total * 100)
    assert engine.value("SELECT count(*) FROM staged WHERE account_key IS NULL") == engine.value(
        f"SELECT count(*) - count({identifier(columns['account_id'])}) FROM uci"
    )
    assert engine.value("SELECT count(DISTINCT account_key) FROM staged") == 5_942
