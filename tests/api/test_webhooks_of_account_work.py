"""Programs that are told of account work: each event once, with the record as the API shows it (issue 5, Quality)."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from ninja import Schema
from pytest_django import Settings

from api_calls import CallAs, Caller, Firm
from regulars.api.bonuses import GivenBonusOut
from regulars.api.check_ins import CheckInOut
from regulars.api.facts.accounts import AccountOut
from regulars.api.facts.contacts import ContactOut
from regulars.api.facts.effort import EffortAnswerOut
from regulars.api.facts.imports import ImportOut
from regulars.api.facts.interactions import InteractionOut
from regulars.api.facts.issues import IssueWithStepsOut
from regulars.api.facts.signals import SignalOut
from regulars.api.handovers import HandoverOut
from regulars.api.insight import SnapshotOut
from regulars.api.key_accounts import KeyAccountOut
from regulars.api.leads import LeadWithStepsOut, ReferralOut
from regulars.api.live_orders import LiveOrderOut
from regulars.api.opportunities import OpportunityOut
from regulars.api.plan import ActionOut
from regulars.api.playbooks import PlayOut
from regulars.api.promises import PromiseOut
from regulars.api.review_minutes import ReviewMinutesOut
from regulars.api.review_schedule import ReviewOut
from regulars.api.sales_plan import SalesPlanOut
from regulars.api.value import ProjectOut, ProofOut
from regulars.api.webhooks import account_work
from regulars.api.webhooks.gathering import gather, may_see
from regulars.api.winback import WinBackOut
from regulars.base.models import AuditEntry, Member
from regulars.base.webhooks.endpoints import add_endpoint
from regulars.base.webhooks.events import GROUPS, LABELS, WebhookEvent, grouped, kind_of, scope_of
from regulars.base.webhooks.models import WebhookDelivery
from regulars.facts.accounts import tag
from regulars.facts.contacts import create_contact
from regulars.facts.effort import answer_effort, key_of
from regulars.facts.models import Issue, Lead, Tag
from regulars.plan.bonuses import record_bonus
from regulars.plan.check_ins import answer_check_in
from regulars.plan.customer_links import key_of as key_of_check_in
from regulars.plan.models import CheckIn, Promise, Referral, WinBack
from regulars.plan.promises import make_promise
from regulars.plan.targets import accept_plan, propose_plan, reopen_plan
from scored_firm import scored_firm

DOCUMENT = Path(__file__).parents[2] / "docs/reference/webhooks.md"
SHAPES: dict[str, type[Schema]] = {
    "account": AccountOut,
    "action": ActionOut,
    "bonus": GivenBonusOut,
    "check_in": CheckInOut,
    "contact": ContactOut,
    "effort": EffortAnswerOut,
    "handover": HandoverOut,
    "import": ImportOut,
    "interaction": InteractionOut,
    "issue": IssueWithStepsOut,
    "key_account": KeyAccountOut,
    "lead": LeadWithStepsOut,
    "live_order": LiveOrderOut,
    "opportunity": OpportunityOut,
    "play": PlayOut,
    "project": ProjectOut,
    "promise": PromiseOut,
    "referral": ReferralOut,
    "review": ReviewOut,
    "review.finished": ReviewMinutesOut,
    "sales_plan": SalesPlanOut,
    "signal": SignalOut,
    "snapshot": SnapshotOut,
    "value_proof": ProofOut,
    "win_back": WinBackOut,
}
DAY = date(2024, 12, 9)
WORK = [event for event in WebhookEvent if kind_of(event) in account_work.KINDS]


@pytest.fixture
def told(silent: Firm, settings: Settings) -> Firm:
    settings.WEBHOOKS_PRIVATE = True
    add_endpoint(name="Shop", url="http://127.0.0.1:1/", events=WORK, member=silent.people["owner"])
    return silent


def messages() -> list[dict[str, Any]]:
    """What was put in the queue since the last time, oldest first."""
    last = WebhookDelivery.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    gather(at=timezone.now())
    new = WebhookDelivery.objects.filter(pk__gt=last).order_by("pk")
    return [json.loads(content) for content in new.values_list("content", flat=True)]


def types() -> list[str]:
    return [message["type"] for message in messages()]


class Program:
    """A program that sends what happens, and compares what it is told with what it reads."""

    def __init__(self, call: Caller) -> None:
        self.call, self.key = call, 0

    def does(self, path: str, body: Any = None, *, method: str = "POST") -> dict[str, Any]:
        self.key += 1
        answer = self.call(method, path, body, Idempotency_Key=str(self.key))
        assert answer.status_code in {200, 201}, answer.content
        said: dict[str, Any] = answer.json()
        return said

    def is_told(self, path: str, *events: str, minutes: str = "") -> None:
        """The events since, all of them with the record that is read at the path."""
        found = [one for one in messages() if one["type"].partition(".")[0] == events[0].partition(".")[0]]
        assert [one["type"] for one in found] == list(events)
        record = self.call("GET", path + minutes).json()
        assert [one["data"]["record"] for one in found] == [record] * len(found)
        assert {one["data"]["uid"] for one in found} == {record["uid"]}


@pytest.fixture
def program(told: Firm, call_as: CallAs) -> Program:
    return Program(call_as(told.people["owner"]))


def test_a_hand_over_is_told_from_draft_to_acceptance(told: Firm, program: Program) -> None:
    receiver = str(told.people["mate"].uid)
    made = program.does("/handovers", {"account": str(told.own.uid), "receiver": receiver, "work": "Ten a month"})
    path = f"/handovers/{made['uid']}"
    program.is_told(path, "handover.drafted")
    program.does(f"{path}/send")
    program.does(f"{path}/return", {"reason": "Who pays?"})
    program.is_told(path, "handover.sent", "handover.returned")
    program.does(path, {"work": "Ten a month, paid by card"}, method="PATCH")
    program.does(f"{path}/send")
    program.does(f"{path}/accept")
    program.is_told(path, "handover.changed", "handover.sent", "handover.accepted")
    for _look in range(3):
        program.does(f"{path}/look", {"said": "All is well"})
    program.is_told(path, *["handover.changed"] * 3, "handover.closed")
    other = program.does("/handovers", {"account": str(told.team.uid)})
    program.does(f"/handovers/{other['uid']}/discard", {"reason": "Stays"})
    program.does(f"/handovers/{other['uid']}/restore")
    program.is_told(f"/handovers/{other['uid']}", "handover.drafted", "handover.discarded", "handover.changed")


def test_a_promise_is_told_until_it_is_settled(told: Firm, program: Program) -> None:
    new = {"account": str(told.own.uid), "text": "Samples", "due_on": "2099-01-01"}
    path = f"/promises/{program.does('/promises', new)['uid']}"
    program.is_told(path, "promise.made")
    program.does(f"{path}/renegotiate", {"due_on": "2099-02-01", "reason": "late"})
    program.does(f"{path}/keep")
    program.is_told(path, "promise.renegotiated", "promise.kept")
    program.does(f"{path}/back")
    program.does(f"{path}/break", {"reason": "forgotten"})
    program.is_told(path, "promise.changed", "promise.broken")
    program.does(f"{path}/back")
    program.does(f"{path}/withdraw", {"reason": "never said"})
    program.is_told(path, "promise.changed", "promise.withdrawn")


def test_an_issue_is_told_with_its_steps_and_the_answer_of_the_customer(told: Firm, program: Program) -> None:
    path = f"/issues/{program.does('/issues', {'account': str(told.own.uid), 'title': 'Broken'})['uid']}"
    program.is_told(path, "issue.opened")
    program.does(f"{path}/steps", {"kind": "paused", "said": "the part"})
    program.does(f"{path}/escalate", {"to": str(told.people["sales_head"].uid)})
    program.does(f"{path}/solve", {"solution": "Repaired"})
    program.is_told(path, "issue.changed", "issue.escalated", "issue.solved")
    answer_effort(key=key_of(Issue.objects.get()), score=2, words="Quick", at=timezone.now())
    (answered,) = messages()
    (read,) = program.call("GET", "/effort-answers").json()["items"]
    assert (answered["type"], answered["data"]["record"]) == ("effort.answered", read)
    program.does(f"{path}/close", {})
    program.does(f"{path}/reopen", {"reason": "again"})
    program.is_told(path, "issue.closed", "issue.reopened")


def test_a_review_is_told_and_a_finished_one_with_its_minutes(told: Firm, program: Program) -> None:
    made = program.does("/reviews", {"account": str(told.own.uid), "at": "2099-01-07T10:00:00Z"})
    path = f"/reviews/{made['uid']}"
    program.is_told(path, "review.scheduled")
    program.does(f"{path}/move", {"at": "2099-01-08T10:00:00Z"})
    program.does(f"{path}/back")
    program.is_told(path, "review.moved", "review.changed")
    program.does(f"{path}/finish", {"said": "x", "recommendations": [{"kind": "advice", "text": "Full boxes"}]})
    program.is_told(path, "review.finished", minutes="/minutes")
    program.does(f"{path}/reopen", {"reason": "another firm"})
    program.is_told(path, "review.reopened")
    other = program.does("/reviews", {"account": str(told.team.uid), "at": "2099-01-09T10:00:00Z"})
    program.does(f"/reviews/{other['uid']}/cancel", {"reason": "ill"})
    program.is_told(f"/reviews/{other['uid']}", "review.scheduled", "review.cancelled")


def test_an_opportunity_is_told_stage_by_stage(told: Firm, program: Program) -> None:
    made = program.does("/opportunities", {"account": str(told.own.uid), "title": "Repair"})
    path = f"/opportunities/{made['uid']}"
    program.is_told(path, "opportunity.opened")
    program.does(path, {"next_step": "Call"}, method="PATCH")
    program.does(f"{path}/move", {"stage": "offer"})
    program.does(f"{path}/lose", {"reason": "price"})
    program.does(f"{path}/reopen")
    program.does(f"{path}/win", {})
    program.is_told(path, *(f"opportunity.{what}" for what in ("changed", "moved", "lost", "reopened", "won")))


def test_a_lead_is_told_and_so_is_who_recommended_it(told: Firm, program: Program) -> None:
    lead = program.does("/leads", {"name": "Alpine", "email": "a@b.example"})
    path = f"/leads/{lead['uid']}"
    messages()
    Referral.objects.create(account=told.own, lead=Lead.objects.get(uid=lead["uid"]), on="2024-12-01")
    program.does(f"{path}/contacted", {})
    program.does(f"{path}/qualify", {})
    program.does(path, {"city": "Ulm"}, method="PATCH")
    program.is_told(path, "lead.contacted", "lead.qualified", "lead.changed")
    program.does(f"{path}/lose", {"reason": "price"})
    program.does(f"{path}/reopen")
    program.does(f"{path}/reject", {"reason": "criteria"})
    program.does(f"{path}/reopen")
    program.is_told(path, "lead.lost", "lead.reopened", "lead.rejected", "lead.reopened")
    program.does(f"{path}/win", {})
    won = {one["type"]: one["data"]["record"] for one in messages()}
    assert won["lead.won"] == program.call("GET", path).json()
    (referral,) = program.call("GET", "/referrals").json()["items"]
    assert won["referral.became_customer"] == referral
    program.does(f"/referrals/{referral['uid']}/thank", {"how": "A card"})
    (thanked,) = messages()
    assert (thanked["type"], thanked["data"]["record"]["thanks"]) == ("referral.thanked", "A card")


def test_a_lead_that_nobody_recommended_brings_nobody_a_customer(told: Firm, program: Program) -> None:
    lead = program.does("/leads", {"name": "Alpine", "email": "a@b.example"})
    program.does(f"/leads/{lead['uid']}/win", {"hand_over": False})
    assert "referral.became_customer" not in types()


def test_key_accounts_and_lost_customers_are_told(told: Firm, program: Program) -> None:
    both = {"account": str(told.own.uid), "manager": str(told.people["account_manager"].uid)}
    path = f"/key-accounts/{program.does('/key-accounts', both)['uid']}"
    program.is_told(path, "key_account.appointed")
    program.does(f"{path}/end", {"reason": "small"})
    program.does(f"{path}/restore")
    program.is_told(path, "key_account.ended", "key_account.restored")
    path = f"/win-back/{program.does('/win-back', {'account': str(told.own.uid)})['uid']}"
    program.is_told(path, "win_back.opened")
    program.does(f"{path}/reasons", {"reasons": ["no_need"]})
    program.does(f"{path}/part", {})
    program.does(f"{path}/reopen")
    program.does(f"{path}/won")
    program.is_told(path, *(f"win_back.{what}" for what in ("changed", "parted", "reopened", "won")))
    program.does(f"{path}/reopen")
    program.does(f"{path}/take-back")
    program.is_told(path, "win_back.reopened", "win_back.withdrawn")


def test_playbooks_projects_and_proofs_are_told(told: Firm, program: Program) -> None:
    path = f"/plays/{program.does('/plays', {'account': str(told.own.uid), 'playbook': 'unpaid'})['uid']}"
    program.is_told(path, "play.started")
    program.does(f"{path}/done", {"outcome": "x"})
    program.does(f"{path}/stop", {"reason": "x"})
    program.does(f"{path}/resume")
    program.is_told(path, "play.changed", "play.ended", "play.resumed")
    new = {"account": str(told.own.uid), "title": "Scrap", "goal": "Less", "measure": "Scrap", "baseline": "8"}
    path = f"/projects/{program.does('/projects', new)['uid']}"
    program.does(f"{path}/start")
    program.does(f"{path}/measurements", {"value": "5"})
    program.does(f"{path}/finish", {"words": "Done"})
    program.does(f"{path}/resume")
    program.does(f"{path}/stop", {"words": "Sold"})
    program.is_told(
        path, *(f"project.{what}" for what in ("proposed", "started", "measured", "finished", "resumed", "stopped"))
    )
    proof = program.does("/value-proofs", {"account": str(told.own.uid), "what": "repair", "words": "Fast"})
    program.does(f"/value-proofs/{proof['uid']}/take-back")
    program.does(f"/value-proofs/{proof['uid']}/restore")
    found = messages()
    assert [one["type"] for one in found] == ["value_proof.noted", "value_proof.taken_back", "value_proof.restored"]
    assert found[0]["data"]["record"] == proof


def test_a_live_order_is_told_from_its_source_to_its_end(told: Firm, program: Program) -> None:
    sent = {"source": "shop", "external_id": "A1", "account": str(told.own.uid), "currency": "EUR"}
    path = f"/live-orders/{program.does('/live-orders', sent | {'amount_minor': 5_000})['uid']}"
    program.is_told(path, "live_order.received")
    program.does("/live-orders", sent | {"amount_minor": 5_000})
    assert messages() == []  # nothing new was said
    program.does(path, {"stage": "shipped"}, method="PATCH")
    program.does(f"{path}/follow-ups", {"kind": "note", "said": "On the way"})
    program.does(f"{path}/paid", {})
    program.does(f"{path}/reopen")
    program.does(f"{path}/close", {"reason": "Goodwill"})
    program.is_told(path, *(f"live_order.{what}" for what in ("received", "followed_up", "paid", "reopened", "closed")))


def test_a_check_in_is_told_with_its_answer(told: Firm, program: Program) -> None:
    contact = create_contact(account=told.own, name="Ada Quist", email="ada@example.com", member=None)
    made = program.does("/check-ins", {"contact": str(contact.uid)})
    (asked,) = [one for one in messages() if one["type"].startswith("check_in")]
    assert (asked["type"], asked["data"]["record"]) == ("check_in.asked", made)
    key = key_of_check_in(CheckIn.objects.get())
    answer_check_in(key=key, went_well=False, words="It creaks", at=timezone.now())
    found = {one["type"]: one["data"]["record"] for one in messages()}
    (read,) = program.call("GET", "/check-ins").json()["items"]
    assert found["check_in.answered"] == read
    assert read["answers"][0]["issue"] == found["issue.opened"]["uid"]


def test_a_bonus_is_told_and_that_it_was_not_given(told: Firm, program: Program) -> None:
    tag(account=told.own, tags=["VIP"], member=None)
    vip: Any = {"for_key_accounts": False, "tag": Tag.objects.get(), "member": told.people["owner"]}
    bonus = record_bonus(name="Box", cost_minor=900, times_a_year=2, **vip)
    messages()
    made = program.does("/given-bonuses", {"account": str(told.own.uid), "bonus": str(bonus.uid)})
    (given,) = messages()
    assert (given["type"], given["data"]["record"]) == ("bonus.given", made)
    gone = program.does(f"/given-bonuses/{made['uid']}/take-back")
    (back,) = messages()
    assert (back["type"], back["data"]["record"]) == ("bonus.taken_back", gone)
    assert (made["taken_back"], gone["taken_back"]) == (False, True)
    assert program.call("GET", "/given-bonuses").json()["items"] == []


def test_a_plan_is_told_as_its_member_sees_it(firm: Firm, call_as: CallAs, settings: Settings) -> None:
    settings.WEBHOOKS_PRIVATE = True
    owner = firm.people["owner"]
    day = scored_firm(7, accounts=30, owner=firm.people["account_manager"])[0].score.snapshot.as_of
    plan = propose_plan(begins=day.replace(month=1, day=1), stretch_bps=0, as_of=day, member=owner)
    add_endpoint(name="Shop", url="http://127.0.0.1:1/", events=WORK, member=owner)
    accept_plan(plan=plan, on=day, member=owner)
    reopen_plan(plan=plan, member=owner)
    found = [one for one in messages() if one["type"].startswith("sales_plan")]
    assert [one["type"] for one in found] == ["sales_plan.accepted", "sales_plan.reopened"]
    assert found[1]["data"]["record"] == call_as(owner)("GET", "/plan").json()


def test_what_the_member_may_not_see_is_not_told_and_withheld_while_it_waits(told: Firm, program: Program) -> None:
    """Its member was a head of sales once, and looks after some accounts now."""
    make_promise(account=told.foreign, text="x", due_on=DAY, on=DAY, member=None, owner=told.people["mate"])
    gather(at=timezone.now())
    (delivery,) = WebhookDelivery.objects.select_related("endpoint__member")
    assert may_see(delivery)
    owner = delivery.endpoint.member
    Member.objects.create(email="second@example.com", name="Second", role="owner")
    owner.role = Member.Role.ACCOUNT_MANAGER
    owner.save()
    assert not may_see(delivery)
    Promise.objects.update(text="y")
    program.call("POST", "/issues", {"account": str(told.foreign.uid), "title": "Broken"})
    assert messages() == []


def test_what_silence_made_lost_is_told_once_it_is_news(told: Firm) -> None:
    work = WinBack.objects.create(
        account=told.own, since="2024-12-01", lost_on="2024-12-01", worth=0, chance=0, chance_cases=0, expected_money=0
    )
    AuditEntry.objects.create(
        at=timezone.now(), verb="find_lost", subject="plan.winback", subject_id=work.pk, account_id=told.own.pk
    )
    (message,) = messages()
    assert (message["type"], message["data"]["record"]["by_silence"]) == ("win_back.opened", True)


# What is said about the events


def test_every_event_has_a_label_a_scope_and_one_group() -> None:
    assert set(LABELS) == set(WebhookEvent)
    assert [event for _name, events in grouped(WebhookEvent) for event in events] == sorted(
        WebhookEvent, key=lambda event: [kind for kinds in GROUPS.values() for kind in kinds].index(kind_of(event))
    )
    assert all(scope_of(event) for event in WebhookEvent)


def test_every_event_of_account_work_is_found_by_some_verb() -> None:
    by_verb = {event for verbs, other in account_work.EVENTS.values() for event in (*verbs.values(), other) if event}
    assert by_verb | set(account_work.ALSO.values()) == set(WORK)


def examples() -> dict[str, dict[str, Any]]:
    blocks = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    found = [json.loads(block) for block in blocks]
    return {one["type"]: one for one in found}


def test_the_reference_names_every_event_and_has_an_example_of_each_kind() -> None:
    listed = set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert listed == set(WebhookEvent) | {"webhook.test"}
    assert {kind_of(event) for event in examples()} >= {kind_of(event) for event in WebhookEvent}


@pytest.mark.parametrize("event", sorted(examples()))
def test_an_example_has_the_fields_that_are_sent(event: str) -> None:
    example = examples()[event]
    assert set(example) == {"type", "timestamp", "data"}
    shape = SHAPES.get(event) or SHAPES[kind_of(event)]
    record = example["data"]["record"]
    assert set(record) == set(shape.model_fields)
    shape.model_validate(record)
