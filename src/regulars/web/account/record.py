"""What every page of an account stands on: the account itself, if it may be seen, its heading and its tabs."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.base.access import Permission, may
from regulars.base.audit import NothingRemoved
from regulars.facts.accounts import NoSuchAccount, find_account
from regulars.facts.models import Account
from regulars.plan.actions import visible_actions
from regulars.plan.models import Action
from regulars.plan.today import STEP_ASKED, Reason, told
from regulars.web.desk import Desk, desk_of

Restored = TypeVar("Restored")

MOST_PAGES = 200
"""Lists are read from their beginning: nobody pages further."""


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One page of an account."""

    name: str
    label: str | Promise
    permission: Permission = Permission.READ


TABS = (
    Tab(name="account", label=_("Overview")),
    Tab(name="account_orders", label=_("Orders")),
    Tab(name="account_people", label=_("People and places")),
    Tab(name="account_growth", label=_("Growth")),
    Tab(name="account_promises", label=_("Promises")),
    Tab(name="account_issues", label=_("Issues")),
    Tab(name="account_reviews", label=_("Reviews")),
    Tab(name="account_signals", label=_("Signals")),
    Tab(name="account_timeline", label=_("Timeline")),
    Tab(name="account_changes", label=_("Changes"), permission=Permission.SEE_AUDIT),
)


def opened(request: HttpRequest, uid: uuid.UUID) -> tuple[Desk, Account]:
    """The desk of who asks, and the account; one that was merged gives the account it is part of now."""
    desk = desk_of(request)
    try:
        return desk, find_account(uid, member=desk.member)
    except NoSuchAccount as absent:
        raise Http404(str(absent)) from None


def heading(desk: Desk, account: Account, *, tab: str) -> dict[str, Any]:
    """The context of the frame of all its pages (`account/base.html`)."""
    account = Account.objects.select_related("score", "protection", "owner", "team", "department", "parent").get(
        pk=account.pk
    )
    return {
        "desk": desk,
        "account": account,
        "score": getattr(account, "score", None),
        "tags": account.tags.order_by("name"),
        "reasons": open_reasons(desk, account),
        "tabs": [
            {"label": one.label, "address": reverse(one.name, args=[account.uid]), "current": one.name == tab}
            for one in TABS
            if may(desk.member, one.permission)
        ],
    }


def open_reasons(desk: Desk, account: Account) -> list[Reason]:
    """What there is to do about the account, most money first; what was put off comes last."""
    actions = visible_actions(desk.member).filter(account=account, state__in=Action.PENDING)
    due = actions.select_related("member", "account").prefetch_related(STEP_ASKED).order_by("-expected_money", "pk")
    return sorted(map(told, due), key=lambda reason: reason.action.state == Action.State.SNOOZED)


def page_number(request: HttpRequest, name: str = "page") -> int:
    """The page that was asked for; the first, if that is none."""
    text = request.GET.get(name, "")
    return max(1, min(int(text), MOST_PAGES)) if text.isascii() and text.isdecimal() and len(text) < 9 else 1


def restored_or_absent(restore: Callable[[], Restored]) -> Restored:
    """What is put back. What was never removed and what belongs to a foreign account answer alike."""
    try:
        return restore()
    except (NothingRemoved, NoSuchAccount) as absent:
        raise Http404(str(absent)) from None
