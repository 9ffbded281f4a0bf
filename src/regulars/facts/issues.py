"""Issues: problems of customers, from the first word to their end. Who may see them, and the verbs.

When an issue is due follows from the protection level of its account, which is known later than facts: whoever calls
says it (`plan/issue_rules.py`). All moments are arguments.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Field, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member, Team
from regulars.base.organisation import organisation, today
from regulars.core.errors import Refusal
from regulars.facts.accounts import require_account, seen_by, visible_accounts
from regulars.facts.models import Account, Contact, Issue, IssueStep, KnownProblem, Signal
from regulars.facts.signals import SignalSource, record_signal, withdraw_signal

LONGEST_TITLE = 200
LONGEST_WORDS = 2000

_CHANGES: Final = (
    *("state", "owner", "team", "due_at", "promised_on", "waits_for", "paused_at", "waits_until"),
    *("escalated_at", "escalated_to", "solution", "solved_at", "closed_at"),
    *("times_reopened", "times_transferred", "times_asked"),
)
"""What steps change, and taking one back restores."""
_SIGNALS: Final = {
    IssueStep.Kind.OPENED: ("complaint",),
    IssueStep.Kind.REOPENED: ("reopened_issue",),
    IssueStep.Kind.SOLVED: ("praise",),
}


class WrongIssue(Refusal):
    """An issue cannot be opened or changed like this."""


class NoSuchIssue(Refusal):
    """There is no such issue that this member may see."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """Into whose hands: a person, a team, or a person of a team."""

    owner: Member | None = None
    team: Team | None = None


def visible_issues(member: Member | None) -> QuerySet[Issue]:
    """Issues of the accounts that `member` may see, and those that lie with the member or the member's team."""
    seen = seen_by(member, at="account__") & Q(account__merged_into=None)
    if member is not None and member.is_active:
        seen |= Q(owner=member) | Q(escalated_to=member)
        if member.team_id is not None:
            seen |= Q(team=member.team_id)
    return Issue.objects.filter(seen).order_by("due_at", "pk")


def overdue(issues: QuerySet[Issue], *, at: datetime) -> QuerySet[Issue]:
    """Those that are to be solved by us and should have been by now."""
    return issues.filter(state__in=Issue.OURS, due_at__lt=at)


@transaction.atomic
def open_issue(
    *,
    account: Account,
    title: str,
    at: datetime,
    due_at: datetime,
    member: Member | None,
    text: str = "",
    about: str = Issue.About.OTHER,
    contact: Contact | None = None,
    complaint: bool = False,
    known_problem: KnownProblem | None = None,
    given: Given | None = None,
    came_by: str = Issue.CameBy.TOLD,
) -> Issue:
    """Take down a problem of the account. Without `given`, who takes it down solves it, else who looks after it.

    Raises `WrongIssue` without words, for something that there is not, and for a contact of another account.
    """
    require_account(account, member=member)
    account = account.merged_into or account
    _refuse_unlikely(title, about, contact, account)
    hands = given or Given(owner=member or account.owner)
    _refuse_inactive(hands.owner)
    made = Issue(
        account=account,
        contact=contact,
        title=title.strip()[:LONGEST_TITLE],
        text=text.strip(),
        about=about,
        complaint=complaint,
        known_problem=known_problem,
        came_by=came_by,
        owner=hands.owner,
        team=hands.team,
        opened_by=member,
        opened_at=at,
        due_at=due_at,
    )
    with audited(made, verb="open_issue", member=member):
        made.save()
    _add_step(made, IssueStep.Kind.OPENED, at=at, said=text, member=member)
    if complaint:
        _signal(made, "complaint", at=at, member=member, said=made.title)
    return made


@transaction.atomic
def note_on_issue(*, issue: Issue, said: str, at: datetime, member: Member | None) -> Issue:
    """Note what was found out or done."""
    found = _locked(issue, member)
    return _stepped(found, IssueStep.Kind.NOTED, at=at, said=_words(said), member=member, verb="note_on_issue")


@transaction.atomic
def asked_again(*, issue: Issue, at: datetime, member: Member | None, said: str = "") -> Issue:
    """The customer had to ask again: that is trouble, and is counted."""
    found = _live(issue, member)
    return _stepped(
        found,
        IssueStep.Kind.ASKED_AGAIN,
        at=at,
        said=said,
        member=member,
        verb="asked_again",
        times_asked=found.times_asked + 1,
    )


@transaction.atomic
def told_customer(*, issue: Issue, said: str, at: datetime, member: Member | None) -> Issue:
    """We told the customer where it stands."""
    found = _locked(issue, member)
    return _stepped(found, IssueStep.Kind.TOLD, at=at, said=_words(said), member=member, verb="told_customer")


