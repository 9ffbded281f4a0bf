"""Links by which a contact answers a question of ours without a login: signed, for one question, for some weeks.

The letter that brings one is shown first and may be changed; `{link}` in it becomes the link.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.core import signing
from django.utils import translation
from django.utils.translation import gettext as _

from regulars.base.mail.links import link_to
from regulars.base.models import Record
from regulars.core.errors import Refusal
from regulars.facts.letters import language_of
from regulars.facts.models import Contact

PLACE: Final = "{link}"
VALID: Final = timedelta(days=45)
LONGEST_SUBJECT = 200
LONGEST_TEXT = 20_000


class StaleLink(Refusal):
    """The link opens nothing any more."""


class LetterWithoutLink(Refusal):
    """The contact could not answer."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A letter before it goes, in the language of who gets it."""

    subject: str
    text: str


@contextmanager
def in_language_of(contact: Contact) -> Iterator[None]:
    """Within it, texts are in the language of the contact, as far as we speak it."""
    with translation.override(language_of(contact)):
        yield


def key_of(record: Record) -> str:
    """The key in the link about this record. It names its kind, so that no key opens another page."""
    return signing.dumps(record.pk, salt=_salt(type(record)))


def pk_of_key(key: str, model: type[Record]) -> int:
    """What the key is about. Raises `StaleLink` for one that is wrong or out of date."""
    try:
        return int(signing.loads(key, salt=_salt(model), max_age=VALID))
    except signing.BadSignature:
        raise stale_link() from None


def with_link(text: str, path: str) -> str:
    """The letter with the link in its place. Raises `LetterWithoutLink`."""
    if PLACE not in text:
        raise LetterWithoutLink(
            _("The letter has no place for the link."),
            _("Write %(place)s where the link is to stand.") % {"place": PLACE},
        )
    return text.replace(PLACE, link_to(path))


def letter(contact: Contact, firm: str, lines: list[str]) -> str:
    """The lines between greeting and name; within `in_language_of`."""
    return "\n".join([_("Dear %(name)s,") % {"name": contact.name}, "", *lines, "", _("Kind regards"), firm])


def stale_link() -> StaleLink:
    return StaleLink(
        _("This link opens nothing any more."), _("If there is something to tell us, answer our mail or call us.")
    )


def answered_before() -> StaleLink:
    return StaleLink(_("You have answered already. Thank you!"), _("There is nothing left to do."))


def _salt(model: type[Record]) -> str:
    return f"regulars.{model._meta.label_lower}"
