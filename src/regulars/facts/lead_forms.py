"""Forms by which strangers become leads: made by marketing, shown on the firm's own web sites, without a login.

What keeps programs away needs no service elsewhere: a field that people do not see, a signed stamp that says when the
form was opened (nobody fills it in within seconds, and it opens nothing after a day), and a limit per address.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict, Unpack

from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, may, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.base.organisation import check_language
from regulars.core.errors import Refusal
from regulars.facts.models import LeadForm

SOONEST: Final = timedelta(seconds=3)
LATEST: Final = timedelta(hours=24)
MOST_ORIGINS = 20
_SALT: Final = "regulars.facts.lead_forms"
_ORIGIN: Final = re.compile(r"https?://[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?(:\d{1,5})?")


class WrongForm(Refusal):
    """A form cannot be made or changed like this."""


class SendAgain(Refusal):
    """The form was sent too soon, or too long after it was opened."""


class FormFields(TypedDict, total=False):
    """What a form says."""

    name: str
    language: str
    title: str
    intro: str
    thanks: str
    privacy_url: str
    origins: Sequence[str]


def visible_forms(member: Member | None) -> QuerySet[LeadForm]:
    """The forms, for who may change them; open ones first."""
    if not may(member, Permission.MANAGE_LEADS):
        return LeadForm.objects.none()
    return LeadForm.objects.order_by("closed", "name", "pk")


def form_of_token(token: str) -> LeadForm | None:
    """The open form at this address."""
    return LeadForm.objects.filter(token=token, closed=False).first()


@transaction.atomic
def save_form(*, member: Member | None, form: LeadForm | None = None, **said: Unpack[FormFields]) -> LeadForm:
    """Make a form, or change one; its address stays."""
    require(member, Permission.MANAGE_LEADS)
    if form is None:
        made = LeadForm(token=secrets.token_urlsafe(12))
    else:
        made = LeadForm.objects.select_for_update().get(pk=form.pk)
    with audited(made, verb="change_lead_form" if form else "add_lead_form", member=member):
        for name, value in said.items():
            setattr(made, name, value.strip() if isinstance(value, str) else value)
        made.origins = _checked_origins(made.origins)
        check_language(made.language)
        try:
            made.clean_fields(exclude=["token"])
        except ValidationError as problem:
            raise WrongForm(" ".join(problem.messages), _("Correct it; nothing was changed.")) from None
        made.save()
    return made


def close_form(*, form: LeadForm, member: Member | None) -> LeadForm:
    """Take no more leads by it; who opens it is told so."""
    return _set_closed(form, True, verb="close_lead_form", member=member)


def open_form(*, form: LeadForm, member: Member | None) -> LeadForm:
    """Take leads by it again."""
    return _set_closed(form, False, verb="open_lead_form", member=member)


@transaction.atomic
def _set_closed(form: LeadForm, closed: bool, *, verb: str, member: Member | None) -> LeadForm:
    require(member, Permission.MANAGE_LEADS)
    found = LeadForm.objects.select_for_update().get(pk=form.pk)
    with audited(found, verb=verb, member=member):
        found.closed = closed
        found.save()
    return found


def _checked_origins(origins: Iterable[str]) -> list[str]:
    """Web sites as browsers name them; they become part of a header, so nothing else is let through."""
    found = dict.fromkeys(one.strip().rstrip("/").lower() for one in origins if one.strip())
    for origin in found:
        if not _ORIGIN.fullmatch(origin):
            raise WrongForm(
                _("“%(origin)s” is not the address of a web site.") % {"origin": origin},
                _("Write it as https://www.example.com, without what follows the name."),
            )
    if len(found) > MOST_ORIGINS:
        raise WrongForm(_("These are too many web sites."), _("Make a second form for the others."))
    return list(found)


# Keeping programs away


def stamp(token: str, *, at: datetime) -> str:
    """A signed note of when this form was opened."""
    return signing.dumps([token, int(at.timestamp()), secrets.token_hex(4)], salt=_SALT)


def check_stamp(given: str, token: str, *, at: datetime) -> str:
    """The mark of this one opening, by which a form that is sent twice is known. Raises `SendAgain`."""
    try:
        value: Any = signing.loads(given, salt=_SALT)
        of, opened, mark = value
    except (signing.BadSignature, ValueError, TypeError):
        raise _again() from None
    waited = at.timestamp() - opened
    if of != token or not SOONEST.total_seconds() <= waited <= LATEST.total_seconds():
        raise _again()
    return f"{opened}-{mark}"


def first_time(mark: str) -> bool:
    """Is this opening of a form sent for the first time? A second click sends it again."""
    return bool(cache.add(f"lead-form-{mark}", True, timeout=int(LATEST.total_seconds())))


def _again() -> SendAgain:
    return SendAgain(_("This was sent too quickly, or too late."), _("Look at it once more, then send it again."))
