"""A code of an app after the password, recovery codes, and that owners may be made to have it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from regulars.base.audit import history_of
from regulars.base.lost_access import password_path
from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member
from regulars.base.organisation import change_organisation

PASSWORD = "correct horse battery"


@pytest.fixture
def olga(owner: Member) -> Member:
    owner.set_password(PASSWORD)
    owner.save()
    return owner


def enter(email: str) -> tuple[Client, str]:
    """A browser after e-mail and password, and where it was led."""
    client = Client()
    return client, client.post("/sign-in/", {"login": email, "password": PASSWORD}).headers["Location"]


def code_of(secret: str) -> str:
    """The code of the app by RFC 6238."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06}"


def connect_app(client: Client) -> str:
    """Confirm the password, scan the picture, type the code: the secret of the app."""
    confirm = client.get("/profile/security/app/")
    assert confirm.headers["Location"].startswith("/confirm/?next=")
    client.post(confirm.headers["Location"], {"password": PASSWORD})
    page = client.get("/profile/security/app/").content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    found = re.search(r'class="secret">([A-Z2-7]+)<', page)
    assert found
    answer = client.post("/profile/security/app/", {"code": code_of(found[1])})
    assert answer.headers["Location"] == "/profile/security/recovery-codes/"
    return found[1]


def recovery_codes(client: Client) -> list[str]:
    return re.findall(r"<li>(\d{8})</li>", client.get("/profile/security/recovery-codes/").content.decode())


def test_with_an_app_the_password_alone_opens_nothing(
    olga: Member, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        secret = connect_app(enter(olga.email)[0])
    assert "An authenticator app was connected." in OutgoingMail.objects.latest("pk").text
    assert "totp_activated" in {entry.verb for entry in history_of(olga)}
    client, where = enter(olga.email)
    assert where == "/sign-in/code/"
    assert client.get("/today/").status_code == 302
    assert "wrong or too old" in client.post(where, {"code": "abcdef"}).content.decode()
    code = code_of(secret)
    assert client.post(where, {"code": code}).headers["Location"] == "/today/"
    assert client.get("/today/").status_code == 200
    client, where = enter(olga.email)
    assert client.post(where, {"code": code}).status_code == 200, "a code that was seen over the shoulder is worthless"
    assert client.get("/today/").status_code == 302


def test_neither_a_new_password_by_mail_nor_a_link_from_the_machine_goes_round_it(olga: Member) -> None:
    connect_app(enter(olga.email)[0])
    Client().post("/password/forgotten/", {"email": olga.email})
    sent = re.search(r"http://testserver(/password/new/\S+)", str(mail.outbox[-1].body))
    assert sent
    client = Client()
    form = client.get(sent[1]).headers["Location"]
    assert client.post(form, {"password1": "another good one"}).headers["Location"] == "/sign-in/code/"
    olga.refresh_from_db()
    client = Client()
    form = client.get(password_path(olga)).headers["Location"]
    said = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert client.post(form, said).headers["Location"] == "/sign-in/code/"
    assert client.get("/today/").status_code == 302


def test_a_recovery_code_works_once(olga: Member) -> None:
    first, _where = enter(olga.email)
    connect_app(first)
    codes = recovery_codes(first)
    assert len(codes) == 10
    client, where = enter(olga.email)
    assert client.post(where, {"code": codes[3]}).headers["Location"] == "/today/"
    client, where = enter(olga.email)
    assert client.post(where, {"code": codes[3]}).status_code == 200
    assert client.get("/today/").status_code == 302
    assert len(recovery_codes(first)) == 9


def test_codes_cannot_be_tried_for_long(olga: Member) -> None:
    first, _where = enter(olga.email)
    connect_app(first)
    client, where = enter(olga.email)
    for _attempt in range(5):
        client.post(where, {"code": "000000"})
    answer = client.post(where, {"code": recovery_codes(first)[0]})
    assert "tried too often" in answer.content.decode()


def test_a_sign_in_under_way_can_be_cancelled(olga: Member) -> None:
    connect_app(enter(olga.email)[0])
    client, where = enter(olga.email)
    assert client.get("/sign-in/").headers["Location"] == where
    client.post("/sign-out/")
    assert client.get("/sign-in/").status_code == 200


def test_owners_may_be_made_to_add_a_second_factor_before_anything_else(olga: Member) -> None:
    change_organisation(member=olga, owners_need_second_factor=True)
    client, _where = enter(olga.email)
    assert client.get("/today/").headers["Location"] == "/profile/security/"
    assert client.post("/theme/", {"theme": "dark"}).status_code == 302
    connect_app(client)
    assert client.get("/today/").status_code == 200
    head = Member.objects.create(email="head@example.com", name="Hans", role="sales_head")
    head.set_password(PASSWORD)
    head.save()
    other, _where = enter(head.email)
    assert other.get("/today/").status_code == 200, "it is asked of owners alone"


def test_a_stranger_cannot_change_security_in_a_browser_left_open(olga: Member) -> None:
    client, _where = enter(olga.email)
    for where in ("security/app/", "security/passkeys/add/", "security/recovery-codes/new/", "email/"):
        assert client.get(f"/profile/{where}").headers["Location"].startswith("/confirm/"), where


def test_the_page_for_passkeys_brings_its_options_without_a_script_of_its_own(olga: Member) -> None:
    client, _where = enter(olga.email)
    client.post("/confirm/?next=/profile/", {"password": PASSWORD})
    page = client.get("/profile/security/passkeys/add/").content.decode()
    assert 'data-passkey="create" data-options="{&quot;publicKey&quot;' in page
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    refused = client.post("/profile/security/passkeys/add/", {"name": "x", "credential": "{}"})
    assert refused.status_code == 200
    assert not Authenticator.objects.exists()


def test_a_passkey_that_nobody_has_signs_nobody_in(olga: Member) -> None:
    client = Client()
    options = client.get("/sign-in/passkey/", headers={"Accept": "application/json"}).json()
    assert options["request_options"]["publicKey"]["rpId"] == "testserver"
    answer = client.post("/sign-in/passkey/", {"credential": '{"id": "x", "rawId": "x"}'}, follow=True)
    assert answer.redirect_chain[-1][0] == "/sign-in/"
    assert "wrong or too old" in answer.content.decode()
    assert client.get("/today/").status_code == 302


def test_a_foreign_passkey_answers_like_one_that_does_not_exist(olga: Member) -> None:
    stranger = Member.objects.create(email="far@example.com", name="Far")
    foreign = Authenticator.objects.create(user=stranger, type="webauthn", data={"name": "Far"})
    client, _where = enter(olga.email)
    client.post("/confirm/?next=/profile/", {"password": PASSWORD})
    for where in ("", "remove/"):
        for key in (foreign.pk, 999_999):
            assert client.get(f"/profile/security/passkeys/{key}/{where}").status_code == 404
            assert client.post(f"/profile/security/passkeys/{key}/{where}", {"name": "Mine"}).status_code == 404
    assert Authenticator.objects.filter(pk=foreign.pk).exists()
