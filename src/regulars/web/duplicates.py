"""Accounts that may be the same customer twice, for who keeps the records clean: which one stays, or are they two?"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.base.formats import day, money, number
from regulars.base.organisation import zone
from regulars.core.errors import Refusal
from regulars.facts.accounts import seen_by, visible_accounts
from regulars.facts.duplicates import (
    found_pairs,
    is_looking_for_duplicates,
    last_look_for_duplicates,
    look_for_duplicates,
    mark_different,
    why_alike,
    withdraw_different,
)
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account, AccountMerge, Contact, FoundPair
from regulars.insight.models import Score
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

PAIRS_A_PAGE = 8
MERGES_A_PAGE = 25
COMPARED = (
    "external_id", "kind", "street", "postcode", "city", "country", "email", "phone", "trade", "owner", "parent",
)  # fmt: skip
"""What is put side by side, beside the names that head the columns."""


class NotTwo(Refusal):
    """Two accounts are needed."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One line of the comparison; `differs` where both say something, and not the same."""

    label: str
    first: str
    second: str
    differs: bool


@dataclass(frozen=True, kw_only=True)
class Twins:
    """A pair as it is shown. `kept` is the one that is proposed to stay: the one with more sales."""

    pair: FoundPair
    why: list[str]
    lines: list[Compared]
    kept: Account


@require_safe
def duplicates(request: HttpRequest) -> HttpResponse:
    """The pairs that the last search found, likeliest first."""
    desk = _desk(request)
    pairs = found_pairs(desk.member).select_related(
        "first__score", "first__owner", "first__parent", "second__score", "second__owner", "second__parent"
    )
    page = Paginator(pairs, PAIRS_A_PAGE).get_page(request.GET.get("page"))
    last, looking = last_look_for_duplicates(), is_looking_for_duplicates()
    context = {
        "desk": desk,
        "tab": "pairs",
        "page": page,
        "twins": [] if looking else _twins(page.object_list, desk),
        "looking": looking,
        "looked_at": last.finished_at if last is not None else None,
        "zone": zone(desk.organisation),
    }
    return render(request, "web/duplicates.html", context)


@require_safe
def merged(request: HttpRequest) -> HttpResponse:
    """The merges that were made, newest first, each to be taken back."""
    desk = _desk(request)
    merges = AccountMerge.objects.filter(seen_by(desk.member, at="kept__")).select_related("kept", "merged", "member")
    page = Paginator(merges.order_by("-created_at", "-pk"), MERGES_A_PAGE).get_page(request.GET.get("page"))
    context = {"desk": desk, "tab": "merged", "page": page, "zone": zone(desk.organisation)}
    return render(request, "web/duplicates_merged.html", context)


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Have a worker search anew."""
    look_for_duplicates(member=desk_of(request).member)
    return redirect("duplicates")


@require_POST
def merge(request: HttpRequest) -> HttpResponse:
    """Make one of two: `keep` is the account that stays, of `first` and `second`."""
    desk = _desk(request)
    first, second = _both(request, desk)
    kept, gone = (second, first) if request.POST.get("keep") == str(second.uid) else (first, second)
    made = merge_accounts(kept=kept, merged=gone, member=desk.member)
    said = _("%(merged)s is part of %(kept)s now. The figures follow when they are next computed.")
    undo = reverse("duplicates_undo", args=[made.uid])
    show_next(request, Toast(text=said % {"merged": gone, "kept": kept}, undo=undo))
    return _back(request)


@require_POST
def undo(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take a merge back."""
    desk = _desk(request)
    found = AccountMerge.objects.filter(seen_by(desk.member, at="kept__"), uid=uid).first()
    if found is None:
        raise Http404
    again = undo_merge(merge=found, member=desk.member)
    show_next(request, Toast(text=_("%(account)s is an account of its own again.") % {"account": again}))
    return _back(request)


@require_POST
def different(request: HttpRequest) -> HttpResponse:
    """Say that two accounts are two customers; with `back`, take that back."""
    desk = _desk(request)
    first, second = _both(request, desk)
    both = {"first": first, "second": second}
    if "back" in request.GET:
        withdraw_different(first=first, second=second, member=desk.member)
        toast = Toast(text=_("%(first)s and %(second)s may be the same after all.") % both)
    else:
        mark_different(first=first, second=second, member=desk.member)
        again = f"{reverse('duplicates_different')}?back=yes&first={first.uid}&second={second.uid}"
        toast = Toast(text=_("%(first)s and %(second)s are two customers; nobody asks again.") % both, undo=again)
    show_next(request, toast)
    return _back(request)


