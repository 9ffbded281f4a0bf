"""What endpoints are told: everything that happened, once, and no more than their member may see."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook

from api_calls import CallAs, Firm
from regulars.api.webhooks import account_work
from regulars.api.webhooks.gathering import gather, may_see
from regulars.api.webhooks.job import deliver_webhooks, is_needed, tidy_webhooks
from regulars.base.jobs import enqueue_needed
from regulars.base.models import AuditEntry, Job, Member
from regulars.base.webhooks.endpoints import add_endpoint
from regulars.base.webhooks.events import WebhookEvent, kind_of
from regulars.base.webhooks.models import WebhookDelivery, WebhookEndpoint
from regulars.base.worker import run_worker
from regulars.facts.accounts import assign_owner, change_account, create_account
from regulars.facts.contacts import create_contact
from regulars.facts.interactions import record_interaction, withdraw_interaction
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account
from regulars.insight.models import Snapshot
from regulars.plan.actions import mark_done, reopen
from regulars.plan.models import Action
from webhook_receiver import Receiver, receiver


@pytest.fixture
def told(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOKS_PRIVATE = True
    with receiver() as listening:
        yield listening


def endpoint_of(member: Member, told: Receiver, *events: str) -> WebhookEndpoint:
    endpoint, _secret = add_endpoint(name="Shop", url=told.url, events=events or list(WebhookEvent), member=member)
    return endpoint


def messages() -> list[dict[str, Any]]:
    """What is in the queue, oldest first."""
    gather(at=timezone.now())
    return [json.loads(content) for content in WebhookDelivery.objects.order_by("pk").values_list("content", flat=True)]


def test_a_change_is_told_as_the_api_shows_the_record(firm: Firm, told: Receiver, call_as: CallAs) -> None:
    owner = firm.people["owner"]
    endpoint = endpoint_of(owner, told)
    call = call_as(owner)
    made = create_account(member=owner, name="Köln Druck")
    assert is_needed()
    assert run_worker(once=True) == 1
    (request,) = told.received
    said = Webhook(endpoint.secret).verify(request.content, request.headers)
    assert said["type"] == "account.created"
    assert said["data"]["uid"] == str(made.uid)
    assert said["data"]["record"] == call("GET", f"/accounts/{made.uid}").json()
    assert not is_needed()
    assert run_worker(once=True) == 0


def test_every_kind_of_event_is_found(silent: Firm, told: Receiver) -> None:
    """Those of account work: see test_webhooks_of_account_work.py."""
    owner = silent.people["owner"]
    endpoint_of(owner, told, *(event for event in WebhookEvent if kind_of(event) not in account_work.KINDS))
    change_account(account=silent.own, member=owner, city="Ulm")
    assign_owner(accounts=[silent.own], owner=silent.people["mate"], member=owner)
    create_contact(account=silent.own, member=owner, name="Eva")
    talk = record_interaction(account=silent.own, kind="call", on=date(2024, 12, 9), member=owner)
    action = Action.objects.get(account=silent.own)
    mark_done(action=action, on=date(2024, 12, 9), outcome="reached", member=owner)
    kinds = [message["type"] for message in messages()]
    assert kinds == [
        *("account.changed", "account.changed", "contact.created", "interaction.recorded"),
        *("interaction.recorded", "action.done"),
    ]
    withdraw_interaction(interaction=talk, member=owner)
    reopen(action=action, member=owner)
    withdrawn = messages()[6]
    assert (withdrawn["type"], withdrawn["data"]) == ("interaction.withdrawn", {"uid": str(talk.uid), "record": None})
    assert messages()[7]["type"] == "action.reopened"


def test_a_merged_account_is_told_as_the_one_that_it_is_part_of(firm: Firm, told: Receiver) -> None:
    owner = firm.people["owner"]
    endpoint_of(owner, told, "account.changed")
    merge_accounts(kept=firm.own, merged=firm.team, member=owner)
    pairs = {(message["data"]["uid"], message["data"]["record"]["uid"]) for message in messages()}
    assert pairs == {(str(firm.own.uid), str(firm.own.uid)), (str(firm.team.uid), str(firm.own.uid))}


def test_new_figures_are_told_once(silent: Firm, told: Receiver) -> None:
    Snapshot.objects.all().update(created_at=timezone.now() - timedelta(hours=1))
    endpoint_of(silent.people["owner"], told, "snapshot.taken")
    assert not is_needed()
    Snapshot.objects.all().update(created_at=timezone.now())
    assert is_needed()
    (message,) = messages()
    assert (message["type"], message["data"]["record"]["as_of"]) == ("snapshot.taken", "2024-12-09")
    assert len(messages()) == 1


def test_only_the_events_that_were_chosen_are_told(firm: Firm, told: Receiver) -> None:
    endpoint_of(firm.people["owner"], told, "account.created")
    change_account(account=firm.own, member=None, city="Ulm")
    assert messages() == []


def test_an_endpoint_is_told_no_more_than_its_member_sees(firm: Firm, told: Receiver) -> None:
    """Its member was a head of sales once, and looks after some accounts now."""
    member = firm.people["sales_head"]
    endpoint_of(member, told, "account.changed", "import.finished")
    member.role = Member.Role.ACCOUNT_MANAGER
    member.save()
    for account in (firm.team, firm.foreign):
        change_account(account=account, member=None, city="Ulm")
    assert [message["data"]["uid"] for message in messages()] == [str(firm.team.uid)]


def test_what_went_out_of_sight_while_it_waited_is_withheld(firm: Firm, told: Receiver) -> None:
    member = firm.people["sales_head"]
    endpoint_of(member, told, "account.changed")
    change_account(account=firm.own, member=None, city="Ulm")
    (delivery,) = gathered()
    assert may_see(delivery)
    member.is_active = False
    member.save()
    deliver_webhooks.func()
    delivery.refresh_from_db()
    assert (delivery.state, told.received) == ("withheld", [])


def test_an_entry_that_appears_late_is_told_as_well(firm: Firm, told: Receiver) -> None:
    """Transactions of PostgreSQL end in another sequence than their numbers were given out."""
    endpoint = endpoint_of(firm.people["owner"], told, "account.changed")
    late = endpoint.seen + 1
    AuditEntry.objects.create(pk=late + 1, **entry(firm.own))
    assert [message["data"]["uid"] for message in messages()] == [str(firm.own.uid)]
    endpoint.refresh_from_db()
    assert list(endpoint.missing) == [str(late)]
    assert not is_needed() or WebhookDelivery.objects.filter(state="waiting").exists()
    AuditEntry.objects.create(pk=late, **entry(firm.foreign))
    assert [message["data"]["uid"] for message in messages()] == [str(firm.own.uid), str(firm.foreign.uid)]
    endpoint.refresh_from_db()
    assert endpoint.missing == {}


def test_a_number_that_never_appears_is_no_longer_waited_for(firm: Firm, told: Receiver) -> None:
    endpoint = endpoint_of(firm.people["owner"], told, "account.changed")
    AuditEntry.objects.create(pk=endpoint.seen + 3, **entry(firm.own))
    gather(at=timezone.now() - timedelta(hours=2))
    gather(at=timezone.now())
    endpoint.refresh_from_db()
    assert endpoint.missing == {}


def test_a_change_that_was_taken_back_is_not_told(firm: Firm, told: Receiver) -> None:
    endpoint_of(firm.people["owner"], told)
    with transaction.atomic():
        change_account(account=firm.own, member=None, city="Ulm")
        transaction.set_rollback(True)
    assert messages() == []


def test_a_record_that_cannot_be_said_keeps_nothing_else_from_being_told(
    firm: Firm, told: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_of(firm.people["owner"], told)
    create_contact(account=firm.own, member=None, name="Eva")
    change_account(account=firm.own, member=None, city="Ulm")

    def fail(_contact: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("regulars.api.webhooks.gathering.shown_contact", fail)
    assert [delivery.state for delivery in gathered()] == ["given_up", "waiting"]


def test_nothing_is_asked_where_nobody_is_told(firm: Firm, told: Receiver, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert not is_needed()
    change_account(account=firm.own, member=None, city="Ulm")
    assert enqueue_needed() == []


def test_a_job_that_waits_is_not_put_in_the_queue_again(firm: Firm, told: Receiver) -> None:
    endpoint_of(firm.people["owner"], told)
    change_account(account=firm.own, member=None, city="Ulm")
    assert enqueue_needed() == ["webhooks"]
    assert enqueue_needed() == []
    assert run_worker(once=True) == 1
    assert Job.objects.count() == 1
    Job.objects.update(finished_at=timezone.now() - timedelta(days=2))
    tidy_webhooks.func()
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_while_one_process_sends_another_leaves_it_to_it(
    firm: Firm, told: Receiver, hold_lock: Callable[[str], object]
) -> None:
    hold_lock("webhooks")
    endpoint_of(firm.people["owner"], told)
    change_account(account=firm.own, member=None, city="Ulm")
    assert deliver_webhooks.func() == 0
    assert told.received == []


# Over the API


def test_a_webhook_is_made_changed_tested_and_removed(firm: Firm, told: Receiver, call_as: CallAs) -> None:
    call = call_as(firm.people["owner"])
    made = call("POST", "/webhooks", {"name": "Shop", "url": told.url, "events": ["account.changed"]})
    assert made.status_code == 201
    path, secret = f"/webhooks/{made.json()['uid']}", made.json()["secret"]
    assert secret.startswith("whsec_")
    assert "secret" not in call("GET", path).json()
    assert call("POST", f"{path}/test").json()["state"] == "waiting"
    deliver_webhooks.func()
    (delivery,) = call("GET", f"{path}/deliveries?state=delivered").json()["items"]
    assert (delivery["event"], delivery["attempts"][0]["status"]) == ("webhook.test", 200)
    assert call("POST", f"{path}/deliveries/{delivery['uid']}/resend").json()["state"] == "waiting"
    assert call("POST", f"{path}/secret").json()["secret"] != secret
    paused = call("PATCH", path, {"state": "paused", "events": ["action.done", "account.created"]}).json()
    assert (paused["state"], paused["events"]) == ("paused", ["account.created", "action.done"])
    assert call("POST", f"{path}/test").status_code == 422
    assert call("PATCH", path, {"state": "active"}).json()["state"] == "active"
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).status_code == 404


def test_a_token_has_nobody_told_what_it_may_not_read(firm: Firm, told: Receiver, call_as: CallAs) -> None:
    call = call_as(firm.people["owner"], ("webhooks:write", "webhooks:read", "actions:read"))
    body = {"name": "Shop", "url": told.url, "events": ["account.changed"]}
    assert call("POST", "/webhooks", body).status_code == 403
    made = call("POST", "/webhooks", body | {"events": ["action.done"]}).json()
    assert call("PATCH", f"/webhooks/{made['uid']}", {"events": ["account.changed"]}).status_code == 403


def test_the_log_costs_the_same_number_of_queries(
    firm: Firm, told: Receiver, call_as: CallAs, django_assert_max_num_queries: Any
) -> None:
    endpoint = endpoint_of(firm.people["owner"], told)
    for number in range(30):
        change_account(account=firm.own, member=None, city=f"City {number}")
    deliver_webhooks.func()
    call = call_as(firm.people["owner"])
    with django_assert_max_num_queries(8):
        found = call("GET", f"/webhooks/{endpoint.uid}/deliveries").json()
    assert len(found["items"]) == 30


def gathered() -> list[WebhookDelivery]:
    gather(at=timezone.now())
    return list(WebhookDelivery.objects.select_related("endpoint__member").order_by("pk"))


def entry(account: Account) -> dict[str, Any]:
    return {"at": timezone.now(), "verb": "change_account", "subject": "facts.account", "subject_id": account.pk}
