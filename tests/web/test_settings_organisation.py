"""The organisation, its departments and teams in the browser: changed, taken back, refused with what was typed."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from regulars.base.models import AuditEntry, Department, Member, Organisation, TableVersion, Team

FIRM = {
    "name": "Neu Druck",
    "base_currency": "USD",
    "time_zone": "Asia/Kathmandu",
    "language": "ne",
    "week_start": "7",
    "fiscal_year_start": "4",
    "holidays_of": "in-BR",
    "service_address": "help@muster.example",
    "owners_need_second_factor": "on",
}


def undo(client: Client) -> Any:
    """Press *Undo* on the toast of the page that comes next."""
    page = client.get("/settings/").content.decode()
    found = re.search(r'class="toast".*?action="([^"]+)"', page)
    assert found, "there is nothing to undo"
    return client.post(found[1].replace("&amp;", "&"))


def test_the_firm_is_changed_and_changed_back(browser: Client) -> None:
    assert browser.post("/settings/organisation/", FIRM).status_code == 302
    said = ("name", "base_currency", "time_zone", "week_start", "holidays_of", "owners_need_second_factor")
    assert Organisation.objects.values_list(*said).get() == ("Neu Druck", "USD", "Asia/Kathmandu", 7, "IN-BR", True)
    undo(browser)
    assert Organisation.objects.values_list(*said).get() == ("Muster Druck", "EUR", "Europe/Berlin", 1, "", False)
    assert AuditEntry.objects.filter(verb="change_organisation").count() == 2


def test_a_wrong_field_keeps_all_that_was_typed(browser: Client) -> None:
    answer = browser.post("/settings/organisation/", {**FIRM, "name": "", "time_zone": "Mars/Olympus"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<option value="ne" selected>' in page
    assert Organisation.objects.get().name == "Muster Druck"


def test_the_currency_stays_once_a_history_is_counted_in_it_and_the_page_says_so(browser: Client) -> None:
    TableVersion.objects.create(table="order_lines", version=0)
    assert "The order history is counted in it" in browser.get("/settings/organisation/").content.decode()
    assert browser.post("/settings/organisation/", FIRM).status_code == 302
    assert Organisation.objects.get().base_currency == "EUR"
    assert Organisation.objects.get().name == "Neu Druck"


def test_departments_nest_and_are_shown_below_each_other(browser: Client) -> None:
    browser.post("/settings/departments/add/", {"name": "North"})
    north = Department.objects.get()
    browser.post("/settings/departments/add/", {"name": "Bremen", "parent": str(north.uid)})
    page = browser.get("/settings/teams/").content.decode()
    assert re.search(r'depth-0"><a[^>]*><bdi>North.*depth-1"><a[^>]*><bdi>Bremen', page, re.DOTALL)


def test_a_department_cannot_hang_below_itself(browser: Client) -> None:
    north = Department.objects.create(name="North")
    bremen = Department.objects.create(name="Bremen", parent=north)
    answer = browser.post(f"/settings/departments/{north.uid}/", {"name": "North", "parent": str(bremen.uid)})
    assert answer.status_code == 422
    assert "so it cannot be above it" in answer.content.decode()


def test_what_was_just_added_is_taken_back_by_undo(browser: Client) -> None:
    browser.post("/settings/teams/add/", {"name": "Service", "kind": "service"})
    assert Team.objects.get().kind == "service"
    undo(browser)
    assert not Team.objects.exists()
    browser.post("/settings/departments/add/", {"name": "North"})
    undo(browser)
    assert not Department.objects.exists()


def test_a_renamed_team_gets_its_name_back_by_undo(browser: Client) -> None:
    team = Team.objects.create(name="Growth", kind="growth", department=Department.objects.create(name="North"))
    browser.post(f"/settings/teams/{team.uid}/", {"name": "Care", "kind": "service"})
    team.refresh_from_db()
    assert (team.name, team.kind, team.department) == ("Care", "service", None)
    undo(browser)
    team.refresh_from_db()
    assert (team.name, team.kind, str(team.department)) == ("Growth", "growth", "North")


def test_a_team_with_members_is_not_removed(browser: Client, owner: Member) -> None:
    owner.team = Team.objects.create(name="Growth")
    owner.save()
    answer = browser.post(f"/settings/teams/{owner.team.uid}/remove/", follow=True)
    assert "Something still belongs to Growth." in answer.content.decode()
    assert Team.objects.exists()


def test_the_number_of_queries_does_not_grow_with_teams_and_departments(
    browser: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        department = Department.objects.create(name=f"Department {number}")
        Team.objects.create(name=f"Team {number}", department=department)
    with django_assert_max_num_queries(8):
        browser.get("/settings/teams/")
