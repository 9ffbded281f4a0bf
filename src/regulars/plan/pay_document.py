"""What a month pays to a person, on paper: every line with its result, rate and reason, in the person's language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, TypedDict

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.audit import record_change
from regulars.base.formats import day, money, percent
from regulars.base.formats import month as month_text
from regulars.base.models import Member
from regulars.base.organisation import organisation, spoken_language
from regulars.base.printing import render_pdf
from regulars.core.errors import Refusal
from regulars.core.incentives import WHOLE_BPS, Kind
from regulars.core.money import from_minor
from regulars.plan.incentives import MonthOfPay, Statement
from regulars.plan.models import CreditShare, IncentiveScheme

TEMPLATE = "plan/printing/pay.typ"
NOTHING = "–"
MOST_SHARES: Final = 20
LINES: Final = {
    Kind.NEW: gettext_lazy("Customers who were won"),
    Kind.KEPT: gettext_lazy("Customers who were kept"),
    Kind.GROWN: gettext_lazy("Customers who have grown"),
}
SHORT: Final = {Kind.NEW: gettext_lazy("Won"), Kind.KEPT: gettext_lazy("Kept"), Kind.GROWN: gettext_lazy("Grown")}


class NoSuchMonth(Refusal):
    """The statement has no such month."""


class PayDocument(TypedDict):
    """All texts of a statement, ready to be read."""

    title: str
    firm: str
    addressed: str
    sum: str
    lines_heading: str
    headings: list[str]
    rows: list[list[str]]
    reasons: list[str]
    shares_heading: str
    shares: list[str]
    months_heading: str
    month_headings: list[str]
    months: list[list[str]]
    note: str


def month_of(statement: Statement, said: str) -> MonthOfPay:
    """The month that is named as 2026-11, else the latest that has begun. Raises `NoSuchMonth`."""
    known = {f"{one.month:%Y-%m}": one for one in statement.months if one.scheme is not None}
    found = known.get(said) if said else next(reversed(known.values()), None)
    if found is None:
        months = ", ".join(known) or NOTHING
        raise NoSuchMonth(_("No pay is known of that month."), _("Choose one of: %(months)s.") % {"months": months})
    return found


def pay_document(statement: Statement, month: MonthOfPay, *, on: date) -> PayDocument:
    """What the person reads, in the language in force; `on` is the day up to which results are known."""
    words = {"name": statement.person.name, "month": month_text(month.month), "day": day(on)}
    assert month.scheme is not None, "a month is paid by a scheme"
    return {
        "title": _("Pay for %(month)s") % words,
        "firm": organisation().name,
        "addressed": _("For %(name)s, by the scheme “%(scheme)s”. Results as known on %(day)s.")
        % (words | {"scheme": month.scheme.name}),
        "sum": _("%(month)s pays %(money)s.") % (words | {"money": _exact(month.paid_minor)}),
        "lines_heading": _("What it is made of"),
        "headings": ["", _("Result so far"), _("Rate"), _("Earned so far"), _("This month")],
        "rows": list(_lines(month, month.scheme)),
        "reasons": list(_reasons(month, month.scheme)),
        "shares_heading": _("Results that are shared"),
        "shares": list(_shares(statement.person)),
        "months_heading": _("The months so far"),
        "month_headings": [_("Month"), *(str(name) for name in SHORT.values()), _("Target"), _("Pay")],
        "months": [_month(one) for one in statement.months if one.month <= month.month],
        "note": _(
            "A month pays what the year has earned up to its end, less what was paid before. What an order that only "
            "came early had paid is taken back in a later month."
        ),
    }


def _lines(month: MonthOfPay, scheme: IncentiveScheme) -> Iterator[list[str]]:
    now, before = month.so_far, month.before
    rates = {Kind.NEW: scheme.new_bps, Kind.KEPT: scheme.kept_bps, Kind.GROWN: scheme.grown_bps}
    if scheme.base_minor:
        this_month = now.base_minor - before.base_minor
        yield [_("Fixed pay"), NOTHING, NOTHING, _exact(now.base_minor), _exact(this_month)]
    for kind, name in LINES.items():
        earned, was = now.by_kind.get(kind, 0), before.by_kind.get(kind, 0)
        rate = percent(rates[kind] / WHOLE_BPS, digits=2)
        yield [str(name), _round(month.results_so_far[kind]), rate, _exact(earned), _exact(earned - was)]
    if now.cut_minor or before.cut_minor:
        cut = before.cut_minor - now.cut_minor
        yield [_("Above the limit of the year"), NOTHING, NOTHING, _exact(-now.cut_minor), _exact(cut)]
    yield [_("Together"), NOTHING, NOTHING, _exact(now.total_minor), _exact(month.paid_minor)]


def _reasons(month: MonthOfPay, scheme: IncentiveScheme) -> Iterator[str]:
    if scheme.measure == IncentiveScheme.Measure.MARGIN:
        yield _("It is paid on the margin, so the results above are margins; targets are those of sales.")
    else:
        yield _("It is paid on sales.")
    if scheme.base_minor:
        yield _("Fixed pay is %(money)s a month, whatever is sold.") % {"money": _exact(scheme.base_minor)}
    if scheme.threshold_bps:
        yield _threshold(month, scheme)
    if scheme.cap_minor is not None:
        limit = {"money": _exact(scheme.cap_minor), "cut": _exact(month.so_far.cut_minor)}
        if month.so_far.cut_minor:
            yield _("Beside the fixed pay a year pays at most %(money)s; %(cut)s are above it.") % limit
        else:
            yield _("Beside the fixed pay a year pays at most %(money)s, which is not reached.") % limit
    if any(month.results_so_far[kind] < 0 for kind in Kind):
        yield _("A result below zero pays nothing, and takes nothing away from the others.")
    if month.paid_minor < 0:
        yield _("This month takes back what an earlier one paid too much.")


def _threshold(month: MonthOfPay, scheme: IncentiveScheme) -> str:
    said = {"share": percent(scheme.threshold_bps / WHOLE_BPS, digits=0), "sold": _round(month.sold_so_far_minor)}
    if not month.target_so_far_minor:
        return _("No target was agreed for these months, so none has to be reached.")
    said |= {
        "target": _round(month.target_so_far_minor),
        "reached": percent(month.sold_so_far_minor / month.target_so_far_minor, digits=1),
    }
    asked = _("More than the fixed pay is paid from %(share)s of the target on.") % said
    if month.so_far.below_threshold:
        reached = _("By now %(sold)s were sold of a target of %(target)s, which is %(reached)s: not enough yet.") % said
    else:
        reached = _("By now %(sold)s were sold of a target of %(target)s, which is %(reached)s: enough.") % said
    return f"{asked} {reached}"


def _shares(person: Member) -> Iterator[str]:
    """What counts for whom, where several have worked on one customer."""
    mine = Q(member=person) | Q(account__owner=person)
    shares = CreditShare.objects.filter(mine, member__is_active=True, account__merged_into=None)
    for one in shares.select_related("account__owner", "member").order_by("account__name", "pk")[:MOST_SHARES]:
        said = {
            "account": one.account.name,
            "share": percent(one.share_bps / WHOLE_BPS, digits=0),
            "name": one.member.name,
            "owner": one.account.owner.name if one.account.owner else NOTHING,
        }
        if one.member_id == person.pk:
            yield _("%(account)s: %(share)s of its results count for you; %(owner)s looks after it.") % said
        else:
            yield _("%(account)s: %(share)s of its results count for %(name)s, the rest for you.") % said


def _month(one: MonthOfPay) -> list[str]:
    target = NOTHING if one.target_minor is None else _round(one.target_minor)
    return [month_text(one.month), *(_round(one.results[kind]) for kind in Kind), target, _exact(one.paid_minor)]


def _exact(minor: int) -> str:
    currency = organisation().base_currency
    return money(from_minor(minor, currency), currency, exact=True)


def _round(minor: int) -> str:
    currency = organisation().base_currency
    return money(from_minor(minor, currency), currency)


def print_statement(statement: Statement, month: MonthOfPay, *, on: date, member: Member | None) -> bytes:
    """The month as a PDF in the person's language. That it was printed is noted."""
    language = spoken_language(statement.person.language)
    with translation.override(language):
        made = render_pdf(TEMPLATE, pay_document(statement, month, on=on), language=language)
    after = {"month": f"{month.month:%Y-%m}", "language": language}
    record_change(member=member, verb="print_statement", record=statement.person, before={}, after=after)
    return made
