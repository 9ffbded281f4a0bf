"""`If-Match`: a change is made only if the record is still as the caller read it."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from ninja import Header, Schema
from ninja.renderers import JSONRenderer

from regulars.api.problems import ChangedMeanwhile

IfMatch = Annotated[
    str | None,
    Header(
        None,
        alias="If-Match",
        max_length=1000,
        description="The ETag of the record as it was read: a record that was changed since stays as it is (412).",
    ),
]


def etag_of(content: bytes) -> str:
    """The ETag of the content of an answer."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def require_unchanged(request: HttpRequest, shown: Schema, if_match: str | None) -> None:
    """Go on only if `shown`, the record as a read would answer now, is what the caller read. Without the header: go on.

    Call it in the transaction of the change, after the record was locked.
    """
    if if_match is None:
        return
    content: Any = JSONRenderer().render(request, shown.model_dump(), response_status=200)
    named = parse_etags(if_match)
    if "*" not in named and etag_of(content.encode()) not in named:
        raise ChangedMeanwhile(
            _("Somebody changed this record since you read it."), _("Read it again, then repeat your change.")
        )
