"""Known problems: what several customers have trouble with, and what helps meanwhile. Proposed while one is typed."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member, Team
from regulars.core.errors import Refusal
from regulars.facts.models import Issue, KnownProblem

LEAST_LETTERS: Final = 3
MOST_WORDS: Final = 12


class WrongProblem(Refusal):
    """A known problem cannot be noted like this."""


def known_problems() -> QuerySet[KnownProblem]:
    """All of them, those not solved for good first, the most frequent first. Everybody sees them."""
    unsolved = Case(When(solved_on=None, then=0), default=1, output_field=IntegerField())
    counted = KnownProblem.objects.select_related("ally").annotate(
        times=Count("issues"), live=Count("issues", filter=Q(issues__state__in=Issue.LIVE))
    )
    return counted.order_by(unsolved, "-times", "title", "pk")


def fitting_problems(text: str, *, most: int = 3) -> list[KnownProblem]:
    """The known problems that share words with the text, most of them first; words of a title count twice."""
    words = list(dict.fromkeys(one for one in re.findall(r"\w+", text.lower()) if len(one) >= LEAST_LETTERS))
    if not words:
        return []
    shared: F | Value | Case = Value(0)
    for word in words[-MOST_WORDS:]:
        for field, weight in (("title", 2), ("signs", 1)):
            shared = shared + Case(  # type: ignore[assignment]
                When(**{f"{field}__icontains": word}, then=Value(weight)), default=0, output_field=IntegerField()
            )
    fitting = KnownProblem.objects.filter(solved_on=None).annotate(shared=shared)
    return list(fitting.filter(shared__gt=0).select_related("ally").order_by("-shared", "title", "pk")[:most])


@transaction.atomic
def note_problem(
    *, title: str, member: Member | None, signs: str = "", workaround: str = "", ally: Team | None = None
) -> KnownProblem:
    """Note a problem that several customers have."""
    require(member, Permission.WRITE)
    made = KnownProblem(noted_by=member)
    with audited(made, verb="note_problem", member=member):
        _say(made, title, signs, workaround, ally)
    return made


@transaction.atomic
def change_problem(
    *, problem: KnownProblem, title: str, member: Member | None, signs: str, workaround: str, ally: Team | None
) -> KnownProblem:
    """Say better what it is or what helps."""
    require(member, Permission.WRITE)
    found = KnownProblem.objects.select_for_update(of=("self",)).get(pk=problem.pk)
    with audited(found, verb="change_problem", member=member):
        _say(found, title, signs, workaround, ally)
    return found


@transaction.atomic
def settle_problem(*, problem: KnownProblem, on: date | None, member: Member | None) -> KnownProblem:
    """Say since when it is solved for good; None: it is not. A solved one is no longer proposed."""
    require(member, Permission.WRITE)
    found = KnownProblem.objects.select_for_update(of=("self",)).get(pk=problem.pk)
    with audited(found, verb="settle_problem", member=member):
        found.solved_on = on
        found.save()
    return found


def _say(problem: KnownProblem, title: str, signs: str, workaround: str, ally: Team | None) -> None:
    problem.title = title.strip()[:200]
    if not problem.title:
        raise WrongProblem(_("The problem has no name."), _("Say in a few words what goes wrong."))
    problem.signs, problem.workaround, problem.ally = signs.strip(), workaround.strip(), ally
    problem.save()
