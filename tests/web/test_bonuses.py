"""Bonuses in the browser: said in the settings, given from the plan of a key account, told in its story (E21)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member, Team
from regulars.facts.models import Account, Tag
from regulars.plan.key_accounts import appoint_key_account
from regulars.plan.models import Bonus, GivenBonus, KeyAccount

pytestmark = pytest.mark.django_db
ON = date(2024, 12, 9)
Signer = Callable[[Member], Client]
DINNER = {"name": "Dinner", "cost": "120.50", "times_a_year": "1", "for_key_accounts": "on"}


@pytest.fixture
def key(scored: Callable[..., Account], members: dict[str, Member], owner: Member) -> KeyAccount:
    manager = members["account_manager"]
    account = scored("Harbour Gifts", owner=manager)
    return appoint_key_account(account=account, manager=manager, on=ON, member=owner)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_from_the_settings_to_the_plan_to_the_timeline_and_the_list(browser: Client, key: KeyAccount) -> None:
    """E21."""
    assert "No bonus is given yet" in text_of(browser.get("/settings/bonuses/"))
    assert browser.post("/settings/bonuses/add/", DINNER).status_code == 302
    bonus = Bonus.objects.get()
    assert bonus.cost_minor == 12_050
    assert "€120.50" in text_of(browser.get("/settings/bonuses/"))
    where = f"/accounts/{key.account.uid}/bonuses/"
    plan = text_of(browser.get(f"/key-accounts/{key.uid}/"))
    assert where in plan
    assert "0 of 1 given" in plan
    said = {"bonus": str(bonus.uid), "on": "2024-12-09", "said": "With both founders"}
    assert browser.post(where, said).status_code == 302
    page = text_of(browser.get(where))
    assert "In 2024 they cost €120.50." in page
    refused = browser.post(where, said)
    assert refused.status_code == 422
    assert "With both founders" in text_of(refused)
    assert browser.post(where, said | {"reason": "A second plant"}).status_code == 302
    assert "one more, because: A second plant" in text_of(browser.get(where))
    assert "bonuses of 2024: €241" in text_of(browser.get("/key-accounts/"))
    timeline = text_of(browser.get(f"/accounts/{key.account.uid}/timeline/?kind=key_account"))
    assert "<bdi>Dinner</bdi>: <bdi>With both founders</bdi>" in timeline
    newest = GivenBonus.objects.order_by("-pk")[0]
    assert browser.post(f"/key-accounts/bonuses/{newest.uid}/take-back/").status_code == 302
    assert GivenBonus.objects.filter(taken_back_at=None).count() == 1


def test_a_bonus_is_changed_with_a_way_back_retired_and_brought_back(browser: Client) -> None:
    browser.post("/settings/bonuses/add/", DINNER)
    bonus = Bonus.objects.get()
    changed = browser.post(f"/settings/bonuses/{bonus.uid}/", DINNER | {"cost": "99"}, follow=True)
    back = re.search(r'action="([^"]*undo=1[^"]*)"', changed.content.decode())
    assert back
    browser.post(back[1].replace("&amp;", "&"))
    assert Bonus.objects.get().cost_minor == 12_050
    browser.post(f"/settings/bonuses/{bonus.uid}/retire/")
    assert "No longer given" in text_of(browser.get("/settings/bonuses/"))
    browser.post(f"/settings/bonuses/{bonus.uid}/bring-back/")
    assert Bonus.objects.get().retired_on is None


def test_a_vip_is_no_key_account_and_has_bonuses_all_the_same(
    browser: Client, scored: Callable[..., Account], owner: Member
) -> None:
    account = scored("Lighthouse", owner=owner)
    where = f"/accounts/{account.uid}/bonuses/"
    assert where in text_of(browser.get(f"/accounts/{account.uid}/"))
    assert "No bonus is for this customer." in text_of(browser.get(where))
    tag = Tag.objects.create(name="VIP")
    account.tags.add(tag)
    browser.post("/settings/bonuses/add/", {"name": "Card", "cost": "5", "times_a_year": "1", "tag": str(tag.pk)})
    assert "0 of 1 given" in text_of(browser.get(where))


def test_costs_are_shown_to_those_who_see_costs_and_nobody_gives_to_strangers(
    browser: Client, members: dict[str, Member], signed_in: Signer, key: KeyAccount
) -> None:
    browser.post("/settings/bonuses/add/", DINNER)
    where = f"/accounts/{key.account.uid}/bonuses/"
    said = {"bonus": str(Bonus.objects.get().uid), "on": "2024-12-09"}
    browser.post(where, said)
    service = text_of(signed_in(members["service"]).get(where))
    assert "Dinner" in service
    assert "120.50" not in service
    assert "120.50" not in text_of(signed_in(members["marketer"]).get("/key-accounts/"))
    assert signed_in(members["analyst"]).post(where, said | {"reason": "x"}).status_code in {403, 422}
    far = Member.objects.create(
        email="far@firm.example", name="Far", role="account_manager", team=Team.objects.create(name="Far")
    )
    assert signed_in(far).post(where, said).status_code == 404
    given = GivenBonus.objects.get()
    assert signed_in(far).post(f"/key-accounts/bonuses/{given.uid}/take-back/").status_code == 404
    assert GivenBonus.objects.get().taken_back_at is None
