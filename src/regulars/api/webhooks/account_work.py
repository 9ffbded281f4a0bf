"""What is told of account work, from leads to lost customers: which event an entry stands for, and what it carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from ninja import Schema

from regulars.api.bonuses import given_bonuses_of, shown_given_bonus
from regulars.api.check_ins import check_ins_of, shown_check_in
from regulars.api.facts.effort import effort_answers_of, shown_effort
from regulars.api.facts.issues import issues_of, shown_with_steps
from regulars.api.handovers import handovers_of, shown_handover
from regulars.api.key_accounts import key_accounts_of, shown_key_account
from regulars.api.leads import leads_of, referrals_of, shown_lead, shown_referral
from regulars.api.live_orders import live_orders_of, order_day, shown_live_order
from regulars.api.opportunities import chances_now, opportunities_of, shown_opportunity
from regulars.api.playbooks import plays_of, shown_play
from regulars.api.promises import promises_of, shown_promise
from regulars.api.review_minutes import reviews_with_minutes_of, shown_minutes
from regulars.api.review_schedule import reviews_of, shown_review
from regulars.api.sales_plan import shown_plan
from regulars.api.value import projects_of, proofs_of, shown_project, shown_proof
from regulars.api.winback import shown_win_back, win_backs_of
from regulars.base.access import Permission, may
from regulars.base.models import AuditEntry, Member
from regulars.base.webhooks.events import WebhookEvent, kind_of
from regulars.insight.lead_flow import revenue_of
from regulars.plan.models import SalesPlan

_E = WebhookEvent

EVENTS: Final[dict[str, tuple[dict[str, WebhookEvent], WebhookEvent | None]]] = {
    "plan.handover": (
        {
            "open_handover": _E.HANDOVER_DRAFTED,
            "send_handover": _E.HANDOVER_SENT,
            "return_handover": _E.HANDOVER_RETURNED,
            "accept_handover": _E.HANDOVER_ACCEPTED,
            "close_handover": _E.HANDOVER_CLOSED,
            "discard_handover": _E.HANDOVER_DISCARDED,
        },
        _E.HANDOVER_CHANGED,
    ),
    "plan.handovercheck": ({}, _E.HANDOVER_CHANGED),
    "plan.promise": (
        {
            "make_promise": _E.PROMISE_MADE,
            "keep_promise": _E.PROMISE_KEPT,
            "break_promise": _E.PROMISE_BROKEN,
            "renegotiate_promise": _E.PROMISE_RENEGOTIATED,
            "withdraw_promise": _E.PROMISE_WITHDRAWN,
        },
        _E.PROMISE_CHANGED,
    ),
    "facts.issue": (
        {
            "open_issue": _E.ISSUE_OPENED,
            "escalate_issue": _E.ISSUE_ESCALATED,
            "solve_issue": _E.ISSUE_SOLVED,
            "reopen_issue": _E.ISSUE_REOPENED,
            "close_issue": _E.ISSUE_CLOSED,
        },
        _E.ISSUE_CHANGED,
    ),
    "facts.effortanswer": ({"answer_effort": _E.EFFORT_ANSWERED}, None),
    "plan.review": (
        {
            "schedule_review": _E.REVIEW_SCHEDULED,
            "accept_review": _E.REVIEW_SCHEDULED,
            "move_review": _E.REVIEW_MOVED,
            "cancel_review": _E.REVIEW_CANCELLED,
            "finish_review": _E.REVIEW_FINISHED,
            "correct_review": _E.REVIEW_FINISHED,
            "reopen_review": _E.REVIEW_REOPENED,
            "mark_invited": _E.REVIEW_CHANGED,
            "take_back_review_step": _E.REVIEW_CHANGED,
        },
        None,  # what Regulars proposes is told when somebody lets it stand
    ),
    "plan.opportunity": (
        {
            "open_opportunity": _E.OPPORTUNITY_OPENED,
            "move_opportunity": _E.OPPORTUNITY_MOVED,
            "win_opportunity": _E.OPPORTUNITY_WON,
            "lose_opportunity": _E.OPPORTUNITY_LOST,
            "reopen_opportunity": _E.OPPORTUNITY_REOPENED,
        },
        _E.OPPORTUNITY_CHANGED,
    ),
    "facts.lead": (
        {
            "take_lead": _E.LEAD_RECEIVED,
            "contact_lead": _E.LEAD_CONTACTED,
            "qualify_lead": _E.LEAD_QUALIFIED,
            "reject_lead": _E.LEAD_REJECTED,
            "win_lead": _E.LEAD_WON,
            "lose_lead": _E.LEAD_LOST,
            "reopen_lead": _E.LEAD_REOPENED,
        },
        _E.LEAD_CHANGED,
    ),
    "plan.referral": (
        {
            "refer": _E.REFERRAL_MADE,
            "thank": _E.REFERRAL_THANKED,
            "withdraw_referral": _E.REFERRAL_WITHDRAWN,
        },
        _E.REFERRAL_CHANGED,
    ),
    "plan.keyaccount": (
        {
            "appoint_key_account": _E.KEY_ACCOUNT_APPOINTED,
            "end_key_account": _E.KEY_ACCOUNT_ENDED,
            "restore_key_account": _E.KEY_ACCOUNT_RESTORED,
        },
        None,
    ),
    "plan.winback": (
        {
            "declare_lost": _E.WIN_BACK_OPENED,
            "find_lost": _E.WIN_BACK_OPENED,
            "mark_won_back": _E.WIN_BACK_WON,
            "part_well": _E.WIN_BACK_PARTED,
            "reopen_win_back": _E.WIN_BACK_REOPENED,
            "take_back_lost": _E.WIN_BACK_WITHDRAWN,
        },
        _E.WIN_BACK_CHANGED,
    ),
    "plan.whatif": ({}, _E.WIN_BACK_CHANGED),
    "plan.play": (
        {"start_play": _E.PLAY_STARTED, "end_play": _E.PLAY_ENDED, "resume_play": _E.PLAY_RESUMED},
        None,
    ),
    "plan.playstep": ({}, _E.PLAY_CHANGED),
    "plan.jointproject": (
        {
            "propose_project": _E.PROJECT_PROPOSED,
            "start_project": _E.PROJECT_STARTED,
            "finish_project": _E.PROJECT_FINISHED,
            "stop_project": _E.PROJECT_STOPPED,
            "resume_project": _E.PROJECT_RESUMED,
        },
        _E.PROJECT_CHANGED,
    ),
    "plan.projectmeasurement": ({"measure_project": _E.PROJECT_MEASURED}, _E.PROJECT_CHANGED),
    "plan.signoff": ({"answer_sign_off": _E.PROJECT_CONFIRMED}, None),
    "plan.valueproof": (
        {
            "note_proof": _E.VALUE_PROOF_NOTED,
            "take_back_proof": _E.VALUE_PROOF_TAKEN_BACK,
            "restore_proof": _E.VALUE_PROOF_RESTORED,
        },
        _E.VALUE_PROOF_CHANGED,
    ),
    "facts.liveorder": (
        {
            "take_live_order": _E.LIVE_ORDER_RECEIVED,
            "mark_live_order_paid": _E.LIVE_ORDER_PAID,
            "follow_up_live_order": _E.LIVE_ORDER_FOLLOWED_UP,
            "close_live_order": _E.LIVE_ORDER_CLOSED,
            "cancel_live_order": _E.LIVE_ORDER_CLOSED,
            "reopen_live_order": _E.LIVE_ORDER_REOPENED,
        },
        _E.LIVE_ORDER_CHANGED,
    ),
    "plan.checkin": ({"ask_how_it_went": _E.CHECK_IN_ASKED}, None),
    "plan.checkinanswer": ({"answer_check_in": _E.CHECK_IN_ANSWERED}, None),
    "plan.givenbonus": ({"give_bonus": _E.BONUS_GIVEN, "take_back_bonus": _E.BONUS_TAKEN_BACK}, None),
    "plan.salesplan": ({"accept_plan": _E.SALES_PLAN_ACCEPTED, "reopen_plan": _E.SALES_PLAN_REOPENED}, None),
}
"""By kind of record: the events of verbs, and the event of all other verbs."""

ALSO: Final[dict[tuple[str, str], WebhookEvent]] = {("facts.lead", "win_lead"): _E.REFERRAL_BECAME_CUSTOMER}
"""What the same change means for another record, if there is one."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of record that is told of as the API shows it."""

    seen: Callable[[Member], QuerySet[Any]]
    """Those that a member may see, with what is shown of them."""
    shown: Callable[[Any, Member], Schema | None]
    by: Mapping[str, str]
    """How it is found by the number that an entry names, for each kind of record that entries are about."""
    account: Callable[[Any], int | None] = lambda found: found.account_id


