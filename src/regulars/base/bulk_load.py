"""Rows by the hundred thousand: Arrow tables into working records, many times faster than `bulk_create`.

PostgreSQL reads them with COPY, SQLite with one prepared statement. Both go straight to the table: no model is built,
no `save` is called. What the Arrow table leaves out is filled as the model would fill it (defaults, ids, times).
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.utils import timezone

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 50_000
MANY_ROWS = 20_000

Fields = list["models.Field[Any, Any]"]


def replace_rows(model: type[models.Model], rows: pa.Table | pa.RecordBatchReader) -> int:
    """Make `rows` the only rows of `model`, in one transaction. Returns how many there are now."""
    with transaction.atomic(), _indexes_built_at_the_end(model, rows, replaced=True):
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")
        return insert_rows(model, rows)


def insert_rows(model: type[models.Model], rows: pa.Table | pa.RecordBatchReader) -> int:
    """Add `rows` to the table of `model`, in one transaction. Returns how many were added.

    Columns carry the names of database columns (`account_id`); money in minor units as integers, times in UTC, ids as
    text, JSON as text. NaN means unknown and becomes NULL. Fields without a column get the default of the model, an
    automatic id or the time of now. With ids of your own, the automatic ones go on after them.
    """
    given = set(rows.schema.names)
    columns: dict[str, models.Field[Any, Any]] = {
        field.column: field for field in model._meta.concrete_fields if field.column
    }
    unknown = given - columns.keys()
    if unknown:
        raise LookupError(f"{model.__name__} has no column {', '.join(sorted(unknown))}")
    fields = [field for field in columns.values() if field.column in given or not isinstance(field, models.AutoField)]
    write = _copy if connection.vendor == "postgresql" else _execute_many
    added = 0
    with transaction.atomic(), _indexes_built_at_the_end(model, rows):
        for batch in _batches(rows):
            write(model, _completed(batch, fields), fields)
            added += batch.num_rows
        if model._meta.pk.column in given:
            _go_on_after_own_ids(model)
    return added


def update_rows(records: Sequence[models.Model], names: Iterable[str]) -> None:
    """Store the named fields of records that are stored already, all of one model, in one transaction.

    One prepared statement, once a record: Django's `bulk_update` writes a case for every record and field, which takes
    minutes for tens of thousands.
    """
    if not records:
        return
    model = type(records[0])
    meta = model._meta
    fields: Fields = [field for name in names if isinstance(field := meta.get_field(name), models.Field)]
    table, _names = _quoted(model, [])
    sets = ", ".join(f"{connection.ops.quote_name(str(field.column))} = %s" for field in fields)
    key = connection.ops.quote_name(str(meta.pk.column))
    rows = [
        [*(field.get_db_prep_save(getattr(one, field.attname), connection) for field in fields), one.pk]
        for one in records
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {sets} WHERE {key} = %s", rows)


@contextmanager
def _indexes_built_at_the_end(
    model: type[models.Model], rows: pa.Table | pa.RecordBatchReader, *, replaced: bool = False
) -> Iterator[None]:
    """Sorting an index once is several times faster than keeping it while most of its rows arrive.

    On SQLite alone: its readers go on with the old state, while PostgreSQL would make them wait.
    """
    if connection.vendor != "sqlite" or not _is_most_of_the_table(model, rows, replaced=replaced):
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s AND sql LIKE %s",
            [model._meta.db_table, "CREATE INDEX%"],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
        yield
        for _, statement in indexes:
            cursor.execute(statement)


def _is_most_of_the_table(model: type[models.Model], rows: pa.Table | pa.RecordBatchReader, *, replaced: bool) -> bool:
    count = getattr(rows, "num_rows", 0)  # a stream does not know how many will come
    return count >= MANY_ROWS and (replaced or model._base_manager.count() <= count)


def _batches(rows: pa.Table | pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    batches = rows.to_batches() if isinstance(rows, pa.Table) else rows
    for batch in batches:
        for start in range(0, batch.num_rows, BATCH_ROWS):
            yield batch.slice(start, BATCH_ROWS)


def _completed(batch: pa.RecordBatch, fields: Fields) -> pa.Table:
    """The batch with a column for each of `fields`, in their sequence."""
    import pyarrow as pa

    columns = [
        batch.column(field.column) if field.column in batch.schema.names else _filled(field, batch.num_rows)
        for field in fields
    ]
    return pa.table([_plain(column) for column in columns], names=[f.column for f in fields])


def _filled(field: models.Field[Any, Any], rows: int) -> pa.Array:
    import pyarrow as pa

    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        now = timezone.now()
        kind = pa.timestamp("us", tz="UTC") if isinstance(field, models.DateTimeField) else pa.date32()
        return pa.repeat(pa.scalar(now if isinstance(field, models.DateTimeField) else now.date(), kind), rows)
    if isinstance(field, models.UUIDField) and field.has_default():
        return pa.array([str(field.get_default()) for _ in range(rows)], pa.string())
    value = field.get_default()
    if isinstance(field, models.JSONField):
        value = None if value is None else json.dumps(value, cls=field.encoder)
    return pa.nulls(rows, pa.string()) if value is None else pa.repeat(pa.scalar(value), rows)


def _plain(column: pa.Array) -> pa.Array:
    """Free of what the two databases would read differently: dictionaries, NaN."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column


