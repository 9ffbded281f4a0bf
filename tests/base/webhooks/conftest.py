"""An endpoint, and the program at its address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from regulars.base.models import Member
from regulars.base.webhooks.endpoints import add_endpoint
from regulars.base.webhooks.models import WebhookEndpoint
from webhook_receiver import Receiver, receiver


@pytest.fixture
def told(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOKS_PRIVATE = True
    with receiver() as listening:
        yield listening


@pytest.fixture
def endpoint(owner: Member, told: Receiver) -> WebhookEndpoint:
    return add_endpoint(name="Shop", url=told.url, events=["account.created"], member=owner)[0]