def _desk(request: HttpRequest) -> Desk:
    desk = desk_of(request)
    require(desk.member, Permission.MERGE)
    return desk


def _both(request: HttpRequest, desk: Desk) -> tuple[Account, Account]:
    """The two accounts that were named; one that is not seen answers like one that is not there."""
    named = [request.POST.get(name) or request.GET.get(name, "") for name in ("first", "second")]
    try:
        first, second = (uuid.UUID(one) for one in named)
    except ValueError:
        raise NotTwo(_("Two accounts are needed."), _("Go back, and choose a pair.")) from None
    found = {one.uid: one for one in visible_accounts(desk.member).filter(uid__in=(first, second))}
    if len(found) < len({first, second}):
        raise Http404
    return found[first], found[second]


def _back(request: HttpRequest) -> HttpResponse:
    """To the list that the button stood on."""
    where = "duplicates_merged" if request.POST.get("from") == "merged" else "duplicates"
    page = request.POST.get("page", "")
    return redirect(reverse(where) + (f"?page={page}" if page.isascii() and page.isdecimal() else ""))


# Side by side


def _twins(pairs: Iterable[FoundPair], desk: Desk) -> list[Twins]:
    listed = list(pairs)
    ids = {pk for pair in listed for pk in (pair.first_id, pair.second_id)}
    contacts = dict(Contact.objects.filter(account__in=ids).order_by().values_list("account_id").annotate(Count("pk")))
    talks = dict(Account.objects.filter(pk__in=ids).order_by().values_list("pk").annotate(Count("interactions")))
    return [
        Twins(
            pair=pair,
            why=why_alike(pair),
            lines=[*_said(pair), *_brought(pair, desk.currency), *_counted(pair, contacts, talks)],
            kept=max(pair.first, pair.second, key=lambda one: (_sales(one), -one.pk)),
        )
        for pair in listed
    ]


def _sales(account: Account) -> float:
    score: Score | None = getattr(account, "score", None)
    return score.sales_total if score is not None else -1.0


def _said(pair: FoundPair) -> list[Compared]:
    lines = []
    for name in COMPARED:
        label = _LABELS[name]
        first, second = (_text(one, name) for one in (pair.first, pair.second))
        if first or second:
            differs = bool(first and second) and first.casefold() != second.casefold()
            lines.append(Compared(label=str(label), first=first, second=second, differs=differs))
    return lines


_LABELS = {
    "external_id": gettext_lazy("Customer number"),
    "kind": gettext_lazy("Kind"),
    "street": gettext_lazy("Street"),
    "postcode": gettext_lazy("Postcode"),
    "city": gettext_lazy("City"),
    "country": gettext_lazy("Country"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "trade": gettext_lazy("Kind of business"),
    "owner": gettext_lazy("Looked after by"),
    "parent": gettext_lazy("Belongs to"),
}


def _text(account: Account, name: str) -> str:
    value = account.get_kind_display() if name == "kind" else getattr(account, name)
    return "" if value is None else capfirst(str(value)) if name == "kind" else str(value)


def _brought(pair: FoundPair, currency: str) -> list[Compared]:
    """What each bought: no reason to call them different."""
    scores: list[Score | None] = [getattr(one, "score", None) for one in (pair.first, pair.second)]
    shown: tuple[tuple[str, Callable[[Score], str]], ...] = (
        (_("Days with an order"), lambda score: number(score.order_days)),
        (_("Sales, all time"), lambda score: money(score.sales_total, currency)),
        (_("Last order"), lambda score: day(score.last_order) if score.last_order else ""),
    )
    lines = []
    for label, tell in shown:
        first, second = ("" if score is None else tell(score) for score in scores)
        lines.append(Compared(label=label, first=first, second=second, differs=False))
    return lines


def _counted(pair: FoundPair, contacts: dict[int, int], talks: dict[int, int]) -> list[Compared]:
    return [
        Compared(
            label=label,
            first=number(counted.get(pair.first_id, 0)),
            second=number(counted.get(pair.second_id, 0)),
            differs=False,
        )
        for label, counted in ((_("Contacts"), contacts), (_("Talks"), talks))
    ]


urlpatterns = [
    path("duplicates/", duplicates, name="duplicates"),
    path("duplicates/merged/", merged, name="duplicates_merged"),
    path("duplicates/look/", look, name="duplicates_look"),
    path("duplicates/merge/", merge, name="duplicates_merge"),
    path("duplicates/different/", different, name="duplicates_different"),
    path("duplicates/<uuid:uid>/undo/", undo, name="duplicates_undo"),
]
