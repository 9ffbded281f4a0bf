"""What is done with many accounts of the list at once: given to somebody, tagged, taken out as a file."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from regulars.base.access import Permission, require, visible_members
from regulars.base.formats import number
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import visible_accounts
from regulars.facts.bulk_changes import BulkChange, assign_accounts, tag_accounts, take_back, untag_accounts
from regulars.facts.models import Account
from regulars.web.accounts.exports import as_csv, as_xlsx
from regulars.web.accounts.filters import NOBODY
from regulars.web.accounts.listing import Cut
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next


class NothingSelected(Refusal):
    """No account was selected, or nothing was said of what to do."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be done with which accounts."""

    cut: Cut
    accounts: QuerySet[Account]
    owner: str
    tag: str

    @property
    def desk(self) -> Desk:
        return self.cut.desk

    def new_owner(self) -> Member | None:
        """Whom the accounts are for. One who is not there, or not seen, is no choice."""
        if self.owner == NOBODY:
            return None
        uid = _uid(self.owner)
        found = visible_members(self.desk.member).filter(uid=uid).first() if uid else None
        if found is None:
            raise NothingSelected(_("Nobody was chosen to look after them."), _("Choose a member, or nobody."))
        return found


@require_POST
def bulk(request: HttpRequest) -> HttpResponseBase:
    """Do it with the accounts selected; with all that fit only after their number was confirmed."""
    desk = desk_of(request)
    said = request.POST
    cut = Cut(desk, dict(parse_qsl(said.get("query", ""))) | {"view": said.get("view", "")})
    everything = said.get("all") == "1"
    cut.found = cut.found if everything else _selected(desk, said.getlist("account"))
    do = said.get("do", "")
    if do in FILES:
        return FILES[do](cut)
    if do not in DEEDS:
        raise Http404
    wish = Wish(cut=cut, accounts=cut.found, owner=said.get("owner", ""), tag=said.get("tag", ""))
    require(desk.member, DEEDS[do].permission)
    count = cut.found.count()
    if not count:
        raise NothingSelected(_("No account is selected."), _("Go back and mark the accounts that you mean."))
    if everything and said.get("confirmed") != str(count):
        return _ask(request, wish, do, count)
    done = DEEDS[do].act(wish)
    undo = f"{reverse('accounts_bulk_undo', args=[done.moment])}?{urlencode({**cut.query, 'view': cut.view_key})}"
    show_next(request, Toast(text=DEEDS[do].told(wish, done.changed), undo=undo if done.changed else ""))
    return redirect(cut.address())


def _selected(desk: Desk, uids: list[str]) -> QuerySet[Account]:
    known = [uid for uid in map(_uid, uids) if uid is not None]
    return visible_accounts(desk.member).filter(uid__in=known)


def _uid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _ask(request: HttpRequest, wish: Wish, do: str, count: int) -> HttpResponse:
    """Say how many accounts it is about before it is done."""
    context = {
        "desk": wish.desk,
        "question": DEEDS[do].asked(wish, count),
        "said": {
            "do": do,
            "all": "1",
            "confirmed": count,
            "owner": wish.owner,
            "tag": wish.tag,
            "query": request.POST.get("query", ""),
            "view": request.POST.get("view", ""),
        },
        "chips": [wish.cut.filter.words(name) for name in wish.cut.filter.said],
        "back": wish.cut.address(),
    }
    return render(request, "web/accounts_confirm.html", context)


@require_POST
def undo(request: HttpRequest, moment: int) -> HttpResponse:
    """Take back what this member did to many accounts at that moment, and show the list they looked at."""
    desk = desk_of(request)
    done = take_back(moment=moment, member=desk.member)
    text = ngettext(
        "Taken back: %(shown)s account is as it was before.",
        "Taken back: %(shown)s accounts are as they were before.",
        done.changed,
    )
    show_next(request, Toast(text=text % {"shown": number(done.changed)}))
    return redirect(Cut(desk, request.GET.dict()).address())


# What can be done


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One thing that can be done with many accounts, its question and its answer."""

    permission: Permission
    act: Callable[[Wish], BulkChange]
    asked: Callable[[Wish, int], str]
    told: Callable[[Wish, int], str]


def _assign(wish: Wish) -> BulkChange:
    return assign_accounts(accounts=wish.accounts, owner=wish.new_owner(), member=wish.desk.member)


def _assign_asked(wish: Wish, count: int) -> str:
    owner = wish.new_owner()
    if owner is None:
        text = ngettext(
            "Shall nobody look after %(shown)s account?", "Shall nobody look after %(shown)s accounts?", count
        )
        return text % {"shown": number(count)}
    text = ngettext("Give %(shown)s account to %(owner)s?", "Give %(shown)s accounts to %(owner)s?", count)
    return text % {"shown": number(count), "owner": owner}


def _assign_told(wish: Wish, count: int) -> str:
    owner = wish.new_owner()
    if owner is None:
        text = ngettext(
            "Nobody looks after %(shown)s account now.", "Nobody looks after %(shown)s accounts now.", count
        )
        return text % {"shown": number(count)}
    text = ngettext("%(shown)s account given to %(owner)s.", "%(shown)s accounts given to %(owner)s.", count)
    return text % {"shown": number(count), "owner": owner}


def _tag(wish: Wish) -> BulkChange:
    return tag_accounts(accounts=wish.accounts, tags=[wish.tag], member=wish.desk.member)


def _tag_asked(wish: Wish, count: int) -> str:
    text = ngettext("Tag %(shown)s account “%(tag)s”?", "Tag %(shown)s accounts “%(tag)s”?", count)
    return text % {"shown": number(count), "tag": wish.tag}


def _tag_told(wish: Wish, count: int) -> str:
    text = ngettext("%(shown)s account tagged “%(tag)s”.", "%(shown)s accounts tagged “%(tag)s”.", count)
    return text % {"shown": number(count), "tag": wish.tag}


def _untag(wish: Wish) -> BulkChange:
    return untag_accounts(accounts=wish.accounts, tags=[wish.tag], member=wish.desk.member)


def _untag_asked(wish: Wish, count: int) -> str:
    text = ngettext(
        "Take the tag “%(tag)s” off %(shown)s account?", "Take the tag “%(tag)s” off %(shown)s accounts?", count
    )
    return text % {"shown": number(count), "tag": wish.tag}


def _untag_told(wish: Wish, count: int) -> str:
    text = ngettext("Tag “%(tag)s” taken off %(shown)s account.", "Tag “%(tag)s” taken off %(shown)s accounts.", count)
    return text % {"shown": number(count), "tag": wish.tag}


DEEDS = {
    "assign": Deed(permission=Permission.ASSIGN, act=_assign, asked=_assign_asked, told=_assign_told),
    "tag": Deed(permission=Permission.WRITE, act=_tag, asked=_tag_asked, told=_tag_told),
    "untag": Deed(permission=Permission.WRITE, act=_untag, asked=_untag_asked, told=_untag_told),
}
FILES: dict[str, Callable[[Cut], HttpResponseBase]] = {"csv": as_csv, "xlsx": as_xlsx}
