"""Working records as JSON lines, from one database to another: first a line of column names, then a line a row.

Nothing is interpreted: ids, times and foreign keys arrive as they left, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

BATCH_ROWS = 2000

# Their values are the same in JSON and in both databases.
_PLAIN = {
    *("AutoField", "BigAutoField", "SmallAutoField", "IntegerField", "BigIntegerField", "SmallIntegerField"),
    *("PositiveIntegerField", "PositiveBigIntegerField", "PositiveSmallIntegerField", "FloatField", "BooleanField"),
    *("CharField", "TextField", "SlugField", "EmailField"),
}

# Written by `_as_text`, so that the field's own parser, which takes much more and much longer, is not needed.
_PARSED: dict[str, Callable[[str], Any]] = {
    "DateTimeField": datetime.fromisoformat,
    "DateField": date.fromisoformat,
    "TimeField": time.fromisoformat,
}


class WrongColumns(Exception):  # noqa: N818 - named for what stands in the way
    """The rows are not those of this model."""


def dump_records(model: type[models.Model]) -> Iterator[bytes]:
    """Lines for all rows of the model, by primary key."""
    columns = [field.attname for field in model._meta.concrete_fields]
    yield _line(columns)
    for row in model._base_manager.order_by("pk").values_list(*columns).iterator(chunk_size=BATCH_ROWS):
        yield _line(row)


def load_records(model: type[models.Model], lines: Iterable[bytes]) -> int:
    """Insert the rows as they are; the table is empty. Returns how many there were. Raises `WrongColumns`."""
    rows = iter(lines)
    fields = model._meta.concrete_fields
    if json.loads(next(rows, b"null")) != [field.attname for field in fields]:
        raise WrongColumns(model._meta.label)
    converters = [_converter(field) for field in fields]
    write = _copy if connection.vendor == "postgresql" else _insert
    count = 0
    while batch := list(islice(rows, BATCH_ROWS)):
        write(model, [_row(line, converters) for line in batch])
        count += len(batch)
    return count


def _insert(model: type[models.Model], rows: list[list[Any]]) -> None:
    places = ", ".join(["%s"] * len(model._meta.concrete_fields))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {_columns_of(model)} VALUES ({places})", rows)


def _copy(model: type[models.Model], rows: list[list[Any]]) -> None:
    """Several times faster than `_insert`, where the database can do it."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {_columns_of(model)} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _columns_of(model: type[models.Model]) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in model._meta.concrete_fields)
    return f"{quote(model._meta.db_table)} ({columns})"


def _row(line: bytes, converters: list[Callable[[Any], Any] | None]) -> list[Any]:
    values = json.loads(line)
    return [convert(value) if convert is not None else value for value, convert in zip(values, converters, strict=True)]


def _converter(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """What turns a JSON value into one for this database; None where they are the same."""
    stored = field.target_field if isinstance(field, models.ForeignKey) else field
    kind = stored.get_internal_type()
    if kind in _PLAIN:
        return None
    database = connections[DEFAULT_DB_ALIAS]  # looked up once, not for every value
    if isinstance(field, models.JSONField):
        return lambda value: None if value is None and field.null else field.get_db_prep_value(value, database)
    parse: Callable[[Any], Any] = _PARSED.get(kind, stored.to_python)
    return lambda value: None if value is None else stored.get_db_prep_value(parse(value), database, prepared=True)


def _line(values: Iterable[Any]) -> bytes:
    return json.dumps(list(values), default=_as_text, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _as_text(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()  # to the microsecond, unlike Django's encoder
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError(f"No way to keep a {type(value).__name__} in a backup is known.")
