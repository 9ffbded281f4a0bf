"""`issue`, `issues`, `issue-solved`: problems of customers, taken down, shown, solved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, note, say, show_table
from regulars.cli.session import Session, find_member, find_numbered, open_session

if TYPE_CHECKING:
    from regulars.facts.models import Issue

PANEL = _("Facts: what happened")
MOST_SHOWN = 50

Number = Annotated[str, typer.Argument(metavar="NUMBER", help=_("As shown by: regulars issues"))]


def add_commands(app: typer.Typer) -> None:
    app.command("issue", help=_("Take down a problem of a customer."), rich_help_panel=PANEL)(issue)
    app.command("issues", help=_("Show problems that are not solved."), rich_help_panel=PANEL)(issues)
    app.command("issue-solved", help=_("Say what solved a problem."), rich_help_panel=PANEL)(solved)


def issue(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, or part of it."))],
    title: Annotated[str, typer.Argument(metavar="WORDS", help=_("What is wrong."))],
    about: Annotated[
        str,
        typer.Option("--about", help=_("delivery, quality, wrong_goods, invoice, information, service or other.")),
    ] = "other",
    owner: Annotated[str, typer.Option("--owner", metavar="MEMBER", help=_("Who solves it; else yourself."))] = "",
    complaint: Annotated[bool, typer.Option("--complaint", help=_("The customer complains."))] = False,
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.facts.issues import Given, open_issue
    from regulars.facts.known_problems import fitting_problems
    from regulars.plan.issue_rules import due_time, moment_of_work

    account, at = find_account(wanted, member=session.acting), moment_of_work()
    made = open_issue(
        account=account,
        title=title,
        about=about,
        complaint=complaint,
        given=Given(owner=find_member(owner)) if owner else None,
        at=at,
        due_at=due_time(account, at=at),
        member=session.member,
    )
    if session.options.json:
        emit_json(_json(made))
        return
    say(
        _("Taken down: {what}, {account}, due {moment}.").format(
            what=made.title, account=account.name, moment=_moment(made, session)
        )
    )
    for problem in fitting_problems(title):
        note(_("Known problem: {what}. {workaround}").format(what=problem.title, workaround=problem.workaround))


def issues(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="[ACCOUNT]", help=_("Customer number, name, or part of it."))] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help=_("Only those that should have been solved."))] = False,
    all_of_them: Annotated[bool, typer.Option("--all", help=_("Those that are solved as well."))] = False,
) -> None:
    session = open_session(context)
    from regulars.facts import issues as facts
    from regulars.facts.accounts import find_account
    from regulars.facts.models import Issue
    from regulars.plan.issue_rules import moment_of_work

    found = facts.visible_issues(session.acting).select_related("account", "owner", "team")
    if wanted:
        found = found.filter(account=find_account(wanted, member=session.acting))
    if not all_of_them:
        found = found.filter(state__in=Issue.LIVE)
    if overdue:
        found = facts.overdue(found, at=moment_of_work())
    shown = list(found[:MOST_SHOWN])
    if session.options.json:
        emit_json([_json(one) for one in shown])
    elif shown:
        _show(shown, session)
    else:
        note(_("No problem of a customer is unsolved."))


def solved(
    context: typer.Context,
    wanted: Number,
    solution: Annotated[str, typer.Argument(metavar="WORDS", help=_("What solved it."))],
    praised: Annotated[bool, typer.Option("--praised", help=_("The customer was glad and said so."))] = False,
) -> None:
    session = open_session(context)
    from regulars.facts.issues import solve_issue
    from regulars.plan.issue_rules import moment_of_work

    found = solve_issue(
        issue=_found(wanted, session), solution=solution, praised=praised, at=moment_of_work(), member=session.member
    )
    if session.options.json:
        emit_json(_json(found))
    else:
        say(_("Solved: {what}, {account}.").format(what=found.title, account=found.account.name))


def _show(shown: list[Issue], session: Session) -> None:
    columns = [
        Column(heading=_("Number")),
        Column(heading=_("Due")),
        Column(heading=_("Account")),
        Column(heading=_("What"), flexible=True),
        Column(heading=_("State")),
        Column(heading=_("Who"), rank=2),
    ]
    rows = [
        [
            str(one.pk),
            _moment(one, session),
            one.account.name,
            one.title,
            str(one.get_state_display()),
            str(one.owner or one.team or "–"),
        ]
        for one in shown
    ]
    show_table(columns, rows)


def _moment(one: Issue, session: Session) -> str:
    from regulars.base.formats import moment
    from regulars.base.organisation import zone

    return moment(one.due_at, zone(session.organisation))


def _found(wanted: str, session: Session) -> Issue:
    from regulars.facts.issues import NoSuchIssue, visible_issues

    one = find_numbered(visible_issues(session.acting), wanted)
    if one is None:
        raise NoSuchIssue(_("There is no issue “{wanted}”.").format(wanted=wanted), _("See them with: regulars issues"))
    return one


def _json(one: Issue) -> dict[str, Any]:
    return {
        "uid": one.uid,
        "number": one.pk,
        "account": {"uid": one.account.uid, "name": one.account.name},
        "title": one.title,
        "about": one.about,
        "complaint": one.complaint,
        "state": one.state,
        "owner": one.owner.email if one.owner else None,
        "team": one.team.name if one.team else None,
        "opened_at": one.opened_at,
        "due_at": one.due_at,
        "solution": one.solution or None,
    }
