"""Interactions: calls, visits, mails, meetings and notes."""

from __future__ import annotations

import datetime as dt
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import ProtectedError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from regulars.api.bearer import acting, scoped
from regulars.api.changes import IfMatch, require_unchanged
from regulars.api.facts.accounts import visible_account
from regulars.api.facts.contacts import visible_contact
from regulars.api.fields import AccountRef, LongText, MemberRef, Text, account_ref, member_ref, said
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.tokens import ApiScope
from regulars.facts.interactions import (
    WrongInteraction,
    change_interaction,
    record_interaction,
    visible_interactions,
    withdraw_interaction,
)
from regulars.facts.models import Interaction

router = Router(tags=["interactions"])

Kind = Literal["call", "visit", "mail", "meeting", "note"]


class InteractionFilter(ChangesIn):
    """Which interactions."""

    account: UUID | None = Field(None, description="uid of their account.")
    since: dt.date | None = Field(None, description="Not before this business date.")


class InteractionIn(Schema):
    """What may be said about an interaction."""

    kind: Kind | None = None
    on: dt.date | None = Field(None, description="Business date.")
    text: LongText | None = None
    outcome: Text | None = None


class NewInteractionIn(InteractionIn):
    """A new interaction is of a kind, on a date, with an account."""

    account: UUID
    kind: Kind
    on: dt.date
    contacts: list[UUID] = Field([], max_length=100, description="uids of contacts of the account.")


class InteractionOut(Schema):
    """Who of ours spoke with whom, when, about what."""

    uid: UUID
    account: AccountRef
    kind: str
    on: dt.date
    member: MemberRef | None
    contacts: list[UUID]
    text: str
    outcome: str


@router.get("/interactions", response=Page[InteractionOut], summary="Interactions with the member's accounts")
@scoped(ApiScope.ACCOUNTS_READ)
def list_interactions(request: HttpRequest, page: Query[InteractionFilter]) -> Page[InteractionOut]:
    interactions = visible_interactions(acting(request)).select_related("account", "member")
    if page.account is not None:
        interactions = interactions.filter(account=visible_account(page.account, acting(request)))
    if page.since is not None:
        interactions = interactions.filter(on__gte=page.since)
    found, following = page_of(interactions.prefetch_related("contacts"), page)
    return Page[InteractionOut](items=[shown_interaction(one) for one in found], next=following)


@router.post("/interactions", response={201: InteractionOut}, summary="Record an interaction")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_interaction(request: HttpRequest, interaction: NewInteractionIn) -> Status[InteractionOut]:
    member = acting(request)
    made = record_interaction(
        account=visible_account(interaction.account, member),
        kind=interaction.kind,
        on=interaction.on,
        member=member,
        text=interaction.text or "",
        outcome=interaction.outcome or "",
        contacts=[visible_contact(uid, member) for uid in interaction.contacts],
    )
    return Status(201, shown_interaction(made))


@router.get("/interactions/{uuid:uid}", response=InteractionOut, summary="One interaction")
@scoped(ApiScope.ACCOUNTS_READ)
def get_interaction(request: HttpRequest, uid: UUID) -> InteractionOut:
    return shown_interaction(_visible(uid, acting(request)))


@router.patch("/interactions/{uuid:uid}", response=InteractionOut, summary="Correct an interaction")
@scoped(ApiScope.ACCOUNTS_WRITE)
@transaction.atomic
def patch_interaction(request: HttpRequest, uid: UUID, interaction: InteractionIn, if_match: IfMatch) -> InteractionOut:
    member = acting(request)
    found = _unchanged(uid, request, if_match)
    fields = {name: value for name, value in said(interaction).items() if value or name in {"text", "outcome"}}
    return shown_interaction(change_interaction(interaction=found, member=member, **fields))


@router.delete("/interactions/{uuid:uid}", response={204: None}, summary="Withdraw an interaction")
@scoped(ApiScope.ACCOUNTS_WRITE)
@transaction.atomic
def delete_interaction(request: HttpRequest, uid: UUID, if_match: IfMatch) -> Status[None]:
    """What was recorded by mistake; the audit trail keeps what it said."""
    member = acting(request)
    found = _unchanged(uid, request, if_match)
    try:
        withdraw_interaction(interaction=found, member=member)
    except ProtectedError:
        raise WrongInteraction(
            _("This was recorded when an action was done."), _("Reopen the action: that withdraws it.")
        ) from None
    return Status(204, None)


def _visible(uid: UUID, member: Member) -> Interaction:
    found = visible_interactions(member).select_related("account", "member").filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def _unchanged(uid: UUID, request: HttpRequest, if_match: str | None) -> Interaction:
    """The interaction, locked, if it is still as the caller read it."""
    found = Interaction.objects.select_for_update(of=("self",)).select_related("account", "member")
    locked = found.get(pk=_visible(uid, acting(request)).pk)
    require_unchanged(request, shown_interaction(locked), if_match)
    return locked


def shown_interaction(interaction: Interaction) -> InteractionOut:
    return InteractionOut(
        uid=interaction.uid,
        account=account_ref(interaction.account),
        kind=interaction.kind,
        on=interaction.on,
        member=member_ref(interaction.member),
        contacts=[contact.uid for contact in interaction.contacts.all()],
        text=interaction.text,
        outcome=interaction.outcome,
    )
