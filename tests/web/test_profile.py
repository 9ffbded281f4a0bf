"""What members say about themselves, and their change of address."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from regulars.base.audit import history_of
from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member

PASSWORD = "correct horse battery"


@pytest.fixture
def olga(owner: Member) -> Member:
    owner.set_password(PASSWORD)
    owner.save()
    return owner


@pytest.fixture
def client(olga: Member) -> Client:
    """Olga's browser, in which she has just confirmed who she is."""
    client = Client()
    client.post("/sign-in/", {"login": olga.email, "password": PASSWORD})
    client.post("/confirm/?next=/profile/", {"password": PASSWORD})
    return client


def test_a_member_of_every_role_sets_name_and_language(
    members: dict[str, Member], signed_in: Callable[[Member], Client]
) -> None:
    for role, member in members.items():
        client = signed_in(member)
        assert client.get("/profile/").status_code == 200, role
        client.get("/today/?lang=ur")  # tried out before, and no longer in the way
        answer = client.post("/profile/", {"name": "New name", "language": "th", "buddhist_years": "on"})
        assert answer.headers["Location"] == "/profile/"
        member.refresh_from_db()
        assert (member.name, member.language, member.buddhist_years) == ("New name", "th", True)
        assert '<html lang="th"' in client.get("/today/").content.decode()


PAGES = {
    "/profile/": 200,
    "/profile/email/": 200,  # who has neither password nor second factor cannot be asked for it once more
    "/profile/password/": 302,  # without a password: to the first one
    "/profile/password/first/": 200,
    "/profile/sessions/": 200,
    "/profile/security/": 200,
    "/profile/security/app/remove/": 404,
    "/profile/security/recovery-codes/": 404,
    "/profile/security/recovery-codes/file/": 404,
    "/profile/security/passkeys/": 200,
    "/profile/security/passkeys/1/": 404,
    "/sign-in/": 302,
    "/sign-in/code/": 302,
    "/sign-out/": 200,
}


@pytest.mark.parametrize("role", Member.Role.values)
def test_every_role_has_the_same_pages_for_itself(
    role: str, members: dict[str, Member], signed_in: Callable[[Member], Client]
) -> None:
    members[role].set_unusable_password()
    members[role].save()
    client = signed_in(members[role])
    found = {where: client.get(where) for where in PAGES}
    assert {where: answer.status_code for where, answer in found.items()} == PAGES
    for where, answer in found.items():
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        page = answer.content.decode()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page), where
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page), where


def test_thai_pages_show_the_years_that_the_member_wants(client: Client, olga: Member) -> None:
    year = timezone.now().year
    for wanted, shown in ((False, year), (True, year + 543)):
        client.post("/profile/", {"name": "Olga", "language": "th", **({"buddhist_years": "on"} if wanted else {})})
        assert f" {shown}, " in client.get("/profile/sessions/").content.decode()


def test_a_profile_without_a_name_is_refused(client: Client, olga: Member) -> None:
    answer = client.post("/profile/", {"name": "", "language": "xx"})
    assert answer.status_code == 422
    olga.refresh_from_db()
    assert olga.name == "Olga Owner"


def test_a_new_address_holds_once_its_link_is_followed(client: Client, olga: Member) -> None:
    assert client.post("/profile/email/", {"email": "new@example.com"}).headers["Location"] == "/profile/"
    olga.refresh_from_db()
    assert olga.email == "owner@example.com"
    assert mail.outbox[0].to == ["new@example.com"]
    link = link_in(str(mail.outbox[0].body))
    assert "new@example.com" in client.get(link).content.decode()
    assert client.post(link).headers["Location"] == "/profile/"
    olga.refresh_from_db()
    assert olga.email == "new@example.com"
    assert OutgoingMail.objects.get().to_address == "owner@example.com"
    assert history_of(olga)[0].verb == "confirm_email"
    assert client.post(link).status_code == 422, "it works once"


def link_in(text: str) -> str:
    found = re.search(r"http://testserver(/\S+)", text)
    assert found
    return found[1]


def test_the_link_is_dead_after_a_day_and_for_others(
    client: Client, members: dict[str, Member], signed_in: Callable[[Member], Client]
) -> None:
    client.post("/profile/email/", {"email": "new@example.com"})
    link = link_in(str(mail.outbox[0].body))
    other = signed_in(members["sales_head"])
    assert other.post(link).status_code == 422
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert client.post(link).status_code == 422
    assert not Member.objects.filter(email="new@example.com").exists()


def test_an_address_of_somebody_else_is_refused(client: Client, members: dict[str, Member]) -> None:
    answer = client.post("/profile/email/", {"email": members["service"].email.upper()})
    assert answer.status_code == 422
    assert not mail.outbox


def test_a_changed_password_ends_the_other_sessions_and_is_told_by_mail(client: Client, olga: Member) -> None:
    elsewhere = Client()
    elsewhere.post("/sign-in/", {"login": olga.email, "password": PASSWORD})
    page = client.post("/profile/password/", {"oldpassword": "wrong", "password1": "another good one"})
    assert "This is not your password" in page.content.decode()
    answer = client.post("/profile/password/", {"oldpassword": PASSWORD, "password1": "another good one"})
    assert answer.headers["Location"] == "/profile/security/"
    assert "Your password is changed." in client.get("/profile/security/").content.decode()
    assert client.get("/today/").status_code == 200
    assert elsewhere.get("/today/").status_code == 302
    assert "Your password was changed." in OutgoingMail.objects.get().text
    assert "password_changed" in {entry.verb for entry in history_of(olga)}
