"""Value proofs: what customers say they value about us, in their words, with evidence and consent to quote (B8).

A proof is quoted to others only with consent, and by name only if that was allowed. Without consent it is counted, and
read by those alone who see its account.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.core.errors import Refusal
from regulars.core.quotes import without_names
from regulars.facts.accounts import of_account, require_account, visible_accounts
from regulars.facts.letters import write_to_contact
from regulars.facts.models import Account, Contact, Issue
from regulars.facts.signals import SignalSource, record_signal, withdraw_signal
from regulars.insight.models import Score
from regulars.insight.protection import protect
from regulars.plan.customer_links import (
    Draft,
    answered_before,
    in_language_of,
    key_of,
    letter,
    pk_of_key,
    stale_link,
    with_link,
)
from regulars.plan.models import JointProject, ProofAsk, ValueProof
from regulars.plan.perceived_value import keep_perceived_value
from regulars.plan.seen import seen_with_account

LONGEST_WORDS = 2000
LONGEST_EVIDENCE = 500
AGAIN_DAYS = 90
"""Nobody is asked again within so many days while a question waits."""


class WrongProof(Refusal):
    """A proof cannot be noted or changed like this."""


class NoSuchProof(Refusal):
    """There is no such proof that this member may see."""


class ProofFields(TypedDict, total=False):
    """What is said about a proof."""

    contact: Contact | None
    what: str
    words: str
    said_on: date
    consent: str
    consent_from: str
    evidence: str
    issue: Issue | None
    project: JointProject | None


def visible_proofs(member: Member | None) -> QuerySet[ValueProof]:
    """All proofs of the accounts that `member` may see, taken-back ones too, the newest first."""
    return ValueProof.objects.filter(seen_with_account(member)).order_by("-said_on", "-pk")


def library(member: Member | None) -> QuerySet[ValueProof]:
    """The proofs that `member` may read: those of visible accounts, and of all others what may be quoted."""
    require(member, Permission.READ)
    readable = seen_with_account(member) | Q(consent__in=ValueProof.QUOTABLE)
    return ValueProof.objects.filter(readable, taken_back_at=None).order_by("-said_on", "-pk")


def proofs_of(account: Account, *, member: Member | None) -> QuerySet[ValueProof]:
    """Those of one account, and of what was merged into it."""
    return visible_proofs(member).filter(of_account(account))


def with_names(proofs: QuerySet[ValueProof]) -> QuerySet[ValueProof]:
    """With all that `quoted_words` needs, in a constant number of queries."""
    related = proofs.select_related("account__merged_into", "contact")
    return related.prefetch_related("account__contacts", "account__merged_into__contacts")


def quoted_words(proof: ValueProof) -> str:
    """The words as others may read them: without the names of firm and people, unless the customer may be named."""
    return as_allowed(proof, proof.words)


def as_allowed(proof: ValueProof, words: str) -> str:
    """Words about the customer, without the names of firm and people, unless it may be named."""
    if proof.consent == ValueProof.Consent.BY_NAME:
        return words
    home = proof.account.merged_into or proof.account
    people = [one.name for one in home.contacts.all()]
    said_by = proof.contact.name if proof.contact else ""
    return without_names(words, [proof.account.name, home.name, proof.consent_from, said_by, *people])


# Verbs


@transaction.atomic
def note_proof(*, account: Account, on: date, member: Member | None, **fields: Unpack[ProofFields]) -> ValueProof:
    """Note what somebody at the account said that it values. A signal of the account says so.

    Raises `WrongProof` without words, for a day to come, for evidence from another account, and for a consent of which
    nobody is named who gave it.
    """
    require_account(account, member=member)
    account = account.merged_into or account
    made = ValueProof(account=account, said_on=on, member=member, order_figures=_order_figures(account))
    _set(made, fields, on=on, member=member)
    with audited(made, verb="note_proof", member=member):
        made.save()
    _note_signal(made, on=on, member=member)
    return made


@transaction.atomic
def change_proof(*, proof: ValueProof, on: date, member: Member | None, **fields: Unpack[ProofFields]) -> ValueProof:
    """Change what is said about it. What the customer wrote itself stays in its words; its consent may change."""
    found = _locked(proof, member)
    if found.by_link and fields.get("words", found.words).strip() != found.words:
        raise WrongProof(_("These are the customer’s own words."), _("Note another proof, if it said more since."))
    with audited(found, verb="change_proof", member=member, account_id=found.account_id):
        _set(found, fields, on=on, member=member)
        found.save()
    return found


@transaction.atomic
def take_back_proof(*, proof: ValueProof, on: date, member: Member | None) -> ValueProof:
    """It was noted by mistake, or the customer no longer says so: it is quoted no more. Its signal is withdrawn."""
    found = _locked(proof, member)
    if found.taken_back_at is not None:
        raise WrongProof(_("This was taken back before."), _("There is nothing left to do."))
    with audited(found, verb="take_back_proof", member=member, account_id=found.account_id):
        found.taken_back_at = timezone.now()
        found.save()
    home = found.account.merged_into or found.account
    source = SignalSource.of(found)
    for signal in home.signals.filter(source_kind=source.kind, source_uid=source.uid, withdrawn_at=None):
        withdraw_signal(signal=signal, member=None, reason=_("Noted by mistake"))
    protect([home.pk], on=on)
    return found


@transaction.atomic
def restore_proof(*, proof: ValueProof, on: date, member: Member | None) -> ValueProof:
    """Let it count again."""
    found = _locked(proof, member)
    if found.taken_back_at is None:
        raise WrongProof(_("This counts already."), _("There is nothing left to do."))
    with audited(found, verb="restore_proof", member=member, account_id=found.account_id):
        found.taken_back_at = None
        found.save()
    _note_signal(found, on=on, member=member)
    return found


# Asking the customer


def drafted_ask(contact: Contact) -> Draft:
    """The letter that asks the contact what it values about us, to be read and changed first."""
    firm = organisation().name
    with in_language_of(contact):
        lines = [
            _("Thank you for working with us. We would like to know what we are worth to you, in your own words."),
            "",
            _("Three short questions, no password: %(link)s") % {"link": "{link}"},
            "",
            _("You decide there whether we may quote you: by name, without a name, or not at all."),
        ]
        return Draft(subject=_("What do you value about us?"), text=letter(contact, firm, lines))


@transaction.atomic
def ask_for_proof(*, contact: Contact, on: date, member: Member | None, subject: str, text: str) -> ProofAsk:
    """Ask a contact by mail what it values about us. `{link}` in the text becomes the link.

    Raises `WrongProof` where a question to this contact waits for an answer.
    """
    require_account(contact.account, member=member)
    waiting = ProofAsk.objects.filter(contact=contact, answered_at=None, withdrawn_at=None).order_by("-pk").first()
    if waiting is not None and (on - waiting.asked_on).days < AGAIN_DAYS:
        raise WrongProof(
            _("%(contact)s was asked this lately.") % {"contact": contact},
            _("Wait for the answer, or take that question back."),
        )
    made = ProofAsk(account=contact.account, contact=contact, asked_by=member, asked_on=on)
    with audited(made, verb="ask_for_proof", member=member):
        made.save()
    text = with_link(text, f"/worth/{key_of(made)}/")
    write_to_contact(contact=contact, subject=subject, text=text, member=member, related=made, once=f"ask:{made.uid}")
    return made


def ask_of_key(key: str) -> ProofAsk:
    """Who is asked. Raises `StaleLink` for a link that is wrong, old, used or taken back."""
    found = ProofAsk.objects.select_related("account__merged_into", "contact__account")
    asked = found.filter(pk=pk_of_key(key, ProofAsk)).first()
    if asked is None or asked.withdrawn_at is not None:
        raise stale_link()
    if asked.answered_at is not None:
        raise answered_before()
    return asked


@transaction.atomic
def answer_ask(*, key: str, score: int, what: str, words: str, consent: str, at: datetime) -> ProofAsk:
    """Keep what the customer says: what we are worth to it, and what it values, if it says that in words."""
    asked = ask_of_key(key)
    ProofAsk.objects.select_for_update(of=("self",)).get(pk=asked.pk)
    asked = ask_of_key(key)  # somebody may have answered while this one waited
    on = today(organisation(), at)
    account = asked.account.merged_into or asked.account
    with audited(asked, verb="answer_ask", member=None):
        asked.answered_at = at
        asked.save()
    keep_perceived_value(account=account, contact=asked.contact, score=score, said="", on=on, today=on, member=None)
    if words.strip():
        made = ValueProof(
            account=account, said_on=on, contact=asked.contact, by_link=True, order_figures=_order_figures(account)
        )
        said: ProofFields = {"what": what, "words": words, "consent": consent, "consent_from": asked.contact.name}
        _set(made, said, on=on, member=None)
        with audited(made, verb="note_proof", member=None):
            made.save()
        _note_signal(made, on=on, member=None)
    return asked


@transaction.atomic
def withdraw_ask(*, ask: ProofAsk, member: Member | None) -> ProofAsk:
    """The link in the mail opens nothing any more."""
    require(member, Permission.WRITE)
    found = ProofAsk.objects.select_for_update(of=("self",)).filter(seen_with_account(member), pk=ask.pk).first()
    if found is None or found.answered_at is not None or found.withdrawn_at is not None:
        raise WrongProof(_("This question is answered, or was taken back."), _("There is nothing left to do."))
    with audited(found, verb="withdraw_ask", member=member):
        found.withdrawn_at = timezone.now()
        found.save()
    return found


def _locked(proof: ValueProof, member: Member | None) -> ValueProof:
    require(member, Permission.WRITE)
    found = visible_proofs(member).filter(pk=proof.pk).first()
    if found is None:
        raise NoSuchProof(_("There is no such proof."), _("It may belong to others."))
    return ValueProof.objects.select_for_update(of=("self",)).select_related("account__merged_into").get(pk=found.pk)


def _set(proof: ValueProof, fields: ProofFields, *, on: date, member: Member | None) -> None:
    agreed = (proof.consent, proof.consent_from)
    for name, value in fields.items():
        setattr(proof, name, value.strip() if isinstance(value, str) else value)
    proof.words, proof.evidence = proof.words[:LONGEST_WORDS], proof.evidence[:LONGEST_EVIDENCE]
    if not proof.words:
        raise WrongProof(_("It does not say what the customer said."), _("Write it down in its own words."))
    if proof.what not in ValueProof.What.values or proof.consent not in ValueProof.Consent.values:
        raise WrongProof(_("That is not one of the answers."), _("Choose one of those that are offered."))
    if proof.said_on > on:
        raise WrongProof(_("That day has not come yet."), _("Give the day on which it was said."))
    if proof.consent in ValueProof.QUOTABLE and not proof.consent_from:
        raise WrongProof(_("Nobody is named who allowed that it is quoted."), _("Say who of theirs was asked."))
    if agreed != (proof.consent, proof.consent_from):
        proof.consent_on = on if proof.consent in ValueProof.QUOTABLE else None
    _refuse_foreign(proof)


def _refuse_foreign(proof: ValueProof) -> None:
    """Contact, issue and project belong to this account; the latter two keep the account that was merged into it."""
    home = proof.account.merged_into_id or proof.account_id
    theirs: list[Any] = [one for one in (proof.contact, proof.issue, proof.project) if one is not None]
    if any((one.account.merged_into_id or one.account_id) != home for one in theirs):
        raise WrongProof(_("That belongs to another account."), _("Choose what belongs to this one."))


def _order_figures(account: Account) -> dict[str, Any]:
    """What its orders say today: kept, since they will change and what was said will not."""
    score = Score.objects.filter(account=account).first()
    if score is None or score.first_order is None:
        return {}
    return {"since": score.first_order.isoformat(), "orders_12m": score.orders_12m or 0}


def _note_signal(proof: ValueProof, *, on: date, member: Member | None) -> None:
    home = proof.account.merged_into or proof.account
    sees = member is not None and visible_accounts(member).filter(pk=home.pk).exists()
    record_signal(
        account=home,
        kind="value_confirmed",
        observed_on=proof.said_on,
        member=member if sees else None,
        said=proof.words,
        source=SignalSource.of(proof),
    )
    protect([home.pk], on=on)
