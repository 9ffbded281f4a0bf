"""Leads: who sees which, taking them in, finding out whether they fit, getting in touch, losing them.

A lead is judged by the criteria as soon as it comes: one that fits without doubt is said to fit, one that may fit goes
to a seller, one that does not waits for somebody to say so. Winning one makes a customer: `plan/leads.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Forbidden, Permission, Scope, account_scope, may, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.base.organisation import organisation
from regulars.core.errors import Refusal
from regulars.core.lead_points import Verdict
from regulars.facts.lead_criteria import criteria, judge_lead
from regulars.facts.lead_likeness import perhaps_account
from regulars.facts.lead_routes import LEAD_ROLES, whose_turn
from regulars.facts.models import Account, Lead, LeadFile, LeadForm, LeadStep
from regulars.facts.thresholds import LEAD_ANSWER_HOURS, LEAD_POINTS

LONGEST_WORDS = 5000
LONGEST_REASON = 500
_KEPT: Final = (*("state", "owner_id", "routed", "answered_at", "qualified_at", "closed_at", "reason", "reason_said"),)
"""What a step may change, and taking it back gives back."""
_UNDONE: Final = (
    LeadStep.Kind.ROUTED,
    LeadStep.Kind.QUALIFIED,
    LeadStep.Kind.UNQUALIFIED,
    LeadStep.Kind.CONTACTED,
    LeadStep.Kind.NOTED,
    LeadStep.Kind.LOST,
    LeadStep.Kind.REOPENED,
)


class WrongLead(Refusal):
    """A lead cannot be taken in or changed like this."""


class NoSuchLead(Refusal):
    """There is no such lead that this member may see."""


class LeadFields(TypedDict, total=False):
    """What is known of a lead."""

    name: str
    kind: str
    person: str
    role: str
    email: str
    phone: str
    city: str
    country: str
    language: str
    trade: str
    size: str
    wishes: str
    said_source: str
    answers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """By what a lead came, besides its channel."""

    channel: str
    form: LeadForm | None = None
    file: LeadFile | None = None
    system: str = ""
    external_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A lead that came in; not `new`: it was known, and asked again."""

    lead: Lead
    new: bool


# Reading


def visible_leads(member: Member | None) -> QuerySet[Lead]:
    """Who sees all accounts sees all leads; others their own, their team's, those they took down, and nobody's."""
    scope = account_scope(member)
    if member is None or scope == Scope.ALL:
        return Lead.objects.all()
    if scope == Scope.NONE:
        return Lead.objects.none()
    seen = Q(owner=member) | Q(taken_by=member)
    if member.role == Member.Role.NEW_BUSINESS_SELLER:
        seen |= Q(owner=None)
    if scope == Scope.TEAM and member.team_id is not None:
        seen |= Q(owner__team=member.team_id)
    return Lead.objects.filter(seen)


def may_work_on_leads(member: Member | None) -> bool:
    """Sellers work on leads, and so does marketing, which may write nothing else."""
    return may(member, Permission.WRITE) or may(member, Permission.MANAGE_LEADS)


def require_work_on_leads(member: Member | None) -> None:
    """Go on only if `may_work_on_leads`."""
    if not may_work_on_leads(member):
        raise Forbidden(
            _("Your role does not allow this."),
            _("Ask an owner of this installation, or someone whose role allows it."),
        )


def locked_lead(lead: Lead, member: Member | None, *states: str) -> Lead:
    """The lead, locked, if the member sees it and it is in one of `states`; without any, in whichever."""
    require_work_on_leads(member)
    if not visible_leads(member).filter(pk=lead.pk).exists():
        raise NoSuchLead(_("There is no such lead."), _("It may belong to others."))
    found = Lead.objects.select_for_update(of=("self",)).select_related("owner", "account").get(pk=lead.pk)
    if states and found.state not in states:
        raise WrongLead(
            _("This cannot be done with a lead in the state “%(state)s”.") % {"state": found.get_state_display()},
            _("Look at it again: somebody else may have gone on with it."),
        )
    return found


def answer_due(at: datetime) -> datetime:
    """Leads that came before this moment should have been answered at `at`."""
    return at - timedelta(hours=int(LEAD_ANSWER_HOURS.of(organisation())))


