"""Who may see and do what: one table of roles, and the few functions through which everything asks it.

`None` in place of a member is Regulars itself - a job, or someone at the command line of the machine, who could open
the database anyway - and may do everything. A member who is no longer active may do nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from regulars.base.models import Department, Member
from regulars.core.errors import Refusal


class Forbidden(Refusal):
    """The member's role does not allow this."""


class Scope(StrEnum):
    """Which accounts a member works with, and which colleagues."""

    NONE = "none"
    OWN = "own"
    TEAM = "team"  # own, those of the team, and those of its members
    ALL = "all"


class Permission(StrEnum):
    READ = "read"  # what lies in one's scope
    WRITE = "write"  # accounts, contacts, interactions, actions in one's scope
    ASSIGN = "assign"  # give accounts and actions to others
    MERGE = "merge"  # join duplicate accounts, and take it back
    IMPORT = "import"  # import files, undo imports
    EXPORT = "export"  # take lists out of the house
    MANAGE_LEADS = "manage_leads"  # what makes a lead fit, to whom leads go, the forms they come by
    CONFIGURE = "configure"  # organisation, thresholds, rules, fields of our own
    MANAGE_MEMBERS = "manage_members"
    SEE_COST = "see_cost"  # cost and margin
    SEE_CONFIDENTIAL = "see_confidential"  # fields of our own that are marked confidential
    SEE_INCENTIVES = "see_incentives"  # targets and pay of others
    SEE_AUDIT = "see_audit"  # who changed what
    MANAGE_OWNERS = "manage_owners"  # make and unmake owners of this installation


@dataclass(frozen=True)
class Rights:
    scope: Scope
    permissions: frozenset[Permission]


def _rights(scope: Scope, *permissions: Permission) -> Rights:
    return Rights(scope, frozenset(permissions))


_P = Permission
_R = Member.Role

ROLES: dict[Member.Role, Rights] = {
    _R.OWNER: _rights(Scope.ALL, *Permission),
    _R.SALES_HEAD: _rights(Scope.ALL, *(set(Permission) - {_P.MANAGE_OWNERS})),
    _R.ACCOUNT_MANAGER: _rights(Scope.TEAM, _P.READ, _P.WRITE, _P.MERGE, _P.SEE_COST),
    _R.NEW_BUSINESS_SELLER: _rights(Scope.OWN, _P.READ, _P.WRITE),
    _R.SERVICE: _rights(Scope.ALL, _P.READ, _P.WRITE),
    _R.MARKETER: _rights(Scope.ALL, _P.READ, _P.EXPORT, _P.MANAGE_LEADS),
    _R.ANALYST: _rights(Scope.ALL, _P.READ, _P.EXPORT, _P.SEE_COST),
}

_NOTHING = _rights(Scope.NONE)
_EVERYTHING = _rights(Scope.ALL, *Permission)


def rights_of(member: Member | None) -> Rights:
    """What the member's role allows now."""
    if member is None:
        return _EVERYTHING
    return ROLES[Member.Role(member.role)] if member.is_active else _NOTHING


def account_scope(member: Member | None) -> Scope:
    """Which accounts the member sees. `facts.accounts.visible_accounts` turns it into a query."""
    return rights_of(member).scope


def may(member: Member | None, permission: str) -> bool:
    """Does the member's role hold this permission? An unknown permission is a programmer's error."""
    return Permission(permission) in rights_of(member).permissions


def require(member: Member | None, permission: str) -> None:
    """Go on only if `may`; else raise `Forbidden`."""
    if not may(member, permission):
        raise Forbidden(
            _("Your role does not allow this."),
            _("Ask an owner of this installation, or someone whose role allows it."),
        )


def visible_members(member: Member | None) -> QuerySet[Member]:
    """The active colleagues that the member may see, himself included: all, those of the team, or himself alone."""
    active = Member.objects.filter(is_active=True).order_by("name", "pk")
    scope = account_scope(member)
    if member is None or scope == Scope.ALL:
        return active
    if scope == Scope.NONE:
        return active.none()
    seen = Q(pk=member.pk)
    if scope == Scope.TEAM and member.team_id is not None:
        seen |= Q(team=member.team_id)
    return active.filter(seen)


def visible_departments(member: Member | None) -> QuerySet[Department]:
    """All departments, or the department of the member's team with those below it."""
    departments = Department.objects.order_by("name", "pk")
    if account_scope(member) == Scope.ALL:
        return departments
    team = member.team if member is not None and account_scope(member) != Scope.NONE else None
    if team is None or team.department_id is None:
        return departments.none()
    return departments.filter(pk__in=departments_below(team.department_id))


def departments_below(top: int) -> set[int]:
    """Ids of a department and of all below it."""
    children: dict[int | None, list[int]] = {}
    for department, parent in Department.objects.values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(department)
    found: set[int] = set()
    waiting = [top]
    while waiting:
        department = waiting.pop()
        if department not in found:
            found.add(department)
            waiting += children.get(department, [])
    return found
