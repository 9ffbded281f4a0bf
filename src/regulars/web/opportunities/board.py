"""The board of opportunities: for sellers every morning, to decide what to push; for who leads, what is to be expected.

One column a stage; on a phone the columns are lists, one below the other. Everything moves by buttons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from regulars.base.formats import money, number, percent
from regulars.base.models import Team
from regulars.core.money import from_minor
from regulars.core.stage_chances import StageChance
from regulars.plan.models import Opportunity
from regulars.plan.opportunities import rates_to_base, visible_opportunities
from regulars.plan.opportunity_stages import Stage, learned_chances, stages
from regulars.web.desk import Desk, desk_of

CARDS_A_STAGE = 25
A_PAGE = 50
MINE, EVERYONE = "mine", "everyone"
SHOWN = {
    "open": gettext_lazy("Open"),
    "won": gettext_lazy("Won"),
    "lost": gettext_lazy("Lost"),
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One stage, with what is in it."""

    stage: Stage
    before: Stage | None
    after: Stage | None
    chance: StageChance
    count: int
    amount: float
    """Of all in it whose amount is known, in the base currency."""
    cards: Sequence[Opportunity]

    @property
    def expected(self) -> float:
        return self.amount * self.chance.chance

    @property
    def chance_sentence(self) -> str:
        return chance_sentence(self.chance)


def chance_sentence(chance: StageChance) -> str:
    """How likely what is in a stage is won, and how that is known."""
    words = {
        "chance": percent(chance.chance, digits=0),
        "low": percent(chance.low, digits=0),
        "high": percent(chance.high, digits=0),
        "won": number(chance.won),
        "closed": number(chance.closed),
    }
    if not chance.closed:
        return _("Chance %(chance)s: a usual value, as nothing that came so far was decided yet.") % words
    return (
        ngettext(
            "Chance %(chance)s (likely %(low)s to %(high)s): %(won)s of %(closed)s that came so far was won.",
            "Chance %(chance)s (likely %(low)s to %(high)s): %(won)s of %(closed)s that came so far were won.",
            chance.closed,
        )
        % words
    )


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """What is open by stage, with the money to expect; what was won and lost, and why."""
    desk = desk_of(request)
    choices = _choices(desk)
    asked = request.GET.get("whose", "")
    whose = asked if asked in {key for key, _label in choices} else _usual(desk)
    show = request.GET.get("show", "open")
    show = show if show in SHOWN else "open"
    seen = visible_opportunities(desk.member).filter(_of(desk, whose))
    context: dict[str, Any] = {
        "desk": desk,
        "choices": choices,
        "whose": whose,
        "show": show,
        "shows": [(key, label, key == show) for key, label in SHOWN.items()],
    }
    only = next((one for one in stages() if one.key == request.GET.get("stage")), None)
    if show != "open":
        context |= _closed(request, desk, seen, show)
    elif only is not None:
        context |= _stage(request, seen, only)
    else:
        context |= _open(desk, seen)
    return render(request, "web/opportunities/board.html", context)


def _choices(desk: Desk) -> list[tuple[str, str]]:
    teams = Team.objects.order_by("name", "pk")
    if not desk.sees_everyone:
        teams = teams.filter(pk=desk.member.team_id or 0)
    choices = [(MINE, _("Mine")), *((str(team.uid), team.name) for team in teams)]
    return [*choices, (EVERYONE, _("Everyone's"))] if desk.sees_everyone else choices


def _usual(desk: Desk) -> str:
    """One's own; who sees everybody's and has none of their own starts with those."""
    return EVERYONE if desk.sees_everyone and not Opportunity.objects.filter(owner=desk.member).exists() else MINE


def _of(desk: Desk, whose: str) -> Q:
    if whose == EVERYONE:
        return Q()
    return Q(owner=desk.member) if whose == MINE else Q(owner__team__uid=whose)


def _open(desk: Desk, seen: QuerySet[Opportunity]) -> dict[str, Any]:
    still = seen.filter(state=Opportunity.State.OPEN)
    known, totals, left_out = stages(), *_totals(still, desk.currency)
    chances = learned_chances(known)
    related = still.select_related("account__merged_into", "owner", "offering")
    ranked = related.order_by(F("amount_minor").desc(nulls_last=True), "next_step_on", "pk")
    columns = [
        Column(
            stage=one,
            before=known[one.place - 1] if one.place else None,
            after=known[one.place + 1] if one.place + 1 < len(known) else None,
            chance=chances[one.key],
            count=totals.get(one.key, (0, 0.0))[0],
            amount=totals.get(one.key, (0, 0.0))[1],
            cards=list(ranked.filter(stage=one.key)[:CARDS_A_STAGE]) if one.key in totals else [],
        )
        for one in known
    ]
    expected = sum(one.expected for one in columns)
    won = seen.filter(state=Opportunity.State.WON, closed_on__gt=desk.day - timedelta(days=365))
    won_totals = _totals(won, desk.currency)[0].values()
    return {
        "won": sum(amount for _count, amount in won_totals),
        "won_count": sum(count for count, _amount in won_totals),
        "columns": columns,
        "count": sum(one.count for one in columns),
        "amount": sum(one.amount for one in columns),
        "expected": expected,
        "late": still.filter(next_step_on__lt=desk.day).count(),
        "left_out": left_out,
    }


def _totals(found: QuerySet[Opportunity], base: str) -> tuple[dict[str, tuple[int, float]], str]:
    """By stage, how many there are and what they are about, in the base currency; and what could not be converted."""
    rates = rates_to_base(base)
    totals: dict[str, tuple[int, float]] = {}
    left_out: list[str] = []
    grouped = found.order_by().values_list("stage", "currency").annotate(count=Count("pk"), minor=Sum("amount_minor"))
    for stage, currency, count, minor in grouped.order_by("stage", "currency"):
        held, amount = totals.get(stage, (0, 0.0))
        if minor and currency not in rates:
            left_out.append(money(from_minor(minor, currency), currency))
            minor = 0
        units = from_minor(minor or 0, currency) * rates.get(currency, Decimal(0))
        totals[stage] = (held + count, amount + float(units))
    words = {"amounts": ", ".join(left_out), "base": base}
    said = _("Not counted, as no rate into %(base)s is known: %(amounts)s.") % words
    return totals, said if left_out else ""


def _stage(request: HttpRequest, seen: QuerySet[Opportunity], only: Stage) -> dict[str, Any]:
    """All that is open in one stage, as a list."""
    held = seen.filter(state=Opportunity.State.OPEN, stage=only.key).select_related("account__merged_into", "owner")
    ranked = held.order_by(F("amount_minor").desc(nulls_last=True), "next_step_on", "pk")
    return {"only": only, "page": Paginator(ranked, A_PAGE).get_page(request.GET.get("page"))}


def _closed(request: HttpRequest, desk: Desk, seen: QuerySet[Opportunity], show: str) -> dict[str, Any]:
    ended = seen.filter(state=show).select_related("account__merged_into", "owner").order_by("-closed_on", "-pk")
    reasons = []
    if show == Opportunity.State.LOST:
        labels = dict(Opportunity.Reason.choices)
        counted = ended.order_by().values_list("reason").annotate(count=Count("pk")).order_by("-count", "reason")
        reasons = [(labels.get(reason, reason), count) for reason, count in counted]
    return {"page": Paginator(ended, A_PAGE).get_page(request.GET.get("page")), "reasons": reasons}