def unanswered(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """Those to whom nobody has spoken yet, and that are not known not to fit."""
    return leads.filter(state__in=Lead.OPEN, answered_at=None).exclude(fit=Lead.Fit.NO, owner=None)


# Coming in


@transaction.atomic
def take_lead(
    *, origin: Origin, at: datetime, member: Member | None, owner: Member | None = None, **said: Unpack[LeadFields]
) -> Taken:
    """Take in somebody who may become a customer. One that is open under the same e-mail address has asked again.

    The same `system` and `external_id` is the same lead, whatever became of it: nothing is changed. Raises `WrongLead`
    without a name, and without a way to answer.
    """
    if member is not None:
        require_work_on_leads(member)
    known = _known_there(origin)
    if known is not None:
        return Taken(lead=known, new=False)
    made = Lead(
        channel=origin.channel,
        form=origin.form,
        file=origin.file,
        system=origin.system,
        external_id=origin.external_id,
        taken_by=member,
        came_at=at,
    )
    _set(made, said)
    if not made.email and not made.phone:
        raise WrongLead(_("There is no way to answer."), _("Give an e-mail address or a phone number."))
    again = _open_with(made.email)
    if again is not None:
        return Taken(lead=_asked_again(again, made, at=at), new=False)
    if origin.file is None:  # those of a file are looked for by a job: each is held against all accounts
        made.perhaps = perhaps_account(made)
    try:
        with transaction.atomic(), audited(made, verb="take_lead", member=member):
            made.save()
    except IntegrityError:  # another process was sent the same at the same time, and was faster
        known = _known_there(origin)
        if known is None:
            raise
        return Taken(lead=known, new=False)
    add_step(made, LeadStep.Kind.CAME, at=at, member=member)
    _judge(made, at=at)
    _route(made, owner or _own(member), at=at, member=member)
    return Taken(lead=made, new=True)


def _known_there(origin: Origin) -> Lead | None:
    if origin.external_id is None:
        return None
    return Lead.objects.filter(system=origin.system, external_id=origin.external_id).first()


def _open_with(email: str) -> Lead | None:
    if not email:
        return None
    return Lead.objects.select_for_update().filter(email=email, state__in=Lead.OPEN).order_by("pk").first()


def _asked_again(lead: Lead, made: Lead, *, at: datetime) -> Lead:
    """What they said now is added as words, not put over what is known: anybody can send a form in another's name."""
    ways = ", ".join(part for part in (made.name, made.person, made.phone) if part)
    add_step(lead, LeadStep.Kind.ASKED_AGAIN, at=at, member=made.taken_by, said="\n".join([ways, made.wishes]).strip())
    return lead


def _own(member: Member | None) -> Member | None:
    """Who sells new business keeps the leads that they take down."""
    sells = member is not None and member.role == Member.Role.NEW_BUSINESS_SELLER
    return member if sells else None


def _judge(lead: Lead, *, at: datetime) -> None:
    judgement = judge_lead(lead, criteria(), needed=int(LEAD_POINTS.of(organisation())))
    lead.points = judgement.points if judgement.judged else None
    lead.fit = Lead.Fit(judgement.verdict.value)
    if lead.state == Lead.State.NEW and judgement.verdict is Verdict.FITS:
        add_step(lead, LeadStep.Kind.QUALIFIED, at=at, member=None, said=_("All our criteria are met."))
        lead.state = Lead.State.CONTACTED if lead.answered_at else Lead.State.QUALIFIED
        lead.qualified_at = at
    lead.save()


def _route(lead: Lead, owner: Member | None, *, at: datetime, member: Member | None) -> None:
    if owner is not None:
        routed: dict[str, Any] = {"because": "hand", "by": member.name if member and member != owner else ""}
    elif lead.fit == Lead.Fit.NO:
        routed = {"because": "no_fit"}
    else:
        owner, routed = whose_turn(lead)
    lead.owner, lead.routed = owner, routed
    lead.save(update_fields=["owner", "routed", "updated_at"])
    if owner is not None:
        add_step(lead, LeadStep.Kind.ROUTED, at=at, member=member if routed["because"] == "hand" else None, to=owner)


# Going on


@transaction.atomic
def change_lead(*, lead: Lead, at: datetime, member: Member | None, **said: Unpack[LeadFields]) -> Lead:
    """Change what is known of a lead; of `answers` only those given. It is judged anew, and may be found to fit."""
    found = locked_lead(lead, member, *Lead.OPEN)
    with audited(found, verb="change_lead", member=member):
        _set(found, said)
        found.save()
    found.perhaps = perhaps_account(found)
    _judge(found, at=at)
    if found.owner is None and found.fit != Lead.Fit.NO:
        _route(found, None, at=at, member=member)
    return found


@transaction.atomic
def assign_lead(*, lead: Lead, owner: Member | None, at: datetime, member: Member | None, said: str = "") -> Lead:
    """Give a lead to somebody, or to nobody. Who may not give may take one that is nobody's, or leave an own one."""
    found = locked_lead(lead, member, *Lead.OPEN)
    if owner is not None and (not owner.is_active or owner.role not in LEAD_ROLES):
        raise WrongLead(_("%(member)s cannot work on leads.") % {"member": owner}, _("Choose somebody else."))
    takes = found.owner is None and owner == member
    leaves = owner is None and member is not None and found.owner_id == member.pk
    if not (takes or leaves or may(member, Permission.MANAGE_LEADS)):
        require(member, Permission.ASSIGN)
    before = _before(found)
    with audited(found, verb="assign_lead", member=member):
        found.owner = owner
        found.routed = {"because": "hand", "by": member.name if member and member != owner else ""}
        found.save()
    add_step(found, LeadStep.Kind.ROUTED, at=at, member=member, to=owner, said=said, before=before)
    return found


def pass_on_leads(*, person: Member, heir: Member | None, at: datetime, member: Member | None) -> None:
    """Open leads of who leaves go to the heir, else to whose turn it is: nobody waits for somebody who is gone."""
    for one in Lead.objects.select_for_update().filter(owner=person, state__in=Lead.OPEN).order_by("pk"):
        to, routed = whose_turn(one)
        if heir is not None and heir.role in LEAD_ROLES:
            to, routed = heir, {"because": "hand", "by": member.name if member else ""}
        with audited(one, verb="assign_lead", member=member):
            one.owner, one.routed = to, routed
            one.save(update_fields=["owner", "routed", "updated_at"])
        add_step(one, LeadStep.Kind.ROUTED, at=at, member=member, to=to)


@transaction.atomic
def qualify_lead(*, lead: Lead, at: datetime, member: Member | None, said: str = "") -> Lead:
    """Say that it fits, whatever the criteria say; a lead that is nobody's goes to somebody."""
    found = locked_lead(lead, member, Lead.State.NEW)
    before = _before(found)
    with audited(found, verb="qualify_lead", member=member):
        found.state = Lead.State.CONTACTED if found.answered_at else Lead.State.QUALIFIED
        found.qualified_at = at
        found.save()
    add_step(found, LeadStep.Kind.QUALIFIED, at=at, member=member, said=said, before=before)
    if found.owner is None:
        owner, routed = whose_turn(found)
        found.owner, found.routed = owner, routed
        found.save(update_fields=["owner", "routed", "updated_at"])
    return found


@transaction.atomic
def contact_lead(*, lead: Lead, at: datetime, member: Member | None, said: str = "") -> Lead:
    """Say that we got in touch. The first time is how long they waited; a lead of nobody's becomes the member's."""
    found = locked_lead(lead, member, *Lead.OPEN)
    before = _before(found)
    with audited(found, verb="contact_lead", member=member):
        found.answered_at = found.answered_at or at
        if found.state == Lead.State.QUALIFIED:
            found.state = Lead.State.CONTACTED
        if found.owner is None and member is not None and member.role in LEAD_ROLES:
            found.owner, found.routed = member, {"because": "hand", "by": ""}
        found.save()
    add_step(found, LeadStep.Kind.CONTACTED, at=at, member=member, said=said, before=before)
    return found


@transaction.atomic
def note_on_lead(*, lead: Lead, at: datetime, member: Member | None, said: str) -> Lead:
    """Write something down about a lead."""
    found = locked_lead(lead, member)
    if not said.strip():
        raise WrongLead(_("There is nothing to write down."), _("Write a few words."))
    add_step(found, LeadStep.Kind.NOTED, at=at, member=member, said=said, before=_before(found))
    return found


def reject_lead(*, lead: Lead, at: datetime, member: Member | None, reason: str, said: str = "") -> Lead:
    """Say that it does not fit, and why."""
    return _close(lead, Lead.State.UNQUALIFIED, at=at, member=member, reason=reason, said=said)


def lose_lead(*, lead: Lead, at: datetime, member: Member | None, reason: str, said: str = "") -> Lead:
    """Say that it became nothing, and why."""
    return _close(lead, Lead.State.LOST, at=at, member=member, reason=reason, said=said)


@transaction.atomic
def _close(lead: Lead, state: Lead.State, *, at: datetime, member: Member | None, reason: str, said: str) -> Lead:
    lost = state == Lead.State.LOST
    found = locked_lead(lead, member, *Lead.OPEN)
    if reason not in (Lead.LOSING if lost else Lead.NOT_FITTING):
        raise WrongLead(_("The reason is missing."), _("Choose one: the report of leads lives by it."))
    if reason == Lead.Reason.OTHER and not said.strip():
        raise WrongLead(_("The reason is missing."), _("Say in a few words what it was."))
    before = _before(found)
    with audited(found, verb="lose_lead" if lost else "reject_lead", member=member):
        found.state, found.closed_at = state, at
        found.reason, found.reason_said = reason, said.strip()[:LONGEST_REASON]
        found.save()
    add_step(
        found,
        LeadStep.Kind.LOST if lost else LeadStep.Kind.UNQUALIFIED,
        at=at,
        member=member,
        said=": ".join(part for part in (str(found.get_reason_display()), found.reason_said) if part),
        before=before,
    )
    return found


@transaction.atomic
def reopen_lead(*, lead: Lead, at: datetime, member: Member | None, said: str = "") -> Lead:
    """Take up again what was lost or did not fit."""
    found = locked_lead(lead, member, Lead.State.LOST, Lead.State.UNQUALIFIED)
    before = _before(found)
    with audited(found, verb="reopen_lead", member=member):
        found.state = Lead.State.NEW if found.qualified_at is None else Lead.State.QUALIFIED
        if found.state == Lead.State.QUALIFIED and found.answered_at is not None:
            found.state = Lead.State.CONTACTED
        found.closed_at, found.reason, found.reason_said = None, Lead.Reason.NONE, ""
        found.save()
    add_step(found, LeadStep.Kind.REOPENED, at=at, member=member, said=said, before=before)
    return found


@transaction.atomic
def take_back_lead_step(*, lead: Lead, member: Member | None) -> Lead:
    """Undo the last thing that was done with a lead."""
    found = locked_lead(lead, member)
    last = found.steps.filter(taken_back_at=None).order_by("-pk").first()
    if last is None or last.kind not in _UNDONE or not last.before:
        raise WrongLead(_("There is nothing to take back."), _("Go on with the lead instead."))
    with audited(found, verb="take_back_lead_step", member=member):
        for name, value in last.before.items():
            setattr(found, name, value)
        found.save()
    last.taken_back_at = timezone.now()
    last.save(update_fields=["taken_back_at", "updated_at"])
    found.refresh_from_db()
    return found


def can_take_back(step: LeadStep | None) -> bool:
    """Is this, the last step of a lead, one that can be undone?"""
    return step is not None and step.kind in _UNDONE and bool(step.before)


def add_step(
    lead: Lead,
    kind: str,
    *,
    at: datetime,
    member: Member | None,
    said: str = "",
    to: Member | None = None,
    before: dict[str, Any] | None = None,
) -> LeadStep:
    """Add what happened to the story of the lead."""
    return LeadStep.objects.create(
        lead=lead,
        kind=kind,
        at=at,
        member=member,
        to_member=to,
        said=said.strip()[:LONGEST_WORDS],
        before=before or {},
    )


def _before(lead: Lead) -> dict[str, Any]:
    return {name: getattr(lead, name) for name in _KEPT}


def _set(lead: Lead, said: LeadFields) -> None:
    for name, value in said.items():
        if name == "answers":
            lead.answers = {**lead.answers, **{key: str(one).strip() for key, one in said["answers"].items() if one}}
        else:
            setattr(lead, name, value.strip() if isinstance(value, str) else value)
    lead.email, lead.wishes = lead.email.casefold(), lead.wishes[:LONGEST_WORDS]
    if not lead.name:
        lead.name, lead.kind = lead.person, Account.Kind.PERSON
    if not lead.name:
        raise WrongLead(_("There is no name."), _("Give the name of the firm or of the person."))
    try:
        lead.clean_fields(exclude=[one.name for one in lead._meta.fields if one.name not in said])
        if lead.email:
            validate_email(lead.email)
    except ValidationError as problem:
        labels = {one.name: str(one.verbose_name) for one in lead._meta.fields}
        wrong = [labels[name] for name in getattr(problem, "error_dict", ["email"])]
        raise WrongLead(
            _("%(fields)s: %(problem)s") % {"fields": ", ".join(wrong), "problem": " ".join(problem.messages)},
            _("Correct it; nothing was changed."),
        ) from None
