"""The cause "lost": a customer was lost lately; who leads the one who looked after it meets it in person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.formats import percent
from regulars.base.models import Member
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day, money_of
from regulars.plan.models import WinBack
from regulars.plan.standing import Standing

_ROLE = Member.Role


@dataclass(frozen=True, kw_only=True)
class LostLately:
    """One account that was lost lately, and who is to meet it."""

    since: date
    told: bool
    worth: float
    chance: float
    reasons: tuple[str, ...]
    superior_id: int | None


def _lost_lately(ground: Ground) -> QuerySet[WinBack]:
    from_day = ground.on - timedelta(days=ground.thresholds.lost_meeting_days)
    return WinBack.objects.filter(state=WinBack.State.OPEN, lost_on__gte=from_day).order_by("pk")


def lost_lately(ground: Ground) -> dict[int, LostLately]:
    """By account: those that were lost lately and are not settled."""
    found: dict[int, LostLately] = {}
    works = list(_lost_lately(ground).select_related("account__owner", "account__merged_into__owner"))
    leading = Member.objects.filter(is_active=True, role__in=[_ROLE.SALES_HEAD, _ROLE.OWNER]).order_by("pk")
    leaders = list(leading) if works else []
    for work in works:
        account = work.account.merged_into or work.account
        found[account.pk] = LostLately(
            since=work.since,
            told=work.loss_id is not None,
            worth=work.worth,
            chance=work.chance,
            reasons=tuple(work.reasons),
            superior_id=superior_of(account.owner, leaders),
        )
    return found


def superior_of(member: Member | None, leaders: Iterable[Member]) -> int | None:
    """Who leads the member: the sales head of the team, else one of the firm, else its owner; of a head, the owner."""
    leaders = [one for one in leaders if member is None or one.pk != member.pk]
    heads = [one for one in leaders if one.role == _ROLE.SALES_HEAD]
    if member is not None and member.role in (_ROLE.SALES_HEAD, _ROLE.OWNER):
        heads = []
    own = [one for one in heads if member is not None and member.team_id and one.team_id == member.team_id]
    owners = [one for one in leaders if one.role == _ROLE.OWNER]
    return next((one.pk for one in (*own, *heads, *owners)), None)


def _lost_candidates(ground: Ground) -> Q:
    home = Coalesce(F("account__merged_into_id"), F("account_id"))
    return Q(pk__in=_lost_lately(ground).order_by().annotate(home=home).values("home"))


def _lost(standing: Standing, ground: Ground) -> Firing | None:
    lost: LostLately | None = standing.found.get("lost")
    if lost is None or lost.worth <= 0:
        return None
    return Firing(
        stake=lost.worth,
        uplift=ground.thresholds.lost_uplift,
        figures=figures_of(standing, ground)
        | {
            "since": lost.since.isoformat(),
            "told": lost.told,
            "worth": lost.worth,
            "chance": lost.chance,
            "reasons": list(lost.reasons),
        },
        member_id=lost.superior_id,
    )


def _lost_sentences(figures: Figures) -> list[str]:
    said = {"day": iso_day(figures["since"]), "worth": money_of(figures, "worth")}
    if figures["told"]:
        sentences = [_("Lost since %(day)s, as was told. It was worth %(worth)s a year.") % said]
    else:
        sentences = [_("No order since %(day)s: so long a silence is a loss. It was worth %(worth)s a year.") % said]
    if figures["reasons"]:
        names = ", ".join(str(WinBack.Reason(one).label) for one in figures["reasons"])
        sentences.append(_("Why, as far as it is known: %(reasons)s.") % {"reasons": names})
    else:
        sentences.append(_("Nobody has noted yet why it left."))
    chance = percent(figures["chance"], digits=0)
    sentences.append(_("The chance that it orders again within a year is %(chance)s.") % {"chance": chance})
    return sentences


def _lost_advice(figures: Mapping[str, object]) -> str:
    return _(
        "Meet it in person, as the one who leads who looked after it. Ask why, ask what would have to be different, "
        "and note what you offer. If it stays away, part well: thank it, leave the door open, ask for a recommendation."
    )


def _lost_opening(figures: Mapping[str, object]) -> str:
    return _("You were our customer, and I would like to understand in person what we did wrong, or what has changed.")


CAUSE: Final = Cause(
    key="lost",
    name=gettext_lazy("lost"),
    when=gettext_lazy("A customer was lost lately, by what was told or by its silence: who leads meets it in person."),
    candidates=_lost_candidates,
    fires=_lost,
    sentences=_lost_sentences,
    advice=_lost_advice,
    opening=_lost_opening,
    quiet_days=365,
    settled=gettext_lazy("It was won back or parted from, or was lost long ago."),
    look_up=lost_lately,
)
