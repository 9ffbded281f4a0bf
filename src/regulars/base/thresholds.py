"""Thresholds: the figures that decide, each with a documented default that the organisation may change.

A stage declares its own in a module named `thresholds`, found when Django starts, and reads them where they decide:

    SILENT_SHARE = declare("silent_share", default=0.05, least=0.001, most=0.5, meaning=_("…"))
    SILENT_SHARE.value()
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from regulars.base.models import Organisation
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Value = float | bool


class Unit(StrEnum):
    """What a threshold counts."""

    SWITCH = "switch"
    COUNT = "count"
    DAYS = "days"
    MONTHS = "months"
    SHARE = "share"
    """0.15 is 15 %."""
    TIMES = "times"
    """So many times something."""


_declared: dict[str, Threshold] = {}


class NoSuchThreshold(Refusal):
    """No stage declares a threshold of this name."""


class WrongThreshold(Refusal):
    """A threshold cannot have this value."""


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """One figure: its default, the least and the most it may be, and what it decides. A bool switches something."""

    name: str
    default: Value
    meaning: str | _StrPromise
    least: float | None = None
    most: float | None = None
    unit: Unit = Unit.COUNT

    def of(self, organisation: Organisation | None) -> Value:
        """The organisation's own value, else the default."""
        own: Value | None = organisation.thresholds.get(self.name) if organisation else None
        return self.default if own is None else own

    def value(self) -> Value:
        """The value in force. Reads the organisation: in a loop, use `of`."""
        return self.of(Organisation.objects.only("thresholds").first())

    def checked(self, value: Any) -> Value:
        """`value` if the threshold may have it; else raises `WrongThreshold`."""
        if isinstance(self.default, bool):
            if isinstance(value, bool):
                return value
            raise self._refusal(_("It is either true or false."))
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise self._refusal(_("Give a number."))
        if isinstance(self.default, int) and value != int(value):
            raise self._refusal(_("Give a whole number."))
        if self.least is not None and value < self.least:
            raise self._refusal(_("Give at least %(least)s.") % {"least": self.least})
        if self.most is not None and value > self.most:
            raise self._refusal(_("Give at most %(most)s.") % {"most": self.most})
        return int(value) if isinstance(self.default, int) else float(value)

    def _refusal(self, way_out: str) -> WrongThreshold:
        return WrongThreshold(_("“%(name)s” cannot have this value.") % {"name": self.name}, way_out)


def declare(
    name: str,
    *,
    default: Value,
    meaning: str | _StrPromise,
    least: float | None = None,
    most: float | None = None,
    unit: Unit = Unit.COUNT,
) -> Threshold:
    """Make a threshold known. Its name is unique over all stages."""
    assert name not in _declared, f"The threshold {name} is declared twice."
    unit = Unit.SWITCH if isinstance(default, bool) else unit
    _declared[name] = Threshold(name=name, default=default, meaning=meaning, least=least, most=most, unit=unit)
    return _declared[name]


def declared_thresholds() -> list[Threshold]:
    """All thresholds of all stages, by name."""
    return sorted(_declared.values(), key=lambda threshold: threshold.name)


def threshold(name: str, organisation: Organisation | None = None) -> Value:
    """The value in force of a threshold; with `organisation` nothing is read. Raises `NoSuchThreshold`."""
    found = _find(name)
    return found.value() if organisation is None else found.of(organisation)


def checked_thresholds(values: Mapping[str, Any]) -> dict[str, Value]:
    """`values` as they may be kept: every name declared, every value allowed, None left out (back to the default)."""
    return {name: _find(name).checked(value) for name, value in values.items() if value is not None}


def _find(name: str) -> Threshold:
    if name not in _declared:
        raise NoSuchThreshold(
            _("There is no threshold “%(name)s”.") % {"name": name},
            _("There are: %(names)s.") % {"names": ", ".join(sorted(_declared)) or "–"},
        )
    return _declared[name]
