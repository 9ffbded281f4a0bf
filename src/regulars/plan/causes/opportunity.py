"""The cause "opportunity": the next step with a possible sale is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import money, number, percent
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day
from regulars.plan.models import Opportunity
from regulars.plan.opportunities import in_base, rates_to_base
from regulars.plan.opportunity_stages import learned_chances
from regulars.plan.standing import Standing


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The step that is worth most among those overdue, and how many more there are."""

    title: str
    step: str
    step_on: str
    amount: float | None
    """In units of the base currency; None: nobody knows."""
    chance: float
    keeper_id: int | None
    """None: who was to take it is no longer with us."""
    further: int = 0

    @property
    def expected(self) -> float:
        return (self.amount or 0.0) * self.chance


def _overdue(ground: Ground) -> Q:
    return Q(state=Opportunity.State.OPEN, next_step_on__lt=ground.on)


def overdue_steps(ground: Ground) -> dict[int, Waiting]:
    """By account: the overdue step with most expected money."""
    late = Opportunity.objects.filter(_overdue(ground)).select_related("owner").order_by("next_step_on", "pk")
    home = Coalesce(F("account__merged_into_id"), F("account_id"))
    chances, rates = learned_chances(), rates_to_base(ground.currency)
    found: dict[int, list[Waiting]] = {}
    for one in late.annotate(home=home):
        waiting = Waiting(
            title=one.title,
            step=one.next_step,
            step_on=one.next_step_on.isoformat() if one.next_step_on else "",
            amount=in_base(one, base=ground.currency, rates=rates),
            chance=chances[one.stage].chance if one.stage in chances else 0.0,
            keeper_id=one.owner_id if one.owner.is_active else None,
        )
        found.setdefault(one.home, []).append(waiting)
    return {account: _first(some) for account, some in found.items()}


def _first(some: list[Waiting]) -> Waiting:
    best = max(some, key=lambda one: one.expected)
    return Waiting(
        title=best.title,
        step=best.step,
        step_on=best.step_on,
        amount=best.amount,
        chance=best.chance,
        keeper_id=best.keeper_id,
        further=len(some) - 1,
    )


def _candidates(ground: Ground) -> Q:
    late = Opportunity.objects.filter(_overdue(ground)).order_by()
    home = Coalesce(F("account__merged_into_id"), F("account_id"))
    return Q(pk__in=late.annotate(home=home).values("home"))


def _opportunity(standing: Standing, ground: Ground) -> Firing | None:
    waiting: Waiting | None = standing.found.get("opportunity")
    if waiting is None:
        return None
    stake = waiting.expected if waiting.amount is not None else standing.mean_order_value or 0.0
    return Firing(
        stake=stake,
        uplift=ground.thresholds.opportunity_uplift,
        figures=figures_of(standing, ground)
        | {
            "title": waiting.title,
            "step": waiting.step,
            "due": waiting.step_on,
            "late_days": (ground.on - date.fromisoformat(waiting.step_on)).days,
            "amount": waiting.amount,
            "chance": waiting.chance,
            "further": waiting.further,
        },
        member_id=waiting.keeper_id,
    )


def is_another_late_step(before: Figures, firing: Firing) -> bool:
    """Is another step overdue than when the action was done or dismissed?"""
    named = ("title", "step", "due")
    return any(firing.figures[name] != before.get(name) for name in named)


def _sentences(figures: Figures) -> list[str]:
    said = {
        "title": figures["title"].rstrip("."),
        "step": (figures["step"] or _("decide on the next step")).rstrip("."),
        "day": iso_day(figures["due"]),
        "days": number(figures["late_days"]),
    }
    told = [
        ngettext(
            "Opportunity “%(title)s”: “%(step)s” was due %(days)s day ago, on %(day)s.",
            "Opportunity “%(title)s”: “%(step)s” was due %(days)s days ago, on %(day)s.",
            figures["late_days"],
        )
        % said
    ]
    if figures["amount"] is not None:
        words = {
            "amount": money(figures["amount"], figures["currency"]),
            "chance": percent(figures["chance"], digits=0),
        }
        told.append(_("It is about %(amount)s, with a chance of %(chance)s.") % words)
    if figures["further"]:
        told.append(
            ngettext(
                "%(count)s more opportunity with it waits.",
                "%(count)s more opportunities with it wait.",
                figures["further"],
            )
            % {"count": number(figures["further"])}
        )
    return told


def _advice(figures: Figures) -> str:
    return _("Take the step today, or set a new day. If nothing is left to hope for, say that it was lost, and why.")


def _opening(figures: Figures) -> str:
    return _("I would like to go on with “%(title)s”. How do you see it now?") % {"title": figures["title"]}


CAUSE = Cause(
    key="opportunity",
    name=gettext_lazy("a next step is overdue"),
    when=gettext_lazy("The day of the next step of an opportunity has passed."),
    candidates=_candidates,
    fires=_opportunity,
    sentences=_sentences,
    advice=_advice,
    opening=_opening,
    quiet_days=7,
    renewed=is_another_late_step,
    settled=gettext_lazy("The step was taken, put off, or the opportunity was decided."),
    look_up=overdue_steps,
)
