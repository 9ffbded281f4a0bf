"""One import: what it brought, what was left out and why, and taking it back."""

from __future__ import annotations

import tempfile
import uuid
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from regulars.base.organisation import zone
from regulars.facts.imports.rejected import rejected_rows, write_rejected
from regulars.facts.imports.runs import import_folder, visible_imports
from regulars.facts.models import Import
from regulars.plan.intake import begin_undo
from regulars.web.desk import Desk, desk_of
from regulars.web.imports.receiving import drop
from regulars.web.imports.told import files_named, told
from regulars.web.imports.work import work_on

ROWS_A_PAGE = 50
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_safe
def report(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The report of an import; while it is taken back, how far that is."""
    desk = desk_of(request)
    found = _found(desk, uid)
    shown = told(found.report, desk.currency)
    page = Paginator(range(shown.rejected), ROWS_A_PAGE).get_page(request.GET.get("page"))
    rows = list(
        islice(rejected_rows(import_folder(found), limit=page.end_index()), max(page.start_index() - 1, 0), None)
    )
    context = {
        "desk": desk,
        "import": found,
        "names": files_named(found.files),
        "report": shown,
        "page": page,
        "rejected": rows,
        "work": work_on(found),
        "zone": zone(desk.organisation),
        "in_force": found.state == Import.State.DONE,
        **drop(),
    }
    return render(request, "web/imports/report.html", context)


@require_safe
def rejected_file(request: HttpRequest, uid: uuid.UUID, suffix: str) -> FileResponse:
    """The rows that were left out, as a file to correct and hand over again."""
    found = _found(desk_of(request), uid)
    if suffix not in FORMATS:
        raise Http404
    name = f"rejected-rows-of-import-{found.pk}.{suffix}"
    with tempfile.TemporaryDirectory(prefix="regulars-rejected-") as folder:
        target = Path(folder) / f"rejected.{suffix}"
        write_rejected(import_folder(found), target, number=found.pk)
        # Open files outlive their folder.
        return FileResponse(target.open("rb"), as_attachment=True, filename=name, content_type=FORMATS[suffix])


@require_safe
def confirm_undo(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What will go and what will stay, before it happens."""
    desk = desk_of(request)
    found = _found(desk, uid)
    if found.state != Import.State.DONE:
        return redirect("import", uid=uid)
    context = {
        "desk": desk,
        "import": found,
        "names": files_named(found.files),
        "goes": _goes(found.report),
        "zone": zone(desk.organisation),
    }
    return render(request, "web/imports/undo.html", context)


@require_POST
def undo(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take the import back."""
    desk = desk_of(request)
    begin_undo(import_=_found(desk, uid), member=desk.member)
    return redirect("import", uid=uid)


def _found(desk: Desk, uid: uuid.UUID) -> Import:
    found = visible_imports(desk.member).filter(uid=uid).first()
    if found is None:
        raise Http404
    return found


def _goes(report: dict[str, Any]) -> dict[str, int]:
    """How much of what the import brought."""
    history = report.get("history") or {}
    records = report.get("records", {})
    created = sum(counts.get("created", 0) for kind, counts in records.items() if kind != "account")
    accounts = records.get("account", {}).get("created", 0) or report.get("accounts_new", 0)
    return {
        "lines": history.get("added", 0),
        "restored": history.get("changed", 0) + history.get("removed", 0),
        "accounts": accounts,
        "records": created,
    }
