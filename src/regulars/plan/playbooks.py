"""Playbooks: the recipes that come with Regulars and what the firm made of them, and how it changes them.

A play that runs goes on as it was started, whatever becomes of its playbook.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from django.db import transaction
from django.utils.text import capfirst, slugify
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.signal_kinds import KINDS
from regulars.insight.models import Protection
from regulars.plan.causes import CAUSES
from regulars.plan.models import Playbook, PlayStep
from regulars.plan.recipes import SHIPPED, STEPS, Recipe, RecipeStep
from regulars.plan.recipes.recipe import STATES, STOPS

LONGEST_NAME: Final = 120
LONGEST_ABOUT: Final = 300
LONGEST_WHAT: Final = 300
LONGEST_OPENING: Final = 500
LONGEST_DELAY: Final = 250
MOST_STEPS: Final = 12
ADDRESSES: Final = ("running", "add")
"""Names that pages beside those of the playbooks have."""
LEVELS: Final = (2, 3, 4)
"""Levels of protection that an account may rise to."""


class WrongPlaybook(Refusal):
    """A playbook cannot be written like this."""


class NoSuchPlaybook(Refusal):
    """There is no playbook of this name."""


@dataclass(frozen=True, kw_only=True)
class KnownPlaybook:
    """A playbook as it is in force."""

    key: str
    recipe: Recipe
    active: bool
    by_itself: bool
    shipped: bool
    changed: bool
    """One that was shipped, and was changed by the firm."""
    can_undo: bool

    def __str__(self) -> str:
        return str(self.recipe.name)


def known_playbooks() -> list[KnownPlaybook]:
    """All of them: those that were shipped in their sequence, then those that the firm added. One query."""
    rows = {row.key: row for row in Playbook.objects.order_by("pk")}
    return [_known(key, rows.get(key)) for key in (*SHIPPED, *(key for key in rows if key not in SHIPPED))]


def known_playbook(key: str) -> KnownPlaybook:
    """The one with this short name. Raises `NoSuchPlaybook`."""
    row = Playbook.objects.filter(key=key).first()
    if row is None and key not in SHIPPED:
        raise NoSuchPlaybook(_("There is no playbook “%(key)s”.") % {"key": key}, _("Look at the list of playbooks."))
    return _known(key, row)


def playbook_row(key: str) -> Playbook:
    """Its record, made if there is none yet."""
    return Playbook.objects.get_or_create(key=key)[0]


def playbook_name(playbook: Playbook) -> str:
    """What it is called, in the reader's language."""
    return str(_recipe(playbook.key, playbook.written).name)


def trigger_label(trigger: str) -> str:
    """What starts a play, in words: `signal:praise`, `cause:lost`, `level:4`, `state:key_account`."""
    kind, _colon, name = trigger.partition(":")
    if kind == "signal" and name in KINDS:
        return str(KINDS[name].label)
    if kind == "cause" and name in CAUSES:
        return str(CAUSES[name].name)
    if kind == "level" and name.isdecimal() and int(name) in LEVELS:
        return _("%(level)s, or higher") % {"level": Protection.Level(int(name)).label}
    return str(STATES[name]) if kind == "state" and name in STATES else trigger


def trigger_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """All that may start a play, in groups with a heading each."""
    groups = (
        (_("A proposal on the list of the day"), [f"cause:{key}" for key in CAUSES if key != "play"]),
        (_("Something that was seen or heard"), [f"signal:{key}" for key in KINDS]),
        (_("The customer rises to a level of protection"), [f"level:{level}" for level in LEVELS]),
        (_("The customer …"), [f"state:{key}" for key in STATES]),
    )
    return [(title, [(key, capfirst(trigger_label(key))) for key in keys]) for title, keys in groups]


def stop_choices() -> list[tuple[str, str]]:
    """All that may end a play by itself."""
    return [(key, capfirst(str(label))) for key, label in STOPS.items()]


# Changing


@transaction.atomic
def switch_playbook(
    *, key: str, member: Member | None, active: bool | None = None, by_itself: bool | None = None
) -> KnownPlaybook:
    """Put it in use or out of use; say whether it starts by itself. What runs of it goes on."""
    row = _locked(key, member)
    with audited(row, verb="switch_playbook", member=member):
        row.active = row.active if active is None else active
        row.by_itself = row.by_itself if by_itself is None else by_itself
        row.save()
    return _known(key, row)


@transaction.atomic
def write_playbook(*, key: str, recipe: Recipe, member: Member | None) -> KnownPlaybook:
    """Change what it says. Plays that run keep their steps."""
    row = _locked(key, member)
    return _set_written(row, _written(key, _checked(recipe)), verb="write_playbook", member=member)


@transaction.atomic
def add_playbook(*, recipe: Recipe, member: Member | None) -> KnownPlaybook:
    """Add one of the firm's own."""
    require(member, Permission.CONFIGURE)
    checked = _checked(recipe)
    row = Playbook(key=_free_key(str(checked.name)), written=_written("", checked))
    with audited(row, verb="add_playbook", member=member):
        row.save()
    return _known(row.key, row)


@transaction.atomic
def undo_playbook(*, key: str, member: Member | None) -> KnownPlaybook:
    """Take the last change back; a second time, it is there again."""
    row = _locked(key, member)
    if row.before is None:
        raise WrongPlaybook(_("There is no change to take back."), _("Nothing of it was changed yet."))
    return _set_written(row, row.before["written"], verb="undo_playbook", member=member)


@transaction.atomic
def reset_playbook(*, key: str, member: Member | None) -> KnownPlaybook:
    """Have it as it comes with Regulars."""
    row = _locked(key, member)
    if key not in SHIPPED:
        raise WrongPlaybook(_("This one is your own."), _("Switch it off if you no longer need it."))
    return _set_written(row, None, verb="reset_playbook", member=member)


