"""The people and places of an account: added, corrected, gone and there again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.facts.contacts import create_contact
from regulars.facts.models import Account, Contact, Site
from regulars.facts.sites import add_site

Maker = Callable[..., Any]


@pytest.fixture
def firm(scored: Maker, owner: Member) -> Account:
    made: Account = scored("Harbour Gifts", owner=owner)
    return made


def people_of(browser: Client, account: Account) -> str:
    return browser.get(f"/accounts/{account.uid}/people/").content.decode()


def test_a_contact_is_added_and_corrected(browser: Client, firm: Account) -> None:
    said = {"name": "Ada Vale", "role": "Buyer", "level": "middle", "channel": "mobile", "mobile": "+44 7", "email": ""}
    added = browser.post(f"/accounts/{firm.uid}/people/new/", said)
    assert added.headers["Location"] == f"/accounts/{firm.uid}/people/"
    ada = Contact.objects.get()
    page = people_of(browser, firm)
    for text in ("Ada Vale", "Buyer", "middle management", "likes to be reached by: mobile", 'href="tel:+44 7"'):
        assert text in page
    assert browser.post(f"/accounts/people/{ada.uid}/", {**said, "name": "Ada Hill"}).status_code == 302
    ada.refresh_from_db()
    assert (ada.name, ada.mobile) == ("Ada Hill", "+44 7")


@pytest.mark.parametrize("wrong", [{"name": ""}, {"email": "no-address"}, {"level": "emperor"}])
def test_a_contact_that_cannot_be_keeps_what_was_typed(browser: Client, firm: Account, wrong: dict[str, str]) -> None:
    said = {"name": "Ada", "role": "Head of purchasing", "email": "", **wrong}
    answer = browser.post(f"/accounts/{firm.uid}/people/new/", said)
    assert answer.status_code == 422
    assert "Head of purchasing" in answer.content.decode()
    assert not Contact.objects.exists()


def test_a_channel_that_an_import_brought_is_kept(browser: Client, firm: Account) -> None:
    fax = Contact.objects.create(account=firm, name="Ada", channel="telefax")
    assert '<option value="telefax" selected>' in browser.get(f"/accounts/people/{fax.uid}/").content.decode()
    browser.post(f"/accounts/people/{fax.uid}/", {"name": "Ada V", "channel": "telefax"})
    fax.refresh_from_db()
    assert (fax.name, fax.channel) == ("Ada V", "telefax")


def test_who_has_left_is_not_called_any_more_and_can_come_back(
    browser: Client, firm: Account, owner: Member, proposed: Maker
) -> None:
    ada = create_contact(account=firm, member=owner, name="Ada Vale", phone="+44 1")
    proposed(firm)
    assert "Ada Vale" in browser.get("/today/").content.decode()
    browser.post(f"/accounts/people/{ada.uid}/left/")
    assert "Ada Vale" not in browser.get("/today/?x").content.decode().split('class="toast"')[0]
    assert "Ada Vale" not in browser.get(f"/accounts/{firm.uid}/").content.decode()
    assert "has left" in people_of(browser, firm)
    browser.post(f"/accounts/people/{ada.uid}/back/")
    assert Contact.objects.get().active


def test_a_place_is_added_corrected_removed_and_put_back(browser: Client, firm: Account) -> None:
    said = {"name": "Plant 2", "street": "Quay 1", "city": "Bristol"}
    browser.post(f"/accounts/{firm.uid}/places/new/", said)
    site = Site.objects.get()
    where = f"/accounts/places/{site.uid}/"
    browser.post(where, {**said, "city": "Bath"})
    assert "Bath" in people_of(browser, firm)
    browser.post(f"{where}remove/")
    assert not Site.objects.exists()
    page = people_of(browser, firm)
    assert f'action="{where}restore/"' in page
    browser.post(f"{where}restore/")
    again = Site.objects.get()
    assert (again.uid, again.name, again.city, again.account) == (site.uid, "Plant 2", "Bath", firm)


def test_a_place_needs_a_name_and_keeps_the_rest(browser: Client, firm: Account, owner: Member) -> None:
    site = add_site(account=firm, member=owner, name="Shop")
    answer = browser.post(f"/accounts/places/{site.uid}/", {"name": " ", "street": "A long street"})
    assert answer.status_code == 422
    assert "A long street" in answer.content.decode()


def test_what_was_never_there_cannot_be_put_back(browser: Client, firm: Account) -> None:
    for kind in ("places", "talks"):
        assert browser.post(f"/accounts/{kind}/{uuid.uuid4()}/restore/").status_code == 404
        assert browser.post(f"/accounts/{kind}/{uuid.uuid4()}/explode/").status_code == 404
