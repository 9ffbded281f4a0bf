"""Value: joint projects, what customers value, what they say we are worth to them, and pitches."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account
from regulars.api.fields import NO_NUL, AccountRef, MemberRef, account_ref, member_ref
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.facts.accounts import of_account
from regulars.facts.contacts import visible_contacts
from regulars.facts.models import Account, Contact
from regulars.insight.days import day_of_work
from regulars.plan import joint_projects, perceived_value, value_proofs
from regulars.plan.models import JointProject, PerceivedValue, SignOff, ValueProof
from regulars.plan.pitch import pitch_for, profile_of, why_similar

router = Router(tags=["plan"])

Title = Annotated[
    str,
    StringConstraints(min_length=1, max_length=joint_projects.LONGEST_TITLE, pattern=NO_NUL),
    Field(examples=["text"]),
]
Words = Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL), Field(examples=["text"])]
Unit = Annotated[str, StringConstraints(max_length=joint_projects.LONGEST_UNIT, pattern=NO_NUL), Field(examples=["%"])]
Quote = Annotated[
    str,
    StringConstraints(min_length=1, max_length=value_proofs.LONGEST_WORDS, pattern=NO_NUL),
    Field(examples=["text"]),
]
Name = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL), Field(examples=["name"])]
Figure = Annotated[Decimal, Field(gt=-joint_projects.LARGEST, lt=joint_projects.LARGEST, decimal_places=4)]
What = Literal["service", "advice", "delivery", "maintenance", "payment", "repair", "price", "quality", "other"]
Consent = Literal["none", "anonymous", "by_name"]
ProjectState = Literal["proposed", "running", "finished", "stopped"]


class ProjectFilter(ChangesIn):
    """Which joint projects."""

    account: UUID | None = Field(None, description="uid of their account.")
    state: ProjectState | None = None


class NewProjectIn(Schema):
    """A project that is to be done with a customer."""

    account: UUID
    title: Title
    goal: Annotated[Words, Field(min_length=1)]
    measure: Title = Field(description="What is measured.")
    unit: Unit = ""
    lower_is_better: bool = True
    baseline: Figure = Field(description="Where it starts.")
    baseline_on: dt.date | None = Field(None, description="Measured on this day; else today.")
    target: Figure | None = None
    contact: UUID | None = Field(None, description="uid of who leads it there.")


class MeasurementIn(Schema):
    """What was measured."""

    value: Figure
    on: dt.date | None = Field(None, description="Else today.")
    saved_minor: int | None = Field(
        None,
        ge=-joint_projects.MOST_SAVED_MINOR,
        le=joint_projects.MOST_SAVED_MINOR,
        description="Saved since the last time, in minor units of the project's currency.",
    )
    said: Words = ""


class EndProjectIn(Schema):
    """How it ended, or why it is stopped."""

    words: Words = ""


class MeasurementOut(Schema):
    """One measurement that counts."""

    on: dt.date
    value: Decimal
    saved_minor: int | None
    said: str


class SignOffOut(Schema):
    """What the customer was asked to confirm, and what it answered; `answer` is empty until then."""

    asked_on: dt.date
    measured_on: dt.date
    value: Decimal
    saved_minor: int | None
    answer: str
    words: str


class ProjectOut(Schema):
    """A joint project. Money in minor units of `currency`."""

    uid: UUID
    account: AccountRef
    title: str
    goal: str
    measure: str
    unit: str
    lower_is_better: bool
    baseline: Decimal
    baseline_on: dt.date
    target: Decimal | None
    currency: str
    state: str
    owner: MemberRef | None
    ended_on: dt.date | None
    outcome: str
    saved_minor: int | None = Field(description="In all, as far as it was said.")
    measurements: list[MeasurementOut]
    sign_offs: list[SignOffOut]


class ProofFilter(ChangesIn):
    """Which value proofs."""

    account: UUID | None = Field(None, description="uid of their account.")
    what: What | None = None


class NewProofIn(Schema):
    """What somebody at an account said that it values."""

    account: UUID
    what: What
    words: Quote
    said_on: dt.date | None = Field(None, description="Else today.")
    contact: UUID | None = Field(None, description="uid of who said it.")
    consent: Consent = "none"
    consent_from: Name = Field("", description="Who of theirs allowed that it is quoted.")
    evidence: Words = ""


class ProofOut(Schema):
    """A value proof of an account that the member sees."""

    uid: UUID
    account: AccountRef
    what: str
    words: str
    said_on: dt.date
    consent: str
    consent_from: str
    consent_on: dt.date | None
    evidence: str
    by_link: bool = Field(description="Written by the customer itself.")
    taken_back: bool


class WorthIn(Schema):
    """What an account says we are worth to it."""

    score: int = Field(ge=perceived_value.LEAST, le=perceived_value.MOST)
    on: dt.date | None = Field(None, description="Else today.")
    contact: UUID | None = Field(None, description="uid of who said it.")
    said: Words = ""


class WorthOut(Schema):
    """From 0, nothing, to 10, it could not do without us."""

    uid: UUID
    score: int
    on: dt.date
    said: str


class PitchQuoteOut(Schema):
    """A customer's words, as a prospect may read them; `likeness` and `why` are for us."""

    what: str
    words: str
    who: str
    evidence: list[str]
    likeness: float
    why: str


