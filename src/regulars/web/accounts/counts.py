"""How many accounts each further step would leave: by owner, class, buyer and reason to act.

The list asks for it after it is there, so that nobody waits for numbers before names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, require
from regulars.base.models import Member
from regulars.facts.accounts import visible_accounts
from regulars.plan.causes import CAUSES
from regulars.plan.models import Action
from regulars.web.accounts.filters import BUYERS, NOBODY
from regulars.web.accounts.found import Found
from regulars.web.accounts.listing import Cut
from regulars.web.desk import desk_of

OWNERS_SHOWN = 6
CAUSES_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Step:
    """One way to narrow the list, or to take that back."""

    name: str
    count: int
    address: str
    chosen: bool


@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    """The counts beside the list of the same address, as a part of its page."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    cut = Cut(desk, request.GET.dict())
    facets = [
        {"name": _("Looked after by"), "steps": _owners(cut)},
        {"name": _("Class"), "steps": _classes(cut)},
        {"name": _("Buyer"), "steps": _buyers(cut)},
        {"name": _("Reason to act"), "steps": _causes(cut)},
    ]
    return render(request, "web/accounts_counts.html", {"facets": facets})


def _found(cut: Cut, field: str) -> Found:
    """What the list would show without its wish about this field."""
    return Found(visible_accounts(cut.desk.member).filter(cut.filter.condition(leaving_out=field)))


def _owners(cut: Cut) -> list[Step]:
    """Nobody, and those who look after most; the one chosen in any case."""
    counted: dict[int | None, int] = dict(_found(cut, "owner").counted_by("owner"))
    names = {one.pk: one for one in Member.objects.filter(pk__in=[pk for pk in counted if pk])}
    most = sorted(names, key=lambda pk: -counted[pk])
    chosen = cut.filter.said.get("owner")
    shown = [pk for place, pk in enumerate(most) if place < OWNERS_SHOWN or str(names[pk].uid) == chosen]
    nobody = [(NOBODY, _("Nobody"), counted[None])] if counted.get(None) else []
    return _steps(cut, "owner", [*nobody, *((str(names[pk].uid), names[pk].name, counted[pk]) for pk in shown)])


def _classes(cut: Cut) -> list[Step]:
    counted = Counter[str]()
    for _buyer, pareto, count in _scored(_found(cut, "pareto")):
        counted[pareto] += count
    return _steps(cut, "pareto", [(key, key, counted[key]) for key in "ABC"])


def _buyers(cut: Cut) -> list[Step]:
    found = _found(cut, "buyer")
    counted = Counter(none=found.count)
    for buyer, _pareto, count in _scored(found):
        counted["none"] -= count
        counted[buyer] += count
    return _steps(cut, "buyer", [(key, str(name), counted[key]) for key, name in BUYERS])


def _scored(found: Found) -> list[tuple[Any, ...]]:
    """How many of each buyer and class, asked in one go; an account without a score is a buyer of none and no class."""
    return found.counted_by("score__buyer", "score__pareto", score__isnull=False)


def _causes(cut: Cut) -> list[Step]:
    """Those that most accounts have; the one chosen in any case. All of them stand in the filters."""
    pending = {"actions__state__in": Action.PENDING}
    counted: dict[str, int] = dict(_found(cut, "cause").counted_by("actions__cause", **pending))
    chosen = cut.filter.query.get("cause")
    most = sorted(CAUSES, key=lambda key: -counted.get(key, 0))
    shown = [key for place, key in enumerate(most) if place < CAUSES_SHOWN or key == chosen]
    return _steps(cut, "cause", ((key, capfirst(str(CAUSES[key].name)), counted.get(key, 0)) for key in shown))


def _steps(cut: Cut, field: str, counted: Iterable[tuple[str, str, int]]) -> list[Step]:
    """Those that leave something, and the one chosen, which leads back."""
    chosen = cut.filter.query.get(field)
    return [
        Step(name=name, count=count, chosen=key == chosen, address=cut.address(**{field: "" if key == chosen else key}))
        for key, name, count in counted
        if count or key == chosen
    ]
