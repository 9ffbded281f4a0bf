"""Lists by the page: `?limit=50&after=<uid>`, oldest first; `next` is the `after` of the following page.

Ids are UUIDv7, which sort by the time of making, so records made meanwhile come last and none is left out or repeated.
"""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from ninja import Field, Schema

from regulars.api.fields import Moment

M = TypeVar("M", bound=Model)
T = TypeVar("T")


class PageIn(Schema):
    """Which part of a list."""

    after: UUID | None = Field(None, description="Only what follows this uid: `next` of the page before.")
    limit: Annotated[int, Field(50, ge=1, le=200, description="At most so many.")]


class ChangesIn(PageIn):
    """Which part of a list, and since when."""

    updated_since: Moment | None = Field(
        None,
        description="Only what was made or changed at this moment or later, with its offset from UTC. To stay in step, "
        "ask with the moment at which you began to ask the time before.",
    )


class Page(Schema, Generic[T]):
    """A part of a list."""

    items: list[T]
    next: UUID | None = Field(description="`after` of the following page; null on the last one.")


def page_of(
    records: QuerySet[M], asked: PageIn, *, by: str = "uid", parts: tuple[str, ...] = ()
) -> tuple[list[M], UUID | None]:
    """The records of one page and the `after` of the next one. `by` is the path of the uid that pages count by.

    `parts` are the relations to records that are shown as parts of these: a change of one is a change of the whole.
    """
    if isinstance(asked, ChangesIn) and asked.updated_since is not None:
        since = asked.updated_since
        changed = Q(updated_at__gte=since)
        for part in parts:
            of_part = records.model._default_manager.filter(**{f"{part}__updated_at__gte": since}).order_by()
            changed |= Q(pk__in=of_part.values("pk"))
        records = records.filter(changed)
    if asked.after is not None:
        records = records.filter(**{f"{by}__gt": asked.after})
    found = list(records.order_by(by)[: asked.limit + 1])
    if len(found) <= asked.limit:
        return found, None
    last: object = found[asked.limit - 1]
    for name in by.split("__"):
        last = getattr(last, name)
    assert isinstance(last, UUID)
    return found[: asked.limit], last
