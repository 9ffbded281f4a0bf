"""Dossiers: what is known of an account and its people, with source and day, and what to ask next."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account
from regulars.api.facts.contacts import visible_contact
from regulars.api.fields import NO_NUL, AccountRef, MemberRef, account_ref, member_ref
from regulars.api.paging import Page, PageIn, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.facts.accounts import of_account
from regulars.insight.days import day_of_work
from regulars.plan import dossier
from regulars.plan.dossier_known import Known, Missing, Subject, dossier_of
from regulars.plan.models import DossierFact

router = Router(tags=["plan"])

Words = Annotated[
    str, StringConstraints(min_length=1, max_length=dossier.LONGEST_TEXT, pattern=NO_NUL), Field(examples=["text"])
]
Origin = Annotated[
    str, StringConstraints(min_length=1, max_length=dossier.LONGEST_SOURCE, pattern=NO_NUL), Field(examples=["visit"])
]
TopicKey = Annotated[str, StringConstraints(max_length=24, pattern=NO_NUL), Field(examples=["history"])]


class FactFilter(PageIn):
    """Which facts."""

    account: UUID | None = Field(None, description="uid of their account.")
    contact: UUID | None = Field(None, description="uid of the person they are about: all that is kept of it.")
    topic: TopicKey | None = None
    standing: bool = Field(False, description="Only those that are held to be true.")
    expired_until: dt.date | None = Field(None, description="To be asked again on this day at the latest.")


class NewFactIn(Schema):
    """What is known of an account, or of a person there."""

    account: UUID
    contact: UUID | None = Field(None, description="uid of the person that it is about; else the firm.")
    topic: TopicKey
    text: Words
    source: Origin
    known_on: dt.date
    expires_on: dt.date | None = Field(None, description="When to ask again; else as is usual for the topic.")
    stays: bool = Field(False, description="It stays true: nobody needs to ask again.")
    confidential: bool = False


class FactSourceIn(Schema):
    """How we know that it is still true."""

    source: Origin


class DossierFactOut(Schema):
    """One thing that is known, as somebody noted it."""

    uid: UUID
    account: AccountRef
    contact: UUID | None
    topic: str
    text: str
    source: str
    on: dt.date
    expires_on: dt.date | None
    confidential: bool
    member: MemberRef | None
    ended_on: dt.date | None
    taken_back: bool


class DossierItemOut(Schema):
    """One thing that is known. Without `fact` Regulars keeps it elsewhere: customer record, people map, reviews."""

    text: str
    source: str
    on: dt.date
    expires_on: dt.date | None
    confidential: bool
    fact: UUID | None


class DossierTopicOut(Schema):
    """A topic and what is known of it."""

    topic: str
    label: str
    weight: int
    known: bool
    expired: bool
    items: list[DossierItemOut]


class DossierSubjectOut(Schema):
    """The firm, or a person there."""

    contact: UUID | None
    name: str
    share: float
    last_talk: dt.date | None
    topics: list[DossierTopicOut]


class DossierMissingOut(Schema):
    """What is not known, or no longer."""

    topic: str
    contact: UUID | None
    question: str
    asks: MemberRef | None
    expired: bool


class DossierOut(Schema):
    """All that is known, and what to ask next, the weightiest first."""

    account: AccountRef
    on: dt.date
    share: float = Field(
        description="Completeness from 0 to 1: half the firm, half its people, by weight of the topics."
    )
    firm: DossierSubjectOut
    people: list[DossierSubjectOut]
    missing: list[DossierMissingOut]


@router.get("/accounts/{uuid:uid}/dossier", response=DossierOut, summary="All that is known of an account")
@scoped(ApiScope.ACCOUNTS_READ)
def get_dossier(request: HttpRequest, uid: UUID) -> DossierOut:
    """What the member of the token may know; confidential facts only for who may see them."""
    member = acting(request)
    found = dossier_of(visible_account(uid, member), on=_day(), member=member)
    return DossierOut(
        account=account_ref(found.account),
        on=found.on,
        share=found.share,
        firm=_subject(found.firm),
        people=[_subject(one) for one in (*found.people, *found.gone)],
        missing=[_missing(one) for one in found.missing],
    )


@router.get("/dossier-facts", response=Page[DossierFactOut], summary="Facts on the member's accounts")
@scoped(ApiScope.ACCOUNTS_READ)
def list_dossier_facts(request: HttpRequest, page: Query[FactFilter]) -> Page[DossierFactOut]:
    member = acting(request)
    found = _facts(member)
    if page.account is not None:
        found = found.filter(of_account(visible_account(page.account, member)))
    if page.contact is not None:
        found = found.filter(contact=visible_contact(page.contact, member))
    if page.topic is not None:
        found = found.filter(topic=page.topic)
    if page.standing:
        found = found.filter(dossier.STANDING)
    if page.expired_until is not None:
        found = found.filter(dossier.STANDING, expires_on__lte=page.expired_until)
    items, following = page_of(found, page)
    return Page[DossierFactOut](items=[shown_fact(one) for one in items], next=following)


@router.post("/dossier-facts", response={201: DossierFactOut}, summary="Note a fact")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_dossier_fact(request: HttpRequest, fact: NewFactIn) -> Status[DossierFactOut]:
    """With its source and the day since which it is known; the topics are those of the dossier."""
    member = acting(request)
    said = fact.dict(exclude={"account", "contact"})
    made = dossier.note_fact(
        account=visible_account(fact.account, member),
        contact=visible_contact(fact.contact, member) if fact.contact else None,
        on=_day(),
        member=member,
        **said,
    )
    return Status(201, shown_fact(made))


@router.get("/dossier-facts/{uuid:uid}", response=DossierFactOut, summary="One fact")
@scoped(ApiScope.ACCOUNTS_READ)
def get_dossier_fact(request: HttpRequest, uid: UUID) -> DossierFactOut:
    return shown_fact(_visible(uid, acting(request)))


@router.post("/dossier-facts/{uuid:uid}/confirm", response=DossierFactOut, summary="Say that it is still true")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_confirm_fact(request: HttpRequest, uid: UUID, how: FactSourceIn) -> DossierFactOut:
    member = acting(request)
    fact = _visible(uid, member)
    return shown_fact(dossier.confirm_fact(fact=fact, source=how.source, on=_day(), member=member))


@router.post("/dossier-facts/{uuid:uid}/end", response=DossierFactOut, summary="Say that it is true no longer")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_end_fact(request: HttpRequest, uid: UUID) -> DossierFactOut:
    member = acting(request)
    return shown_fact(dossier.end_fact(fact=_visible(uid, member), on=_day(), member=member))


@router.post("/dossier-facts/{uuid:uid}/take-back", response=DossierFactOut, summary="Say that it was a mistake")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_take_back_fact(request: HttpRequest, uid: UUID) -> DossierFactOut:
    """Also when the person does not want it kept: it is shown nowhere any more."""
    member = acting(request)
    return shown_fact(dossier.take_back_fact(fact=_visible(uid, member), member=member))


@router.post("/dossier-facts/{uuid:uid}/restore", response=DossierFactOut, summary="Put it back")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_restore_fact(request: HttpRequest, uid: UUID) -> DossierFactOut:
    member = acting(request)
    return shown_fact(dossier.restore_fact(fact=_visible(uid, member), member=member))


def _day() -> dt.date:
    return day_of_work(today(organisation()))


def _facts(member: Member) -> QuerySet[DossierFact]:
    seen = dossier.visible_facts(member).order_by("-pk")
    return seen.select_related("account__merged_into", "contact", "member")


def _visible(uid: UUID, member: Member) -> DossierFact:
    found = _facts(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def shown_fact(fact: DossierFact) -> DossierFactOut:
    return DossierFactOut(
        uid=fact.uid,
        account=account_ref(fact.account.merged_into or fact.account),
        contact=fact.contact.uid if fact.contact else None,
        topic=fact.topic,
        text=fact.text,
        source=fact.source,
        on=fact.on,
        expires_on=fact.expires_on,
        confidential=fact.confidential,
        member=member_ref(fact.member) if fact.member else None,
        ended_on=fact.ended_on,
        taken_back=fact.withdrawn_at is not None,
    )


def _subject(subject: Subject) -> DossierSubjectOut:
    return DossierSubjectOut(
        contact=subject.contact.uid if subject.contact else None,
        name=subject.name,
        share=subject.share,
        last_talk=subject.last_talk,
        topics=[_topic(one) for one in subject.topics],
    )


def _topic(known: Known) -> DossierTopicOut:
    return DossierTopicOut(
        topic=known.topic.key,
        label=str(known.topic.label),
        weight=known.topic.weight,
        known=known.is_known,
        expired=known.has_expired,
        items=[
            DossierItemOut(
                text=one.text,
                source=one.source,
                on=one.on,
                expires_on=one.expires_on,
                confidential=one.confidential,
                fact=one.fact.uid if one.fact else None,
            )
            for one in known.items
        ],
    )


def _missing(missing: Missing) -> DossierMissingOut:
    return DossierMissingOut(
        topic=missing.topic.key,
        contact=missing.contact.uid if missing.contact else None,
        question=missing.question,
        asks=member_ref(missing.asks) if missing.asks else None,
        expired=missing.expired,
    )
