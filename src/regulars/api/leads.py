"""Leads: sent by web sites, fairs and other programs, worked on, won; and what recommendations brought."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.changes import IfMatch, require_unchanged
from regulars.api.facts.accounts import visible_account, visible_member
from regulars.api.fields import NO_NUL, AccountRef, LongText, MemberRef, Text, account_ref, member_ref, said
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.facts import leads
from regulars.facts.lead_criteria import criteria, questions
from regulars.facts.lead_routes import possible_owners, why_there
from regulars.facts.models import Lead
from regulars.insight.lead_flow import revenue_of
from regulars.plan import referrals
from regulars.plan.issue_rules import moment_of_work
from regulars.plan.leads import Given, win_lead
from regulars.plan.models import Referral

router = Router(tags=["leads"])

Name = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=NO_NUL), Field(examples=["Alpine Gifts"])]
Short = Annotated[str, StringConstraints(max_length=50, pattern=NO_NUL), Field(examples=["text"])]
Middle = Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL), Field(examples=["text"])]
Email = Annotated[str, StringConstraints(max_length=254, pattern=NO_NUL), Field(examples=["eva@example.com"])]
Words = Annotated[str, StringConstraints(max_length=leads.LONGEST_REASON, pattern=NO_NUL), Field(examples=["text"])]
State = Literal["new", "qualified", "contacted", "won", "lost", "unqualified"]
Language = Annotated[str, StringConstraints(max_length=8, pattern=NO_NUL), Field(examples=["en"])]


class LeadFilter(ChangesIn):
    """Which leads."""

    state: State | None = None
    open: bool = Field(False, description="Only those with whom somebody is to do something.")
    unanswered: bool = Field(False, description="Only those to whom nobody has spoken yet.")
    came_since: dt.date | None = Field(None, description="Came on this day or later.")


class LeadFieldsIn(Schema):
    """What is known of a lead; of `answers` the question of the firm, and the answer."""

    name: Name | None = Field(None, description="Firm; without it, `person` is a private person.")
    kind: Literal["firm", "person"] | None = None
    person: Text | None = None
    role: Middle | None = None
    email: Email | None = None
    phone: Short | None = None
    city: Middle | None = None
    country: Middle | None = None
    language: Language | None = None
    trade: Middle | None = None
    size: Short | None = None
    wishes: LongText | None = None
    said_source: Middle | None = Field(None, description="Campaign, fair or list.")
    answers: dict[Middle, Middle] | None = Field(
        None, description="By the name of the criterion.", examples=[{"Soon": "This month"}]
    )


class NewLeadIn(LeadFieldsIn):
    """A lead. Sent again with the same `system` and `external_id` it is the same lead, and nothing is changed."""

    system: Annotated[str, StringConstraints(max_length=64, pattern=NO_NUL)] = Field(
        "api", description="The program that it comes from.", examples=["web shop"]
    )
    external_id: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)] | None = Field(
        None, description="Its id there.", examples=["4711"]
    )
    owner: UUID | None = Field(None, description="uid of who gets it; else the rules decide.")


class TakenOut(Schema):
    """The lead that it is now; not `new`: it was known."""

    uid: UUID
    new: bool


class SaidIn(Schema):
    """In words."""

    said: Words = ""


class NoteIn(Schema):
    """Something to keep in mind."""

    said: Annotated[str, StringConstraints(min_length=1, max_length=leads.LONGEST_WORDS, pattern=NO_NUL)]


class RejectIn(SaidIn):
    """Why it does not fit."""

    reason: Literal["criteria", "spam", "customer", "unreachable", "other"]


class LoseIn(SaidIn):
    """Why it became nothing."""

    reason: Literal["price", "competitor", "timing", "no_need", "unreachable", "other"]


class AssignLeadIn(SaidIn):
    """To whom it goes; null: to nobody."""

    owner: UUID | None


class GivenIn(Schema):
    """What was promised to win it."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)]
    due_on: dt.date


class WonLeadIn(Schema):
    """What goes along when it becomes a customer."""

    account: UUID | None = Field(None, description="uid of the customer that it is already; else a new one is made.")
    hand_over: bool = Field(True, description="Open a hand-over to who looks after the customer from now on.")
    receiver: UUID | None = Field(None, description="uid of who that is; may be chosen later.")
    work: LongText = ""
    cares_about: LongText = ""
    promises: list[GivenIn] = Field(default=[], max_length=10)


class LeadStepOut(Schema):
    """What happened to a lead."""

    kind: str
    at: dt.datetime
    said: str
    member: MemberRef | None
    to_member: MemberRef | None
    taken_back: bool


class LeadOut(Schema):
    """Somebody who may become a customer."""

    uid: UUID
    name: str
    kind: str
    person: str
    role: str
    email: str
    phone: str
    city: str
    country: str
    language: str
    trade: str
    size: str
    wishes: str
    channel: str
    said_source: str
    system: str
    external_id: str | None
    state: str
    fit: str
    points: int | None
    owner: MemberRef | None
    why_there: str
    came_at: dt.datetime
    answered_at: dt.datetime | None
    qualified_at: dt.datetime | None
    closed_at: dt.datetime | None
    reason: str
    reason_said: str
    account: AccountRef | None


