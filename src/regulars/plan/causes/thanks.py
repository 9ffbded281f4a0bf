"""The cause "thanks": a customer recommended us, and nobody has said thank you yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import number
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day
from regulars.plan.models import Referral
from regulars.plan.standing import Standing, worth_a_year


@dataclass(frozen=True, kw_only=True)
class Owed:
    """Whom the account brought last, and how many more nobody thanked for."""

    lead: str
    on: date
    won: bool
    further: int = 0


def owed_thanks(ground: Ground) -> dict[int, Owed]:
    """By account: recommendations for which nobody said thank you."""
    found: dict[int, Owed] = {}
    for account, lead, on, state in (
        _open_ones(ground).order_by("-on", "-pk").values_list("home", "lead__name", "on", "lead__state")
    ):
        first = found.get(account)
        if first is None:
            found[account] = Owed(lead=lead, on=on, won=state == "won")
        else:
            found[account] = Owed(
                lead=first.lead, on=first.on, won=first.won or state == "won", further=first.further + 1
            )
    return found


def _open_ones(ground: Ground) -> QuerySet[Any]:
    home = Coalesce(F("account__merged_into_id"), F("account_id"))
    return Referral.objects.filter(thanked_on=None, on__lte=ground.on).annotate(home=home).order_by()


def _candidates(ground: Ground) -> Q:
    return Q(pk__in=_open_ones(ground).values("home"))


def _thanks(standing: Standing, ground: Ground) -> Firing | None:
    owed: Owed | None = standing.found.get("thanks")
    if owed is None:
        return None
    return Firing(
        stake=max(worth_a_year(standing), standing.expected_value_365 or 0.0),
        uplift=ground.thresholds.thanks_uplift,
        figures=figures_of(standing, ground)
        | {"lead": owed.lead, "on": owed.on.isoformat(), "won": owed.won, "further": owed.further},
    )


def is_another_recommendation(before: Figures, firing: Firing) -> bool:
    """Did they bring somebody else since the action was done or dismissed?"""
    return (firing.figures["on"], firing.figures["lead"]) != (before.get("on"), before.get("lead"))


def _sentences(figures: Figures) -> list[str]:
    said = {"lead": figures["lead"], "day": iso_day(figures["on"])}
    sentences = [_("They recommended us to %(lead)s on %(day)s, and nobody has thanked them yet.") % said]
    if figures["further"]:
        more = ngettext(
            "They brought %(count)s more that nobody thanked for.",
            "They brought %(count)s more that nobody thanked for.",
            figures["further"],
        )
        sentences.append(more % {"count": number(figures["further"])})
    if figures["won"]:
        sentences.append(_("Somebody whom they brought is a customer now."))
    return sentences


def _advice(figures: Figures) -> str:
    return _("Call, write a card or send a gift. Tell them what became of it, and note how you said thank you.")


def _opening(figures: Figures) -> str:
    return _("Thank you for recommending us to %(lead)s: it means a lot to us.") % {"lead": figures["lead"]}


CAUSE = Cause(
    key="thanks",
    name=gettext_lazy("a thank-you is owed"),
    when=gettext_lazy("A customer recommended us to somebody, and nobody has said thank you."),
    candidates=_candidates,
    fires=_thanks,
    sentences=_sentences,
    advice=_advice,
    opening=_opening,
    quiet_days=30,
    renewed=is_another_recommendation,
    settled=gettext_lazy("They were thanked."),
    look_up=owed_thanks,
)
