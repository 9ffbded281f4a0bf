"""Who changed what about an account, its people and its actions, for who has to clear up how it came about."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, require
from regulars.base.models import AuditEntry
from regulars.base.organisation import zone
from regulars.facts.accounts import account_family
from regulars.web.account.record import heading, opened, page_number
from regulars.web.trail import told_changes

CHANGES_A_PAGE = 30


@require_safe
def changes(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The audit trail of one account in words, newest first; that of accounts merged into it is part of it."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.SEE_AUDIT)
    page = page_number(request)
    entries = AuditEntry.objects.filter(account_id__in=account_family(account)).select_related("member")
    shown = list(entries.order_by("-at", "-id")[(page - 1) * CHANGES_A_PAGE : page * CHANGES_A_PAGE + 1])
    context = {
        **heading(desk, account, tab="account_changes"),
        "changes": told_changes(shown[:CHANGES_A_PAGE], member=desk.member),
        "has_older": len(shown) > CHANGES_A_PAGE,
        "page": page,
        "zone": zone(desk.organisation),
    }
    return render(request, "web/account/changes.html", context)