class LeadWithStepsOut(LeadOut):
    """With all that happened to it, oldest first."""

    steps: list[LeadStepOut]


class ReferralOut(Schema):
    """A lead that a customer brought."""

    uid: UUID
    account: AccountRef
    lead: UUID
    lead_name: str
    lead_state: str
    on: dt.date
    may_name: bool
    thanked_on: dt.date | None
    thanks: str
    revenue: float = Field(description="What the customer that it became has bought since, base currency.")


class ThanksIn(Schema):
    """How you said thank you."""

    how: Annotated[str, StringConstraints(min_length=1, max_length=referrals.LONGEST_THANKS, pattern=NO_NUL)]


@router.get("/leads", response=Page[LeadOut], summary="Leads that the member may see")
@scoped(ApiScope.ACCOUNTS_READ)
def list_leads(request: HttpRequest, page: Query[LeadFilter]) -> Page[LeadOut]:
    found = leads_of(acting(request))
    if page.state is not None:
        found = found.filter(state=page.state)
    if page.open:
        found = found.filter(state__in=Lead.OPEN)
    if page.unanswered:
        found = leads.unanswered(found)
    if page.came_since is not None:
        found = found.filter(came_at__date__gte=page.came_since)
    items, following = page_of(found, page, parts=("steps",))
    return Page[LeadOut](items=[LeadOut(**_shown(one)) for one in items], next=following)


@router.post("/leads", response={200: TakenOut, 201: TakenOut}, summary="Send a lead")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_lead(request: HttpRequest, lead: NewLeadIn) -> Status[TakenOut]:
    """It is judged by the criteria and goes to who sells. 200: it was known; an open one has asked again."""
    member = acting(request)
    taken = leads.take_lead(
        origin=leads.Origin(
            channel=Lead.Channel.API,
            system=lead.system if lead.external_id else "",
            external_id=lead.external_id,
        ),
        at=moment_of_work(),
        member=member,
        owner=visible_member(lead.owner, member) if lead.owner else None,
        **_fields(lead, leave=("system", "external_id", "owner")),
    )
    return Status(201 if taken.new else 200, TakenOut(uid=taken.lead.uid, new=taken.new))


@router.get("/leads/{uuid:uid}", response=LeadWithStepsOut, summary="One lead")
@scoped(ApiScope.ACCOUNTS_READ)
def get_lead(request: HttpRequest, uid: UUID) -> LeadWithStepsOut:
    return shown_lead(_visible(uid, acting(request)))


@router.patch("/leads/{uuid:uid}", response=LeadWithStepsOut, summary="Correct what is known of a lead")
@scoped(ApiScope.ACCOUNTS_WRITE)
@transaction.atomic
def patch_lead(request: HttpRequest, uid: UUID, lead: LeadFieldsIn, if_match: IfMatch) -> LeadWithStepsOut:
    """It is judged anew."""
    member = acting(request)
    Lead.objects.select_for_update().get(pk=_visible(uid, member).pk)
    found = _visible(uid, member)
    require_unchanged(request, shown_lead(found), if_match)
    leads.change_lead(lead=found, at=moment_of_work(), member=member, **_fields(lead))
    return shown_lead(_visible(uid, member))


@router.post("/leads/{uuid:uid}/contacted", response=LeadWithStepsOut, summary="Say that somebody got in touch")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_contacted(request: HttpRequest, uid: UUID, words: SaidIn) -> LeadWithStepsOut:
    member = acting(request)
    found = _visible(uid, member)
    return shown_lead(leads.contact_lead(lead=found, at=moment_of_work(), member=member, said=words.said))


@router.post("/leads/{uuid:uid}/qualify", response=LeadWithStepsOut, summary="Say that it fits")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_qualify(request: HttpRequest, uid: UUID, words: SaidIn) -> LeadWithStepsOut:
    member = acting(request)
    found = _visible(uid, member)
    return shown_lead(leads.qualify_lead(lead=found, at=moment_of_work(), member=member, said=words.said))


@router.post("/leads/{uuid:uid}/notes", response=LeadWithStepsOut, summary="Note something")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_lead_note(request: HttpRequest, uid: UUID, note: NoteIn) -> LeadWithStepsOut:
    member = acting(request)
    found = _visible(uid, member)
    return shown_lead(leads.note_on_lead(lead=found, at=moment_of_work(), member=member, said=note.said))


@router.post("/leads/{uuid:uid}/reject", response=LeadWithStepsOut, summary="Say that it does not fit")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_reject(request: HttpRequest, uid: UUID, why: RejectIn) -> LeadWithStepsOut:
    member = acting(request)
    found = _visible(uid, member)
    at = moment_of_work()
    return shown_lead(leads.reject_lead(lead=found, at=at, member=member, reason=why.reason, said=why.said))


@router.post("/leads/{uuid:uid}/lose", response=LeadWithStepsOut, summary="Say that it became nothing")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_lose(request: HttpRequest, uid: UUID, why: LoseIn) -> LeadWithStepsOut:
    member = acting(request)
    found = _visible(uid, member)
    at = moment_of_work()
    return shown_lead(leads.lose_lead(lead=found, at=at, member=member, reason=why.reason, said=why.said))


