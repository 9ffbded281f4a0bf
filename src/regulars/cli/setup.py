"""`init`: whose installation this is. Made with sensible defaults by the first import, too."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _, terminal_language
from regulars.cli.output import emit_json, note, say, show_facts
from regulars.cli.session import load_django, open_session

if TYPE_CHECKING:
    from regulars.base.models import Organisation

PANEL = _("Installation")


def add_commands(app: typer.Typer) -> None:
    app.command("init", help=_("Say whose installation this is, or change it."), rich_help_panel=PANEL)(init)
    app.command("upgrade", help=_("Bring the database to the form of this version."), rich_help_panel=PANEL)(upgrade)


def init(
    context: typer.Context,
    name: Annotated[str, typer.Option(help=_("Name of the firm."))] = "",
    currency: Annotated[str, typer.Option(help=_("Base currency: EUR, GBP, INR, …"))] = "",
    time_zone: Annotated[str, typer.Option(help=_("Time zone: Europe/London, Asia/Kathmandu, …"))] = "",
    language: Annotated[str, typer.Option(help=_("Language: en, ne, hi, ur, bn, th."))] = "",
    week_start: Annotated[int | None, typer.Option(help=_("First day of the week: 1 Monday … 7 Sunday."))] = None,
    fiscal_year_start: Annotated[int | None, typer.Option(help=_("First month of the fiscal year: 1 … 12."))] = None,
    holidays_of: Annotated[str | None, typer.Option(help=_("Public holidays of: NP, IN, DE-BY, …"))] = None,
    service_address: Annotated[
        str | None, typer.Option(help=_("Address for problems: mails to it open issues."))
    ] = None,
) -> None:
    session = open_session(context)
    from regulars.base.models import Organisation
    from regulars.base.organisation import OrganisationFields, change_organisation

    fields: OrganisationFields = {}
    if name:
        fields["name"] = name
    if currency:
        fields["base_currency"] = currency
    if time_zone:
        fields["time_zone"] = time_zone
    if language:
        fields["language"] = language
    if week_start is not None:
        fields["week_start"] = week_start
    if fiscal_year_start is not None:
        fields["fiscal_year_start"] = fiscal_year_start
    if holidays_of is not None:
        fields["holidays_of"] = holidays_of
    if service_address is not None:
        fields["service_address"] = service_address
    if Organisation.objects.exists():
        organisation = change_organisation(member=session.member, **fields) if fields else session.organisation
    else:
        organisation = found_organisation(**fields)
    _show(organisation, as_json=session.options.json)


def upgrade(context: typer.Context) -> None:
    load_django()
    from regulars.base.schema import bring_up_to_date, pending_migrations

    missing = pending_migrations()
    if missing:
        bring_up_to_date()
    if context.obj.json:
        emit_json({"applied": missing})
    else:
        say(_("Applied: {names}.").format(names=", ".join(missing)) if missing else _("Nothing to do."))


def found_organisation(
    *, name: str = "", base_currency: str = "", time_zone: str = "", language: str = "", **more: Any
) -> Organisation:
    """Make the organisation with what is known and sensible defaults, and its owner: the person at the terminal."""
    from django.conf import settings
    from django.db import transaction

    from regulars.base.members import create_member
    from regulars.base.models import Member, Organisation
    from regulars.base.organisation import OrganisationFields, create_organisation

    spoken = {code for code, _name in settings.LANGUAGES}
    fields: OrganisationFields = {
        "name": name or _("Our firm"),
        "base_currency": base_currency or Organisation._meta.get_field("base_currency").get_default(),
        "time_zone": time_zone or zone_of_this_machine(),
        "language": language or (terminal_language() if terminal_language() in spoken else "en"),
    }
    fields.update(more)  # type: ignore[typeddict-item]
    with transaction.atomic():
        organisation = create_organisation(member=None, **fields)
        if not Member.objects.exists():
            email = "owner@localhost.localdomain"
            create_member(member=None, email=email, name=_user_name(), role=Member.Role.OWNER)
    return organisation


def ensure_organisation(*, currency: str = "", quiet: bool = False) -> bool:
    """Make the organisation if there is none yet, and say with which defaults. Whether it was made."""
    from regulars.base.models import Organisation

    if Organisation.objects.exists():
        return False
    organisation = found_organisation(base_currency=currency)
    if not quiet:
        note(
            _(
                "A new installation: “{name}”, amounts in {currency}, days in {zone}. Change it with: "
                "regulars init --name … --currency … --time-zone …"
            ).format(name=organisation.name, currency=organisation.base_currency, zone=organisation.time_zone)
        )
    return True


def zone_of_this_machine() -> str:
    """The name of the machine's time zone, or UTC when it does not say."""
    import zoneinfo

    known = zoneinfo.available_timezones()
    configured = os.environ.get("TZ", "").removeprefix(":")
    if configured in known:
        return configured
    localtime = Path("/etc/localtime")
    linked = str(localtime.resolve()).partition("zoneinfo/")[2] if localtime.is_symlink() else ""
    return linked if linked in known else "UTC"


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user, as in some containers
        return "owner"


def _show(organisation: Organisation, *, as_json: bool) -> None:
    facts = {
        "name": organisation.name,
        "base_currency": organisation.base_currency,
        "time_zone": organisation.time_zone,
        "language": organisation.language,
        "week_start": organisation.week_start,
        "fiscal_year_start": organisation.fiscal_year_start,
        "holidays_of": organisation.holidays_of,
        "service_address": organisation.service_address,
    }
    if as_json:
        emit_json(facts)
        return
    show_facts(
        {str(organisation._meta.get_field(name).verbose_name): str(value) for name, value in facts.items()}  # type: ignore[union-attr]
    )
