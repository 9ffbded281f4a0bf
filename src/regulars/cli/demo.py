"""`demo`: from a real order history to the day's list, in a folder of its own, and in the browser."""

from __future__ import annotations

import os
import random
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from regulars.cli.demo_firm import B2B, OWNER_EMAIL, STORIES, WHOLESALER, Story, make
from regulars.cli.language import _
from regulars.cli.options import apply_home
from regulars.cli.output import emit_json, note, progress, say
from regulars.cli.serve import LOCALHOST, free_port
from regulars.cli.session import Session, open_session
from regulars.core.errors import Refusal

PANEL = _("Installation")
MARK = "this-is-a-demo"
"""A file in the home folder of a demo, which knows its password; a folder without it is never emptied."""
PORT = 8000


class NotADemo(Refusal):
    """The folder holds somebody's own data."""


def add_commands(app: typer.Typer) -> None:
    app.command("demo", help=_("See it work on a real order history."), rich_help_panel=PANEL)(demo)


def demo(
    context: typer.Context,
    b2b: Annotated[
        bool, typer.Option("--b2b", help=_("A maker of bicycles and its resellers, with sellers and costs."))
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help=_("Show the demo that is there; do not make it anew."))] = False,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help=_("Serve its pages in the end; never with --json."))
    ] = True,
    port: Annotated[
        int, typer.Option(min=1, max=65535, help=_("The port of the pages; the next free one if it is taken."))
    ] = PORT,
) -> None:
    story = B2B if b2b else WHOLESALER
    home = _prepare_home(context.obj.home, keep=keep)
    if not context.obj.quiet:
        note(_("The demo is in {home}. {attribution}").format(home=home, attribution=story.attribution))
    session = open_session(context)
    _refuse_own_data(home)
    password = _password(home)
    if not _is_made():
        with progress(quiet=context.obj.quiet) as tell:
            make(story, password=password, tell=tell or _say_nothing)
    _show(session, story, home, password)
    if serve and not session.options.json:
        _serve(home, port=port, password=password)


def _serve(home: Path, *, port: int, password: str) -> None:
    """The pages, on this machine alone, until Ctrl-C."""
    port = free_port(port)
    say()
    say(_("In the browser: {address}").format(address=f"http://{LOCALHOST}:{port}"), style="bold")
    say(_("E-mail {email}, password {password}").format(email=OWNER_EMAIL, password=password), style="bold")
    others = ", ".join(f"{one['email']} ({one['role']})" for one in _logins() if one["email"] != OWNER_EMAIL)
    say(_("The others have the same password: {others}").format(others=others), style="dim")
    say(
        _("Stop it with Ctrl-C. The same demo again, as you left it: regulars --home {home} demo --keep").format(
            home=home
        ),
        style="dim",
    )
    # In a process born anew: one that is forked from this one, which imported, could not read the order history.
    sys.stdout.flush()
    command = [sys.executable, "-m", "regulars", "--quiet", "serve", "--port", str(port)]
    os.execv(sys.executable, command)  # noqa: S606 - ours


def _say_nothing(_what: str, _share: float | None) -> None:
    """Where nobody looks at the progress."""


def _prepare_home(wished: str, *, keep: bool) -> Path:
    """Choose the folder; empty it if it holds an earlier demo that is not kept."""
    wished = wished or os.environ.get("REGULARS_HOME", "")
    if not wished:
        import platformdirs

        wished = str(Path(platformdirs.user_data_dir("regulars")) / "demo")
        apply_home(wished)
    home = Path(wished).expanduser().resolve()
    if home.exists() and any(home.iterdir()) and not (home / MARK).exists():
        raise _not_a_demo(home)
    mark = home / MARK
    if home.exists() and not (keep and mark.exists() and mark.read_text()):
        for entry in home.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    home.mkdir(parents=True, exist_ok=True)
    mark.touch(mode=0o600)
    return home


def _password(home: Path) -> str:
    """The password of everybody in this demo: made up once, so that a demo that others reach has none that is known."""
    mark = home / MARK
    if not mark.read_text():
        letters = random.SystemRandom().choices("abcdefghijkmnpqrstuvwxyz23456789", k=12)
        mark.write_text("-".join("".join(letters[start : start + 4]) for start in (0, 4, 8)))
    return mark.read_text()


def _refuse_own_data(home: Path) -> None:
    """A database elsewhere (`DATABASE_URL`) may hold a firm's own data, too."""
    from regulars.base.models import Organisation

    found = Organisation.objects.first()
    if found is not None and found.name not in [story.name for story in STORIES]:
        raise _not_a_demo(home)


def _not_a_demo(home: Path) -> NotADemo:
    return NotADemo(
        _("{home} holds data that is not a demo’s.").format(home=home),
        _("Use another folder: regulars --home FOLDER demo"),
    )


def _is_made() -> bool:
    from regulars.insight.models import Snapshot

    return Snapshot.objects.filter(current=True).exists()


# Showing it


def _show(session: Session, story: Story, home: Path, password: str) -> None:
    from regulars.cli.portfolio import portfolio_json, show_portfolio, the_portfolio
    from regulars.cli.today import card_json, show_todays_list
    from regulars.plan.today import todays_list

    found = todays_list(None, session.day)
    whole = the_portfolio(session)
    if session.options.json:
        emit_json(
            {
                "home": str(home),
                "attribution": story.attribution,
                "password": password,
                "members": _logins(),
                "today": {"on": found.on, "items": [card_json(card, session.currency) for card in found.items]},
                "portfolio": portfolio_json(whole, session),
            }
        )
        return
    show_todays_list(session, found)
    say()
    show_portfolio(whole, session)
    say()
    say(
        _("Data: {attribution} Names marked as made up are made up.").format(attribution=story.attribution), style="dim"
    )
    say(
        _("Look around: regulars --home {home} accounts, account NAME, portfolio, today").format(home=home), style="dim"
    )


def _logins() -> list[dict[str, str]]:
    """With which e-mails one signs in, and as what."""
    from regulars.base.models import Member

    members = Member.objects.filter(is_active=True).order_by("pk")
    return [{"email": one.email, "role": str(one.get_role_display())} for one in members]
