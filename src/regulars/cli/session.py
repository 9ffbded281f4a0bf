"""A command at work: Django loaded, the database up to date, the firm and the acting member known."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import typer

from regulars.cli.language import _, terminal_language
from regulars.cli.options import Options
from regulars.cli.output import waiting
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from regulars.base.models import Member, Organisation

    M = TypeVar("M", bound=Model)


class DatabaseBehind(Refusal):
    """The database is of an older version than the program."""


class NoSuchMember(Refusal):
    """Nobody of that name or e-mail works here."""


@dataclass
class Session:
    """What a command knows: the options, the firm, who acts, which day it is."""

    options: Options

    @cached_property
    def organisation(self) -> Organisation:
        from regulars.base.organisation import organisation

        return organisation()

    @cached_property
    def acting(self) -> Member | None:
        """The member named by `--as`. None: whoever runs the program on this machine, who sees everything."""
        return find_member(self.options.acting) if self.options.acting else None

    @cached_property
    def member(self) -> Member | None:
        """In whose name changes are made: the member named by `--as`, else the first active owner."""
        return self.acting or first_owner()

    @cached_property
    def today(self) -> date:
        """The business date today, in the firm's time zone."""
        from regulars.base.organisation import today

        return today(self.organisation)

    @cached_property
    def day(self) -> date:
        """The day that a command is about: `--as-of`, else today. Where the figures are much older than today (an old
        export, the demo) it is the day of the figures."""
        from regulars.insight.days import day_of_work

        return self.options.as_of or day_of_work(self.today)

    @cached_property
    def sees_cost(self) -> bool:
        """Whether cost and margin may be shown to who acts."""
        from regulars.base.access import Permission, may

        return may(self.acting, Permission.SEE_COST)

    @property
    def currency(self) -> str:
        return self.organisation.base_currency


def open_session(context: typer.Context) -> Session:
    """Load Django and bring the embedded database up to date, which may take a second."""
    options: Options = context.obj
    with waiting(quiet=options.quiet):
        load_django()
        bring_database_up_to_date()
    return Session(options)


def load_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    import django
    from django.apps import apps
    from django.conf import settings
    from django.utils import translation

    if not apps.ready:
        django.setup()
    spoken = {code for code, name in settings.LANGUAGES}
    language = terminal_language()
    translation.activate(language if language in spoken else "en")


def bring_database_up_to_date() -> None:
    """Apply missing migrations to the embedded database; refuse to work on a server's that is behind."""
    from django.db import connection

    from regulars.base.schema import bring_up_to_date, pending_migrations

    if not pending_migrations():
        return
    if connection.vendor != "sqlite":
        raise DatabaseBehind(
            _("The database has not yet the form that this version of Regulars needs."),
            _("Make a backup of the database, then run: regulars upgrade"),
        )
    bring_up_to_date()


def find_numbered(visible: QuerySet[M], wanted: str) -> M | None:
    """The record of this number, as lists show it, or of this id."""
    number = wanted.removeprefix("#")
    try:
        found = visible.filter(pk=int(number)) if number.isdecimal() else visible.filter(uid=UUID(wanted))
    except ValueError:
        return None
    return found.first()


def find_member(text: str) -> Member:
    """The active member with this e-mail, name or seller code; refuses when there is none or several."""
    from django.db.models import Q

    from regulars.base.models import Member

    wanted = Q(email__iexact=text) | Q(name__iexact=text) | Q(seller_code__iexact=text)
    found = list(Member.objects.filter(wanted, is_active=True)[:2])
    if not found:
        found = list(Member.objects.filter(name__icontains=text, is_active=True)[:2])
    if len(found) != 1:
        sentence = _("There is no member “{text}”.") if not found else _("Several members are called “{text}”.")
        raise NoSuchMember(sentence.format(text=text), _("See who is there with: regulars member list"))
    return found[0]


def first_owner() -> Member | None:
    from regulars.base.models import Member

    return Member.objects.filter(role=Member.Role.OWNER, is_active=True).order_by("id").first()
