"""Dossiers: facts on an account and its people, each with its source, its day, and when it should be asked again.

Facts that are confidential are seen by those whose role allows it, and by who noted them.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, may, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.calendar import months_before
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account, require_account
from regulars.facts.models import Account, Contact
from regulars.plan.dossier_topics import topic_of, topics_to_note
from regulars.plan.models import DossierFact
from regulars.plan.seen import seen_with_account

LONGEST_TEXT: Final = 1000
LONGEST_SOURCE: Final = 200
STANDING: Final = Q(ended_on=None, withdrawn_at=None)


class WrongFact(Refusal):
    """A fact cannot be noted or changed like this."""


class NoSuchFact(Refusal):
    """There is no such fact that this member may see."""


def visible_facts(member: Member | None) -> QuerySet[DossierFact]:
    """Facts on the accounts that `member` may see, without those that are confidential to others; the newest first.

    What was taken back is among them: readers filter by `STANDING`.
    """
    seen = seen_with_account(member)
    if not may(member, Permission.SEE_CONFIDENTIAL):
        seen &= Q(confidential=False) | Q(member=member)
    return DossierFact.objects.filter(seen).order_by("-on", "-pk")


def standing_facts(account: Account, *, member: Member | None) -> QuerySet[DossierFact]:
    """What is held to be true of the account and its people, with what is to be asked again."""
    return visible_facts(member).filter(of_account(account) & STANDING)


def has_expired(fact: DossierFact, *, on: date) -> bool:
    """Is it time to ask again?"""
    return fact.expires_on is not None and fact.expires_on <= on


@transaction.atomic
def note_fact(
    *,
    account: Account,
    topic: str,
    text: str,
    source: str,
    known_on: date,
    on: date,
    member: Member | None,
    contact: Contact | None = None,
    expires_on: date | None = None,
    stays: bool = False,
    confidential: bool = False,
) -> DossierFact:
    """Note what we know of an account, or of `contact` there, and how we know.

    Without `expires_on` it is to be asked again when facts of its topic usually are; never, where it `stays`.
    Raises `WrongFact` without words, without a source, for a topic that there is not, and for days that cannot be.
    """
    require_account(account, member=member)
    account = account.merged_into or account
    _refuse_stranger(contact, account)
    text, source = _given(text, source)
    key = _known_topic(topic, contact)
    _refuse_future(known_on, on)
    made = DossierFact(
        account=account,
        contact=contact,
        topic=key,
        text=text,
        source=source,
        on=known_on,
        expires_on=None if stays else expires_on or usual_expiry(key, known_on, person=contact is not None),
        confidential=confidential,
        member=member,
    )
    _refuse_early(made.expires_on, known_on)
    with audited(made, verb="note_fact", member=member):
        made.save()
    return made


@transaction.atomic
def change_fact(
    *,
    fact: DossierFact,
    text: str,
    source: str,
    known_on: date,
    expires_on: date | None,
    confidential: bool,
    on: date,
    member: Member | None,
) -> DossierFact:
    """Correct a fact; what it said before stays in the changes. Without `expires_on` it is never asked again."""
    found = _locked(fact, member)
    text, source = _given(text, source)
    _refuse_future(known_on, on)
    _refuse_early(expires_on, known_on)
    with audited(found, verb="change_fact", member=member, account_id=found.account_id):
        found.text, found.source, found.on = text, source, known_on
        found.expires_on, found.confidential = expires_on, confidential
        found.save()
    return found


@transaction.atomic
def confirm_fact(*, fact: DossierFact, source: str, on: date, member: Member | None) -> DossierFact:
    """Say that it is still true, and how we know: it is asked again when facts of its topic usually are."""
    found = _locked(fact, member)
    _text, source = _given(found.text, source)
    with audited(found, verb="confirm_fact", member=member, account_id=found.account_id):
        found.source, found.on, found.ended_on = source, on, None
        found.expires_on = usual_expiry(found.topic, on, person=found.contact_id is not None)
        found.save()
    return found


@transaction.atomic
def end_fact(*, fact: DossierFact, on: date, member: Member | None) -> DossierFact:
    """Say that it is true no longer. It stays in the history of the dossier."""
    found = _locked(fact, member)
    with audited(found, verb="end_fact", member=member, account_id=found.account_id):
        found.ended_on = on
        found.save()
    return found


@transaction.atomic
def take_back_fact(*, fact: DossierFact, member: Member | None) -> DossierFact:
    """Say that it was noted by mistake, or that the person does not want it kept: it is shown nowhere any more."""
    found = _locked(fact, member)
    with audited(found, verb="take_back_fact", member=member, account_id=found.account_id):
        found.withdrawn_at = timezone.now()
        found.save()
    return found


@transaction.atomic
def restore_fact(*, fact: DossierFact, member: Member | None) -> DossierFact:
    """Put back what was ended or taken back."""
    found = _locked(fact, member)
    with audited(found, verb="restore_fact", member=member, account_id=found.account_id):
        found.ended_on = found.withdrawn_at = None
        found.save()
    return found


def usual_expiry(topic: str, on: date, *, person: bool) -> date | None:
    """When facts of a topic that are known since a day should be asked again; None: never."""
    months = topic_of(topic, person=person).holds_months
    return None if months is None else months_before(on, -months)


def _locked(fact: DossierFact, member: Member | None) -> DossierFact:
    require(member, Permission.WRITE)
    if not visible_facts(member).filter(pk=fact.pk).exists():
        raise NoSuchFact(_("There is no such fact."), _("It may have been taken back, or belong to others."))
    return DossierFact.objects.select_for_update(of=("self",)).get(pk=fact.pk)


def _known_topic(topic: str, contact: Contact | None) -> str:
    offered = [one.key for one in topics_to_note(person=contact is not None)]
    if topic not in offered:
        raise WrongFact(
            _("There is no topic called “%(topic)s” here.") % {"topic": topic},
            _("Use one of: %(topics)s.") % {"topics": ", ".join(offered)},
        )
    return topic


def _given(text: str, source: str) -> tuple[str, str]:
    text, source = text.strip()[:LONGEST_TEXT], source.strip()[:LONGEST_SOURCE]
    if not text:
        raise WrongFact(_("It does not say what we know."), _("Say it in a sentence."))
    if not source:
        raise WrongFact(_("Nobody could tell later where this comes from."), _("Say how we know it."))
    return text, source


def _refuse_stranger(contact: Contact | None, account: Account) -> None:
    if contact is not None and (contact.account.merged_into or contact.account) != account:
        raise WrongFact(
            _("%(name)s is not known at %(account)s.") % {"name": contact.name, "account": account.name},
            _("Choose somebody who is there, or note it on the account."),
        )


def _refuse_future(known_on: date, on: date) -> None:
    if known_on > on:
        raise WrongFact(_("That day is still to come."), _("Say on which day we learned it."))


def _refuse_early(expires_on: date | None, known_on: date) -> None:
    if expires_on is not None and expires_on <= known_on:
        raise WrongFact(_("It would be out of date at once."), _("Choose a later day to ask again, or none."))
