"""All forecasts that were tried, as rows: for the page *How right is this?* and for its file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from regulars.base.formats import day, number, percent
from regulars.base.notes import rendered
from regulars.core.backtest import Backtest, Record
from regulars.core.early_warning import EarlyWarning
from regulars.insight.backtest_sentences import about, error_against, off_by, told_rule, told_standing

UNKNOWN = "?"


@dataclass(frozen=True, kw_only=True)
class Time:
    """What was expected once, and what came."""

    made_on: str
    until: str
    expected: str
    came: str
    off: str


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A forecast that was tried, written out."""

    key: str
    name: str
    about: str
    won: bool
    pinned: bool
    left_out: bool
    """It was too far off, or could not be tried."""
    error: str
    bias: str
    miss: str
    sequence: str
    groups: str
    within: str
    standing: str
    failings: list[str]
    times: list[Time]


def contenders_of(outcome: Backtest, *, pinned: str) -> list[Contender]:
    """All that were tried, those with the least error first, those that could not be tried last."""
    records = sorted(outcome.records, key=lambda one: one.figures.deviance if one.figures else float("inf"))
    return [_contender(one, outcome, pinned=pinned) for one in records]


def _contender(record: Record, outcome: Backtest, *, pinned: str) -> Contender:
    figures = record.figures
    shown = {"error": error_against(record, outcome.records), "bias": None, "sequence": None, "groups": None}
    if figures is not None:
        off = off_by(figures.expected, figures.came)
        shown |= {"bias": off, "sequence": figures.gini, "groups": figures.calibration_error}
    return Contender(
        key=record.name,
        name=rendered(record.name),
        about=about(record.name),
        won=record.name == outcome.winner,
        pinned=record.name == pinned,
        left_out=bool(record.failings) and record.name != outcome.winner,
        error=_change(shown["error"]),
        bias=_change(shown["bias"]),
        miss=UNKNOWN if figures is None else number(figures.rmse, digits=2),
        sequence=_share(shown["sequence"]),
        groups=_share(shown["groups"]),
        within=_share(figures.coverage if figures is not None else None),
        standing=told_standing(record, outcome),
        failings=[rendered(one) for one in record.failings],
        times=_times(record),
    )


def _times(record: Record) -> list[Time]:
    return [
        Time(
            made_on=day(one.as_of),
            until=day(one.until),
            expected=number(one.figures.expected),
            came=number(one.figures.came),
            off=_change(off_by(one.figures.expected, one.figures.came)),
        )
        for one in record.origins
    ]


def _share(value: float | None) -> str:
    return UNKNOWN if value is None else percent(value, digits=0)


def _change(value: float | None) -> str:
    return UNKNOWN if value is None else percent(value, signed=True)


# The rules by which customers are flagged


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What one rule would have flagged."""

    told: str
    best: bool
    flagged: str
    weeks: str
    false_alarms: str


def rules_of(warning: EarlyWarning) -> list[Rule]:
    """The record of each rule."""
    return [
        Rule(
            told=told_rule(one.rule, warning),
            best=one.rule == warning.best,
            flagged=_("%(count)s of %(all)s") % {"count": number(one.flagged), "all": number(warning.lost)},
            weeks=UNKNOWN if one.weeks_early is None else number(one.weeks_early, digits=1),
            false_alarms=number(one.false_alarms),
        )
        for one in warning.records
    ]


# As a file


def headings() -> list[str]:
    """Of the file: figures as numbers, shares as parts of 1."""
    return [
        _("Forecast"),
        _("Used"),
        _("Customers"),
        _("Orders expected"),
        _("Orders that came"),
        _("Expected too many"),
        _("Deviance"),
        _("Error against BG/NBD"),
        _("Typical miss (RMSE)"),
        _("Mean absolute error"),
        _("Right sequence (Gini)"),
        _("Off in ten groups"),
        _("Stayed within the bounds"),
        _("What is wrong with it"),
    ]


def rows_of(outcome: Backtest) -> Iterator[Sequence[Any]]:
    """The rows of the file."""
    for one in outcome.records:
        failings = " ".join(rendered(failing) for failing in one.failings)
        used = _("won") if one.name == outcome.winner else ""
        figures = one.figures
        if figures is None:
            yield [rendered(one.name), used, *[""] * 11, failings]
            continue
        numbers = [
            off_by(figures.expected, figures.came),
            figures.deviance,
            error_against(one, outcome.records),
            figures.rmse,
            figures.mae,
            figures.gini,
            figures.calibration_error,
            figures.coverage,
        ]
        yield [
            rendered(one.name),
            used,
            figures.accounts,
            round(figures.expected, 1),
            round(figures.came),
            *("" if value is None else round(value, 6) for value in numbers),
            failings,
        ]
