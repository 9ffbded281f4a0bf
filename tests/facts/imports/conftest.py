"""What tests of imports share: an engine, a folder for work, files made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from regulars.base.warehouse import Engine, open_engine
from regulars.facts.imports.detect import Proposal, propose_all
from regulars.facts.imports.sources import RawTable, read_sources


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine of its own, in memory."""
    with open_engine(memory="500MB") as opened:
        yield opened


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The folder in which an import keeps what it unpacks."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def made(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Makes a file: `made("orders.csv", "a,b\\n1,2\\n")`."""

    def make(name: str, content: str | bytes) -> Path:
        path = tmp_path / "given" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


@pytest.fixture
def read(engine: Engine, work: Path) -> Callable[..., list[RawTable]]:
    """Reads files into the engine: `read(path, path, encoding="cp1252")`."""

    def reading(*paths: Path, **options: Any) -> list[RawTable]:
        return read_sources(engine, paths, work=work, **options)

    return reading


@pytest.fixture
def rows_of(engine: Engine) -> Callable[[RawTable], list[tuple[Any, ...]]]:
    """The cells of a raw table, in the sequence of the files."""

    def cells(raw: RawTable) -> list[tuple[Any, ...]]:
        return engine.rows(f"SELECT {', '.join(raw.columns)} FROM {raw.name} ORDER BY _file, _row")

    return cells


@pytest.fixture
def broken_of(engine: Engine) -> Callable[[RawTable], list[tuple[Any, ...]]]:
    """What could not be read: row, line, reason, text."""

    def cells(raw: RawTable) -> list[tuple[Any, ...]]:
        return engine.rows(f"SELECT _row, line, reason, text FROM {raw.broken_name} ORDER BY _file, _row")

    return cells


@pytest.fixture
def understand(
    engine: Engine, read: Callable[..., list[RawTable]], made: Callable[[str, str], Path]
) -> Callable[..., list[Proposal]]:
    """Proposals for files given as texts, in their sequence: `understand("Order,Date\\n…", "Customer,City\\n…")`."""

    def propose_for(*texts: str) -> list[Proposal]:
        return propose_all(engine, read(*(made(f"file_{number}.csv", text) for number, text in enumerate(texts))))

    return propose_for
