"""Actions: what members do with them, and how each cause is received. `proposals.py` proposes and closes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.core.proportions import wilson_interval
from regulars.facts.accounts import require_account, visible_accounts
from regulars.facts.interactions import record_interaction, withdraw_interaction
from regulars.facts.models import Contact, Interaction
from regulars.plan.causes import CAUSES
from regulars.plan.models import Action
from regulars.plan.play_following import follow_dismissed, follow_done, follow_reopened
from regulars.plan.seen import seen_with_account

USUAL_OBJECTIONS = (
    gettext_noop("We spoke already"),
    gettext_noop("Their pause is normal"),
    gettext_noop("Nothing to win here"),
    gettext_noop("The reason is wrong"),
)
NOT_NOW = gettext_noop("Not the right moment")
"""Why one dismisses or puts off: recorded in English and shown in the reader's language, as `USUAL_OUTCOMES` are."""


class NotOpen(Refusal):
    """The action was done, dismissed or closed before."""


class WrongAction(Refusal):
    """This cannot be done with the action."""


def visible_actions(member: Member | None) -> QuerySet[Action]:
    """The actions about accounts that `member` may see."""
    return Action.objects.filter(seen_with_account(member))


@transaction.atomic
def mark_done(
    *,
    action: Action,
    on: date,
    outcome: str,
    member: Member | None,
    text: str = "",
    kind: str = Interaction.Kind.CALL,
    contacts: Iterable[Contact] = (),
) -> Action:
    """Say that it was done, with what outcome. It is recorded as an interaction with the account."""
    action = _pending(action, member)
    if not outcome.strip():
        raise WrongAction(
            _("The outcome is missing."), _("Say in a few words what came of it, for example: reached, will order.")
        )
    with audited(action, verb="mark_done", member=member):
        action.interaction = record_interaction(
            account=action.account, kind=kind, on=on, member=member, text=text, outcome=outcome, contacts=contacts
        )
        _finish(action, Action.State.DONE, on=on, reason=outcome, member=member)
    follow_done(action, on=on, said=outcome, member=member)
    return action


@transaction.atomic
def mark_not_useful(*, action: Action, on: date, reason: str, member: Member | None) -> Action:
    """Dismiss a proposal, with the reason: it counts against the cause, which is then quiet about this account."""
    action = _pending(action, member)
    with audited(action, verb="mark_not_useful", member=member):
        _finish(action, Action.State.NOT_USEFUL, on=on, reason=_given(reason), member=member)
    follow_dismissed(action, on=on, reason=reason, member=member)
    return action


@transaction.atomic
def snooze(*, action: Action, on: date, until: date, reason: str, member: Member | None) -> Action:
    """Put it off to a later day, on which it is on the list again."""
    action = _pending(action, member)
    if until <= on:
        raise WrongAction(_("The day to come back lies not in the future."), _("Choose a day after today."))
    with audited(action, verb="snooze", member=member):
        action.state = Action.State.SNOOZED
        action.snoozed_until = until
        action.reason = _given(reason)
        action.save()
    return action


@transaction.atomic
def reassign(*, action: Action, to: Member, member: Member | None) -> Action:
    """Give it to another member, who sees the account. It stays with that one, whoever owns the account."""
    action = _pending(action, member, permission="assign")
    if (
        not to.is_active
        or not visible_accounts(to).filter(pk=(action.account.merged_into or action.account).pk).exists()
    ):
        raise WrongAction(
            _("%(member)s does not work with %(account)s.") % {"member": to, "account": action.account},
            _("Make %(member)s the owner of the account first (regulars assign ACCOUNT MEMBER), or choose another.")
            % {"member": to},
        )
    with audited(action, verb="reassign", member=member):
        action.member = to
        action.reassigned = True
        action.save()
    return action


@transaction.atomic
def reopen(*, action: Action, member: Member | None) -> Action:
    """Take back done, not useful or snooze. The interaction that was recorded with it is withdrawn."""
    action = _locked(action, member, "write")
    if action.state not in (Action.State.DONE, Action.State.NOT_USEFUL, Action.State.SNOOZED):
        raise WrongAction(
            _("There is nothing to take back."), _("Only what was done, dismissed or put off can be reopened.")
        )
    others = Action.objects.filter(account=action.account, cause=action.cause, state__in=Action.PENDING)
    if others.exclude(pk=action.pk).exists():
        raise WrongAction(
            _("The same is open again for %(account)s already.") % {"account": action.account}, _("Use that one.")
        )
    interaction = action.interaction
    with audited(action, verb="reopen", member=member):
        action.state = Action.State.OPEN
        action.interaction = action.closed_by = action.closed_on = action.snoozed_until = None
        action.reason = ""
        action.save()
    follow_reopened(action, member=member)
    if interaction is not None:
        withdraw_interaction(interaction=interaction, member=member)
    return action


def _locked(action: Action, member: Member | None, permission: str) -> Action:
    locked = Action.objects.select_for_update(of=("self",)).select_related("account__merged_into").get(pk=action.pk)
    require_account(locked.account, member=member, permission=permission)
    return locked


def _pending(action: Action, member: Member | None, permission: str = "write") -> Action:
    action = _locked(action, member, permission)
    if action.state not in Action.PENDING:
        raise NotOpen(
            _("This action is not open any more: %(state)s.") % {"state": action.get_state_display()},
            _("Reopen it first, if that was a mistake."),
        )
    return action


def _finish(action: Action, state: Action.State, *, on: date, reason: str, member: Member | None) -> None:
    action.state = state
    action.reason = reason.strip()[:300]
    action.closed_on = on
    action.closed_by = member
    action.snoozed_until = None
    action.save()


def _given(reason: str) -> str:
    if not reason.strip():
        raise WrongAction(_("The reason is missing."), _("Say in a few words why: it makes the next proposals better."))
    return reason.strip()[:300]


# How the causes are received


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """How the members receive one cause."""

    cause: str
    proposed: int
    open: int
    """Snoozed ones included."""
    done: int
    not_useful: int
    closed: int
    rate: float | None
    """Share done of those done or dismissed; None while there are none."""
    interval: tuple[float, float] | None
    """The rate's 95 % interval after Wilson."""


def acceptance(*, member: Member | None = None) -> list[Acceptance]:
    """For every cause, how many actions were proposed and what became of them."""
    counted = visible_actions(member).order_by().values_list("cause", "state").annotate(Count("pk"))
    counts: dict[str, dict[str, int]] = {key: {} for key in CAUSES}
    for cause, state, count in counted:
        counts.setdefault(cause, {})[state] = count
    return [_acceptance(cause, states) for cause, states in counts.items()]


def _acceptance(cause: str, states: dict[str, int]) -> Acceptance:
    done, dismissed = states.get(Action.State.DONE, 0), states.get(Action.State.NOT_USEFUL, 0)
    decided = done + dismissed
    return Acceptance(
        cause=cause,
        proposed=sum(states.values()),
        open=sum(states.get(state, 0) for state in Action.PENDING),
        done=done,
        not_useful=dismissed,
        closed=states.get(Action.State.CLOSED, 0),
        rate=done / decided if decided else None,
        interval=wilson_interval(done, decided) if decided else None,
    )
