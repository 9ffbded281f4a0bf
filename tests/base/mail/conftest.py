"""A real mail server that Regulars is set to send through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from mail_receiver import MailReceiver, mail_receiver


@pytest.fixture
def receiver(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailReceiver]:
    """The server; this process and those that it starts send through it."""
    with mail_receiver() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.DEFAULT_FROM_EMAIL = "office@muster.example"
        monkeypatch.setenv("REGULARS_MAIL_URL", f"smtp://127.0.0.1:{server.port}")
        monkeypatch.setenv("REGULARS_MAIL_FROM", "office@muster.example")
        yield server
