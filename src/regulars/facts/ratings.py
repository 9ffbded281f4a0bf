"""How customers rate the service of a colleague (E8): courtesy and competence, from 1 to 7.

Who is rated reads it first. Who leads sales sees the mean alone, of those answers that the colleague has seen, and from
five of them on; nobody else sees anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.core import signing
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require, visible_members
from regulars.base.audit import record_change
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.core.rated import RatedMean, rated_mean
from regulars.facts.models import Issue, ServiceRating
from regulars.facts.signals import SignalSource

LEAST, MOST = 1, 7
ENOUGH: Final = 5
"""From so many answers on a colleague's mean is shown to who leads."""
VALID: Final = timedelta(days=45)
YEAR: Final = timedelta(days=365)
LONGEST_WORDS = 2000
_SALT: Final = "regulars.facts.service_rating"


class StaleRating(Refusal):
    """The link to the question opens nothing any more."""


class WrongRating(Refusal):
    """This is no answer to the question."""


@dataclass(frozen=True, kw_only=True)
class Rateable:
    """A colleague to be rated for one occasion: an issue that was solved, a review that was held."""

    member: Member
    source: SignalSource
    occasion: int = 0

    @property
    def is_rated(self) -> bool:
        return ServiceRating.objects.filter(source_uid=self.source.uid, occasion=self.occasion).exists()


def rateable_of_issue(issue: Issue) -> Rateable | None:
    """Who solved the issue, for this solution; None where a team did."""
    if issue.owner is None:
        return None
    return Rateable(member=issue.owner, source=SignalSource.of(issue), occasion=issue.times_reopened)


def rating_key(rateable: Rateable) -> str:
    """The key in the link by which a customer rates, without a login."""
    source = rateable.source
    return signing.dumps([rateable.member.pk, source.kind, str(source.uid), rateable.occasion], salt=_SALT)


def rateable_of_key(key: str) -> Rateable:
    """Who is to be rated. Raises `StaleRating` for a link that is wrong, out of date or used."""
    try:
        pk, kind, uid, occasion = signing.loads(key, salt=_SALT, max_age=VALID)
    except signing.BadSignature:
        raise _stale() from None
    member = Member.objects.filter(pk=pk, is_active=True).first()
    if member is None:
        raise _stale()
    found = Rateable(member=member, source=SignalSource(kind=kind, uid=uid), occasion=occasion)
    if found.is_rated:
        raise StaleRating(_("You have answered already. Thank you!"), _("There is nothing left to do."))
    return found


@transaction.atomic
def rate_service(
    *, rateable: Rateable, courtesy: int | None, competence: int | None, words: str, at: datetime
) -> ServiceRating | None:
    """Keep what the customer says of the colleague; None if it says nothing. Once per occasion."""
    words = words.strip()[:LONGEST_WORDS]
    if any(one is not None and not LEAST <= one <= MOST for one in (courtesy, competence)):
        raise WrongRating(_("That is not one of the answers."), _("Choose a number from 1 to 7."))
    if courtesy is None and competence is None and not words:
        return None
    made, is_new = ServiceRating.objects.get_or_create(
        source_uid=rateable.source.uid,
        occasion=rateable.occasion,
        defaults={
            "member": rateable.member,
            "source_kind": rateable.source.kind,
            "courtesy": courtesy,
            "competence": competence,
            "words": words,
            "answered_at": at,
        },
    )
    if not is_new:
        raise StaleRating(_("You have answered already. Thank you!"), _("There is nothing left to do."))
    record_change(member=None, verb="rate_service", record=made, before={}, after={})
    return made


@dataclass(frozen=True, kw_only=True)
class ServiceFigures:
    """The means of some answers about one colleague, each with its interval; None where nobody answered that.

    For who leads, None where fewer than `ENOUGH` did.
    """

    answers: int
    courtesy: RatedMean | None
    competence: RatedMean | None


def own_ratings(member: Member) -> QuerySet[ServiceRating]:
    """What customers said of `member`, for nobody else; the newest first."""
    return ServiceRating.objects.filter(member=member).order_by("-answered_at", "-pk")


@transaction.atomic
def see_own_ratings(*, member: Member, at: datetime) -> int:
    """Note that `member` has seen all there is. Returns how many were new."""
    return ServiceRating.objects.filter(member=member, seen_at=None, answered_at__lte=at).update(seen_at=at)


def figures_of(ratings: QuerySet[ServiceRating]) -> ServiceFigures:
    """The means of these answers."""
    return _figures(list(ratings.values_list("courtesy", "competence")))


@dataclass(frozen=True, kw_only=True)
class Rated:
    """What who leads sees of one colleague: figures from `ENOUGH` answers on, and how many were not seen yet."""

    member: Member
    figures: ServiceFigures | None
    seen: int
    unseen: int


def ratings_of_all(*, member: Member | None, until: date) -> list[Rated]:
    """Every colleague whom customers rated within a year, by name. For who manages members alone. Three queries."""
    require(member, Permission.MANAGE_MEMBERS)
    lately = Q(service_ratings__answered_at__date__gt=until - YEAR)
    counted = visible_members(member).annotate(
        seen=Count("service_ratings", filter=lately & Q(service_ratings__seen_at__isnull=False)),
        unseen=Count("service_ratings", filter=lately & Q(service_ratings__seen_at=None)),
    )
    people = list(counted.filter(Q(seen__gt=0) | Q(unseen__gt=0)))
    shown = [one for one in people if one.seen >= ENOUGH]
    answers: dict[int, list[tuple[int | None, int | None]]] = {}
    told = ServiceRating.objects.filter(
        member__in=shown, seen_at__isnull=False, answered_at__date__gt=until - YEAR
    ).values_list("member_id", "courtesy", "competence")
    for pk, courtesy, competence in told:
        answers.setdefault(pk, []).append((courtesy, competence))
    return [
        Rated(
            member=one,
            figures=_figures(answers[one.pk], enough=ENOUGH) if one.pk in answers else None,
            seen=one.seen,
            unseen=one.unseen,
        )
        for one in people
    ]


def _figures(answers: list[tuple[int | None, int | None]], *, enough: int = 1) -> ServiceFigures:
    """The means of the questions that `enough` have answered: each may be left out."""
    courtesy = [one for one, _other in answers if one is not None]
    competence = [one for _other, one in answers if one is not None]
    return ServiceFigures(
        answers=len(answers),
        courtesy=rated_mean(courtesy, least=LEAST, most=MOST) if len(courtesy) >= enough else None,
        competence=rated_mean(competence, least=LEAST, most=MOST) if len(competence) >= enough else None,
    )


def _stale() -> StaleRating:
    return StaleRating(
        _("This link opens nothing any more."), _("If there is something to tell us, answer our mail or call us.")
    )
