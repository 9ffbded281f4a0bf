"""How long customers stay, over the API."""

from __future__ import annotations

from datetime import date
from typing import Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from regulars.api.bearer import acting, scoped
from regulars.api.problems import NotFound
from regulars.base.access import Permission, require
from regulars.base.tokens import ApiScope
from regulars.insight.lifetimes import Lifetimes, lifetimes
from regulars.insight.lifetimes_sentences import Tone, verdicts
from regulars.insight.portfolio import snapshot_of
from regulars.insight.snapshots import current_snapshot

router = Router(tags=["insight"])

By = Literal["year", "quarter", "first_value", "trade", "country", "department", "team"]


class LifetimesIn(Schema):
    """Of which day, and told apart by what."""

    as_of: date | None = Field(None, description="The day of a snapshot that was kept; else the current one.")
    by: By = Field("year", description="When customers were won, what they first ordered, or what they are.")


class VerdictOut(Schema):
    """An answer in words, in the language of the request."""

    key: str
    text: str
    meaning: str
    tone: Tone


class LifetimesOut(Schema):
    """How long the customers stay that the member sees, in figures and in words."""

    lifetimes: Lifetimes
    verdicts: list[VerdictOut]


@router.get("/lifetimes", response=LifetimesOut, summary="How long customers stay, and whether more new ones are lost")
@scoped(ApiScope.INSIGHT_READ)
def get_lifetimes(request: HttpRequest, wanted: Query[LifetimesIn]) -> LifetimesOut:
    member = acting(request)
    require(member, Permission.READ)
    snapshot = snapshot_of(wanted.as_of) if wanted.as_of else current_snapshot()
    if snapshot is None:
        raise NotFound(_("There are no figures of that day."), _("They are computed every night."))
    found = lifetimes(snapshot, member=member, by=wanted.by)
    told = [VerdictOut(key=one.key, text=one.text, meaning=one.meaning, tone=one.tone) for one in verdicts(found)]
    return LifetimesOut(lifetimes=found, verdicts=told)
