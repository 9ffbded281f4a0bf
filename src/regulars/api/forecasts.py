"""Which forecast scores and why, its record on the firm's own past, and what came of it since."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.fields import NO_NUL, MemberRef, member_ref
from regulars.api.paging import Page, PageIn, page_of
from regulars.api.problems import not_found
from regulars.base.access import Permission, Scope, account_scope, require
from regulars.base.notes import rendered
from regulars.base.tokens import ApiScope
from regulars.core import backtest as core
from regulars.insight.backtests import (
    LEAST_HORIZON_DAYS,
    MOST_HORIZON_DAYS,
    ask_for_backtest,
    backtest_on_its_way,
    outcome_of,
)
from regulars.insight.forecast_choice import (
    HORIZON_DAYS,
    chosen_forecast,
    forecast_names,
    pin_forecast,
    told_choice,
    unpin_forecast,
)
from regulars.insight.forecast_tracking import decay
from regulars.insight.models import Backtest, BacktestRequest, ForecastTrack, PinnedForecast

router = Router(tags=["forecasts"])

Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=NO_NUL), Field(examples=["text"])]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_NUL), Field(examples=["BG/NBD"])]


class PinOut(Schema):
    """The forecast that a member pinned."""

    name: str
    reason: str
    member: MemberRef | None
    since: datetime


class PinIn(Schema):
    """Which forecast is to score from the next figures on, and why."""

    name: Name
    reason: Reason


class RequestOut(Schema):
    """A backtest that was asked for; `made` is its uid once it is there, `refusal` says why it was not made."""

    uid: UUID
    horizon_days: int
    doing: str
    share_done: float
    made: UUID | None
    refusal: str


class BacktestIn(Schema):
    """How many days ahead forecasts are to be tried."""

    horizon_days: int = Field(HORIZON_DAYS, ge=LEAST_HORIZON_DAYS, le=MOST_HORIZON_DAYS)


class BacktestSummary(Schema):
    """A backtest in short."""

    uid: UUID
    as_of: date
    horizon_days: int
    accounts: int
    accounts_known: int
    winner: str
    too_short: bool
    created_at: datetime


class FiguresOut(Schema):
    """How right a forecast was; see `docs/methods/backtest.md`."""

    accounts: int
    expected: float
    came: float
    bias: float
    deviance: float
    rmse: float
    mae: float
    gini: float | None
    calibration_error: float
    coverage: float | None


class OriginOut(Schema):
    """What was forecast on one earlier day."""

    as_of: date
    until: date
    figures: FiguresOut


class TenthOut(Schema):
    """A tenth of the accounts, by rising forecast."""

    accounts: int
    expected: float
    came: float


class RecordOut(Schema):
    """The record of one forecast; `figures` null: it could not be tried, `failings` say why."""

    name: str
    figures: FiguresOut | None
    origins: list[OriginOut]
    tenths: list[TenthOut]
    behind: float | None
    behind_error: float | None
    bias_error: float | None
    failings: list[str]


class BacktestOut(BacktestSummary):
    """A backtest with the records of all forecasts, and how early losses would have been seen."""

    level: float
    reasons: list[str]
    records: list[RecordOut]
    early_warning: dict[str, Any] | None


class ForecastOut(Schema):
    """Which forecast scores from the next figures on, and why."""

    name: str
    why: str = Field(description="pinned, won, too_short or untried")
    sentence: str
    warning: str = Field(description="That forecasts have got worse than their record; empty if they have not.")
    names: list[str] = Field(description="What may be pinned.")
    pin: PinOut | None
    backtest: BacktestOut | None
    on_its_way: RequestOut | None


class TrackOut(Schema):
    """What was expected of all accounts together until a day, and what came; null: the time is not over yet.

    Sales are for who sees all accounts.
    """

    as_of: date
    until: date
    horizon_days: int
    forecast: str
    in_hindsight: bool
    accounts: int
    expected_orders: float
    expected_orders_low: float
    expected_orders_high: float
    expected_sales: float | None
    came_orders: int | None
    came_sales: float | None


@router.get("/forecast", response=ForecastOut, summary="The forecast that scores, and its record")
@scoped(ApiScope.INSIGHT_READ)
def get_forecast(request: HttpRequest) -> ForecastOut:
    require(acting(request), Permission.READ)
    choice, worse, pending = chosen_forecast(), decay(), backtest_on_its_way()
    return ForecastOut(
        name=choice.name,
        why=choice.why,
        sentence=told_choice(choice),
        warning=worse.sentence if worse else "",
        names=forecast_names(),
        pin=_pin(choice.pin) if choice.pin else None,
        backtest=_backtest(choice.backtest) if choice.backtest else None,
        on_its_way=_request(pending) if pending else None,
    )


@router.put("/forecast/pin", response=PinOut, summary="Score with a forecast of one's choice")
@scoped(ApiScope.INSIGHT_WRITE)
def put_pin(request: HttpRequest, wanted: PinIn) -> PinOut:
    """From the next figures on, whatever the backtests say."""
    return _pin(pin_forecast(member=acting(request), name=wanted.name, reason=wanted.reason))


@router.delete("/forecast/pin", response=PinOut, summary="Let the backtests decide again")
@scoped(ApiScope.INSIGHT_WRITE)
def delete_pin(request: HttpRequest) -> PinOut:
    return _pin(unpin_forecast(member=acting(request)))


@router.get("/forecast/tracks", response=Page[TrackOut], summary="What came of earlier forecasts")
@scoped(ApiScope.INSIGHT_READ)
def list_tracks(request: HttpRequest, page: Query[PageIn]) -> Page[TrackOut]:
    member = acting(request)
    require(member, Permission.READ)
    found, following = page_of(ForecastTrack.objects.all(), page)
    shown = [TrackOut.from_orm(track) for track in found]
    if account_scope(member) != Scope.ALL:
        shown = [track.model_copy(update={"expected_sales": None, "came_sales": None}) for track in shown]
    return Page[TrackOut](items=shown, next=following)


@router.get("/backtests", response=Page[BacktestSummary], summary="All backtests")
@scoped(ApiScope.INSIGHT_READ)
def list_backtests(request: HttpRequest, page: Query[PageIn]) -> Page[BacktestSummary]:
    require(acting(request), Permission.READ)
    found, following = page_of(Backtest.objects.defer("outcome", "early_warning"), page)
    return Page[BacktestSummary](items=[BacktestSummary.from_orm(one) for one in found], next=following)


@router.get("/backtests/{uuid:uid}", response=BacktestOut, summary="One backtest")
@scoped(ApiScope.INSIGHT_READ)
def get_backtest(request: HttpRequest, uid: UUID) -> BacktestOut:
    require(acting(request), Permission.READ)
    found = Backtest.objects.filter(uid=uid).first()
    if found is None:
        raise not_found()
    return _backtest(found)


@router.post("/backtests", response=RequestOut, summary="Try all forecasts on the firm's own past")
@scoped(ApiScope.INSIGHT_WRITE)
def post_backtest(request: HttpRequest, wanted: BacktestIn) -> RequestOut:
    """A job does it; `GET /forecast` tells how far it is. While one is on its way no other is begun."""
    return _request(ask_for_backtest(member=acting(request), horizon_days=wanted.horizon_days))


def _pin(pin: PinnedForecast) -> PinOut:
    return PinOut(name=pin.name, reason=pin.reason, member=member_ref(pin.member), since=pin.since)


def _request(request: BacktestRequest) -> RequestOut:
    return RequestOut(
        uid=request.uid,
        horizon_days=request.horizon_days,
        doing=request.doing,
        share_done=request.share_done,
        made=request.made.uid if request.made else None,
        refusal=request.refusal.get("sentence", ""),
    )


def _backtest(backtest: Backtest) -> BacktestOut:
    outcome = outcome_of(backtest)
    return BacktestOut(
        **BacktestSummary.from_orm(backtest).dict(),
        level=outcome.level,
        reasons=[rendered(reason) for reason in outcome.reasons],
        records=[_record(record) for record in outcome.records],
        early_warning=backtest.early_warning,
    )


def _record(record: core.Record) -> RecordOut:
    shown = RecordOut.from_orm(record)
    return shown.model_copy(update={"failings": [rendered(failing) for failing in record.failings]})
