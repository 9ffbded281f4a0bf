"""The history as a table: tidied up, it says the same from fewer files."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from regulars.base.warehouse import open_engine
from regulars.facts import history
from regulars.facts.history import HISTORY
from regulars.facts.imports.runs import run_import, stage_import
from regulars.facts.imports.undo import undo_import
from regulars.facts.models import Import

pytestmark = pytest.mark.django_db(transaction=True)


def bring_in(file: Path, order: int, amount: str = "10.00") -> Import:
    file.write_text(
        "Order ID,Line No,Date,Customer ID,Product,Quantity,Amount\n"
        f"A{order},1,2024-03-01,K{order},P1,1,{amount}\nA{order},2,2024-03-01,K{order},P2,2,21.00\n"
    )
    with stage_import(paths=[file], as_of=date(2024, 12, 31)) as staged:
        return run_import(staged)


def lines() -> list[tuple[Any, ...]]:
    with open_engine() as engine:
        return engine.rows(f"SELECT order_id, line_no, net_minor FROM {HISTORY.relation()} ORDER BY ALL")


def test_tidying_up_leaves_the_same_lines_in_one_file_and_imports_can_still_be_undone(
    organisation: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MANY_FILES", 3)
    imports = [bring_in(tmp_path / "orders.csv", order) for order in range(3)]
    assert history.tidy_history.func() is False
    imports.append(bring_in(tmp_path / "orders.csv", 3))
    imports.append(bring_in(tmp_path / "orders.csv", 0, amount="12.50"))
    before = lines()
    assert history.tidy_history.func() is True
    assert lines() == before
    assert len(HISTORY.files()) == 1
    undo_import(import_=imports[-1])
    assert ("A0", "1", 1000) in lines()
    undo_import(import_=imports[1])
    assert {line[0] for line in lines()} == {"A0", "A2", "A3"}
