"""Reading the columns of a summary from whatever holds them, and collapsing rows that are alike into weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.core.errors import Refusal

Vector = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

BLOCK_ROWS = 8192


class UnusableSummary(Refusal):
    """A summary that contradicts itself or lacks a column."""


def read_columns(summary: Any, names: Sequence[str]) -> list[Vector]:
    """Give the named columns of a mapping, a pyarrow table, a data frame or an Ibis table as float64 arrays.

    An absent value becomes NaN. Raises `UnusableSummary` for a missing column or columns of different lengths.
    """
    table = as_columns(summary)
    missing = [name for name in names if name not in column_names(table)]
    if missing:
        raise UnusableSummary(
            f"The summary has no column {', '.join(missing)}.", "Make it with `summarise`, or rename its columns."
        )
    columns = [_as_vector(table[name]) for name in names]
    if len({len(column) for column in columns}) > 1:
        raise UnusableSummary("The columns of the summary differ in length.", "Give one value an account in each.")
    return columns


def as_columns(summary: Any) -> Any:
    """Give something whose columns are read by `[name]`; an Ibis expression is carried out, once."""
    is_ibis = hasattr(summary, "to_pyarrow") and hasattr(summary, "schema")
    return summary.to_pyarrow() if is_ibis else summary


def column_names(table: Any) -> Iterable[str]:
    """Give the names of the columns of a mapping, a pyarrow table or a data frame."""
    if isinstance(table, Mapping):
        return table.keys()
    names: Iterable[str] = table.column_names if hasattr(table, "column_names") else table.columns
    return names


def read_weight(summary: Any, rows: int) -> Vector:
    """Give the optional column `weight` (how many accounts a row stands for), ones where there is none."""
    if "weight" not in column_names(summary):
        return np.ones(rows)
    (weight,) = read_columns(summary, ["weight"])
    if not np.all(np.isfinite(weight) & (weight >= 0)):
        raise UnusableSummary("A weight is negative or missing.", "Give how many accounts each row stands for.")
    return weight


def blocks(rows: int) -> Iterator[slice]:
    """Cut many rows into pieces that stay in the processor's cache, below the size at which BLAS starts threads.

    Threads gain nothing for a dot product, and wait for each other wherever the machine has other work.
    """
    return pieces(rows, BLOCK_ROWS)


def pieces(rows: int, size: int) -> Iterator[slice]:
    """Cut many rows into pieces of this size, whose numbers stay in the processor's cache."""
    for start in range(0, rows, size):
        yield slice(start, start + size)


def collapse(columns: Sequence[Vector], weight: Vector) -> tuple[list[Vector], Vector]:
    """Give each different row once, with the summed weight of its copies, in a sequence that need not mean anything."""
    if weight.size == 0:
        return list(columns), weight
    whole = _Whole.of(columns) if weight.min() == weight.max() else None
    if whole is not None:
        kept, copies = whole.counted()
        return kept, copies * weight[0]
    order, starts = _grouped(columns)
    first = order[starts]
    return [column[first] for column in columns], np.add.reduceat(weight[order], np.flatnonzero(starts))


STEPS_A_UNIT = (1.0, 7.0, 365.25 / 12, 365.25)
"""Counts and times in days are whole numbers of such parts of a unit: of one, a week, a month, a year."""
LOOKED_AT_FIRST = 1_000
MOST_CODES = 2**53
"""Up to it float64 counts exactly."""


