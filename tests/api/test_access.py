"""Who may do what over HTTP: every role at every route, and a foreign record answers like one that is not there."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from api_calls import CallAs, Firm
from regulars.api.v1 import api
from regulars.base.models import Member
from regulars.base.tokens import ApiScope
from regulars.base.webhooks.endpoints import add_endpoint
from regulars.base.webhooks.models import WebhookDelivery
from regulars.facts.models import (
    AccountGoal,
    Contact,
    Import,
    Interaction,
    Issue,
    Lead,
    LiveOrder,
    Offering,
    Signal,
    Upload,
)
from regulars.insight.models import Backtest
from regulars.plan.models import (
    Action,
    Bonus,
    DossierFact,
    GivenBonus,
    Handover,
    HandoverCheck,
    JointProject,
    KeyAccount,
    KeyPlanEntry,
    Opportunity,
    Promise,
    Referral,
    Review,
    ValueProof,
    WhatIf,
    WinBack,
)
from regulars.plan.plays import start_play

Uids = dict[str, dict[str, str]]

RECORDS = (
    *("account", "contact", "interaction", "import", "upload", "action", "member"),
    *("webhook", "delivery", "backtest", "signal", "handover", "play", "promise", "issue", "lost", "review", "offer"),
    *("project", "proof", "fact"),
    *("opportunity", "goal", "offering"),
    *("key_account", "line"),
    *("bonus", "given"),
    *("lead", "referral"),
    "live_order",
)

pytestmark = pytest.mark.django_db

EVERYONE = set(Member.Role.values)
SEES_ALL = {"owner", "sales_head", "service", "marketer", "analyst"}
WRITES_ALL = {"owner", "sales_head", "service"}
SEES_OWN = SEES_ALL | {"account_manager"}
WRITES_OWN = WRITES_ALL | {"account_manager"}
WRITERS = WRITES_OWN | {"new_business_seller"}
HEADS = {"owner", "sales_head"}
LEADS_OWN, LEADS_ALL, LEADERS = WRITES_OWN | {"marketer"}, WRITES_ALL | {"marketer"}, WRITERS | {"marketer"}

DONE: dict[str, Any] = {"outcome": "reached"}
NEW_ACCOUNT: dict[str, Any] = {"name": "New"}
NEW_PROJECT: dict[str, Any] = {
    "account": "{account}",
    "title": "Less scrap",
    "goal": "Fewer broken",
    "measure": "Scrap",
    "baseline": "8",
}
NEW_PROOF: dict[str, Any] = {"account": "{account}", "what": "repair", "words": "Within a day"}
NEW_LIVE_ORDER: dict[str, Any] = {"external_id": "1", "currency": "EUR", "amount_minor": 100}
NEW_WEBHOOK: dict[str, Any] = {"name": "Shop", "url": "https://example.com/", "events": ["account.changed"]}

# (method, path) → body, who may with Anna's own account, who may with that of another team. {account} and so on are
# uids of records of the one or the other.
ROUTES: dict[tuple[str, str], tuple[Any, set[str], set[str]]] = {
    ("get", "/token"): (None, EVERYONE, EVERYONE),
    ("get", "/members"): (None, EVERYONE, EVERYONE),
    ("get", "/accounts"): (None, EVERYONE, EVERYONE),
    ("post", "/accounts"): (NEW_ACCOUNT, WRITERS, WRITERS),
    ("get", "/accounts/{account}"): (None, SEES_OWN, SEES_ALL),
    ("patch", "/accounts/{account}"): ({"city": "Ulm"}, WRITES_OWN, WRITES_ALL),
    ("put", "/accounts/{account}/owner"): ({"owner": None}, HEADS, HEADS),
    ("get", "/accounts/{account}/lines"): (None, SEES_OWN, SEES_ALL),
    ("get", "/accounts/{account}/score"): (None, SEES_OWN, SEES_ALL),
    ("get", "/accounts/{account}/suggestions"): (None, SEES_OWN, SEES_ALL),
    ("get", "/contacts"): (None, EVERYONE, EVERYONE),
    ("post", "/contacts"): ({"account": "{account}", "name": "New"}, WRITES_OWN, WRITES_ALL),
    ("get", "/contacts/{contact}"): (None, SEES_OWN, SEES_ALL),
    ("patch", "/contacts/{contact}"): ({"role": "boss"}, WRITES_OWN, WRITES_ALL),
    ("get", "/interactions"): (None, EVERYONE, EVERYONE),
    ("post", "/interactions"): (
        {"account": "{account}", "kind": "call", "on": "2024-12-09"},
        WRITES_OWN,
        WRITES_ALL,
    ),
    ("get", "/interactions/{interaction}"): (None, SEES_OWN, SEES_ALL),
    ("patch", "/interactions/{interaction}"): ({"outcome": "fine"}, WRITES_OWN, WRITES_ALL),
    ("delete", "/interactions/{interaction}"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/order-lines"): (
        {
            "lines": [
                {"order_id": "1", "line_no": "1", "business_date": "1950-01-01", "currency": "EUR", "net_minor": 1}
            ]
        },
        HEADS,
        HEADS,
    ),
    ("get", "/live-orders"): (None, EVERYONE, EVERYONE),
    ("post", "/live-orders"): (NEW_LIVE_ORDER | {"account": "{account}"}, WRITES_OWN, WRITES_ALL),
    ("post", "/live-orders/batch"): ({"orders": [NEW_LIVE_ORDER]}, WRITERS, WRITERS),
    ("get", "/live-orders/{live_order}"): (None, SEES_OWN, SEES_ALL),
    ("patch", "/live-orders/{live_order}"): ({"stage": "shipped"}, WRITES_OWN, WRITES_ALL),
    ("post", "/live-orders/{live_order}/paid"): ({}, WRITES_OWN, WRITES_ALL),
    ("post", "/live-orders/{live_order}/close"): ({"reason": "x"}, WRITES_OWN, WRITES_ALL),
    ("post", "/live-orders/{live_order}/reopen"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/live-orders/{live_order}/follow-ups"): ({"kind": "call"}, WRITES_OWN, WRITES_ALL),
    ("get", "/imports"): (None, HEADS, HEADS),
    ("get", "/imports/{import}"): (None, HEADS, HEADS),
    ("get", "/imports/{import}/rejected"): (None, HEADS, HEADS),
    ("get", "/imports/{import}/rejected.csv"): (None, HEADS, HEADS),
    ("post", "/imports/{import}/undo"): (None, HEADS, HEADS),
    ("get", "/uploads"): (None, HEADS, HEADS),
    ("post", "/uploads"): (None, HEADS, HEADS),
    ("get", "/uploads/{upload}"): (None, {"owner"}, {"sales_head"}),
    ("patch", "/uploads/{upload}"): ({"source": "shop"}, {"owner"}, {"sales_head"}),
    ("post", "/uploads/{upload}/import"): (None, {"owner"}, {"sales_head"}),
    ("delete", "/uploads/{upload}"): (None, {"owner"}, {"sales_head"}),
    ("get", "/scores"): (None, EVERYONE, EVERYONE),
    ("get", "/portfolio"): (None, EVERYONE, EVERYONE),
    ("get", "/portfolio/forecast"): (None, EVERYONE, EVERYONE),
    ("get", "/accounts/{account}/forecast"): (None, SEES_OWN, SEES_ALL),
    ("get", "/accounts/{account}/alive-curve"): (None, SEES_OWN, SEES_ALL),
    ("get", "/lifetimes"): (None, EVERYONE, EVERYONE),
    ("get", "/dependence"): (None, SEES_ALL, SEES_ALL),
    ("get", "/plan"): (None, set(), set()),  # there is none here; who sees one: test_sales_plan.py
    ("get", "/accounts/{account}/what-if"): (None, HEADS | {"analyst"}, HEADS | {"analyst"}),
    ("get", "/forecast"): (None, EVERYONE, EVERYONE),
    ("put", "/forecast/pin"): ({"name": "BG/NBD", "reason": "simple"}, HEADS, HEADS),
    ("delete", "/forecast/pin"): (None, HEADS, HEADS),
    ("get", "/forecast/tracks"): (None, EVERYONE, EVERYONE),
    ("get", "/backtests"): (None, EVERYONE, EVERYONE),
    ("post", "/backtests"): ({}, HEADS, HEADS),
    ("get", "/backtests/{backtest}"): (None, EVERYONE, EVERYONE),
    ("get", "/signal-kinds"): (None, EVERYONE, EVERYONE),
    ("get", "/signals"): (None, EVERYONE, EVERYONE),
    ("post", "/signals"): ({"account": "{account}", "kind": "complaint"}, WRITES_OWN, WRITES_ALL),
    ("get", "/signals/{signal}"): (None, SEES_OWN, SEES_ALL),
    ("post", "/signals/{signal}/withdraw"): ({"reason": "wrong"}, WRITES_OWN, WRITES_ALL),
    ("post", "/signals/{signal}/restore"): (None, WRITES_OWN, WRITES_ALL),
    ("get", "/protection"): (None, EVERYONE, EVERYONE),
    ("get", "/accounts/{account}/protection"): (None, SEES_OWN, SEES_ALL),
    ("get", "/handovers"): (None, EVERYONE, EVERYONE),
    ("post", "/handovers"): ({"account": "{account}"}, WRITES_OWN, WRITES_ALL),
    ("get", "/handovers/{handover}"): (None, SEES_OWN, SEES_ALL),
    ("patch", "/handovers/{handover}"): ({"work": "x"}, WRITES_OWN, WRITES_ALL),
    ("post", "/handovers/{handover}/send"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/handovers/{handover}/recall"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/handovers/{handover}/return"): ({"reason": "x"}, WRITES_OWN, WRITES_ALL),
    ("post", "/handovers/{handover}/accept"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/handovers/{handover}/look"): ({"said": "x"}, WRITES_OWN, WRITES_ALL),
    ("post", "/handovers/{handover}/discard"): ({"reason": "x"}, WRITES_OWN, WRITES_ALL),
    ("post", "/handovers/{handover}/restore"): (None, WRITES_OWN, WRITES_ALL),
    ("get", "/issues"): (None, EVERYONE, EVERYONE),
    ("post", "/issues"): ({"account": "{account}", "title": "Broken"}, WRITES_OWN, WRITES_ALL),
    ("get", "/issues/{issue}"): (None, SEES_OWN, SEES_ALL),
    ("post", "/issues/{issue}/steps"): ({"kind": "noted", "said": "x"}, WRITES_OWN, WRITES_ALL),
    ("post", "/issues/{issue}/solve"): ({"solution": "x"}, WRITES_OWN, WRITES_ALL),
    ("post", "/issues/{issue}/reopen"): ({"reason": "x"}, WRITES_OWN, WRITES_ALL),
    ("post", "/issues/{issue}/promise"): ({"on": "2099-01-01"}, WRITES_OWN, WRITES_ALL),
    ("post", "/issues/{issue}/escalate"): ({}, WRITES_OWN, WRITES_ALL),
    ("post", "/issues/{issue}/transfer"): ({"owner": "{member}"}, WRITES_OWN, WRITES_ALL),
    ("post", "/issues/{issue}/close"): ({}, WRITES_OWN, WRITES_ALL),
    ("post", "/issues/{issue}/back"): (None, WRITES_OWN, WRITES_ALL),
    ("get", "/effort-answers"): (None, EVERYONE, EVERYONE),
    ("get", "/known-problems"): (None, EVERYONE, EVERYONE),
    ("get", "/opportunity-stages"): (None, EVERYONE, EVERYONE),
    ("get", "/opportunities"): (None, EVERYONE, EVERYONE),
    ("post", "/opportunities"): ({"account": "{account}", "title": "Repair"}, WRITES_OWN, WRITES_ALL),
    ("get", "/opportunities/{opportunity}"): (None, SEES_OWN, SEES_ALL),
    ("patch", "/opportunities/{opportunity}"): ({"next_step": "Call"}, WRITES_OWN, WRITES_ALL),
    ("post", "/opportunities/{opportunity}/move"): ({"stage": "offer"}, WRITES_OWN, WRITES_ALL),
    ("post", "/opportunities/{opportunity}/lose"): ({"reason": "price"}, WRITES_OWN, WRITES_ALL),
    ("post", "/opportunities/{opportunity}/reopen"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/opportunities/{opportunity}/win"): ({}, WRITES_OWN, WRITES_ALL),
    ("get", "/offerings"): (None, EVERYONE, EVERYONE),
    ("get", "/accounts/{account}/white-space"): (None, SEES_OWN, SEES_ALL),
    ("post", "/accounts/{account}/supplies"): ({"offering": "{offering}", "state": "none"}, WRITES_OWN, WRITES_ALL),
    ("get", "/goals"): (None, EVERYONE, EVERYONE),
    ("post", "/goals"): ({"account": "{account}", "text": "Grow"}, WRITES_OWN, WRITES_ALL),
    ("post", "/goals/{goal}/end"): ({"state": "reached"}, WRITES_OWN, WRITES_ALL),
    ("get", "/accounts/{account}/dossier"): (None, SEES_OWN, SEES_ALL),
    ("get", "/dossier-facts"): (None, EVERYONE, EVERYONE),
    ("post", "/dossier-facts"): (
        {"account": "{account}", "topic": "history", "text": "Old", "source": "visit", "known_on": "2024-12-01"},
        WRITES_OWN,
        WRITES_ALL,
    ),
    ("get", "/dossier-facts/{fact}"): (None, SEES_OWN, SEES_ALL),
    ("post", "/dossier-facts/{fact}/confirm"): ({"source": "visit"}, WRITES_OWN, WRITES_ALL),
    ("post", "/dossier-facts/{fact}/end"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/dossier-facts/{fact}/take-back"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/dossier-facts/{fact}/restore"): (None, WRITES_OWN, WRITES_ALL),
    ("get", "/check-ins"): (None, EVERYONE, EVERYONE),
    ("post", "/check-ins"): ({"contact": "{contact}"}, WRITES_OWN, WRITES_ALL),
    ("get", "/bonuses"): (None, EVERYONE, EVERYONE),
    ("get", "/given-bonuses"): (None, EVERYONE, EVERYONE),
    ("post", "/given-bonuses"): ({"account": "{account}", "bonus": "{bonus}"}, WRITES_OWN, WRITES_ALL),
    ("post", "/given-bonuses/{given}/take-back"): (None, WRITES_OWN, WRITES_ALL),
    ("get", "/promises"): (None, EVERYONE, EVERYONE),
    ("post", "/promises"): (
        {"account": "{account}", "text": "Samples", "due_on": "2099-01-01"},
        WRITES_OWN,
        WRITES_ALL,
    ),
    ("get", "/promises/{promise}"): (None, SEES_OWN, SEES_ALL),
    ("post", "/promises/{promise}/keep"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/promises/{promise}/back"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/promises/{promise}/renegotiate"): ({"due_on": "2099-01-02", "reason": "late"}, WRITES_OWN, WRITES_ALL),
    ("post", "/promises/{promise}/break"): ({"reason": "late"}, WRITES_OWN, WRITES_ALL),
    ("post", "/promises/{promise}/withdraw"): ({"reason": "late"}, WRITES_OWN, WRITES_ALL),
    ("get", "/reviews"): (None, EVERYONE, EVERYONE),
    ("post", "/reviews"): ({"account": "{account}", "at": "2099-01-01T10:00:00Z"}, WRITES_OWN, WRITES_ALL),
    ("post", "/reviews/plan"): (None, WRITERS, WRITERS),
    ("get", "/reviews/{review}"): (None, SEES_OWN, SEES_ALL),
    ("post", "/reviews/{review}/move"): ({"at": "2099-01-01T10:00:00Z"}, WRITES_OWN, WRITES_ALL),
    ("post", "/reviews/{review}/accept"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/reviews/{review}/cancel"): ({"reason": "ill"}, WRITES_OWN, WRITES_ALL),
    ("post", "/reviews/{review}/back"): (None, WRITES_OWN, WRITES_ALL),
    ("get", "/reviews/{review}/questions"): (None, SEES_OWN, SEES_ALL),
    ("get", "/reviews/{review}/minutes"): (None, SEES_OWN, SEES_ALL),
    ("post", "/reviews/{review}/finish"): ({"said": "x"}, WRITES_OWN, WRITES_ALL),
    ("post", "/reviews/{review}/reopen"): ({"reason": "x"}, WRITES_OWN, WRITES_ALL),
    ("get", "/accounts/{account}/opportunity-level"): (None, SEES_OWN, SEES_ALL),
    ("post", "/accounts/{account}/opportunity-level"): ({"level": 3, "reason": "rich"}, WRITES_OWN, WRITES_ALL),
    ("get", "/projects"): (None, EVERYONE, EVERYONE),
    ("post", "/projects"): (NEW_PROJECT, WRITES_OWN, WRITES_ALL),
    ("get", "/projects/{project}"): (None, SEES_OWN, SEES_ALL),
    ("post", "/projects/{project}/measurements"): ({"value": "5"}, WRITES_OWN, WRITES_ALL),
    ("post", "/projects/{project}/start"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/projects/{project}/finish"): ({"words": "Done"}, WRITES_OWN, WRITES_ALL),
    ("post", "/projects/{project}/stop"): ({"words": "Sold"}, WRITES_OWN, WRITES_ALL),
    ("post", "/projects/{project}/resume"): (None, WRITES_OWN, WRITES_ALL),
    ("get", "/value-proofs"): (None, EVERYONE, EVERYONE),
    ("post", "/value-proofs"): (NEW_PROOF, WRITES_OWN, WRITES_ALL),
    ("post", "/value-proofs/{proof}/take-back"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/value-proofs/{proof}/restore"): (None, WRITES_OWN, WRITES_ALL),
    ("get", "/accounts/{account}/worth"): (None, SEES_OWN, SEES_ALL),
    ("post", "/accounts/{account}/worth"): ({"score": 8}, WRITES_OWN, WRITES_ALL),
    ("get", "/accounts/{account}/pitch"): (None, SEES_OWN, SEES_ALL),
    ("get", "/key-accounts"): (None, EVERYONE, EVERYONE),
    ("post", "/key-accounts"): ({"account": "{account}", "manager": "{member}"}, HEADS, HEADS),
    ("get", "/key-accounts/signs"): (None, SEES_ALL, SEES_ALL),
    ("get", "/key-accounts/assignment"): (None, SEES_ALL, SEES_ALL),
    ("post", "/key-accounts/assignment"): (
        {"appoint": [{"account": "{account}", "manager": "{member}"}]},
        HEADS,
        HEADS,
    ),
    ("get", "/key-accounts/{key_account}"): (None, SEES_OWN, SEES_ALL),
    ("post", "/key-accounts/{key_account}/end"): ({"reason": "small"}, HEADS, HEADS),
    ("post", "/key-accounts/{key_account}/restore"): (None, HEADS, HEADS),
    ("get", "/key-accounts/{key_account}/plan"): (None, SEES_OWN, SEES_ALL),
    ("post", "/key-accounts/{key_account}/plan"): (
        {"kind": "action", "text": "Show the plant", "due_on": "2099-01-01"},
        WRITES_OWN,
        WRITES_ALL,
    ),
    ("post", "/plan-lines/{line}/settle"): ({"state": "done"}, WRITES_OWN, WRITES_ALL),
    ("post", "/plan-lines/{line}/reopen"): (None, WRITES_OWN, WRITES_ALL),
    ("get", "/accounts/{account}/people-map"): (None, SEES_OWN, SEES_ALL),
    ("post", "/contacts/{contact}/part"): ({"part": "sponsor"}, WRITES_OWN, WRITES_ALL),
    ("get", "/accounts/{account}/wallet-estimates"): (None, SEES_OWN, SEES_ALL),
    ("post", "/accounts/{account}/wallet-estimates"): ({"yearly": 10, "source": "fair"}, WRITES_OWN, WRITES_ALL),
    ("get", "/accounts/{account}/told-signs"): (None, SEES_OWN, SEES_ALL),
    ("post", "/accounts/{account}/told-signs"): ({"sign": "reputation", "reason": "x"}, WRITES_OWN, WRITES_ALL),
    ("get", "/win-back"): (None, EVERYONE, EVERYONE),
    ("post", "/win-back"): ({"account": "{account}"}, WRITES_OWN, WRITES_ALL),
    ("get", "/win-back/{lost}"): (None, SEES_OWN, SEES_ALL),
    ("post", "/win-back/{lost}/reasons"): ({"reasons": ["no_need"]}, WRITES_OWN, WRITES_ALL),
    ("post", "/win-back/{lost}/offers"): ({"text": "x"}, WRITES_OWN, WRITES_ALL),
    ("post", "/win-back/{lost}/offers/{offer}/answer"): ({"answer": "yes"}, WRITES_OWN, WRITES_ALL),
    ("post", "/win-back/{lost}/won"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/win-back/{lost}/reopen"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/win-back/{lost}/part"): ({}, WRITES_OWN, WRITES_ALL),
    ("post", "/win-back/{lost}/take-back"): (None, WRITES_OWN, WRITES_ALL),
    ("get", "/leads"): (None, EVERYONE, EVERYONE),
    ("post", "/leads"): ({"name": "New", "email": "new@example.com"}, LEADERS, LEADERS),
    ("get", "/leads/{lead}"): (None, SEES_OWN, SEES_ALL),
    ("patch", "/leads/{lead}"): ({"city": "Ulm"}, LEADS_OWN, LEADS_ALL),
    ("post", "/leads/{lead}/contacted"): ({}, LEADS_OWN, LEADS_ALL),
    ("post", "/leads/{lead}/qualify"): ({}, LEADS_OWN, LEADS_ALL),
    ("post", "/leads/{lead}/notes"): ({"said": "x"}, LEADS_OWN, LEADS_ALL),
    ("post", "/leads/{lead}/assign"): ({"owner": "{member}"}, HEADS | {"marketer"}, HEADS | {"marketer"}),
    ("post", "/leads/{lead}/lose"): ({"reason": "price"}, LEADS_OWN, LEADS_ALL),
    ("post", "/leads/{lead}/reopen"): (None, LEADS_OWN, LEADS_ALL),
    ("post", "/leads/{lead}/reject"): ({"reason": "spam"}, LEADS_OWN, LEADS_ALL),
    ("post", "/leads/{lead}/win"): ({}, WRITES_OWN, WRITES_ALL),
    ("get", "/referrals"): (None, EVERYONE, EVERYONE),
    ("post", "/referrals/{referral}/thank"): ({"how": "A card"}, WRITES_OWN, WRITES_ALL),
    ("get", "/today"): (None, EVERYONE, EVERYONE),
    ("get", "/actions"): (None, EVERYONE, EVERYONE),
    ("get", "/actions/{action}"): (None, SEES_OWN, SEES_ALL),
    ("post", "/actions/{action}/done"): (DONE, WRITES_OWN, WRITES_ALL),
    ("post", "/actions/{action}/not-useful"): ({"reason": "no"}, WRITES_OWN, WRITES_ALL),
    ("post", "/actions/{action}/snooze"): ({"until": "2024-12-20", "reason": "later"}, WRITES_OWN, WRITES_ALL),
    ("post", "/actions/{action}/reassign"): ({"member": "{member}"}, HEADS, HEADS),
    ("post", "/actions/{action}/reopen"): (None, WRITES_OWN, WRITES_ALL),
    ("get", "/playbooks"): (None, EVERYONE, EVERYONE),
    ("get", "/playbook-results"): (None, EVERYONE, EVERYONE),
    ("get", "/plays"): (None, EVERYONE, EVERYONE),
    ("post", "/plays"): ({"account": "{account}", "playbook": "praise"}, WRITES_OWN, WRITES_ALL),
    ("get", "/plays/{play}"): (None, SEES_OWN, SEES_ALL),
    ("post", "/plays/{play}/done"): ({"outcome": "x"}, WRITES_OWN, WRITES_ALL),
    ("post", "/plays/{play}/skip"): ({"reason": "x"}, WRITES_OWN, WRITES_ALL),
    ("post", "/plays/{play}/undo"): (None, WRITES_OWN, WRITES_ALL),
    ("post", "/plays/{play}/stop"): ({"reason": "x"}, WRITES_OWN, WRITES_ALL),
    ("post", "/plays/{play}/resume"): (None, WRITES_OWN, WRITES_ALL),
    ("get", "/webhooks"): (None, HEADS, HEADS),
    ("post", "/webhooks"): (NEW_WEBHOOK, HEADS, HEADS),
    ("get", "/webhooks/{webhook}"): (None, HEADS, HEADS),
    ("patch", "/webhooks/{webhook}"): ({"name": "Shop"}, HEADS, HEADS),
    ("post", "/webhooks/{webhook}/secret"): (None, HEADS, HEADS),
    ("post", "/webhooks/{webhook}/test"): (None, HEADS, HEADS),
    ("get", "/webhooks/{webhook}/deliveries"): (None, HEADS, HEADS),
    ("post", "/webhooks/{webhook}/deliveries/{delivery}/resend"): (None, HEADS, HEADS),
    ("delete", "/webhooks/{webhook}"): (None, HEADS, HEADS),
}


def described() -> set[tuple[str, str]]:
    """All routes of the API; `{uid}` named for what it is the uid of."""
    named = {"accounts": "account", "contacts": "contact", "interactions": "interaction", "imports": "import"}
    named |= {"uploads": "upload", "webhooks": "webhook", "backtests": "backtest", "signals": "signal"}
    named |= {"reviews": "review"}
    named |= {
        "handovers": "handover",
        "plays": "play",
        "promises": "promise",
        "dossier-facts": "fact",
        "opportunities": "opportunity",
        "goals": "goal",
        "issues": "issue",
        "win-back": "lost",
        "projects": "project",
        "value-proofs": "proof",
    }
    named |= {"key-accounts": "key_account", "plan-lines": "line"}
    named |= {"given-bonuses": "given"}
    named |= {"leads": "lead", "referrals": "referral", "live-orders": "live_order"}
    found = set()
    for path, operations in api.get_openapi_schema(path_params={})["paths"].items():
        short = path.removeprefix("/api/v1")
        kind = named.get(short.split("/")[1], "action")
        found |= {(method, short.replace("{uid}", f"{{{kind}}}")) for method in operations}
    return found


def test_the_matrix_knows_every_route() -> None:
    assert described() == set(ROUTES)


def filled(template: Any, uids: dict[str, str]) -> Any:
    if isinstance(template, dict):
        return {name: filled(value, uids) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, uids) for value in template]
    if not isinstance(template, str):
        return template
    for name, uid in uids.items():
        template = template.replace(f"{{{name}}}", uid)
    return template


@pytest.fixture
def uids(silent: Firm) -> Uids:
    """uids of the records of Anna's account and of that of another team, and of records that are not there."""

    def of(account: Any) -> dict[str, str]:
        contact = Contact.objects.create(account=account, name="Eva", email="eva@firm.example")
        seen = Signal.objects.create(
            account=account, kind="complaint", direction="risk", strength=3, observed_on="2024-12-01"
        )
        talk = Interaction.objects.create(account=account, kind="call", on="2024-12-01")
        play = start_play(account=account, playbook="unpaid", on=date(2024, 12, 9), member=None)
        handed = Handover.objects.create(account=account, origin="won", giver=account.owner, due_on="2024-12-12")
        HandoverCheck.objects.create(handover=handed, day=3, due_on="2024-12-12")
        deal = Opportunity.objects.create(
            account=account, owner=account.owner, title="Repair", stage="talk", currency="EUR", opened_on="2024-12-01"
        )
        goal = AccountGoal.objects.create(account=account, text="Grow", noted_on="2024-12-01")
        offering, _made = Offering.objects.get_or_create(name="Repair")
        moment = timezone.now()
        trouble = Issue.objects.create(account=account, title="Broken", opened_at=moment, due_at=moment)
        promised = Promise.objects.create(account=account, text="Samples", due_on="2024-12-12", owner=account.owner)
        fact = DossierFact.objects.create(account=account, topic="history", text="Old", source="visit", on="2024-12-01")
        reviewed = Review.objects.create(account=account, due_on="2024-12-12", owner=account.owner)
        key = KeyAccount.objects.create(account=account, manager=account.owner, since="2024-12-01")
        planned = KeyPlanEntry.objects.create(
            account=account, kind="action", text="x", owner=account.owner, due_on="2024-12-12"
        )
        bonus = Bonus.objects.create(name="Dinner", cost_minor=1, times_a_year=9)
        given = GivenBonus.objects.create(bonus=bonus, account=account, on="2024-12-01", cost_minor=1)
        figures = dict.fromkeys(("worth", "chance", "chance_cases", "expected_money"), 0)
        lost = WinBack.objects.create(account=account, since="2024-12-01", lost_on="2024-12-01", **figures)
        offer = WhatIf.objects.create(win_back=lost, text="x", offered_on="2024-12-02")
        project = JointProject.objects.create(
            account=account, owner=account.owner, title="Scrap", baseline=8, baseline_on="2024-11-01", currency="EUR"
        )
        proof = ValueProof.objects.create(account=account, what="repair", words="Fast", said_on="2024-12-01")
        done = Import.objects.create(content="accounts", source="x", state="undone")
        head = silent.people["owner" if account == silent.own else "sales_head"]
        told, _secret = add_endpoint(**NEW_WEBHOOK, member=head)
        delivery = WebhookDelivery.objects.create(
            endpoint=told, event="account.changed", origin="x", content="{}", state="delivered", next_at=timezone.now()
        )
        upload = Upload.objects.create(member=head, state="ready", report={"lines_read": 1})
        tried = Backtest.objects.create(
            as_of="2024-12-09",
            horizon_days=90,
            history_version=0,
            accounts=0,
            accounts_known=0,
            winner="BG/NBD",
            outcome={"level": 0.9, "records": [], "reasons": []},
        )
        lead = Lead.objects.create(
            name="Alpine", email="a@b.example", owner=account.owner, channel="hand", came_at=moment
        )
        running = LiveOrder.objects.create(
            account=account, source="shop", external_id=account.name, number="1", placed_on="2024-12-01",
            currency="EUR", amount_minor=100,
        )  # fmt: skip
        brought = Referral.objects.create(account=account, lead=lead, on="2024-12-01")
        return {
            "account": str(account.uid),
            "contact": str(contact.uid),
            "interaction": str(talk.uid),
            "import": str(done.uid),
            "action": str(Action.objects.get(account=account).uid),
            "member": str(account.owner.uid),
            "upload": str(upload.uid),
            "webhook": str(told.uid),
            "delivery": str(delivery.uid),
            "backtest": str(tried.uid),
            "signal": str(seen.uid),
            "promise": str(promised.uid),
            "fact": str(fact.uid),
            "opportunity": str(deal.uid),
            "goal": str(goal.uid),
            "offering": str(offering.uid),
            "review": str(reviewed.uid),
            "issue": str(trouble.uid),
            "handover": str(handed.uid),
            "play": str(play.uid),
            "lost": str(lost.uid),
            "offer": str(offer.uid),
            "lead": str(lead.uid),
            "live_order": str(running.uid),
            "referral": str(brought.uid),
            "key_account": str(key.uid),
            "line": str(planned.uid),
            "bonus": str(bonus.uid),
            "given": str(given.uid),
            "project": str(project.uid),
            "proof": str(proof.uid),
        }

    absent = dict.fromkeys(RECORDS, str(uuid4()))
    return {"own": of(silent.own), "foreign": of(silent.foreign), "absent": absent}


