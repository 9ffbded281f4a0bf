"""One upload: what is in the files, how they are read, what an import would do; then the import itself."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.base.access import Permission, may
from regulars.base.organisation import change_organisation, zone
from regulars.core.errors import Refusal
from regulars.facts.imports.saved_mappings import save_mapping
from regulars.facts.imports.uploads import (
    add_rates,
    discard_upload,
    examine_again,
    looks_of,
    preview_upload,
    read_as,
    rejected_of,
    visible_uploads,
)
from regulars.facts.imports.wishes import HowToRead
from regulars.facts.models import Import, Upload
from regulars.plan.intake import begin_import
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.imports import mapping_form
from regulars.web.imports.rates_form import rate_fields, rates_said
from regulars.web.imports.told import files_named, told
from regulars.web.imports.work import Work, go_to, work_on

REJECTED_SHOWN = 10


@require_safe
def files(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The page of an upload, whatever state it is in; while a job is at it, the page asks again every second."""
    desk = desk_of(request)
    upload = _own(desk, uid)
    if upload.state == Upload.State.DONE and upload.made is not None:
        return _arrived(request, upload.made)
    return _page(request, desk, upload)


def _arrived(request: HttpRequest, made: Import) -> HttpResponse:
    """On to what the import is good for: the portfolio after the first one, its report after others."""
    if Import.objects.filter(state=Import.State.DONE).exclude(pk=made.pk).exists():
        return go_to(request, "import", made.uid)
    show_next(request, Toast(text=_("Your portfolio is ready.")))
    return go_to(request, "portfolio")


@require_POST
def change_mapping(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Keep how the files are to be read, and show sample rows so; or have all rows checked (`do`)."""
    desk = desk_of(request)
    upload = _own(desk, uid)
    before = HowToRead.from_json(upload.wishes)
    how = mapping_form.how_said(request.POST.dict(), looks_of(upload), before)
    read_as(upload=upload, how=how, member=desk.member)
    if request.POST.get("do") == "check":
        examine_again(upload=upload, member=desk.member)
    return redirect("imports_files", uid=uid)


@require_POST
def keep_mapping(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Keep the mapping of one group of files under the name that was given."""
    desk = desk_of(request)
    previews = dict(enumerate(preview_upload(_own(desk, uid))))
    number = request.POST.get("group", "")
    wanted = previews.get(int(number)) if number.isascii() and number.isdecimal() else None
    if wanted is None:
        raise Http404
    if save_mapping(wanted.look.headings, wanted.mapping, name=request.POST.get("name", "").strip()):
        show_next(request, Toast(text=_("Files with these columns are read like this from now on.")))
    return redirect("imports_files", uid=uid)


@require_POST
def start(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Import the files."""
    desk = desk_of(request)
    begin_import(upload=_own(desk, uid), member=desk.member)
    return redirect("imports_files", uid=uid)


@require_POST
def again(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Begin again what was broken off."""
    desk = desk_of(request)
    upload = _own(desk, uid)
    if upload.state == Upload.State.IMPORTING:
        begin_import(upload=upload, member=desk.member)
    else:
        examine_again(upload=upload, member=desk.member)
    return redirect("imports_files", uid=uid)


@require_POST
def discard(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Throw the files away."""
    desk = desk_of(request)
    upload = _own(desk, uid)
    discard_upload(upload=upload, member=desk.member)
    show_next(request, Toast(text=_("Thrown away: %(files)s. Nothing was imported.") % {"files": upload}))
    return redirect("imports")


@require_POST
def type_rates(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Add the exchange rates that the files need."""
    desk = desk_of(request)
    upload = _own(desk, uid)
    fields = rate_fields(upload.refusal.get("missing_rates", []), request.POST.dict())
    try:
        add_rates(upload=upload, rates=rates_said(fields), member=desk.member)
    except Refusal as refusal:
        return _page(request, desk, upload, refused=refusal)
    return redirect("imports_files", uid=uid)


@require_POST
def count_in(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Count everything in the currency of the files, while there is no history in another."""
    desk = desk_of(request)
    upload = _own(desk, uid)
    currency = _other_currency(desk, upload)
    if not currency:
        raise Http404
    change_organisation(member=desk.member, base_currency=currency)
    examine_again(upload=upload, member=desk.member)
    return redirect("imports_files", uid=uid)


def _own(desk: Desk, uid: uuid.UUID) -> Upload:
    found = visible_uploads(desk.member).select_related("made").filter(uid=uid).first()
    if found is None:
        raise Http404
    return found


def _other_currency(desk: Desk, upload: Upload) -> str:
    """The only currency of the files, where the books might as well be kept in it: nothing is in them yet."""
    currencies = {gap["currency"] for gap in upload.refusal.get("missing_rates", [])}
    if len(currencies) != 1 or not may(desk.member, Permission.CONFIGURE):
        return ""
    return "" if Import.objects.filter(state=Import.State.DONE).exists() else currencies.pop()


def _page(request: HttpRequest, desk: Desk, upload: Upload, *, refused: Refusal | None = None) -> HttpResponse:
    busy = upload.state in (Upload.State.EXAMINING, Upload.State.IMPORTING)
    work = work_on(upload) if busy else Work()
    context: dict[str, Any] = {
        "desk": desk,
        "upload": upload,
        "work": work,
        "names": files_named(upload.files),
        "zone": zone(desk.organisation),
    }
    if not busy:
        context |= _examined(request, desk, upload)
    context["refused"] = refused
    return render(request, "web/imports/files.html", context, status=422 if refused else 200)


def _examined(request: HttpRequest, desk: Desk, upload: Upload) -> dict[str, Any]:
    how = HowToRead.from_json(upload.wishes)
    missing = upload.refusal.get("missing_rates", [])
    return {
        "report": told(upload.report, desk.currency) if upload.report else None,
        "stale": upload.examined_with != upload.wishes,
        "rejected": rejected_of(upload, limit=REJECTED_SHOWN) if upload.report.get("lines_rejected") else [],
        "groups": mapping_form.groups_of(preview_upload(upload), how),
        "how": how,
        "contents": mapping_form.CONTENTS,
        "date_orders": mapping_form.DATE_ORDERS,
        "decimals": mapping_form.DECIMALS,
        "encodings": mapping_form.ENCODINGS,
        "delimiters": mapping_form.DELIMITERS,
        "rates": rate_fields(missing, request.POST.dict()),
        "other_currency": _other_currency(desk, upload),
    }
