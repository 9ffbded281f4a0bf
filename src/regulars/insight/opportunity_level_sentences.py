"""The opportunity level of an account in words: what it owns, what it could afford, what is due again."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.formats import day, money, number, percent
from regulars.core.opportunity_levels import LevelRules
from regulars.insight.affinity import CATEGORY
from regulars.insight.models import OpportunityLevel
from regulars.insight.sentences import Effect, Sentence


def opportunity_sentences(found: OpportunityLevel, *, currency: str, rules: LevelRules) -> list[Sentence]:
    """What makes the level: means, room, what is due again, and since when."""
    told = [_means(found, currency), _owned(found), _room(found, rules), _due(found), _since(found)]
    return [one for one in told if one is not None]


def why_in_short(found: OpportunityLevel) -> str:
    """The level's ground in a few words, for lists."""
    if found.means is None:
        return _("bought nothing for two years")
    means = OpportunityLevel.Means(found.means).label
    if found.room is None:
        return str(means)
    return _("%(means)s, %(room)s of what it could buy is open") % {
        "means": means,
        "room": percent(found.room, digits=0),
    }


def _means(found: OpportunityLevel, currency: str) -> Sentence:
    if found.means is None or found.size is None:
        text = _("It bought nothing for two years, so its means are not known.")
        return Sentence("means", text, Effect.UNKNOWN)
    said = {
        "means": {
            OpportunityLevel.Means.LITTLE: _("Its means are little"),
            OpportunityLevel.Means.MIDDLE: _("Its means are middling"),
            OpportunityLevel.Means.MUCH: _("Its means are ample"),
        }[OpportunityLevel.Means(found.means)],
        "part": percent(found.size, digits=0),
    }
    if found.wallet_year is not None:
        said["wallet"] = money(found.wallet_year, currency)
        text = _(
            "%(means)s: by an estimate it spends %(wallet)s a year with everybody, more than %(part)s of customers."
        )
    else:
        said["sales"] = money(found.sales_year or 0.0, currency)
        text = _("%(means)s: in its better year of two it bought for %(sales)s, more than %(part)s of customers.")
    effect = Effect.RAISES if found.means == OpportunityLevel.Means.MUCH else Effect.NEUTRAL
    return Sentence("means", text % said, effect)


def _owned(found: OpportunityLevel) -> Sentence:
    said = {"owned": _counted(found, found.owned)}
    if found.broad is None:
        text = _("It bought %(owned)s; what is usual for its size is not known.") % said
        return Sentence("owned", text, Effect.UNKNOWN)
    said["broad"] = _counted(found, round(found.broad))
    return Sentence(
        "owned", _("It bought %(owned)s; one in ten customers of its size bought %(broad)s or more.") % said
    )


def _counted(found: OpportunityLevel, count: int) -> str:
    if found.counted == CATEGORY:
        text = ngettext("from %(count)s product group", "from %(count)s product groups", count)
    else:
        text = ngettext("%(count)s product", "%(count)s products", count)
    return text % {"count": number(count)}


def _room(found: OpportunityLevel, rules: LevelRules) -> Sentence | None:
    if found.room is None:
        return None
    said = {"room": percent(found.room, digits=0), "wide": percent(rules.wide_room, digits=0)}
    if found.wallet_year is not None:
        text = _("Of what it spends, others get %(room)s; from %(wide)s on there is much room.")
    else:
        text = _("So %(room)s of what it could buy is open; from %(wide)s on there is much room.")
    return Sentence("room", text % said, Effect.RAISES if found.room >= rules.wide_room else Effect.NEUTRAL)


def _due(found: OpportunityLevel) -> Sentence | None:
    if found.due_again is None:
        return None
    if not found.due_again:
        return Sentence("due_again", _("By its own rhythm nothing is due to be bought again within three months."))
    text = ngettext(
        "By its own rhythm, %(count)s product is due to be bought again within three months.",
        "By its own rhythm, %(count)s products are due to be bought again within three months.",
        found.due_again,
    )
    return Sentence("due_again", text % {"count": number(found.due_again)}, Effect.RAISES)


def _since(found: OpportunityLevel) -> Sentence | None:
    if found.since is None:
        return None
    return Sentence("since", _("At this level since %(day)s.") % {"day": day(found.since)})
