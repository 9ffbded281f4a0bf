"""Sign-offs: by one click in a mail a contact confirms what a joint project brought, or says what is wrong (C4)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.formats import day as day_text
from regulars.base.formats import money, number
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.core.errors import Refusal
from regulars.core.money import from_minor
from regulars.facts.letters import write_to_contact
from regulars.facts.models import Contact
from regulars.facts.signals import SignalSource, record_signal
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
from regulars.plan.joint_projects import NoSuchProject, progress_of, visible_projects
from regulars.plan.models import JointProject, SignOff

LONGEST_WORDS = 2000


class CannotAsk(Refusal):
    """The customer cannot be asked like this."""


class WrongSignOff(Refusal):
    """This is no answer to the question."""


def drafted_question(project: JointProject, contact: Contact) -> Draft:
    """The letter that asks the contact to confirm what the project brought, to be read and changed first."""
    firm = organisation().name
    with in_language_of(contact):
        lines = [
            _("We have worked together on “%(project)s”. This is what we measured:") % {"project": project.title},
            "",
            *reached_now(project),
            "",
            _("Is that right? One click tells us, no password is needed: %(link)s") % {"link": "{link}"},
        ]
        subject = _("What our project brought: %(project)s") % {"project": project.title}
        return Draft(subject=subject[:200], text=letter(contact, firm, lines))


def reached(
    project: JointProject, *, on: date | None = None, value: Decimal | None = None, saved_minor: int | None = None
) -> list[str]:
    """What was measured at the start and last, and what was saved, in sentences."""
    start = {
        "measure": project.measure,
        "value": amount_told(project, project.baseline),
        "day": day_text(project.baseline_on),
    }
    told = [_("%(measure)s at the start, on %(day)s: %(value)s.") % start]
    if on is not None and value is not None:
        now = {"measure": project.measure, "value": amount_told(project, value), "day": day_text(on)}
        told.append(_("%(measure)s on %(day)s: %(value)s.") % now)
    if saved_minor is not None:
        amount = money(from_minor(saved_minor, project.currency), project.currency, exact=True)
        told.append(_("Saved so far: %(amount)s.") % {"amount": amount})
    return told


def reached_now(project: JointProject) -> list[str]:
    """The same by the measurements that count."""
    standing = progress_of(project)
    newest = standing.newest
    return reached(
        project,
        on=newest.on if newest else None,
        value=newest.value if newest else None,
        saved_minor=standing.saved_minor,
    )


def reached_as_asked(asked: SignOff) -> list[str]:
    """The same as the customer was shown it."""
    return reached(asked.project, on=asked.measured_on, value=asked.value, saved_minor=asked.saved_minor)


def amount_told(project: JointProject, value: Decimal) -> str:
    """A measured figure with its unit."""
    return f"{number(value, digits=4)} {project.unit}".strip()


@transaction.atomic
def ask_for_sign_off(
    *, project: JointProject, contact: Contact, on: date, member: Member | None, subject: str, text: str
) -> SignOff:
    """Ask the contact by mail whether the figures as they stand are right. `{link}` in the text becomes the link.

    Raises `CannotAsk` before anything was measured, and for figures that were confirmed or are being asked about.
    """
    found = visible_projects(member).filter(pk=project.pk).select_related("account__merged_into").first()
    if found is None:
        raise NoSuchProject(_("There is no such project."), _("It may belong to others."))
    standing = progress_of(found)
    if standing.newest is None:
        raise CannotAsk(_("Nothing was measured since the start."), _("Note what is measured now, then ask."))
    if contact.account_id != (found.account.merged_into_id or found.account_id):
        raise CannotAsk(_("%(contact)s is not known at this account.") % {"contact": contact}, _("Choose another."))
    _refuse_asked(found, contact, standing.newest.on)
    made = SignOff(
        project=found,
        contact=contact,
        asked_by=member,
        asked_on=on,
        measured_on=standing.newest.on,
        value=standing.newest.value,
        saved_minor=standing.saved_minor,
    )
    with audited(made, verb="ask_for_sign_off", member=member, account_id=found.account_id):
        made.save()
    text = with_link(text, f"/sign-off/{key_of(made)}/")
    write_to_contact(contact=contact, subject=subject, text=text, member=member, related=made, once=f"ask:{made.uid}")
    return made


def _refuse_asked(project: JointProject, contact: Contact, measured_on: date) -> None:
    asked = project.sign_offs.filter(measured_on__gte=measured_on, contact=contact, withdrawn_at=None)
    if asked.exclude(answer=SignOff.Answer.DISAGREES).exists():
        raise CannotAsk(
            _("%(contact)s was asked about these figures already.") % {"contact": contact},
            _("Wait for the answer, or ask again after the next measurement."),
        )


def sign_off_of_key(key: str) -> SignOff:
    """What is asked for. Raises `StaleLink` for a link that is wrong, old, used or taken back."""
    found = SignOff.objects.select_related("project__account", "contact__account").filter(pk=pk_of_key(key, SignOff))
    asked = found.first()
    if asked is None or asked.withdrawn_at is not None:
        raise stale_link()
    if asked.answer != SignOff.Answer.OPEN:
        raise answered_before()
    return asked


@transaction.atomic
def answer_sign_off(*, key: str, agrees: bool, words: str, at: datetime) -> SignOff:
    """Keep what the customer says. That it agrees is a signal of the account; that it does not needs words."""
    asked = sign_off_of_key(key)
    SignOff.objects.select_for_update(of=("self",)).get(pk=asked.pk)
    asked = sign_off_of_key(key)  # somebody may have answered while this one waited
    words = words.strip()[:LONGEST_WORDS]
    if not agrees and not words:
        raise WrongSignOff(_("We would like to put it right."), _("Tell us in a few words what is not right."))
    with audited(asked, verb="answer_sign_off", member=None, account_id=asked.project.account_id):
        asked.answer = SignOff.Answer.AGREES if agrees else SignOff.Answer.DISAGREES
        asked.words, asked.answered_at = words, at
        asked.save()
    if agrees:
        _note_agreement(asked, today(organisation(), at))
    return asked


def _note_agreement(asked: SignOff, on: date) -> None:
    account = asked.project.account.merged_into or asked.project.account
    record_signal(
        account=account,
        kind="value_confirmed",
        observed_on=on,
        member=None,
        said=asked.words or asked.project.title,
        source=SignalSource.of(asked.project),
    )
    protect([account.pk], on=on)


@transaction.atomic
def withdraw_question(*, sign_off: SignOff, member: Member | None) -> SignOff:
    """The link in the mail opens nothing any more."""
    require(member, Permission.WRITE)
    found = SignOff.objects.select_for_update(of=("self",)).select_related("project").get(pk=sign_off.pk)
    if not visible_projects(member).filter(pk=found.project_id).exists():
        raise NoSuchProject(_("There is no such project."), _("It may belong to others."))
    if found.answer != SignOff.Answer.OPEN or found.withdrawn_at is not None:
        raise CannotAsk(_("This question is answered, or was taken back."), _("There is nothing left to do."))
    with audited(found, verb="withdraw_question", member=member, account_id=found.project.account_id):
        found.withdrawn_at = timezone.now()
        found.save()
    return found
