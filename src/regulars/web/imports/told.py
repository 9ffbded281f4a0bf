"""The report of an import, before or after it: what it brings, in sentences and in tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.formats import money, month, number
from regulars.core.money import from_minor
from regulars.facts.imports.totals import differs_from_file, months_of, sum_of
from regulars.facts.models import ClassificationRule

MONTHS_SHOWN = 12
FILES_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class MonthRow:
    """One month, or several in one row."""

    label: str
    orders: int
    lines: int
    sales: Decimal
    returns: Decimal
    other: Decimal
    """Fees and what is neither."""
    net: Decimal
    in_file: Decimal
    differs: bool


@dataclass(frozen=True, kw_only=True)
class Told:
    """A report as pages show it."""

    currency: str
    summary: str
    counts: list[tuple[str, str]]
    months: list[MonthRow]
    together: MonthRow | None
    differs: bool
    rules: list[dict[str, Any]]
    notes: list[str]
    rejected: int


def told(report: Mapping[str, Any], currency: str) -> Told:
    """The report in words and rows."""
    months = months_of(report)
    return Told(
        currency=currency,
        summary=_summary(report, currency),
        counts=_counts(report, currency),
        months=_month_rows(months, currency),
        together=_row(sum_of(_("Together"), months), currency) if len(months) > 1 else None,
        differs=differs_from_file(months),
        rules=[
            {
                "name": rule["rule"] or _("amounts of whole orders"),
                "kind": ClassificationRule.Kind(rule["kind"]).label,
                "lines": rule["lines"],
                "net": from_minor(rule["net_minor"], currency),
            }
            for rule in report.get("rules", [])
        ],
        notes=report.get("notes", []),
        rejected=report.get("lines_rejected", 0),
    )


def files_named(files: list[dict[str, Any]]) -> str:
    """The files in a line: the first ones, and how many more."""
    names = ", ".join(file["name"] for file in files[:FILES_NAMED])
    more = len(files) - FILES_NAMED
    if more < 1:
        return names
    return ngettext("%(names)s and %(count)s more", "%(names)s and %(count)s more", more) % {
        "names": names,
        "count": number(more),
    }


def _summary(report: Mapping[str, Any], currency: str) -> str:
    """What it is about, in a sentence."""
    lines = report.get("lines_accepted", 0)
    months = report.get("months", [])
    if not lines or not months:
        counts = [f"{what}: {count}" for what, count in _records(report)]
        return "; ".join(counts)
    net = sum(entry["net_minor"] for entry in months)
    first, last = (month(date.fromisoformat(f"{entry['month']}-01")) for entry in (months[0], months[-1]))
    words = {
        "lines": number(lines),
        "amount": money(from_minor(net, currency), currency),
        "first": first,
        "last": last,
    }
    if first == last:
        return (
            ngettext(
                "%(lines)s order line of %(first)s over %(amount)s.",
                "%(lines)s order lines of %(first)s over %(amount)s.",
                lines,
            )
            % words
        )
    return (
        ngettext(
            "%(lines)s order line from %(first)s to %(last)s over %(amount)s.",
            "%(lines)s order lines from %(first)s to %(last)s over %(amount)s.",
            lines,
        )
        % words
    )


def _counts(report: Mapping[str, Any], currency: str) -> list[tuple[str, str]]:
    """What there is to count, the most important first; what is nothing is left out."""
    history = report.get("history") or {}
    counts = [
        (_("New lines"), history.get("added", 0)),
        (_("Changed lines"), history.get("changed", 0)),
        (_("Removed lines"), history.get("removed", 0)),
        (_("Lines already there"), history.get("unchanged", 0)),
        (_("New accounts"), report.get("accounts_new", 0)),
        (_("Known accounts"), report.get("accounts_known", 0)),
        (_("Rows left out with a fault"), report.get("lines_rejected", 0)),
        (_("Rows that are no records, such as totals"), report.get("lines_skipped", 0)),
        (_("Rows that are there twice"), report.get("lines_repeated", 0)),
    ]
    shown = [(label, number(count)) for label, count in counts if count]
    shown += _records(report)
    nobody = report.get("without_customer") or {}
    if nobody.get("lines"):
        amount = money(from_minor(nobody["net_minor"], currency), currency)
        lines = ngettext("%(count)s line over %(amount)s", "%(count)s lines over %(amount)s", nobody["lines"])
        shown.append((_("Without a customer"), lines % {"count": number(nobody["lines"]), "amount": amount}))
    return shown


def _records(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    kinds = {
        "product": _("Products"),
        "exchangerate": _("Exchange rates"),
        "account": _("Accounts"),
        "contact": _("Contacts"),
    }
    words = {"created": _("%(count)s new"), "changed": _("%(count)s changed"), "unchanged": _("%(count)s as they are")}
    told_kinds = []
    for kind, counts in report.get("records", {}).items():
        parts = [words[what] % {"count": number(count)} for what, count in counts.items() if count]
        if parts:
            told_kinds.append((kinds[kind], ", ".join(parts)))
    return told_kinds


def _month_rows(months: list[dict[str, Any]], currency: str) -> list[MonthRow]:
    """The latest months one by one, those before them in one row."""
    earlier = len(months) - MONTHS_SHOWN
    if earlier <= 1:  # a row for a single one says no more than the month itself
        return [_row(entry, currency) for entry in months]
    rows = [_row(entry, currency) for entry in months[-MONTHS_SHOWN:]]
    label = ngettext("%(count)d earlier month", "%(count)d earlier months", earlier) % {"count": earlier}
    return [_row(sum_of(label, months[:earlier]), currency), *rows]


def _row(entry: dict[str, Any], currency: str) -> MonthRow:
    return MonthRow(
        label=_label(entry["month"]),
        orders=entry["orders"],
        lines=entry["lines"],
        sales=from_minor(entry["sale_minor"], currency),
        returns=from_minor(entry["return_minor"], currency),
        other=from_minor(entry["fee_minor"] + entry["other_minor"], currency),
        net=from_minor(entry["net_minor"], currency),
        in_file=from_minor(entry["file_net_minor"], currency),
        differs=entry["net_minor"] != entry["file_net_minor"],
    )


def _label(text: str | None) -> str:
    if text is None:
        return _("Without a readable date")
    try:
        return month(date.fromisoformat(f"{text}-01"))
    except ValueError:
        return text  # several months in one
