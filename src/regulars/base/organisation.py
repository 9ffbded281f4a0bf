"""The organisation, its departments and teams: reading them, and the verbs that change them."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypedDict, Unpack

import babel.numbers
from babel.core import get_global
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import departments_below, require
from regulars.base.audit import audited
from regulars.base.models import Department, Member, Organisation, TableVersion, Team
from regulars.base.public_holidays import is_known, regions
from regulars.base.thresholds import checked_thresholds
from regulars.core.errors import Refusal

CONTINENTS = (
    "Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/",
    "Pacific/",
)  # fmt: skip


class NoOrganisation(Refusal):
    """Nobody has said yet whose installation this is."""


class OrganisationExists(Refusal):
    """An installation belongs to one organisation."""


class WrongOrganisation(Refusal):
    """The organisation cannot be described like this."""


class WrongDepartment(Refusal):
    """A department or team cannot be made or changed like this."""


class OrganisationFields(TypedDict, total=False):
    """What may be said about the organisation."""

    name: str
    base_currency: str
    time_zone: str
    week_start: int
    language: str
    fiscal_year_start: int
    holidays_of: str
    service_address: str
    owners_need_second_factor: bool


def organisation() -> Organisation:
    """The organisation of this installation. Raises `NoOrganisation`."""
    found = Organisation.objects.order_by("pk").first()
    if found is None:
        raise NoOrganisation(
            _("This installation does not know yet which firm it works for."),
            _("Import an order file, or run the demo: regulars demo"),
        )
    return found


def today(of: Organisation, at: datetime | None = None) -> date:
    """The organisation's business date: now, or at a moment. For views, commands and jobs; all else takes `as_of`."""
    return (at or timezone.now()).astimezone(zone(of)).date()


def zone(of: Organisation | None) -> zoneinfo.ZoneInfo:
    """The time zone in which business dates are counted; UTC before there is an organisation."""
    return zoneinfo.ZoneInfo(of.time_zone if of else "UTC")


def currencies() -> list[str]:
    """Codes of the currencies that are legal tender somewhere today, sorted."""
    used = get_global("territory_currencies").values()
    return sorted({code for uses in used for code, _start, end, tender in uses if end is None and tender})


def time_zones() -> list[str]:
    """Names of the time zones to choose from, sorted: those called by a place, and UTC."""
    return sorted(name for name in zoneinfo.available_timezones() if name.startswith(CONTINENTS) or name == "UTC")


# The organisation


@transaction.atomic
def create_organisation(*, member: Member | None = None, **fields: Unpack[OrganisationFields]) -> Organisation:
    """The one organisation of this installation. What is not said has the model's defaults."""
    require(member, "configure")
    if Organisation.objects.exists():
        raise OrganisationExists(
            _("This installation already has an organisation: %(name)s.") % {"name": organisation()},
            _("Change that one, or use an installation of its own: set REGULARS_HOME to another folder."),
        )
    created = Organisation(**_checked(fields))
    if not created.name:
        raise WrongOrganisation(_("The organisation has no name."), _("Give the name of the firm."))
    with audited(created, verb="create_organisation", member=member):
        created.save()
    return created


@transaction.atomic
def change_organisation(*, member: Member | None, **fields: Unpack[OrganisationFields]) -> Organisation:
    """Change what is said about the organisation. Its currency is fixed once there is a history counted in it."""
    require(member, "configure")
    changed = organisation()
    checked = _checked(fields)
    if checked.get("base_currency", changed.base_currency) != changed.base_currency and TableVersion.objects.exists():
        raise WrongOrganisation(
            _("The order history is counted in %(currency)s already.") % {"currency": changed.base_currency},
            _("Use an installation of its own for another currency: set REGULARS_HOME to another folder."),
        )
    with audited(changed, verb="change_organisation", member=member):
        for name, value in checked.items():
            setattr(changed, name, value)
        changed.save()
    return changed


@transaction.atomic
def change_thresholds(*, member: Member | None, values: Mapping[str, Any]) -> Organisation:
    """Change thresholds by name; None gives one its default back. Those not named stay."""
    require(member, "configure")
    changed = Organisation.objects.select_for_update().get(pk=organisation().pk)
    checked = checked_thresholds(values)
    with audited(changed, verb="change_thresholds", member=member):
        kept = {name: value for name, value in changed.thresholds.items() if name not in values}
        changed.thresholds = kept | checked
        changed.save(update_fields=["thresholds", "updated_at"])
    return changed


def _checked(fields: OrganisationFields) -> dict[str, Any]:
    checked: dict[str, Any] = dict(fields)
    if "name" in checked:
        checked["name"] = checked["name"].strip()
        _demand(0 < len(checked["name"]) <= 200, _("The name is missing or too long."), _("Use 1 to 200 letters."))
    if "base_currency" in checked:
        checked["base_currency"] = checked["base_currency"].strip().upper()
        _demand(
            babel.numbers.is_currency(checked["base_currency"], "en"),
            _("“%(code)s” is not a currency.") % {"code": checked["base_currency"]},
            _("Give the three letters of ISO 4217, for example EUR, USD or INR."),
        )
    if "time_zone" in checked:
        _demand(
            checked["time_zone"] in zoneinfo.available_timezones(),
            _("“%(zone)s” is not a time zone.") % {"zone": checked["time_zone"]},
            _("Give a name of the IANA database, for example Europe/Berlin or Asia/Kathmandu."),
        )
    if "language" in checked:
        check_language(checked["language"])
    if "week_start" in checked:
        _demand(
            checked["week_start"] in range(1, 8),
            _("The week starts on a day from 1 (Monday) to 7 (Sunday)."),
            _("Give a number from 1 to 7."),
        )
    if "fiscal_year_start" in checked:
        _demand(
            checked["fiscal_year_start"] in range(1, 13),
            _("The fiscal year starts in a month from 1 to 12."),
            _("Give a number from 1 to 12."),
        )
    if "holidays_of" in checked:
        checked["holidays_of"] = _known_place(checked["holidays_of"])
    if "service_address" in checked:
        checked["service_address"] = _mail_address(checked["service_address"])
    return checked


