"""What a cause is: what it is asked (`Ground`), what it answers (`Firing`), and what declares it (`Cause`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise

from regulars.plan.standing import Standing
from regulars.plan.thresholds import PlanThresholds

Figures = dict[str, Any]
"""The figures of an action as kept with it: plain JSON, dates as ISO texts. All its sentences are made of them."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What is the same for all accounts of one refresh."""

    as_of: date
    on: date
    """The business date of the list: what was seen up to then counts."""
    currency: str
    history_start: date
    contacts_recorded: bool
    """Do the members record their interactions? If not, "long without contact" cannot be known."""
    thresholds: PlanThresholds


@dataclass(frozen=True, kw_only=True)
class Firing:
    """A cause that applies to an account now."""

    stake: float
    """Money at stake in a year, base currency."""
    uplift: float
    """Chance that doing it changes the outcome."""
    figures: Figures
    member_id: int | None = None
    """Whose it is; None: of who looks after the account."""

    @property
    def expected_money(self) -> float:
        return self.stake * self.uplift


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One reason to act on an account."""

    key: str
    name: str | Promise
    when: str | Promise
    """In words, when it fires."""
    candidates: Callable[[Ground], Q]
    """Accounts (conditions on `Score`) for which it may fire: what the database can say quickly."""
    fires: Callable[[Standing, Ground], Firing | None]
    sentences: Callable[[Figures], list[str]]
    advice: Callable[[Figures], str]
    opening: Callable[[Figures], str]
    quiet_days: int
    """So long after it was done or dismissed it is not proposed again, unless things got clearly worse."""
    renewed: Callable[[Figures, Firing], bool] | None = None
    """Is it about something else, or a further stage, than when the action with those figures was done or dismissed?"""
    settled: str | Promise = ""
    """Why it is gone, of a cause that goes by records of its own; empty: the score of the account tells."""
    look_up: Callable[[Ground], Mapping[int, Any]] | None = None
    """What it goes by besides the score, by account, in as many queries however many accounts: `found[cause.key]`."""

    def switched_on(self, thresholds: PlanThresholds) -> bool:
        return bool(getattr(thresholds, f"propose_{self.key}"))
