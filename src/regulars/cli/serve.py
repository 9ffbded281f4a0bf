"""`serve`: the web application and, for the embedded default, the worker beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.language import _
from regulars.cli.output import note
from regulars.cli.session import open_session

if TYPE_CHECKING:
    from regulars.base.models import Member

PANEL = _("Installation")


def add_commands(app: typer.Typer) -> None:
    app.command("serve", help=_("Serve the web pages, and do the jobs."), rich_help_panel=PANEL)(serve)


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help=_("The address to listen at."))] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help=_("The port."))] = 8000,
    workers: Annotated[int, typer.Option(min=1, help=_("Processes that answer requests."))] = 1,
    threads: Annotated[int, typer.Option(min=1, help=_("Requests that each process answers at a time."))] = 4,
    with_worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help=_("Do the jobs, too; not where workers run already."))
    ] = True,
) -> None:
    session = open_session(context)
    _gather_static_files()
    if not session.options.quiet:
        _greet(f"http://{host}:{port}")
    jobs = subprocess.Popen([sys.executable, "-m", "regulars", "--quiet", "worker"]) if with_worker else None
    try:
        _serve(host=host, port=port, workers=workers, threads=threads)
    finally:
        if jobs is not None:
            jobs.send_signal(signal.SIGTERM)
            jobs.wait()


def _gather_static_files() -> None:
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)


def _greet(address: str) -> None:
    note(_("Regulars is at {address}. Stop it with Ctrl-C.").format(address=address))
    owner = _owner_without_password()
    if owner is not None:
        note(
            _("{owner} has no password yet and chooses one here, once: {link}").format(
                owner=owner.email, link=address + _password_path(owner)
            )
        )


def _owner_without_password() -> Member | None:
    """The first owner, where nobody can sign in: who runs the program on this machine may let them in."""
    from regulars.base.models import Member

    active = list(Member.objects.filter(is_active=True).order_by("pk"))
    if any(one.has_usable_password() for one in active):
        return None
    return next((one for one in active if one.role == Member.Role.OWNER), None)


def _password_path(owner: Member) -> str:
    from django.contrib.auth.tokens import default_token_generator
    from django.urls import reverse
    from django.utils.encoding import force_bytes
    from django.utils.http import urlsafe_base64_encode

    uid = urlsafe_base64_encode(force_bytes(owner.pk))
    return reverse("choose_password", args=[uid, default_token_generator.make_token(owner)])


def _serve(*, host: str, port: int, workers: int, threads: int) -> None:
    from django.db import connections
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    connections.close_all()  # the processes that answer open their own
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    Granian(
        "regulars.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        log_level=LogLevels.warning,
    ).serve()