def _copy(model: type[models.Model], rows: pa.Table, fields: Fields) -> None:
    """As CSV: a quoted empty text is empty, an unquoted one is NULL."""
    from pyarrow import csv

    buffer = io.BytesIO()
    csv.write_csv(rows, buffer, csv.WriteOptions(include_header=False, quoting_style="needed"))
    table, names = _quoted(model, fields)
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT csv)") as copy,
    ):
        copy.write(buffer.getbuffer())


def _execute_many(model: type[models.Model], rows: pa.Table, fields: Fields) -> None:
    table, names = _quoted(model, fields)
    literals, values = [], []
    for column, field in zip(rows.columns, fields, strict=True):
        column = column.combine_chunks()
        same = _is_the_same_in_every_row(column)
        cells = _sqlite_values(column[:1] if same else column, field)
        literals.append(_literal(cells[0]) if same else "?")
        if not same:
            values.append(cells)
    statement = f"INSERT INTO {table} ({names}) VALUES ({', '.join(literals)})"
    with connection.wrap_database_errors, connection.cursor() as cursor:
        # Django's own cursor rewrites %s for each row; the one below it takes the statement as it is.
        cursor.cursor.connection.executemany(statement, zip(*values, strict=True) if values else [()] * rows.num_rows)


def _is_the_same_in_every_row(column: pa.Array) -> bool:
    """Most columns of a record that an import makes are empty: such a value stands in the statement, once."""
    import pyarrow.compute as pc

    if column.null_count:
        return bool(column.null_count == len(column))
    return len(column) > 1 and column[0] == column[-1] and bool(pc.all(pc.equal(column, column[0])).as_py())


def _literal(value: Any) -> str:
    """A value of our own columns as SQLite writes it."""
    if value is None or value != value:  # NaN: not known
        return "NULL"
    if isinstance(value, bool | int | float):
        return repr(int(value) if isinstance(value, bool) else value)
    return "'" + str(value).replace("'", "''") + "'"


def _sqlite_values(column: pa.Array, field: models.Field[Any, Any]) -> list[Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_floating(kind):
        values: list[Any] = column.to_numpy(zero_copy_only=False).tolist()  # SQLite stores NaN as NULL
        return values
    if pa.types.is_timestamp(kind):
        return _texts(pc.strftime(column, format="%Y-%m-%d %H:%M:%S"))
    if pa.types.is_date(kind) or pa.types.is_decimal(kind):
        return _texts(column.cast(pa.string()))
    if isinstance(field, models.UUIDField):
        return _texts(pc.replace_substring(column, "-", ""))
    if pa.types.is_integer(kind) and not column.null_count:
        numbers: list[Any] = column.to_numpy().tolist()
        return numbers
    return _texts(column)


def _texts(column: pa.Array) -> list[Any]:
    values: list[Any] = column.to_pylist()
    return values


def _quoted(model: type[models.Model], fields: Fields) -> tuple[str, str]:
    quote: Callable[[str], str] = connection.ops.quote_name
    return quote(model._meta.db_table), ", ".join(quote(str(field.column)) for field in fields)


def _go_on_after_own_ids(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(statement)
