"""Who lost password, phone and recovery codes: letting a member in again."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from regulars.base.audit import record_change
from regulars.base.mail.links import link_to
from regulars.base.members import WrongMember, require_power_over
from regulars.base.models import Member
from regulars.base.sessions import end_sessions


def password_path(person: Member) -> str:
    """The path of a page on which `person` chooses a password, once."""
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return reverse("choose_password", args=[uid, default_token_generator.make_token(person)])


@transaction.atomic
def let_in_again(*, person: Member, member: Member | None) -> str:
    """Take app, passkeys and recovery codes away, end all sessions, and give a link to a new password.

    For who may manage `person`; the link goes to whoever is surely that person. Only an owner does it for owners.
    """
    person = Member.objects.select_for_update().get(pk=person.pk)
    require_power_over(person.role, member=member)
    if not person.is_active:
        raise WrongMember(_("%(person)s is no longer active.") % {"person": person}, _("Choose an active member."))
    removed, _kinds = Authenticator.objects.filter(user=person).delete()
    record_change(
        member=member,
        verb="let_in_again",
        record=person,
        before={"second_factors": removed},
        after={"second_factors": 0},
    )
    end_sessions(person)
    return link_to(password_path(person))
