"""Backups, for the owner before something daring and every month: is there a whole copy, and where do I keep it?"""

from __future__ import annotations

from django import forms
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, may
from regulars.base.kept_backups import (
    KeptBackup,
    NoSuchBackup,
    ask_for_backup,
    find_backup,
    is_under_way,
    kept_backups,
    note_download,
    remove_backup,
)
from regulars.base.organisation import zone
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import desk_for, show

PAGE = "settings_backup"


@require_safe
def backups(request: HttpRequest) -> HttpResponse:
    """The backups that are kept here, and one that is being made."""
    desk = desk_for(request, PAGE)
    context = {
        "backups": kept_backups(),
        "under_way": is_under_way(),
        "may_take": may(desk.member, Permission.MANAGE_OWNERS),
        "zone": zone(desk.organisation),
    }
    return show(request, PAGE, "backup", context)


@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Have a backup made."""
    desk = desk_for(request, PAGE)
    ask_for_backup(member=desk.member)
    show_next(request, Toast(text=_("The backup is made as soon as a worker is free. You may leave this page.")))
    return redirect(PAGE)


@require_POST
def download(request: HttpRequest, file: str) -> FileResponse:
    """Everything, as one file. Who took it is noted."""
    desk = desk_for(request, PAGE)
    kept = _found(desk, file)
    note_download(kept=kept, member=desk.member)
    response = FileResponse(kept.file.open("rb"), as_attachment=True, filename=kept.file.name)
    response.headers["Content-Encoding"] = "identity"  # packed already: packing it again would only take time
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, file: str) -> HttpResponse:
    """Remove a backup, after asking."""
    desk = desk_for(request, PAGE)
    kept = _found(desk, file)
    if request.method == "POST":
        remove_backup(kept=kept, member=desk.member)
        show_next(request, Toast(text=_("The backup “%(name)s” is removed.") % {"name": kept.name}))
        return redirect(PAGE)
    context = {
        "form": forms.Form(),
        "heading": _("Remove “%(name)s”?") % {"name": kept.name},
        "sub": _("This cannot be undone. Copies that you took elsewhere stay."),
        "submit": _("Remove"),
        "grave": True,
        "back": reverse(PAGE),
    }
    return show(request, PAGE, "form", context)


def _found(desk: Desk, file: str) -> KeptBackup:
    try:
        return find_backup(file, member=desk.member)
    except NoSuchBackup as absent:
        raise Http404(str(absent)) from None
