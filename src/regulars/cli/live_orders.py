"""`live-orders`: orders that still run - what is unpaid, left or late - and a file of them read in."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, note, say, show_table
from regulars.cli.session import Session, open_session

if TYPE_CHECKING:
    from datetime import date

    from django.db.models import QuerySet

    from regulars.facts.models import LiveOrder

PANEL = _("Plan: what to do")
MOST_SHOWN = 50


def add_commands(app: typer.Typer) -> None:
    group = typer.Typer(help=_("Show live orders: unpaid, left, late."), invoke_without_command=True)
    group.callback()(live_orders)
    group.command("import", help=_("Read a CSV file of live orders in."))(read)
    app.add_typer(group, name="live-orders", rich_help_panel=PANEL)


def live_orders(
    context: typer.Context,
    unpaid: Annotated[bool, typer.Option("--unpaid", help=_("Only those for which money is to come."))] = False,
    abandoned: Annotated[bool, typer.Option("--abandoned", help=_("Only quotes and baskets that were left."))] = False,
    late: Annotated[bool, typer.Option("--late", help=_("Only those that come later than promised."))] = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    if sum((unpaid, abandoned, late)) > 1:
        raise typer.BadParameter(_("Give one of --unpaid, --abandoned and --late."))
    session = open_session(context)
    from regulars.facts import live_orders as facts

    on = _day()
    found = facts.running(facts.visible_live_orders(session.acting))
    if unpaid:
        found = facts.unpaid(found)
    elif abandoned:
        found = facts.abandoned(found, on=on)
    elif late:
        found = facts.late(found, on=on)
    _list(found, on, session)


def read(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("CSV file with a line of headings."))],
    source: Annotated[str, typer.Option("--source", help=_("Name of the shop or system that it is from."))] = "file",
    rejected: Annotated[
        Path | None,
        typer.Option("--rejected", metavar="FILE", help=_("Where rows that are not taken go; else beside the file.")),
    ] = None,
) -> None:
    session = open_session(context)
    from regulars.facts.live_order_files import read_live_order_file, rejected_headings, rejected_rows
    from regulars.plan.issue_rules import moment_of_work

    try:
        content = file.read_bytes()
    except OSError as problem:
        raise typer.BadParameter(str(problem)) from None
    done = read_live_order_file(
        name=file.name, content=content, at=moment_of_work(), on=_day(), member=session.member, source=source
    )
    left = rejected or file.with_name(f"{file.stem}-not-taken.csv")
    if done.rejected:
        with left.open("w", encoding="utf-8-sig", newline="") as written:
            csv.writer(written).writerows([rejected_headings(done), *rejected_rows(done)])
    if session.options.json:
        counts = {name: getattr(done, name) for name in ("new", "changed", "unchanged", "rejected")}
        emit_json(counts | {"rejected_file": str(left) if done.rejected else None})
        return
    say(
        _("New orders: {new}. Changed: {changed}. As they were: {same}. Not taken: {left}.").format(
            new=done.new, changed=done.changed, same=done.unchanged, left=len(done.rejected)
        )
    )
    for one in done.rejected[:MOST_SHOWN]:
        note(_("Line {line}: {reason} {remedy}").format(line=one["line"], reason=one["reason"], remedy=one["remedy"]))
    if done.rejected:
        note(_("These rows are in {file}: correct them there, and read it in again.").format(file=left))


def _day() -> date:
    from regulars.base.organisation import organisation, today
    from regulars.insight.days import day_of_work

    return day_of_work(today(organisation()))


def _list(found: QuerySet[LiveOrder], on: date, session: Session) -> None:
    shown = list(found.select_related("account__owner")[:MOST_SHOWN])
    if session.options.json:
        emit_json([_json(one, on) for one in shown])
    elif not shown:
        note(_("No live order is known. Read a file in with: regulars live-orders import FILE.csv"))
    else:
        columns = [
            Column(heading=_("Order")),
            Column(heading=_("Customer"), flexible=True),
            Column(heading=_("Stage")),
            Column(heading=_("Amount")),
            Column(heading=_("Payment"), rank=1),
            Column(heading=_("Due"), rank=1),
            Column(heading=_("Promised"), rank=2),
            Column(heading=_("Next look"), rank=3),
        ]
        show_table(columns, [_row(one) for one in shown])


def _row(one: LiveOrder) -> list[str]:
    from regulars.base.formats import money
    from regulars.core.money import from_minor

    days = [day.isoformat() if day else "" for day in (one.due_on, one.promised_on, one.next_on)]
    return [
        one.number,
        one.account.name if one.account else one.customer_name or one.customer or one.customer_email,
        str(one.get_stage_display()),
        money(from_minor(one.amount_minor, one.currency), one.currency, exact=True),
        str(one.get_payment_display()),
        *days,
    ]


def _json(one: LiveOrder, on: date) -> dict[str, Any]:
    from regulars.facts.live_order_states import is_late, is_overdue, owed_minor

    plain = (
        *("uid", "source", "external_id", "number", "customer", "placed_on", "stage", "promised_on", "expected_on"),
        *("due_on", "payment", "currency", "amount_minor", "paid_minor", "last_on", "next_on"),
    )
    return {name: getattr(one, name) for name in plain} | {
        "account": one.account.name if one.account else None,
        "owed_minor": owed_minor(one),
        "overdue": is_overdue(one, on=on),
        "late": is_late(one, on=on),
    }
