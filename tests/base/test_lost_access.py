"""Letting in again who lost password, phone and recovery codes."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.tokens import default_token_generator

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.lost_access import let_in_again
from regulars.base.members import WrongMember, create_member, deactivate_member
from regulars.base.models import Member

PASSWORD = "correct horse battery"


@pytest.fixture
def anna(owner: Member) -> Member:
    made = create_member(member=owner, email="a@example.com", name="Anna", role="service", password=PASSWORD)
    Authenticator.objects.create(user=made, type=Authenticator.Type.TOTP, data={"secret": "x"})
    return made


def test_the_second_factor_is_gone_and_the_link_leads_to_a_new_password_once(owner: Member, anna: Member) -> None:
    link = let_in_again(person=anna, member=owner).removeprefix("http://localhost:8000")
    assert not Authenticator.objects.exists()
    assert history_of(anna)[0].verb == "let_in_again"
    token = link.rstrip("/").rpartition("/")[2]
    assert default_token_generator.check_token(anna, token)
    anna.set_password("another good one")
    assert not default_token_generator.check_token(anna, token)


def test_it_needs_power_over_the_person(owner: Member, anna: Member) -> None:
    head = create_member(member=owner, email="h@example.com", name="Hans", role="sales_head")
    with pytest.raises(Forbidden):
        let_in_again(person=owner, member=head)
    with pytest.raises(Forbidden):
        let_in_again(person=anna, member=anna)
    assert Authenticator.objects.filter(user=anna).exists()
    deactivate_member(person=anna, member=owner)
    with pytest.raises(WrongMember):
        let_in_again(person=anna, member=head)
