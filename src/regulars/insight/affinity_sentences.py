"""Why something is suggested to an account, and when it is due again, in words."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.formats import day, money, number, percent
from regulars.insight.affinity import CATEGORY, DueAgain, Suggestion
from regulars.insight.models import SuggestionRun

LEAST_ALIKE = 2
"""With fewer accounts alike that buy it, what goes with it is the better reason."""
LATE = 1.2
"""From this multiple of the usual gap on it is late."""


def reason(found: Suggestion) -> str:
    """Why it may suit the account."""
    if found.alike_buying >= LEAST_ALIKE:
        text = ngettext(
            "%(buying)s of the %(alike)s customer most like this one buys it.",
            "%(buying)s of the %(alike)s customers most like this one buy it.",
            found.alike,
        )
        return text % {"buying": number(found.alike_buying), "alike": number(found.alike)}
    if found.because:
        return _("Customers who buy “%(other)s” often buy it, too.") % {"other": found.because}
    return _("Many who bought it lately are somewhat like this customer.")


def worth(found: Suggestion, currency: str, *, sees_cost: bool) -> str:
    """How probable it is, and what it would bring; empty when neither is known."""
    if found.chance is None:
        return _spent(found, currency)
    words = {"chance": percent(found.chance)}
    if found.expected_sales is None or found.first_year_sales is None:
        return _("Chance that it buys within 3 months: %(chance)s.") % words
    words |= {"spent": money(found.first_year_sales, currency), "sales": money(found.expected_sales, currency)}
    if sees_cost and found.expected_margin is not None:
        words["margin"] = money(found.expected_margin, currency)
        return (
            _(
                "Chance that it buys within 3 months: %(chance)s. Whoever did spent about %(spent)s on it in a year, "
                "so %(sales)s are to be expected, %(margin)s of it margin."
            )
            % words
        )
    return (
        _(
            "Chance that it buys within 3 months: %(chance)s. Whoever did spent about %(spent)s on it in a year, so "
            "%(sales)s are to be expected."
        )
        % words
    )


def _spent(found: Suggestion, currency: str) -> str:
    if found.first_year_sales is None:
        return ""
    return _("Whoever bought it spent about %(spent)s on it in a year.") % {
        "spent": money(found.first_year_sales, currency)
    }


def rhythm(found: DueAgain, on: date) -> str:
    """How often it is bought, and when it is due."""
    words = {
        "times": number(found.order_days),
        "gap": number(found.gap_days),
        "due": day(found.due_on),
        "from": day(found.due_from),
        "until": day(found.due_until),
        "last": day(found.last_bought),
    }
    overdue = found.overdue(on)
    if overdue >= LATE:
        words["overdue"] = number(overdue, digits=1)
        return (
            _(
                "Bought %(times)s times, usually every %(gap)s days. The last time was %(last)s: "
                "%(overdue)s times the usual pause has gone by."
            )
            % words
        )
    return (
        _(
            "Bought %(times)s times, usually every %(gap)s days. Due about %(due)s, most probably between %(from)s "
            "and %(until)s."
        )
        % words
    )


def record_told(run: SuggestionRun, kind: str = "product") -> str:
    """How right such suggestions would have been on the firm's own past; empty when that cannot be told."""
    told = run.record.get(kind, {})
    rate, plain = told.get("hit_rate"), told.get("hit_rate_of_best_sellers")
    if rate is None or plain is None:
        return ""
    words = {"rate": number(100 * rate), "plain": number(100 * plain)}
    if kind == CATEGORY:
        return (
            _(
                "Tried on your own last 3 months: of 100 customers who took up a new category, %(rate)s took up one of "
                "the ten suggested ones; of the ten with most buyers it would have been %(plain)s."
            )
            % words
        )
    return (
        _(
            "Tried on your own last 3 months: of 100 customers who bought something new to them, %(rate)s bought one "
            "of the ten suggested products; of the ten with most buyers it would have been %(plain)s."
        )
        % words
    )
