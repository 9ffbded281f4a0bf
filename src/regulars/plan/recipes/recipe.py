"""What a recipe is: when it starts, the steps, and what ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

OWNER, SUPERIOR, SERVICE = "owner", "superior", "service"
"""Who does a step; see `plan.models.PlayStep.Role`."""

STATES: Final[dict[str, str | Promise]] = {
    "key_account": _("becomes a key account"),
    "lost": _("is lost"),
}
"""What an account may become, besides what signals and causes of actions say."""

STOPS: Final[dict[str, str | Promise]] = {
    "ordered": _("the customer orders again"),
    "lost": _("the customer is lost"),
    "won_back": _("it is settled whether the customer comes back"),
    "solved": _("no problem of the customer is open any more"),
    "cause_gone": _("the cause of it is gone"),
}
"""What ends a play by itself. A signal that is withdrawn ends what it started in any case."""


@dataclass(frozen=True, kw_only=True)
class RecipeStep:
    """One step. `key` names a step whose texts stand in code; one that a firm wrote has none."""

    what: str | _StrPromise
    opening: str | _StrPromise = ""
    role: str = OWNER
    after_workdays: int = 0
    """Working days after the step before is settled; for the first one, after the start."""
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is done when something happens to a customer. `triggers` are written as `trigger_label` reads them."""

    name: str | _StrPromise
    about: str | _StrPromise
    triggers: tuple[str, ...]
    stops: tuple[str, ...] = ()
    steps: tuple[RecipeStep, ...] = ()

    @property
    def causes(self) -> list[str]:
        """The causes of actions that it answers: its step is then what the action says is to be done."""
        return [name for kind, _colon, name in map(_parted, self.triggers) if kind == "cause"]

    @property
    def signals(self) -> list[str]:
        """The kinds of signals that start it."""
        return [name for kind, _colon, name in map(_parted, self.triggers) if kind == "signal"]

    @property
    def states(self) -> list[str]:
        return [name for kind, _colon, name in map(_parted, self.triggers) if kind == "state"]

    @property
    def level(self) -> int | None:
        """The least level of protection that starts it."""
        levels = [int(name) for kind, _colon, name in map(_parted, self.triggers) if kind == "level"]
        return min(levels) if levels else None


def _parted(trigger: str) -> tuple[str, str, str]:
    return trigger.partition(":")
