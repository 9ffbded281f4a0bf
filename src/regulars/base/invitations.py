"""Invitations: a login offered by mail. The link works once, for seven days; of its key only the SHA-256 is kept."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from regulars.base.access import Forbidden, Permission, may, require
from regulars.base.audit import record_change
from regulars.base.mail.at_once import send_at_once
from regulars.base.mail.links import link_to
from regulars.base.members import check_new_member, create_member, require_power_over
from regulars.base.models import Invitation, Member, Team
from regulars.base.organisation import check_language, organisation
from regulars.base.tokens import fingerprint_of
from regulars.core.errors import Refusal

VALID_DAYS = 7


class WrongInvitation(Refusal):
    """Somebody cannot be invited like this."""


class NoSuchInvitation(Refusal):
    """There is no open invitation of this kind that the member may see."""


class StaleInvitation(Refusal):
    """The link leads to no invitation that is open."""


def visible_invitations(member: Member | None) -> QuerySet[Invitation]:
    """The open invitations, too old ones included, newest first: for who manages members."""
    if not may(member, Permission.MANAGE_MEMBERS):
        return Invitation.objects.none()
    open_ones = Invitation.objects.filter(accepted_at=None, withdrawn_at=None)
    return open_ones.select_related("team", "invited_by").order_by("-sent_at", "-pk")


def find_invitation(uid: object, *, member: Member | None) -> Invitation:
    """The visible invitation with this uid."""
    text = str(uid)
    found = next((one for one in visible_invitations(member) if str(one.uid) == text), None)
    if found is None:
        raise NoSuchInvitation(
            _("This invitation is no longer open."), _("It was accepted or withdrawn. Look at the list again.")
        )
    return found


@transaction.atomic
def invite_member(
    *, email: str, name: str, role: str, team: Team | None, member: Member | None, language: str = ""
) -> Invitation:
    """Offer a login by mail. Only an owner invites an owner. Without a language the mail is in the organisation's.

    The key is on the invitation returned, so that who has no mail server can pass the link on; see `link_of`.
    """
    require_power_over(role, member=member)
    email, name = email.strip(), name.strip()
    check_new_member(email=email, name=name, role=role)
    if language:
        check_language(language)
    if Invitation.objects.filter(email__iexact=email, accepted_at=None, withdrawn_at=None).exists():
        raise WrongInvitation(
            _("%(email)s has been invited already.") % {"email": email},
            _("Send that invitation again, or withdraw it first."),
        )
    invitation = Invitation(
        email=email,
        name=name,
        role=role,
        team=team,
        language=language or organisation().language,
        invited_by=member,
    )
    _renew(invitation)
    said = {"email": email, "name": name, "role": role, "team_id": team.pk if team else None}
    record_change(member=member, verb="invite_member", record=invitation, before={}, after=said)
    return invitation


@transaction.atomic
def resend_invitation(*, invitation: Invitation, member: Member | None) -> Invitation:
    """Send the mail again with a new link; the old one is dead, and the seven days begin anew."""
    invitation = _open(invitation, member)
    invitation.invited_by = member
    before = invitation.expires_at
    _renew(invitation)
    record_change(
        member=member,
        verb="resend_invitation",
        record=invitation,
        before={"expires_at": before},
        after={"expires_at": invitation.expires_at},
    )
    return invitation


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, member: Member | None) -> Invitation:
    """From now on the link opens nothing."""
    invitation = _open(invitation, member)
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at", "updated_at"])
    record_change(
        member=member,
        verb="withdraw_invitation",
        record=invitation,
        before={"withdrawn_at": None},
        after={"withdrawn_at": invitation.withdrawn_at},
    )
    return invitation


def invitation_of(key: str, *, at: datetime) -> Invitation:
    """The invitation whose link holds this key, if it is open at that moment. Raises `StaleInvitation`."""
    found = Invitation.objects.filter(fingerprint=fingerprint_of(key)).first()
    return _in_force(found, at)


@transaction.atomic
def accept_invitation(*, key: str, password: str, at: datetime, name: str = "", language: str = "") -> Member:
    """The new member. It is made in the name of who invited, so that nobody gets more than that person may still give.

    The password is taken as it is: the form that asks for it checks its strength.
    """
    locked = Invitation.objects.select_for_update(of=("self",)).filter(fingerprint=fingerprint_of(key)).first()
    invitation = _in_force(locked, at)
    try:
        person = create_member(
            member=invitation.invited_by,
            email=invitation.email,
            name=name or invitation.name,
            role=invitation.role,
            team=invitation.team,
            language=language or invitation.language,
            password=password,
        )
    except Forbidden as forbidden:
        raise _stale() from forbidden
    invitation.accepted_at = at
    invitation.save(update_fields=["accepted_at", "updated_at"])
    record_change(
        member=person,
        verb="accept_invitation",
        record=invitation,
        before={"accepted_at": None},
        after={"accepted_at": at, "member": person.pk},
    )
    return person


def link_of(invitation: Invitation) -> str:
    """The address that accepts the invitation; only for one that was just made or sent again."""
    assert invitation.key, "the key is known only to the verb that made it"
    return link_to(f"/invitation/{invitation.key}/")


def _open(invitation: Invitation, member: Member | None) -> Invitation:
    """The invitation as stored and locked, if it is open and the member has power over it."""
    require(member, Permission.MANAGE_MEMBERS)
    stored = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    require_power_over(stored.role, member=member)
    return find_invitation(stored.uid, member=member)


def _renew(invitation: Invitation) -> None:
    """A fresh key for seven days, and the mail that carries it, as soon as all is stored."""
    invitation.key = secrets.token_urlsafe(32)
    invitation.fingerprint = fingerprint_of(invitation.key)
    invitation.sent_at = timezone.now()
    invitation.expires_at = invitation.sent_at + timedelta(days=VALID_DAYS)
    invitation.save()
    transaction.on_commit(partial(_send, invitation))


def _send(invitation: Invitation) -> None:
    with translation.override(invitation.language):
        said = {
            "name": invitation.name,
            "firm": organisation().name,
            "inviter": invitation.invited_by.name if invitation.invited_by else organisation().name,
            "link": link_of(invitation),
        }
        subject = _("Your login for Regulars at %(firm)s") % said
        text = _(
            "Hello %(name)s,\n\n"
            "%(inviter)s invites you to work with Regulars at %(firm)s. Choose your password here:\n\n"
            "%(link)s\n\n"
            "The link works once, within seven days."
        )
        send_at_once(to=invitation.email, subject=subject, text=text % said)


def _in_force(invitation: Invitation | None, at: datetime) -> Invitation:
    if (
        invitation is None
        or invitation.accepted_at is not None
        or invitation.withdrawn_at is not None
        or invitation.expires_at <= at
    ):
        raise _stale()
    return invitation


def _stale() -> StaleInvitation:
    return StaleInvitation(
        _("This invitation was used before, was withdrawn, or is too old."),
        _("Ask the person who invited you to send it again."),
    )
