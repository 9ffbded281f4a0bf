"""`import`: files are read, what would happen is shown, and then it is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.import_dry_run import show_dry_run, show_reading
from regulars.cli.import_report import import_json, show_done
from regulars.cli.language import _
from regulars.cli.options import Exit
from regulars.cli.output import can_ask, emit_json, note, progress
from regulars.cli.scores import refresh_and_tell
from regulars.cli.session import Session, open_session

if TYPE_CHECKING:
    from regulars.facts.imports.runs import StagedImport
    from regulars.facts.models import Import

PANEL = _("Facts: what happened")


class Content(StrEnum):
    """What a group of files may be said to hold."""

    ORDER_LINES = "order_lines"
    ORDER_HEADERS = "order_headers"
    ACCOUNTS = "accounts"
    CONTACTS = "contacts"
    PRODUCTS = "products"
    RATES = "rates"


class DateOrder(StrEnum):
    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


class DecimalSign(StrEnum):
    POINT = "."
    COMMA = ","


def add_commands(app: typer.Typer) -> None:
    app.command(
        "import", help=_("Read files of orders, accounts, contacts, products or rates."), rich_help_panel=PANEL
    )(import_files)


def import_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help=_("Files, archives or folders."))],
    source: Annotated[
        str, typer.Option(help=_("Where the records come from; part of their identity (else: name of the export)."))
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_("Only say what would happen."))] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=_("Do not ask."))] = False,
    mapped: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=HEADING", help=_("Which column holds a field; empty heading: none.")),
    ] = None,
    content: Annotated[Content | None, typer.Option(help=_("What the file holds (else: found out)."))] = None,
    date_order: Annotated[
        DateOrder | None, typer.Option(help=_("Sequence in dates like 01/02/2026 (else: found out)."))
    ] = None,
    decimal: Annotated[DecimalSign | None, typer.Option(help=_("Decimal sign of amounts (else: found out)."))] = None,
    currency: Annotated[str, typer.Option(help=_("Currency of amounts without one: EUR, GBP, INR, …"))] = "",
    encoding: Annotated[str, typer.Option(help=_("Encoding of text files (else: found out)."))] = "",
    delimiter: Annotated[str, typer.Option(help=_("Delimiter of text files (else: found out)."))] = "",
    score: Annotated[
        bool, typer.Option("--score/--no-score", help=_("Then bring figures and actions up to date."))
    ] = True,
) -> None:
    session = open_session(context)
    from regulars.cli.setup import ensure_organisation
    from regulars.facts.imports.wishes import Wishes

    wishes = Wishes(
        columns=_as_mapping(mapped or []),
        content=content or "",
        date_order=date_order or "",
        decimal=decimal or "",
        currency=_as_currency(currency),
    )
    founded = ensure_organisation(currency=currency, quiet=session.options.quiet)
    how = {"source": source, "encoding": encoding or None, "delimiter": delimiter or None, "adjust": wishes.adjust}
    with staged_import(session, files, founded=founded and not currency, **how) as staged:
        wishes.demand_columns_in([part.raw for part in staged.parts])
        if not session.options.json:
            show_reading(staged)
            show_dry_run(staged.report, session.currency)
        if dry_run or not (yes or _agreed(session)):
            if session.options.json:
                emit_json({"dry_run": True, **staged.report.to_json()})
            raise typer.Exit(Exit.PARTIAL if staged.report.lines_rejected else Exit.FINE)
        done = carry_out(session, staged)
    if score:
        refresh_and_tell(session)
    if session.options.json:
        emit_json(import_json(done))
    else:
        show_done(done)
    raise typer.Exit(Exit.PARTIAL if done.report.get("lines_rejected") else Exit.FINE)


def _as_mapping(mapped: list[str]) -> dict[str, str]:
    from regulars.facts.imports.wishes import WrongMapping

    pairs = {}
    for text in mapped:
        name, equals, heading = text.partition("=")
        if not equals:
            raise WrongMapping(
                _("“{text}” does not say which column holds which field.").format(text=text),
                _("Write it like this: --map order_id=“Order no.”"),
            )
        pairs[name.strip()] = heading.strip()
    return pairs


def _as_currency(code: str) -> str:
    from regulars.core.money import exponent

    code = code.strip().upper()
    if code:
        exponent(code)
    return code


@contextmanager
def staged_import(session: Session, files: Sequence[Path], *, founded: bool, **how: Any) -> Iterator[StagedImport]:
    """The dry run. On a new installation whose currency nobody said, the currency of the files becomes the base
    currency."""
    from regulars.facts.rates import MissingRates

    with ExitStack() as stack:
        try:
            staged = _stage(session, files, stack, how)
        except MissingRates as problem:
            currencies = {gap.currency for gap in problem.missing}
            if not founded or len(currencies) != 1:
                raise
            _count_in(session, currencies.pop())
            staged = _stage(session, files, stack, how)
        yield staged


def _stage(session: Session, files: Sequence[Path], stack: ExitStack, how: dict[str, Any]) -> StagedImport:
    from regulars.facts.imports.runs import stage_import

    with progress(quiet=session.options.quiet) as tell:
        return stack.enter_context(stage_import(paths=files, as_of=session.today, progress=tell, **how))


def _count_in(session: Session, currency: str) -> None:
    """Make `currency` the base currency of the installation, which has no history yet."""
    from regulars.base.organisation import change_organisation

    session.organisation = change_organisation(member=session.member, base_currency=currency)
    if not session.options.quiet:
        note(_("Amounts are counted in {currency}, the currency of the file.").format(currency=currency))


def _agreed(session: Session) -> bool:
    return session.options.json or not can_ask() or typer.confirm(_("Import it?"), default=True, err=True)


def carry_out(session: Session, staged: StagedImport) -> Import:
    """Put the staged import in force."""
    from regulars.facts.imports.runs import run_import

    with progress(quiet=session.options.quiet) as tell:
        return run_import(staged, member=session.member, progress=tell)
