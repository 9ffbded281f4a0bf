"""`imports`, `undo`, `rejected`: the imports that were made, taking one back, and the rows that it left out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.import_report import import_json, named, show_imports, show_rejected, show_undone
from regulars.cli.language import _, ngettext
from regulars.cli.output import can_ask, emit_json, progress, say
from regulars.cli.scores import refresh_and_tell
from regulars.cli.session import open_session
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from regulars.facts.models import Import

PANEL = _("Facts: what happened")


class NoSuchImport(Refusal):
    """There is no import of that number."""


def add_commands(app: typer.Typer) -> None:
    app.command("imports", help=_("List the imports."), rich_help_panel=PANEL)(list_imports)
    app.command("undo", help=_("Take a whole import back, updates included."), rich_help_panel=PANEL)(undo)
    app.command("rejected", help=_("Rows that were left out, with their reasons."), rich_help_panel=PANEL)(rejected)


_NUMBER = typer.Argument(metavar="[NUMBER]", help=_("Number of the import; without it the last one."))


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
    show_imports(imports)


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
        number=found.pk, files=named([file["name"] for file in found.files])
    )
    if not yes and not session.options.json and can_ask() and not typer.confirm(question, err=True):
        raise typer.Exit
    with progress(quiet=session.options.quiet) as tell:
        report = undo_import(import_=found, member=session.member, progress=tell)
    if score:
        refresh_and_tell(session)
    if session.options.json:
        emit_json({"number": found.pk, **asdict(report)})
        return
    show_undone(found, report)


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
    show_rejected(found, rows_left_out)
