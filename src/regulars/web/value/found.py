"""A record by its uid among those that the member may see; what is absent and what is foreign answer alike."""

from __future__ import annotations

import uuid
from typing import TypeVar

from django.db.models import QuerySet
from django.http import Http404

from regulars.base.models import Record

Found = TypeVar("Found", bound=Record)


def found_or_absent(seen: QuerySet[Found], uid: uuid.UUID) -> Found:
    """The one with this uid, or "not found"."""
    found = seen.filter(uid=uid).first()
    if found is None:
        raise Http404
    return found