def _set_written(row: Playbook, written: dict[str, Any] | None, *, verb: str, member: Member | None) -> KnownPlaybook:
    if written != row.written:
        with audited(row, verb=verb, member=member):
            row.before = {"written": row.written}
            row.written = written
            row.save()
    return _known(row.key, row)


def _locked(key: str, member: Member | None) -> Playbook:
    require(member, Permission.CONFIGURE)
    known_playbook(key)
    playbook_row(key)
    return Playbook.objects.select_for_update().get(key=key)


def _free_key(name: str) -> str:
    base = slugify(name)[:30] or "own"
    taken = {*SHIPPED, *ADDRESSES, *Playbook.objects.values_list("key", flat=True)}
    names = (base if number == 1 else f"{base}-{number}" for number in count(1))
    return next(key for key in names if key not in taken)


# How it is kept


def _known(key: str, row: Playbook | None) -> KnownPlaybook:
    written = row.written if row else None
    return KnownPlaybook(
        key=key,
        recipe=_recipe(key, written),
        active=row.active if row else True,
        by_itself=row.by_itself if row else True,
        shipped=key in SHIPPED,
        changed=key in SHIPPED and written is not None,
        can_undo=row is not None and row.before is not None,
    )


def _recipe(key: str, written: Mapping[str, Any] | None) -> Recipe:
    """What was written, each text that was left as shipped in the reader's language."""
    shipped = SHIPPED.get(key)
    if written is None:
        assert shipped is not None, key
        return shipped
    return Recipe(
        name=written["name"] or (shipped.name if shipped else ""),
        about=written["about"] or (shipped.about if shipped else ""),
        triggers=tuple(written["triggers"]),
        stops=tuple(written["stops"]),
        steps=tuple(_step(one) for one in written["steps"]),
    )


def _step(one: Mapping[str, Any]) -> RecipeStep:
    shipped = STEPS.get(one["key"])
    return RecipeStep(
        what=shipped.what if shipped else one["what"],
        opening=shipped.opening if shipped else one["opening"],
        role=one["role"],
        after_workdays=one["after_workdays"],
        key=one["key"],
    )


def _written(key: str, recipe: Recipe) -> dict[str, Any]:
    """To be kept: a text that is as shipped is not copied, so that everybody still reads it in their own language."""
    shipped = SHIPPED.get(key)
    return {
        "name": "" if shipped and str(shipped.name) == str(recipe.name) else str(recipe.name),
        "about": "" if shipped and str(shipped.about) == str(recipe.about) else str(recipe.about),
        "triggers": list(recipe.triggers),
        "stops": list(recipe.stops),
        "steps": [_written_step(step) for step in recipe.steps],
    }


def _written_step(step: RecipeStep) -> dict[str, Any]:
    shipped = STEPS.get(step.key)
    same = shipped is not None and (str(shipped.what), str(shipped.opening)) == (str(step.what), str(step.opening))
    return {
        "key": step.key if same else "",
        "what": "" if same else str(step.what),
        "opening": "" if same else str(step.opening),
        "role": step.role,
        "after_workdays": step.after_workdays,
    }


def _checked(recipe: Recipe) -> Recipe:
    name, about = str(recipe.name).strip()[:LONGEST_NAME], str(recipe.about).strip()[:LONGEST_ABOUT]
    if not name:
        raise WrongPlaybook(_("The playbook has no name."), _("Name it for what has happened to the customer."))
    if not recipe.steps:
        raise WrongPlaybook(_("The playbook has no step."), _("Say what is to be done first."))
    if len(recipe.steps) > MOST_STEPS:
        raise WrongPlaybook(
            _("A playbook has at most %(most)s steps.") % {"most": MOST_STEPS}, _("Join some, or make two of it.")
        )
    _refuse_unknown(recipe.triggers, {key for _title, some in trigger_choices() for key, _label in some})
    _refuse_unknown(recipe.stops, set(STOPS))
    return Recipe(
        name=name,
        about=about,
        triggers=tuple(dict.fromkeys(recipe.triggers)),
        stops=tuple(dict.fromkeys(recipe.stops)),
        steps=tuple(_checked_step(step) for step in recipe.steps),
    )


def _checked_step(step: RecipeStep) -> RecipeStep:
    what = str(step.what).strip()[:LONGEST_WHAT]
    if not what:
        raise WrongPlaybook(_("A step does not say what is to be done."), _("Say it, or take the step out."))
    if step.role not in PlayStep.Role.values:
        raise WrongPlaybook(
            _("Nobody is called “%(role)s”.") % {"role": step.role},
            _("Use one of: %(names)s.") % {"names": ", ".join(PlayStep.Role.values)},
        )
    if not 0 <= step.after_workdays <= LONGEST_DELAY:
        raise WrongPlaybook(
            _("A step cannot wait for %(days)s working days.") % {"days": step.after_workdays},
            _("Give a number from 0 to %(most)s.") % {"most": LONGEST_DELAY},
        )
    return RecipeStep(
        what=what,
        opening=str(step.opening).strip()[:LONGEST_OPENING],
        role=step.role,
        after_workdays=step.after_workdays,
        key=step.key,
    )


def _refuse_unknown(given: tuple[str, ...], known: set[str]) -> None:
    if unknown := [one for one in given if one not in known]:
        raise WrongPlaybook(
            _("There is nothing called “%(name)s”.") % {"name": unknown[0]},
            _("Use one of: %(names)s.") % {"names": ", ".join(sorted(known))},
        )
