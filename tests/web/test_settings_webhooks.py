"""The page of webhooks: who reaches it, what it does, what it shows only once."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from regulars.base.models import Member
from regulars.base.webhooks.endpoints import add_endpoint
from regulars.base.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from regulars.base.webhooks.sending import send_due
from regulars.facts.models import Account
from webhook_receiver import Receiver, receiver

Signer = Callable[[Member], Client]
HEADS = {"owner", "sales_head"}
URL = "https://example.com/hook"


@pytest.fixture
def told(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOKS_PRIVATE = True
    with receiver() as listening:
        yield listening


@pytest.fixture
def endpoint(owner: Member) -> WebhookEndpoint:
    return add_endpoint(name="Web shop", url=URL, events=["account.changed", "action.done"], member=owner)[0]


def delivery_to(endpoint: WebhookEndpoint, number: int = 0, **fields: Any) -> WebhookDelivery:
    said: dict[str, Any] = {"event": "account.changed", "content": '{"type": "account.changed"}', "state": "delivered"}
    made = WebhookDelivery.objects.create(
        endpoint=endpoint, origin=f"audit:{number}", next_at=timezone.now(), **said | fields
    )
    WebhookAttempt.objects.create(delivery=made, at=timezone.now(), duration_ms=1234, status=500, answer="<b>no</b>")
    return made


ROUTES = {
    "": ("get", 200),
    "add/": ("get", 200),
    "{uid}/": ("get", 200),
    "{uid}/change/": ("get", 200),
    "{uid}/secret/": ("get", 200),
    "{uid}/remove/": ("get", 200),
    "{uid}/test/": ("post", 302),
    "{uid}/pause/": ("post", 302),
    "{uid}/resume/": ("post", 302),
    "message/{delivery}/": ("post", 302),
}


@pytest.mark.parametrize("role", Member.Role.values)
def test_only_who_may_configure_reaches_webhooks(
    role: str, members: dict[str, Member], signed_in: Signer, endpoint: WebhookEndpoint
) -> None:
    client, delivery = signed_in(members[role]), delivery_to(endpoint)
    for route, (method, status) in ROUTES.items():
        where = "/settings/webhooks/" + route.format(uid=endpoint.uid, delivery=delivery.uid)
        assert getattr(client, method)(where).status_code == (status if role in HEADS else 403), where
        absent = "/settings/webhooks/" + route.format(uid=uuid.uuid4(), delivery=uuid.uuid4())
        if "{" in route:
            assert getattr(client, method)(absent).status_code == (404 if role in HEADS else 403), absent


def test_a_webhook_is_added_and_its_secret_shown_once(browser: Client, owner: Member) -> None:
    answer = browser.post(
        "/settings/webhooks/add/", {"name": "Web shop", "url": URL, "events": ["account.changed", "action.done"]}
    )
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.secret in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert (endpoint.member, endpoint.events) == (owner, ["account.changed", "action.done"])
    for page in ("/settings/webhooks/", f"/settings/webhooks/{endpoint.uid}/"):
        assert endpoint.secret not in browser.get(page).content.decode()


def test_a_form_that_fails_keeps_what_was_typed(browser: Client) -> None:
    answer = browser.post(
        "/settings/webhooks/add/", {"name": "Web shop", "url": "http://10.0.0.1/", "events": ["action.done"]}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="Web shop"' in page
    assert 'value="http://10.0.0.1/"' in page
    assert re.search(r'value="action.done"[^>]*checked', page)
    assert not WebhookEndpoint.objects.exists()


def test_a_webhook_is_changed_paused_resumed_and_removed(browser: Client, endpoint: WebhookEndpoint) -> None:
    where = f"/settings/webhooks/{endpoint.uid}/"
    browser.post(where + "change/", {"name": "Shop", "events": ["action.done"]})
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.events) == ("Shop", ["action.done"])
    page = browser.post(where + "pause/", follow=True).content.decode()
    assert where + "resume/" in page  # the toast's undo
    endpoint.refresh_from_db()
    assert endpoint.state == "paused"
    assert "Resume it first" in browser.post(where + "test/", follow=True).content.decode()
    browser.post(where + "resume/")
    endpoint.refresh_from_db()
    assert endpoint.state == "active"
    secret = endpoint.secret
    shown = browser.post(where + "secret/").content.decode()
    endpoint.refresh_from_db()
    assert endpoint.secret != secret
    assert endpoint.secret in shown
    browser.post(where + "remove/")
    assert not WebhookEndpoint.objects.exists()


def test_a_test_message_goes_out_and_is_in_the_log(browser: Client, owner: Member, told: Receiver) -> None:
    endpoint, _secret = add_endpoint(name="Shop", url=told.url, events=["action.done"], member=owner)
    browser.post(f"/settings/webhooks/{endpoint.uid}/test/")
    send_due(may_see=lambda _delivery: True)
    assert len(told.received) == 1
    page = browser.get(f"/settings/webhooks/{endpoint.uid}/?state=delivered").content.decode()
    assert "webhook.test" in page
    assert "answered 200" in page
    assert "No message fits" in browser.get(f"/settings/webhooks/{endpoint.uid}/?state=given_up").content.decode()


def test_a_message_is_sent_again_from_the_log(browser: Client, endpoint: WebhookEndpoint) -> None:
    delivery = delivery_to(endpoint, account_id=Account.objects.create(name="Muster KG").pk)
    page = browser.get(f"/settings/webhooks/{endpoint.uid}/").content.decode()
    assert "Muster KG" in page
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    browser.post(f"/settings/webhooks/message/{delivery.uid}/")
    delivery.refresh_from_db()
    assert delivery.state == "waiting"


def test_the_pages_cost_the_same_number_of_queries_however_long_they_are(
    browser: Client, endpoint: WebhookEndpoint, owner: Member, django_assert_max_num_queries: Any
) -> None:
    for number in range(40):
        delivery_to(endpoint, number)
    for number in range(10):
        add_endpoint(name=f"Shop {number}", url=URL, events=["action.done"], member=owner)
    with django_assert_max_num_queries(10):
        assert browser.get(f"/settings/webhooks/{endpoint.uid}/").content.decode().count("attempt</summary>") == 25
    with django_assert_max_num_queries(8):
        browser.get("/settings/webhooks/")
