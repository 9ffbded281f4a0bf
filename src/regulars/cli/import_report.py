"""What was imported, as it is shown: its files in a line, tables and words for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from regulars.cli.language import _, ngettext
from regulars.cli.output import Column, indented, say, show_facts, show_table

if TYPE_CHECKING:
    from regulars.facts.imports.rejected import RejectedRow
    from regulars.facts.imports.undo import UndoReport
    from regulars.facts.models import Import

FILES_NAMED = 3


def named(files: Sequence[str]) -> str:
    """The files of an import in a line: the first ones, and how many more."""
    more = len(files) - FILES_NAMED
    names = ", ".join(files[:FILES_NAMED])
    return names if more < 1 else _("{names} and {count} more").format(names=names, count=more)


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


def show_imports(imports: Iterable[Import]) -> None:
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
                named([file["name"] for file in one.files]),
                one.source,
                f"{one.report.get('lines_accepted', 0):,}",
                f"{one.report.get('lines_rejected', 0):,}",
            ]
            for one in imports
        ],
    )


def show_undone(found: Import, report: UndoReport) -> None:
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


def show_rejected(found: Import, rows_left_out: Iterable[RejectedRow]) -> None:
    for row in rows_left_out:
        place = _("line {line}").format(line=row.line) if row.line else _("row {row}").format(row=row.row)
        say(f"{row.file}, {place}: {row.sentence}")
        indented(row.way_out, style="dim")
    say()
    say(_("To correct them: regulars rejected {number} --to rejected.csv").format(number=found.pk), style="dim")
