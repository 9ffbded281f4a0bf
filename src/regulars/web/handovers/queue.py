"""The queues of hand-overs: for sellers and account managers every morning, to decide what to send, accept, look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from regulars.base.models import Team
from regulars.plan.handovers import visible_handovers
from regulars.plan.models import Handover, Promise
from regulars.plan.promises import visible_promises
from regulars.web.desk import Desk, desk_of

MOST_SHOWN = 100
MINE, EVERYONE = "mine", "everyone"


@dataclass(frozen=True, kw_only=True)
class Queue:
    """One list, in the order in which it is due."""

    key: str
    title: str | LazyText
    handovers: Sequence[Handover]
    late: int


QUEUES = (
    ("accept", gettext_lazy("To accept"), (Handover.State.SENT,), "receiver"),
    ("send", gettext_lazy("To send"), Handover.WITH_GIVER, "giver"),
    ("sent", gettext_lazy("Sent, not answered yet"), (Handover.State.SENT,), "giver"),
    ("looks", gettext_lazy("First weeks"), (Handover.State.ACCEPTED,), "receiver"),
)
"""Each with the states that belong there and in whose queue it is: the giver's or the receiver's."""


@require_safe
def queues(request: HttpRequest) -> HttpResponse:
    """What waits for whom; one's own, a team's, or everyone's."""
    desk = desk_of(request)
    choices = _choices(desk)
    asked = request.GET.get("whose", "")
    whose = asked if asked in {key for key, _label in choices} else _usual(desk)
    found = [_queue(desk, whose, *one) for one in QUEUES]
    context = {
        "desk": desk,
        "choices": choices,
        "whose": whose,
        # Everyone's unanswered ones are those to be accepted: they are shown once.
        "queues": [one for one in found if whose != EVERYONE or one.key != "sent"],
        "empty": not any(one.handovers for one in found),
        "promises": _promises(desk) if whose == MINE else [],
    }
    return render(request, "web/handovers/queues.html", context)


def _usual(desk: Desk) -> str:
    """One's own; who sees everybody's and neither gives nor takes any starts with those."""
    own = Handover.objects.filter(Q(giver=desk.member) | Q(receiver=desk.member))
    return EVERYONE if desk.sees_everyone and not own.exists() else MINE


def _choices(desk: Desk) -> list[tuple[str, str]]:
    """Whose queues can be looked at: who sees all accounts sees every team's, others that of their own team."""
    teams = Team.objects.order_by("name", "pk")
    if not desk.sees_everyone:
        teams = teams.filter(pk=desk.member.team_id or 0)
    choices = [(MINE, _("Mine")), *((str(team.uid), team.name) for team in teams)]
    return [*choices, (EVERYONE, _("Everyone's"))] if desk.sees_everyone else choices


def _queue(
    desk: Desk, whose: str, key: str, title: str | LazyText, states: tuple[Handover.State, ...], side: str
) -> Queue:
    found = visible_handovers(desk.member).filter(_of(desk, whose, side), state__in=states)
    related = found.select_related("account__merged_into", "giver", "receiver")
    looks = related.annotate(look_on=Min("checks__due_on", filter=Q(checks__done_on=None)))
    shown = list((looks.order_by("look_on", "pk") if key == "looks" else looks)[:MOST_SHOWN])
    return Queue(key=key, title=title, handovers=shown, late=sum(is_late(one, desk.day) for one in shown))


def _of(desk: Desk, whose: str, side: str) -> Q:
    if whose == EVERYONE:
        return Q()
    return Q(**{side: desk.member}) if whose == MINE else Q(**{f"{side}__team__uid": whose})


def is_late(handover: Handover, day: date) -> bool:
    """Is the answer, or the next look, overdue?"""
    look_on: date | None = getattr(handover, "look_on", None)
    return (look_on if handover.state == Handover.State.ACCEPTED and look_on else handover.due_on) < day


def _promises(desk: Desk) -> QuerySet[Promise, Any]:
    mine = visible_promises(desk.member).filter(owner=desk.member, state__in=Promise.LIVE)
    return mine.select_related("account__merged_into", "owner")[:MOST_SHOWN]
