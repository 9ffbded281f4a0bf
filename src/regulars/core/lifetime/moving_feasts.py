"""The feasts of a country that lie on other days each year, for the seasons of `Seasonal`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from regulars.core.errors import Refusal
from regulars.core.notes import Note, gettext_noop

NOT_KNOWN = gettext_noop("No feasts are known of the country %(country)s.")
GIVE_CODE = gettext_noop("Give its code of two letters, such as IN or DE.")


class UnknownFeasts(Refusal):
    """The feasts of a country cannot be told."""


def moving_feasts(country: str, *, since: date, until: date, named: Sequence[str] = ()) -> list[date]:
    """Give the public holidays of a country (ISO 3166, two letters) that do not come back on the same day each year.

    `named`: only those in whose name one of these words stands; a country with many feasts has hardly a plain day left.
    Raises `UnknownFeasts` for a country that the package `holidays` does not know.
    """
    import holidays  # it takes a quarter of a second: only who asks for feasts waits for it

    years = range(since.year - 2, until.year + 3)  # so many that what moves is seen to move
    try:
        known = holidays.country_holidays(country, years=years)
    except NotImplementedError as unknown:
        raise UnknownFeasts(Note(NOT_KNOWN, country=country), Note(GIVE_CODE)) from unknown
    days_of: dict[str, set[date]] = {}
    for day in known:
        for name in known.get_list(day):
            days_of.setdefault(name, set()).add(day)
    asked = [days for name, days in days_of.items() if not named or any(word in name for word in named)]
    moving = [days for days in asked if len({(day.month, day.day) for day in days}) > max(1, len(days) / 2)]
    return sorted({day for days in moving for day in days if since <= day <= until})
