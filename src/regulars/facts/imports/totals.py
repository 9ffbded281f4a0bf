"""The months of a report, to be compared with one's own totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Month = dict[str, Any]
"""`month` (2024-01; None: rows without a readable date; or a label), counts and amounts in minor units."""


def months_of(report: Mapping[str, Any]) -> list[Month]:
    """All months of a report, those of which every row is rejected and the rows without a readable date included."""
    months: list[Month] = report.get("months", [])
    if not months:
        return []
    nothing = dict.fromkeys(months[0], 0)
    left_out = [nothing | month for month in report.get("left_out_of_other_months", [])]
    dated = sorted([*months, *(month for month in left_out if month["month"])], key=lambda month: month["month"])
    return [*dated, *(month for month in left_out if not month["month"])]


def sum_of(label: str, months: Sequence[Month]) -> Month:
    """All months as one row."""
    return {"month": label} | {name: sum(month[name] for month in months) for name in months[0] if name != "month"}


def differs_from_file(months: Sequence[Month]) -> bool:
    """Whether the file's own totals are others in some month."""
    return any(month["net_minor"] != month["file_net_minor"] for month in months)
