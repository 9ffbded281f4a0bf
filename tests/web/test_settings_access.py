"""Every page of the settings and every role: who reaches what; what is absent answers alike for all."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from regulars.base.access import Permission
from regulars.base.models import Department, Member, Team
from regulars.web.settings.pages import PAGES
from regulars.web.settings.roles import PERMISSIONS

Signer = Callable[[Member], Client]
ROLES = [role.value for role in Member.Role]
HEADS = {"owner", "sales_head"}

PAGES_OF_HEADS = [
    "/settings/organisation/",
    "/settings/teams/",
    "/settings/teams/add/",
    "/settings/departments/add/",
    "/settings/members/",
    "/settings/members/roles/",
    "/settings/members/invite/",
    "/settings/causes/",
    "/settings/causes/gone_silent/",
    "/settings/causes/figures/",
    "/settings/playbooks/",
    "/settings/playbooks/add/",
    "/settings/playbooks/praise/",
    "/settings/fields/",
    "/settings/fields/add/",
    "/settings/rates/",
    "/settings/rates/paste/",
    "/settings/dependence/",
    "/settings/dependence/suppliers/add/",
    "/settings/offerings/",
    "/settings/offerings/add/",
    "/settings/bonuses/",
    "/settings/bonuses/add/",
    "/settings/stages/",
    "/settings/stages/add/",
    "/settings/stages/offer/",
    "/settings/jobs/",
    "/settings/audit/",
    "/settings/audit.csv",
    "/settings/inbox/",
    "/settings/mail/",
    "/settings/backup/",
]
PAGES_OF_ALL = ["/settings/tokens/", "/settings/tokens/add/"]
POSTS_OF_HEADS = [
    "/settings/organisation/",
    "/settings/teams/add/",
    "/settings/departments/add/",
    "/settings/members/invite/",
    "/settings/fields/add/",
    "/settings/rates/",
    "/settings/rates/paste/",
    "/settings/offerings/add/",
    "/settings/offerings/from-categories/",
    "/settings/bonuses/add/",
    "/settings/stages/add/",
    "/settings/stages/offer/",
]
"""Where an empty form is refused; of others it is not even read."""
DEEDS_OF_HEADS = [
    "/settings/causes/compute/",
    "/settings/causes/declining/switch/",
    "/settings/playbooks/praise/off/",
    "/settings/backup/make/",
]
RECORDS = [
    "/settings/teams/{uid}/",
    "/settings/teams/{uid}/remove/",
    "/settings/departments/{uid}/",
    "/settings/departments/{uid}/remove/",
    "/settings/members/{uid}/",
    "/settings/members/{uid}/deactivate/",
    "/settings/members/{uid}/activate/",
    "/settings/invitations/{uid}/resend/",
    "/settings/invitations/{uid}/withdraw/",
    "/settings/fields/{uid}/",
    "/settings/fields/{uid}/retire/",
    "/settings/fields/{uid}/restore/",
    "/settings/rates/{uid}/remove/",
    "/settings/offerings/{uid}/",
    "/settings/offerings/{uid}/retire/",
    "/settings/offerings/{uid}/bring-back/",
    "/settings/bonuses/{uid}/",
    "/settings/bonuses/{uid}/retire/",
    "/settings/bonuses/{uid}/bring-back/",
    "/settings/inbox/{uid}/assign/",
    "/settings/inbox/{uid}/ignore/",
    "/settings/inbox/{uid}/restore/",
    "/settings/mail/{uid}/resend/",
    "/settings/mail/{uid}/cancel/",
    "/settings/mail/{uid}/confirm/",
    "/settings/dependence/suppliers/{uid}/",
    "/settings/dependence/suppliers/{uid}/remove/",
    "/settings/tag/?tag={uid}",
    "/settings/tag/join/?tag={uid}",
    "/settings/tag/remove/?tag={uid}",
]
"""Addresses of one record; a POST to each reaches only heads, for whom one that is absent is not found."""


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reaches_the_settings_that_are_its_own(
    role: str, members: dict[str, Member], signed_in: Signer
) -> None:
    client = signed_in(members[role])
    status = 200 if role in HEADS else 403
    assert {where: client.get(where).status_code for where in PAGES_OF_HEADS} == dict.fromkeys(PAGES_OF_HEADS, status)
    status = 422 if role in HEADS else 403
    assert {where: client.post(where).status_code for where in POSTS_OF_HEADS} == dict.fromkeys(POSTS_OF_HEADS, status)
    status = 302 if role in HEADS else 403
    assert {where: client.post(where).status_code for where in DEEDS_OF_HEADS} == dict.fromkeys(DEEDS_OF_HEADS, status)
    assert {where: client.get(where).status_code for where in PAGES_OF_ALL} == dict.fromkeys(PAGES_OF_ALL, 200)
    assert client.post("/settings/tokens/add/").status_code == 422
    assert client.post(f"/settings/tokens/{uuid.uuid4()}/revoke/").status_code == 404
    assert client.post(f"/settings/jobs/{uuid.uuid4()}/retry/").status_code == (422 if role in HEADS else 403)


@pytest.mark.parametrize("role", ROLES)
def test_a_record_that_does_not_exist_is_not_found_and_no_business_of_others(
    role: str, members: dict[str, Member], signed_in: Signer
) -> None:
    client = signed_in(members[role])
    records = [where.format(uid=uuid.uuid4()) for where in RECORDS]
    status = 404 if role in HEADS else 403
    assert {where: client.post(where).status_code for where in records} == dict.fromkeys(records, status)


@pytest.mark.parametrize("role", sorted(set(ROLES) - HEADS))
def test_who_has_nothing_to_set_changes_no_record_of_the_settings(
    role: str, members: dict[str, Member], signed_in: Signer
) -> None:
    client = signed_in(members[role])
    team, department = Team.objects.get(), Department.objects.create(name="North")
    person = members["owner"]
    assert client.post(f"/settings/teams/{team.uid}/", {"name": "Mine", "kind": "growth"}).status_code == 403
    assert client.post(f"/settings/departments/{department.uid}/remove/").status_code == 403
    assert client.post(f"/settings/members/{person.uid}/deactivate/", {"heir": "keep"}).status_code == 403
    assert Team.objects.get().name == "Growth"
    assert Department.objects.exists()
    assert Member.objects.get(pk=person.pk).is_active


def test_the_start_page_lists_what_the_member_may_open_and_nothing_else(
    members: dict[str, Member], signed_in: Signer
) -> None:
    page = signed_in(members["sales_head"]).get("/settings/").content.decode()
    for one in PAGES:
        assert f">{one.label}<" in page


def test_every_permission_is_said_in_words() -> None:
    assert set(PERMISSIONS) == set(Permission)


def test_the_navigation_names_the_settings_only_to_who_has_some(members: dict[str, Member], signed_in: Signer) -> None:
    shown = {role: 'href="/settings/"' in _today(signed_in(members[role])) for role in ROLES}
    opened = {role: signed_in(members[role]).get("/settings/").status_code for role in ROLES}
    assert {role for role, seen in shown.items() if seen} == HEADS | {"marketer"}, "who has leads in hand"
    assert opened == {role: 200 if seen else 403 for role, seen in shown.items()}


def _today(client: Client) -> str:
    answer: Any = client.get("/today/")
    return str(answer.content.decode())