@pytest.mark.parametrize("role", Member.Role.values)
def test_every_role_may_what_it_may_at_every_route(silent: Firm, uids: Uids, call_as: CallAs, role: str) -> None:
    """A refused request answers word for word like one about a record that is not there."""
    call = call_as(silent.people[role])
    wrong = []
    for (method, path), (body, own, foreign) in ROUTES.items():

        def asked(whose: str, method: str = method, path: str = path, body: Any = body) -> Any:
            known = uids[whose]
            return call(method.upper(), filled(path, known), filled(body, known), Idempotency_Key=str(uuid4()))

        absent = asked("absent")
        for whose, allowed in (("own", role in own), ("foreign", role in foreign)):
            answer = asked(whose)
            alike = (answer.status_code, answer.content) == (404, absent.content)
            if alike == allowed or answer.status_code >= 500:
                wrong.append((method, path, whose, answer.status_code))
    assert wrong == []


def test_a_token_opens_no_more_than_its_scopes(silent: Firm, uids: Uids, call_as: CallAs) -> None:
    owner = silent.people["owner"]
    for only in ApiScope:
        call = call_as(owner, (only,))
        for (method, path), (body, _own, _foreign) in ROUTES.items():
            needed = scope_for(method, path)
            if (method, path) == ("post", "/webhooks") and only == needed:
                continue  # needs the scopes of its events besides: see test_webhooks.py
            answer = call(
                method.upper(), filled(path, uids["own"]), filled(body, uids["own"]), Idempotency_Key=str(uuid4())
            )
            assert (answer.status_code == 403) == (needed not in (None, only)), (method, path, only)


