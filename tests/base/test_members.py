"""Members: who may make whom, and the last owner."""

from __future__ import annotations

from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.members import (
    LastOwner,
    WrongMember,
    activate_member,
    change_member,
    change_role,
    create_member,
    deactivate_member,
)
from regulars.base.models import Member, Organisation
from regulars.base.organisation import WrongOrganisation


def test_a_new_member_is_noted_without_the_password(owner: Member) -> None:
    made = create_member(
        member=owner, email="a@example.com", name="Anna", role="account_manager", password="correct horse"
    )
    entry = history_of(made).get()
    assert made.check_password("correct horse")
    assert "password" not in entry.after
    assert entry.after["email"] == "a@example.com"


def test_without_a_password_nobody_can_sign_in(owner: Member) -> None:
    made = create_member(member=owner, email="a@example.com", name="Anna", role="service")
    assert not made.has_usable_password()


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "nonsense"},
        {"email": "OWNER@example.com"},
        {"name": " "},
        {"role": "king"},
    ],
)
def test_a_wrong_member_is_refused(owner: Member, wrong: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"email": "a@example.com", "name": "Anna", "role": "service", **wrong}
    with pytest.raises(WrongMember):
        create_member(member=owner, **fields)


def test_a_language_must_be_one_that_regulars_speaks(owner: Member) -> None:
    with pytest.raises(WrongOrganisation):
        change_member(person=owner, member=owner, language="xx")


@pytest.mark.django_db
def test_the_last_owner_is_neither_demoted_nor_deactivated(owner: Member) -> None:
    with pytest.raises(LastOwner):
        deactivate_member(person=owner, member=owner)
    with pytest.raises(LastOwner):
        change_role(person=owner, role="analyst", member=owner)
    second = create_member(member=owner, email="b@example.com", name="Berta", role="owner")
    deactivate_member(person=owner, member=second)
    with pytest.raises(LastOwner):
        change_role(person=second, role="sales_head", member=second)
    activate_member(person=owner, member=second)
    assert change_role(person=second, role="sales_head", member=owner).role == "sales_head"


def test_a_sales_head_manages_members_but_no_owners(organisation: Organisation, owner: Member) -> None:
    head = create_member(member=owner, email="h@example.com", name="Hans", role="sales_head")
    seller = create_member(member=head, email="s@example.com", name="Sven", role="new_business_seller")
    with pytest.raises(Forbidden):
        create_member(member=head, email="o@example.com", name="Otto", role="owner")
    with pytest.raises(Forbidden):
        change_role(person=seller, role="owner", member=head)
    with pytest.raises(Forbidden):
        change_role(person=owner, role="analyst", member=head)
    with pytest.raises(Forbidden):
        deactivate_member(person=owner, member=head)
    with pytest.raises(Forbidden):
        create_member(member=seller, email="x@example.com", name="X", role="service")


def test_everyone_changes_the_own_name_and_nothing_more(owner: Member) -> None:
    seller = create_member(member=owner, email="s@example.com", name="Sven", role="new_business_seller")
    assert change_member(person=seller, member=seller, name="Sven S.").name == "Sven S."
    with pytest.raises(Forbidden):
        change_member(person=seller, member=seller, email="boss@example.com")
    with pytest.raises(Forbidden):
        change_member(person=owner, member=seller, name="Nobody")
