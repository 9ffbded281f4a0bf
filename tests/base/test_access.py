"""Roles, what they may do, and whom they see."""

from __future__ import annotations

import pytest

from regulars.base.access import (
    Forbidden,
    Permission,
    Scope,
    account_scope,
    may,
    require,
    visible_departments,
    visible_members,
)
from regulars.base.models import Department, Member, Team

P = Permission

# Written out on purpose: a change of the table in access.py must be made here, too, with open eyes.
MATRIX: dict[str, tuple[Scope, set[Permission]]] = {
    "owner": (Scope.ALL, set(Permission)),
    "sales_head": (
        Scope.ALL,
        {P.READ, P.WRITE, P.ASSIGN, P.MERGE, P.IMPORT, P.EXPORT, P.CONFIGURE, P.MANAGE_MEMBERS}
        | {P.SEE_COST, P.SEE_CONFIDENTIAL, P.SEE_INCENTIVES, P.SEE_AUDIT, P.MANAGE_LEADS},
    ),
    "account_manager": (Scope.TEAM, {P.READ, P.WRITE, P.MERGE, P.SEE_COST}),
    "new_business_seller": (Scope.OWN, {P.READ, P.WRITE}),
    "service": (Scope.ALL, {P.READ, P.WRITE}),
    "marketer": (Scope.ALL, {P.READ, P.EXPORT, P.MANAGE_LEADS}),
    "analyst": (Scope.ALL, {P.READ, P.EXPORT, P.SEE_COST}),
}


def member(role: str, team: Team | None = None) -> Member:
    return Member.objects.create(email=f"{role}{Member.objects.count()}@example.com", name=role, role=role, team=team)


def test_the_matrix_names_every_role() -> None:
    assert set(MATRIX) == set(Member.Role.values)


@pytest.mark.parametrize("permission", list(Permission))
@pytest.mark.parametrize("role", MATRIX)
def test_a_role_may_do_what_the_matrix_says_and_nothing_else(role: str, permission: Permission) -> None:
    person = Member(email="a@example.com", name="a", role=role)
    allowed = permission in MATRIX[role][1]
    assert may(person, permission) is allowed
    if allowed:
        require(person, permission)
    else:
        with pytest.raises(Forbidden):
            require(person, permission)


@pytest.mark.parametrize("role", MATRIX)
def test_a_role_has_its_scope(role: str) -> None:
    assert account_scope(Member(role=role)) == MATRIX[role][0]


@pytest.mark.parametrize("role", MATRIX)
def test_someone_who_is_no_longer_active_may_do_nothing(role: str) -> None:
    gone = Member(role=role, is_active=False)
    assert account_scope(gone) == Scope.NONE
    assert not any(may(gone, permission) for permission in Permission)


def test_regulars_itself_may_do_everything() -> None:
    assert account_scope(None) == Scope.ALL
    assert all(may(None, permission) for permission in Permission)


def test_an_unknown_permission_is_a_programmers_error() -> None:
    with pytest.raises(ValueError, match="fly"):
        may(None, "fly")


@pytest.mark.django_db
def test_colleagues_are_seen_by_scope() -> None:
    team = Team.objects.create(name="North")
    owner, manager, mate = member("owner"), member("account_manager", team), member("new_business_seller", team)
    loner = member("account_manager")
    member("service").__class__.objects.filter(role="service").update(is_active=False)
    assert set(visible_members(owner)) == set(visible_members(None)) == {owner, manager, mate, loner}
    assert set(visible_members(manager)) == {manager, mate}
    assert set(visible_members(mate)) == {mate}
    assert set(visible_members(loner)) == {loner}
    manager.is_active = False
    assert not visible_members(manager).exists()


@pytest.mark.django_db
def test_a_team_sees_its_department_and_those_below() -> None:
    sales = Department.objects.create(name="Sales")
    north = Department.objects.create(name="North", parent=sales)
    harbour = Department.objects.create(name="Harbour", parent=north)
    Department.objects.create(name="South", parent=sales)
    manager = member("account_manager", Team.objects.create(name="North", department=north))
    assert set(visible_departments(manager)) == {north, harbour}
    assert visible_departments(member("owner")).count() == 4
    assert not visible_departments(member("account_manager")).exists()
