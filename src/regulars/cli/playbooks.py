"""`playbooks`, `play`, `plays`, `play-done`, `play-skip`, `play-undo`, `play-stop`: recipes, their runs and results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, say, show_list, show_table
from regulars.cli.session import Session, find_numbered, open_session

if TYPE_CHECKING:
    from regulars.plan.models import Play, PlayStep
    from regulars.plan.play_results import Result, Share

PANEL = _("Plan: what to do")
MOST_SHOWN = 50

Number = Annotated[str, typer.Argument(metavar="NUMBER", help=_("As shown by: regulars plays"))]
Reason = Annotated[str, typer.Argument(metavar="REASON", help=_("Why, in a few words."))]


def add_commands(app: typer.Typer) -> None:
    app.command("playbooks", help=_("The playbooks, and what came of them in a year."), rich_help_panel=PANEL)(
        playbooks
    )
    app.command("play", help=_("Start a playbook on an account."), rich_help_panel=PANEL)(start)
    app.command("plays", help=_("Playbooks that run, with their next step."), rich_help_panel=PANEL)(plays)
    app.command("play-done", help=_("Say that the next step was done."), rich_help_panel=PANEL)(done)
    app.command("play-skip", help=_("Leave the next step out."), rich_help_panel=PANEL)(skip)
    app.command("play-undo", help=_("Take back what was said last of a step."), rich_help_panel=PANEL)(undo)
    app.command("play-stop", help=_("Stop a playbook on an account."), rich_help_panel=PANEL)(stop)


def playbooks(context: typer.Context) -> None:
    session = open_session(context)
    from regulars.base.access import Permission, require
    from regulars.plan.play_results import play_results

    require(session.acting, Permission.READ)
    results = play_results(member=session.acting, on=session.day)
    if session.options.json:
        emit_json([_result_json(one) for one in results])
        return
    columns = [
        Column(heading=_("Short name")),
        Column(heading=_("Playbook"), flexible=True),
        Column(heading=_("Runs"), justify="right"),
        Column(heading=_("Running"), justify="right", rank=1),
        Column(heading=_("Ordered after"), justify="right"),
        Column(heading=_("Where not run"), justify="right", rank=1),
    ]
    show_table(columns, [_result_row(one) for one in results])
    say(_("Ordered within 90 days. It is no proof: a playbook is run where it seems worth it."), style="dim")


def start(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, or part of it."))],
    playbook: Annotated[str, typer.Argument(metavar="PLAYBOOK", help=_("Its short name, see: regulars playbooks"))],
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.plan.plays import start_play

    account = find_account(wanted, member=session.acting)
    _tell(start_play(account=account, playbook=playbook, on=session.day, member=session.member), session)


def plays(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="[ACCOUNT]", help=_("Customer number, name, or part of it."))] = "",
    ended: Annotated[bool, typer.Option("--ended", help=_("Those that have ended as well."))] = False,
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account, of_account
    from regulars.plan.models import Play
    from regulars.plan.plays import STEPS_IN_SEQUENCE, visible_plays

    found = visible_plays(session.acting).select_related("account__merged_into", "playbook")
    if wanted:
        found = found.filter(of_account(find_account(wanted, member=session.acting)))
    if not ended:
        found = found.filter(state=Play.State.RUNNING)
    shown = list(found.prefetch_related(STEPS_IN_SEQUENCE)[:MOST_SHOWN])
    columns = [
        Column(heading=_("Number")),
        Column(heading=_("Account")),
        Column(heading=_("Playbook")),
        Column(heading=_("Next step"), flexible=True),
        Column(heading=_("Due")),
        Column(heading=_("By"), rank=1),
        Column(heading=_("State"), rank=2),
    ]
    show_list(
        shown, as_json=session.options.json, json_of=_json, columns=columns, row_of=_row, nothing=_("No playbook runs.")
    )


def done(
    context: typer.Context,
    wanted: Number,
    outcome: Annotated[str, typer.Argument(metavar="OUTCOME", help=_("What came of it."))],
    kind: Annotated[str, typer.Option("--kind", help=_("call, visit, mail, meeting or note."))] = "call",
) -> None:
    session = open_session(context)
    from regulars.plan.plays import do_step

    step = _next(_found(wanted, session), wanted)
    _tell(do_step(step=step, on=session.day, outcome=outcome, member=session.member, kind=kind), session)


def skip(context: typer.Context, wanted: Number, reason: Reason) -> None:
    session = open_session(context)
    from regulars.plan.plays import skip_step

    step = _next(_found(wanted, session), wanted)
    _tell(skip_step(step=step, on=session.day, reason=reason, member=session.member), session)


def undo(context: typer.Context, wanted: Number) -> None:
    session = open_session(context)
    from regulars.plan.models import PlayStep
    from regulars.plan.plays import undo_step

    steps = list(_found(wanted, session).steps.order_by("position"))
    settled = [one for one in steps if one.state != PlayStep.State.OPEN]
    _tell(undo_step(step=(settled or steps)[-1], on=session.day, member=session.member), session)


def stop(context: typer.Context, wanted: Number, reason: Reason) -> None:
    session = open_session(context)
    from regulars.plan.plays import stop_play

    found = _found(wanted, session)
    _tell(stop_play(play=found, on=session.day, reason=reason, member=session.member), session)


def _tell(play: Play, session: Session) -> None:
    if session.options.json:
        emit_json(_json(play))
        return
    account, *_rest = _row(play)[1:]
    following = _current(play)
    said = {"name": _name(play), "account": account, "state": play.get_state_display()}
    say(_("{name} on {account}: {state}.").format(**said))
    if following is not None:
        from regulars.plan.play_making import step_what

        say(_("Next, due on {day}: {what}").format(day=following.due_on, what=step_what(following)))


def _current(play: Play) -> PlayStep | None:
    from regulars.plan.models import Play, PlayStep

    if play.state != Play.State.RUNNING:
        return None
    steps = sorted(play.steps.all(), key=lambda step: step.position)
    return next((one for one in steps if one.state == PlayStep.State.OPEN), None)


def _next(play: Play, wanted: str) -> PlayStep:
    """The step whose turn it is; of a play that has ended, any, which the verb refuses."""
    return _current(play) or play.steps.order_by("position")[0]


def _found(wanted: str, session: Session) -> Play:
    from regulars.plan.plays import NoSuchPlay, visible_plays

    one = find_numbered(visible_plays(session.acting).select_related("account__merged_into", "playbook"), wanted)
    if one is None:
        raise NoSuchPlay(
            _("There is no run of a playbook “{wanted}”.").format(wanted=wanted), _("See them with: regulars plays")
        )
    return one


def _name(play: Play) -> str:
    from regulars.plan.playbooks import playbook_name

    return playbook_name(play.playbook)


def _row(one: Play) -> list[str]:
    from regulars.plan.play_making import home_of, step_what

    step = _current(one)
    return [
        str(one.pk),
        home_of(one).name,
        _name(one),
        step_what(step) if step else "",
        step.due_on.isoformat() if step else "",
        step.member.name if step and step.member else "",
        str(one.get_state_display()),
    ]


def _json(one: Play) -> dict[str, Any]:
    from regulars.plan.play_making import end_sentence, home_of, step_what

    account = home_of(one)
    return {
        "uid": one.uid,
        "number": one.pk,
        "account": {"uid": account.uid, "name": account.name},
        "playbook": one.playbook.key,
        "name": _name(one),
        "state": one.state,
        "trigger": one.trigger or None,
        "started_on": one.started_on,
        "ended_on": one.ended_on,
        "ended": end_sentence(one) or None,
        "steps": [
            {
                "position": step.position,
                "what": step_what(step),
                "member": step.member.email if step.member else None,
                "due_on": step.due_on,
                "state": step.state,
                "settled_on": step.settled_on,
                "said": step.said or None,
            }
            for step in sorted(one.steps.all(), key=lambda step: step.position)
        ],
    }


def _result_row(one: Result) -> list[str]:
    return [
        one.playbook.key,
        str(one.playbook) if one.playbook.active else _("{name} (out of use)").format(name=one.playbook),
        str(one.runs),
        str(one.running),
        _ordered(one.run),
        _ordered(one.not_run),
    ]


def _ordered(share: Share) -> str:
    return _("{ordered} of {accounts}").format(ordered=share.ordered, accounts=share.accounts) if share.accounts else ""


def _result_json(one: Result) -> dict[str, Any]:
    return {
        "playbook": one.playbook.key,
        "name": str(one.playbook),
        "active": one.playbook.active,
        "by_itself": one.playbook.by_itself,
        "runs": one.runs,
        "running": one.running,
        "finished": one.finished,
        "reached": one.reached,
        "stopped": one.stopped,
        "median_days": one.median_days,
        "run": {"accounts": one.run.accounts, "ordered": one.run.ordered},
        "not_run": {"accounts": one.not_run.accounts, "ordered": one.not_run.ordered},
    }
