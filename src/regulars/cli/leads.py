"""`leads`, `lead`: who may become a customer, taken in, read from a file, answered, put aside, won."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, note, say, show_list, show_table
from regulars.cli.session import Session, find_member, find_numbered, open_session

if TYPE_CHECKING:
    from regulars.facts.models import Lead

PANEL = _("Plan: what to do")
MOST_SHOWN = 50

Number = Annotated[str, typer.Argument(metavar="NUMBER", help=_("As shown by: regulars leads"))]


def add_commands(app: typer.Typer) -> None:
    app.command("leads", help=_("Show leads, or read a file of them in."), rich_help_panel=PANEL)(leads)
    app.command("lead", help=_("Take a lead down."), rich_help_panel=PANEL)(lead)
    app.command("lead-done", help=_("Say what became of a lead."), rich_help_panel=PANEL)(done)


def leads(
    context: typer.Context,
    file: Annotated[Path | None, typer.Option("--read", metavar="FILE", help=_("Read this CSV file in."))] = None,
    source: Annotated[str, typer.Option("--source", help=_("With --read: campaign, fair or list."))] = "",
    flow: Annotated[bool, typer.Option("--flow", help=_("How many came, fit and were won, month by month."))] = False,
    closed: Annotated[bool, typer.Option("--closed", help=_("Those that are won, lost or put aside as well."))] = False,
) -> None:
    session = open_session(context)
    if file is not None:
        _read(file, source, session)
    elif flow:
        _flow(session)
    else:
        _list(session, closed=closed)


def lead(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help=_("Firm, or the person's name."))],
    email: Annotated[str, typer.Option("--email", help=_("E-mail address."))] = "",
    phone: Annotated[str, typer.Option("--phone", help=_("Phone number."))] = "",
    person: Annotated[str, typer.Option("--person", help=_("Whom to ask for."))] = "",
    country: Annotated[str, typer.Option("--country", help=_("Country."))] = "",
    wishes: Annotated[str, typer.Option("--wishes", help=_("What they wish."))] = "",
    source: Annotated[str, typer.Option("--source", help=_("Campaign, fair or list."))] = "",
    owner: Annotated[
        str, typer.Option("--owner", metavar="MEMBER", help=_("Who gets it; else the rules decide."))
    ] = "",
) -> None:
    session = open_session(context)
    from regulars.facts.leads import Origin, take_lead
    from regulars.facts.models import Lead
    from regulars.plan.issue_rules import moment_of_work

    taken = take_lead(
        origin=Origin(channel=Lead.Channel.HAND),
        at=moment_of_work(),
        member=session.member,
        owner=find_member(owner) if owner else None,
        name=name,
        email=email,
        phone=phone,
        person=person,
        country=country,
        wishes=wishes,
        said_source=source,
    )
    if not taken.new:
        note(_("This one is open already; what you wrote was added."))
    _tell(taken.lead, session)


def done(
    context: typer.Context,
    wanted: Number,
    words: Annotated[str, typer.Argument(metavar="[WORDS]", help=_("What was said, or why."))] = "",
    lost: Annotated[
        str, typer.Option("--lost", help=_("price, competitor, timing, no_need, unreachable or other."))
    ] = "",
    unfit: Annotated[
        str, typer.Option("--does-not-fit", help=_("criteria, spam, customer, unreachable or other."))
    ] = "",
    fits: Annotated[bool, typer.Option("--fits", help=_("It fits, whatever the criteria say."))] = False,
    won: Annotated[
        bool, typer.Option("--won", help=_("It is won: make it a customer and open its hand-over."))
    ] = False,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="MEMBER", help=_("With --won: who looks after it from now on; else: who gets the lead.")
        ),
    ] = "",
) -> None:
    session = open_session(context)
    from regulars.facts import leads as facts
    from regulars.plan.issue_rules import moment_of_work
    from regulars.plan.leads import win_lead

    if sum((bool(lost), bool(unfit), fits, won)) > 1:
        raise typer.BadParameter(_("Give one of --lost, --does-not-fit, --fits and --won."))
    found = _found(wanted, session)
    told: dict[str, Any] = {"lead": found, "at": moment_of_work(), "member": session.member}
    receiver = find_member(to) if to else None
    if won:
        changed = win_lead(**told, receiver=receiver, said=words).lead
    elif lost:
        changed = facts.lose_lead(**told, reason=lost, said=words)
    elif unfit:
        changed = facts.reject_lead(**told, reason=unfit, said=words)
    elif fits:
        changed = facts.qualify_lead(**told, said=words)
    elif receiver is not None:
        changed = facts.assign_lead(**told, owner=receiver, said=words)
    else:
        changed = facts.contact_lead(**told, said=words)
    _tell(changed, session)


def _read(file: Path, source: str, session: Session) -> None:
    from regulars.facts.lead_files import read_lead_file
    from regulars.plan.issue_rules import moment_of_work

    try:
        content = file.read_bytes()
    except OSError as problem:
        raise typer.BadParameter(str(problem)) from None
    read = read_lead_file(
        name=file.name, content=content, at=moment_of_work(), member=session.member, said_source=source
    )
    if session.options.json:
        emit_json({"taken": read.taken, "known": read.known, "rejected": read.rejected})
        return
    say(
        _("New leads: {taken}. Known before: {known}. Not taken: {left}.").format(
            taken=read.taken, known=read.known, left=len(read.rejected)
        )
    )
    for one in read.rejected:
        note(_("Line {line}: {reason}").format(line=one["line"], reason=one["reason"]))


def _list(session: Session, *, closed: bool) -> None:
    from regulars.facts.leads import visible_leads
    from regulars.facts.models import Lead

    found = visible_leads(session.acting).select_related("owner").order_by("-came_at")
    if not closed:
        found = found.filter(state__in=Lead.OPEN)
    shown = list(found[:MOST_SHOWN])
    columns = [
        Column(heading=_("Number")),
        Column(heading=_("Came")),
        Column(heading=_("Lead"), flexible=True),
        Column(heading=_("State")),
        Column(heading=_("Points"), rank=2),
        Column(heading=_("Whose"), rank=1),
    ]
    show_list(
        shown, as_json=session.options.json, json_of=_json, columns=columns, row_of=_row, nothing=_("No lead waits.")
    )


def _flow(session: Session) -> None:
    from regulars.facts.leads import visible_leads
    from regulars.insight.lead_flow import lead_flow
    from regulars.plan.issue_rules import moment_of_work

    found = lead_flow(visible_leads(session.acting), at=moment_of_work())
    if session.options.json:
        told = ("since", "came", "fitting", "won", "revenue")
        emit_json([{name: getattr(one, name) for name in told} for one in found.periods])
        return
    columns = [
        Column(heading=_("From")),
        Column(heading=_("Came")),
        Column(heading=_("Fit")),
        Column(heading=_("Won")),
        Column(heading=_("Sales since")),
    ]
    rows = [
        [str(one.since), str(one.came), str(one.fitting), str(one.won), str(round(one.revenue))]
        for one in found.periods
    ]
    show_table(columns, rows)


def _tell(one: Lead, session: Session) -> None:
    if session.options.json:
        emit_json(_json(one))
        return
    said = {"name": one.name, "state": one.get_state_display(), "owner": one.owner.name if one.owner else "–"}
    say(_("Lead {name}: {state}, {owner}.").format(**said))


def _row(one: Lead) -> list[str]:
    return [
        str(one.pk),
        one.came_at.date().isoformat(),
        one.name,
        str(one.get_state_display()),
        "" if one.points is None else str(one.points),
        one.owner.name if one.owner else "",
    ]


def _found(wanted: str, session: Session) -> Lead:
    from regulars.facts.leads import NoSuchLead, visible_leads

    one = find_numbered(visible_leads(session.acting), wanted)
    if one is None:
        raise NoSuchLead(_("There is no lead “{wanted}”.").format(wanted=wanted), _("See them with: regulars leads"))
    return one


def _json(one: Lead) -> dict[str, Any]:
    return {
        "uid": one.uid,
        "number": one.pk,
        "name": one.name,
        "person": one.person or None,
        "email": one.email or None,
        "phone": one.phone or None,
        "channel": one.channel,
        "state": one.state,
        "fit": one.fit,
        "points": one.points,
        "owner": one.owner.email if one.owner else None,
        "came_at": one.came_at,
        "answered_at": one.answered_at,
    }
