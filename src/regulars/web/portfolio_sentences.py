"""What the figures of the firm mean, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from regulars.base.formats import number, percent
from regulars.insight.portfolio_figures import Portfolio

WIDEN, ALARM, CRITICAL = 0.2, 0.4, 0.5
"""Share of the largest customer from which the base should be widened, alarms, threatens the firm (mission E14)."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A figure with what it is and what it means."""

    name: str
    value: str
    share: float | None = None
    meaning: str = ""


def concentration_title(whole: Portfolio) -> str:
    """Whether the firm depends on few, by its largest customer."""
    largest = whole.concentration.largest_share
    if largest is None:
        return _("Do we depend on few? Nobody has bought yet")
    words = {"share": percent(largest)}
    if largest > CRITICAL:
        return _("Do we depend on few? Dangerously: one customer brings %(share)s of sales") % words
    if largest > ALARM:
        return _("Do we depend on few? Too much: one customer brings %(share)s of sales") % words
    if largest >= WIDEN:
        return _("Do we depend on few? Widen the base: one customer brings %(share)s of sales") % words
    return _("Do we depend on few? No: the largest customer brings %(share)s of sales") % words


def concentration_told(whole: Portfolio) -> list[Told]:
    """The shares of the largest, and how many equal customers would be as concentrated."""
    found = whole.concentration
    shares = [
        (_("The largest customer"), found.largest_share),
        (_("The five largest"), found.top_five_share),
        (_("The ten largest"), found.top_ten_share),
        (_("The twenty largest"), found.top_twenty_share),
    ]
    told = [Told(name=name, value=percent(share), share=share) for name, share in shares if share is not None]
    if found.herfindahl:
        told.append(
            Told(
                name=_("Concentration (Herfindahl)"),
                value=number(found.herfindahl, digits=4),
                meaning=_("As if sales were shared by %(count)s customers of the same size.")
                % {"count": number(1 / found.herfindahl)},
            )
        )
    return told


def retention_told(whole: Portfolio) -> list[Told]:
    """How much of what was bought is bought again. What is unknown is left out."""
    found = whole.retention
    rows = [
        (
            _("Kept of last year’s sales, net"),
            found.net,
            _("What the customers of the year before buy now, for each unit that they bought then."),
        ),
        (
            _("Kept of last year’s sales, gross"),
            found.gross,
            _("The same, each customer counted for no more than it bought then: growth hides no loss."),
        ),
        (
            _("Repeat customers"),
            found.repeat_rate,
            _("Of the customers of the last 12 months, those with orders on two days or more."),
        ),
        (
            _("Repeat customers, all time"),
            found.repeat_rate_ever,
            _("Of all who ever ordered, those with orders on two days or more."),
        ),
    ]
    return [
        Told(name=name, value=percent(share, digits=0), share=share, meaning=meaning)
        for name, share, meaning in rows
        if share is not None
    ]
