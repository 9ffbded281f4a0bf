"""Kinds of fields, and short forms of records, that several routes share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Field, Schema
from pydantic import AfterValidator, AwareDatetime, StringConstraints

from regulars.base.models import Member
from regulars.facts.models import Account

NO_NUL = r"^[^\x00]*$"  # PostgreSQL keeps no NUL in a text

# The examples are for the page of the description, which else makes up texts that fit the pattern.
Text = Annotated[str, StringConstraints(max_length=300, pattern=NO_NUL), Field(examples=["text"])]
TagName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_NUL), Field(examples=["vip"])]
LongText = Annotated[str, StringConstraints(max_length=20_000, pattern=NO_NUL), Field(examples=["text"])]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no moment of the calendar") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment with its offset from UTC, as UTC: PostgreSQL takes no offset of 16 hours and more."""


class AccountRef(Schema):
    """An account, in short."""

    uid: UUID
    name: str


class MemberRef(Schema):
    """A member of ours, in short."""

    uid: UUID
    name: str


def account_ref(account: Account) -> AccountRef:
    return AccountRef(uid=account.uid, name=account.name)


def member_ref(member: Member | None) -> MemberRef | None:
    return MemberRef(uid=member.uid, name=member.name) if member else None


def said(changes: Schema) -> dict[str, Any]:
    """The fields that a request names; null empties a text."""
    return {name: "" if value is None else value for name, value in changes.dict(exclude_unset=True).items()}
