"""`plan`: targets against what came, by person; `pay`: what a person has earned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, say, show_table
from regulars.cli.session import Session, find_member, open_session
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from regulars.plan.incentives import Statement
    from regulars.plan.models import SalesPlan

PANEL = _("Plan: what to do")


class NoPlan(Refusal):
    """There is no plan of this time."""


def add_commands(app: typer.Typer) -> None:
    app.command("plan", help=_("Show the sales plan: targets against what came."), rich_help_panel=PANEL)(plan)
    app.command("pay", help=_("Show what a person has earned by the scheme in force."), rich_help_panel=PANEL)(pay)


def plan(context: typer.Context) -> None:
    session = open_session(context)
    from regulars.base.formats import money, month, percent
    from regulars.core.incentives import Kind
    from regulars.core.money import from_minor
    from regulars.plan.targets import months_passed, people_of_plan

    found = _plan(session)
    passed = months_passed(found, as_of=session.day)
    people = people_of_plan(found, as_of=session.day, member=session.acting)
    rows = []
    for one in people:
        targets, came = one.so_far(passed)
        rows.append((one.person.name if one.person else None, targets, came))
    if session.options.json:
        emit_json(
            {
                "begins": found.begins,
                "state": found.state,
                "months": passed,
                "currency": session.currency,
                "people": [
                    {
                        "person": name,
                        **{
                            kind.value: {
                                "target": from_minor(targets[kind], session.currency),
                                "came": from_minor(came[kind], session.currency),
                            }
                            for kind in Kind
                        },
                    }
                    for name, targets, came in rows
                ],
            }
        )
        return
    say(f"{month(found.begins)} · {found.get_state_display()}", style="bold")
    show_table(
        [
            Column(heading=_("Person"), flexible=True),
            *(Column(heading=heading, justify="right") for heading in (_("Won"), _("Kept"), _("Grown"))),
            Column(heading=_("Target"), justify="right"),
            Column(heading=_("Reached"), justify="right"),
        ],
        [
            [
                name or _("Accounts of nobody"),
                *(money(from_minor(came[kind], session.currency), session.currency) for kind in Kind),
                money(from_minor(sum(targets.values()), session.currency), session.currency),
                percent(sum(came.values()) / sum(targets.values())) if sum(targets.values()) else "–",
            ]
            for name, targets, came in rows
        ],
    )


def pay(
    context: typer.Context,
    who: Annotated[str, typer.Argument(metavar="MEMBER", help=_("Name or e-mail of a colleague."))],
    pdf: Annotated[
        Path | None, typer.Option(metavar="FILE", help=_("Write one month with all its reasons as a PDF."))
    ] = None,
    named: Annotated[
        str, typer.Option("--month", metavar="YYYY-MM", help=_("Which month; else the latest. With --pdf."))
    ] = "",
) -> None:
    session = open_session(context)
    from regulars.base.formats import money, month
    from regulars.core.money import from_minor
    from regulars.plan.incentives import statement_of

    found = statement_of(find_member(who), plan=_plan(session), as_of=session.day, member=session.acting)
    if found is None:
        raise NoPlan(_("No scheme is in force."), _("Write one in the browser: Plan, What is paid for it?"))
    if pdf is not None:
        _print(session, found, pdf, named)
        return
    currency = session.currency
    if session.options.json:
        emit_json(
            {
                "person": found.person.name,
                "scheme": found.scheme.name,
                "currency": currency,
                "months": [{"month": one.month, "pay": from_minor(one.paid_minor, currency)} for one in found.months],
                "total": from_minor(found.so_far.total_minor, currency),
            }
        )
        return
    say(f"{found.person.name} · {found.scheme.name}", style="bold")
    show_table(
        [Column(heading=_("Month")), Column(heading=_("Pay"), justify="right")],
        [[month(one.month), money(from_minor(one.paid_minor, currency), currency, exact=True)] for one in found.months],
    )


def _print(session: Session, found: Statement, pdf: Path, named: str) -> None:
    from regulars.base.formats import month
    from regulars.plan.pay_document import month_of, print_statement

    chosen = month_of(found, named)
    pdf.write_bytes(print_statement(found, chosen, on=session.day, member=session.acting))
    if session.options.json:
        emit_json({"person": found.person.name, "month": chosen.month, "file": str(pdf)})
        return
    say(
        _("Pay of %(name)s for %(month)s is in %(file)s.")
        % {
            "name": found.person.name,
            "month": month(chosen.month),
            "file": pdf,
        }
    )


def _plan(session: Session) -> SalesPlan:
    from regulars.plan.targets import plan_of

    found = plan_of(session.day)
    if found is None:
        raise NoPlan(_("There is no plan of this time yet."), _("Propose one in the browser: Plan."))
    return found
