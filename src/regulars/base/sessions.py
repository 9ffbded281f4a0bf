"""Who is signed in where: ending the sessions of a member."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import QuerySet

from regulars.base.audit import record_change
from regulars.base.models import Member


def sessions_of(person: Member) -> QuerySet[UserSession]:
    """The sessions begun by a sign-in of `person`, the latest in use first; some may have run out."""
    found: QuerySet[UserSession] = UserSession.objects.filter(user=person).order_by("-last_seen_at", "-pk")
    return found


@transaction.atomic
def end_session(*, session: UserSession, member: Member | None) -> None:
    """Sign a member out in one browser."""
    person = session.user
    assert isinstance(person, Member)
    record_change(member=member, verb="end_session", record=person, before={"address": session.ip}, after={})
    session.end()


def end_sessions(person: Member) -> None:
    """Sign a member out everywhere. For verbs that note why."""
    for session in sessions_of(person):
        session.end()
