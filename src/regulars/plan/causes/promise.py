"""The cause "promise": what we promised a customer is due, or overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import number
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day
from regulars.plan.models import Promise
from regulars.plan.standing import Standing, worth_a_year


@dataclass(frozen=True, kw_only=True)
class Due:
    """What an account waits for: the promise that is due first, and how many more are due."""

    text: str
    due_on: date
    keeper_id: int | None
    """None: who was to keep it is no longer with us."""
    further: int = 0


def _due_until(ground: Ground) -> date:
    return ground.on + timedelta(days=ground.thresholds.promise_ahead_days)


def due_promises(ground: Ground) -> dict[int, Due]:
    """By account: what is due by the end of the days to look ahead."""
    due = Promise.objects.filter(state__in=Promise.LIVE, due_on__lte=_due_until(ground)).order_by("due_on", "pk")
    home = Coalesce(F("account__merged_into_id"), F("account_id"))
    found: dict[int, Due] = {}
    columns = ("home", "text", "due_on", "owner_id", "owner__is_active")
    for account_id, text, due_on, owner, active in due.annotate(home=home).values_list(*columns):
        first = found.get(account_id)
        if first is None:
            found[account_id] = Due(text=text, due_on=due_on, keeper_id=owner if active else None)
        else:
            found[account_id] = Due(
                text=first.text, due_on=first.due_on, keeper_id=first.keeper_id, further=first.further + 1
            )
    return found


def _promise_candidates(ground: Ground) -> Q:
    due = Promise.objects.filter(state__in=Promise.LIVE, due_on__lte=_due_until(ground)).order_by()
    home = Coalesce(F("account__merged_into_id"), F("account_id"))
    return Q(pk__in=due.annotate(home=home).values("home"))


def _promise(standing: Standing, ground: Ground) -> Firing | None:
    due: Due | None = standing.found.get("promise")
    if due is None:
        return None
    return Firing(
        stake=max(worth_a_year(standing), standing.expected_value_365 or 0.0),
        uplift=ground.thresholds.promise_uplift,
        figures=figures_of(standing, ground)
        | {
            "text": due.text,
            "due": due.due_on.isoformat(),
            "late_days": (ground.on - due.due_on).days,
            "further": due.further,
        },
        member_id=due.keeper_id,
    )


def is_another_promise(before: Figures, firing: Firing) -> bool:
    """Is something else due than when the action was done or dismissed?"""
    return (firing.figures["due"], firing.figures["text"]) != (before.get("due"), before.get("text"))


def _promise_sentences(figures: Figures) -> list[str]:
    said = {"what": figures["text"].rstrip("."), "day": iso_day(figures["due"]), "days": number(figures["late_days"])}
    if figures["late_days"] > 0:
        first = ngettext(
            "We promised: “%(what)s”. It was due %(days)s day ago, on %(day)s.",
            "We promised: “%(what)s”. It was due %(days)s days ago, on %(day)s.",
            figures["late_days"],
        )
    else:
        first = _("We promised: “%(what)s”. It is due on %(day)s.")
    sentences = [first % said]
    if figures["further"]:
        sentences.append(
            ngettext(
                "%(count)s more promise to it is due.", "%(count)s more promises to it are due.", figures["further"]
            )
            % {"count": number(figures["further"])}
        )
    return sentences


def _promise_advice(figures: Figures) -> str:
    if figures["late_days"] > 0:
        return _("Keep it today, or call and agree on another day before they ask. Note the new day and why.")
    return _("Keep it in time. If that cannot be done, call now and agree on another day.")


def _promise_opening(figures: Figures) -> str:
    said = {"what": figures["text"].rstrip(".")}
    if figures["late_days"] > 0:
        return _("I owe you something: %(what)s. I want to tell you where it stands.") % said
    return _("I promised you something: %(what)s. I want to tell you where it stands.") % said


CAUSE = Cause(
    key="promise",
    name=gettext_lazy("a promise is due"),
    when=gettext_lazy("Something that was promised to the customer is due within days, or overdue."),
    candidates=_promise_candidates,
    fires=_promise,
    sentences=_promise_sentences,
    advice=_promise_advice,
    opening=_promise_opening,
    quiet_days=7,
    renewed=is_another_promise,
    settled=gettext_lazy("The promise was settled, or another day was agreed."),
    look_up=due_promises,
)
