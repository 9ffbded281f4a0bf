"""Hand-overs: drafted by who won a customer, sent, accepted or returned with a reason, looked at in the first weeks.

With the acceptance the account passes to who accepts, and with it what the giver had promised and not yet kept.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final, TypedDict, Unpack

from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import ROLES, Permission, may, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import assign_owner, of_account, require_account
from regulars.facts.models import Account
from regulars.facts.service_profiles import describe_service, service_profile
from regulars.insight.models import Score
from regulars.plan.models import Handover, HandoverCheck, HandoverStep, Promise
from regulars.plan.seen import seen_with_account
from regulars.plan.thresholds import PlanThresholds, plan_thresholds

LONGEST_REASON = 500
RECEIVING_ROLES: Final = [role for role, rights in ROLES.items() if Permission.WRITE in rights.permissions]


class WrongHandover(Refusal):
    """This cannot be done with the hand-over."""


class NoSuchHandover(Refusal):
    """There is no such hand-over that this member may see."""


class HandoverFields(TypedDict, total=False):
    """What a hand-over says."""

    receiver: Member | None
    work: str
    files: str
    their_people: str
    our_people: str
    cares_about: str
    introduced_on: date | None


def visible_handovers(member: Member | None) -> QuerySet[Handover]:
    """Those of accounts that `member` may see, and those that the member gives or receives; the next due first."""
    seen = seen_with_account(member)
    if member is not None and member.is_active:
        seen |= Q(giver=member) | Q(receiver=member)
    return Handover.objects.filter(seen).order_by("due_on", "pk")


def latest_handover(account: Account, *, member: Member | None) -> Handover | None:
    """The newest hand-over of the account that was not discarded."""
    found = visible_handovers(member).filter(of_account(account)).exclude(state=Handover.State.DISCARDED)
    return found.select_related("giver", "receiver").order_by("-pk").first()


def possible_receivers() -> QuerySet[Member]:
    """Who may be given a customer: everyone whose role works with customers."""
    return Member.objects.filter(is_active=True, role__in=RECEIVING_ROLES).order_by("name", "pk")


def may_answer(handover: Handover, member: Member | None) -> bool:
    """Accepting and returning is for the receiver, and for who may give accounts to others."""
    return member is None or handover.receiver_id == member.pk or may(member, Permission.ASSIGN)


# Before it is accepted


@transaction.atomic
def open_handover(
    *,
    account: Account,
    origin: str,
    on: date,
    member: Member | None,
    giver: Member | None = None,
    **said: Unpack[HandoverFields],
) -> Handover:
    """Draft the hand-over of an account, given by `giver`, else by `member`, else by who looks after the account.

    Raises `WrongHandover` while another one of the account is under way.
    """
    require_account(account, member=member)
    account = account.merged_into or account
    if Handover.objects.filter(of_account(account), state__in=Handover.UNDER_WAY).exists():
        raise WrongHandover(
            _("A hand-over of %(account)s is under way already.") % {"account": account}, _("Go on with that one.")
        )
    giver = giver or member or account.owner
    if giver is None:
        raise WrongHandover(_("Nobody looks after %(account)s.") % {"account": account}, _("Assign it instead."))
    made = Handover(account=account, origin=origin, giver=giver, due_on=_due(on), **_cleaned(said))
    with audited(made, verb="open_handover", member=member):
        made.save()
    _step(made, on=on, member=member)
    return made


@transaction.atomic
def write_handover(*, handover: Handover, member: Member | None, **said: Unpack[HandoverFields]) -> Handover:
    """Change what a hand-over says, before it is sent and after it was returned."""
    found = _locked(handover, member, *Handover.WITH_GIVER)
    with audited(found, verb="write_handover", member=member, account_id=found.account_id):
        for name, value in _cleaned(said).items():
            setattr(found, name, value)
        found.save()
    return found


@transaction.atomic
def send_handover(*, handover: Handover, on: date, member: Member | None) -> Handover:
    """Give it to the receiver, who is to answer within the days of the threshold."""
    found = _locked(handover, member, *Handover.WITH_GIVER)
    if found.receiver is None or not found.receiver.is_active:
        raise WrongHandover(_("It does not say to whom."), _("Choose who looks after the customer from now on."))
    if found.receiver_id == found.giver_id:
        raise WrongHandover(_("Giver and receiver are the same."), _("Choose somebody else, or discard it."))
    if not found.work:
        raise WrongHandover(
            _("It does not say what work and orders are to be expected."), _("Say it in a few words, then send it.")
        )
    with audited(found, verb="send_handover", member=member, account_id=found.account_id):
        found.state, found.sent_on, found.due_on = Handover.State.SENT, on, _due(on)
        found.save()
    _step(found, on=on, member=member)
    return found


@transaction.atomic
def recall_handover(*, handover: Handover, on: date, member: Member | None) -> Handover:
    """Take the sending back, as long as nobody has answered."""
    found = _locked(handover, member, Handover.State.SENT)
    with audited(found, verb="recall_handover", member=member, account_id=found.account_id):
        found.state, found.sent_on = Handover.State.DRAFTED, None
        found.save()
    _step(found, on=on, member=member, said=_("Sending taken back"))
    return found


@transaction.atomic
def return_handover(*, handover: Handover, on: date, member: Member | None, reason: str) -> Handover:
    """Give it back to the giver, with what is missing."""
    found = _to_be_answered(handover, member)
    said = _given(reason)
    with audited(found, verb="return_handover", member=member, account_id=found.account_id):
        found.state, found.due_on = Handover.State.RETURNED, _due(on)
        found.save()
    _step(found, on=on, member=member, said=said)
    return found


@transaction.atomic
def discard_handover(*, handover: Handover, on: date, member: Member | None, reason: str) -> Handover:
    """Say that nothing is handed over, and why. The account stays where it is."""
    found = _locked(handover, member, *Handover.NOT_ACCEPTED)
    said = _given(reason)
    with audited(found, verb="discard_handover", member=member, account_id=found.account_id):
        found.state, found.closed_on = Handover.State.DISCARDED, on
        found.save()
    _step(found, on=on, member=member, said=said)
    return found


@transaction.atomic
def restore_handover(*, handover: Handover, on: date, member: Member | None) -> Handover:
    """Take the discarding back: it is a draft again."""
    found = _locked(handover, member, Handover.State.DISCARDED)
    home = found.account.merged_into or found.account
    if Handover.objects.filter(of_account(home), state__in=Handover.UNDER_WAY).exists():
        raise WrongHandover(
            _("A hand-over of %(account)s is under way already.") % {"account": home}, _("Go on with that one.")
        )
    with audited(found, verb="restore_handover", member=member, account_id=found.account_id):
        found.state, found.closed_on, found.due_on = Handover.State.DRAFTED, None, _due(on)
        found.save()
    _step(found, on=on, member=member)
    return found


# Acceptance and the first weeks


@transaction.atomic
def accept_handover(*, handover: Handover, on: date, member: Member | None) -> Handover:
    """Take the customer over: account and open promises of the giver pass to the receiver, the checks are set.

    What the customer cares about becomes part of its service profile.
    """
    found = _to_be_answered(handover, member)
    assert found.receiver is not None
    with audited(found, verb="accept_handover", member=member, account_id=found.account_id):
        found.state, found.accepted_on = Handover.State.ACCEPTED, on
        found.save()
    _step(found, on=on, member=member)
    account = found.account.merged_into or found.account
    # Who receives does not see the account yet and may not assign; the giver's sending is what allows it.
    assign_owner(accounts=[account], owner=found.receiver, member=None)
    for promise in Promise.objects.filter(of_account(account), owner=found.giver, state__in=Promise.LIVE):
        with audited(promise, verb="accept_handover", member=member, account_id=account.pk):
            promise.owner = found.receiver
            promise.save(update_fields=["owner", "updated_at"])
    _describe_service(account, found.cares_about)
    HandoverCheck.objects.bulk_create(
        HandoverCheck(handover=found, day=day, due_on=on + timedelta(days=day)) for day in check_days(plan_thresholds())
    )
    return found


@transaction.atomic
def note_introduction(*, handover: Handover, on: date | None, member: Member | None) -> Handover:
    """Say on which day who keeps the customer was introduced there; None: not yet. Once it was accepted."""
    found = _locked(handover, member, Handover.State.ACCEPTED, Handover.State.CLOSED)
    with audited(found, verb="note_introduction", member=member, account_id=found.account_id):
        found.introduced_on = on
        found.save()
    return found


def waiting_for(member: Member) -> int:
    """How many hand-overs wait for this member: to be answered, or to be completed after they were returned."""
    sent, returned = Q(state=Handover.State.SENT, receiver=member), Q(state=Handover.State.RETURNED, giver=member)
    return Handover.objects.filter(sent | returned).count()


def _describe_service(account: Account, cares_about: str) -> None:
    """Have the service see it, too, before it helps the customer; what the customer prefers stays as it is known."""
    if cares_about:
        known = service_profile(account)
        prefers = known.prefers if known is not None else ""
        describe_service(account=account, prefers=prefers, cares_about=cares_about, member=None)


def check_days(thresholds: PlanThresholds) -> list[int]:
    """On which days after the acceptance it is looked at how it goes."""
    return sorted(
        {
            thresholds.handover_first_check_days,
            thresholds.handover_second_check_days,
            thresholds.handover_third_check_days,
        }
    )


@transaction.atomic
def finish_check(*, check: HandoverCheck, on: date, member: Member | None, said: str) -> Handover:
    """Say how it goes with the customer. With the last check the hand-over is closed."""
    found = _locked(check.handover, member, Handover.State.ACCEPTED)
    check = found.checks.select_for_update().get(pk=check.pk)
    said = said.strip()[:LONGEST_REASON]
    if not said:
        raise WrongHandover(_("It does not say how it goes."), _("Say in a few words what the customer told you."))
    if check.done_on is not None:
        raise WrongHandover(_("This was done before."), _("There is nothing left to do."))
    with audited(check, verb="finish_check", member=member, account_id=found.account_id):
        check.done_on, check.said, check.member = on, said, member
        check.save()
    if not found.checks.filter(done_on=None).exists():
        with audited(found, verb="close_handover", member=member, account_id=found.account_id):
            found.state, found.closed_on = Handover.State.CLOSED, on
            found.save()
        _step(found, on=on, member=member)
    return found


@transaction.atomic
def undo_check(*, check: HandoverCheck, on: date, member: Member | None) -> Handover:
    """Take a check back; a hand-over that was closed with it is open again."""
    found = _locked(check.handover, member, Handover.State.ACCEPTED, Handover.State.CLOSED)
    check = found.checks.select_for_update().get(pk=check.pk)
    with audited(check, verb="undo_check", member=member, account_id=found.account_id):
        check.done_on, check.said, check.member = None, "", None
        check.save()
    if found.state == Handover.State.CLOSED:
        with audited(found, verb="undo_check", member=member, account_id=found.account_id):
            found.state, found.closed_on = Handover.State.ACCEPTED, None
            found.save()
        _step(found, on=on, member=member, said=_("Open again"))
    return found


# Drafts that nobody had to think of


def draft_for_first_orders(*, as_of: date, on: date) -> int:
    """Draft hand-overs of new customers of sellers of new business that never had one. Returns how many.

    Where the same person wins and keeps, nothing is handed over, and nothing is drafted. At the start of a history
    everybody looks new.
    """
    thresholds = plan_thresholds()
    start = Score.objects.aggregate(start=Min("first_order"))["start"] or as_of
    new = Account.objects.filter(
        merged_into=None,
        owner__is_active=True,
        owner__role=Member.Role.NEW_BUSINESS_SELLER,
        score__first_order__gte=max(
            as_of - timedelta(days=thresholds.handover_new_days),
            start + timedelta(days=thresholds.first_weeks_history_days),
        ),
        score__first_order__lte=as_of,
    ).exclude(pk__in=Handover.objects.order_by().values("account_id"))
    drafted = 0
    for account in new.select_related("owner").order_by("pk"):
        if Handover.objects.filter(account__merged_into=account).exists():
            continue
        open_handover(account=account, origin=Handover.Origin.FIRST_ORDER, on=on, member=None)
        drafted += 1
    return drafted


def _due(on: date) -> date:
    return on + timedelta(days=plan_thresholds().handover_days)


def _cleaned(said: HandoverFields) -> dict[str, Any]:
    return {name: value.strip() if isinstance(value, str) else value for name, value in said.items()}


def _step(handover: Handover, *, on: date, member: Member | None, said: str = "") -> None:
    HandoverStep.objects.create(handover=handover, state=handover.state, on=on, said=said, member=member)


def _locked(handover: Handover, member: Member | None, *states: str) -> Handover:
    require(member, Permission.WRITE)
    if not visible_handovers(member).filter(pk=handover.pk).exists():
        raise NoSuchHandover(_("There is no such hand-over."), _("It may belong to others."))
    locked = Handover.objects.select_for_update(of=("self",))
    found = locked.select_related("account__merged_into", "giver", "receiver").get(pk=handover.pk)
    if found.state not in states:
        raise WrongHandover(
            _("This cannot be done with a hand-over that is %(state)s.") % {"state": found.get_state_display()},
            _("Look at it again: somebody else may have gone on with it."),
        )
    return found


def _to_be_answered(handover: Handover, member: Member | None) -> Handover:
    found = _locked(handover, member, Handover.State.SENT)
    if not may_answer(found, member):
        raise WrongHandover(
            _("Only %(member)s can answer this hand-over.") % {"member": found.receiver},
            _("Ask them, or somebody who may give accounts to others."),
        )
    return found


def _given(reason: str) -> str:
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise WrongHandover(_("The reason is missing."), _("Say in a few words what is missing or why."))
    return reason
