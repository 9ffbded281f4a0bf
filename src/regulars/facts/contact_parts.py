"""What part each contact plays in what is bought, and the birthdays of those who agreed that we keep them (E12).

A birthday is a day and a month: nobody needs the year. It is kept only with the day on which the person agreed.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import require_account
from regulars.facts.models import Contact, ContactPart

LEAP_YEAR: Final = 2024


class WrongPart(Refusal):
    """A part or a birthday cannot be noted like this."""


def part_of(contact: Contact) -> ContactPart:
    """What is known of the contact; one that was not kept yet, where nothing is."""
    return ContactPart.objects.filter(contact=contact).first() or ContactPart(contact=contact)


@transaction.atomic
def describe_part(
    *,
    contact: Contact,
    part: str,
    member: Member | None,
    birth_month: int | None = None,
    birth_day: int | None = None,
    birthday_agreed_on: date | None = None,
) -> ContactPart:
    """Say what part a contact plays, and the birthday; without month and day none is kept.

    Raises `WrongPart` for a part that there is not, a day that no year has, and a birthday that was not agreed to.
    """
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    require_account(contact.account, member=member)
    if part not in ContactPart.Part.values:
        raise WrongPart(
            _("There is no part called “%(part)s”.") % {"part": part},
            _("Use one of: %(parts)s.") % {"parts": ", ".join(one for one in ContactPart.Part.values if one)},
        )
    _refuse_wrong_birthday(birth_month, birth_day, birthday_agreed_on)
    found = part_of(contact)
    with audited(found, verb="describe_part", member=member, account_id=contact.account_id):
        found.part = part
        found.birth_month, found.birth_day = birth_month, birth_day
        found.birthday_agreed_on = birthday_agreed_on if birth_month else None
        found.save()
    return found


def _refuse_wrong_birthday(month: int | None, day: int | None, agreed_on: date | None) -> None:
    if month is None and day is None:
        return
    if month is None or day is None or not 1 <= month <= 12 or not 1 <= day <= monthrange(LEAP_YEAR, month)[1]:
        raise WrongPart(_("There is no such day in a year."), _("Give the day and the month, or neither."))
    if agreed_on is None:
        raise WrongPart(
            _("A birthday is kept only for those who agreed to it."), _("Ask first, and note when they agreed.")
        )
