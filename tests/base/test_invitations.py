"""Invitations: who may invite whom, and a link that works once, for seven days."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.invitations import (
    NoSuchInvitation,
    StaleInvitation,
    WrongInvitation,
    accept_invitation,
    find_invitation,
    invitation_of,
    invite_member,
    link_of,
    resend_invitation,
    visible_invitations,
    withdraw_invitation,
)
from regulars.base.mail.at_once import MailNotSent
from regulars.base.mail.links import visited_at
from regulars.base.members import WrongMember, create_member, deactivate_member
from regulars.base.models import Invitation, Member, Team

PASSWORD = "correct horse battery"
Invite = Callable[..., Invitation]


@pytest.fixture
def invite(owner: Member, django_capture_on_commit_callbacks: Any) -> Invite:
    """Invite somebody, and send what is sent on commit."""

    def invited(**fields: Any) -> Invitation:
        said = {"email": "anna@example.com", "name": "Anna", "role": "account_manager", "team": None, "member": owner}
        with django_capture_on_commit_callbacks(execute=True):
            return invite_member(**{**said, **fields})

    return invited


def test_who_is_invited_gets_a_mail_with_a_link_and_chooses_a_password(invite: Invite, owner: Member) -> None:
    team = Team.objects.create(name="Growth")
    with visited_at("https://regulars.example.com/"):
        invitation = invite(team=team)
    letter = mail.outbox[0]
    assert letter.to == ["anna@example.com"]
    link = re.search(r"https://regulars\.example\.com/invitation/(\S+)/", str(letter.body))
    assert link
    assert "Olga Owner invites you" in letter.body
    person = accept_invitation(key=link[1], password=PASSWORD, at=timezone.now())
    assert person.check_password(PASSWORD)
    assert (person.email, person.name, person.role, person.team) == (
        "anna@example.com",
        "Anna",
        "account_manager",
        team,
    )
    assert [entry.verb for entry in history_of(invitation)] == ["accept_invitation", "invite_member"]
    assert not visible_invitations(owner)


def test_the_key_is_kept_nowhere(invite: Invite) -> None:
    invitation = invite()
    assert invitation.key in link_of(invitation)
    stored = Invitation.objects.values().get()
    assert invitation.key not in str(stored)
    assert invitation.key not in str(list(history_of(invitation).values()))


def test_the_mail_is_in_the_language_of_who_is_invited(invite: Invite, settings: Settings) -> None:
    settings.ADDRESS = "https://configured.example"
    assert invite().language == "en"
    assert invite(email="urdu@example.com", language="ur").language == "ur"
    assert "https://configured.example/invitation/" in mail.outbox[0].body


def test_a_link_works_once(invite: Invite) -> None:
    key = invite().key
    accept_invitation(key=key, password=PASSWORD, at=timezone.now())
    with pytest.raises(StaleInvitation):
        accept_invitation(key=key, password=PASSWORD, at=timezone.now())


def test_a_link_is_dead_after_seven_days_when_withdrawn_and_when_sent_again(invite: Invite, owner: Member) -> None:
    invitation = invite()
    first = invitation.key
    with pytest.raises(StaleInvitation):
        invitation_of(first, at=timezone.now() + timedelta(days=7, minutes=1))
    second = resend_invitation(invitation=invitation, member=owner).key
    with pytest.raises(StaleInvitation):
        invitation_of(first, at=timezone.now())
    assert invitation_of(second, at=timezone.now()) == invitation
    withdraw_invitation(invitation=invitation, member=owner)
    with pytest.raises(StaleInvitation):
        invitation_of(second, at=timezone.now())
    with pytest.raises(StaleInvitation):
        invitation_of("\ud800 no key", at=timezone.now())
    with pytest.raises(NoSuchInvitation):
        resend_invitation(invitation=invitation, member=owner)


def test_only_an_owner_invites_owners(invite: Invite, owner: Member) -> None:
    head = create_member(member=owner, email="h@example.com", name="Hans", role="sales_head")
    seller = create_member(member=owner, email="s@example.com", name="Sven", role="account_manager")
    with pytest.raises(Forbidden):
        invite(role="owner", member=head)
    with pytest.raises(Forbidden):
        invite(member=seller)
    from_owner = invite(role="owner")
    with pytest.raises(Forbidden):
        resend_invitation(invitation=from_owner, member=head)
    with pytest.raises(Forbidden):
        withdraw_invitation(invitation=from_owner, member=head)
    assert find_invitation(from_owner.uid, member=head) == from_owner
    with pytest.raises(NoSuchInvitation):
        find_invitation(from_owner.uid, member=seller)


def test_who_invited_and_may_no_longer_leaves_no_open_door(invite: Invite, owner: Member) -> None:
    head = create_member(member=owner, email="h@example.com", name="Hans", role="sales_head")
    invitation = invite(member=head)
    deactivate_member(person=head, member=owner)
    with pytest.raises(StaleInvitation):
        accept_invitation(key=invitation.key, password=PASSWORD, at=timezone.now())
    again = resend_invitation(invitation=invitation, member=owner)
    assert accept_invitation(key=again.key, password=PASSWORD, at=timezone.now()).is_active


def test_nobody_is_invited_twice_or_to_an_address_that_signs_in_already(invite: Invite, owner: Member) -> None:
    invite()
    with pytest.raises(WrongInvitation):
        invite(email="Anna@Example.com")
    with pytest.raises(WrongMember):
        invite(email=owner.email.upper())
    with pytest.raises(WrongMember):
        invite(email="b@example.com", role="king")
    withdraw_invitation(invitation=Invitation.objects.get(), member=owner)
    assert invite().key


def test_a_mail_server_that_refuses_leaves_an_invitation_that_can_be_sent_again(
    invite: Invite, owner: Member, settings: Settings, django_capture_on_commit_callbacks: Any
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = 1
    with pytest.raises(MailNotSent):
        invite()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with django_capture_on_commit_callbacks(execute=True):
        resend_invitation(invitation=visible_invitations(owner).get(), member=owner)
    assert len(mail.outbox) == 1
