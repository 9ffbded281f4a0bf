"""One box for everything. For everybody, all day, to get to an account, a person, an order or a page by its name.

The same address answers with the page, and with its results alone while somebody types.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, may, require, visible_members
from regulars.base.formats import day, money, number
from regulars.base.models import Member
from regulars.core.money import from_minor
from regulars.facts.search import search_accounts, search_contacts, search_orders
from regulars.web.frame import NAVIGATION
from regulars.web.settings.pages import PAGES
from regulars.web.templatetags.regulars import called

LEAST_LETTERS = 2
SHOWN, SHOWN_ON_PAGE = 5, 25
"""Results of each kind, while typing and on the page."""
LEAST_OF_ORDER_NUMBER = 5
"""Letters from which on orders are looked up while somebody types, since a long history takes a moment."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One result: what it is called, what tells it apart, and where it is."""

    name: str
    note: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The results of one kind."""

    name: str
    icon: str
    hits: list[Hit]


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Everything by that name which the member may see."""
    assert isinstance(request.user, Member)
    require(request.user, Permission.READ)
    typing = request.headers.get("HX-Request") == "true"
    text = request.GET.get("q", "").strip()[:200]
    kinds = _kinds(text, request.user, typing=typing) if len(text) >= LEAST_LETTERS else []
    context = {"text": text, "kinds": kinds, "too_short": len(text) < LEAST_LETTERS, "typing": typing}
    response = render(request, "web/search_results.html" if typing else "web/search.html", context)
    patch_vary_headers(response, ("HX-Request",))
    return response


def _kinds(text: str, member: Member, *, typing: bool) -> list[Kind]:
    """The kinds of which there is something."""
    most = SHOWN if typing else SHOWN_ON_PAGE
    orders = [] if typing and len(text) < LEAST_OF_ORDER_NUMBER else _orders(text, member, most)
    kinds = (
        Kind(name=_("Accounts"), icon="building", hits=_accounts(text, member, most)),
        Kind(name=_("People at accounts"), icon="users", hits=_contacts(text, member, most)),
        Kind(name=_("Orders"), icon="file-spreadsheet", hits=orders),
        Kind(name=_("Members"), icon="user", hits=_members(text, member, most)),
        Kind(name=_("Pages"), icon="external-link", hits=list(_pages(text, member))),
    )
    return [kind for kind in kinds if kind.hits]


def _together(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


def _accounts(text: str, member: Member, most: int) -> list[Hit]:
    return [
        Hit(name=called(one), note=_together(one.external_id, one.city), address=_account(one))
        for one in search_accounts(text, member=member, most=most)
    ]


def _contacts(text: str, member: Member, most: int) -> list[Hit]:
    return [
        Hit(
            name=called(one),
            note=_together(one.role, called(one.account), one.email, one.phone or one.mobile),
            address=_account(one.account),
        )
        for one in search_contacts(text, member=member, most=most)
    ]


def _orders(text: str, member: Member, most: int) -> list[Hit]:
    hits = []
    for one in search_orders(text, member=member, most=most):
        lines = ngettext("%(count)s line", "%(count)s lines", one.line_count) % {"count": number(one.line_count)}
        net = money(from_minor(one.net_minor, one.currency), one.currency)
        note = _together(called(one.account), day(one.business_date), lines, net)
        hits.append(Hit(name=one.order_id, note=note, address=_account(one.account)))
    return hits


def _members(text: str, member: Member, most: int) -> list[Hit]:
    """Colleagues lead to the accounts that they look after."""
    found = visible_members(member).filter(name__icontains=text)[:most]
    return [
        Hit(
            name=called(one),
            note=str(one.get_role_display()),
            address=f"{reverse('accounts')}?owner={one.uid}",
        )
        for one in found
    ]


def _pages(text: str, member: Member) -> Iterator[Hit]:
    """Pages by a part of their name in the language in force."""
    for place in NAVIGATION:
        if not place.permissions or any(may(member, one) for one in place.permissions):
            yield from _page(text, place.label, "", place.name)
    for page in PAGES:
        if page.permission is None or may(member, page.permission):
            yield from _page(text, page.label, str(page.text), page.name)


def _page(text: str, label: Any, note: str, name: str) -> Iterator[Hit]:
    if text.casefold() in str(label).casefold():
        try:
            yield Hit(name=str(label), note=note, address=reverse(name))
        except NoReverseMatch:  # announced, and not there yet
            return


def _account(account: Any) -> str:
    return reverse("account", args=[account.uid])