@transaction.atomic
def transfer_issue(*, issue: Issue, given: Given, at: datetime, member: Member | None, said: str = "") -> Issue:
    """Give it into other hands. An ally sees it, also where the account is not among the ally's own."""
    found = _live(issue, member)
    if given.owner is None and given.team is None:
        raise WrongIssue(_("Nobody would solve this."), _("Say to whom it goes: a colleague or a team."))
    _refuse_inactive(given.owner)
    if (given.owner, given.team) == (found.owner, found.team):
        raise WrongIssue(_("It lies there already."), _("Choose somebody else."))
    changes: dict[str, Any] = {"owner": given.owner, "team": given.team}
    return _stepped(
        found,
        IssueStep.Kind.TRANSFERRED,
        at=at,
        said=said,
        member=member,
        verb="transfer_issue",
        to=given,
        times_transferred=found.times_transferred + 1,
        **changes,
    )


@transaction.atomic
def pause_issue(
    *, issue: Issue, waits_for: str, at: datetime, member: Member | None, until: date | None = None
) -> Issue:
    """Let it wait, and say for what: the clock stands still until `resume_issue`."""
    found = _live(issue, member)
    if found.state == Issue.State.WAITING:
        raise WrongIssue(_("It is waiting already."), _("Take it up again first."))
    said = _words(waits_for)[:300]
    return _stepped(
        found,
        IssueStep.Kind.PAUSED,
        at=at,
        said=said,
        member=member,
        verb="pause_issue",
        until=until,
        state=Issue.State.WAITING,
        waits_for=said,
        paused_at=at,
        waits_until=until,
    )


@transaction.atomic
def resume_issue(*, issue: Issue, at: datetime, due_at: datetime, member: Member | None, said: str = "") -> Issue:
    """Take a waiting issue up again; it is due as much later as it waited."""
    found = _live(issue, member)
    if found.state != Issue.State.WAITING:
        raise WrongIssue(_("It is not waiting."), _("There is nothing left to do."))
    state = Issue.State.REOPENED if found.times_reopened else Issue.State.OPEN
    return _stepped(
        found,
        IssueStep.Kind.RESUMED,
        at=at,
        said=said,
        member=member,
        verb="resume_issue",
        state=state,
        due_at=due_at,
        waits_for="",
        paused_at=None,
        waits_until=None,
    )


@transaction.atomic
def promise_solution(*, issue: Issue, on: date, at: datetime, member: Member | None, said: str = "") -> Issue:
    """Note for which day the customer was promised that it is solved."""
    found = _live(issue, member)
    if on < today(organisation(), at):
        raise WrongIssue(_("That day has passed."), _("Choose today or a later day."))
    return _stepped(
        found,
        IssueStep.Kind.PROMISED,
        at=at,
        said=said,
        member=member,
        verb="promise_solution",
        until=on,
        promised_on=on,
    )


@transaction.atomic
def escalate_issue(*, issue: Issue, to: Member | None, at: datetime, member: Member | None, said: str = "") -> Issue:
    """Call for help: `to` sees it and is asked to decide. Who solves it stays the same."""
    found = _live(issue, member)
    _refuse_inactive(to)
    return _stepped(
        found,
        IssueStep.Kind.ESCALATED,
        at=at,
        said=said,
        member=member,
        verb="escalate_issue",
        to=Given(owner=to),
        escalated_at=at,
        escalated_to=to,
    )


@transaction.atomic
def solve_issue(*, issue: Issue, solution: str, at: datetime, member: Member | None, praised: bool = False) -> Issue:
    """Say what solved it. `praised`: the customer was glad, which is a signal of the account."""
    found = _live(issue, member)
    said = _words(solution)
    solved = _stepped(
        found,
        IssueStep.Kind.SOLVED,
        at=at,
        said=said,
        member=member,
        verb="solve_issue",
        state=Issue.State.SOLVED,
        solution=said,
        solved_at=at,
        waits_for="",
        paused_at=None,
        waits_until=None,
    )
    if praised:
        _signal(solved, "praise", at=at, member=member, said=solved.title)
    return solved


@transaction.atomic
def reopen_issue(*, issue: Issue, reason: str, at: datetime, due_at: datetime, member: Member | None) -> Issue:
    """It came back: the solution did not hold. That is trouble for the customer, and a signal."""
    found = _locked(issue, member)
    if found.state in Issue.LIVE:
        raise WrongIssue(_("It is not solved yet."), _("Note what came up instead."))
    said = _words(reason)
    again = _stepped(
        found,
        IssueStep.Kind.REOPENED,
        at=at,
        said=said,
        member=member,
        verb="reopen_issue",
        state=Issue.State.REOPENED,
        due_at=due_at,
        solved_at=None,
        closed_at=None,
        times_reopened=found.times_reopened + 1,
    )
    _signal(again, "reopened_issue", at=at, member=member, said=said)
    return again


@transaction.atomic
def close_issue(*, issue: Issue, at: datetime, member: Member | None, said: str = "") -> Issue:
    """The customer agrees that it is solved."""
    found = _locked(issue, member)
    if found.state != Issue.State.SOLVED:
        raise WrongIssue(_("Only what is solved can be closed."), _("Say first what solved it."))
    return _stepped(
        found,
        IssueStep.Kind.CLOSED,
        at=at,
        said=said,
        member=member,
        verb="close_issue",
        state=Issue.State.CLOSED,
        closed_at=at,
    )


