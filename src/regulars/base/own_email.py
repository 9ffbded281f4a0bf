"""A member's own change of e-mail: it holds once the link in a mail to the new address is followed."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.mail.at_once import send_at_once
from regulars.base.mail.links import link_to
from regulars.base.mail.outbox import send_mail
from regulars.base.members import WrongMember, check_email
from regulars.base.models import Member
from regulars.core.errors import Refusal

VALID = timedelta(days=1)
_SALT = "regulars.own_email"


class StaleLink(Refusal):
    """The link confirms nothing any more."""


def ask_for_email(*, person: Member, email: str) -> None:
    """Send a link to the new address that proves it is the person's. Nothing changes until it is followed."""
    email = email.strip()
    check_email(person, email)
    if email.lower() == person.email.lower():
        raise WrongMember(_("You sign in with this address already."), _("Give another address."))
    link = link_to(f"/profile/email/{signing.dumps([person.pk, person.email, email], salt=_SALT)}/")
    with translation.override(person.language or translation.get_language()):
        text = _(
            "Hello %(name)s,\n\n"
            "follow this link to sign in to Regulars with this address from now on:\n\n"
            "%(link)s\n\n"
            "The link works for one day."
        )
        said = {"name": person.name, "link": link}
        send_at_once(to=email, subject=_("Confirm your new address"), text=text % said)


def promised_email(*, key: str, person: Member) -> str:
    """The address that the link confirms for `person`. Raises `StaleLink`."""
    try:
        pk, before, email = signing.loads(key, salt=_SALT, max_age=VALID)
    except signing.BadSignature:
        raise _stale() from None
    if pk != person.pk or before != person.email:
        raise _stale()
    return str(email)


def confirm_email(*, key: str, person: Member) -> Member:
    """From now on `person` signs in with the address that the link proves. The old address is told."""
    with transaction.atomic():
        person = Member.objects.select_for_update().get(pk=person.pk)
        before = person.email
        email = promised_email(key=key, person=person)
        check_email(person, email)
        with audited(person, verb="confirm_email", member=person):
            person.email = email
            person.save(update_fields=["email", "updated_at"])
        _tell_old_address(person, before)
    return person


def _tell_old_address(person: Member, before: str) -> None:
    with translation.override(person.language or translation.get_language()):
        text = _(
            "Hello %(name)s,\n\n"
            "you sign in to Regulars with %(email)s from now on.\n\n"
            "If it was not you, tell an owner of your installation at once."
        )
        said = {"name": person.name, "email": person.email}
        send_mail(to=before, subject=_("Your address for Regulars was changed"), text=text % said)


def _stale() -> StaleLink:
    return StaleLink(_("This link was used before, is too old, or is for someone else."), _("Ask for a new one."))