@router.post("/leads/{uuid:uid}/reopen", response=LeadWithStepsOut, summary="Take it up again")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_reopen_lead(request: HttpRequest, uid: UUID) -> LeadWithStepsOut:
    member = acting(request)
    return shown_lead(leads.reopen_lead(lead=_visible(uid, member), at=moment_of_work(), member=member))


@router.post("/leads/{uuid:uid}/assign", response=TakenOut, summary="Give it to somebody")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_assign(request: HttpRequest, uid: UUID, to: AssignLeadIn) -> TakenOut:
    """Who may not give leads to others may take one that is nobody's, or leave an own one."""
    member = acting(request)
    owner = possible_owners().filter(uid=to.owner).first() if to.owner else None
    found = _visible(uid, member)
    if to.owner and owner is None:
        raise not_found()
    given = leads.assign_lead(lead=found, owner=owner, at=moment_of_work(), member=member, said=to.said)
    return TakenOut(uid=given.uid, new=False)


@router.post("/leads/{uuid:uid}/win", response=LeadWithStepsOut, summary="Make it a customer")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_win(request: HttpRequest, uid: UUID, won: WonLeadIn) -> LeadWithStepsOut:
    """Account, contact and promises are made, and a hand-over is opened."""
    member = acting(request)
    found = _visible(uid, member)
    done = win_lead(
        lead=found,
        at=moment_of_work(),
        member=member,
        account=visible_account(won.account, member) if won.account else None,
        hand_over=won.hand_over,
        receiver=visible_member(won.receiver, member) if won.receiver else None,
        work=won.work,
        cares_about=won.cares_about,
        promises=[Given(text=one.text, due_on=one.due_on) for one in won.promises],
    )
    return shown_lead(done.lead)


@router.get("/referrals", response=Page[ReferralOut], summary="What recommendations brought")
@scoped(ApiScope.ACCOUNTS_READ)
def list_referrals(request: HttpRequest, page: Query[ChangesIn]) -> Page[ReferralOut]:
    items, following = page_of(referrals_of(acting(request)), page)
    revenue = revenue_of(one.lead for one in items)
    return Page[ReferralOut](items=[shown_referral(one, revenue) for one in items], next=following)


@router.post("/referrals/{uuid:uid}/thank", response=ReferralOut, summary="Say that they were thanked")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_thank(request: HttpRequest, uid: UUID, thanks: ThanksIn) -> ReferralOut:
    member = acting(request)
    found = referrals_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    referrals.thank(referral=found, on=today(organisation(), moment_of_work()), member=member, how=thanks.how)
    done = referrals_of(member).get(pk=found.pk)
    return shown_referral(done, revenue_of([done.lead]))


def _fields(given: LeadFieldsIn, *, leave: tuple[str, ...] = ()) -> Any:
    named = {name: value for name, value in said(given).items() if name not in leave}
    if "answers" in named:
        asked = {one.name.casefold(): str(one.uid) for one in questions(criteria())}
        answers = (named["answers"] or {}).items()
        named["answers"] = {asked[name.casefold()]: one for name, one in answers if name.casefold() in asked}
    return named


def leads_of(member: Member) -> QuerySet[Lead]:
    """The leads that the member may see, with what is shown of them."""
    return leads.visible_leads(member).order_by("-pk").select_related("owner", "account__merged_into")


def _visible(uid: UUID, member: Member) -> Lead:
    found = leads_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def referrals_of(member: Member) -> QuerySet[Referral]:
    """What the accounts that the member may see brought, with what is shown of it."""
    seen = referrals.visible_referrals(member).order_by("-pk")
    return seen.select_related("account__merged_into", "lead")


def _shown(one: Lead) -> dict[str, Any]:
    account = one.account and (one.account.merged_into or one.account)
    names = LeadOut.model_fields.keys() - {"owner", "why_there", "account"}
    return {name: getattr(one, name) for name in names} | {
        "owner": member_ref(one.owner),
        "why_there": why_there(one),
        "account": account_ref(account) if account else None,
    }


def shown_lead(one: Lead) -> LeadWithStepsOut:
    steps = one.steps.select_related("member", "to_member").order_by("pk")
    return LeadWithStepsOut(
        **_shown(one),
        steps=[
            LeadStepOut(
                kind=step.kind,
                at=step.at,
                said=step.said,
                member=member_ref(step.member),
                to_member=member_ref(step.to_member),
                taken_back=step.taken_back_at is not None,
            )
            for step in steps
        ],
    )


def shown_referral(one: Referral, revenue: dict[int, float]) -> ReferralOut:
    return ReferralOut(
        uid=one.uid,
        account=account_ref(referrals.home_of(one)),
        lead=one.lead.uid,
        lead_name=one.lead.name,
        lead_state=one.lead.state,
        on=one.on,
        may_name=one.may_name,
        thanked_on=one.thanked_on,
        thanks=one.thanks,
        revenue=revenue.get(one.lead_id, 0.0),
    )
