"""The stages of opportunities: those of the firm, and how likely what has reached them is won."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.core.stage_chances import StageChance, stage_chances
from regulars.plan.models import Opportunity, OpportunityStage, OpportunityStep

USUAL: Final[tuple[tuple[str, str | Promise, float], ...]] = (
    ("talk", gettext_lazy("First talk"), 0.10),
    ("need", gettext_lazy("Need is clear"), 0.25),
    ("offer", gettext_lazy("Offer made"), 0.40),
    ("decision", gettext_lazy("About to decide"), 0.65),
)
"""Stages that stand until the firm makes its own, with the chance that is assumed before anything was learned."""
MOST_STAGES: Final = 8
LEARNED_FROM: Final = 5000
"""The newest closed opportunities: more would change nothing, and older ones tell of another time."""


class WrongStage(Refusal):
    """A stage cannot be made, changed or removed like this."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage, as the reader calls it."""

    key: str
    name: str
    place: int
    usual_chance: float


def stages() -> list[Stage]:
    """The firm's stages in their sequence."""
    names = {key: str(name) for key, name, _chance in USUAL}
    own = list(OpportunityStage.objects.order_by("place", "pk"))
    if not own:
        return [
            Stage(key=key, name=str(name), place=place, usual_chance=chance)
            for place, (key, name, chance) in enumerate(USUAL)
        ]
    return [
        Stage(key=one.key, name=one.name or names.get(one.key, one.key), place=place, usual_chance=one.usual_chance)
        for place, one in enumerate(own)
    ]


def learned_chances(known: list[Stage] | None = None) -> dict[str, StageChance]:
    """The chance at each stage, learned from all closed opportunities of the firm. Two queries."""
    known = stages() if known is None else known
    place = {one.key: one.place for one in known}
    closed = Opportunity.objects.exclude(state=Opportunity.State.OPEN).order_by("-closed_on", "-pk")
    newest = list(closed.values_list("pk", "state", "stage")[:LEARNED_FROM])
    farthest: dict[int, int] = defaultdict(int)
    steps = OpportunityStep.objects.filter(opportunity__closed_on__isnull=False).order_by()
    for pk, stage in steps.values_list("opportunity_id", "stage").distinct():
        farthest[pk] = max(farthest[pk], place.get(stage, 0))
    outcomes = [(max(farthest[pk], place.get(stage, 0)), state == Opportunity.State.WON) for pk, state, stage in newest]
    found = stage_chances([one.usual_chance for one in known], outcomes)
    return {one.key: chance for one, chance in zip(known, found, strict=True)}


@transaction.atomic
def record_stage(
    *, name: str, usual_chance: float, member: Member | None, stage: str = "", place: int | None = None
) -> Stage:
    """Make a stage, or change the one with the key `stage`; `place` (from 0) puts it there in the sequence.

    Raises `WrongStage` for no name, one that is taken, a chance that is none, and one stage too many.
    """
    require(member, Permission.CONFIGURE)
    own = _own()
    name = name.strip()[:100]
    if not name:
        raise WrongStage(_("The stage has no name."), _("Say what you call it."))
    if not 0 < usual_chance < 1:
        raise WrongStage(_("A chance is more than 0% and less than 100%."), _("Give for example 40%."))
    if any(one.name.casefold() == name.casefold() and one.key != stage for one in stages()):
        raise WrongStage(_("There is a stage called “%(name)s” already.") % {"name": name}, _("Choose another name."))
    found = next((one for one in own if one.key == stage), None)
    if found is None and len(own) >= MOST_STAGES:
        raise WrongStage(
            _("There are %(most)s stages already.") % {"most": MOST_STAGES}, _("Change one of them instead.")
        )
    if found is None:
        found = OpportunityStage(key=_new_key(name, {one.key for one in own}), place=len(own))
        own.append(found)
    with audited(found, verb="record_stage", member=member):
        came_so = {key: str(usual) for key, usual, _chance in USUAL}.get(found.key)
        found.name = "" if name == came_so else name
        found.usual_chance = usual_chance
        found.save()
    if place is not None:
        own.remove(found)
        own.insert(max(0, min(place, len(own))), found)
    _put_in_sequence(own)
    return next(one for one in stages() if one.key == found.key)


@transaction.atomic
def remove_stage(*, stage: str, member: Member | None) -> None:
    """Take a stage away. Refused while opportunities are open in it, and for the last one."""
    require(member, Permission.CONFIGURE)
    own = _own()
    found = next((one for one in own if one.key == stage), None)
    if found is None:
        raise WrongStage(_("There is no such stage."), _("It may have been removed before."))
    if Opportunity.objects.filter(state=Opportunity.State.OPEN, stage=stage).exists():
        raise WrongStage(_("Opportunities are open in this stage."), _("Move them to another stage first."))
    if len(own) == 1:
        raise WrongStage(_("This is the only stage."), _("Make another one first."))
    own.remove(found)
    with audited(found, verb="remove_stage", member=member):
        found.delete()
    _put_in_sequence(own)


def known_stage(key: str) -> Stage:
    """The stage with this key. Raises `WrongStage` where there is none."""
    found = next((one for one in stages() if one.key == key), None)
    if found is None:
        raise WrongStage(
            _("There is no stage “%(stage)s”.") % {"stage": key},
            _("Choose one of: %(stages)s.") % {"stages": ", ".join(one.key for one in stages())},
        )
    return found


def _own() -> list[OpportunityStage]:
    """The firm's own stages; the usual ones become its own with the first change."""
    if not OpportunityStage.objects.exists():
        OpportunityStage.objects.bulk_create(
            OpportunityStage(key=key, place=place, usual_chance=chance)
            for place, (key, _name, chance) in enumerate(USUAL)
        )
    return list(OpportunityStage.objects.select_for_update().order_by("place", "pk"))


def _put_in_sequence(own: list[OpportunityStage]) -> None:
    for place, one in enumerate(own):
        one.place = place
    OpportunityStage.objects.bulk_update(own, ["place"])


def _new_key(name: str, taken: set[str]) -> str:
    word = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:30] or "stage"
    keys = (word if number == 1 else f"{word}-{number}" for number in range(1, 100))
    return next(key for key in keys if key not in taken)
