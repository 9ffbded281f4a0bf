"""Views that come with the product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from regulars.web.accounts.filters import NOBODY
from regulars.web.desk import Desk

ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A view with a key instead of a uid; its query is made anew for the day."""

    key: str
    name: str
    query: Mapping[str, str]


def presets(desk: Desk) -> list[Preset]:
    """In the language and for the day in force."""
    quarter = desk.day.replace(month=(desk.day.month - 1) // 3 * 3 + 1, day=1)
    return [
        Preset(key="quiet", name=_("Gone quiet"), query={"cause": "gone_silent", "sort": "-risk"}),
        Preset(key="at-risk", name=_("Biggest at risk"), query={"risk": "1", "sort": "-risk"}),
        Preset(key="nobody", name=_("Nobody looks after"), query={"owner": NOBODY}),
        Preset(
            key="new",
            name=_("New this quarter"),
            query={"first_since": quarter.isoformat(), "sort": "-first_order"},
        ),
    ]
