"""`backup` and `restore`: everything in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regulars.cli.language import _
from regulars.cli.output import emit_json, progress, say
from regulars.cli.session import open_session

PANEL = _("Installation")


def add_commands(app: typer.Typer) -> None:
    app.command("backup", help=_("Write everything into one file."), rich_help_panel=PANEL)(backup)
    app.command("restore", help=_("Put everything back from a backup."), rich_help_panel=PANEL)(restore)


def backup(
    context: typer.Context, file: Annotated[Path, typer.Argument(help=_("File to write; it must not exist yet."))]
) -> None:
    session = open_session(context)
    from regulars.base.backup import backup as write_backup

    with progress(quiet=session.options.quiet) as tell:
        write_backup(file, progress=tell)
    size_bytes = file.stat().st_size
    if session.options.json:
        emit_json({"file": str(file), "size_bytes": size_bytes})
    else:
        say(_("{file}: {size:,} bytes. It holds all your data: keep it safe.").format(file=file, size=size_bytes))


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help=_("A file that `regulars backup` wrote."))],
    replace: Annotated[bool, typer.Option("--replace", help=_("Replace everything that is here."))] = False,
) -> None:
    session = open_session(context)
    from regulars.base.backup import restore as read_backup

    with progress(quiet=session.options.quiet) as tell:
        read_backup(file, replace=replace, progress=tell)
    if session.options.json:
        emit_json({"restored": str(file)})
    else:
        say(_("Restored from {file}.").format(file=file))
