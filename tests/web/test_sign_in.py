"""Who gets in, and how."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from pytest_django import Settings

from regulars.base.models import Member, Organisation

PASSWORD = "correct horse battery"
FOUNDING = {
    "firm": "Muster Druck",
    "base_currency": "EUR",
    "time_zone": "Europe/Berlin",
    "name": "Olga Owner",
    "email": "olga@example.com",
    "password": PASSWORD,
}


@pytest.fixture
def olga(owner: Member) -> Member:
    owner.set_password(PASSWORD)
    owner.save()
    return owner


def sign_in(client: Client, email: str, password: str) -> int:
    return client.post(reverse("sign_in"), {"login": email, "password": password}).status_code


def test_the_first_visitor_of_an_empty_installation_founds_it_and_is_its_owner(db: None) -> None:
    client = Client()
    assert client.get("/today/").headers["Location"] == "/welcome/"
    assert client.get("/sign-in/").headers["Location"] == "/welcome/"
    answer = client.post("/welcome/", FOUNDING, follow=True)
    assert answer.redirect_chain == [("/imports/first/", 302)]
    assert "Begin with your order history" in answer.content.decode()
    owner = Member.objects.get()
    assert (owner.role, owner.email, owner.check_password(PASSWORD)) == (Member.Role.OWNER, "olga@example.com", True)
    assert Organisation.objects.get().time_zone == "Europe/Berlin"


def test_an_installation_is_founded_only_once(owner: Member) -> None:
    client = Client()
    assert client.post("/welcome/", {**FOUNDING, "email": "thief@example.com"}).headers["Location"] == "/today/"
    assert not Member.objects.filter(email="thief@example.com").exists()


def test_a_weak_password_is_refused_and_what_was_typed_stays(db: None) -> None:
    answer = Client().post("/welcome/", {**FOUNDING, "password": "password12"})
    assert answer.status_code == 422
    assert 'value="Muster Druck"' in answer.content.decode()
    assert "password12" not in answer.content.decode()
    assert not Member.objects.exists()


def test_e_mail_and_password_open_the_page_that_was_asked_for(olga: Member) -> None:
    client = Client()
    asked = client.get("/accounts/")
    assert asked.headers["Location"] == "/sign-in/?next=/accounts/"
    answer = client.post("/sign-in/", {"login": "Owner@Example.com", "password": PASSWORD, "next": "/accounts/"})
    assert answer.headers["Location"] == "/accounts/"
    assert client.get("/accounts/").status_code == 200


def test_a_sign_in_never_leads_to_another_site(olga: Member) -> None:
    answer = Client().post(
        "/sign-in/", {"login": olga.email, "password": PASSWORD, "next": "https://evil.example/today/"}
    )
    assert answer.headers["Location"] == "/today/"


def test_who_is_no_longer_active_cannot_sign_in_and_is_signed_out(olga: Member) -> None:
    client = Client()
    assert sign_in(client, olga.email, PASSWORD) == 302
    Member.objects.update(is_active=False)
    assert client.get("/today/").status_code == 302
    answer = Client().post("/sign-in/", {"login": olga.email, "password": PASSWORD}, follow=True)
    assert "no longer active" in answer.content.decode()


def test_after_five_failures_even_the_right_password_has_to_wait(olga: Member) -> None:
    client = Client()
    for _attempt in range(5):
        sign_in(client, olga.email, "wrong password")
    assert sign_in(client, olga.email.upper(), PASSWORD) == 429, "capitals are no way round"
    assert sign_in(client, olga.email, PASSWORD) == 429
    assert sign_in(Client(REMOTE_ADDR="192.0.2.7"), olga.email, PASSWORD) == 302, "others elsewhere may still sign in"


def test_behind_a_proxy_the_caller_is_locked_out_and_not_the_proxy(olga: Member, settings: Settings) -> None:
    settings.PROXIES = 1
    for _attempt in range(5):
        # What a caller claims stands before what our proxy saw.
        Client(headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.1"}).post(
            "/sign-in/", {"login": olga.email, "password": "wrong password"}
        )
    again = {"login": olga.email, "password": PASSWORD}
    assert Client(headers={"X-Forwarded-For": "198.51.100.1"}).post("/sign-in/", again).status_code == 429
    assert Client(headers={"X-Forwarded-For": "198.51.100.2"}).post("/sign-in/", again).status_code == 302


def test_without_a_proxy_of_ours_nobody_claims_another_address(olga: Member) -> None:
    for attempt in range(5):
        Client(headers={"X-Forwarded-For": f"198.51.100.{attempt}"}).post(
            "/sign-in/", {"login": olga.email, "password": "wrong password"}
        )
    assert sign_in(Client(), olga.email, PASSWORD) == 429


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(olga: Member) -> None:
    client = Client()
    answer = client.post("/password/forgotten/", {"email": "Owner@Example.com"})
    assert answer.headers["Location"] == "/password/forgotten/sent/"
    assert mail.outbox[0].to == ["owner@example.com"]
    link = re.search(r"http://testserver(/password/new/\S+)", str(mail.outbox[0].body))
    assert link
    form = client.get(link[1]).headers["Location"]
    assert link[1] not in form, "the secret stays out of the history of the browser"
    assert client.post(form, {"password1": "password12"}).status_code == 200
    assert client.post(form, {"password1": "another good one"}).headers["Location"] == "/today/"
    assert sign_in(Client(), olga.email, "another good one") == 302
    assert "was used before" in Client().get(link[1], follow=True).content.decode()


def test_whether_an_address_is_known_is_not_told(olga: Member) -> None:
    known = Client().post("/password/forgotten/", {"email": olga.email}, follow=True)
    Member.objects.update(is_active=False)
    for address in ("stranger@example.com", olga.email):
        unknown = Client().post("/password/forgotten/", {"email": address}, follow=True)
        assert unknown.content == known.content
    assert len(mail.outbox) == 1


def test_links_to_new_passwords_are_not_sent_without_end(olga: Member) -> None:
    answers = [Client().post("/password/forgotten/", {"email": olga.email}).status_code for _attempt in range(6)]
    assert answers == [302] * 5 + [429]


def test_a_mail_server_that_is_down_is_told_plainly(olga: Member, settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = 1
    answer = Client().post("/password/forgotten/", {"email": olga.email})
    assert answer.status_code == 422
    assert "could not be sent" in answer.content.decode()


def test_signing_out_takes_a_form_and_ends_the_session(olga: Member) -> None:
    client = Client()
    sign_in(client, olga.email, PASSWORD)
    assert "Sign out in this browser?" in client.get("/sign-out/").content.decode()
    assert client.get("/today/").status_code == 200
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/today/").status_code == 302


def test_a_link_lets_choose_a_password_once(owner: Member) -> None:
    owner.set_unusable_password()
    owner.save()
    uid = urlsafe_base64_encode(force_bytes(owner.pk))
    link = reverse("choose_password", args=[uid, default_token_generator.make_token(owner)])
    client = Client()
    form = client.get(link, follow=True).redirect_chain[-1][0]
    answer = client.post(form, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert answer.headers["Location"] == "/today/"
    assert client.get("/today/").status_code == 200
    assert "was used before" in Client().get(link).content.decode()


def test_a_form_from_another_site_is_refused(olga: Member) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(olga, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/sign-out/").status_code == 403