class PitchOut(Schema):
    """What customers like this account say, the most similar first, in the language of the request."""

    quotes: list[PitchQuoteOut]
    others: str


@router.get("/projects", response=Page[ProjectOut], summary="Joint projects that the member may see")
@scoped(ApiScope.ACCOUNTS_READ)
def list_projects(request: HttpRequest, page: Query[ProjectFilter]) -> Page[ProjectOut]:
    found = projects_of(acting(request))
    if page.account is not None:
        found = found.filter(of_account(visible_account(page.account, acting(request))))
    if page.state is not None:
        found = found.filter(state=page.state)
    items, following = page_of(found, page, parts=("measurements", "sign_offs"))
    return Page[ProjectOut](items=[shown_project(one) for one in items], next=following)


@router.post("/projects", response={201: ProjectOut}, summary="Note a project with a customer")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_project(request: HttpRequest, project: NewProjectIn) -> Status[ProjectOut]:
    member = acting(request)
    said = project.dict(exclude={"account", "contact", "baseline_on"})
    made = joint_projects.propose_project(
        account=visible_account(project.account, member),
        on=_day(),
        member=member,
        baseline_on=project.baseline_on or _day(),
        contact=_contact(project.contact, member),
        **said,
    )
    return Status(201, shown_project(_visible_project(made.uid, member)))


@router.get("/projects/{uuid:uid}", response=ProjectOut, summary="One joint project")
@scoped(ApiScope.ACCOUNTS_READ)
def get_project(request: HttpRequest, uid: UUID) -> ProjectOut:
    return shown_project(_visible_project(uid, acting(request)))


@router.post("/projects/{uuid:uid}/measurements", response={201: ProjectOut}, summary="Note what was measured")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_measurement(request: HttpRequest, uid: UUID, measured: MeasurementIn) -> Status[ProjectOut]:
    member = acting(request)
    said: dict[str, Any] = measured.dict(exclude={"on"})
    joint_projects.measure_project(
        project=_visible_project(uid, member), on=measured.on or _day(), today=_day(), member=member, **said
    )
    return Status(201, shown_project(_visible_project(uid, member)))


@router.post("/projects/{uuid:uid}/start", response=ProjectOut, summary="The customer agrees")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_start(request: HttpRequest, uid: UUID) -> ProjectOut:
    member = acting(request)
    joint_projects.start_project(project=_visible_project(uid, member), on=_day(), member=member)
    return shown_project(_visible_project(uid, member))


@router.post("/projects/{uuid:uid}/finish", response=ProjectOut, summary="It reached its end")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_finish(request: HttpRequest, uid: UUID, end: EndProjectIn) -> ProjectOut:
    member = acting(request)
    joint_projects.finish_project(project=_visible_project(uid, member), on=_day(), member=member, outcome=end.words)
    return shown_project(_visible_project(uid, member))


@router.post("/projects/{uuid:uid}/stop", response=ProjectOut, summary="It will not be done; why")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_stop(request: HttpRequest, uid: UUID, end: EndProjectIn) -> ProjectOut:
    member = acting(request)
    joint_projects.stop_project(project=_visible_project(uid, member), on=_day(), member=member, reason=end.words)
    return shown_project(_visible_project(uid, member))


@router.post("/projects/{uuid:uid}/resume", response=ProjectOut, summary="Take back how it stands")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_resume(request: HttpRequest, uid: UUID) -> ProjectOut:
    member = acting(request)
    joint_projects.resume_project(project=_visible_project(uid, member), on=_day(), member=member)
    return shown_project(_visible_project(uid, member))


@router.get("/value-proofs", response=Page[ProofOut], summary="What the accounts that the member sees value")
@scoped(ApiScope.ACCOUNTS_READ)
def list_proofs(request: HttpRequest, page: Query[ProofFilter]) -> Page[ProofOut]:
    member = acting(request)
    found = proofs_of(member)
    if page.account is not None:
        found = found.filter(of_account(visible_account(page.account, member)))
    if page.what is not None:
        found = found.filter(what=page.what)
    items, following = page_of(found, page)
    return Page[ProofOut](items=[shown_proof(one) for one in items], next=following)


@router.post("/value-proofs", response={201: ProofOut}, summary="Note what a customer values")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_proof(request: HttpRequest, proof: NewProofIn) -> Status[ProofOut]:
    member = acting(request)
    made = value_proofs.note_proof(
        account=visible_account(proof.account, member),
        on=_day(),
        member=member,
        contact=_contact(proof.contact, member),
        said_on=proof.said_on or _day(),
        **proof.dict(exclude={"account", "contact", "said_on"}),
    )
    return Status(201, shown_proof(made))


