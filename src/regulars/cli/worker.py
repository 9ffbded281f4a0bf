"""`worker`: does the jobs, nightly figures among them."""

from __future__ import annotations

from typing import Annotated

import typer

from regulars.cli.language import _
from regulars.cli.output import emit_json, note, say
from regulars.cli.session import open_session

PANEL = _("Installation")


def add_commands(app: typer.Typer) -> None:
    app.command("worker", help=_("Do the jobs: figures and actions every night, and more."), rich_help_panel=PANEL)(
        worker
    )


def worker(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help=_("Stop when no job is left."))] = False,
    interval: Annotated[float, typer.Option(min=0.05, help=_("Seconds between two looks at an empty queue."))] = 1.0,
) -> None:
    session = open_session(context)
    from regulars.base.worker import run_worker

    if not session.options.quiet and not once:
        note(_("The worker runs. Stop it with Ctrl-C; a job that has begun is finished first."))
    begun = run_worker(once=once, interval=interval)
    if session.options.json:
        emit_json({"jobs": begun})
    elif not session.options.quiet:
        say(_("Jobs done: {count}.").format(count=begun))
