"""Issues of the demo: a year of trouble of its customers, most of it long solved, some of it not; made up."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING

from regulars.cli.language import _

if TYPE_CHECKING:
    from regulars.base.models import Member
    from regulars.facts.models import Account, Issue, KnownProblem

SEED = 180
SOLVED = 44
"""Issues that were solved: enough to compare who bought again after little trouble and after much."""
EVERY_DAYS = 9
LEAST_CUSTOMERS = 100
LARGEST = 4
"""With them other things happen."""
KNOWN = (
    (
        _("Cake tins arrive dented"),
        _("dent, dented, tin, box, crushed"),
        _("Send new ones from the next order; nobody needs to send anything back. The packers double the card."),
    ),
    (
        _("Invoices show the old address"),
        _("invoice, address, branch"),
        _("Print it anew from the account; the address of the branch is asked for at the next order."),
    ),
)
WHAT = (
    ("delivery", _("The parcel came three days late"), _("Sent again by express, and told the carrier.")),
    ("wrong_goods", _("Twelve lanterns ordered, ten in the box"), _("Two more went out the same day.")),
    ("quality", _("Four cake tins are dented"), _("New ones sent at once; they keep the dented ones.")),
    ("invoice", _("The invoice shows last year’s price"), _("A corrected invoice is sent, the difference paid back.")),
    ("information", _("No papers for the tea light holders"), _("The sheet is sent, and stands in the shop now.")),
    ("delivery", _("Left with the neighbour, who is on holiday"), _("Sent again; the driver has their hours now.")),
)
GLAD = (_("Quick and friendly."), "", _("One call, and it was done."), "")
ANNOYED = (_("I had to call three times."), _("Everybody asked me the same questions."), "")


def trouble_and_help(day: date) -> None:
    """Known problems, issues that were solved with little or much trouble, and some that lie on the desk today."""
    from django.db.models import F

    from regulars.base.models import Member
    from regulars.facts.known_problems import note_problem
    from regulars.facts.models import Account

    helper = Member.objects.filter(role=Member.Role.SERVICE, is_active=True).order_by("pk").first()
    customers = list(
        Account.objects.filter(merged_into=None, owner__isnull=False, score__first_order__isnull=False)
        .select_related("owner", "score")
        .order_by(F("score__sales_12m").desc(nulls_last=True), "pk")[LARGEST:]
    )
    if helper is None or len(customers) < LEAST_CUSTOMERS:
        return
    known = [
        note_problem(title=title, signs=signs, workaround=workaround, member=helper)
        for title, signs, workaround in KNOWN
    ]
    dice = Random(SEED)
    for number in range(SOLVED):
        on = day - timedelta(days=6 + number * EVERY_DAYS)
        account = _who_bought(customers, on, leaves=number % 4 == 1 or number % 16 == 4)
        if account is not None:
            customers.remove(account)
            _solved(account, number, on, helper, known, dice)
    _on_the_desk(customers[:6], day, helper)


def _who_bought(customers: list[Account], on: date, *, leaves: bool) -> Account | None:
    """Somebody who was a customer then; `leaves`: and has bought nothing since."""
    for one in customers:
        first, last = one.score.first_order, one.score.last_order
        if first is None or last is None or not first < on <= last + timedelta(days=20):
            continue
        if not leaves or last <= on:
            return one
    return None


def _was_hard(number: int) -> bool:
    return number % 4 == 3 or (number > SOLVED / 2 and number % 2 == 1)


def _taken_down(account: Account, number: int, at: datetime, helper: Member, known: KnownProblem | None) -> Issue:
    from regulars.facts.issues import Given, open_issue
    from regulars.plan.issue_rules import due_time

    about, title, _solution = WHAT[number % len(WHAT)]
    return open_issue(
        account=account,
        title=title,
        about=about,
        at=at,
        due_at=due_time(account, at=at),
        member=helper,
        contact=account.contacts.filter(active=True).order_by("pk").first(),
        known_problem=known,
        given=Given(owner=helper),
    )


def _solved(account: Account, number: int, day: date, helper: Member, known: list[KnownProblem], dice: Random) -> None:
    """One that is over. Some were much trouble: asked again, given on, solved late; fewer of late."""
    from regulars.facts import issues
    from regulars.facts.effort import answer_effort, key_of

    at = _moment(day, 9 + number % 6)
    dented = number % len(WHAT) == 2
    issue = _taken_down(account, number, at, helper, known[0] if dented else None)
    hard = _was_hard(number)
    if hard:
        issues.asked_again(issue=issue, at=at + timedelta(days=1), member=helper)
        issue = issues.transfer_issue(
            issue=issue, given=issues.Given(owner=account.owner), at=at + timedelta(days=2), member=helper
        )
    solved_at = at + (timedelta(days=dice.randint(4, 8)) if hard else timedelta(hours=dice.choice((1, 3, 5, 26))))
    about = WHAT[number % len(WHAT)]
    issue = issues.solve_issue(issue=issue, solution=about[2], at=solved_at, member=helper, praised=number == 1)
    if number % 3 != 2:
        words = ANNOYED[number % len(ANNOYED)] if hard else GLAD[number % len(GLAD)]
        score = dice.randint(5, 7) if hard else dice.randint(1, 3)
        answer_effort(key=key_of(issue), score=score, words=words, at=solved_at + timedelta(days=1))
    if number > 2:
        issues.close_issue(issue=issue, at=solved_at + timedelta(days=2), member=helper)


def _on_the_desk(accounts: list[Account], day: date, helper: Member) -> None:
    """What is not solved: new, waiting, overdue, come back, and a complaint."""
    from regulars.facts import issues
    from regulars.plan.issue_rules import due_time

    ages = (0, 3, 5, 1, 12, 0)
    opened = [
        _taken_down(account, number, _moment(day - timedelta(days=age), 8), helper, None)
        for number, (account, age) in enumerate(zip(accounts, ages, strict=True))
    ]
    since = _moment(day - timedelta(days=2), 11)
    issues.pause_issue(
        issue=opened[1], waits_for=_("The supplier looks for the sheet."), at=since, member=helper,
        until=day + timedelta(days=3),
    )  # fmt: skip
    issues.told_customer(issue=opened[2], said=_("The new tins leave on Monday."), at=since, member=helper)
    solved = issues.solve_issue(issue=opened[4], solution=WHAT[4][2], at=since - timedelta(days=6), member=helper)
    issues.reopen_issue(
        issue=solved, reason=_("It is the sheet of another article."), at=since, member=helper,
        due_at=due_time(accounts[4], at=since),
    )  # fmt: skip
    issues.note_on_issue(issue=opened[3], said=_("The accountant looks at it tomorrow."), at=since, member=helper)


def _moment(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour, 30), tzinfo=UTC)
