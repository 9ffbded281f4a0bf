"""The kinds of signals: what each is called, what it bears on, how strong it usually is, and how fast it fades.

Where the defaults come from is in `docs/methods/signals.md`; what a kind really deserves is learned from the firm's own
history where that is long enough (`insight/signal_weights.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

WEAKEST, STRONGEST = 1, 5
"""Of the strengths that a signal may have: 1 hardly worth noting, 3 to be taken seriously, 5 alarming (or a gift)."""


class Direction(StrEnum):
    """What a signal bears on."""

    RISK = "risk"
    POTENTIAL = "potential"


DIRECTIONS: Final[dict[Direction, str | Promise]] = {
    Direction.RISK: _("risk"),
    Direction.POTENTIAL: _("potential"),
}


@dataclass(frozen=True, kw_only=True)
class SignalKind:
    """One kind. After `half_life_days` a signal counts half, after twice as long a quarter."""

    key: str
    label: str | _StrPromise
    direction: Direction
    strength: int
    half_life_days: int


def _risk(key: str, label: _StrPromise, strength: int, half_life_days: int) -> SignalKind:
    return SignalKind(key=key, label=label, direction=Direction.RISK, strength=strength, half_life_days=half_life_days)


def _potential(key: str, label: _StrPromise, strength: int, half_life_days: int) -> SignalKind:
    return SignalKind(
        key=key, label=label, direction=Direction.POTENTIAL, strength=strength, half_life_days=half_life_days
    )


KINDS: Final[dict[str, SignalKind]] = {
    kind.key: kind
    for kind in (
        _risk("competitor_quoted", _("a competitor has quoted"), 4, 90),
        _risk("competitor_mentioned", _("a competitor was mentioned"), 2, 90),
        _risk("competitor_supplies", _("a competitor supplies a part now"), 4, 180),
        _risk("price_pressure", _("presses on the price"), 3, 90),
        _risk("tender_lost", _("we lost a tender"), 4, 180),
        _risk("contract_ending", _("a contract ends soon"), 3, 120),
        _risk("less_planned", _("plans to buy less"), 4, 180),
        _risk("doing_badly", _("does badly itself"), 3, 180),
        _risk("owner_changed", _("has a new owner"), 3, 180),
        _risk("site_closed", _("closes a site"), 3, 180),
        _risk("champion_left", _("our champion has left"), 4, 180),
        _risk("late_delivery", _("we delivered late"), 2, 60),
        _risk("delivery_failed", _("a delivery failed"), 3, 90),
        _risk("complaint", _("has complained"), 3, 90),
        _risk("reopened_issue", _("a problem came back"), 3, 90),
        _risk("high_effort", _("had much trouble getting help"), 4, 120),
        _risk("promise_broken", _("we broke a promise"), 4, 120),
        _risk("payment_slow", _("pays slowly"), 1, 60),
        _risk("invoice_unpaid", _("an invoice is not paid"), 2, 60),
        _risk("value_fallen", _("says that we are worth less to it"), 4, 180),
        _risk("avoids_us", _("avoids talks with us"), 3, 90),
        _potential("praise", _("has praised us"), 2, 120),
        _potential("promise_kept", _("we kept a promise"), 1, 90),
        _potential("low_effort", _("was helped without trouble"), 1, 90),
        _potential("value_confirmed", _("has confirmed what we are worth to it"), 2, 180),
        _potential("referral_given", _("has recommended us"), 3, 180),
        _potential("new_site", _("opens a new site"), 4, 270),
        _potential("staff_growth", _("takes on people"), 3, 180),
        _potential("new_project", _("starts a new project"), 4, 180),
        _potential("new_contact", _("has introduced us to more of its people"), 2, 180),
        _potential("interest_shown", _("asked about something it does not buy yet"), 3, 120),
        _potential("tender_won", _("we won a tender"), 4, 180),
        _potential("opportunity_won", _("has bought something new from us"), 3, 180),
        _potential("competitor_failed", _("a competitor disappointed it"), 4, 120),
    )
}
"""Every kind by its key, risks before potentials. A kind that is in use is never taken away, only added to."""

COMPETITOR: Final = ("competitor_quoted", "competitor_mentioned", "competitor_supplies", "price_pressure")
"""What tells of an attack by a competitor."""


def kind_choices() -> list[tuple[str, str | _StrPromise]]:
    """Key and label of every kind. A function, so that a new kind needs no migration."""
    return [(kind.key, kind.label) for kind in KINDS.values()]


def direction_choices() -> list[tuple[str, str | Promise]]:
    return [(direction.value, label) for direction, label in DIRECTIONS.items()]