def _known_place(said: str) -> str:
    """A place whose public holidays are known, or none. Raises `WrongOrganisation`."""
    country, dash, region = said.strip().partition("-")
    place = f"{country.upper()}{dash}{region}"
    if not place or is_known(place):
        return place
    known = regions(country.upper())
    _demand(
        not known,
        _("No public holidays are known of “%(place)s”.") % {"place": place},
        _("Choose one of: %(codes)s.") % {"codes": ", ".join(f"{country.upper()}-{one}" for one in known)},
    )
    raise WrongOrganisation(
        _("No public holidays are known of “%(place)s”.") % {"place": place},
        _("Give the two letters of a country, for example NP or IN, or leave it empty."),
    )


def _mail_address(said: str) -> str:
    address = said.strip()
    try:
        if address:
            validate_email(address)
    except ValidationError as wrong:
        raise WrongOrganisation(
            _("“%(address)s” is not an e-mail address.") % {"address": address},
            _("Give one such as service@example.com, or leave it empty."),
        ) from wrong
    return address


def spoken_language(*wanted: str) -> str:
    """The first of these languages that Regulars speaks, else the firm's: accounts bring whatever a file said."""
    for said in wanted:
        code = said.strip().lower().replace("_", "-").split("-")[0]
        if code in dict(settings.LANGUAGES):
            return code
    return organisation().language


def check_language(code: str) -> None:
    """Refuse a language that Regulars does not speak."""
    spoken = dict(settings.LANGUAGES)
    _demand(
        code in spoken,
        _("Regulars does not speak “%(code)s”.") % {"code": code},
        _("Choose one of: %(codes)s.") % {"codes": ", ".join(spoken)},
    )


def _demand(holds: bool, sentence: str, way_out: str) -> None:
    if not holds:
        raise WrongOrganisation(sentence, way_out)


# Departments and teams


@transaction.atomic
def create_department(*, member: Member | None, name: str, parent: Department | None = None) -> Department:
    """A part of the firm, below `parent` or at the top."""
    require(member, "configure")
    created = Department(name=_free_name(Department.objects.filter(parent=parent), name), parent=parent)
    with audited(created, verb="create_department", member=member):
        created.save()
    return created


@transaction.atomic
def change_department(
    *, department: Department, member: Member | None, name: str, parent: Department | None
) -> Department:
    """Rename a department, or hang it elsewhere with all below it."""
    require(member, "configure")
    if parent is not None and parent.pk in departments_below(department.pk):
        raise WrongDepartment(
            _("%(parent)s lies below %(department)s, so it cannot be above it.")
            % {"parent": parent, "department": department},
            _("Choose a department that does not belong to this one."),
        )
    with audited(department, verb="change_department", member=member):
        others = Department.objects.filter(parent=parent).exclude(pk=department.pk)
        department.name, department.parent = _free_name(others, name), parent
        department.save()
    return department


@transaction.atomic
def create_team(
    *, member: Member | None, name: str, kind: str = Team.Kind.GROWTH, department: Department | None = None
) -> Team:
    """People who share a queue: new business and account growth are separate teams (mission A5)."""
    require(member, "configure")
    created = Team(name=_free_name(Team.objects.all(), name), kind=_kind(kind), department=department)
    with audited(created, verb="create_team", member=member):
        created.save()
    return created


@transaction.atomic
def change_team(*, team: Team, member: Member | None, name: str, kind: str, department: Department | None) -> Team:
    """Rename a team, or give it another kind or department."""
    require(member, "configure")
    with audited(team, verb="change_team", member=member):
        team.name = _free_name(Team.objects.exclude(pk=team.pk), name)
        team.kind, team.department = _kind(kind), department
        team.save()
    return team


@transaction.atomic
def remove_department(*, department: Department, member: Member | None) -> None:
    """Remove a department to which no team, account or other department belongs."""
    require(member, "configure")
    _remove(department, verb="remove_department", member=member)


@transaction.atomic
def remove_team(*, team: Team, member: Member | None) -> None:
    """Remove a team to which no member, account or invitation belongs."""
    require(member, "configure")
    _remove(team, verb="remove_team", member=member)


def _remove(record: Department | Team, *, verb: str, member: Member | None) -> None:
    try:
        with audited(record, verb=verb, member=member):
            record.delete()
    except models.ProtectedError:
        raise WrongDepartment(
            _("Something still belongs to %(name)s.") % {"name": record},
            _("Give its people, accounts, teams and departments another place first."),
        ) from None


def _free_name(others: models.QuerySet[Any], name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= 200:
        raise WrongDepartment(_("The name is missing or too long."), _("Use 1 to 200 letters."))
    if others.filter(name=name).exists():
        raise WrongDepartment(_("“%(name)s” exists already.") % {"name": name}, _("Choose another name."))
    return name


def _kind(kind: str) -> str:
    if kind not in Team.Kind.values:
        raise WrongDepartment(
            _("“%(kind)s” is no kind of team.") % {"kind": kind},
            _("Choose one of: %(kinds)s.") % {"kinds": ", ".join(Team.Kind.values)},
        )
    return kind
