"""The warehouse: Delta tables in a local folder, queried by DuckDB. The only module that opens engines and tables.

A table is written in two steps. First new versions are added to the Delta log, which nobody reads; then, in the
database transaction that also writes the working records, `Table.put_in_force` moves the table's pointer
(`TableVersion`). Readers open the version of the pointer. So a process killed at any point leaves the old state, and
the versions it left behind are cut off by the next writer (`Table.writable`).
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uuid_utils.compat
from django.conf import settings
from django.db import OperationalError
from django.utils.translation import gettext as _

from regulars.base.models import TableVersion
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Row = tuple[Any, ...]

MERGED_ROWS = 50_000
"""Up to so many changes are merged into the files they concern; above that writing the whole table anew is faster."""


class CannotWrite(Refusal):
    """The disk refused: full, read-only, gone."""

    def __init__(self, problem: object) -> None:
        super().__init__(
            _("The disk could not be written or read: %(problem)s.") % {"problem": str(problem).splitlines()[0]},
            _("See that there is free space and that the folder may be written, then try again; nothing was changed."),
        )


@contextmanager
def disk_trouble_said_plainly() -> Iterator[None]:
    """Trouble with the disk, of the engine or of the embedded database, as a refusal."""
    import duckdb

    try:
        yield
    except (duckdb.IOException, OSError) as problem:
        raise CannotWrite(problem) from problem
    except OperationalError as problem:
        if "disk" not in str(problem):
            raise
        raise CannotWrite(problem) from problem


class Engine:
    """A DuckDB connection that spills to disk, with the handful of calls that Regulars needs."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> None:
        """Execute a statement whose result nobody wants."""
        self._connection.execute(sql, parameters).fetchall()

    def attempt(self, sql: str) -> str | None:
        """Execute a statement that may fail on what it reads: the engine's message if it did, None if it succeeded."""
        import duckdb

        try:
            self.run(sql)
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            return str(error)
        return None

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> list[Row]:
        """All rows of a query, as tuples."""
        with disk_trouble_said_plainly():
            found: list[Row] = self._connection.execute(sql, parameters).fetchall()
        return found

    def value(self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> Any:
        """The first column of the first row, or None."""
        rows = self.rows(sql, parameters)
        return rows[0][0] if rows else None

    def columns(self, relation: str) -> dict[str, str]:
        """Name and DuckDB type of each column of a table, view or bracketed query, in its sequence."""
        return {name: kind for name, kind, *_ in self.rows(f"DESCRIBE SELECT * FROM {relation}")}

    def arrow(self, sql: str) -> pa.Table:
        """All rows of a query as an Arrow table."""
        return self._connection.sql(sql).to_arrow_table()

    def load(self, table: str, rows: Iterable[Row]) -> None:
        """Append tuples to an existing table of the engine."""
        import pyarrow

        columns = list(zip(*rows, strict=True))
        if columns:
            self.register(
                "loaded", pyarrow.table([pyarrow.array(column) for column in columns], list(self.columns(table)))
            )
            self.run(f"INSERT INTO {identifier(table)} SELECT * FROM loaded")
            self.unregister("loaded")

    def register(self, name: str, table: Any) -> None:
        """Let queries read an Arrow table (or reader) under `name`."""
        self._connection.register(name, table)

    def unregister(self, name: str) -> None:
        self._connection.unregister(name)

    def ibis(self) -> Any:
        """The same connection as an Ibis backend: expressions run in it and see its tables."""
        import ibis

        return ibis.duckdb.from_connection(self._connection)

    def interrupt(self) -> None:
        """Stop the query that runs in another thread."""
        self._connection.interrupt()


_shared: dict[int, duckdb.DuckDBPyConnection] = {}


@contextmanager
def shared_engine() -> Iterator[Engine]:
    """An engine for short reading: one a process, which spares a page the time it takes to start an engine."""
    process = os.getpid()
    if process not in _shared:
        _shared.clear()  # a forked process must not use its parent's
        spill = tempfile.mkdtemp(prefix="regulars-spill-")
        atexit.register(shutil.rmtree, spill, ignore_errors=True)
        _shared[process] = _connect(":memory:", Path(spill), settings.WAREHOUSE_MEMORY)
        # What a file holds where is read once: that takes as long as an account's lines themselves.
        _shared[process].execute("SET GLOBAL parquet_metadata_cache = true").fetchall()
    cursor = _shared[process].cursor()
    try:
        yield Engine(cursor)
    finally:
        cursor.close()


@contextmanager
def open_engine(*, file: Path | None = None, memory: str | None = None) -> Iterator[Engine]:
    """An engine of its own, closed at the end. With `file` its tables live on disk, which bounds memory."""
    spill = Path(tempfile.mkdtemp(prefix="regulars-spill-"))
    connection = _connect(str(file) if file else ":memory:", spill, memory or settings.WAREHOUSE_MEMORY)
    try:
        yield Engine(connection)
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)


