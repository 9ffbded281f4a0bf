"""On which days a place does not work: its public holidays, as the package `holidays` knows them.

The package is imported where it is asked: it takes a quarter of a second, which most commands need not wait.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache


def countries() -> list[str]:
    """Codes of the countries whose holidays are known (ISO 3166, two letters), sorted."""
    return sorted(code for code in _supported() if len(code) == 2)


def regions(country: str) -> list[str]:
    """Codes of the parts of a country that have holidays of their own, sorted; none for most countries."""
    return sorted(_supported().get(country, []))


def is_known(place: str) -> bool:
    """Whether holidays are known of a place: a country as `NP`, or a part of it as `DE-BY`."""
    country, dash, region = place.partition("-")
    return country in countries() and (not dash or region in regions(country))


def public_holidays(place: str, *, years: Iterable[int]) -> frozenset[date]:
    """The public holidays of a known place in these years; none for no place."""
    return frozenset().union(*(_in_year(place, year) for year in years)) if place else frozenset()


@lru_cache(maxsize=64)
def _in_year(place: str, year: int) -> frozenset[date]:
    import holidays

    country, _dash, region = place.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year))


@lru_cache(maxsize=1)
def _supported() -> dict[str, list[str]]:
    import holidays

    return holidays.list_supported_countries()