@transaction.atomic
def take_back_issue_step(*, issue: Issue, member: Member | None) -> Issue:
    """Undo the last thing that was done with an issue, with its signal; what it said before holds again."""
    found = _locked(issue, member)
    last = found.steps.filter(taken_back_at=None).order_by("-pk").first()
    if last is None or last.kind == IssueStep.Kind.OPENED:
        raise WrongIssue(_("There is nothing to take back."), _("Solve it instead, and say that it was a mistake."))
    last.taken_back_at = timezone.now()
    last.save(update_fields=["taken_back_at", "updated_at"])
    with audited(found, verb="take_back_issue_step", member=member, account_id=found.account_id):
        for name, value in last.before.items():
            field = _field(name)
            setattr(found, field.attname, field.to_python(value))
        found.save()
    told = _signals_of(found).filter(kind__in=_SIGNALS.get(IssueStep.Kind(last.kind), ()))
    for signal in told.filter(created_at__gte=last.created_at):
        withdraw_signal(signal=signal, member=None, reason=_("Noted by mistake"))
    return found


def _stepped(
    found: Issue,
    kind: IssueStep.Kind,
    *,
    at: datetime,
    member: Member | None,
    verb: str,
    said: str = "",
    to: Given | None = None,
    until: date | None = None,
    **changes: Any,
) -> Issue:
    assert set(changes) <= set(_CHANGES), "taking the step back would lose something"
    before = {name: getattr(found, _field(name).attname) for name in changes}
    with audited(found, verb=verb, member=member, account_id=found.account_id):
        for name, value in changes.items():
            setattr(found, name, value)
        found.save()
    _add_step(found, kind, at=at, said=said, member=member, to=to, until=until, before=before)
    return found


def _add_step(
    issue: Issue,
    kind: IssueStep.Kind,
    *,
    at: datetime,
    said: str,
    member: Member | None,
    to: Given | None = None,
    until: date | None = None,
    before: dict[str, Any] | None = None,
) -> None:
    IssueStep.objects.create(
        issue=issue,
        kind=kind,
        at=at,
        said=said.strip()[:LONGEST_WORDS],
        member=member,
        to_member=to.owner if to else None,
        to_team=to.team if to else None,
        until=until,
        before=before or {},
    )


def _signal(issue: Issue, kind: str, *, at: datetime, member: Member | None, said: str) -> None:
    """Who solves an issue may not see its account, as an ally; the signal is recorded anyway."""
    sees = member is not None and visible_accounts(member).filter(pk=issue.account_id).exists()
    record_signal(
        account=issue.account,
        kind=kind,
        observed_on=today(organisation(), at),
        member=member if sees else None,
        said=said,
        source=SignalSource.of(issue),
    )


def _signals_of(issue: Issue) -> QuerySet[Signal]:
    source = SignalSource.of(issue)
    return Signal.objects.filter(source_kind=source.kind, source_uid=source.uid, withdrawn_at=None)


def _field(name: str) -> Field[Any, Any]:
    found = Issue._meta.get_field(name)
    assert isinstance(found, Field), "steps change fields of the issue alone"
    return found


def _locked(issue: Issue, member: Member | None) -> Issue:
    require(member, Permission.WRITE)
    if not visible_issues(member).filter(pk=issue.pk).exists():
        raise NoSuchIssue(_("There is no such issue."), _("It may lie with others by now."))
    locked = Issue.objects.select_for_update(of=("self",)).select_related("account", "owner", "team")
    return locked.get(pk=issue.pk)


def _live(issue: Issue, member: Member | None) -> Issue:
    found = _locked(issue, member)
    if found.state not in Issue.LIVE:
        raise WrongIssue(
            _("This issue is %(state)s.") % {"state": found.get_state_display()},
            _("If the trouble is back, reopen it."),
        )
    return found


def _refuse_unlikely(title: str, about: str, contact: Contact | None, account: Account) -> None:
    if not title.strip():
        raise WrongIssue(_("It does not say what is wrong."), _("Say it in a few words."))
    if about not in Issue.About.values:
        raise WrongIssue(
            _("There is no kind of issue called %(kind)s.") % {"kind": about},
            _("Use one of: %(kinds)s.") % {"kinds": ", ".join(Issue.About.values)},
        )
    if contact is not None and contact.account_id != account.pk:
        raise WrongIssue(
            _("%(contact)s does not belong to %(account)s.") % {"contact": contact, "account": account},
            _("Choose contacts of this account."),
        )


def _refuse_inactive(owner: Member | None) -> None:
    if owner is not None and not owner.is_active:
        raise WrongIssue(_("%(member)s is no longer active.") % {"member": owner}, _("Choose somebody else."))


def _words(text: str) -> str:
    text = text.strip()[:LONGEST_WORDS]
    if not text:
        raise WrongIssue(_("The words are missing."), _("Say it in a few words: the next one will need it."))
    return text
