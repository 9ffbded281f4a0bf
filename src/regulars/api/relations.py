"""Relations to an account: its people map, the parts of its people, what it spends in all, the signs that are told."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account
from regulars.api.fields import NO_NUL, MemberRef, member_ref
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.core.warmth import Relation
from regulars.facts import contact_parts, told_signs, wallet_estimates
from regulars.facts.contacts import visible_contacts
from regulars.facts.models import Contact, ContactPart, ToldSign, WalletEstimate
from regulars.insight.days import day_of_work
from regulars.plan.people_map import people_map
from regulars.plan.relation_sentences import gap_sentences, health

router = Router(tags=["plan"])

Words = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=NO_NUL), Field(examples=["text"])]


class RelationOut(Schema):
    """One of ours and one of theirs."""

    member: MemberRef | None
    warmth: str = Field(description="warm, cooling or cold.")
    talks: int
    last_days: int = Field(description="Days since they spoke last.")


class PersonOut(Schema):
    """One of theirs, and who of ours has ever spoken with that person."""

    contact: UUID
    name: str
    level: str
    part: str
    active: bool
    relations: list[RelationOut]


class PeopleMapOut(Schema):
    """Who knows whom."""

    health: str = Field(description="good, thin, endangered or unknown.")
    sentences: list[str]
    people: list[PersonOut]


class ContactPartIn(Schema):
    """The part a contact plays, and the birthday of one who agreed."""

    part: Literal["", "sponsor", "decision_maker", "champion", "critic"] = ""
    birth_month: int | None = None
    birth_day: int | None = None
    birthday_agreed_on: dt.date | None = Field(None, description="Without it a birthday is refused.")


class PartOut(ContactPartIn):
    """What is known of a contact."""

    contact: UUID


class WalletIn(Schema):
    """What the account spends a year on what we sell, with everyone; in units of the base currency."""

    yearly: Decimal = Field(gt=0, max_digits=14, decimal_places=2)
    source: Words
    estimated_on: dt.date | None = Field(None, description="Else today.")


class WalletOut(Schema):
    """An estimate; the newest that still holds is in force."""

    uid: UUID
    yearly_minor: int
    currency: str
    source: str
    estimated_on: dt.date
    member: MemberRef | None


class ToldSignIn(Schema):
    """A sign of a key account that no order shows, and why."""

    sign: Literal["reputation", "demanding", "innovator"]
    reason: Words


class ToldSignOut(ToldSignIn):
    """A sign that was told."""

    uid: UUID
    told_on: dt.date
    member: MemberRef | None


@router.get("/accounts/{uuid:uid}/people-map", response=PeopleMapOut, summary="Who of us knows whom there")
@scoped(ApiScope.ACCOUNTS_READ)
def get_people_map(request: HttpRequest, uid: UUID) -> PeopleMapOut:
    """From the interactions that were noted, by whom with whom."""
    found = people_map(visible_account(uid, acting(request)), on=_day())
    return PeopleMapOut(
        health=health(found),
        sentences=gap_sentences(found),
        people=[
            PersonOut(
                contact=row.contact.uid,
                name=row.contact.name,
                level=row.contact.level,
                part=row.part,
                active=row.contact.active,
                relations=[_relation(member, one) for member, one in zip(found.ours, row.cells, strict=True) if one],
            )
            for row in found.rows
        ],
    )


@router.post("/contacts/{uuid:uid}/part", response=PartOut, summary="Say what part a contact plays")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_part(request: HttpRequest, uid: UUID, part: ContactPartIn) -> PartOut:
    """All at once: what is not named is not known."""
    member = acting(request)
    contact = _contact(uid, member)
    return _part(contact, contact_parts.describe_part(contact=contact, member=member, **part.dict()))


@router.get("/accounts/{uuid:uid}/wallet-estimates", response=list[WalletOut], summary="What it spends in all")
@scoped(ApiScope.ACCOUNTS_READ)
def list_wallet_estimates(request: HttpRequest, uid: UUID) -> list[WalletOut]:
    return [_wallet(one) for one in wallet_estimates.estimates_of(visible_account(uid, acting(request)))[:100]]


@router.post("/accounts/{uuid:uid}/wallet-estimates", response={201: WalletOut}, summary="Estimate what it spends")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_wallet_estimate(request: HttpRequest, uid: UUID, wallet: WalletIn) -> Status[WalletOut]:
    member, on = acting(request), _day()
    made = wallet_estimates.estimate_wallet(
        account=visible_account(uid, member),
        yearly=wallet.yearly,
        source=wallet.source,
        estimated_on=wallet.estimated_on or on,
        on=on,
        member=member,
    )
    return Status(201, _wallet(made))


@router.get("/accounts/{uuid:uid}/told-signs", response=list[ToldSignOut], summary="Signs that somebody told of it")
@scoped(ApiScope.ACCOUNTS_READ)
def list_told_signs(request: HttpRequest, uid: UUID) -> list[ToldSignOut]:
    account = visible_account(uid, acting(request))
    return [_sign(one) for one in told_signs.standing_signs(accounts=[account.pk])]


@router.post("/accounts/{uuid:uid}/told-signs", response={201: ToldSignOut}, summary="Tell a sign of a key account")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_told_sign(request: HttpRequest, uid: UUID, told: ToldSignIn) -> Status[ToldSignOut]:
    member = acting(request)
    made = told_signs.tell_sign(
        account=visible_account(uid, member), sign=told.sign, reason=told.reason, on=_day(), member=member
    )
    return Status(201, _sign(made))


def _day() -> dt.date:
    return day_of_work(today(organisation()))


def _contact(uid: UUID, member: Member) -> Contact:
    found = visible_contacts(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def _relation(member: Member, one: Relation) -> RelationOut:
    return RelationOut(member=member_ref(member), warmth=one.warmth.value, talks=one.talks, last_days=one.last_days)


def _part(contact: Contact, one: ContactPart) -> PartOut:
    return PartOut(
        contact=contact.uid,
        part=one.part,  # type: ignore[arg-type]
        birth_month=one.birth_month,
        birth_day=one.birth_day,
        birthday_agreed_on=one.birthday_agreed_on,
    )


def _wallet(one: WalletEstimate) -> WalletOut:
    return WalletOut(
        uid=one.uid,
        yearly_minor=one.yearly_minor,
        currency=one.currency,
        source=one.source,
        estimated_on=one.estimated_on,
        member=member_ref(one.member),
    )


def _sign(one: ToldSign) -> ToldSignOut:
    return ToldSignOut(
        uid=one.uid,
        sign=one.sign,  # type: ignore[arg-type]
        reason=one.reason,
        told_on=one.told_on,
        member=member_ref(one.member),
    )
