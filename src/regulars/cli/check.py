"""`check`: is the installation in order, and what to do if not."""

from __future__ import annotations

import typer

from regulars.cli.language import _
from regulars.cli.options import Exit
from regulars.cli.output import emit_json, indented, say
from regulars.cli.session import load_django

PANEL = _("Installation")

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "bold red")}


def add_commands(app: typer.Typer) -> None:
    app.command(
        "check", help=_("Say whether database, warehouse, mail and worker are in order."), rich_help_panel=PANEL
    )(check)


def check(context: typer.Context) -> None:
    load_django()
    _apply_to_embedded()
    from regulars.base.checks import check_installation

    findings = check_installation()
    if context.obj.json:
        emit_json(findings)
    else:
        for finding in findings:
            mark, style = _MARKS[finding.state]
            say(f"{mark} {finding.name}: {finding.sentence}", style=style)
            if finding.way_out:
                indented(finding.way_out)
    if any(finding.state == "error" for finding in findings):
        raise typer.Exit(Exit.UNHEALTHY)


def _apply_to_embedded() -> None:
    """The embedded database follows the program by itself; a server's is only reported."""
    from django.db import DatabaseError, connection

    from regulars.base.schema import bring_up_to_date, pending_migrations

    try:
        if connection.vendor == "sqlite" and pending_migrations():
            bring_up_to_date()
    except DatabaseError:  # is what the check itself is about to say
        return
