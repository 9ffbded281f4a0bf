"""The organisation, its departments, teams and thresholds."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from regulars.base import thresholds
from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.models import Department, Member, Organisation, TableVersion
from regulars.base.organisation import (
    NoOrganisation,
    OrganisationExists,
    WrongDepartment,
    WrongOrganisation,
    change_department,
    change_organisation,
    change_team,
    change_thresholds,
    create_department,
    create_organisation,
    create_team,
    currencies,
    organisation,
    time_zones,
    today,
)


@pytest.mark.django_db
def test_without_an_organisation_the_refusal_says_what_to_do() -> None:
    with pytest.raises(NoOrganisation) as refusal:
        organisation()
    assert "regulars demo" in refusal.value.way_out


def test_currencies_and_zones_to_choose_from_are_those_in_use() -> None:
    assert {"EUR", "NPR", "INR", "PKR", "BDT", "THB"} <= set(currencies())
    assert not {"DEM", "ADP", "XXX", "XTS"} & set(currencies())
    assert {"UTC", "Asia/Kathmandu", "Europe/Berlin"} <= set(time_zones())
    assert not {"CET", "Etc/GMT+5", "localtime", "US/Hawaii"} & set(time_zones())


@pytest.mark.django_db
def test_an_installation_has_one_organisation() -> None:
    made = create_organisation(name=" Muster ", base_currency="npr", time_zone="Asia/Kathmandu", language="ne")
    assert organisation() == made
    assert (made.name, made.base_currency) == ("Muster", "NPR")
    assert history_of(made).get().verb == "create_organisation"
    with pytest.raises(OrganisationExists):
        create_organisation(name="Other")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"base_currency": "EURO"},
        {"base_currency": ""},
        {"time_zone": "Europe/Atlantis"},
        {"time_zone": "../../etc/passwd"},
        {"language": "tlh"},
        {"week_start": 0},
        {"week_start": 8},
        {"fiscal_year_start": 13},
        {"holidays_of": "XQ"},
        {"holidays_of": "DE-Bavaria"},
        {"service_address": "service"},
        {"name": "  "},
        {"name": "x" * 201},
    ],
)
def test_what_makes_no_sense_is_refused_with_a_way_out(wrong: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"name": "Muster", **wrong}
    with pytest.raises(WrongOrganisation) as refusal:
        create_organisation(**fields)
    assert refusal.value.way_out


@pytest.mark.django_db
def test_an_organisation_needs_a_name() -> None:
    with pytest.raises(WrongOrganisation):
        create_organisation(base_currency="EUR")


def test_only_those_who_may_configure_change_the_organisation(organisation: Organisation, owner: Member) -> None:
    change_organisation(member=owner, name="Neu", week_start=7)
    organisation.refresh_from_db()
    assert (organisation.name, organisation.week_start) == ("Neu", 7)
    with pytest.raises(Forbidden):
        change_organisation(member=Member(role="analyst"), name="Alt")


def test_the_currency_is_fixed_once_a_history_is_counted_in_it(organisation: Organisation, owner: Member) -> None:
    change_organisation(member=owner, base_currency="USD")
    TableVersion.objects.create(table="history", version=1)
    change_organisation(member=owner, base_currency="USD", name="Same currency")
    with pytest.raises(WrongOrganisation):
        change_organisation(member=owner, base_currency="EUR")


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("Asia/Kathmandu", date(2026, 1, 2)), ("UTC", date(2026, 1, 1)), ("America/Lima", date(2026, 1, 1))],
)
def test_today_is_the_business_date_where_the_firm_is(zone: str, expected: date) -> None:
    assert today(Organisation(time_zone=zone), datetime(2026, 1, 1, 20, 0, tzinfo=UTC)) == expected


# Departments and teams


@pytest.mark.django_db
def test_departments_nest_but_not_into_themselves() -> None:
    sales = create_department(member=None, name="Sales")
    north = create_department(member=None, name="North", parent=sales)
    harbour = create_department(member=None, name="Harbour", parent=north)
    with pytest.raises(WrongDepartment, match="lies below"):
        change_department(department=sales, member=None, name="Sales", parent=harbour)
    with pytest.raises(WrongDepartment, match="lies below"):
        change_department(department=sales, member=None, name="Sales", parent=sales)
    change_department(department=harbour, member=None, name="Port", parent=None)
    assert set(Department.objects.filter(parent=None).values_list("name", flat=True)) == {"Sales", "Port"}


@pytest.mark.django_db
def test_names_are_free_only_once() -> None:
    create_department(member=None, name="Sales")
    with pytest.raises(WrongDepartment, match="exists already"):
        create_department(member=None, name="Sales ")
    create_team(member=None, name="North")
    with pytest.raises(WrongDepartment, match="exists already"):
        create_team(member=None, name="North")


@pytest.mark.django_db
def test_new_business_and_growth_are_separate_teams() -> None:
    """A5."""
    hunters = create_team(member=None, name="Hunters", kind="new_business")
    with pytest.raises(WrongDepartment, match="no kind of team"):
        create_team(member=None, name="Others", kind="pirates")
    change_team(team=hunters, member=None, name="Hunters", kind="growth", department=None)
    assert history_of(hunters).latest("at").after == {"kind": "growth"}


# Thresholds


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thresholds, "_declared", {})
    thresholds.declare("calls_per_day", default=7, least=1, most=100, meaning="calls")
    thresholds.declare("silent_share", default=0.05, least=0.0, most=1.0, meaning="share")
    thresholds.declare("first_weeks", default=True, meaning="switch")


def test_a_threshold_has_its_default_until_the_firm_changes_it(organisation: Organisation, declared: None) -> None:
    assert thresholds.threshold("calls_per_day") == 7
    change_thresholds(member=None, values={"calls_per_day": 12, "first_weeks": False})
    assert thresholds.threshold("calls_per_day") == 12
    assert thresholds.threshold("first_weeks") is False
    change_thresholds(member=None, values={"calls_per_day": None})
    assert thresholds.threshold("calls_per_day") == 7
    assert thresholds.threshold("first_weeks") is False


@pytest.mark.parametrize(
    "values",
    [
        {"calls_per_day": 0},
        {"calls_per_day": 101},
        {"calls_per_day": 2.5},
        {"calls_per_day": "many"},
        {"calls_per_day": True},
        {"silent_share": float("nan")},
        {"first_weeks": 1},
    ],
)
def test_a_threshold_outside_its_bounds_is_refused(
    organisation: Organisation, declared: None, values: dict[str, Any]
) -> None:
    with pytest.raises(thresholds.WrongThreshold):
        change_thresholds(member=None, values=values)


def test_an_unknown_threshold_is_refused_and_the_known_ones_are_named(
    organisation: Organisation, declared: None
) -> None:
    with pytest.raises(thresholds.NoSuchThreshold, match="calls_per_day"):
        change_thresholds(member=None, values={"calls_per_dya": 3})
    with pytest.raises(thresholds.NoSuchThreshold):
        thresholds.threshold("calls_per_dya")


@pytest.mark.django_db
def test_without_an_organisation_the_defaults_count(declared: None) -> None:
    assert thresholds.threshold("silent_share") == 0.05
