"""Arrow tables become working records, as the models would have made them."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pyarrow as pa
import pytest
from django.db import IntegrityError, connection

from regulars.base import bulk_load
from regulars.base.bulk_load import insert_rows, replace_rows, update_rows
from regulars.base.models import Organisation, Team
from regulars.facts.models import Account, ExchangeRate, Interaction, Product, Signal

pytestmark = pytest.mark.django_db


def test_what_the_table_leaves_out_is_filled_as_the_model_would() -> None:
    assert insert_rows(Account, pa.table({"name": ["Alpha", "Beta"], "external_id": ["1", None]})) == 2
    alpha, beta = Account.objects.order_by("name")
    assert (alpha.kind, alpha.custom, alpha.city, alpha.source) == ("firm", {}, "", "regulars")
    assert beta.external_id is None
    assert beta.parent_id is None
    assert isinstance(alpha.uid, uuid.UUID)
    assert alpha.uid != beta.uid
    assert alpha.created_at.tzinfo is not None


def test_texts_that_break_a_csv_arrive_unharmed() -> None:
    names = ['quote " quote', "comma, comma", "two\nlines", "back\\slash", "'", "नमस्ते", "\\N", "\\.", ""]
    insert_rows(Account, pa.table({"name": names}))
    assert list(Account.objects.order_by("id").values_list("name", flat=True)) == names


def test_an_id_without_a_default_stays_empty() -> None:
    insert_rows(Account, pa.table({"id": [1], "name": ["Alpha"]}))
    seen = {"kind": ["praise"], "direction": ["potential"], "strength": [2], "observed_on": [dt.date(2024, 1, 1)]}
    insert_rows(Signal, pa.table({"account_id": [1], **seen}))
    assert Signal.objects.get().source_uid is None


def test_unknown_stays_unknown() -> None:
    rows = pa.table({"account_id": pa.array([], pa.int64()), "kind": pa.array([], pa.string())})
    assert insert_rows(Interaction, rows) == 0
    insert_rows(Product, pa.table({"external_id": ["a", "b"], "cost": pa.array([Decimal("1.25"), None])}))
    assert list(Product.objects.order_by("external_id").values_list("cost", flat=True)) == [Decimal("1.25"), None]


def test_dates_and_exact_numbers_keep_their_value() -> None:
    insert_rows(
        ExchangeRate,
        pa.table({"currency": ["USD"], "valid_from": [dt.date(2024, 2, 29)], "rate": [Decimal("0.9234567891")]}),
    )
    rate = ExchangeRate.objects.get()
    assert (rate.valid_from, rate.rate) == (dt.date(2024, 2, 29), Decimal("0.9234567891"))


def test_automatic_ids_go_on_after_own_ids() -> None:
    insert_rows(Account, pa.table({"id": [700], "name": ["Own"]}))
    assert Account.objects.create(name="Automatic").pk == 701


def test_json_and_ids_come_as_text() -> None:
    uid = uuid.uuid4()
    insert_rows(Account, pa.table({"name": ["A"], "custom": ['{"size": 3}'], "uid": [str(uid)], "generated": [True]}))
    account = Account.objects.get(uid=uid)
    assert account.custom == {"size": 3}
    assert account.generated is True


def test_times_are_utc() -> None:
    at = dt.datetime(2024, 5, 1, 12, 30, 15, 250_000, tzinfo=dt.UTC)
    insert_rows(Team, pa.table({"name": ["A"], "created_at": pa.array([at], pa.timestamp("us", tz="UTC"))}))
    assert Team.objects.get().created_at == at


def test_replacing_leaves_only_the_new_rows() -> None:
    Team.objects.create(name="Old")
    assert replace_rows(Team, pa.table({"name": ["New", "Newer"]})) == 2
    assert set(Team.objects.values_list("name", flat=True)) == {"New", "Newer"}


def test_a_refused_row_leaves_everything_as_it_was() -> None:
    Team.objects.create(name="Old")
    with pytest.raises(IntegrityError):
        replace_rows(Team, pa.table({"name": ["Twice", "Twice"]}))
    assert list(Team.objects.values_list("name", flat=True)) == ["Old"]


def test_rows_may_come_as_a_stream() -> None:
    table = pa.table({"name": [f"Team {number}" for number in range(120)]})
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=50))
    assert insert_rows(Team, reader) == 120


def test_a_column_that_the_model_does_not_have_is_an_error() -> None:
    with pytest.raises(LookupError, match="Organisation has no column nonsense"):
        insert_rows(Organisation, pa.table({"nonsense": [1]}))


def test_statements_stay_few() -> None:
    with connection.execute_wrapper(_at_most(10)):
        insert_rows(Account, pa.table({"name": [f"Account {number}" for number in range(1000)]}))


def test_large_tables_keep_their_indexes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_load, "MANY_ROWS", 100)
    with connection.cursor() as cursor:
        before = connection.introspection.get_constraints(cursor, Account._meta.db_table)
        insert_rows(Account, pa.table({"name": [f"Account {number}" for number in range(1000)]}))
        replace_rows(Account, pa.table({"name": [f"New {number}" for number in range(1000)]}))
        assert connection.introspection.get_constraints(cursor, Account._meta.db_table) == before
    assert Account.objects.filter(name="New 7").count() == 1


def _at_most(limit: int):  # type: ignore[no-untyped-def]
    seen = 0

    def count(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        nonlocal seen
        seen += 1
        assert seen <= limit
        return execute(sql, params, many, context)

    return count


def test_named_fields_of_stored_records_are_stored_and_no_others() -> None:
    """Links, days, texts, JSON and nothing, each as Django would write them; other fields and records stay."""
    team = Team.objects.create(name="Growth")
    insert_rows(Account, pa.table({"name": [f"Old {number}" for number in range(3)]}))
    first, second, third = Account.objects.order_by("pk")
    first.name, first.team, first.custom, first.external_id = "New", team, {"a": [1, "ü"]}, None
    second.name, second.external_id, second.city = "Also new %s", "77", "not stored"
    update_rows([first, second], ["name", "team", "custom", "external_id"])
    stored = Account.objects.order_by("pk").values_list("name", "team__name", "custom", "external_id", "city")
    assert list(stored) == [
        ("New", "Growth", {"a": [1, "ü"]}, None, ""),
        ("Also new %s", None, {}, "77", ""),
        ("Old 2", None, {}, None, ""),
    ]
    update_rows([], ["name"])
    assert third.name == "Old 2"