@router.post("/value-proofs/{uuid:uid}/take-back", response=ProofOut, summary="It is quoted no more")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_take_back(request: HttpRequest, uid: UUID) -> ProofOut:
    member = acting(request)
    return shown_proof(value_proofs.take_back_proof(proof=_visible_proof(uid, member), on=_day(), member=member))


@router.post("/value-proofs/{uuid:uid}/restore", response=ProofOut, summary="Let it count again")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_restore(request: HttpRequest, uid: UUID) -> ProofOut:
    member = acting(request)
    return shown_proof(value_proofs.restore_proof(proof=_visible_proof(uid, member), on=_day(), member=member))


@router.get("/accounts/{uuid:uid}/worth", response=list[WorthOut], summary="What it says we are worth to it")
@scoped(ApiScope.ACCOUNTS_READ)
def get_worth(request: HttpRequest, uid: UUID) -> list[WorthOut]:
    """The newest first, at most a hundred."""
    member = acting(request)
    found = perceived_value.perceived_by(visible_account(uid, member), member=member)
    return [_worth(one) for one in found[:100]]


@router.post("/accounts/{uuid:uid}/worth", response={201: WorthOut}, summary="Note what it says we are worth to it")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_worth(request: HttpRequest, uid: UUID, worth: WorthIn) -> Status[WorthOut]:
    member = acting(request)
    made = perceived_value.keep_perceived_value(
        account=visible_account(uid, member),
        score=worth.score,
        on=worth.on or _day(),
        today=_day(),
        member=member,
        contact=_contact(worth.contact, member),
        said=worth.said,
    )
    return Status(201, _worth(made))


@router.get("/accounts/{uuid:uid}/pitch", response=PitchOut, summary="What customers like this one say")
@scoped(ApiScope.ACCOUNTS_READ)
def get_pitch(request: HttpRequest, uid: UUID, wanted: What | None = None) -> PitchOut:
    member = acting(request)
    account: Account = visible_account(uid, member)
    profile = profile_of(account, wanted=wanted or "")
    made = pitch_for(prospect=account.name, profile=profile, member=member, leave_out=account)
    quotes = [
        PitchQuoteOut(
            what=one.proof.what,
            words=one.words,
            who=one.who,
            evidence=list(one.evidence),
            likeness=one.likeness.value,
            why=why_similar(one.likeness),
        )
        for one in made.quotes
    ]
    return PitchOut(quotes=quotes, others=made.others)


def projects_of(member: Member) -> QuerySet[JointProject]:
    """The projects that the member may see, with what is shown of them."""
    related = joint_projects.visible_projects(member).select_related("account__merged_into", "owner")
    return related.prefetch_related("measurements", "sign_offs")


def _visible_project(uid: UUID, member: Member) -> JointProject:
    found = projects_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def proofs_of(member: Member) -> QuerySet[ValueProof]:
    """The proofs that the member may see, with what is shown of them."""
    return value_proofs.visible_proofs(member).select_related("account__merged_into")


def _visible_proof(uid: UUID, member: Member) -> ValueProof:
    found = proofs_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def _contact(uid: UUID | None, member: Member) -> Contact | None:
    if uid is None:
        return None
    found = visible_contacts(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def _day() -> dt.date:
    return day_of_work(today(organisation()))


def shown_project(one: JointProject) -> ProjectOut:
    texts = {
        name: getattr(one, name)
        for name in (
            *("uid", "title", "goal", "measure", "unit", "lower_is_better", "baseline", "baseline_on", "target"),
            *("currency", "state", "ended_on", "outcome"),
        )
    }
    measured = [each for each in one.measurements.all() if each.taken_back_at is None]
    return ProjectOut(
        account=account_ref(one.account.merged_into or one.account),
        owner=member_ref(one.owner),
        saved_minor=joint_projects.progress_of(one).saved_minor,
        measurements=[
            MeasurementOut(on=each.on, value=each.value, saved_minor=each.saved_minor, said=each.said)
            for each in sorted(measured, key=lambda each: (each.on, each.pk))
        ],
        sign_offs=[_sign_off(each) for each in one.sign_offs.all() if each.withdrawn_at is None],
        **texts,
    )


def _sign_off(one: SignOff) -> SignOffOut:
    return SignOffOut(
        asked_on=one.asked_on,
        measured_on=one.measured_on,
        value=one.value,
        saved_minor=one.saved_minor,
        answer=one.answer,
        words=one.words,
    )


def shown_proof(one: ValueProof) -> ProofOut:
    return ProofOut(
        uid=one.uid,
        account=account_ref(one.account.merged_into or one.account),
        what=one.what,
        words=one.words,
        said_on=one.said_on,
        consent=one.consent,
        consent_from=one.consent_from,
        consent_on=one.consent_on,
        evidence=one.evidence,
        by_link=one.by_link,
        taken_back=one.taken_back_at is not None,
    )


def _worth(one: PerceivedValue) -> WorthOut:
    return WorthOut(uid=one.uid, score=one.score, on=one.on, said=one.said)
