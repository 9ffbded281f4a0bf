"""Opened, given on, paused, solved, reopened, closed; steps are taken back, merges move them (B1, B3, E18)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from regulars.base.audit import history_of
from regulars.base.models import Member, Team
from regulars.facts.issues import (
    Given,
    NoSuchIssue,
    WrongIssue,
    asked_again,
    close_issue,
    escalate_issue,
    note_on_issue,
    open_issue,
    overdue,
    pause_issue,
    promise_solution,
    reopen_issue,
    resume_issue,
    solve_issue,
    take_back_issue_step,
    transfer_issue,
    visible_issues,
)
from regulars.facts.known_problems import (
    WrongProblem,
    change_problem,
    fitting_problems,
    known_problems,
    note_problem,
    settle_problem,
)
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account, Contact, Issue, Signal
from regulars.facts.service_profiles import WrongProfile, describe_service, profile_sentences, service_profile

pytestmark = pytest.mark.django_db
AT = datetime(2024, 12, 9, 10, tzinfo=UTC)
DUE = AT + timedelta(hours=4)
LATER = AT + timedelta(hours=2)


@pytest.fixture
def account(owner: Member) -> Account:
    return Account.objects.create(name="Harbour Gifts", owner=owner)


@pytest.fixture
def issue(account: Account, owner: Member) -> Issue:
    return open_issue(account=account, title="Two lamps broken", at=AT, due_at=DUE, member=owner)


def kinds(issue: Issue) -> list[str]:
    return list(issue.steps.filter(taken_back_at=None).order_by("pk").values_list("kind", flat=True))


def signals(account: Account) -> list[str]:
    return list(Signal.objects.filter(account=account, withdrawn_at=None).values_list("kind", flat=True))


def test_an_issue_goes_from_the_first_word_to_its_end_and_all_of_it_is_kept(issue: Issue, owner: Member) -> None:
    assert (issue.state, issue.owner, issue.due_at) == ("open", owner, DUE)
    note_on_issue(issue=issue, said="Box was crushed", at=AT, member=owner)
    solved = solve_issue(issue=issue, solution="Sent two new ones", at=LATER, member=owner, praised=True)
    assert (solved.state, solved.solution, solved.solved_at) == ("solved", "Sent two new ones", LATER)
    assert close_issue(issue=issue, at=LATER, member=owner).closed_at == LATER
    assert kinds(issue) == ["opened", "noted", "solved", "closed"]
    assert signals(issue.account) == ["praise"]
    assert {one.verb for one in history_of(issue)} == {"open_issue", "solve_issue", "close_issue"}
    with pytest.raises(WrongIssue, match="closed"):
        pause_issue(issue=issue, waits_for="x", at=AT, member=owner)


def test_a_complaint_and_a_problem_that_comes_back_are_signals(account: Account, owner: Member) -> None:
    made = open_issue(account=account, title="Late again", at=AT, due_at=DUE, member=owner, complaint=True)
    solve_issue(issue=made, solution="Came", at=AT, member=owner)
    again = reopen_issue(issue=made, reason="Half is missing", at=LATER, due_at=DUE, member=owner)
    assert (again.state, again.times_reopened, again.solved_at) == ("reopened", 1, None)
    assert signals(account) == ["complaint", "reopened_issue"]
    take_back_issue_step(issue=made, member=owner)
    assert signals(account) == ["complaint"]
    back = Issue.objects.get(pk=made.pk)
    assert (back.state, back.times_reopened, back.solved_at) == ("solved", 0, AT)
    with pytest.raises(WrongIssue, match="Only what is solved"):
        close_issue(issue=open_issue(account=account, title="x", at=AT, due_at=DUE, member=owner), at=AT, member=owner)


def test_waiting_stops_the_clock_and_says_for_what(issue: Issue, owner: Member) -> None:
    waiting = pause_issue(issue=issue, waits_for="Photo from them", at=AT, member=owner, until=date(2024, 12, 12))
    assert (waiting.state, waiting.waits_for) == ("waiting", "Photo from them")
    assert not overdue(Issue.objects.all(), at=DUE + timedelta(days=9)).exists()
    with pytest.raises(WrongIssue, match="waiting already"):
        pause_issue(issue=issue, waits_for="more", at=AT, member=owner)
    due_at = DUE + timedelta(days=2)
    up = resume_issue(issue=issue, at=LATER, due_at=due_at, member=owner)
    assert (up.state, up.due_at, up.paused_at, up.waits_until) == ("open", due_at, None, None)
    assert overdue(Issue.objects.all(), at=DUE + timedelta(days=9)).get() == issue
    take_back_issue_step(issue=issue, member=owner)
    back = Issue.objects.get(pk=issue.pk)
    assert (back.state, back.due_at, back.paused_at, back.waits_until) == ("waiting", DUE, AT, date(2024, 12, 12))


def test_an_ally_sees_what_is_given_to_the_team_and_a_stranger_does_not(issue: Issue, owner: Member) -> None:
    team = Team.objects.create(name="Electrics")
    ally = Member.objects.create(email="a@x.example", name="Ally", role="account_manager", team=team)
    stranger = Member.objects.create(email="s@x.example", name="Stranger", role="new_business_seller")
    with pytest.raises(NoSuchIssue):
        note_on_issue(issue=issue, said="x", at=AT, member=ally)
    moved = transfer_issue(issue=issue, given=Given(team=team), at=AT, member=owner, said="You know lamps")
    assert (moved.owner, moved.team, moved.times_transferred) == (None, team, 1)
    assert list(visible_issues(ally)) == [issue]
    assert list(visible_issues(stranger)) == []
    solve_issue(issue=issue, solution="Fuse", at=AT, member=ally, praised=True)
    assert Signal.objects.get().recorded_by is None
    with pytest.raises(WrongIssue, match="Nobody"):
        transfer_issue(issue=reopened(issue, owner), given=Given(), at=AT, member=owner)


def reopened(issue: Issue, member: Member) -> Issue:
    return reopen_issue(issue=issue, reason="Again", at=AT, due_at=DUE, member=member)


def test_what_is_counted_is_what_the_customer_had_to_do(issue: Issue, owner: Member) -> None:
    asked_again(issue=issue, at=AT, member=owner)
    asked_again(issue=issue, at=AT, member=owner, said="Where is it?")
    take_back_issue_step(issue=issue, member=owner)
    promise_solution(issue=issue, on=date(2024, 12, 11), at=AT, member=owner)
    head = Member.objects.create(email="h@x.example", name="Head", role="sales_head")
    called = escalate_issue(issue=issue, to=head, at=AT, member=owner)
    assert (called.times_asked, called.promised_on, called.escalated_to) == (1, date(2024, 12, 11), head)
    with pytest.raises(WrongIssue, match="passed"):
        promise_solution(issue=issue, on=date(2024, 12, 1), at=AT, member=owner)


def test_what_says_nothing_or_belongs_to_others_is_refused(account: Account, owner: Member) -> None:
    other = Contact.objects.create(account=Account.objects.create(name="Other"), name="Eva")
    for said, complaint in (
        ({"title": " "}, "what is wrong"),
        ({"title": "x", "about": "gossip"}, "no kind"),
        ({"title": "x", "contact": other}, "does not belong"),
    ):
        with pytest.raises(WrongIssue, match=complaint):
            open_issue(**{"account": account, "at": AT, "due_at": DUE, "member": owner, **said})  # type: ignore[arg-type]
    made = open_issue(account=account, title="x", at=AT, due_at=DUE, member=owner)
    with pytest.raises(WrongIssue, match="nothing to take back"):
        take_back_issue_step(issue=made, member=owner)
    with pytest.raises(WrongIssue, match="words"):
        solve_issue(issue=made, solution="", at=AT, member=owner)


def test_issues_and_the_profile_follow_a_merge_and_come_back(issue: Issue, owner: Member) -> None:
    kept, merged = Account.objects.create(name="Harbour", owner=owner), issue.account
    describe_service(account=merged, prefers="repair", cares_about="Speed", member=owner)
    merge = merge_accounts(kept=kept, merged=merged, member=owner)
    assert list(kept.issues.all()) == [issue]
    assert service_profile(kept) is not None
    undo_merge(merge=merge, member=owner)
    assert list(kept.issues.all()) == []
    assert service_profile(kept) is None


def test_the_newest_profile_says_what_to_offer_first(account: Account, owner: Member) -> None:
    assert profile_sentences(service_profile(account)) == []
    describe_service(account=account, prefers="replacement", cares_about="", member=owner)
    describe_service(account=account, prefers="repair", cares_about="Its line must not stop", member=owner)
    first, second = profile_sentences(service_profile(account))
    assert first == "It prefers repair to replacement: offer repair first."
    assert "must not stop" in second
    with pytest.raises(WrongProfile):
        describe_service(account=account, prefers="gold", cares_about="", member=owner)


def test_known_problems_are_proposed_by_the_words_they_share(account: Account, owner: Member) -> None:
    lamps = note_problem(title="Lamp glass breaks", signs="arrives in pieces", workaround="Send two", member=owner)
    papers = note_problem(title="Papers missing", member=owner)
    assert fitting_problems("the LAMP was broken, glass everywhere") == [lamps]
    assert fitting_problems("missing pieces") == [papers, lamps]
    assert fitting_problems("a of") == []
    open_issue(account=account, title="Glass", at=AT, due_at=DUE, member=owner, known_problem=lamps)
    assert [(one.title, one.times, one.live) for one in known_problems()] == [  # type: ignore[attr-defined]
        ("Lamp glass breaks", 1, 1), ("Papers missing", 0, 0),
    ]  # fmt: skip
    change_problem(problem=papers, title="Papers late", member=owner, signs="", workaround="Mail them", ally=None)
    settle_problem(problem=lamps, on=date(2024, 12, 9), member=owner)
    assert fitting_problems("glass") == []
    with pytest.raises(WrongProblem):
        note_problem(title=" ", member=owner)