def _connect(file: str, spill: Path, memory: str) -> duckdb.DuckDBPyConnection:
    import duckdb

    import regulars.base.arrow  # noqa: F401

    configuration: dict[str, Any] = {
        "memory_limit": memory,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if settings.WAREHOUSE_THREADS:
        configuration["threads"] = settings.WAREHOUSE_THREADS
    connection = duckdb.connect(file, config=configuration)
    connection.execute("SET TimeZone = 'UTC'").fetchall()
    return connection


def quoted(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def warehouse_root() -> Path:
    """The folder of the tables. Object storage is for a later stage: a URL is refused."""
    root: str = settings.WAREHOUSE_ROOT
    if "://" in root:
        raise Refusal(
            f"The warehouse cannot be at {root}: this version keeps its tables in a folder.",
            "Set REGULARS_WAREHOUSE to a folder, or leave it out.",
        )
    return Path(root)


class Table:
    """A Delta table, read at the version that is in force."""

    def __init__(self, name: str, columns: dict[str, str], sorted_by: Sequence[str], *, grown: bool = False) -> None:
        """`columns`: name -> SQL type, in the sequence of the table; `sorted_by`: what its files are clustered by.

        `grown`: it has got columns since its first version; they are unknown (NULL) in files from before.
        """
        self.name = name
        self.columns = columns
        self.sorted_by = list(sorted_by)
        self.grown = grown

    @property
    def path(self) -> Path:
        """The folder of its files: that of the pointer, since a restored backup brings a folder of its own."""
        folder = TableVersion.objects.filter(table=self.name).values_list("folder", flat=True).first()
        return warehouse_root() / (folder or self.name)

    # Reading

    def version_in_force(self) -> int:
        """The version that readers see; −1 before anything was written."""
        found = TableVersion.objects.filter(table=self.name).values_list("version", flat=True).first()
        return -1 if found is None else found

    def files(self, version: int | None = None) -> list[str]:
        """The Parquet files that make up the table at `version` (default: in force)."""
        from deltalake import DeltaTable

        at = self.version_in_force() if version is None else version
        return [] if at < 0 else list(DeltaTable(self.path, version=at).file_uris())

    def relation(self, version: int | None = None) -> str:
        """SQL that reads the table at `version` (default: in force), to stand after FROM."""
        files = self.files(version)
        if not files:
            return f"({self._nothing()})"
        listed = ", ".join(quoted(file) for file in files)
        if self.grown:
            return f"({self._nothing()} UNION ALL BY NAME SELECT * FROM read_parquet([{listed}], union_by_name = true))"
        return f"read_parquet([{listed}])"

    def _nothing(self) -> str:
        """SQL that gives the columns and no rows."""
        nothing = ", ".join(f"NULL::{kind} AS {identifier(name)}" for name, kind in self.columns.items())
        return f"SELECT {nothing} WHERE false"

    # Writing

    def writable(self) -> int:
        """Make the table, or cut off versions that a killed writer left. Returns the version to build on."""
        from deltalake import DeltaTable

        version = self.version_in_force()
        if not DeltaTable.is_deltatable(str(self.path)):
            if version >= 0:
                raise Refusal(
                    f"The table {self.name} is missing from the warehouse at {self.path}.",
                    "Put the folder back, or restore a backup with: regulars restore FILE",
                )
            DeltaTable.create(self.path, schema=self._schema(), name=self.name)
            return 0
        latest = DeltaTable(self.path)
        if version < 0:
            version = 0
        if latest.version() != version:
            latest.restore(version)
        if self.grown:
            self._add_new_columns()
        return DeltaTable(self.path).version()

    def _add_new_columns(self) -> None:
        from deltalake import DeltaTable, Schema

        table = DeltaTable(self.path)
        known = {field.name for field in table.schema().fields}
        added = [field for field in Schema.from_arrow(self._schema()).fields if field.name not in known]
        if added:
            table.alter.add_columns(added)

    def append(self, engine: Engine, query: str) -> int:
        """Add the rows of `query` (columns by name), clustered. Returns the new version, not yet in force."""
        return self._write(engine, query, mode="append")

    def replace(self, engine: Engine, query: str) -> int:
        """Replace all rows by those of `query`, clustered. Returns the new version, not yet in force."""
        return self._write(engine, query, mode="overwrite")

    def merge(self, engine: Engine, query: str, *, on: Sequence[str]) -> int:
        """Delete and update rows by key. `query` gives the key, all columns, and `gone`: true deletes the row.

        Returns the new version, not yet in force. New rows are for `append`, which is many times faster.
        """
        from deltalake import DeltaTable

        names = ", ".join(identifier(name) for name in self.columns)
        table = DeltaTable(self.path)
        if engine.value(f"SELECT count(*) FROM ({query})") > MERGED_ROWS:
            same = " AND ".join(f"kept.{name} = change.{name}" for name in on)
            return self.replace(
                engine,
                f"SELECT {names} FROM {self.relation(table.version())} AS kept ANTI JOIN ({query}) AS change ON {same} "
                f"UNION ALL SELECT {names} FROM ({query}) WHERE NOT gone",
            )
        changes = engine.arrow(f"SELECT {names}, gone FROM ({query})")
        table.merge(
            changes, " AND ".join(f"t.{name} = s.{name}" for name in on), source_alias="s", target_alias="t"
        ).when_matched_delete("s.gone").when_matched_update(
            {name: f"s.{name}" for name in self.columns}, "NOT s.gone"
        ).execute()
        return DeltaTable(self.path).version()

    def restore(self, version: int) -> int:
        """Make a new version with the content of `version`. Not yet in force."""
        from deltalake import DeltaTable

        DeltaTable(self.path).restore(version)
        return DeltaTable(self.path).version()

    def drop_old_files(self, *, days: int) -> None:
        """Delete files that no version of the last `days` needs."""
        from deltalake import DeltaTable

        DeltaTable(self.path).vacuum(retention_hours=24 * days, dry_run=False, enforce_retention_duration=False)

    def put_in_force(self, version: int) -> None:
        """Let readers see `version`. Call it in the transaction that writes the records which belong to it."""
        TableVersion.objects.update_or_create(table=self.name, defaults={"version": version})

    def _schema(self) -> Any:
        with open_engine() as engine:
            return engine.arrow(self._nothing()).schema

    def _write(self, engine: Engine, query: str, *, mode: str) -> int:
        from deltalake import DeltaTable
        from deltalake.transaction import AddAction

        # A column that the query leaves without a type (NULL) would make a file that disagrees with the table.
        typed = ", ".join(
            f"CAST({identifier(name)} AS {kind}) AS {identifier(name)}" for name, kind in self.columns.items()
        )
        clustered = ", ".join(identifier(name) for name in self.sorted_by)
        part = self.path / f"part-{uuid_utils.compat.uuid7()}"
        written = engine.rows(
            f"COPY (SELECT {typed} FROM ({query}) ORDER BY {clustered}) TO {quoted(str(part))} "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, FILE_SIZE_BYTES '128MB', RETURN_FILES true)"
        )
        paths = [Path(file) for file in written[0][1]] if written and written[0][0] else []
        adds: list[Any] = []
        for path in paths:
            rows = engine.value(f"SELECT num_rows FROM parquet_file_metadata({quoted(str(path))})")
            adds.append(
                AddAction(
                    str(path.relative_to(self.path)),
                    path.stat().st_size,
                    {},
                    int(time.time() * 1000),
                    True,
                    json.dumps({"numRecords": rows}),
                )
            )
        table = DeltaTable(self.path)
        if adds or mode == "overwrite":
            table.create_write_transaction(adds, mode, table.schema())
        return DeltaTable(self.path).version()


def table_problem(name: str) -> str | None:
    """Why the table cannot be read at the version in force, or None. Looks at its log and at the end of every file."""
    import duckdb
    from deltalake.exceptions import DeltaError

    try:
        files = Table(name, {}, []).files()
        if files:
            with open_engine() as engine:
                engine.value(f"SELECT count(*) FROM read_parquet([{', '.join(quoted(file) for file in files)}])")
    except (DeltaError, duckdb.Error, OSError, Refusal) as error:
        return str(error).strip().splitlines()[0]
    return None
