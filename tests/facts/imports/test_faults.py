"""What goes wrong while an import runs: a killed process, a full disk, two at once. All is visible, or nothing."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from regulars.base.locks import Busy, exclusive
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY, HISTORY_LOCK
from regulars.facts.imports.runs import recover, run_import, stage_import
from regulars.facts.imports.undo import undo_import
from regulars.facts.models import Account, Import

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = date(2024, 12, 31)
ORDERS = 3_000
CUSTOMERS = 400

IMPORTER = """
import resource, sys
from datetime import date
from pathlib import Path
import django
django.setup()
from regulars.core.errors import Refusal
from regulars.facts.imports.runs import run_import, stage_import
print("ready", flush=True)
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    with stage_import(paths=[Path(sys.argv[1])], as_of=date(2024, 12, 31)) as staged:
        run_import(staged)
except Refusal as refusal:
    print("refused:", refusal, flush=True)
    raise SystemExit(2)
print("done", flush=True)
"""


def write_orders(file: Path) -> Path:
    lines = ["Order ID,Line No,Date,Customer ID,Customer,Product,Quantity,Amount"]
    for order in range(ORDERS):
        customer = order % CUSTOMERS
        lines += [
            f"A{order},{line},2024-{order % 12 + 1:02}-15,K{customer},Firm {customer},P{order % 50},1,"
            f"{(order + line) % 90}.50"
            for line in (1, 2)
        ]
    file.write_text("\n".join(lines) + "\n")
    return file


def lines_in_force() -> int:
    with open_engine() as engine:
        count: int = engine.value(f"SELECT count(*) FROM {HISTORY.relation()}")
    return count


def all_or_nothing() -> bool:
    """Whether the import is in force; fails when only some of it is."""
    state = (lines_in_force(), Account.objects.count(), Import.objects.filter(state=Import.State.DONE).count())
    assert state in {(0, 0, 0), (2 * ORDERS, CUSTOMERS, 1)}
    return state[0] > 0


def test_a_process_killed_at_any_moment_leaves_all_of_an_import_or_nothing(
    organisation: object, tmp_path: Path, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    """kill -9 at twenty random moments, each on what the one before left behind."""
    file = write_orders(tmp_path / "orders.csv")
    process = start_python("-c", IMPORTER, str(file))
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    started = time.monotonic()
    output, _ = process.communicate(timeout=60)
    assert output == "done\n"
    duration = time.monotonic() - started
    undo_import(import_=Import.objects.get())
    Import.objects.all().delete()

    seed = random.randrange(10**9)
    print("seed", seed)
    chance = random.Random(seed)
    landed = 0
    for _ in range(20):
        process = start_python("-c", IMPORTER, str(file))
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, duration * 1.1))
        process.kill()
        process.wait()
        if all_or_nothing():
            landed += 1
            undo_import(import_=Import.objects.get(state=Import.State.DONE))
        recover()
        assert not Import.objects.filter(state=Import.State.RUNNING).exists()
        Import.objects.filter(state=Import.State.UNDONE).delete()
        assert not all_or_nothing()

    with stage_import(paths=[file], as_of=TODAY) as staged:
        run_import(staged)
    assert all_or_nothing()


def test_a_full_disk_leaves_nothing_and_is_said_plainly(
    organisation: object, tmp_path: Path, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    """No file may grow beyond a limit: the writes of warehouse and database fail in the middle, as on a full disk."""
    file = write_orders(tmp_path / "orders.csv")
    for limit in (500, 2_000, 8_000):
        process = start_python("-c", IMPORTER, str(file), str(limit))
        output, _ = process.communicate(timeout=60)
        assert process.returncode != 0
        assert not all_or_nothing()
    assert "refused:" in output, output
    with stage_import(paths=[file], as_of=TODAY) as staged:
        run_import(staged)
    assert all_or_nothing()


def test_of_two_importers_at_once_the_second_is_told_to_wait(
    organisation: object, tmp_path: Path, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    file = write_orders(tmp_path / "orders.csv")
    with exclusive(HISTORY_LOCK):
        process = start_python("-c", IMPORTER, str(file))
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Wait until it has finished" in output
    assert not all_or_nothing()


def test_two_importers_of_the_same_file_double_nothing(
    organisation: object, tmp_path: Path, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    file = write_orders(tmp_path / "orders.csv")
    processes = [start_python("-c", IMPORTER, str(file)) for _ in range(2)]
    for process in processes:
        process.communicate(timeout=90)
    assert lines_in_force() == 2 * ORDERS
    assert Account.objects.count() == CUSTOMERS


def test_a_reader_sees_the_old_state_while_an_import_runs(organisation: object, tmp_path: Path) -> None:
    with stage_import(paths=[write_orders(tmp_path / "orders.csv")], as_of=TODAY) as staged, open_engine() as engine:
        relation = HISTORY.relation()
        run_import(staged)
        assert engine.value(f"SELECT count(*) FROM {relation}") == 0
    assert lines_in_force() == 2 * ORDERS


def test_a_lock_ends_with_its_holder(organisation: object, start_python: Callable[..., subprocess.Popen[str]]) -> None:
    script = """import time, django
django.setup()
from regulars.base.locks import exclusive
with exclusive("history"):
    print("held", flush=True)
    time.sleep(60)"""
    process = start_python("-c", script)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(Busy), exclusive(HISTORY_LOCK):
        pass
    process.kill()
    process.communicate()
    with exclusive(HISTORY_LOCK, wait_seconds=5):
        pass
