"""A new database is made at once; it is the one that the migrations make."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from served import Installation

AT_ONCE = """
import django
django.setup()
from regulars.base.schema import bring_up_to_date
bring_up_to_date()
"""
OF_DJANGO = "auth_group_permissions.id:"
"""Django says AutoField for this app, which its migrations do not know: a table that nobody here writes to."""

TELL = """
import json, django
django.setup()
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
told = [f"migration {one}" for one in MigrationRecorder(connection).applied_migrations()]
told += [f"permission {one.codename} of {one.content_type}" for one in Permission.objects.all()]
with connection.cursor() as cursor:
    for table in connection.introspection.table_names(cursor):
        for column in connection.introspection.get_table_description(cursor, table):
            kind = connection.introspection.get_field_type(column.type_code, column)
            told.append(f"{table}.{column.name}: {kind}, {column.null_ok}, {column.display_size}, {column.collation}")
        for one in connection.introspection.get_constraints(cursor, table).values():
            columns = sorted(one["columns"] or []) if one["unique"] else one["columns"]
            kinds = [kind for kind in ("primary_key", "unique", "foreign_key", "check", "index") if one[kind]]
            told.append(f"{table} {columns}: {kinds}, {one['foreign_key']}, {one.get('orders')}")
print(json.dumps(told))
"""


def told_by(installation: Installation, *, made: tuple[str, ...]) -> set[str]:
    """What the database is like after it was made so."""
    installation.home.mkdir(exist_ok=True)
    installation.run(*made)
    told = json.loads(installation.run("-c", TELL))
    return {one for one in told if not one.startswith(OF_DJANGO)}


@pytest.mark.parametrize("server", ["SQLite", "PostgreSQL"])
def test_a_new_database_is_the_one_that_the_migrations_make(
    server: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if server == "PostgreSQL" else ""
    at_once = told_by(Installation(tmp_path / "at once", url), made=("-c", AT_ONCE))
    if url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    step_by_step = told_by(Installation(tmp_path / "step by step", url), made=("-m", "django", "migrate"))
    assert len(at_once) > 1000
    assert sorted(at_once - step_by_step) == sorted(step_by_step - at_once) == []
