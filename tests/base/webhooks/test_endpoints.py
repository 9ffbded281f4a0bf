from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.utils import timezone

from regulars.base.access import Forbidden
from regulars.base.models import AuditEntry, Member
from regulars.base.webhooks import endpoints
from regulars.base.webhooks.addresses import WrongAddress
from regulars.base.webhooks.endpoints import WrongEndpoint, visible_endpoints
from regulars.base.webhooks.models import WebhookEndpoint

URL = "https://example.com/hook"


def test_an_endpoint_hears_of_what_happens_from_now_on(owner: Member) -> None:
    AuditEntry.objects.create(at=timezone.now(), verb="create_account", subject="facts.account")
    made, secret = endpoints.add_endpoint(name=" Shop ", url=URL, events=["account.changed"], member=owner)
    assert (made.name, made.seen) == ("Shop", AuditEntry.objects.order_by("-pk")[0].pk)
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32


def test_the_audit_trail_tells_of_endpoints_and_not_their_secrets(owner: Member) -> None:
    made, secret = endpoints.add_endpoint(name="Shop", url=URL, events=["account.changed"], member=owner)
    _made, second = endpoints.rotate_secret(endpoint=made, at=timezone.now(), member=owner)
    endpoints.remove_endpoint(endpoint=made, member=owner)
    entries = list(AuditEntry.objects.order_by("pk"))
    assert [entry.verb for entry in entries] == ["add_webhook", "rotate_webhook_secret", "remove_webhook"]
    assert not any(one in f"{entry.before}{entry.after}" for entry in entries for one in (secret, second))


@pytest.mark.parametrize(
    ("name", "url", "events", "refusal"),
    [
        ("", URL, ["account.changed"], WrongEndpoint),
        ("x" * 101, URL, ["account.changed"], WrongEndpoint),
        ("Shop", "http://example.com/", ["account.changed"], WrongAddress),
        ("Shop", "https://10.0.0.1/", ["account.changed"], WrongAddress),
        ("Shop", URL, [], WrongEndpoint),
        ("Shop", URL, ["account.exploded"], WrongEndpoint),
    ],
)
def test_what_makes_no_endpoint_is_refused(
    owner: Member, name: str, url: str, events: list[str], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        endpoints.add_endpoint(name=name, url=url, events=events, member=owner)
    assert not WebhookEndpoint.objects.exists()


def test_there_are_only_so_many(owner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 1)
    endpoints.add_endpoint(name="One", url=URL, events=["account.changed"], member=owner)
    with pytest.raises(WrongEndpoint):
        endpoints.add_endpoint(name="Two", url=URL, events=["account.changed"], member=owner)


def test_only_who_may_configure_manages_and_sees_endpoints(owner: Member) -> None:
    made, _secret = endpoints.add_endpoint(name="Shop", url=URL, events=["account.changed"], member=owner)
    seller = Member.objects.create(email="s@example.com", name="Seller")
    assert not visible_endpoints(seller).exists()
    for verb in (endpoints.pause_endpoint, endpoints.resume_endpoint, endpoints.remove_endpoint):
        with pytest.raises(Forbidden):
            verb(endpoint=made, member=seller)
    with pytest.raises(Forbidden):
        endpoints.add_endpoint(name="Mine", url=URL, events=["account.changed"], member=seller)
    with pytest.raises(Forbidden):
        endpoints.rotate_secret(endpoint=made, at=timezone.now(), member=seller)
    assert visible_endpoints(owner).get() == made


def test_a_new_secret_leaves_the_old_one_in_force_for_a_day(owner: Member) -> None:
    made, first = endpoints.add_endpoint(name="Shop", url=URL, events=["account.changed"], member=owner)
    now = timezone.now()
    changed, second = endpoints.rotate_secret(endpoint=made, at=now, member=owner)
    assert second != first
    assert (changed.secret, changed.previous_secret) == (second, first)
    assert changed.previous_until == now + timedelta(days=1)


def test_name_and_events_are_changed_and_nothing_is_noted_where_nothing_changes(owner: Member) -> None:
    made, _secret = endpoints.add_endpoint(name="Shop", url=URL, events=["account.changed"], member=owner)
    changed = endpoints.change_endpoint(endpoint=made, member=owner, name="Web shop", events=["action.done"])
    assert (changed.name, changed.events) == ("Web shop", ["action.done"])
    endpoints.change_endpoint(endpoint=made, member=owner, name="Web shop")
    assert AuditEntry.objects.filter(verb="change_webhook").count() == 1
