"""What is not known of an account, as questions for its next review: nobody has to think of them.

What the dossier misses, levels at which we know nobody, offerings of which nobody knows who supplies them. An answer is
a fact at once: `fact_from` tells under which topic of the dossier it belongs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.facts.models import Account, Contact, Offering
from regulars.insight.white_space import unknown_offerings
from regulars.plan.dossier_known import missing_facts
from regulars.plan.models import ReviewArea

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PREFIX: Final = "unknown-"
OFFERINGS: Final = 2
"""So many are asked in one review."""


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Something that is not known. `says` gives the question in the active language."""

    key: str
    area: ReviewArea
    says: Callable[[], str]


@dataclass(frozen=True, kw_only=True)
class FactFrom:
    """What the answer to such a question is: a fact of the dossier, about the account or about somebody there."""

    topic: str
    contact_uid: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class _Ask:
    """A topic of the dossier, as one asks the customer for it."""

    area: ReviewArea
    text: _StrPromise
    firms_only: bool = False


_US, _NEEDS, _OTHERS = ReviewArea.ABOUT_US, ReviewArea.NEEDS, ReviewArea.COMPETITORS
_OF_ACCOUNT: Final = {
    "aims": _Ask(area=_NEEDS, text=gettext_lazy("What do you want to have reached a year from now?")),
    "competitors": _Ask(area=_OTHERS, text=gettext_lazy("Whom else do you ask when you need something of this kind?")),
    "preferences": _Ask(
        area=_US,
        text=gettext_lazy("What matters most to you in delivery, packing and the way we talk with each other?"),
    ),
    "decisions": _Ask(
        area=_NEEDS,
        text=gettext_lazy("How do you decide about larger plans, and who takes part in it?"),
        firms_only=True,
    ),
    "business": _Ask(
        area=_NEEDS,
        text=gettext_lazy("What are you known for, and who are your most important customers?"),
        firms_only=True,
    ),
    "wallet": _Ask(
        area=_OTHERS,
        text=gettext_lazy(
            "Roughly how much do you spend a year on things of our kind, with everyone? It helps us to advise you."
        ),
        firms_only=True,
    ),
}
_OF_PERSON: Final = {
    "role": _Ask(area=_NEEDS, text=gettext_lazy("What are you responsible for, and what do you look at first?")),
    "aims": _Ask(area=_NEEDS, text=gettext_lazy("What would make the coming year a good one for you?")),
    "preferences": _Ask(area=_US, text=gettext_lazy("How do you like to work with us: in writing or in talk?")),
}
_LEVELS: Final = {
    "finance": _Ask(area=_US, text=gettext_lazy("Whom may we call when something about an invoice is not clear?")),
    "daily_user": _Ask(
        area=_US, text=gettext_lazy("Who works with our products every day? We would like to hear from them, too.")
    ),
    "executive": _Ask(
        area=_NEEDS, text=gettext_lazy("Who leads your house? We would like to get to know them when it suits.")
    ),
}
_LEVEL: Final = "level-"
_OFFERING: Final = "offering-"


def unknowns_of(account: Account, contact: Contact | None, *, on: date) -> list[Unknown]:
    """What is not known of the account and of who is met there, most useful first."""
    return [*_missing(account, contact, on), *_people(account), *_offerings(account)]


def fact_from(key: str) -> FactFrom | None:
    """What the answer to the question with this key tells; None for questions of the bank."""
    if not key.startswith(PREFIX):
        return None
    name = key.removeprefix(PREFIX)
    if name.startswith(_OFFERING):
        return FactFrom(topic="competitors")
    if name.startswith(_LEVEL):
        return FactFrom(topic="decisions" if name == f"{_LEVEL}executive" else "other")
    topic, _dash, person = name.partition("-")
    try:
        return FactFrom(topic=topic, contact_uid=UUID(person) if person else None)
    except ValueError:
        return None


def asks_for_offering(key: str) -> bool:
    """Does the question with this key ask who supplies an offering?"""
    return key.startswith(f"{PREFIX}{_OFFERING}")


def question_for(offering: Offering) -> str:
    """The question who supplies an offering, in the active language."""
    return _("Where do you get this today: %(what)s?") % {"what": offering.name}


def offering_of(key: str) -> Offering | None:
    """The offering that the question with this key asks for: who supplies it. None for all other questions."""
    if not asks_for_offering(key):
        return None
    try:
        return Offering.objects.filter(uid=UUID(key.removeprefix(f"{PREFIX}{_OFFERING}"))).first()
    except ValueError:
        return None


def _missing(account: Account, contact: Contact | None, on: date) -> Iterator[Unknown]:
    """Whoever asks: that a fact is confidential is no reason to ask the customer again."""
    gaps = missing_facts(account, on=on, member=None)
    of_account = {one.topic.key for one in gaps if one.contact is None}
    of_person = {one.topic.key for one in gaps if one.contact is not None and one.contact == contact}
    for topic, ask in _OF_ACCOUNT.items():
        if topic in of_account and not (ask.firms_only and account.kind != Account.Kind.FIRM):
            yield _unknown(f"{PREFIX}{topic}", ask)
    for topic, ask in _OF_PERSON.items():
        if contact is not None and topic in of_person:
            yield _unknown(f"{PREFIX}{topic}-{contact.uid.hex}", ask)


def _people(account: Account) -> Iterator[Unknown]:
    """Levels of a firm at which we know nobody; not asked while the level of somebody there is not noted."""
    if account.kind != Account.Kind.FIRM:
        return
    levels = set(account.contacts.filter(active=True).values_list("level", flat=True))
    if Contact.Level.UNKNOWN in levels:
        return
    for level, ask in _LEVELS.items():
        known = {Contact.Level.OWNER, Contact.Level.EXECUTIVE} if level == "executive" else {level}
        if not levels & known:
            yield _unknown(f"{PREFIX}{_LEVEL}{level}", ask)


def _offerings(account: Account) -> Iterator[Unknown]:
    for offering in unknown_offerings(account)[:OFFERINGS]:
        yield Unknown(key=f"{PREFIX}{_OFFERING}{offering.uid.hex}", area=_OTHERS, says=partial(question_for, offering))


def _unknown(key: str, ask: _Ask) -> Unknown:
    return Unknown(key=key, area=ask.area, says=lambda: str(ask.text))
