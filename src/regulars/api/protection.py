"""Protection levels: what accounts are worth, how likely they are lost, and how well they are to be protected."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account
from regulars.api.fields import AccountRef, account_ref
from regulars.api.insight import SentenceOut
from regulars.api.paging import Page, PageIn, page_of
from regulars.api.problems import NotFound
from regulars.base.access import Permission, require
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.insight.days import day_of_work
from regulars.insight.models import Protection
from regulars.insight.protection import protection_of, visible_protection
from regulars.insight.protection_sentences import level_sentence

router = Router(tags=["insight"])

Level = Annotated[int, Field(ge=1, le=4)]


class ProtectionFilter(PageIn):
    """Which accounts."""

    level: Level | None = Field(None, description="At least this level: 1 basic, 2 raised, 3 high, 4 highest.")


class ProtectionOut(Schema):
    """Value, risk and level of an account; null is unknown. Money in units of `currency`, a year."""

    account: AccountRef
    as_of: dt.date
    level: int
    level_name: str
    since: dt.date | None
    level_before: int | None
    value_band: str
    worth: float
    risk_by_orders: float | None
    risk: float | None
    stake: float | None
    potential: float | None
    currency: str
    sentence: str


class LiveSignalOut(Schema):
    """A signal that still counts."""

    uid: UUID
    kind: str
    observed_on: dt.date
    strength: int
    share_left: float
    odds: float = Field(description="What it multiplies the odds by now.")


class AccountProtectionOut(ProtectionOut):
    """With its reasons."""

    sentences: list[SentenceOut]
    signals: list[LiveSignalOut]


@router.get("/protection", response=Page[ProtectionOut], summary="Protection of the accounts that the member may see")
@scoped(ApiScope.INSIGHT_READ)
def list_protection(request: HttpRequest, page: Query[ProtectionFilter]) -> Page[ProtectionOut]:
    member = acting(request)
    require(member, Permission.READ)
    found = visible_protection(member).select_related("account")
    if page.level is not None:
        found = found.filter(level__gte=page.level)
    items, following = page_of(found, page, by="account__uid")
    currency = organisation().base_currency
    return Page[ProtectionOut](items=[ProtectionOut(**_shown(one, currency)) for one in items], next=following)


@router.get(
    "/accounts/{uuid:uid}/protection", response=AccountProtectionOut, summary="An account's protection, and why"
)
@scoped(ApiScope.INSIGHT_READ)
def get_protection(request: HttpRequest, uid: UUID) -> AccountProtectionOut:
    account = visible_account(uid, acting(request))
    currency = organisation().base_currency
    told = protection_of(account, on=day_of_work(today(organisation())), currency=currency)
    if told.found is None:
        raise NotFound(
            _("This account has no protection level."), _("It has never ordered, or nothing was computed yet.")
        )
    told.found.account = account
    return AccountProtectionOut(
        **_shown(told.found, currency),
        sentences=[SentenceOut(figure=one.key, text=one.text, effect=one.effect) for one in told.sentences],
        signals=[
            LiveSignalOut(
                uid=one.uid,
                kind=one.kind,
                observed_on=one.observed_on,
                strength=one.strength,
                share_left=one.share_left,
                odds=one.odds,
            )
            for one in told.signals
        ],
    )


def _shown(found: Protection, currency: str) -> dict[str, Any]:
    return {
        "account": account_ref(found.account),
        "as_of": found.as_of,
        "level": found.level,
        "level_name": str(found.get_level_display()),
        "since": found.since,
        "level_before": found.level_before,
        "value_band": Protection.Band(found.band).name.lower(),
        "worth": found.worth,
        "risk_by_orders": found.risk_by_orders,
        "risk": found.risk,
        "stake": found.stake,
        "potential": found.potential,
        "currency": currency,
        "sentence": level_sentence(found),
    }
