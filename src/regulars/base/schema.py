"""The form of the database: which migrations it lacks, and bringing it up to date.

A database without any table is made from the models at once and told that it has all migrations: running them one by
one takes Django a quarter of a minute, since it builds all models anew for each step. No migration changes records, and
`tests/base/test_schema.py` holds the two ways against each other.
"""

from __future__ import annotations

from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from regulars.base.locks import exclusive

WAIT_SECONDS = 60


def pending_migrations() -> list[str]:
    """Names of the migrations that the database lacks."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, backwards in plan]


def bring_up_to_date() -> None:
    """Give the database the form that this version needs; one process at a time."""
    with exclusive("migrations", wait_seconds=WAIT_SECONDS):
        if not connection.introspection.table_names():
            _make_tables()
        # What is missing; and the kinds of records and their permissions, which Django notes in the end.
        call_command("migrate", verbosity=0, interactive=False)


def _make_tables() -> None:
    """All tables, and the note that no migration is missing, in one transaction."""
    recorder = MigrationRecorder(connection)
    known = MigrationExecutor(connection).loader.disk_migrations
    tables: list[type[Model]] = [recorder.Migration, *apps.get_models()]
    with connection.schema_editor() as editor:
        for model in tables:
            if model._meta.managed and not model._meta.proxy:
                editor.create_model(model)
        recorder.migration_qs.bulk_create(recorder.Migration(app=app, name=name) for app, name in known)
