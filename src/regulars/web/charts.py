"""Charts: what the page says about one (title, caption, table) and its Vega-Lite specification, which charts.js draws.

A chart's title is the answer to a question; its table says the same without a picture. Figures are written here, so
that the browser writes none. Specifications are plain dictionaries, since importing Altair costs a second; colours in
them are the custom properties of tokens.css, so that a picture follows the theme without being drawn again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import translation

from regulars.base.formats import money, number

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
Spec = dict[str, Any]

INK, FAINT, LINE = "var(--ink-2)", "var(--ink-3)", "var(--line)"
ACCENT, RISK, WARN, SOFT = "var(--accent)", "var(--risk)", "var(--warn)", "var(--accent-soft)"
LIGHT = {
    "ink-2": "#56616f",
    "ink-3": "#687280",
    "line": "#e3e7ec",
    "accent": "#0b6e4f",
    "accent-soft": "#e7f3ee",
    "risk": "#b4322a",
    "warn": "#855900",
    "card": "#fff",
}
"""The colours of the light theme, for pictures outside the page; a test holds them against tokens.css."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of a chart's table; with an address it is a link."""

    text: str
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart as `parts/chart.html` shows it. The first column of the table names its rows."""

    title: str
    caption: str
    spec: Spec
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    tall: bool = False
    texts: int = 1
    """So many columns of the table hold words; those after them hold figures."""
    notes: Sequence[str] = field(default_factory=tuple)
    """Sentences below the caption."""

    @property
    def as_json(self) -> str:
        return json.dumps(self.spec, ensure_ascii=False, separators=(",", ":"))

    @property
    def drawing(self) -> str:
        """What kind of space the picture needs before it is there."""
        return "tall" if self.tall else ""


def chart_spec(values: Sequence[Spec], layers: Sequence[Spec], *, height: int) -> Spec:
    """A specification of layers over the same rows, as wide as its place and in the style of the pages."""
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": list(values)},
        "layer": list(layers),
        "config": CONFIG,
    }


CONFIG: Spec = {
    "background": "transparent",
    "aria": False,  # the place of the picture has its name; the table says the rest
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "grid": True,
        "gridColor": LINE,
        "labelColor": FAINT,
        "labelFontSize": 11,
        "labelPadding": 6,
        "titleColor": INK,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    },
    "axisX": {"labelFlush": False},
    "legend": {"labelColor": INK, "labelFontSize": 12, "symbolType": "square", "title": None, "orient": "top"},
    "text": {"color": INK, "fontSize": 11},
}


# Axes


def is_mirrored() -> bool:
    """The language is written from right to left: time and amounts run that way, too."""
    return translation.get_language_bidi()


def across(name: str, kind: str, **more: Any) -> Spec:
    """The encoding of the horizontal axis."""
    scale = {"reverse": True, **more.pop("scale", {})} if is_mirrored() else more.pop("scale", {})
    return {"field": name, "type": kind, "scale": scale, **more}


def upwards(name: str, **more: Any) -> Spec:
    """The encoding of the vertical axis, at the side where reading begins."""
    axis = more.pop("axis", {})
    return {
        "field": name,
        "type": "quantitative",
        "axis": {"orient": "right" if is_mirrored() else "left", **axis} if axis is not None else None,
        **more,
    }


def written_axis(ticks: Sequence[Any], write: Callable[[Any], str], **more: Any) -> Spec:
    """An axis with these ticks, labelled in the language of the page."""
    labels = json.dumps([write(tick) for tick in ticks], ensure_ascii=False)
    places = json.dumps(list(ticks))
    return {"values": list(ticks), "labelExpr": f"{labels}[indexof({places}, datum.value)]", **more}


def ticks_between(low: float, high: float, *, about: int = 4) -> list[float]:
    """Round numbers that hold low and high between them: 0, 20, 40, 60."""
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / about))
    step = next(power * times for times in (1, 2, 2.5, 5, 10) if span / (power * times) <= about)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(place * step, 10) for place in range(first, max(last, first + 1) + 1)]


def steps_between(low: float, high: float) -> list[float]:
    """Round numbers between low and high for a logarithmic axis: powers of ten; over a short way 2 and 5 times, too."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    times = (1, 2, 5) if math.log10(high / low) < 3 else (1,)
    return [step for power in powers for one in times if low <= (step := one * 10.0**power) <= high]


def money_axis(ticks: Sequence[float], currency: str) -> Spec:
    """An axis of amounts."""
    return written_axis(ticks, lambda tick: money(tick, currency) if tick else number(0), title=None)


def cells(texts: Iterable[str], *, address: str = "") -> list[Cell]:
    """A row of a table; the address belongs to its first cell."""
    return [Cell(text=text, address="" if place else address) for place, text in enumerate(texts)]


# Outside the page


def as_svg(chart: Chart, *, width: int = 640) -> str:
    """The picture by itself, in the light theme, for e-mail and print."""
    import vl_convert

    spec = {**chart.spec, "width": width, "autosize": {"type": "pad"}}
    svg: str = vl_convert.vegalite_to_svg(_with_real_colours(spec))
    return svg


def _with_real_colours(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _with_real_colours(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_with_real_colours(value) for value in part]
    if isinstance(part, str) and part.startswith("var(--"):
        return LIGHT[part.removeprefix("var(--").removesuffix(")")]
    return part
