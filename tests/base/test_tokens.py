"""Tokens of the API: who makes and revokes them, and when a key opens anything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from regulars.base.access import Forbidden
from regulars.base.models import ApiToken, AuditEntry, Member
from regulars.base.tokens import ApiScope, NoSuchToken, WrongToken, create_token, find_token, revoke_token, token_of

pytestmark = pytest.mark.django_db

READ = [ApiScope.ACCOUNTS_READ]


@pytest.fixture
def seller(owner: Member) -> Member:
    return Member.objects.create(email="seller@example.com", name="Seller")


def test_a_key_opens_what_its_token_says_and_is_not_kept(seller: Member) -> None:
    token, key = create_token(person=seller, name=" shop ", scopes=["orders:write", "accounts:read"], member=seller)
    assert token_of(key, at=timezone.now()) == token
    assert (token.name, token.scopes) == ("shop", ["accounts:read", "orders:write"])
    kept = str(ApiToken.objects.values().get()) + str(list(AuditEntry.objects.values()))
    assert key not in kept
    assert token_of(key[:-1], at=timezone.now()) is None


def test_a_key_is_worth_nothing_once_expired_revoked_or_its_member_is_gone(seller: Member) -> None:
    now = timezone.now()
    token, key = create_token(
        person=seller, name="shop", scopes=READ, expires_at=now + timedelta(days=1), member=seller
    )
    assert token_of(key, at=now + timedelta(hours=23)) is not None
    assert token_of(key, at=now + timedelta(days=1)) is None
    Member.objects.filter(pk=seller.pk).update(is_active=False)
    assert token_of(key, at=now) is None
    Member.objects.filter(pk=seller.pk).update(is_active=True)
    revoke_token(token=token, member=seller)
    revoke_token(token=token, member=seller)
    assert token_of(key, at=now) is None
    assert AuditEntry.objects.filter(verb="revoke_token").count() == 1


def test_the_last_use_is_noted_at_most_once_a_minute(seller: Member) -> None:
    _token, key = create_token(person=seller, name="shop", scopes=READ, member=seller)
    now = timezone.now()
    for seconds in (0, 59, 60):
        token_of(key, at=now + timedelta(seconds=seconds))
    assert ApiToken.objects.get().last_used_at == now + timedelta(seconds=60)
    token_of(key, at=now + timedelta(seconds=90))
    assert ApiToken.objects.get().last_used_at == now + timedelta(seconds=60)


def test_members_make_tokens_of_their_own_heads_for_others_and_only_owners_for_owners(owner: Member) -> None:
    seller = Member.objects.create(email="seller@example.com", name="Seller")
    head = Member.objects.create(email="head@example.com", name="Head", role="sales_head")
    create_token(person=seller, name="own", scopes=READ, member=seller)
    token, _key = create_token(person=seller, name="other", scopes=READ, member=head)
    with pytest.raises(Forbidden):
        create_token(person=owner, name="power", scopes=READ, member=head)
    with pytest.raises(Forbidden):
        create_token(person=head, name="power", scopes=READ, member=seller)
    assert find_token(token.uid, member=seller) == token
    others, _key = create_token(person=head, name="head’s", scopes=READ, member=head)
    with pytest.raises(NoSuchToken):
        find_token(others.uid, member=seller)


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"name": "x" * 101}, {"scopes": []}, {"scopes": ["everything"]}, {"expires_at": timezone.now()}],
)
def test_a_token_that_makes_no_sense_is_refused(seller: Member, wrong: dict[str, object]) -> None:
    with pytest.raises(WrongToken):
        create_token(**{"person": seller, "name": "shop", "scopes": READ, "member": seller, **wrong})  # type: ignore[arg-type]