def _sales_plans(member: Member) -> QuerySet[SalesPlan]:
    return SalesPlan.objects.all() if may(member, Permission.READ) else SalesPlan.objects.none()


KINDS: Final[dict[str, Kind]] = {
    "handover": Kind(
        seen=handovers_of,
        shown=lambda found, _member: shown_handover(found),
        by={"plan.handover": "pk", "plan.handovercheck": "checks"},
    ),
    "promise": Kind(seen=promises_of, shown=lambda found, _member: shown_promise(found), by={"plan.promise": "pk"}),
    "issue": Kind(seen=issues_of, shown=lambda found, _member: shown_with_steps(found), by={"facts.issue": "pk"}),
    "effort": Kind(
        seen=effort_answers_of,
        shown=lambda found, _member: shown_effort(found),
        by={"facts.effortanswer": "pk"},
        account=lambda found: found.issue.account_id,
    ),
    "review": Kind(seen=reviews_of, shown=lambda found, _member: shown_review(found), by={"plan.review": "pk"}),
    "opportunity": Kind(
        seen=opportunities_of,
        shown=lambda found, _member: shown_opportunity(found, chances_now()),
        by={"plan.opportunity": "pk"},
    ),
    "lead": Kind(seen=leads_of, shown=lambda found, _member: shown_lead(found), by={"facts.lead": "pk"}),
    "referral": Kind(
        seen=referrals_of,
        shown=lambda found, _member: shown_referral(found, revenue_of([found.lead])),
        by={"plan.referral": "pk", "facts.lead": "lead"},
    ),
    "key_account": Kind(
        seen=key_accounts_of, shown=lambda found, _member: shown_key_account(found), by={"plan.keyaccount": "pk"}
    ),
    "win_back": Kind(
        seen=win_backs_of,
        shown=lambda found, _member: shown_win_back(found),
        by={"plan.winback": "pk", "plan.whatif": "offers"},
    ),
    "play": Kind(
        seen=plays_of, shown=lambda found, _member: shown_play(found), by={"plan.play": "pk", "plan.playstep": "steps"}
    ),
    "project": Kind(
        seen=projects_of,
        shown=lambda found, _member: shown_project(found),
        by={"plan.jointproject": "pk", "plan.projectmeasurement": "measurements", "plan.signoff": "sign_offs"},
    ),
    "value_proof": Kind(seen=proofs_of, shown=lambda found, _member: shown_proof(found), by={"plan.valueproof": "pk"}),
    "live_order": Kind(
        seen=live_orders_of,
        shown=lambda found, _member: shown_live_order(found, order_day()),
        by={"facts.liveorder": "pk"},
    ),
    "check_in": Kind(
        seen=check_ins_of, shown=shown_check_in, by={"plan.checkin": "pk", "plan.checkinanswer": "answers"}
    ),
    "bonus": Kind(seen=given_bonuses_of, shown=shown_given_bonus, by={"plan.givenbonus": "pk"}),
    "sales_plan": Kind(seen=_sales_plans, shown=shown_plan, by={"plan.salesplan": "pk"}, account=lambda _found: None),
}
"""By the first part of the names of their events."""

_MINUTES: Final = Kind(
    seen=reviews_with_minutes_of, shown=lambda found, _member: shown_minutes(found), by={"plan.review": "pk"}
)


def kind_told(event: WebhookEvent) -> Kind | None:
    """How the record of an event is found and shown; None for an event of another part."""
    return _MINUTES if event == _E.REVIEW_FINISHED else KINDS.get(kind_of(event))


def record_of(event: WebhookEvent, entry: AuditEntry, member: Member) -> Any:
    """The record that the event is about, if the member may see it; else None."""
    kind = kind_told(event)
    assert kind is not None, "an event of another part"
    return kind.seen(member).filter(**{kind.by[entry.subject]: entry.subject_id or 0}).first()


def sees_record(event: str, uid: str, member: Member) -> bool:
    """Whether the member may see the record with this uid now."""
    return KINDS[kind_of(event)].seen(member).filter(uid=uid).exists()
