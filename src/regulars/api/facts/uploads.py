"""Uploads: files that are handed over, examined by a job, and then imported by another, or thrown away."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation, TooManyFilesSent
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.changes import IfMatch, require_unchanged
from regulars.api.fields import NO_NUL
from regulars.api.paging import Page, PageIn, page_of
from regulars.api.problems import not_found
from regulars.base.access import Permission, require
from regulars.base.models import Member
from regulars.base.tokens import ApiScope
from regulars.core.errors import Refusal
from regulars.facts.imports import uploads
from regulars.facts.imports.arriving import ToFolder, TooManyFiles
from regulars.facts.imports.wishes import HowToRead, Wishes
from regulars.facts.models import Upload
from regulars.plan.intake import begin_import

router = Router(tags=["imports"])

MULTIPART: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                    "required": ["file"],
                }
            }
        },
    }
}


Name = Annotated[str, StringConstraints(max_length=300, pattern=NO_NUL), Field(examples=["Date"])]


Progress = Literal["examining", "ready", "refused", "importing", "done", "failed"]


class NotMultipart(Refusal):
    """A request whose files cannot be read."""


class HowIn(Schema):
    """How the files are to be read, where that cannot be found out from them."""

    source: Annotated[str, Field("", pattern="^[a-z0-9_-]{0,64}$", description="Where they come from, such as: shop.")]
    encoding: Annotated[str, StringConstraints(max_length=40, pattern="^[A-Za-z0-9_.-]*$")] = ""
    delimiter: Literal["", ",", ";", "\t", "|"] = ""


class MappingIn(HowIn):
    """How the files are to be read instead. What is not named is found out from them again."""

    content: Literal["", "order_lines", "accounts", "contacts", "products", "rates"] = ""
    columns: dict[Name, Name] = Field({}, description="For a field its heading; an empty one takes the field out.")
    date_order: Literal["", "dmy", "mdy", "ymd"] = ""
    decimal: Literal["", ".", ","] = ""
    currency: Annotated[str, Field("", pattern="^([A-Z]{3})?$", description="Of amounts that come without one.")]


class UploadedFileOut(Schema):
    """One of the files."""

    name: str
    size_bytes: int


class RefusalOut(Schema):
    """Why the files cannot be imported as they are, and what to do."""

    sentence: str
    way_out: str


class UploadOut(Schema):
    """Files that were handed over. `report` says what an import would do; nothing is written before it is asked for."""

    uid: UUID
    state: Progress
    files: list[UploadedFileOut]
    report: dict[str, Any] = Field(description="The dry run; empty until the files were examined.")
    refusal: RefusalOut | None
    doing: str = Field(description="What is being done.")
    share_done: float = Field(description="How much of it, 0 to 1.")
    made: UUID | None = Field(description="uid of the import that was made of it.")
    created_at: datetime


@router.get("/uploads", response=Page[UploadOut], summary="The member's own uploads")
@scoped(ApiScope.IMPORTS_READ)
def list_uploads(request: HttpRequest, page: Query[PageIn]) -> Page[UploadOut]:
    found, following = page_of(_uploads(acting(request)), page)
    return Page[UploadOut](items=[_shown(one) for one in found], next=following)


@router.post("/uploads", response={201: UploadOut}, summary="Hand files over", openapi_extra=MULTIPART)
@scoped(ApiScope.IMPORTS_WRITE)
def add_upload(request: HttpRequest, how: Query[HowIn]) -> Status[UploadOut]:
    """They are examined by a job: poll the upload until it is `ready`, look at the report, then import it."""
    member = acting(request)
    require(member, Permission.IMPORT)
    with uploads.receiving() as incoming:
        handler = ToFolder(request, incoming, limit_bytes=settings.UPLOAD_LIMIT_BYTES)
        request.upload_handlers = [handler]
        _read_files(request)
        if handler.stopped_by:
            raise handler.stopped_by
        wished = HowToRead(source=how.source, encoding=how.encoding, delimiter=how.delimiter)
        return Status(201, _shown(uploads.keep_upload(incoming=incoming, member=member, how=wished)))


@router.get("/uploads/{uuid:uid}", response=UploadOut, summary="One upload: how far it is, and what an import would do")
@scoped(ApiScope.IMPORTS_READ)
def get_upload(request: HttpRequest, uid: UUID) -> UploadOut:
    return _shown(_upload(uid, acting(request)))


@router.patch("/uploads/{uuid:uid}", response=UploadOut, summary="Say how the files are to be read")
@scoped(ApiScope.IMPORTS_WRITE)
@transaction.atomic
def patch_upload(request: HttpRequest, uid: UUID, said: MappingIn, if_match: IfMatch) -> UploadOut:
    """They are examined again: poll the upload until it is `ready`."""
    member = acting(request)
    Upload.objects.select_for_update().get(pk=_upload(uid, member).pk)
    upload = _upload(uid, member)
    require_unchanged(request, _shown(upload), if_match)
    wishes = Wishes(
        columns=said.columns,
        content=said.content,
        date_order=said.date_order,
        decimal=said.decimal,
        currency=said.currency,
    )
    groups = {look.key: wishes for look in uploads.looks_of(upload)}
    how = HowToRead(source=said.source, encoding=said.encoding, delimiter=said.delimiter, groups=groups)
    uploads.read_as(upload=upload, how=how, member=member)
    uploads.examine_again(upload=upload, member=member)
    return _shown(_upload(uid, member))


@router.post("/uploads/{uuid:uid}/import", response={202: UploadOut}, summary="Import the files of an upload")
@scoped(ApiScope.IMPORTS_WRITE)
def import_upload(request: HttpRequest, uid: UUID) -> Status[UploadOut]:
    """A job does it, and computes the new figures: poll the upload until it is `done`; `made` is then the import."""
    member = acting(request)
    begin_import(upload=_upload(uid, member), member=member)
    return Status(202, _shown(_upload(uid, member)))


@router.delete("/uploads/{uuid:uid}", response={204: None}, summary="Throw the files of an upload away")
@scoped(ApiScope.IMPORTS_WRITE)
def delete_upload(request: HttpRequest, uid: UUID) -> Status[None]:
    """An import that was made of them stays."""
    member = acting(request)
    uploads.discard_upload(upload=_upload(uid, member), member=member)
    return Status(204, None)


def _read_files(request: HttpRequest) -> None:
    """Have the files of the request written to where its handler writes them."""
    try:
        len(request.FILES)  # only now the body is read
    except TooManyFilesSent:
        raise TooManyFiles(
            _("These are too many files at once."), _("Pack them into one .zip and send that.")
        ) from None
    except (MultiPartParserError, BadRequest, SuspiciousOperation):
        sentence = _("The files of the request cannot be read.")
        raise NotMultipart(sentence, _("Send them as multipart/form-data.")) from None


def _uploads(member: Member) -> QuerySet[Upload]:
    return uploads.visible_uploads(member).select_related("made")


def _upload(uid: UUID, member: Member) -> Upload:
    found = _uploads(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def _progress(upload: Upload) -> Progress:
    """The state; `failed` where the job was given up."""
    at_work = upload.state in (Upload.State.EXAMINING, Upload.State.IMPORTING)
    return "failed" if at_work and uploads.gave_up(upload.job_id) else cast("Progress", upload.state)


def _shown(upload: Upload) -> UploadOut:
    return UploadOut(
        uid=upload.uid,
        state=_progress(upload),
        files=[UploadedFileOut(**file) for file in upload.files],
        report=upload.report,
        refusal=RefusalOut.from_orm(upload.refusal) if upload.refusal else None,
        doing=upload.doing,
        share_done=upload.share_done,
        made=upload.made.uid if upload.made else None,
        created_at=upload.created_at,
    )
