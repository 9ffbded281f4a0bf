"""The firm's own sign-in by OpenID Connect, against a provider of our own on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from pytest_django import Settings

from regulars.base.models import Member


class Provider(HTTPServer):
    """Lets anybody in who comes with the code, as the person in `person`."""

    person: dict[str, Any]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str) -> dict[str, Any]:
        if path == "/token":
            return {"access_token": "a", "token_type": "Bearer"}
        if path == "/userinfo":
            return self.person
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "userinfo_endpoint": f"{self.address}/userinfo",
            "jwks_uri": f"{self.address}/keys",
        }


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps(self.server.answer(self.path)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Tests are silent."""


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    server = Provider(("127.0.0.1", 0), Handler)
    server.person = {"sub": "1", "email": "Owner@example.com", "email_verified": True, "name": "Olga"}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    app = dict(settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0], settings={"server_url": server.address})
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
    yield server
    server.shutdown()
    server.server_close()


def sign_in(client: Client, where: str = "/sign-in/with/oidc/") -> Any:
    """Go to the provider and come back with a code."""
    gone = urlsplit(client.get(where).headers["Location"])
    asked = parse_qs(gone.query)
    assert gone.path == "/authorize"
    assert asked["redirect_uri"] == ["http://testserver/sign-in/with/oidc/callback/"]
    assert asked["code_challenge_method"] == ["S256"]
    return client.get("/sign-in/with/oidc/callback/", {"code": "c", "state": asked["state"][0]}, follow=True)


def test_an_active_member_is_let_in_by_the_verified_address(provider: Provider, owner: Member) -> None:
    client = Client()
    assert "Sign in with Muster ID" in client.get("/sign-in/").content.decode()
    answer = sign_in(client, "/sign-in/with/oidc/?next=/accounts/")
    assert answer.redirect_chain[-1] == ("/accounts/", 302)
    assert client.get("/profile/").context["user"] == owner
    assert not SocialAccount.objects.exists(), "the address alone decides, every time"


@pytest.mark.parametrize(
    "person",
    [
        {"email": "stranger@example.com", "email_verified": True},
        {"email": "owner@example.com", "email_verified": False},
        {"email": "owner@example.com"},
        {"email": "owner@example.com", "email_verified": "false"},
        {},
    ],
)
def test_strangers_and_unverified_addresses_stay_outside(
    provider: Provider, owner: Member, person: dict[str, Any]
) -> None:
    provider.person = {"sub": "2", **person}
    client = Client()
    answer = sign_in(client)
    assert answer.redirect_chain[-1] == ("/sign-in/", 302)
    assert "Nobody here signs in with this e-mail address." in answer.content.decode()
    assert client.get("/today/").status_code == 302
    assert Member.objects.count() == 1


def test_who_is_no_longer_active_stays_outside(provider: Provider, owner: Member) -> None:
    Member.objects.update(is_active=False)
    client = Client()
    sign_in(client)
    assert client.get("/today/").status_code == 302


def test_an_answer_that_was_not_asked_for_signs_nobody_in(provider: Provider, owner: Member) -> None:
    client = Client()
    answer = client.get("/sign-in/with/oidc/callback/", {"code": "c", "state": "made-up"}, follow=True)
    assert answer.redirect_chain[-1] == ("/sign-in/", 302)
    assert "did not succeed" in answer.content.decode()


def test_without_a_provider_nothing_is_offered(settings: Settings, owner: Member) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert "Muster ID" not in Client().get("/sign-in/").content.decode()
    assert Client().get("/sign-in/with/oidc/").status_code == 404
