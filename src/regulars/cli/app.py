"""The command `regulars`: its general options and its commands."""

from __future__ import annotations

import sys
from datetime import date
from typing import Annotated

import typer

from regulars import __version__
from regulars.cli import (
    accounts,
    backtest,
    backup,
    check,
    demo,
    dependence,
    dossier,
    duplicates,
    handovers,
    import_files,
    imports,
    interactions,
    issues,
    key_accounts,
    leads,
    lifetimes,
    live_orders,
    mail,
    members,
    opportunities,
    playbooks,
    portfolio,
    promises,
    referral_cards,
    review_minutes,
    review_schedule,
    rules,
    sales_plan,
    scores,
    serve,
    setup,
    signals,
    suggestions,
    today,
    tokens,
    value,
    winback,
    worker,
)
from regulars.cli.language import _
from regulars.cli.options import Exit, Options, apply_home, general_options_first
from regulars.cli.output import show_refusal
from regulars.core.errors import Refusal

app = typer.Typer(
    name="regulars",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_(
        "Exit codes: 0 fine, 1 an error of Regulars itself, 2 refused or bad arguments (nothing was done), "
        "3 done but rows were rejected, 4 check found an error."
    ),
)

for noun in (
    import_files,
    imports,
    scores,
    today,
    promises,
    dossier,
    playbooks,
    review_schedule,
    leads,
    live_orders,
    referral_cards,
    opportunities,
    handovers,
    review_minutes,
    value,
    key_accounts,
    winback,
    accounts,
    interactions,
    issues,
    signals,
    duplicates,
    portfolio,
    lifetimes,
    dependence,
    suggestions,
    backtest,
    rules,
    sales_plan,
    setup,
    members,
    tokens,
    mail,
    check,
    backup,
    worker,
    serve,
    demo,
):
    noun.add_commands(app)


def _as_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(_("Write the date as year-month-day, for example 2026-01-31.")) from None


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"regulars {__version__}")
        raise typer.Exit


@app.callback(help=_("Keeps the customers a firm has: from an order file to whom to call today, and why."))
def _general(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help=_("Print data as JSON."))] = False,
    as_of: Annotated[
        date | None, typer.Option("--as-of", metavar="DATE", parser=_as_date, help=_("See everything as of this date."))
    ] = None,
    acting: Annotated[str, typer.Option("--as", metavar="MEMBER", help=_("Who acts: e-mail or name."))] = "",
    home: Annotated[
        str, typer.Option("--home", metavar="FOLDER", help=_("Keep everything in this folder (else: REGULARS_HOME)."))
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help=_("No progress, no notes."))] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help=_("Print the version."))
    ] = False,
) -> None:
    if home:
        apply_home(home)
    context.obj = Options(json=json, quiet=quiet, as_of=as_of, acting=acting, home=home)


def run(arguments: list[str] | None = None) -> None:
    """Run the command line; ends the process with the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        app(args=general_options_first(given), prog_name="regulars")
    except Refusal as refusal:
        show_refusal(refusal)
        sys.exit(Exit.REFUSED)
    except BrokenPipeError:  # the reader of our output has gone, as with `| head`
        sys.stderr.close()
        sys.exit(Exit.FINE)
