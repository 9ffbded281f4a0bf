"""Recommendations in the browser: asked at the table and by link, given by a personal link, thanked (mission D3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member
from regulars.facts.contacts import create_contact
from regulars.facts.models import Account, Lead
from regulars.facts.signals import record_signal
from regulars.plan.models import Referral, ReferralAsk, ReferralLink
from regulars.plan.referrals import ask_for_names, key_of, make_link

pytestmark = pytest.mark.django_db
ON = date(2024, 12, 9)
Signer = Callable[[Member], Client]


@pytest.fixture(autouse=True)
def at_ten() -> Any:
    with time_machine.travel(datetime(2024, 12, 9, 10, 0, tzinfo=UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def firm(scored: Callable[..., Account], owner: Member) -> Account:
    return scored("Harbour Gifts", owner=owner)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_names_are_written_down_at_the_table_and_they_are_thanked(browser: Client, firm: Account) -> None:
    """D3."""
    where = f"/accounts/{firm.uid}/referrals/"
    assert "nothing of late says that they are glad of us" in text_of(browser.get(where))
    record_signal(account=firm, kind="praise", observed_on=ON, member=None, said="Best ever")
    assert "Yes: something good happened on 9 Dec 2024." in text_of(browser.get(where))
    asked = browser.post(where + "ask/", {"ground": "praise"})
    ask = ReferralAsk.objects.get()
    assert asked.headers["Location"] == f"/referrals/asks/{ask.uid}/"
    refused = browser.post(f"/referrals/asks/{ask.uid}/", {"person_0": "Eva"})
    assert (refused.status_code, 'value="Eva"' in refused.content.decode()) == (422, True)
    browser.post(f"/referrals/asks/{ask.uid}/", {"person_0": "Eva", "phone_0": "+43 1 234567", "may_name": "on"})
    brought = Referral.objects.get()
    assert (brought.lead.name, brought.may_name) == ("Eva", True)
    assert "not thanked yet" in text_of(browser.get(where))
    assert "Recommended us" in text_of(browser.get(f"/accounts/{firm.uid}/timeline/?kind=referrals"))
    page = browser.post(f"/referrals/{brought.uid}/thank/", {"how": "A card"}, follow=True)
    assert "thanked on 9 Dec 2024: A card" in text_of(page)
    browser.post(f"/referrals/{brought.uid}/unthank/")
    assert "Eva" in text_of(browser.get("/referrals/?show=unthanked"))


def test_the_customer_gets_the_link_by_mail_and_names_people_without_login(
    browser: Client, firm: Account, owner: Member
) -> None:
    contact = create_contact(account=firm, member=owner, name="Ada", email="ada@harbour.example", language="th")
    ask = ask_for_names(account=firm, contact=contact, on=ON, member=owner)
    page = browser.get(f"/referrals/asks/{ask.uid}/")
    draft = re.search(r"<textarea[^>]*id=\"letter_text\"[^>]*>(.*?)</textarea>", page.content.decode(), re.DOTALL)
    assert draft is not None
    assert key_of(ask).split(":")[0] in draft[1]
    browser.post(f"/referrals/asks/{ask.uid}/write/", {"subject": "Names", "text": draft[1]})
    assert OutgoingMail.objects.get().to_address == "ada@harbour.example"
    stranger, where = Client(), f"/names/{key_of(ask)}/"
    assert stranger.get(where).headers["Content-Language"] == "th"
    assert stranger.post(where, {"name_0": "Alpine"}).status_code == 422
    assert stranger.post(where, {"name_0": "Alpine", "email_0": "a@alpine.example"}).status_code == 200
    assert Lead.objects.get().channel == "referral"
    assert stranger.get(where).status_code == 410
    assert Client(enforce_csrf_checks=True).post(where, {"name_0": "X"}).status_code in {403, 410}


def test_a_personal_link_leads_to_the_form_and_names_who_recommended(
    browser: Client, firm: Account, owner: Member, at_ten: Any
) -> None:
    browser.post(f"/accounts/{firm.uid}/referrals/link/", {})
    link = ReferralLink.objects.get()
    where = f"/r/{link.token}/"
    page = Client().get(where).content.decode()
    assert "Harbour Gifts has recommended us to you." in page
    stamp = re.search(r'name="stamp" value="([^"]+)"', page)
    assert stamp is not None
    at_ten.shift(timedelta(seconds=30))
    said = {"person": "Eva", "email": "eva@alpine.example", "stamp": stamp[1]}
    assert Client().post(where, said).status_code == 200
    assert Referral.objects.get().link == link
    browser.post(f"/referrals/links/{link.uid}/close/")
    assert "has recommended" not in Client().get(where).content.decode()


def test_who_would_rather_not_is_noted_and_that_can_be_undone(browser: Client, firm: Account, owner: Member) -> None:
    ask = ask_for_names(account=firm, on=ON, member=owner)
    browser.post(f"/referrals/asks/{ask.uid}/decline/")
    ask.refresh_from_db()
    assert ask.state == "declined"
    assert "Would rather not" in text_of(browser.get(f"/referrals/asks/{ask.uid}/"))
    browser.post(f"/referrals/asks/{ask.uid}/reopen/")
    ask.refresh_from_db()
    assert ask.state == "open"


@pytest.mark.parametrize("role", [role.value for role in Member.Role])
def test_each_role_reaches_what_it_may(
    role: str, members: dict[str, Member], signed_in: Signer, scored: Callable[..., Account], owner: Member
) -> None:
    account, foreign = scored("Own", owner=members[role]), scored("Foreign", owner=owner)
    ask, hidden = (ask_for_names(account=one, on=ON, member=owner) for one in (account, foreign))
    link = make_link(account=account, on=ON, member=owner)
    client = signed_in(members[role])
    sees_all = role in {"owner", "sales_head", "service", "marketer", "analyst"}
    writes = role not in {"marketer", "analyst"}
    for where in (f"/accounts/{account.uid}/referrals/", f"/referrals/asks/{ask.uid}/", "/referrals/"):
        assert client.get(where).status_code == 200, where
    for where in (f"/accounts/{foreign.uid}/referrals/", f"/referrals/asks/{hidden.uid}/"):
        assert client.get(where).status_code == (200 if sees_all else 404), where
    status = 302 if writes else 403
    assert client.post(f"/accounts/{account.uid}/referrals/link/", {}).status_code == status
    assert client.post(f"/referrals/asks/{ask.uid}/decline/").status_code == status
    assert client.post(f"/referrals/links/{link.uid}/close/").status_code == status


def test_cards_of_a_link_are_printed_by_who_may_give_them_away(
    browser: Client, members: dict[str, Member], signed_in: Signer, firm: Account, owner: Member
) -> None:
    """D3."""
    link = make_link(account=firm, on=ON, member=owner)
    page = text_of(browser.get(f"/accounts/{firm.uid}/referrals/"))
    for cards in ("sheet", "one"):
        where = f"/referrals/links/{link.uid}/cards/{cards}.pdf"
        assert where in page
        answer = browser.get(where)
        assert (answer.headers["Content-Type"], answer.content[:4]) == ("application/pdf", b"%PDF")
        assert signed_in(members["analyst"]).get(where).status_code == 403
    assert browser.get(f"/referrals/links/{link.uid}/cards/ten.pdf").status_code == 404
