"""The chart of what a customer says we are worth to it. Before a talk: does it value us more or less than it did?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from regulars.base.formats import day, number
from regulars.plan.models import PerceivedValue
from regulars.plan.perceived_value import LEAST, MOST
from regulars.web.charts import ACCENT, Chart, across, cells, chart_spec, upwards, written_axis

MOST_SHOWN = 24
TICKS = [0, 5, 10]


def worth_chart(said: Sequence[PerceivedValue]) -> Chart | None:
    """Every answer as a dot on its day, the newest first in `said`; None below two of them."""
    shown = list(said[:MOST_SHOWN])
    if len(shown) < 2:
        return None
    first, last = shown[-1].score, shown[0].score
    return Chart(
        title=_title(first, last),
        caption=_("What it said on each day, from 0, nothing, to 10, it could not do without us."),
        spec=_spec(list(reversed(shown))),
        headings=[_("Day"), _("Who said it"), _("From 0 to 10")],
        texts=2,
        rows=[cells([day(one.on), one.contact.name if one.contact else "–", number(one.score)]) for one in shown],
    )


def _title(first: int, last: int) -> str:
    if last > first:
        return _("Are we worth more to it than before? Yes")
    if last < first:
        return _("Are we worth more to it than before? No, less")
    return _("Are we worth more to it than before? As much")


def _spec(said: Sequence[PerceivedValue]) -> dict[str, Any]:
    rows = [
        {"place": place, "score": one.score, "says": f"{day(one.on)}: {one.score}"} for place, one in enumerate(said)
    ]
    days = [day(one.on) for one in said]
    axis = written_axis(
        list(range(len(said))), days.__getitem__, title=None, grid=False, labelAngle=0, labelOverlap="parity"
    )
    x = across("place", "ordinal", sort=None, axis=axis)
    y = upwards("score", axis=written_axis(TICKS, number, title=None), scale={"domain": [LEAST, MOST], "nice": False})
    return chart_spec(
        rows,
        [
            {"mark": {"type": "line", "color": ACCENT, "strokeWidth": 2}, "encoding": {"x": x, "y": y}},
            {
                "mark": {"type": "circle", "color": ACCENT, "size": 60, "opacity": 1},
                "encoding": {"x": x, "y": y, "tooltip": {"field": "says", "type": "nominal"}},
            },
        ],
        height=200,
    )
