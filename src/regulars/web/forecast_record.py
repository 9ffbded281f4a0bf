"""How right is this? For the owner or sales head before he trusts a figure, on the day a forecast is doubted, to decide
how far to rely on what is expected, and whether another forecast should be used.
"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from regulars.base.access import Permission, may, require
from regulars.base.formats import day, number
from regulars.base.notes import rendered
from regulars.base.organisation import zone
from regulars.core.backtest import Backtest as Outcome
from regulars.core.early_warning import EarlyWarning
from regulars.insight.backtest_sentences import scored_record, told_losses, told_lost, verdict, why_this_one
from regulars.insight.backtests import ask_for_backtest, backtests, outcome_of
from regulars.insight.forecast_choice import (
    HORIZON_DAYS,
    ForecastChoice,
    Why,
    chosen_forecast,
    forecast_names,
    pin_forecast,
    unpin_forecast,
)
from regulars.insight.forecast_tracking import decay
from regulars.insight.models import Backtest, BacktestRequest, ForecastTrack, Snapshot
from regulars.web.csv_files import csv_answer
from regulars.web.desk import Desk, desk_of
from regulars.web.forecast_charts import calibration_chart, has_held, origins_chart, tracking_charts
from regulars.web.forecast_contenders import contenders_of, headings, rows_of, rules_of
from regulars.web.frame import Toast, show_next
from regulars.web.imports.work import go_to, work_on
from regulars.web.settings.pages import carried_out, typed

PAGE = "how_right"
HORIZONS_DAYS = (30, 90, 180, 365)
EARLIER_SHOWN = 12


class RunForm(forms.Form):
    """How far ahead forecasts are to be tried."""

    horizon_days = forms.TypedChoiceField(label=gettext_lazy("Days ahead"), coerce=int)

    def __init__(self, given: Any = None) -> None:
        super().__init__(given, initial={"horizon_days": HORIZON_DAYS})
        choices = [(days, _("%(days)s days") % {"days": number(days)}) for days in HORIZONS_DAYS]
        self.fields["horizon_days"].choices = choices  # type: ignore[attr-defined]


class PinForm(forms.Form):
    """Which forecast is to be used, and why."""

    name = forms.ChoiceField(label=gettext_lazy("Forecast"))
    reason = forms.CharField(
        label=gettext_lazy("Why it is better than the winner"), max_length=1000, widget=forms.Textarea({"rows": 2})
    )

    def __init__(self, given: Any = None) -> None:
        super().__init__(given)
        self.fields["name"].choices = [(name, rendered(name)) for name in forecast_names()]  # type: ignore[attr-defined]


@require_safe
def how_right(request: HttpRequest) -> HttpResponse:
    """The record of the forecast that scores: on the firm's own past, and since."""
    return _page(request)


@require_safe
def work(request: HttpRequest) -> HttpResponse:
    """How far the test is, for the page that asks every two seconds; once it is over, the page anew."""
    desk = _desk(request)
    wanted = _wanted()
    going_on = work_on(wanted) if wanted else None
    if going_on is None or not going_on.going_on or not request.headers.get("HX-Request"):
        return go_to(request, PAGE)
    return render(request, "web/forecast_record_work.html", {"desk": desk, "work": going_on})


