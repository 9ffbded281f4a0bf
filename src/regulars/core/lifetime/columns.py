"""Reading the columns of a summary from whatever holds them, and collapsing rows that are alike into weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    """Give each different row once, with the summed weight of its copies.

    Rows are sorted by a 64-bit hash, four times as fast as by value; should two different rows ever share one,
    they are sorted by value instead. The rows come in the pseudo-random sequence of their hashes.
    """
    if weight.size == 0:
        return list(columns), weight
    order = np.argsort(_hashes(columns))
    starts, certain = _group_starts(columns, order)
    if not certain:
        starts, _ = _group_starts(columns, order := np.lexsort(list(columns)))
    kept = order[starts]
    return [column[kept] for column in columns], np.add.reduceat(weight[order], np.flatnonzero(starts))


def distinct(columns: Sequence[Vector]) -> tuple[tuple[Vector, ...], Indices]:
    """Give each different row once, and for each row the place of its like among them: `kept[place] == row`."""
    if columns[0].size == 0:
        return tuple(columns), np.empty(0, dtype=np.intp)
    order = np.argsort(_hashes(columns))
    starts, certain = _group_starts(columns, order)
    if not certain:
        starts, _ = _group_starts(columns, order := np.lexsort(list(columns)))
    places = np.empty(order.size, dtype=np.intp)
    places[order] = np.cumsum(starts) - 1
    kept = order[starts]
    return tuple(column[kept] for column in columns), places


def _group_starts(columns: Sequence[Vector], order: Indices) -> tuple[npt.NDArray[np.bool_], bool]:
    """Mark the first row of each run of equal rows; second, whether equal rows surely stand together."""
    hashes = _hashes(columns)[order]
    differs = np.zeros(order.size - 1, dtype=bool)
    for column in columns:
        column_sorted = column[order]
        differs |= column_sorted[1:] != column_sorted[:-1]
    certain = not np.any(differs & (hashes[1:] == hashes[:-1]))
    return np.concatenate(([True], differs)), certain


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
