"""What a people map says, in sentences: what is wrong with the relations, and how they stand beside the money (E22)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.formats import listed, number, percent
from regulars.core.warmth import Gap
from regulars.facts.models import Contact
from regulars.plan.people_map import GRAVE, PeopleMap

if TYPE_CHECKING:
    from regulars.insight.models import Score

MOVED = 0.25
"""Relations that are so much warmer or colder than half a year ago have moved."""


def gap_sentence(gap: Gap, *, names: list[str]) -> str:
    """One thing that is wrong, with whom or at which levels."""
    named = listed(names)
    if gap == Gap.LEVEL:
        levels = listed([str(Contact.Level(one).label) for one in names])
        return _("Nobody is known there at these levels: %(levels)s.") % {"levels": levels}
    texts = {
        Gap.CHAMPION_GONE: _("Who spoke for us there has left: %(names)s. Nobody has taken that part."),
        Gap.NOBODY: _("Nobody of ours is in live contact with anybody there."),
        Gap.ONE_OF_OURS: _("Only %(names)s of ours is in contact: if that person leaves, the relation does."),
        Gap.ONE_OF_THEIRS: _("Only %(names)s there is in contact with us: if that person leaves, the relation does."),
        Gap.COLD_DECIDER: _("Who decides there is not in live contact with us: %(names)s."),
    }
    return texts[gap] % {"names": named}


def gap_names(found: PeopleMap, gap: Gap) -> list[str]:
    """Whom a gap is about, by name; for levels, the levels."""
    told = found.gaps
    if gap == Gap.LEVEL:
        return list(told.levels)
    keys = {
        Gap.CHAMPION_GONE: list(told.gone),
        Gap.COLD_DECIDER: list(told.deciders),
        Gap.ONE_OF_OURS: [] if told.only_ours is None else [-told.only_ours],
        Gap.ONE_OF_THEIRS: [] if told.only_theirs is None else [told.only_theirs],
    }
    return [found.names.get(key, "") for key in keys.get(gap, [])]


def gap_sentences(found: PeopleMap) -> list[str]:
    """What is wrong with the relations, the gravest first."""
    return [gap_sentence(gap, names=gap_names(found, gap)) for gap in found.gaps.found]


def health(found: PeopleMap) -> str:
    """The state of the relations: "endangered", "thin", "good", or "unknown" where nobody is noted."""
    if not found.is_known and not found.unnamed_talks:
        return "unknown"
    if any(gap in GRAVE[:3] for gap in found.gaps.found):
        return "endangered"
    return "thin" if any(gap in GRAVE for gap in found.gaps.found) else "good"


def health_label(state: str) -> str:
    labels = {
        "endangered": _("relations in danger"),
        "thin": _("relations thin"),
        "good": _("relations good"),
        "unknown": _("relations not known"),
    }
    return labels[state]


def beside_the_money(found: PeopleMap, score: Score | None) -> str:
    """How the relations moved within half a year, beside what the account buys."""
    if health(found) == "unknown":
        return _("Nobody has noted with whom we speak there: how the relation stands is not known.")
    theirs, ours = found.gaps.lively["theirs"], found.gaps.lively["ours"]
    live = ngettext(
        "%(theirs)s of theirs is in live contact with %(ours)s of ours.",
        "%(theirs)s of theirs are in live contact with %(ours)s of ours.",
        theirs,
    ) % {"theirs": number(theirs), "ours": number(ours)}
    moved = _moved(found)
    money = None if score is None or score.trend is None else score.trend
    return " ".join(part for part in (live, _together(moved, money)) if part)


def _moved(found: PeopleMap) -> int:
    if found.now >= found.before * (1 + MOVED):
        return 1
    return -1 if found.now <= found.before * (1 - MOVED) else 0


def _together(moved: int, trend: float | None) -> str:
    if trend is None:
        return (
            (_("It is colder than half a year ago.") if moved < 0 else _("It is warmer than half a year ago."))
            if moved
            else ""
        )
    words = {"change": percent(abs(trend), digits=0)}
    if moved < 0 and trend >= 0:
        return _("Its sales hold, but we speak less than half a year ago: sales follow relations.")
    if moved < 0:
        return _("We speak less than half a year ago, and its sales fell by %(change)s.") % words
    if moved > 0 and trend < 0:
        return _("We speak more than half a year ago; its sales fell by %(change)s, so ask why.") % words
    if moved > 0:
        return _("We speak more than half a year ago, and its sales rose by %(change)s.") % words
    if trend < 0:
        return _("We speak as much as half a year ago; its sales fell by %(change)s.") % words
    return _("We speak as much as half a year ago; its sales rose by %(change)s.") % words
