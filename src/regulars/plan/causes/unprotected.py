"""The cause "unprotected": nobody who leads speaks with a customer of the highest protection, or nobody has it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import number, percent
from regulars.base.models import Member
from regulars.facts.models import Interaction
from regulars.insight.models import Protection
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day, money_of
from regulars.plan.causes.lost import superior_of
from regulars.plan.key_plans import EXECUTIVES
from regulars.plan.standing import Standing, is_lost

OWNER_FROM: Final = Protection.Level.HIGH
"""From this level on somebody looks after the account; who leads is told where nobody does."""
LEADER_FROM: Final = Protection.Level.HIGHEST
"""From this level on somebody who leads speaks with the customer, too."""


@dataclass(frozen=True, kw_only=True)
class Unprotected:
    """What its protection asks for and lacks."""

    level: int
    owner: str
    """Who looks after it; empty: nobody."""
    last: date | None
    """When somebody who leads last spoke with it."""
    stake: float
    risk: float
    member_id: int | None


def leaders_spoke(accounts: Collection[int], *, on: date) -> dict[int, date]:
    """When somebody who leads last spoke with or wrote to each of these accounts, up to and with `on`."""
    spoke = Interaction.objects.filter(account__in=accounts, member__role__in=EXECUTIVES, on__lte=on)
    spoke = spoke.exclude(kind=Interaction.Kind.NOTE)
    return dict(spoke.order_by().values_list("account_id").annotate(last=Max("on")))


def unprotected(ground: Ground) -> dict[int, Unprotected]:
    """By account: those that nobody looks after, and those with whom nobody who leads spoke for long."""
    leaders = list(Member.objects.filter(is_active=True, role__in=EXECUTIVES).order_by("pk"))
    protections = list(_asked_about(ground).select_related("account__owner"))
    last = leaders_spoke([one.account_id for one in protections], on=ground.on)
    least = ground.on - timedelta(days=ground.thresholds.protected_leader_days)
    found: dict[int, Unprotected] = {}
    for one in protections:
        owner = one.account.owner if one.account.owner and one.account.owner.is_active else None
        spoken = last.get(one.account_id)
        if owner is not None and spoken is not None and spoken > least:
            continue
        member = superior_of(owner, leaders) or (owner.pk if owner else None)
        found[one.account_id] = Unprotected(
            level=one.level,
            owner=str(owner or ""),
            last=spoken,
            stake=one.stake or 0.0,
            risk=one.risk or 0.0,
            member_id=member,
        )
    return found


def _asked_about(ground: Ground) -> QuerySet[Protection]:
    lacking = Q(account__owner=None) | Q(account__owner__is_active=False)
    asked = Q(level__gte=OWNER_FROM) & lacking
    if ground.contacts_recorded:
        asked |= Q(level__gte=LEADER_FROM)
    return Protection.objects.filter(asked, account__merged_into=None).order_by()


def _candidates(ground: Ground) -> Q:
    return Q(pk__in=_asked_about(ground).values("account"))


def _fires(standing: Standing, ground: Ground) -> Firing | None:
    lacking: Unprotected | None = standing.found.get("unprotected")
    if lacking is None or lacking.stake <= 0 or is_lost(standing, ground.thresholds):
        return None
    return Firing(
        stake=lacking.stake,
        uplift=ground.thresholds.unprotected_uplift,
        figures=figures_of(standing, ground)
        | {
            "level": lacking.level,
            "owner": lacking.owner,
            "last": lacking.last.isoformat() if lacking.last else "",
            "days": (ground.on - lacking.last).days if lacking.last else 0,
            "stake": lacking.stake,
            "risk": lacking.risk,
        },
        member_id=lacking.member_id,
    )


def is_another_lack(before: Figures, firing: Firing) -> bool:
    """Does nobody look after it any more?"""
    return bool(before.get("owner")) and not firing.figures["owner"]


def _sentences(figures: Figures) -> list[str]:
    said = {
        "level": str(Protection.Level(figures["level"]).label),
        "risk": percent(figures["risk"], digits=0),
        "stake": money_of(figures, "stake"),
    }
    sentences = [
        _("It has the %(level)s: it is lost within a year with a chance of %(risk)s, and %(stake)s a year with it.")
        % said
    ]
    if not figures["owner"]:
        return [*sentences, _("Nobody looks after it.")]
    if not figures["last"]:
        return [*sentences, _("Nobody who leads has spoken with it yet, as far as it is noted.")]
    spoken = ngettext(
        "Nobody who leads has spoken with it for %(days)s day, since %(day)s.",
        "Nobody who leads has spoken with it for %(days)s days, since %(day)s.",
        figures["days"],
    )
    return [*sentences, spoken % {"days": number(figures["days"]), "day": iso_day(figures["last"])}]


def _advice(figures: Figures) -> str:
    if not figures["owner"]:
        return _("Name somebody who looks after it, and call it together with that person.")
    return _(
        "Call or visit it with %(owner)s: ask what goes well, what does not, and what they plan. Note the talk."
    ) % {"owner": figures["owner"]}


def _opening(figures: Figures) -> str:
    if not figures["owner"]:
        return _("I want you to have somebody here who is there for you, and would like to introduce them.")
    return _("I lead the people who look after you, and would like to hear from you in person how we do.")


CAUSE: Final = Cause(
    key="unprotected",
    name=gettext_lazy("highest protection"),
    when=gettext_lazy(
        "Nobody who leads has spoken with a customer of the highest protection for long, or nobody looks after one of "
        "high protection."
    ),
    candidates=_candidates,
    fires=_fires,
    sentences=_sentences,
    advice=_advice,
    opening=_opening,
    quiet_days=30,
    renewed=is_another_lack,
    settled=gettext_lazy(
        "Somebody who leads has spoken with it, somebody looks after it, or it needs less protection."
    ),
    look_up=unprotected,
)
