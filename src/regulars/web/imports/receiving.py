"""Files that arrive: written to the disk piece by piece, refused when they are too large or no tables."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.imports.arriving import ToFolder, TooManyFiles, too_large
from regulars.facts.imports.uploads import Incoming, keep_upload, receiving
from regulars.web.desk import Desk, desk_of


@csrf_exempt  # the body must not be read before it is known where to; `_kept` checks the token
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Keep the files and show what is in them. Of files that are refused, or arrive in part, nothing stays."""
    desk = desk_of(request)
    require(desk.member, Permission.IMPORT)
    if request.method != "POST":
        return redirect("imports")  # the address of a refusal, loaded again
    with receiving() as incoming:
        handler = ToFolder(request, incoming, limit_bytes=settings.UPLOAD_LIMIT_BYTES)
        request.upload_handlers = [handler]
        try:
            return _kept(request, desk, incoming, handler)
        except TooManyFilesSent:
            refusal: Refusal = TooManyFiles(
                _("These are too many files at once."), _("Pack them into one .zip and drop that.")
            )
        except Refusal as met:
            refusal = met
        return render(request, "web/imports/refused.html", {"desk": desk, "refusal": refusal, **drop()}, status=422)


def drop() -> dict[str, Any]:
    """What a page with a place to drop files needs to know."""
    return {"limit_bytes": settings.UPLOAD_LIMIT_BYTES, "too_large": too_large("%FILE%", settings.UPLOAD_LIMIT_BYTES)}


@csrf_protect
def _kept(request: HttpRequest, desk: Desk, incoming: Incoming, handler: ToFolder) -> HttpResponse:
    assert request.POST is not None  # reads the files
    if handler.stopped_by:
        raise handler.stopped_by
    made = keep_upload(incoming=incoming, member=desk.member)
    return redirect("imports_files", uid=made.uid)