@require_safe
def contenders_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The forecasts that were tried, as a file."""
    desk = _desk(request)
    require(desk.member, Permission.EXPORT)
    shown = _shown(request, backtests())
    if shown is None:
        raise Http404
    return csv_answer(f"forecasts-{shown.as_of.isoformat()}.csv", headings(), rows_of(outcome_of(shown)))


@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """Have a worker try all forecasts."""
    desk = desk_of(request)
    require(desk.member, Permission.CONFIGURE)
    form = RunForm(request.POST)
    if not carried_out(form, lambda said: ask_for_backtest(member=desk.member, horizon_days=said["horizon_days"])):
        return _page(request, run_form=form, status=422)
    return redirect(PAGE)


@require_POST
def pin(request: HttpRequest) -> HttpResponse:
    """Use the forecast that was chosen, until it is unpinned."""
    desk = desk_of(request)
    require(desk.member, Permission.CONFIGURE)
    form = PinForm(typed(request))
    if not carried_out(form, lambda said: pin_forecast(member=desk.member, **said)):
        return _page(request, pin_form=form, status=422)
    name = {"name": rendered(form.cleaned_data["name"])}
    undo = "" if "undo" in request.GET else reverse("how_right_unpin")
    show_next(request, Toast(text=_("“%(name)s” is used from the next figures on.") % name, undo=undo))
    return redirect(PAGE)


@require_POST
def unpin(request: HttpRequest) -> HttpResponse:
    """Let the backtests decide again."""
    ended = unpin_forecast(member=desk_of(request).member)
    again = urlencode({"undo": "1", "name": ended.name, "reason": ended.reason})
    text = _("The winner of the newest test is used from the next figures on.")
    show_next(request, Toast(text=text, undo=f"{reverse('how_right_pin')}?{again}"))
    return redirect(PAGE)


def _desk(request: HttpRequest) -> Desk:
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    return desk


def _page(
    request: HttpRequest, *, run_form: RunForm | None = None, pin_form: PinForm | None = None, status: int = 200
) -> HttpResponse:
    desk = _desk(request)
    kept = backtests()
    choice = chosen_forecast()
    shown = _shown(request, kept)
    is_newest = shown is None or shown == kept[0]
    wanted = _wanted()
    context = {
        "desk": desk,
        "zone": zone(desk.organisation),
        "may_set": may(desk.member, Permission.CONFIGURE),
        "choice": choice,
        "shown": shown,
        "is_newest": is_newest,
        "earlier": _earlier(kept),
        "took": _took(shown) if shown else "",
        "work": work_on(wanted) if wanted else None,
        "refusal": _refusal(wanted, kept),
        "run_form": run_form or RunForm(),
        "pin_form": pin_form or PinForm(),
        **_tracking(desk),
        **_record(choice.backtest if is_newest else shown, choice, is_newest=is_newest),
        "in_use": _in_use(choice),
    }
    return render(request, "web/forecast_record.html", context, status=status)


def _wanted() -> BacktestRequest | None:
    """The backtest that was asked for last."""
    return BacktestRequest.objects.order_by("-pk").first()


def _refusal(wanted: BacktestRequest | None, kept: list[Backtest]) -> dict[str, str]:
    """Why the test that was wanted last was not made, unless one was made since."""
    if wanted is None or any(one.created_at > wanted.created_at for one in kept):
        return {}
    refusal: dict[str, str] = wanted.refusal
    return refusal


def _shown(request: HttpRequest, kept: list[Backtest]) -> Backtest | None:
    """The backtest that was asked for, else the one that decides; None before there is any."""
    asked = request.GET.get("test", "")
    if not asked:
        return kept[0] if kept else None
    try:
        uid = uuid.UUID(asked)
    except ValueError:
        raise Http404 from None
    found = next((one for one in kept if one.uid == uid), None)
    if found is None:
        raise Http404
    return found


def _record(shown: Backtest | None, choice: ForecastChoice, *, is_newest: bool) -> dict[str, Any]:
    """What the backtest found; of an earlier one, as it was then, when its own winner was used."""
    outcome = outcome_of(shown) if shown is not None else None
    if shown is not None and not is_newest:
        choice = _choice_then(shown)
    return {
        "verdict": verdict(choice, outcome),
        "why": why_this_one(choice, outcome),
        **(_of_outcome(shown, outcome, choice) if shown is not None and outcome is not None else {}),
    }


def _choice_then(backtest: Backtest) -> ForecastChoice:
    """What an earlier backtest would have chosen by itself."""
    why = Why.TOO_SHORT if backtest.too_short else Why.WON
    return ForecastChoice(name=backtest.winner, horizon_days=backtest.horizon_days, why=why, backtest=backtest)


def _of_outcome(shown: Backtest, outcome: Outcome, choice: ForecastChoice) -> dict[str, Any]:
    record = scored_record(choice, outcome) or outcome.record
    warning = EarlyWarning.from_data(shown.early_warning) if shown.early_warning else None
    return {
        "outcome": outcome,
        "record": record,
        "contenders": contenders_of(outcome, pinned=choice.pin.name if choice.pin else ""),
        "charts": [chart for chart in (origins_chart(record), calibration_chart(record)) if chart] if record else [],
        "losses": told_losses(warning) if warning else [],
        "rules": rules_of(warning) if warning and warning.lost else [],
        "told_lost": told_lost(warning) if warning else "",
    }


def _earlier(kept: list[Backtest]) -> list[dict[str, Any]]:
    return [
        {
            "test": one,
            "winner": rendered(one.winner),
            "length": _("%(days)s days") % {"days": number(one.horizon_days)},
        }
        for one in kept[:EARLIER_SHOWN]
    ]


def _took(test: Backtest) -> str:
    seconds = max(round(test.seconds), 1)
    return ngettext("The last one took %(count)s second.", "The last one took %(count)s seconds.", seconds) % {
        "count": number(seconds)
    }


def _in_use(choice: ForecastChoice) -> dict[str, str] | None:
    """The forecast that the figures in force were made with, where from the next ones on it is another."""
    now = Snapshot.objects.filter(current=True).values_list("lifetime_model", "as_of").first()
    made_with = (now[0].get("forecast") or {}).get("name", "") if now else ""
    if now is None or made_with == choice.name:
        return None
    return {"name": rendered(made_with) if made_with else "", "next": rendered(choice.name), "day": day(now[1])}


# Since


def _tracking(desk: Desk) -> dict[str, Any]:
    """Forecasts that were made in earnest. Sales of the whole firm are told only to who sees all its accounts."""
    newest = ForecastTrack.objects.order_by("-until")
    settled = list(newest.filter(~Q(settled_at=None))[:200])
    waiting = list(ForecastTrack.objects.filter(settled_at=None).order_by("until")[:20])
    worse = decay()
    return {
        "decay": worse.sentence if worse else "",
        "tracking": tracking_charts([*settled, *waiting], currency=desk.currency if desk.sees_everyone else None),
        "held": _held(settled),
        "next": _next(waiting) if not settled else "",
    }


def _held(settled: list[ForecastTrack]) -> str:
    if not settled:
        return ""
    return ngettext(
        "%(held)s of %(count)s forecast held: what came lay where nine of ten should.",
        "%(held)s of %(count)s forecasts held: what came lay where nine of ten should.",
        len(settled),
    ) % {"held": number(sum(has_held(one) for one in settled)), "count": number(len(settled))}


def _next(waiting: list[ForecastTrack]) -> str:
    if not waiting:
        return ""
    first = waiting[0]
    return _(
        "On %(made)s we expected %(low)s to %(high)s orders up to %(until)s. When orders up to that day are here, they "
        "are held against it."
    ) % {
        "made": day(first.as_of),
        "low": number(first.expected_orders_low),
        "high": number(first.expected_orders_high),
        "until": day(first.until),
    }


urlpatterns = [
    path("portfolio/how-right/", how_right, name=PAGE),
    path("portfolio/how-right.csv", contenders_csv, name="how_right_csv"),
    path("portfolio/how-right/work/", work, name="how_right_work"),
    path("portfolio/how-right/run/", run, name="how_right_run"),
    path("portfolio/how-right/pin/", pin, name="how_right_pin"),
    path("portfolio/how-right/unpin/", unpin, name="how_right_unpin"),
]
