"""Scores with their reasons, and the portfolio."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, ModelSchema, Query, Router, Schema

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account
from regulars.api.fields import AccountRef, account_ref
from regulars.api.paging import Page, PageIn, page_of
from regulars.api.problems import NotFound
from regulars.base.access import Permission, may, require
from regulars.base.models import Member
from regulars.base.tokens import ApiScope
from regulars.facts.accounts import seen_by
from regulars.insight.histories import basis_in_force
from regulars.insight.models import Score
from regulars.insight.portfolio import portfolio_at
from regulars.insight.portfolio_figures import Portfolio
from regulars.insight.sentences import Effect, sentences
from regulars.insight.snapshots import current_snapshot, kept_snapshot

router = Router(tags=["insight"])


class ScoreFilter(PageIn):
    """Which scores."""

    pareto: str | None = Field(None, pattern="^[ABC]$")
    at_risk: float | None = Field(None, ge=0, description="At least so much yearly sales that may be lost.")


class Figures(ModelSchema):
    """The figures of an account; money in units of `currency`; null: unknown, or not for this member's eyes."""

    class Meta:
        model = Score
        exclude = ("account", "snapshot")


class SentenceOut(Schema):
    """A figure in words, in the language of the request."""

    figure: str
    text: str
    effect: Effect


class ScoreOut(Schema):
    """What an account's history means as of a date, and why."""

    account: AccountRef
    as_of: date
    currency: str
    figures: Figures
    sentences: list[SentenceOut]


@router.get("/scores", response=Page[ScoreOut], summary="Scores of the accounts that the member may see")
@scoped(ApiScope.INSIGHT_READ)
def list_scores(request: HttpRequest, page: Query[ScoreFilter]) -> Page[ScoreOut]:
    member = acting(request)
    require(member, Permission.READ)
    scores = Score.objects.filter(seen_by(member, at="account__"), account__merged_into=None)
    if page.pareto is not None:
        scores = scores.filter(pareto=page.pareto)
    if page.at_risk is not None:
        scores = scores.filter(value_at_risk__gte=page.at_risk)
    found, following = page_of(scores.select_related("account", "snapshot"), page, by="account__uid")
    return Page[ScoreOut](items=[_shown(score, member) for score in found], next=following)


@router.get("/accounts/{uuid:uid}/score", response=ScoreOut, summary="An account's score, with reasons")
@scoped(ApiScope.INSIGHT_READ)
def get_score(request: HttpRequest, uid: UUID) -> ScoreOut:
    member = acting(request)
    account = visible_account(uid, member)
    score = Score.objects.filter(account=account).select_related("account", "snapshot").first()
    if score is None:
        raise NotFound(_("This account has no score."), _("It has never ordered, or nothing was computed yet."))
    return _shown(score, member)


class SnapshotOut(Schema):
    """Figures of all accounts as of a date."""

    uid: UUID
    as_of: date
    currency: str


class PortfolioIn(Schema):
    """Of which day."""

    as_of: date | None = Field(None, description="The day of a snapshot that was kept; else the current one.")


@router.get("/portfolio", response=Portfolio, summary="The whole firm")
@scoped(ApiScope.INSIGHT_READ)
def get_portfolio(request: HttpRequest, wanted: Query[PortfolioIn]) -> Portfolio:
    member = acting(request)
    require(member, Permission.READ)
    whole = _portfolio(wanted.as_of, member)
    if whole is None:
        raise NotFound(_("There are no figures of that day."), _("They are computed every night."))
    return whole


def _portfolio(as_of: date | None, member: Member) -> Portfolio | None:
    """Only of what was computed before: a request is no reason to compute the scores of a day."""
    snapshot = current_snapshot() if as_of is None else kept_snapshot(as_of, basis_in_force())
    return portfolio_at(snapshot, member=member) if snapshot else None


def _shown(score: Score, member: Member) -> ScoreOut:
    sees_cost = may(member, Permission.SEE_COST)
    figures = Figures.from_orm(score)
    if not sees_cost:
        figures = figures.model_copy(update={"margin_12m": None, "cost_known": None})
    currency = score.snapshot.currency
    told = [one for one in sentences(score, currency=currency) if sees_cost or one.key != "margin"]
    return ScoreOut(
        account=account_ref(score.account),
        as_of=score.snapshot.as_of,
        currency=currency,
        figures=figures,
        sentences=[SentenceOut(figure=one.key, text=one.text, effect=one.effect) for one in told],
    )
