"""The list of accounts. For sales people and heads, several times a day, to find one or cut out a group to work on.

What the list shows stands in its address: filters, sorting, and the view it began with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, may, require, visible_members
from regulars.base.models import Team
from regulars.facts.accounts import visible_accounts
from regulars.facts.models import Account, Tag
from regulars.web.accounts.columns import NAME, Column, chosen_columns, offered_columns
from regulars.web.accounts.drawing import drawn
from regulars.web.accounts.filters import Filter
from regulars.web.accounts.fits import needs_of
from regulars.web.accounts.found import Found
from regulars.web.accounts.presets import ALL, Preset, presets
from regulars.web.accounts.rows import Row, rows_of
from regulars.web.desk import Desk, desk_of
from regulars.web.models import ListPreference, SavedView
from regulars.web.saved_views import may_change_view, preference_of, visible_views

ACCOUNTS_A_PAGE = 50
USUAL_SORTING = "-sales"
TEAM = "team:"
"""Before the uid of the team that a view is shared with."""


@dataclass
class Cut:
    """What a list shows: as its address says, for the member at the desk."""

    desk: Desk
    said: Mapping[str, str]

    @cached_property
    def filter(self) -> Filter:
        return Filter(self.said, desk=self.desk)

    @cached_property
    def preference(self) -> ListPreference:
        return preference_of(self.desk.member)

    @cached_property
    def views(self) -> list[SavedView]:
        return list(visible_views(self.desk.member).select_related("team"))

    @cached_property
    def presets(self) -> list[Preset]:
        return presets(self.desk)

    @cached_property
    def view(self) -> SavedView | None:
        """The saved view that the list began with."""
        return next((one for one in self.views if str(one.uid) == self.said.get("view")), None)

    @property
    def view_key(self) -> str:
        """How the address names the view it began with."""
        if self.view is not None:
            return str(self.view.uid)
        return next((one.key for one in self.presets if one.key == self.said.get("view")), ALL)

    @cached_property
    def offered(self) -> dict[str, Column]:
        return offered_columns(self.desk, self.filter.custom_fields)

    @cached_property
    def columns(self) -> list[Column]:
        """Those of the view, else those that the member chose."""
        of_view = self.view.columns if self.view is not None else []
        return chosen_columns(of_view or self.preference.columns, self.offered)

    @cached_property
    def sorting(self) -> str:
        """Key of the column, with a minus in front for the largest first."""
        wanted = self.said.get("sort", "")
        return wanted if wanted.removeprefix("-") in self.sortable else USUAL_SORTING

    @cached_property
    def sortable(self) -> dict[str, Column]:
        return {key: one for key, one in {NAME.key: NAME, **self.offered}.items() if one.path}

    @property
    def path(self) -> str:
        return self.sortable[self.sorting.removeprefix("-")].path

    @property
    def descending(self) -> bool:
        return self.sorting.startswith("-")

    @cached_property
    def found(self) -> QuerySet[Account]:
        return visible_accounts(self.desk.member).filter(self.filter.condition())

    @cached_property
    def query(self) -> dict[str, str]:
        """Filters and sorting as a view keeps them."""
        sorted_by = {} if self.sorting == USUAL_SORTING else {"sort": self.sorting}
        return {**self.filter.query, **sorted_by}

    @property
    def is_changed(self) -> bool:
        """Does it show something else than the view it began with?"""
        if self.view is not None:
            return self.query != dict(parse_qsl(self.view.query))
        preset = next((one for one in self.presets if one.key == self.view_key), None)
        return self.query != (preset.query if preset else {})

    def address(self, **changes: str) -> str:
        """Of the list with some values of its address changed; an empty value takes one away."""
        query = {**self.query, "view": self.view_key, **changes}
        return f"{reverse('accounts')}?{urlencode({key: value for key, value in query.items() if value})}"


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """One page of the list; without any wish, the view that the member starts with."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    cut = Cut(desk, request.GET.dict())
    if not (request.GET.keys() - {"lang"}) and cut.preference.start:
        return redirect(address_of_view(cut, cut.preference.start))
    return show_list(request, cut)


