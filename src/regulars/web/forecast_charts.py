"""The charts of the page *How right is this?*: what was expected against what came, by group, by time, and since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.formats import day, money, number, percent, short_month
from regulars.core.backtest import Record, Tenth
from regulars.insight.backtest_sentences import CLOSE, how_far_off, off_by
from regulars.insight.models import ForecastTrack
from regulars.web.charts import (
    ACCENT,
    INK,
    LINE,
    RISK,
    Cell,
    Chart,
    Spec,
    across,
    cells,
    chart_spec,
    ticks_between,
    upwards,
    written_axis,
)

FEW = 3
"""So few bars have a width of their own, else they would be walls."""
MOST_TRACKS = 60
UNKNOWN = "?"


# On the past


def calibration_chart(record: Record) -> Chart | None:
    """Customers in ten groups, from the quietest to the busiest by the forecast: expected against came."""
    if record.figures is None or not record.tenths:
        return None
    rows = [_of_tenth(place, tenth) for place, tenth in enumerate(record.tenths, start=1)]
    return Chart(
        title=_("Is it right for quiet and busy customers alike? Over ten groups it is %(share)s off")
        % {"share": percent(record.figures.calibration_error)},
        caption=_(
            "All customers of the times tried, in ten groups of the same size, from those of whom the fewest orders "
            "were expected to those of whom the most were. Bars: the orders that came. Lines: those expected."
        ),
        spec=_pairs(rows),
        headings=[_("Group"), _("Customers"), _("Expected"), _("Came"), _("Too high or low")],
        rows=[
            cells([row["place"], number(tenth.accounts), *_pair(tenth.expected, tenth.came)])
            for row, tenth in zip(rows, record.tenths, strict=True)
        ],
    )


def _of_tenth(place: int, tenth: Tenth) -> Spec:
    words = {"group": number(place), "expected": number(tenth.expected), "came": number(tenth.came)}
    said = _("Group %(group)s: %(expected)s expected, %(came)s came") % words
    return _row(number(place), tenth.expected, tenth.came, said)


def origins_chart(record: Record) -> Chart | None:
    """The times that were tried: expected against came."""
    if not record.origins:
        return None
    rows = []
    for origin in record.origins:
        figures = origin.figures
        words = {"expected": number(figures.expected), "came": number(figures.came), "day": day(origin.until)}
        said = _("Up to %(day)s: %(expected)s expected, %(came)s came.") % words
        off = how_far_off(figures.expected, figures.came)
        rows.append(_row(day(origin.until), figures.expected, figures.came, f"{said} {off}"))
    shares = [off_by(one.figures.expected, one.figures.came) for one in record.origins]
    close = sum(one is not None and abs(one) <= CLOSE for one in shares)
    return Chart(
        title=ngettext(
            "Was it right every time? %(close)s of %(count)s time within %(share)s",
            "Was it right every time? %(close)s of %(count)s times within %(share)s",
            len(shares),
        )
        % {"close": number(close), "count": number(len(shares)), "share": percent(CLOSE, digits=0)},
        caption=_(
            "Each time, the forecast knew only what was known on the day it was made. Bars: the orders that came up to "
            "the date below. Lines: those expected."
        ),
        spec=_pairs(rows),
        headings=[_("Made on"), _("Up to"), _("Expected"), _("Came"), _("Too high or low")],
        rows=[
            cells([day(one.as_of), day(one.until), *_pair(one.figures.expected, one.figures.came)])
            for one in record.origins
        ],
        texts=2,
    )


def _row(place: str, expected: float, came: float, said: str) -> Spec:
    return {"place": place, "expected": round(expected, 2), "came": round(came, 2), "says": said}


def _pair(expected: float, came: float) -> list[str]:
    off = off_by(expected, came)
    return [number(expected), number(came), UNKNOWN if off is None else percent(off, signed=True)]


def _pairs(rows: list[Spec]) -> Spec:
    """Bars for what came, a line across each for what was expected."""
    ticks = ticks_between(0.0, max(1.0, *(max(row["expected"], row["came"]) for row in rows)))
    x, amounts, scale = _places(rows), _counts(ticks), _scale(ticks)
    width: Any = 56 if len(rows) <= FEW else {"band": 0.6}
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "width": width, "cornerRadiusEnd": 2, "color": ACCENT, "opacity": 0.9},
            "encoding": {"y": upwards("came", axis=amounts, scale=scale)},
        },
        {
            "mark": {"type": "tick", "width": 72 if len(rows) <= FEW else {"band": 0.9}, "thickness": 3, "color": INK},
            "encoding": {"y": upwards("expected", axis=amounts, scale=scale)},
        },
    ]
    return chart_spec(rows, _with_places(layers, x), height=220)


# Since


def tracking_charts(tracks: Sequence[ForecastTrack], *, currency: str | None) -> list[Chart]:
    """A chart for each length of time of which a forecast is settled, the longest first.

    `currency`: the sales are told, too, in the table.
    """
    lengths = sorted({one.horizon_days for one in tracks if one.came_orders is not None}, reverse=True)
    return [_tracking_chart([one for one in tracks if one.horizon_days == days], days, currency) for days in lengths]


def _tracking_chart(tracks: Sequence[ForecastTrack], days: int, currency: str | None) -> Chart:
    settled = [one for one in tracks if one.came_orders is not None]
    held = sum(has_held(one) for one in settled)
    shown = _thinned(sorted(tracks, key=lambda one: one.until))
    words = {"days": number(days), "held": number(held), "count": number(len(settled))}
    headings = [
        _("Made on"),
        _("Up to"),
        _("Expected"),
        _("Nine times of ten between"),
        _("Came"),
        _("Too high or low"),
    ]
    return Chart(
        title=ngettext(
            "Do forecasts for %(days)s days hold? %(held)s of %(count)s did",
            "Do forecasts for %(days)s days hold? %(held)s of %(count)s did",
            len(settled),
        )
        % words,
        caption=_(
            "Bands: between which nine of ten should come, for the time up to the date below. Lines: the orders "
            "expected. Points: what came; red where it left the band. A band without a point is not over yet."
        ),
        notes=_in_hindsight(shown),
        spec=_bands([_of_track(one) for one in shown]),
        headings=headings + ([_("Sales expected"), _("Sales that came")] if currency else []),
        rows=[_told(one, currency) for one in reversed(shown)],
        texts=2,
    )


def has_held(track: ForecastTrack) -> bool:
    """Whether what came lies where nine of ten should."""
    came = track.came_orders
    return came is not None and round(track.expected_orders_low) <= came <= round(track.expected_orders_high)


def _thinned(tracks: list[ForecastTrack]) -> list[ForecastTrack]:
    """At most `MOST_TRACKS` of them, evenly spread; the newest stays."""
    every = -(-len(tracks) // MOST_TRACKS) or 1
    return tracks[::-1][::every][::-1]


def _in_hindsight(tracks: Sequence[ForecastTrack]) -> list[str]:
    if not any(one.in_hindsight for one in tracks):
        return []
    return [_("* Computed later, from what was known on that day.")]


def _marked(track: ForecastTrack) -> str:
    return day(track.as_of) + (" *" if track.in_hindsight else "")


def _of_track(track: ForecastTrack) -> Spec:
    words = {
        "day": day(track.until),
        "low": number(track.expected_orders_low),
        "high": number(track.expected_orders_high),
        "came": number(track.came_orders or 0),
    }
    row: Spec = {
        "place": track.until.isoformat(),
        "label": short_month(track.until),
        "low": round(track.expected_orders_low, 2),
        "high": round(track.expected_orders_high, 2),
        "expected": round(track.expected_orders, 2),
    }
    if track.came_orders is None:
        return row | {"says": _("Up to %(day)s: %(low)s to %(high)s orders expected") % words}
    row |= {"came": track.came_orders, "left": not has_held(track)}
    return row | {"says": _("Up to %(day)s: %(low)s to %(high)s orders expected, %(came)s came") % words}


def _told(track: ForecastTrack, currency: str | None) -> list[Cell]:
    ends = {"low": number(track.expected_orders_low), "high": number(track.expected_orders_high)}
    off = None if track.came_orders is None else off_by(track.expected_orders, track.came_orders)
    texts = [
        _marked(track),
        day(track.until),
        number(track.expected_orders),
        _("%(low)s to %(high)s") % ends,
        UNKNOWN if track.came_orders is None else number(track.came_orders),
        UNKNOWN if off is None else percent(off, signed=True),
    ]
    if currency:
        sales = (track.expected_sales, track.came_sales)
        texts += [UNKNOWN if one is None else money(one, currency) for one in sales]
    return cells(texts)


def _bands(rows: list[Spec]) -> Spec:
    top = max(max(row["high"], row.get("came", 0)) for row in rows)
    low = min(min(row["low"], row.get("came", row["low"])) for row in rows)
    ticks = ticks_between(low if low > top / 2 else 0.0, max(top, 1.0))
    x, amounts, scale = _places(rows), _counts(ticks), _scale(ticks)
    few = len(rows) <= FEW
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "width": 72 if few else {"band": 0.9}, "color": LINE},
            "encoding": {"y": upwards("low", axis=amounts, scale=scale), "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "tick", "width": 72 if few else {"band": 0.9}, "thickness": 2, "color": INK},
            "encoding": {"y": upwards("expected", axis=amounts, scale=scale)},
        },
        {
            "transform": [{"filter": "isValid(datum.came)"}],
            "mark": {"type": "circle", "size": 90, "opacity": 1},
            "encoding": {
                "y": upwards("came", axis=amounts, scale=scale),
                "color": {"condition": {"test": "datum.left", "value": RISK}, "value": ACCENT},
            },
        },
    ]
    return chart_spec(rows, _with_places(layers, x), height=220)


def _places(rows: Sequence[Spec]) -> Spec:
    names = {row["place"]: str(row.get("label", row["place"])) for row in rows}
    axis = written_axis(list(names), names.__getitem__, labelAngle=0, labelOverlap="parity", grid=False)
    return across("place", "ordinal", sort=None, title=None, axis=axis | {"labelSeparation": 10})


def _counts(ticks: Sequence[float]) -> Spec:
    return written_axis(ticks, number, title=None)


def _scale(ticks: Sequence[float]) -> Spec:
    return {"domain": [ticks[0], ticks[-1]], "nice": False, "zero": False}


def _with_places(layers: list[Spec], x: Spec) -> list[Spec]:
    says = {"field": "says", "type": "nominal"}
    return [{**layer, "encoding": {**layer["encoding"], "x": x, "tooltip": says}} for layer in layers]
