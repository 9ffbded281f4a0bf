"""What a command prints: tables for people, JSON for programs, messages on the error stream."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeVar
from uuid import UUID

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from regulars.core.errors import Refusal

T = TypeVar("T")

console = Console(highlight=False, soft_wrap=False)
messages = Console(stderr=True, highlight=False)

Report = Callable[[str, float | None], None]
"""Called with what is being done and the share of it that is done (0 … 1; None: not known)."""


def say(text: str = "", *, style: str = "") -> None:
    """A line for people on standard output."""
    console.print(Text(text, style=style))


def indented(text: str, *, style: str = "") -> None:
    """A paragraph that belongs to the line above."""
    console.print(Padding(Text(text, style=style), (0, 0, 0, 3), expand=False))


def note(text: str) -> None:
    """A line beside the result, on the error stream."""
    messages.print(Text(text, style="dim"))


def show_refusal(refusal: Refusal) -> None:
    messages.print(Text(refusal.sentence, style="bold red"))
    if refusal.way_out:
        messages.print(Text(refusal.way_out))


def emit_json(data: Any) -> None:
    """`data` on standard output; dates as ISO text, decimals as numbers, records of the core by their fields."""
    json.dump(data, sys.stdout, default=_plain, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def in_minor(minor: int, currency: str) -> str:
    """An amount in minor units for people, without its currency: for columns of a table."""
    from regulars.core.money import exponent, from_minor

    return f"{from_minor(minor, currency):,.{exponent(currency)}f}"


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, UUID):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


def money(amount: float | Decimal | None, currency: str) -> dict[str, Any] | None:
    """An amount of money in JSON output, with the decimals of its currency; an unknown one is null."""
    from regulars.core.money import exponent

    return None if amount is None else {"amount": round(float(amount), exponent(currency)), "currency": currency}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table. When the terminal is too narrow, the columns of the highest `rank` are left out first."""

    heading: str
    rank: int = 0
    justify: Literal["left", "right"] = "left"
    flexible: bool = False
    """Its texts may be wrapped."""
    style: str = ""


def show_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, title: str = "") -> None:
    """A table that fits the terminal, or 80 characters when there is none."""
    kept = _fitting(columns, rows, console.width)
    table = Table(
        title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim"
    )
    for index in kept:
        column = columns[index]
        table.add_column(
            column.heading,
            justify=column.justify,
            style=column.style,
            overflow="fold" if column.flexible else "ellipsis",
            no_wrap=not column.flexible,
            ratio=1 if column.flexible else None,
        )
    for row in rows:
        table.add_row(*(Text(row[index]) for index in kept))
    console.print(table)


def show_list(
    shown: Sequence[T],
    *,
    as_json: bool,
    json_of: Callable[[T], Any],
    columns: Sequence[Column],
    row_of: Callable[[T], Sequence[str]],
    nothing: str,
) -> None:
    """Records for a program, or as a table; where there are none, the sentence `nothing`."""
    if as_json:
        emit_json([json_of(one) for one in shown])
    elif not shown:
        note(nothing)
    else:
        show_table(columns, [row_of(one) for one in shown])


_FLEXIBLE_WIDTH = 24
_GAP = 2


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Indexes of the columns that fit side by side."""
    widths = [
        max([len(column.heading), *(len(row[index]) for row in rows)], default=0)
        for index, column in enumerate(columns)
    ]
    needed = [
        min(wide, _FLEXIBLE_WIDTH) if column.flexible else wide for column, wide in zip(columns, widths, strict=True)
    ]
    kept = list(range(len(columns)))
    while sum(needed[index] + _GAP for index in kept) - _GAP > width:
        last = max(kept, key=lambda index: (columns[index].rank, index))
        if columns[last].rank == 0:
            break
        kept.remove(last)
    return kept


def show_facts(facts: Mapping[str, str]) -> None:
    """Names and values, one a line; empty values are left out."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value:
            table.add_row(name, Text(value))
    console.print(table)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Report | None]:
    """A progress bar on the error stream while the block runs; None when nobody would see it."""
    if quiet or not messages.is_terminal:
        yield None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=messages, transient=True) as bar:
        running: dict[str, TaskID] = {}

        def report(what: str, share: float | None) -> None:
            for earlier in [name for name in running if name != what]:
                bar.remove_task(running.pop(earlier))
            if what not in running:
                running[what] = bar.add_task(what, total=None if share is None else 1.0)
            if share is not None:
                bar.update(running[what], total=1.0, completed=share)

        yield report


@contextmanager
def waiting(*, quiet: bool) -> Iterator[None]:
    """Something moves on the terminal while the block runs."""
    if quiet or not messages.is_terminal:
        yield
        return
    with messages.status("…"):
        yield


def can_ask() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and messages.is_terminal