def show_list(request: HttpRequest, cut: Cut, **refused: Any) -> HttpResponse:
    """The page of a list; with what was refused and typed, if something was."""
    found = Found(cut.found)
    paginator = Paginator(range(found.count), ACCOUNTS_A_PAGE)
    page = paginator.get_page(cut.said.get("page"))
    context = {
        "desk": cut.desk,
        "cut": cut,
        "filter": cut.filter,
        "page": page,
        "rows": SafeString("".join(drawn(row, cut.columns, cut.filter, cut.desk) for row in _rows(cut, found, page))),
        "previous": cut.address(page=str(page.previous_page_number())) if page.has_previous() else "",
        "next": cut.address(page=str(page.next_page_number())) if page.has_next() else "",
        "headings": [_heading(cut, column) for column in (NAME, *cut.columns)],
        "chips": _chips(cut),
        "tabs": _tabs(cut),
        "sortings": _sortings(cut),
        "query": urlencode(cut.query),
        "new_account": _address_if_there("account_new") if cut.desk.may_write else "",
        "import_address": _address_if_there("imports") if cut.desk.may_import else "",
        **_bulk(cut),
        **_saving(cut),
        **refused,
    }
    return render(request, "web/accounts.html", context, status=422 if refused else 200)


def _rows(cut: Cut, found: Found, page: Page[int]) -> list[Row]:
    start = max(0, page.start_index() - 1)
    ids = found.page(path=cut.path, descending=cut.descending, start=start, size=ACCOUNTS_A_PAGE) if found.count else []
    needs = needs_of(cut.filter) | {column.needs for column in cut.columns if column.needs}
    return rows_of(ids, cut.desk, needs=needs)


def _heading(cut: Cut, column: Column) -> dict[str, Any]:
    """A heading with the address that sorts by it: largest figure first, names from A on; once more turns it round."""
    current = cut.sorting.removeprefix("-") == column.key
    usual = f"-{column.key}" if column.figures else column.key
    turned = column.key if cut.descending else f"-{column.key}"
    return {
        "column": column,
        "address": cut.address(sort=turned if current else usual) if column.path else "",
        "state": "" if not current else "descending" if cut.descending else "ascending",
    }


def _chips(cut: Cut) -> list[dict[str, str]]:
    return [{"words": cut.filter.words(name), "address": cut.address(**{name: ""})} for name in cut.filter.said]


def _sortings(cut: Cut) -> list[dict[str, Any]]:
    """Every sorting by name, for who has no headings to press."""
    found = []
    for key, column in cut.sortable.items():
        for sorting in (f"-{key}", key) if column.figures else (key, f"-{key}"):
            words = {"column": column.heading}
            label = _("%(column)s, descending") if sorting.startswith("-") else _("%(column)s, ascending")
            found.append({"key": sorting, "label": label % words, "chosen": sorting == cut.sorting})
    return found


def _tabs(cut: Cut) -> list[dict[str, Any]]:
    """All accounts, the presets, and the saved views, each with its address."""
    keys = [(ALL, _("All accounts")), *((one.key, one.name) for one in cut.presets)]
    keys += [(str(one.uid), one.name) for one in cut.views]
    return [{"name": name, "address": address_of_view(cut, key), "current": key == cut.view_key} for key, name in keys]


def address_of_view(cut: Cut, key: str) -> str:
    """Where the list of a preset or a saved view is; one that is gone leads to all accounts."""
    query: Mapping[str, str] = {}
    preset = next((one for one in cut.presets if one.key == key), None)
    view = next((one for one in cut.views if str(one.uid) == key), None)
    if preset is not None:
        query = preset.query
    elif view is not None:
        query = dict(parse_qsl(view.query))
    known = key if preset or view else ALL
    return f"{reverse('accounts')}?{urlencode({**query, 'view': known})}"


def _bulk(cut: Cut) -> dict[str, Any]:
    """What can be done with a selection, as far as the member may."""
    may_assign = may(cut.desk.member, Permission.ASSIGN)
    return {
        "may_assign": may_assign,
        "owners": visible_members(cut.desk.member) if may_assign else (),
        "tags": Tag.objects.order_by("name")[:200] if cut.desk.may_write else (),
    }


def _saving(cut: Cut) -> dict[str, Any]:
    view = cut.view
    may_share = may(cut.desk.member, Permission.ASSIGN)
    start = cut.preference.start or ALL
    return {
        "audiences": _audiences(cut) if may_share else (),
        "may_change_view": view is not None and may_change_view(view, member=cut.desk.member),
        "is_start": cut.view_key == start,
    }


def _audiences(cut: Cut) -> list[dict[str, Any]]:
    """For whom a view may be, and for whom the present one is."""
    teams = [(f"{TEAM}{one.uid}", _("Team %(team)s") % {"team": one.name}) for one in Team.objects.order_by("name")]
    offered = [(SavedView.Audience.MYSELF.value, _("Only me")), *teams]
    offered.append((SavedView.Audience.EVERYONE.value, _("Everyone")))
    view = cut.view
    now = "" if view is None else f"{TEAM}{view.team.uid}" if view.team else view.audience
    return [{"value": value, "label": label, "current": value == now} for value, label in offered]


def _address_if_there(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
