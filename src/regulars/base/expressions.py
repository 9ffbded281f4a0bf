"""The engine in which Ibis expressions run over tables of the warehouse: `REGULARS_ENGINE`.

One machine's engine is DuckDB. Where that is outgrown it is Spark, over the same Parquet files; the expressions and
what they give are the same. Whoever computes takes an engine from `open_expressions` and never asks which one it is.
Short reading for a page, and all writing, stay with `base.warehouse`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from regulars.base.warehouse import Engine, Table, identifier, open_engine
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    Work = Callable[[pa.RecordBatch], pa.RecordBatch]

DUCKDB = "duckdb"
SPARK_LOCAL = "spark-local"
SPARK_CLUSTER = "spark://"

BATCH_ROWS = 1_000_000


class NoSuchEngine(Refusal):
    """`REGULARS_ENGINE` names something else."""

    def __init__(self, name: str) -> None:
        super().__init__(
            _("There is no engine with the name %(name)s.") % {"name": name},
            _("Set REGULARS_ENGINE to duckdb, spark-local or spark://host:port, or leave it out."),
        )


class ExpressionEngine(Protocol):
    """What carries expressions out. Tables that it gives belong to it, and end with it."""

    def table(self, table: Table, version: int | None = None) -> ir.Table:
        """Give a table of the warehouse at `version` (default: in force)."""

    def given(self, rows: pa.Table) -> ir.Table:
        """Give rows at hand as a table."""

    def kept(self, expression: ir.Table) -> ir.Table:
        """Carry an expression out once, for all that is asked of it later."""

    def arrow(self, expression: ir.Table) -> pa.Table:
        """Give the rows of an expression, in its sequence, with the types that it names."""

    def worked(self, expression: ir.Table, work: Work, schema: pa.Schema) -> ir.Table:
        """Give what `work` makes of the rows of an expression, batch by batch and wherever they are, row for row.

        `work` must not depend on how the rows are cut into batches; `schema` tells the columns that it gives.
        """


def open_expressions() -> AbstractContextManager[ExpressionEngine]:
    """Open the engine that this installation chose. Raises `NoSuchEngine`, `SparkMissing` or `JavaMissing`."""
    chosen: str = settings.WAREHOUSE_ENGINE
    if chosen == DUCKDB:
        return _duckdb()
    if _is_spark(chosen):
        from regulars.base.spark import open_spark  # only who chose it pays for loading it

        return open_spark(chosen)
    raise NoSuchEngine(chosen)


def engine_in_words() -> str:
    """Say what computes the order history. Raises a refusal if it could not."""
    chosen: str = settings.WAREHOUSE_ENGINE
    if chosen == DUCKDB:
        return _("DuckDB computes the order history on this machine.")
    if not _is_spark(chosen):
        raise NoSuchEngine(chosen)
    from regulars.base.spark import look_for_spark

    version = look_for_spark(chosen)
    if chosen == SPARK_LOCAL:
        return _("Spark %(version)s computes the order history on this machine.") % {"version": version}
    told = {"version": version, "address": chosen}
    return _("Spark %(version)s computes the order history on the cluster %(address)s.") % told


def _is_spark(chosen: str) -> bool:
    return chosen == SPARK_LOCAL or chosen.startswith(SPARK_CLUSTER)


@contextmanager
def _duckdb() -> Iterator[ExpressionEngine]:
    with open_engine() as engine:
        yield DuckDBExpressions(engine)


class DuckDBExpressions:
    """An `ExpressionEngine` on a DuckDB connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._backend = engine.ibis()
        self._names = (f"expression_{number}" for number in itertools.count())

    def table(self, table: Table, version: int | None = None) -> ir.Table:
        return self._made("VIEW", f"SELECT * FROM {table.relation(version)}")

    def given(self, rows: pa.Table) -> ir.Table:
        name = next(self._names)
        self._engine.register(name, rows)
        return self._backend.table(name)

    def kept(self, expression: ir.Table) -> ir.Table:
        return self._made("TABLE", self._sql(expression))

    def arrow(self, expression: ir.Table) -> pa.Table:
        return self._engine.arrow(self._sql(expression))

    def worked(self, expression: ir.Table, work: Work, schema: pa.Schema) -> ir.Table:
        import pyarrow as pa

        batches = self.arrow(expression).to_batches(max_chunksize=BATCH_ROWS)
        return self.given(pa.Table.from_batches([work(batch) for batch in batches], schema))

    def _made(self, kind: str, sql: str) -> ir.Table:
        name = next(self._names)
        self._engine.run(f"CREATE TEMP {kind} {identifier(name)} AS {sql}")
        return self._backend.table(name)

    def _sql(self, expression: ir.Table) -> str:
        found: Any = self._backend.compile(expression)
        return str(found)
