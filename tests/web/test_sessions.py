"""Who is signed in where, and how it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from regulars.base.audit import history_of
from regulars.base.members import activate_member, create_member, deactivate_member
from regulars.base.models import Member
from regulars.base.tokens import create_token, token_of

PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"


@pytest.fixture
def anna(owner: Member) -> Member:
    return create_member(member=owner, email="a@example.com", name="Anna", role="service", password=PASSWORD)


def enter(member: Member, user_agent: str = FIREFOX, address: str = "127.0.0.1") -> Client:
    client = Client(HTTP_USER_AGENT=user_agent, REMOTE_ADDR=address)
    assert client.post("/sign-in/", {"login": member.email, "password": PASSWORD}).status_code == 302
    return client


def test_sessions_are_listed_with_device_and_address(anna: Member) -> None:
    enter(anna, PHONE, address="192.0.2.7")
    page = enter(anna).get("/profile/sessions/").content.decode()
    assert "Firefox, Windows" in page
    assert "Safari, iPhone" in page
    assert "192.0.2.7" in page
    assert page.count("this browser") == 1


def test_one_session_is_ended(anna: Member) -> None:
    phone, desk = enter(anna, PHONE), enter(anna)
    session = UserSession.objects.get(user_agent=PHONE)
    assert desk.post("/profile/sessions/end/", {"session": session.pk}).status_code == 302
    assert phone.get("/today/").status_code == 302
    assert desk.get("/today/").status_code == 200
    assert history_of(anna)[0].verb == "end_session"


def test_all_other_sessions_are_ended_at_once(anna: Member) -> None:
    phone, tablet, desk = enter(anna, PHONE), enter(anna, PHONE), enter(anna)
    assert desk.post("/profile/sessions/").status_code == 302
    assert [one.get("/today/").status_code for one in (phone, tablet, desk)] == [302, 302, 200]


def test_sessions_of_others_are_neither_seen_nor_ended(anna: Member, owner: Member) -> None:
    owner.set_password(PASSWORD)
    owner.save()
    foreign = enter(owner, PHONE)
    desk = enter(anna)
    assert "iPhone" not in desk.get("/profile/sessions/").content.decode()
    session = UserSession.objects.get(user=owner)
    for chosen in (str(session.pk), "999999", "nonsense", ""):
        assert desk.post("/profile/sessions/end/", {"session": chosen}).headers["Location"] == "/profile/sessions/"
    assert foreign.get("/today/").status_code == 200


def test_who_loses_the_login_is_signed_out_everywhere_for_good_and_tokens_open_nothing(
    anna: Member, owner: Member
) -> None:
    client = enter(anna)
    _token, key = create_token(person=anna, name="Shop", scopes=["accounts:read"], member=anna)
    deactivate_member(person=anna, member=owner)
    assert client.get("/today/").status_code == 302
    assert token_of(key, at=timezone.now()) is None
    activate_member(person=anna, member=owner)
    assert client.get("/today/").status_code == 302, "a session that ended does not come back"


def test_that_a_session_is_in_use_is_noted_now_and_then(anna: Member) -> None:
    client = enter(anna, address="192.0.2.7")
    begun = UserSession.objects.get().last_seen_at
    client.get("/profile/", REMOTE_ADDR="192.0.2.8")
    assert UserSession.objects.get().last_seen_at == begun
    later = timezone.now() + timedelta(hours=1)
    with time_machine.travel(later):
        client.get("/profile/", REMOTE_ADDR="192.0.2.8")
    session = UserSession.objects.get()
    assert session.last_seen_at >= later - timedelta(minutes=1)
    assert session.ip == "192.0.2.8"


def test_the_profile_costs_the_session_and_the_member(
    anna: Member, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = enter(anna)
    client.get("/profile/")
    with django_assert_num_queries(2):
        client.get("/profile/")
