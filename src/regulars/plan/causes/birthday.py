"""The cause "birthday": somebody at an account who agreed that we keep the day has a birthday this week (E12)."""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import number
from regulars.facts.models import ContactPart
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day
from regulars.plan.standing import Standing, worth_a_year


@dataclass(frozen=True, kw_only=True)
class Coming:
    """The birthday that comes first at an account, and how many more there are."""

    name: str
    on: date
    further: int = 0


def day_in(month: int, day: int, year: int) -> date:
    """The birthday in a year; one of 29 February is kept on the 28th where there is no such day."""
    return date(year, month, 28 if (month, day) == (2, 29) and not isleap(year) else day)


def next_birthday(month: int, day: int, *, on: date) -> date:
    """The first one on or after a day."""
    this = day_in(month, day, on.year)
    return this if this >= on else day_in(month, day, on.year + 1)


def _near(ground: Ground) -> QuerySet[ContactPart]:
    """Of those who agreed and are still there; by month, so that the index narrows them."""
    last = ground.on + timedelta(days=ground.thresholds.birthday_ahead_days)
    months = {ground.on.month, last.month}
    known = ContactPart.objects.filter(birthday_agreed_on__isnull=False, birth_month__in=months, contact__active=True)
    return known.filter(contact__account__merged_into=None)


def coming_birthdays(ground: Ground) -> dict[int, Coming]:
    """By account: the birthdays within the days to look ahead."""
    last = ground.on + timedelta(days=ground.thresholds.birthday_ahead_days)
    found: dict[int, Coming] = {}
    columns = ("contact__account_id", "contact__name", "birth_month", "birth_day")
    rows = _near(ground).order_by("contact__name", "pk").values_list(*columns)
    near = [
        (next_birthday(month, day, on=ground.on), name, account)
        for account, name, month, day in rows
        if month is not None and day is not None
    ]
    for on, name, account in sorted(one for one in near if one[0] <= last):
        first = found.get(account)
        found[account] = (
            Coming(name=name, on=on)
            if first is None
            else Coming(name=first.name, on=first.on, further=first.further + 1)
        )
    return found


def _candidates(ground: Ground) -> Q:
    return Q(pk__in=_near(ground).order_by().values("contact__account_id"))


def _fires(standing: Standing, ground: Ground) -> Firing | None:
    coming: Coming | None = standing.found.get("birthday")
    if coming is None:
        return None
    return Firing(
        stake=worth_a_year(standing),
        uplift=ground.thresholds.birthday_uplift,
        figures=figures_of(standing, ground)
        | {
            "name": coming.name,
            "on": coming.on.isoformat(),
            "today": coming.on == ground.on,
            "further": coming.further,
        },
    )


def is_another_birthday(before: Figures, firing: Firing) -> bool:
    """Is it somebody else's than when the action was done or dismissed?"""
    return (firing.figures["name"], firing.figures["on"]) != (before.get("name"), before.get("on"))


def _sentences(figures: Figures) -> list[str]:
    words = {"name": figures["name"], "day": iso_day(figures["on"])}
    if figures["today"]:
        said = [_("%(name)s has a birthday today.") % words]
    else:
        said = [_("%(name)s has a birthday on %(day)s.") % words]
    if figures["further"]:
        more = ngettext(
            "%(count)s more person there has one within days.",
            "%(count)s more people there have one within days.",
            figures["further"],
        )
        said.append(more % {"count": number(figures["further"])})
    return said


def _advice(figures: Figures) -> str:
    return _("Call or write a few words of your own, and sell nothing today.")


def _opening(figures: Figures) -> str:
    return _("All the best for your birthday!")


CAUSE = Cause(
    key="birthday",
    name=gettext_lazy("a birthday"),
    when=gettext_lazy("Somebody there who agreed that we keep the day has a birthday within days."),
    candidates=_candidates,
    fires=_fires,
    sentences=_sentences,
    advice=_advice,
    opening=_opening,
    quiet_days=30,
    renewed=is_another_birthday,
    settled=gettext_lazy("The day has passed."),
    look_up=coming_birthdays,
)
