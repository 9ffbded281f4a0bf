"""Roles, for who invites somebody: what will this person see and be able to do?"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from regulars.base.access import ROLES, Permission, Scope
from regulars.web.settings.pages import show

PAGE = "settings_members"

SCOPES: dict[Scope, str | Promise] = {
    Scope.NONE: _("none"),
    Scope.OWN: _("own"),
    Scope.TEAM: _("own and the team’s"),
    Scope.ALL: _("all"),
}
PERMISSIONS: dict[Permission, str | Promise] = {
    Permission.READ: _("See accounts, their orders and figures"),
    Permission.WRITE: _("Record calls and visits, change accounts, work the list of the day"),
    Permission.ASSIGN: _("Give accounts and actions to others"),
    Permission.MERGE: _("Join accounts that are the same customer"),
    Permission.IMPORT: _("Import files, undo imports"),
    Permission.EXPORT: _("Take lists out of the house"),
    Permission.MANAGE_LEADS: _("Say which leads fit and to whom they go, make forms and import leads"),
    Permission.SEE_COST: _("See cost and margin"),
    Permission.SEE_CONFIDENTIAL: _("See confidential fields"),
    Permission.SEE_INCENTIVES: _("See targets and pay of others"),
    Permission.SEE_AUDIT: _("See who changed what"),
    Permission.CONFIGURE: _("Change settings"),
    Permission.MANAGE_MEMBERS: _("Invite members, change their roles"),
    Permission.MANAGE_OWNERS: _("Make owners, take backups out of the house"),
}
"""What each permission lets one do, in words."""


@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    """Every role with what it may see and do, made from the table that the program itself goes by."""
    rows: list[dict[str, Any]] = [
        {"label": label, "cells": [permission in rights.permissions for rights in ROLES.values()]}
        for permission, label in PERMISSIONS.items()
    ]
    context = {
        "roles": [capfirst(str(role.label)) for role in ROLES],
        "scopes": [SCOPES[rights.scope] for rights in ROLES.values()],
        "rows": rows,
    }
    return show(request, PAGE, "roles", context)
