"""The start of the settings, for who may set something, rarely: which page holds what I want to change?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, may, require
from regulars.web.desk import desk_of
from regulars.web.frame import SETTINGS_OPENED_BY
from regulars.web.settings.pages import entries_for


@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    """All pages that the member may open, each with what it is for."""
    desk = desk_of(request)
    if not any(may(desk.member, permission) for permission in SETTINGS_OPENED_BY):
        require(desk.member, Permission.CONFIGURE)
    return render(request, "web/settings/start.html", {"desk": desk, "entries": entries_for(desk.member)})
