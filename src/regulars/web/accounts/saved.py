"""Keeping views of the list, sharing them, and choosing columns and where the list starts."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.base.models import Team
from regulars.core.errors import Refusal
from regulars.web.accounts.listing import TEAM, Cut, address_of_view, show_list
from regulars.web.accounts.presets import ALL
from regulars.web.desk import desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.models import SavedView
from regulars.web.saved_views import (
    NoSuchView,
    change_view,
    choose_columns,
    delete_view,
    may_change_view,
    restore_view,
    save_view,
    start_with,
    visible_views,
)


def _cut(request: HttpRequest) -> Cut:
    """The list that was looked at, as its forms send it along."""
    said = request.POST
    return Cut(desk_of(request), dict(parse_qsl(said.get("query", ""))) | {"view": said.get("view", "")})


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep what the list shows as a new view; a refusal keeps what was typed."""
    cut = _cut(request)
    audience, team = _audience(request.POST.get("audience", ""))
    try:
        made = save_view(
            name=request.POST.get("name", ""),
            query=urlencode(cut.query),
            columns=[column.key for column in cut.columns],
            audience=audience,
            team=team,
            member=cut.desk.member,
        )
    except Refusal as refusal:
        return show_list(request, cut, refusal=refusal, typed=request.POST.dict())
    show_next(request, Toast(text=_("View “%(name)s” kept.") % {"name": made.name}, undo=_verb(made.uid, "delete")))
    return redirect(cut.address(view=str(made.uid)))


def _audience(said: str) -> tuple[str, Team | None]:
    if said.startswith(TEAM):
        try:
            return SavedView.Audience.TEAM, Team.objects.filter(uid=uuid.UUID(said.removeprefix(TEAM))).first()
        except ValueError:
            return SavedView.Audience.TEAM, None
    return said or SavedView.Audience.MYSELF, None


@require_POST
def view(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Rename a view, let it show what the list shows now, share it, delete it, or bring it back."""
    if verb not in VERBS:
        raise Http404
    cut = _cut(request)
    try:
        return VERBS[verb](request, cut, uid)
    except NoSuchView as absent:
        raise Http404(str(absent)) from None


def _found(cut: Cut, uid: uuid.UUID) -> SavedView:
    """A view that the member sees and may change; to others there is none."""
    found = visible_views(cut.desk.member).filter(uid=uid).first()
    if found is None or not may_change_view(found, member=cut.desk.member):
        raise Http404
    return found


def _rename(request: HttpRequest, cut: Cut, uid: uuid.UUID) -> HttpResponse:
    """A new name, and for whom it is, where that was said."""
    found = _found(cut, uid)
    wishes: dict[str, Any] = {"name": request.POST.get("name", "")}
    if "audience" in request.POST:
        wishes["audience"], wishes["team"] = _audience(request.POST["audience"])
    try:
        changed = change_view(view=found, member=cut.desk.member, **wishes)
    except Refusal as refusal:
        return show_list(request, cut, refusal=refusal, typed=request.POST.dict())
    return _say(request, cut, uid, _("View “%(name)s” kept.") % {"name": changed.name})


def _update(request: HttpRequest, cut: Cut, uid: uuid.UUID) -> HttpResponse:
    changed = change_view(view=_found(cut, uid), query=urlencode(cut.query), member=cut.desk.member)
    return _say(request, cut, uid, _("“%(name)s” shows this list from now on.") % {"name": changed.name})


def _delete(request: HttpRequest, cut: Cut, uid: uuid.UUID) -> HttpResponse:
    found = _found(cut, uid)
    delete_view(view=found, member=cut.desk.member)
    text = _("View “%(name)s” deleted.") % {"name": found.name}
    show_next(request, Toast(text=text, undo=_verb(uid, "restore")))
    return redirect(cut.address(view=ALL))


def _restore(request: HttpRequest, cut: Cut, uid: uuid.UUID) -> HttpResponse:
    back = restore_view(uid=uid, member=cut.desk.member)
    show_next(request, Toast(text=_("View “%(name)s” is back.") % {"name": back.name}))
    return redirect(address_of_view(Cut(cut.desk, {}), str(uid)))


def _say(request: HttpRequest, cut: Cut, uid: uuid.UUID, text: str) -> HttpResponse:
    show_next(request, Toast(text=text))
    return redirect(cut.address(view=str(uid)))


def _verb(uid: uuid.UUID, verb: str) -> str:
    return reverse("accounts_view", args=[uid, verb])


VERBS: dict[str, Callable[[HttpRequest, Cut, uuid.UUID], HttpResponse]] = {
    "rename": _rename,
    "update": _update,
    "delete": _delete,
    "restore": _restore,
}


@require_POST
def columns(request: HttpRequest) -> HttpResponse:
    """The columns from now on: of the view, where one may change it, else of one's own list."""
    cut = _cut(request)
    wanted = [key for key in cut.offered if key in request.POST.getlist("column")]
    text = _("The columns are chosen.")
    if cut.view is not None and may_change_view(cut.view, member=cut.desk.member):
        change_view(view=cut.view, columns=wanted, member=cut.desk.member)
    else:
        choose_columns(columns=wanted, member=cut.desk.member)
        if cut.view is not None and cut.view.columns:
            text = _("This view keeps the columns of who made it. Your other lists show those that you chose.")
    show_next(request, Toast(text=text))
    return redirect(cut.address())


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """The list starts with this view from now on."""
    cut = _cut(request)
    key = cut.view_key
    start_with(view="" if key == ALL else key, member=cut.desk.member)
    show_next(request, Toast(text=_("Accounts start with this view from now on.")))
    return redirect(cut.address())
