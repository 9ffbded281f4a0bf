"""Members in the browser: invited, given another role, leaving with their accounts handed over."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from regulars.base.models import Invitation, Member, Team
from regulars.facts.models import Account
from regulars.plan.models import Action

Signer = Callable[[Member], Client]


@pytest.fixture
def seller(organisation: Any) -> Member:
    return Member.objects.create(
        email="sam@firm.example", name="Sam Seller", role="account_manager", team=Team.objects.create(name="Growth")
    )


def said_of(person: Member, **changes: str) -> dict[str, str]:
    said = {"name": person.name, "email": person.email, "role": person.role, "language": "", "seller_code": ""}
    return {**said, "team": str(person.team.uid) if person.team else "", **changes}


def test_the_list_is_searched_and_narrowed(browser: Client, seller: Member) -> None:
    Member.objects.create(email="gone@firm.example", name="Gone Long", role="analyst", is_active=False)

    def names(query: str) -> set[str]:
        page = browser.get(f"/settings/members/{query}").content.decode()
        return {name for name in ("Olga Owner", "Sam Seller", "Gone Long") if f">{name}</bdi></a>" in page}

    assert names("") == {"Olga Owner", "Sam Seller"}
    assert names("?q=sam@") == {"Sam Seller"}
    assert names("?role=owner") == {"Olga Owner"}
    assert names("?state=gone") == {"Gone Long"}
    assert names("?state=all") == {"Olga Owner", "Sam Seller", "Gone Long"}
    assert names("?role=emperor&state=nonsense") == {"Olga Owner", "Sam Seller"}
    assert "Nobody fits" in browser.get("/settings/members/?q=zzz").content.decode()


def test_a_member_gets_another_role_team_and_code_in_one_step_and_back_by_undo(browser: Client, seller: Member) -> None:
    service = Team.objects.create(name="Service")
    said = said_of(seller, role="service", team=str(service.uid), seller_code="S7", language="hi")
    assert browser.post(f"/settings/members/{seller.uid}/", said).status_code == 302
    seller.refresh_from_db()
    assert (seller.role, seller.team, seller.seller_code, seller.language) == ("service", service, "S7", "hi")
    page = browser.get("/settings/members/").content.decode()
    undo = re.search(r'class="toast".*?action="([^"]+)"', page)
    assert undo
    browser.post(undo[1].replace("&amp;", "&"))
    seller.refresh_from_db()
    assert (seller.role, str(seller.team), seller.seller_code) == ("account_manager", "Growth", "")


def test_a_change_that_fails_changes_nothing_and_keeps_what_was_typed(browser: Client, seller: Member) -> None:
    answer = browser.post(
        f"/settings/members/{seller.uid}/", said_of(seller, role="service", email="owner@example.com")
    )
    assert answer.status_code == 422
    assert "Someone signs in with owner@example.com already." in answer.content.decode()
    assert 'value="owner@example.com"' in answer.content.decode()
    seller.refresh_from_db()
    assert seller.role == "account_manager"


def test_the_last_owner_stays_one(browser: Client, owner: Member) -> None:
    answer = browser.post(f"/settings/members/{owner.uid}/", said_of(owner, role="analyst"))
    assert answer.status_code == 422
    assert "is the last active owner" in answer.content.decode()


def test_a_head_of_sales_cannot_make_or_change_owners(members: dict[str, Member], signed_in: Signer) -> None:
    client = signed_in(members["sales_head"])
    someone, owner = members["analyst"], members["owner"]
    assert client.post(f"/settings/members/{someone.uid}/", said_of(someone, role="owner")).status_code == 422
    assert "Only an owner changes" in client.get(f"/settings/members/{owner.uid}/").content.decode()
    assert client.post(f"/settings/members/{owner.uid}/", said_of(owner, name="Puppet")).status_code == 422
    assert client.post(f"/settings/members/{owner.uid}/deactivate/", {"heir": "keep"}).status_code == 422
    someone.refresh_from_db()
    owner.refresh_from_db()
    assert (someone.role, owner.name, owner.is_active) == ("analyst", "owner", True)


def test_who_leaves_hands_accounts_and_actions_over(
    browser: Client, seller: Member, owner: Member, scored: Any, proposed: Any
) -> None:
    account = scored("Theirs", owner=seller)
    action = proposed(account)
    page = browser.get(f"/settings/members/{seller.uid}/deactivate/").content.decode()
    assert "Sam Seller looks after one account." in page
    assert browser.post(f"/settings/members/{seller.uid}/deactivate/", {"heir": str(owner.uid)}).status_code == 302
    seller.refresh_from_db()
    assert not seller.is_active
    assert Account.objects.get(pk=account.pk).owner == owner
    assert Action.objects.get(pk=action.pk).member == owner


def test_accounts_can_go_to_nobody_or_stay(browser: Client, seller: Member, scored: Any, proposed: Any) -> None:
    account = scored("Theirs", owner=seller)
    proposed(account)
    browser.post(f"/settings/members/{seller.uid}/deactivate/", {"heir": "keep"})
    assert Account.objects.get().owner == seller
    browser.post(f"/settings/members/{seller.uid}/activate/")
    browser.post(f"/settings/members/{seller.uid}/deactivate/", {"heir": "nobody"})
    assert Account.objects.get().owner is None
    assert Action.objects.get().member is None


def test_nobody_leaves_before_it_is_said_who_follows(browser: Client, seller: Member) -> None:
    assert browser.post(f"/settings/members/{seller.uid}/deactivate/").status_code == 422
    seller.refresh_from_db()
    assert seller.is_active


def test_an_invitation_is_sent_shown_as_open_sent_again_and_withdrawn(
    browser: Client, django_capture_on_commit_callbacks: Any
) -> None:
    said = {"name": "Ada New", "email": "ada@firm.example", "role": "service", "language": "en"}
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post("/settings/members/invite/", said).status_code == 302
    assert mail.outbox[0].to == ["ada@firm.example"]
    assert "ada@firm.example" in browser.get("/settings/members/").content.decode()
    invitation = Invitation.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        assert browser.post(f"/settings/invitations/{invitation.uid}/resend/").status_code == 302
    assert len(mail.outbox) == 2
    assert browser.post(f"/settings/invitations/{invitation.uid}/withdraw/").status_code == 302
    assert "ada@firm.example" not in browser.get("/settings/members/").content.decode()
    assert browser.post(f"/settings/invitations/{invitation.uid}/withdraw/").status_code == 404


def test_somebody_invited_already_is_refused_and_what_was_typed_stays(browser: Client) -> None:
    said = {"name": "Ada New", "email": "ada@firm.example", "role": "service", "language": "en"}
    browser.post("/settings/members/invite/", said)
    again = browser.post("/settings/members/invite/", said)
    assert again.status_code == 422
    assert "has been invited already" in again.content.decode()
    assert 'value="Ada New"' in again.content.decode()


def test_where_mail_is_only_printed_the_link_is_shown_once(browser: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    said = {"name": "Ada New", "email": "ada@firm.example", "role": "service", "language": "en"}
    answer = browser.post("/settings/members/invite/", said)
    assert re.search(r'value="http[^"]+/invitation/[\w-]{40,}/"', answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_cannot_be_sent_is_said_and_the_invitation_waits(browser: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    said = {"name": "Ada New", "email": "ada@firm.example", "role": "service", "language": "en"}
    page = browser.post("/settings/members/invite/", said, follow=True).content.decode()
    assert "The mail to ada@firm.example could not be sent" in page
    assert "Invited, not yet here" in page


def test_the_number_of_queries_does_not_grow_with_members(
    browser: Client, seller: Member, scored: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        person = Member.objects.create(email=f"{number}@firm.example", name=f"M {number}", team=seller.team)
        Account.objects.create(name=f"Firm {number}", owner=person)
    with django_assert_max_num_queries(9):
        assert b"M 29" in browser.get("/settings/members/").content


def test_the_table_of_roles_says_what_the_program_goes_by(browser: Client) -> None:
    page = browser.get("/settings/members/roles/").content.decode()
    export = re.search(r"Take lists out of the house</th>(.*?)</tr>", page, re.DOTALL)
    assert export
    assert re.findall(r">(yes|no)<", export[1]) == ["yes", "yes", "no", "no", "no", "yes", "yes"]
