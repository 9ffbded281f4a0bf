"""`serve`: the web application and, for the embedded default, the worker beside it."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.language import _
from regulars.cli.output import note
from regulars.cli.session import open_session
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from django.core.handlers.wsgi import WSGIHandler

    from regulars.base.models import Member

PANEL = _("Installation")
LOCALHOST = "127.0.0.1"
KILL_SECONDS = 10
"""So long a process may take to answer its last requests when it is told to stop."""


class NoPort(Refusal):
    """There is no listening at this address."""


def add_commands(app: typer.Typer) -> None:
    app.command("serve", help=_("Serve the web pages, and do the jobs."), rich_help_panel=PANEL)(serve)


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help=_("The address to listen at."))] = LOCALHOST,
    port: Annotated[int, typer.Option(min=1, max=65535, help=_("The port."))] = 8000,
    workers: Annotated[int, typer.Option(min=1, help=_("Processes that answer requests."))] = 1,
    threads: Annotated[int, typer.Option(min=1, help=_("Requests that each process answers at a time."))] = 4,
    with_worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help=_("Do the jobs, too; not where workers run already."))
    ] = True,
) -> None:
    session = open_session(context)
    problem = _why_not(host, port)
    if problem:
        raise NoPort(
            _("Regulars cannot listen at {address}: {reason}.").format(address=f"{host}:{port}", reason=problem),
            _("Choose another port, for example: regulars serve --port {port}").format(port=port % 65535 + 1),
        )
    if not session.options.quiet:
        _greet(f"http://{host}:{port}")
    run_server(host=host, port=port, workers=workers, threads=threads, with_worker=with_worker)


def run_server(*, host: str, port: int, workers: int = 1, threads: int = 4, with_worker: bool = True) -> None:
    """Serve the pages, with a worker for the jobs beside, until the process is told to stop."""
    _gather_static_files()
    jobs = subprocess.Popen([sys.executable, "-m", "regulars", "--quiet", "worker"]) if with_worker else None
    try:
        _serve(host=host, port=port, workers=workers, threads=threads)
    finally:
        if jobs is not None:
            jobs.send_signal(signal.SIGTERM)
            jobs.wait()


def free_port(first: int, *, host: str = LOCALHOST) -> int:
    """The first port from `first` on at which nobody listens."""
    for port in range(first, min(first + 100, 65536)):
        if not _why_not(host, port):
            return port
    raise NoPort(
        _("No port from {first} on is free.").format(first=first),
        _("Choose another one with --port, for example 9000."),
    )


def _why_not(host: str, port: int) -> str:
    """Why one cannot listen there; empty: one can. Only a taken or forbidden port is known before it is tried."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return (error.strerror or str(error)) if error.errno in (errno.EADDRINUSE, errno.EACCES) else ""
    return ""


def _gather_static_files() -> None:
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)


def _greet(address: str) -> None:
    note(_("Regulars is at {address}. Stop it with Ctrl-C.").format(address=address))
    from regulars.base.lost_access import password_path

    owner = _owner_without_password()
    if owner is not None:
        note(
            _("{owner} has no password yet and chooses one here, once: {link}").format(
                owner=owner.email, link=address + password_path(owner)
            )
        )


def _owner_without_password() -> Member | None:
    """The first owner, where nobody can sign in: who runs the program on this machine may let them in."""
    from regulars.base.models import Member

    active = list(Member.objects.filter(is_active=True).order_by("pk"))
    if any(one.has_usable_password() for one in active):
        return None
    return next((one for one in active if one.role == Member.Role.OWNER), None)


def _serve(*, host: str, port: int, workers: int, threads: int) -> None:
    from django.db import connections
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    connections.close_all()  # the processes that answer open their own
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    Granian(
        "regulars.cli.serve:answering",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        workers_kill_timeout=KILL_SECONDS,
        log_level=LogLevels.warning,
    ).serve()


def answering() -> WSGIHandler:
    """The application in a process that answers. It leaves the terminal's group: of a Ctrl-C it hears once, from its
    parent, since one that is told twice does not end."""
    from django.core.wsgi import get_wsgi_application

    from regulars.base.settled import settle

    os.setpgid(0, 0)
    application = get_wsgi_application()
    settle()
    return application
