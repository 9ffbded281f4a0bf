"""`import`, `imports`, `undo`, `rejected`: from files to facts, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _, ngettext
from regulars.cli.options import Exit
from regulars.cli.output import (
    Column,
    can_ask,
    emit_json,
    in_minor,
    indented,
    note,
    progress,
    say,
    show_facts,
    show_table,
)
from regulars.cli.session import Session, open_session
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from regulars.facts.imports.raw_tables import RawTable
    from regulars.facts.imports.runs import DryRun, Part, StagedImport
    from regulars.facts.models import Import

PANEL = _("Facts: what happened")
MONTHS_SHOWN = 12
FILES_NAMED = 3


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


class NoSuchImport(Refusal):
    """There is no import of that number."""


def add_commands(app: typer.Typer) -> None:
    app.command(
        "import", help=_("Read files of orders, accounts, contacts, products or rates."), rich_help_panel=PANEL
    )(import_files)
    app.command("imports", help=_("List the imports."), rich_help_panel=PANEL)(list_imports)
    app.command("undo", help=_("Take a whole import back, updates included."), rich_help_panel=PANEL)(undo)
    app.command("rejected", help=_("Rows that were left out, with their reasons."), rich_help_panel=PANEL)(rejected)


# regulars import


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
        bring_up_to_date(session)
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


# What is shown of it


def show_reading(staged: StagedImport) -> None:
    """How each group of files is read: which heading holds which field, and what was decided on the way."""
    for part in staged.parts:
        _show_part(staged, part)
    for text in staged.report.notes:
        say(f"  {text}", style="dim")


def _show_part(staged: StagedImport, part: Part) -> None:
    from regulars.facts.imports.mapping import FIELDS

    names = _named([file.name for file in part.raw.files])
    read_as = part.mapping.content.replace("_", " ") or _("not understood, left out")
    known = f" ({part.mapping.export})" if part.mapping.export else ""
    say(f"{names}: {read_as}{known}", style="bold")
    if not part.mapping.content or not part.mapping.columns:
        return
    example = _example(staged, part.raw)
    meanings = FIELDS.get(part.mapping.content, {})
    rows = [
        [str(meanings.get(name, name)), heading, example.get(heading, "")]
        for name, heading in part.mapping.columns.items()
    ]
    show_table(
        [
            Column(heading=_("Field"), flexible=True),
            Column(heading=_("Column")),
            Column(heading=_("For example"), rank=1, flexible=True, style="dim"),
        ],
        rows,
    )


def _named(files: Sequence[str]) -> str:
    """The files of an import in a line: the first ones, and how many more."""
    more = len(files) - FILES_NAMED
    names = ", ".join(files[:FILES_NAMED])
    return names if more < 1 else _("{names} and {count} more").format(names=names, count=more)


def _example(staged: StagedImport, raw: RawTable) -> dict[str, str]:
    """For each heading the cell of the first row."""
    columns = ", ".join(raw.columns)
    first = staged.engine.rows(f"SELECT {columns} FROM {raw.name} WHERE _row <= 20 LIMIT 1")
    cells = first[0] if first else [None] * len(raw.headings)
    return {heading: (cell or "")[:40] for heading, cell in zip(raw.headings, cells, strict=True)}


def show_dry_run(report: DryRun, currency: str) -> None:
    """What would happen: lines, accounts and records; totals by month; lines by rule; what is left out."""
    from regulars.facts.imports.totals import months_of

    say()
    difference = report.history
    show_facts(
        {
            _("rows read"): f"{report.lines_read:,}",
            _("order lines"): f"{report.lines_accepted:,}" if report.lines_accepted else "",
            _("new"): f"{difference.added:,}" if difference else "",
            _("changed"): f"{difference.changed:,}" if difference and difference.changed else "",
            _("removed"): f"{difference.removed:,}" if difference and difference.removed else "",
            _("as they are"): f"{difference.unchanged:,}" if difference and difference.unchanged else "",
            _("new accounts"): f"{report.accounts_new:,}" if report.accounts_new else "",
            _("known accounts"): f"{report.accounts_known:,}" if report.accounts_known else "",
            **{
                _records_called(name): ", ".join(f"{count:,} {what}" for what, count in counts.items())
                for name, counts in report.records.items()
            },
            _("rejected rows"): f"{report.lines_rejected:,}" if report.lines_rejected else "",
            _("without customer"): _without_customer(report, currency),
        }
    )
    if report.months:
        _show_months(months_of(report.to_json()), currency)
    if report.rules:
        _show_rules(report.rules, currency)


def _records_called(kind: str) -> str:
    from regulars.facts.imports.master_records import MODELS

    return str(MODELS[kind]._meta.verbose_name_plural)


def _without_customer(report: DryRun, currency: str) -> str:
    nobody = report.without_customer
    if not nobody.get("lines"):
        return ""
    amount = in_minor(nobody["net_minor"], currency)
    lines = ngettext("{lines:,} line", "{lines:,} lines", nobody["lines"]).format(lines=nobody["lines"])
    return _("{lines} over {amount}: kept and counted, not part of any account").format(lines=lines, amount=amount)


def _show_months(months: list[dict[str, Any]], currency: str) -> None:
    from regulars.facts.imports.totals import differs_from_file, sum_of

    amounts = ["sale_minor", "return_minor", "fee_minor", "other_minor"]
    earlier = len(months) - MONTHS_SHOWN
    shown = months[-MONTHS_SHOWN:]
    if earlier > 0:
        label = ngettext("{count} earlier month", "{count} earlier months", earlier).format(count=earlier)
        shown = [sum_of(label, months[:earlier]), *shown]
    if len(months) > 1:
        shown.append(sum_of(_("together"), months))
    headings = [_("Sales"), _("Returns"), _("Fees"), _("Other")]
    differs = differs_from_file(months)
    say()
    show_table(
        [
            Column(heading=_("Month")),
            Column(heading=_("Orders"), justify="right", rank=2),
            Column(heading=_("Lines"), justify="right", rank=3),
            *(Column(heading=heading, justify="right", rank=1) for heading in headings),
            Column(heading=_("All"), justify="right"),
            *([Column(heading=_("In the file"), justify="right")] if differs else []),
        ],
        [
            [
                month["month"] or _("no date"),
                f"{month['orders']:,}",
                f"{month['lines']:,}",
                *(in_minor(month[name], currency) for name in amounts),
                in_minor(month["net_minor"], currency),
                *([in_minor(month["file_net_minor"], currency)] if differs else []),
            ]
            for month in shown
        ],
        title=_("By month, to compare with your own totals"),
    )


def _show_rules(rules: list[dict[str, Any]], currency: str) -> None:
    say()
    show_table(
        [
            Column(heading=_("Rule")),
            Column(heading=_("Kind")),
            Column(heading=_("Lines"), justify="right"),
            Column(heading=_("Amount"), justify="right", rank=1),
        ],
        [
            [
                str(rule["rule"] or _("amounts of whole orders")),
                str(rule["kind"]),
                f"{rule['lines']:,}",
                in_minor(rule["net_minor"], currency),
            ]
            for rule in rules
        ],
        title=_("Lines that are not plain sales, by rule"),
    )


def import_json(done: Import) -> dict[str, Any]:
    return {
        "number": done.pk,
        "uid": done.uid,
        "state": done.state,
        "content": done.content,
        "source": done.source,
        "files": done.files,
        "started_at": done.created_at,
        "finished_at": done.finished_at,
        "undone_at": done.undone_at,
        "reason": done.reason or None,
        **done.report,
    }


def show_done(done: Import) -> None:
    say()
    say(_("Import {number} is done.").format(number=done.pk), style="bold")
    rejected_rows = done.report.get("lines_rejected", 0)
    if rejected_rows:
        say(
            ngettext("{count:,} row was left out.", "{count:,} rows were left out.", rejected_rows).format(
                count=rejected_rows
            )
            + " "
            + _("To correct: regulars rejected {number} --to rejected.csv").format(number=done.pk)
        )
    say(_("Take it back with: regulars undo {number}").format(number=done.pk), style="dim")
    say(_("Next: regulars today"))


def bring_up_to_date(session: Session) -> None:
    """Figures and actions after the history changed."""
    from regulars.cli.scores import refresh_and_tell

    refresh_and_tell(session)


# regulars imports, undo, rejected


def list_imports(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help=_("At most so many, the newest first."))] = 20,
) -> None:
    session = open_session(context)
    from regulars.facts.models import Import

    imports = Import.objects.order_by("-pk")[:limit]
    if session.options.json:
        emit_json([import_json(one) for one in imports])
        return
    show_table(
        [
            Column(heading=_("No."), justify="right"),
            Column(heading=_("Date")),
            Column(heading=_("State")),
            Column(heading=_("Files"), flexible=True),
            Column(heading=_("Source"), rank=2),
            Column(heading=_("Lines"), justify="right", rank=1),
            Column(heading=_("Left out"), justify="right", rank=3),
        ],
        [
            [
                str(one.pk),
                one.created_at.date().isoformat(),
                str(one.get_state_display()) + (f": {one.reason}" if one.reason else ""),
                _named([file["name"] for file in one.files]),
                one.source,
                f"{one.report.get('lines_accepted', 0):,}",
                f"{one.report.get('lines_rejected', 0):,}",
            ]
            for one in imports
        ],
    )


_NUMBER = typer.Argument(metavar="[NUMBER]", help=_("Number of the import; without it the last one."))


def undo(
    context: typer.Context,
    number: Annotated[int | None, _NUMBER] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=_("Do not ask."))] = False,
    score: Annotated[
        bool, typer.Option("--score/--no-score", help=_("Then bring figures and actions up to date."))
    ] = True,
) -> None:
    session = open_session(context)
    from dataclasses import asdict

    from regulars.facts.imports.undo import undo_import

    found = find_import(number)
    question = _("Take import {number} ({files}) back?").format(
        number=found.pk, files=_named([file["name"] for file in found.files])
    )
    if not yes and not session.options.json and can_ask() and not typer.confirm(question, err=True):
        raise typer.Exit
    with progress(quiet=session.options.quiet) as tell:
        report = undo_import(import_=found, member=session.member, progress=tell)
    if score:
        bring_up_to_date(session)
    if session.options.json:
        emit_json({"number": found.pk, **asdict(report)})
        return
    say(_("Import {number} is taken back.").format(number=found.pk), style="bold")
    show_facts(
        {
            _("lines removed"): f"{report.lines_removed:,}",
            _("lines restored"): f"{report.lines_restored:,}",
            _("records removed"): f"{report.records_removed:,}",
            _("records kept, since they are used elsewhere"): f"{report.records_kept:,}" if report.records_kept else "",
            _("fields restored"): f"{report.fields_restored:,}" if report.fields_restored else "",
            _("fields kept, since they were changed later"): f"{report.fields_kept:,}" if report.fields_kept else "",
        }
    )


def find_import(number: int | None) -> Import:
    """The import of this number, else the last one that is in force."""
    from regulars.facts.models import Import

    if number is not None:
        found = Import.objects.filter(pk=number).first()
    else:
        found = Import.objects.filter(state=Import.State.DONE).order_by("-pk").first()
    if found is None:
        raise NoSuchImport(
            _("There is no import {number}.").format(number=number)
            if number is not None
            else _("No import is in force."),
            _("See the list with: regulars imports"),
        )
    return found


def rejected(
    context: typer.Context,
    number: Annotated[int | None, _NUMBER] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help=_("Write them into this .csv or .xlsx, to correct."))
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help=_("Show at most so many."))] = 20,
) -> None:
    session = open_session(context)
    from regulars.facts.imports.rejected import rejected_rows, write_rejected
    from regulars.facts.imports.runs import import_folder

    found = find_import(number)
    folder = import_folder(found)
    if to is not None:
        written = write_rejected(folder, to, number=found.pk)
        if session.options.json:
            emit_json({"number": found.pk, "file": str(to), "rows": written})
            return
        rows = ngettext("{count:,} row", "{count:,} rows", written).format(count=written)
        say(_("{rows} in {file}. Correct them there, then: regulars import {file}").format(rows=rows, file=to))
        return
    rows_left_out = list(rejected_rows(folder, limit=limit))
    if session.options.json:
        emit_json([row.to_json() for row in rows_left_out])
        return
    if not rows_left_out:
        say(_("Import {number} has no rejected rows.").format(number=found.pk))
        return
    for row in rows_left_out:
        place = _("line {line}").format(line=row.line) if row.line else _("row {row}").format(row=row.row)
        say(f"{row.file}, {place}: {row.sentence}")
        indented(row.way_out, style="dim")
    say()
    say(_("To correct them: regulars rejected {number} --to rejected.csv").format(number=found.pk), style="dim")
