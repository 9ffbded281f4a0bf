"""What is sent is signed, tried again with growing pauses, and kept in a log."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from regulars.base.mail.outbox import mails_about
from regulars.base.models import Member
from regulars.base.webhooks.addresses import Answer
from regulars.base.webhooks.deliveries import CannotResend, forget_old_deliveries, message_id, resend, send_test
from regulars.base.webhooks.endpoints import WrongEndpoint, pause_endpoint, resume_endpoint, rotate_secret
from regulars.base.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from regulars.base.webhooks.sending import PAUSES_SECONDS, is_anything_due, note_attempt, pause_seconds, send_due
from webhook_receiver import Receiver

State = WebhookDelivery.State


def send() -> int:
    return send_due(may_see=lambda _delivery: True)


def deliver(endpoint: WebhookEndpoint, origin: str = "audit:1") -> WebhookDelivery:
    content = '{"type": "account.created", "name": "Köln"}'
    return WebhookDelivery.objects.create(
        endpoint=endpoint, event="account.created", origin=origin, content=content, next_at=timezone.now()
    )


def later(delivery: WebhookDelivery, **difference: float) -> datetime:
    delivery.refresh_from_db()
    return delivery.next_at + timedelta(**difference)


def test_a_message_is_signed_as_the_standard_says(told: Receiver, endpoint: WebhookEndpoint) -> None:
    delivery = deliver(endpoint)
    assert send() == 1
    (request,) = told.received
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert Webhook(endpoint.secret).verify(request.content, headers)["name"] == "Köln"
    assert request.path == "/regulars?shop=1"
    assert headers["webhook-id"] == message_id(delivery.uid)
    assert headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(request.content + b" ", headers)
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED
    attempt = WebhookAttempt.objects.get()
    assert (attempt.status, attempt.answer, attempt.problem) == (200, "thanks", "")


def test_after_a_new_secret_both_verify_until_the_day_is_over(
    told: Receiver, endpoint: WebhookEndpoint, owner: Member
) -> None:
    old = endpoint.secret
    changed, new = rotate_secret(endpoint=endpoint, at=timezone.now(), member=owner)
    deliver(changed)
    send()
    changed.previous_until = timezone.now()
    changed.save()
    deliver(changed, "audit:2")
    send()
    first, second = told.received
    for secret in (old, new):
        Webhook(secret).verify(first.content, first.headers)
    Webhook(new).verify(second.content, second.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(second.content, second.headers)


def test_a_failed_message_waits_longer_each_time_and_comes_with_the_same_id(
    told: Receiver, endpoint: WebhookEndpoint
) -> None:
    told.statuses = [500, 503]
    delivery = deliver(endpoint)
    assert (send(), send()) == (1, 0)
    delivery.refresh_from_db()
    pause = (delivery.next_at - delivery.attempts.get().at).total_seconds()
    assert 4 <= pause <= 6
    _let_time_pass(endpoint)
    assert send() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == (State.WAITING, 2)
    _let_time_pass(endpoint)
    assert send() == 1
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED
    assert len({request.headers["webhook-id"] for request in told.received}) == 1
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since, endpoint.held_until) == (0, None, None)


def test_pauses_grow_from_seconds_to_hours() -> None:
    pauses = [pause_seconds(failures) for failures in range(1, 12)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (5, 36_000)


def test_a_message_is_given_up_after_its_last_attempt(endpoint: WebhookEndpoint) -> None:
    delivery, at = deliver(endpoint), timezone.now()
    for attempt in range(len(PAUSES_SECONDS) + 1):
        assert delivery.state == State.WAITING, attempt
        note_attempt(delivery, Answer(duration_ms=1, status=500), at=at)
    assert (delivery.state, delivery.finished_at) == (State.GIVEN_UP, at)


def test_the_other_side_may_ask_for_a_longer_pause(told: Receiver, endpoint: WebhookEndpoint) -> None:
    told.statuses, told.headers = [429], {"Retry-After": "3000"}
    delivery = deliver(endpoint)
    send()
    assert later(delivery) >= delivery.attempts.get().at + timedelta(seconds=3000)


def test_one_failure_holds_up_the_other_messages_to_the_same_address(told: Receiver, endpoint: WebhookEndpoint) -> None:
    told.statuses = [500]
    deliver(endpoint)
    other = deliver(endpoint, "audit:2")
    assert send() == 1
    assert not is_anything_due(timezone.now())
    assert is_anything_due(timezone.now() + timedelta(seconds=10))
    other.refresh_from_db()
    assert other.tries == 0


def test_an_address_that_fails_for_days_is_stopped_and_its_member_told(
    endpoint: WebhookEndpoint, owner: Member
) -> None:
    delivery, at = deliver(endpoint), timezone.now()
    note_attempt(delivery, Answer(duration_ms=1, problem="no route"), at=at)
    note_attempt(delivery, Answer(duration_ms=1, problem="no route"), at=at + timedelta(days=4))
    endpoint.refresh_from_db()
    assert endpoint.state == WebhookEndpoint.State.STOPPED
    told = mails_about(endpoint).get()
    assert (told.to_address, "Shop" in told.subject, endpoint.url in told.text) == (owner.email, True, True)
    resumed = resume_endpoint(endpoint=endpoint, member=owner)
    assert (resumed.state, resumed.failures, resumed.reason) == ("active", 0, "")


def test_an_address_that_is_gone_for_good_is_stopped_at_once(told: Receiver, endpoint: WebhookEndpoint) -> None:
    told.statuses = [410]
    deliver(endpoint)
    send()
    endpoint.refresh_from_db()
    assert endpoint.state == WebhookEndpoint.State.STOPPED
    assert "410" in endpoint.reason


def test_a_paused_endpoint_is_told_afterwards(told: Receiver, endpoint: WebhookEndpoint, owner: Member) -> None:
    deliver(endpoint)
    pause_endpoint(endpoint=endpoint, member=owner)
    assert (send(), told.received) == (0, [])
    resume_endpoint(endpoint=endpoint, member=owner)
    assert send() == 1


def test_what_the_member_may_not_see_any_more_is_withheld(told: Receiver, endpoint: WebhookEndpoint) -> None:
    delivery = deliver(endpoint)
    assert send_due(may_see=lambda _delivery: False) == 0
    delivery.refresh_from_db()
    assert (delivery.state, told.received) == (State.WITHHELD, [])


def test_a_test_message_says_that_it_is_one(told: Receiver, endpoint: WebhookEndpoint, owner: Member) -> None:
    send_test(endpoint=endpoint, at=timezone.now(), member=owner)
    send()
    said = json.loads(told.received[0].content)
    assert (said["type"], said["data"]["webhook"]) == ("webhook.test", str(endpoint.uid))
    paused = pause_endpoint(endpoint=endpoint, member=owner)
    with pytest.raises(WrongEndpoint):
        send_test(endpoint=paused, at=timezone.now(), member=owner)


def test_a_message_is_sent_again_by_hand_under_its_id(told: Receiver, endpoint: WebhookEndpoint, owner: Member) -> None:
    delivery = deliver(endpoint)
    with pytest.raises(CannotResend):
        resend(delivery=delivery, at=timezone.now(), member=owner)
    send()
    resend(delivery=delivery, at=timezone.now(), member=owner)
    send()
    first, second = told.received
    assert (first.content, first.headers["webhook-id"]) == (second.content, second.headers["webhook-id"])
    assert delivery.attempts.count() == 2


def test_what_ended_a_month_ago_is_forgotten(endpoint: WebhookEndpoint) -> None:
    now = timezone.now()
    old, waiting = deliver(endpoint), deliver(endpoint, "audit:2")
    old.state, old.finished_at = State.DELIVERED, now - timedelta(days=31)
    old.save()
    assert forget_old_deliveries(at=now) == 1
    assert WebhookDelivery.objects.get() == waiting


def test_a_message_to_an_endpoint_that_was_removed_meanwhile_is_no_error(endpoint: WebhookEndpoint) -> None:
    delivery = deliver(endpoint)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).delete()
    note_attempt(delivery, Answer(duration_ms=1, status=200), at=timezone.now())
    assert not WebhookAttempt.objects.exists()


def _let_time_pass(endpoint: WebhookEndpoint) -> None:
    """As if all pauses were over."""
    now = timezone.now()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(held_until=now)
    WebhookDelivery.objects.filter(endpoint=endpoint, state=State.WAITING).update(next_at=now)
