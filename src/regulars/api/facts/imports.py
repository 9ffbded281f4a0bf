"""Imports: what came in, what was left out and why, and taking it back."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest
from ninja import Field, Query, Router, Schema

from regulars.api.bearer import acting, scoped
from regulars.api.fields import MemberRef, member_ref
from regulars.api.paging import Page, PageIn, page_of
from regulars.api.problems import not_found
from regulars.base.access import Permission, require
from regulars.base.models import Member
from regulars.base.tokens import ApiScope
from regulars.facts.imports.rejected import rejected_rows, write_rejected
from regulars.facts.imports.runs import import_folder
from regulars.facts.imports.undo import undo_import
from regulars.facts.models import Import

router = Router(tags=["imports"])

AS_CSV = {"responses": {200: {"description": "OK", "content": {"text/csv": {"schema": {"type": "string"}}}}}}


class ImportOut(Schema):
    """One import and its report; money in minor units of the base currency."""

    uid: UUID
    state: str
    content: str
    source: str
    files: list[dict[str, Any]]
    member: MemberRef | None
    started_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None
    reason: str
    report: dict[str, Any]


class RejectedOut(Schema):
    """A row that was left out, and why. `row` counts from 1."""

    file: str
    row: int
    order_id: str | None
    line_no: str | None
    field: str | None
    reason: str
    value: str | None
    sentence: str
    way_out: str


class RowsIn(Schema):
    """Which part of the rows."""

    offset: Annotated[int, Field(0, ge=0, le=10_000_000)]
    limit: Annotated[int, Field(100, ge=1, le=1000)]


class UndoOut(Schema):
    """What became of everything that the import had made or changed."""

    lines_removed: int
    lines_restored: int
    records_removed: int
    records_kept: int
    fields_restored: int
    fields_kept: int


@router.get("/imports", response=Page[ImportOut], summary="Imports")
@scoped(ApiScope.IMPORTS_READ)
def list_imports(request: HttpRequest, page: Query[PageIn]) -> Page[ImportOut]:
    found, following = page_of(_imports(acting(request)), page)
    return Page[ImportOut](items=[shown_import(one) for one in found], next=following)


@router.get("/imports/{uuid:uid}", response=ImportOut, summary="One import with its report")
@scoped(ApiScope.IMPORTS_READ)
def get_import(request: HttpRequest, uid: UUID) -> ImportOut:
    return shown_import(_import(uid, acting(request)))


@router.get("/imports/{uuid:uid}/rejected", response=list[RejectedOut], summary="Rows that were left out")
@scoped(ApiScope.IMPORTS_READ)
def list_rejected(request: HttpRequest, uid: UUID, part: Query[RowsIn]) -> list[RejectedOut]:
    return rejected_of(_import(uid, acting(request)), offset=part.offset, limit=part.limit)


@router.get("/imports/{uuid:uid}/rejected.csv", summary="Rows that were left out, as a file", openapi_extra=AS_CSV)
@scoped(ApiScope.IMPORTS_READ)
def rejected_csv(request: HttpRequest, uid: UUID) -> FileResponse:
    """To correct and hand over again. What a spreadsheet would take for a formula is marked as text."""
    found = _import(uid, acting(request))
    with tempfile.TemporaryDirectory(prefix="regulars-rejected-") as folder:
        file = Path(folder) / f"rejected-{found.pk}.csv"
        write_rejected(import_folder(found), file, number=found.pk)
        return FileResponse(file.open("rb"), content_type="text/csv; charset=utf-8", filename=file.name)


@router.post("/imports/{uuid:uid}/undo", response=UndoOut, summary="Take a whole import back")
@scoped(ApiScope.IMPORTS_WRITE)
def post_undo(request: HttpRequest, uid: UUID) -> UndoOut:
    member = acting(request)
    return UndoOut(**asdict(undo_import(import_=_import(uid, member), member=member)))


def rejected_of(import_: Import, *, offset: int, limit: int) -> list[RejectedOut]:
    rows = rejected_rows(import_folder(import_), limit=offset + limit)
    return [RejectedOut.from_orm(row) for row in islice(rows, offset, None)]


def shown_import(import_: Import) -> ImportOut:
    return ImportOut(
        uid=import_.uid,
        state=import_.state,
        content=import_.content,
        source=import_.source,
        files=[
            {name: file[name] for name in ("name", "size_bytes", "sha256") if name in file} for file in import_.files
        ],
        member=member_ref(import_.member),
        started_at=import_.created_at,
        finished_at=import_.finished_at,
        undone_at=import_.undone_at,
        reason=import_.reason,
        report=import_.report,
    )


def _imports(member: Member) -> QuerySet[Import]:
    """An import tells of the whole firm: only who may import sees them."""
    require(member, Permission.IMPORT)
    return Import.objects.select_related("member")


def _import(uid: UUID, member: Member) -> Import:
    found = _imports(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found
