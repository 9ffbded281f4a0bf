"""What an account lacks and accounts like it buy, and what is due again."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account
from regulars.api.problems import NotFound
from regulars.base.access import Permission, may
from regulars.base.organisation import organisation
from regulars.base.tokens import ApiScope
from regulars.insight.affinity import (
    KEPT_AN_ACCOUNT,
    KINDS,
    DueAgain,
    Suggestion,
    due_again,
    latest_run,
    suggestions_of,
)
from regulars.insight.affinity_sentences import reason, rhythm

router = Router(tags=["insight"])


class SuggestionOut(Schema):
    """Something that the account has not bought. Money in units of the currency; null: unknown, or not for all eyes."""

    kind: str
    item: str
    name: str
    reason: str
    alike_buying: int
    alike: int
    because: str
    chance: float | None
    first_year_sales: float | None
    expected_sales: float | None
    expected_margin: float | None


class DueOut(Schema):
    """A product that the account buys in a rhythm, and when it is due again."""

    item: str
    name: str
    reason: str
    order_days: int
    last_bought: date
    gap_days: float
    due_on: date
    due_from: date
    due_until: date
    chance: float | None


class SuggestionsOut(Schema):
    """What to offer an account; chances are for `horizon_days` from `as_of`."""

    as_of: date
    horizon_days: int
    currency: str
    suggestions: list[SuggestionOut]
    due_again: list[DueOut]


@router.get("/accounts/{uuid:uid}/suggestions", response=SuggestionsOut, summary="What to offer an account, and why")
@scoped(ApiScope.INSIGHT_READ)
def get_suggestions(request: HttpRequest, uid: UUID) -> SuggestionsOut:
    member = acting(request)
    account = visible_account(uid, member)
    run = latest_run()
    if run is None:
        raise NotFound(_("No suggestions were computed yet."), _("They are computed every night."))
    sees_cost = may(member, Permission.SEE_COST)
    return SuggestionsOut(
        as_of=run.as_of,
        horizon_days=run.horizon_days,
        currency=organisation().base_currency,
        suggestions=[
            _suggestion(one, sees_cost=sees_cost)
            for kind in KINDS
            for one in suggestions_of(account, kind=kind, most=KEPT_AN_ACCOUNT)
        ],
        due_again=[_due(one, run.as_of) for one in due_again(account, most=KEPT_AN_ACCOUNT)],
    )


def _suggestion(found: Suggestion, *, sees_cost: bool) -> SuggestionOut:
    same = {name: getattr(found, name) for name in SuggestionOut.model_fields if hasattr(found, name)}
    margin = found.expected_margin if sees_cost else None
    return SuggestionOut(**same | {"reason": reason(found), "expected_margin": margin})


def _due(found: DueAgain, on: date) -> DueOut:
    return DueOut(**vars(found), reason=rhythm(found, on))