def scope_for(method: str, path: str) -> str | None:
    """The scope that a route needs."""
    noun = path.split("/")[1]
    if noun == "token":
        return None
    of_insight = ("/score", "/protection", "/suggestions", "/forecast", "/alive-curve", "/what-if")
    if path.endswith(of_insight) or noun in {"scores", "portfolio", "lifetimes", "dependence", "plan"}:
        return ApiScope.INSIGHT_READ
    if method == "get" and path.endswith("/opportunity-level"):
        return ApiScope.INSIGHT_READ
    if path.endswith("/lines"):
        return ApiScope.ORDERS_READ
    kind = {
        "forecast": "insight",
        "backtests": "insight",
        "order-lines": "orders",
        "live-orders": "orders",
        "imports": "imports",
        "uploads": "imports",
        "webhooks": "webhooks",
        "actions": "actions",
        "today": "actions",
        "members": "actions",
        "playbooks": "actions",
        "playbook-results": "actions",
        "plays": "actions",
    }
    return f"{kind.get(noun, 'accounts')}:{'read' if method == 'get' else 'write'}"


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer no-such-key", "Basic b3duZXI6cA=="])
def test_without_a_token_in_force_every_route_answers_alike(client: Client, firm: Firm, given: str) -> None:
    for method, path in ROUTES:
        address = "/api/v1" + filled(path, dict.fromkeys(RECORDS, str(uuid4())))
        answer = client.generic(method.upper(), address, headers={"Authorization": given})
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
        assert answer["WWW-Authenticate"].startswith("Bearer")
