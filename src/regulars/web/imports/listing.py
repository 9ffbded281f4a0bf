"""All imports, what waits to be imported, the first step of a new installation, and the saved mappings."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.base.organisation import zone
from regulars.core.errors import Refusal
from regulars.facts.imports.runs import visible_imports
from regulars.facts.imports.saved_mappings import forget_mapping, rename_mapping
from regulars.facts.imports.uploads import visible_uploads
from regulars.facts.models import Import, SavedMapping, Upload
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.imports.mapping_form import CONTENTS
from regulars.web.imports.programs import PROGRAMS
from regulars.web.imports.receiving import drop
from regulars.web.imports.told import files_named

IMPORTS_A_PAGE = 25


@require_safe
def imports(request: HttpRequest) -> HttpResponse:
    """The list of imports. Before the first one, how to begin."""
    desk = desk_of(request)
    found = visible_imports(desk.member)
    waiting = list(visible_uploads(desk.member).exclude(state=Upload.State.DONE))
    if not waiting and not found.exists():
        return redirect("imports_first")
    page = Paginator(found, IMPORTS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "desk": desk,
        "page": page,
        "rows": [_row(one) for one in page],
        "waiting": waiting,
        "zone": zone(desk.organisation),
        **drop(),
    }
    return render(request, "web/imports/imports.html", context)


def _row(found: Import) -> dict[str, Any]:
    history = found.report.get("history") or {}
    return {
        "import": found,
        "names": files_named(found.files),
        "new": history.get("added"),
        "changed": history.get("changed"),
        "rejected": found.report.get("lines_rejected"),
    }


@require_safe
def first(request: HttpRequest) -> HttpResponse:
    """The first step of a new installation: where the order history goes, and how to get it out of usual programs."""
    desk = desk_of(request)
    require(desk.member, Permission.IMPORT)
    return render(request, "web/imports/first.html", {"desk": desk, "programs": PROGRAMS, **drop()})


# Saved mappings


@require_safe
def mappings(request: HttpRequest) -> HttpResponse:
    """How files of which columns are read."""
    return _mappings(request, desk_of(request))


@require_POST
def rename(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Call a saved mapping something else."""
    desk = desk_of(request)
    try:
        rename_mapping(saved=_saved(desk, uid), name=request.POST.get("name", ""), member=desk.member)
    except Refusal as refusal:
        return _mappings(request, desk, refused=refusal)
    show_next(request, Toast(text=_("The name is changed.")))
    return redirect("imports_mappings")


@require_POST
def forget(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Look at files with these columns afresh."""
    desk = desk_of(request)
    forget_mapping(saved=_saved(desk, uid), member=desk.member)
    show_next(request, Toast(text=_("Forgotten. Files with these columns are looked at afresh.")))
    return redirect("imports_mappings")


def _mappings(request: HttpRequest, desk: Desk, *, refused: Refusal | None = None) -> HttpResponse:
    require(desk.member, Permission.IMPORT)
    page = Paginator(SavedMapping.objects.order_by("name", "pk"), IMPORTS_A_PAGE).get_page(request.GET.get("page"))
    contents = dict(CONTENTS)
    rows = [
        {
            "saved": saved,
            "content": contents.get(saved.content, saved.content),
            "columns": ", ".join(dict.fromkeys(saved.mapping.get("columns", {}).values())),
        }
        for saved in page
    ]
    context = {"desk": desk, "page": page, "rows": rows, "refused": refused, "zone": zone(desk.organisation)}
    return render(request, "web/imports/mappings.html", context, status=422 if refused else 200)


def _saved(desk: Desk, uid: uuid.UUID) -> SavedMapping:
    require(desk.member, Permission.IMPORT)
    found = SavedMapping.objects.filter(uid=uid).first()
    if found is None:
        raise Http404
    return found
