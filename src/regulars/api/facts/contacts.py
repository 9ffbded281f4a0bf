"""Contacts: the people at the accounts."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from regulars.api.bearer import acting, scoped
from regulars.api.changes import IfMatch, require_unchanged
from regulars.api.facts.accounts import visible_account
from regulars.api.fields import AccountRef, Text, account_ref, said
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.tokens import ApiScope
from regulars.facts.contacts import change_contact, create_contact, visible_contacts
from regulars.facts.models import Contact

router = Router(tags=["contacts"])


class ContactFilter(ChangesIn):
    """Which contacts."""

    account: UUID | None = Field(None, description="uid of their account.")


class ContactIn(Schema):
    """What may be said about a contact."""

    name: Text | None = None
    role: Text | None = None
    level: Literal["", "owner", "executive", "middle", "daily_user", "finance"] | None = None
    language: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    mobile: Text | None = None
    channel: Text | None = None


class NewContactIn(ContactIn):
    """A new contact has a name and belongs to an account."""

    account: UUID
    name: Text


class ContactOut(Schema):
    """A person at an account."""

    uid: UUID
    account: AccountRef
    name: str
    role: str
    level: str
    language: str
    email: str
    phone: str
    mobile: str
    channel: str
    made_up: bool


@router.get("/contacts", response=Page[ContactOut], summary="Contacts at the accounts that the member may see")
@scoped(ApiScope.ACCOUNTS_READ)
def list_contacts(request: HttpRequest, page: Query[ContactFilter]) -> Page[ContactOut]:
    contacts = visible_contacts(acting(request)).select_related("account")
    if page.account is not None:
        contacts = contacts.filter(account=visible_account(page.account, acting(request)))
    found, following = page_of(contacts, page)
    return Page[ContactOut](items=[shown_contact(contact) for contact in found], next=following)


@router.post("/contacts", response={201: ContactOut}, summary="Make a contact")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_contact(request: HttpRequest, contact: NewContactIn) -> Status[ContactOut]:
    member = acting(request)
    fields = said(contact)
    account = visible_account(fields.pop("account"), member)
    return Status(201, shown_contact(create_contact(account=account, member=member, **fields)))


@router.get("/contacts/{uuid:uid}", response=ContactOut, summary="One contact")
@scoped(ApiScope.ACCOUNTS_READ)
def get_contact(request: HttpRequest, uid: UUID) -> ContactOut:
    return shown_contact(visible_contact(uid, acting(request)))


@router.patch("/contacts/{uuid:uid}", response=ContactOut, summary="Change a contact")
@scoped(ApiScope.ACCOUNTS_WRITE)
@transaction.atomic
def patch_contact(request: HttpRequest, uid: UUID, contact: ContactIn, if_match: IfMatch) -> ContactOut:
    member = acting(request)
    found = Contact.objects.select_for_update(of=("self",)).select_related("account")
    locked = found.get(pk=visible_contact(uid, member).pk)
    require_unchanged(request, shown_contact(locked), if_match)
    return shown_contact(change_contact(contact=locked, member=member, **said(contact)))


def visible_contact(uid: UUID, member: Member) -> Contact:
    """The contact, if the member may see its account."""
    found = visible_contacts(member).select_related("account").filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def shown_contact(contact: Contact) -> ContactOut:
    return ContactOut(
        uid=contact.uid,
        account=account_ref(contact.account),
        name=contact.name,
        role=contact.role,
        level=contact.level,
        language=contact.language,
        email=contact.email,
        phone=contact.phone,
        mobile=contact.mobile,
        channel=contact.channel,
        made_up=contact.generated,
    )