@dataclass(frozen=True)
class _Whole:
    """Rows of whole numbers of steps, each row as one number: sorting these is several times as fast as any hash."""

    codes: npt.NDArray[np.unsignedinteger[Any]]
    steps: tuple[float, ...]  # a unit, of each column
    widths: tuple[int, ...]  # one more than the largest number of each column

    @classmethod
    def of(cls, columns: Sequence[Vector]) -> _Whole | None:
        """Give the rows so; None if they are no such numbers, or too large ones."""
        steps, widths, numbers = [], [], []
        for column in columns:
            a_unit = next((one for one in STEPS_A_UNIT if _whole(column[:LOOKED_AT_FIRST], one) is not None), None)
            counted = None if a_unit is None else _whole(column, a_unit)
            if a_unit is None or counted is None:
                return None
            steps.append(a_unit)
            widths.append(int(counted.max()) + 1)
            numbers.append(counted)
        if math.prod(widths) > MOST_CODES:
            return None
        codes = numbers[0]
        for counted, width in zip(numbers[1:], widths[1:], strict=True):
            codes = codes * width + counted
        kind = np.dtype(np.uint32 if math.prod(widths) <= 2**32 else np.uint64)
        return cls(codes.astype(kind), tuple(steps), tuple(widths))

    def counted(self) -> tuple[list[Vector], Vector]:
        """Give each different row once, and how many there are of it."""
        sorted_codes = np.sort(self.codes)
        starts = np.flatnonzero(np.concatenate(([True], sorted_codes[1:] != sorted_codes[:-1])))
        copies = np.diff(starts, append=sorted_codes.size).astype(np.float64)
        rest, kept = sorted_codes[starts].astype(np.uint64), []
        for a_unit, width in zip(reversed(self.steps), reversed(self.widths), strict=True):
            rest, number = np.divmod(rest, np.uint64(width))
            kept.append(number.astype(np.float64) / a_unit)
        return kept[::-1], copies


def _whole(column: Vector, a_unit: float) -> Vector | None:
    """Give how many steps each entry is long; None if one is no whole number of them."""
    steps: Vector = np.rint(column * a_unit)
    return steps if steps.min() >= 0 and np.array_equal(steps / a_unit, column) else None


def distinct(columns: Sequence[Vector]) -> tuple[tuple[Vector, ...], Indices]:
    """Give each different row once, and for each row the place of its like among them: `kept[place] == row`."""
    if columns[0].size == 0:
        return tuple(columns), np.empty(0, dtype=np.intp)
    order, starts = _grouped(columns)
    places = np.empty(order.size, dtype=np.intp)
    places[order] = np.cumsum(starts) - 1
    kept = order[starts]
    return tuple(column[kept] for column in columns), places


def _grouped(columns: Sequence[Vector]) -> tuple[Indices, npt.NDArray[np.bool_]]:
    """Give a sequence of the rows in which equal ones stand together, and mark the first of each run of equal rows.

    A row's number takes the last bits of its hash, so that sorting whole numbers, several times as fast as sorting
    places by value, sorts the places along. Where two different rows share the bits that are left (of a million rows,
    44), their copies may form more than one run: then a row is kept twice, which changes no sum.
    """
    rows = columns[0].size
    number = np.uint64((1 << max(rows - 1, 1).bit_length()) - 1)
    keys = (_hashes(columns) & ~number) | np.arange(rows, dtype=np.uint64)
    keys.sort()
    order = (keys & number).astype(np.intp)
    starts = np.ones(rows, dtype=bool)
    starts[1:] = False
    for column in columns:
        in_sequence = column[order]
        starts[1:] |= in_sequence[1:] != in_sequence[:-1]
    return order, starts


def _hashes(columns: Sequence[Vector]) -> npt.NDArray[np.uint64]:
    mixed = np.zeros(columns[0].size, dtype=np.uint64)
    for column in columns:
        mixed ^= (column + 0.0).view(np.uint64)  # adding 0 makes −0 and 0 one value
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
    return mixed


def _as_vector(column: Any) -> Vector:
    if hasattr(column, "combine_chunks"):  # pyarrow
        column = column.to_numpy()
    elif hasattr(column, "to_numpy"):
        column = column.to_numpy(dtype="float64", na_value=np.nan) if hasattr(column, "array") else column.to_numpy()
    return np.ascontiguousarray(np.asarray(column, dtype=np.float64).ravel())
