"""What is to be expected of an account, and of all together, over the API."""

from __future__ import annotations

import math
from datetime import date
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account
from regulars.api.fields import AccountRef, account_ref
from regulars.api.problems import NotFound
from regulars.base.access import Permission, require
from regulars.base.tokens import ApiScope
from regulars.facts.models import Account
from regulars.insight.forecast_sentences import told_account, told_base
from regulars.insight.forecasts import AccountForecast, Ahead, BaseForecast, Worth, base_forecast, forecast_of
from regulars.insight.portfolio import snapshot_of
from regulars.insight.snapshots import current_snapshot

router = Router(tags=["insight"])


class AccountForecastOut(Schema):
    """What is to be expected of an account; null is unknown. Money in units of `currency`."""

    account: AccountRef
    as_of: date
    currency: str
    forecast: str = Field(description="The forecast that scores.")
    probability_alive: float | None
    ahead: list[Ahead]
    worth: Worth | None
    stays_days: float | None = Field(description="How long it is expected to stay, no more than five years counted.")
    sentences: list[str]


class DayOut(Schema):
    """A day, the chance at its end that the account is still a customer, and whether it ordered on it."""

    day: date
    chance: float | None
    ordered: bool


class AliveCurveOut(Schema):
    """The chance that an account is still a customer over time; after `as_of` as if no further order came."""

    account: AccountRef
    as_of: date
    days: list[DayOut]


class BaseForecastIn(Schema):
    """Of which day."""

    as_of: date | None = Field(None, description="The day of a snapshot that was kept; else the current one.")


class BaseForecastOut(Schema):
    """What the accounts that the member sees will buy together, in figures and in words.

    `forecast` is null where too little is known.
    """

    forecast: BaseForecast | None
    sentences: list[str]


@router.get(
    "/accounts/{uuid:uid}/forecast", response=AccountForecastOut, summary="What an account will buy, with bounds"
)
@scoped(ApiScope.INSIGHT_READ)
def get_account_forecast(request: HttpRequest, uid: UUID) -> AccountForecastOut:
    account, found = _found(request, uid)
    return AccountForecastOut(
        account=account_ref(account),
        as_of=found.as_of,
        currency=found.currency,
        forecast=found.forecast,
        probability_alive=found.probability_alive,
        ahead=found.ahead,
        worth=found.worth,
        stays_days=found.stays_days,
        sentences=told_account(found),
    )


@router.get("/accounts/{uuid:uid}/alive-curve", response=AliveCurveOut, summary="The chance over time that it stays")
@scoped(ApiScope.INSIGHT_READ)
def get_alive_curve(request: HttpRequest, uid: UUID) -> AliveCurveOut:
    account, found = _found(request, uid)
    if found.curve is None:
        raise _nothing_yet()
    days = zip(found.curve.days, found.curve.chances.tolist(), found.curve.ordered.tolist(), strict=True)
    return AliveCurveOut(
        account=account_ref(account),
        as_of=found.as_of,
        days=[
            DayOut(day=day, chance=None if math.isnan(chance) else chance, ordered=ordered)
            for day, chance, ordered in days
        ],
    )


@router.get("/portfolio/forecast", response=BaseForecastOut, summary="What all accounts will buy together, with bounds")
@scoped(ApiScope.INSIGHT_READ)
def get_base_forecast(request: HttpRequest, wanted: Query[BaseForecastIn]) -> BaseForecastOut:
    member = acting(request)
    require(member, Permission.READ)
    snapshot = snapshot_of(wanted.as_of) if wanted.as_of else current_snapshot()
    if snapshot is None:
        raise NotFound(
            _("There is no forecast of that day."), _("Figures are computed every night, once there are orders.")
        )
    found = base_forecast(member=member, snapshot=snapshot)
    return BaseForecastOut(forecast=found, sentences=told_base(found) if found else [])


def _found(request: HttpRequest, uid: UUID) -> tuple[Account, AccountForecast]:
    member = acting(request)
    account = visible_account(uid, member)
    found = forecast_of(account, member=member)
    if found is None:
        raise _nothing_yet()
    return account, found


def _nothing_yet() -> NotFound:
    return NotFound(_("Of this account nothing is expected."), _("It has never ordered, or nothing was computed yet."))
