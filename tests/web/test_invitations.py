"""Who was invited comes in, once."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from regulars.base.invitations import invite_member, link_of, withdraw_invitation
from regulars.base.models import Invitation, Member

PASSWORD = "correct horse battery"


@pytest.fixture
def invitation(owner: Member) -> Invitation:
    return invite_member(email="anna@example.com", name="Anna", role="service", team=None, member=owner)


def path_of(invitation: Invitation) -> str:
    return link_of(invitation).removeprefix("http://localhost:8000")


def test_the_link_asks_for_name_language_and_password_and_signs_in(invitation: Invitation) -> None:
    client = Client()
    page = client.get(path_of(invitation)).content.decode()
    assert "anna@example.com" in page
    assert 'value="Anna"' in page
    said = {"name": "Anna Aalto", "language": "ur", "password": PASSWORD}
    assert client.post(path_of(invitation), said).headers["Location"] == "/today/"
    person = Member.objects.get(email="anna@example.com")
    assert (person.name, person.language, person.role) == ("Anna Aalto", "ur", "service")
    assert person.check_password(PASSWORD)
    assert '<html lang="ur"' in client.get("/today/").content.decode()


def test_a_weak_password_is_refused_and_what_was_typed_stays(invitation: Invitation) -> None:
    said = {"name": "Anna Aalto", "language": "en", "password": "password12"}
    answer = Client().post(path_of(invitation), said)
    assert answer.status_code == 422
    assert 'value="Anna Aalto"' in answer.content.decode()
    assert "password12" not in answer.content.decode()
    assert not Member.objects.filter(email="anna@example.com").exists()


def test_a_link_that_was_used_is_withdrawn_too_old_or_made_up_opens_nothing(
    invitation: Invitation, owner: Member
) -> None:
    made_up = Client().get("/invitation/made-up/")
    assert made_up.status_code == 410
    assert "Ask the person who invited you" in made_up.content.decode()
    Invitation.objects.update(expires_at=timezone.now())
    assert Client().get(path_of(invitation)).content == made_up.content
    withdraw_invitation(invitation=invitation, member=owner)
    answer = Client().post(path_of(invitation), {"name": "Anna", "language": "en", "password": PASSWORD})
    assert answer.status_code == 410
    assert Member.objects.count() == 1


def test_nobody_signs_up_without_an_invitation(owner: Member) -> None:
    for where in ("/signup/", "/accounts/signup/", "/sign-up/", "/sign-in/signup/"):
        assert Client().get(where).status_code == 404
