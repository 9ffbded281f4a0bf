"""Playbooks in the browser: what came of them, one run step by step, and how a firm changes them (issue §10, B10)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from regulars.base.models import Member, Team
from regulars.facts.models import Account
from regulars.plan.models import Play, Playbook, PlayStep
from regulars.plan.playbooks import known_playbook
from regulars.plan.plays import do_step, start_play
from regulars.plan.recipes import SHIPPED

Signer = Callable[[Member], Client]
Scored = Callable[..., Account]
AS_OF = date(2024, 12, 9)
WRITERS = {"owner", "sales_head", "account_manager", "new_business_seller", "service"}
HEADS = {"owner", "sales_head"}
DONE = {"outcome": "Reached", "kind": "call", "text": ""}


def text_of(browser: Client, where: str) -> str:
    return browser.get(where).content.decode()


def started(account: Account, playbook: str = "unpaid") -> Play:
    return start_play(account=account, playbook=playbook, on=AS_OF, member=None)


def step(play: Play, position: int = 1) -> PlayStep:
    return play.steps.get(position=position)


def undo_of(browser: Client) -> str:
    found = re.search(r'class="toast".*?action="([^"]+)"', text_of(browser, "/playbooks/"))
    assert found
    return found[1]


def test_a_playbook_is_started_done_left_out_taken_back_and_stopped(
    scored: Scored, owner: Member, signed_in: Signer
) -> None:
    account = scored("Harbour Gifts", owner=owner)
    browser = signed_in(owner)
    assert "Start a playbook" in text_of(browser, f"/accounts/{account.uid}/plays/")
    assert browser.post(f"/accounts/{account.uid}/plays/", {"playbook": "unpaid"}).status_code == 302
    play = Play.objects.get()
    where = f"/plays/{play.uid}/"
    assert str(SHIPPED["unpaid"].steps[0].what) in text_of(browser, where)
    browser.post(f"{where}done/", {"step": step(play).uid, **DONE})
    browser.post(f"{where}skip/", {"step": step(play, 2).uid, "reason": "Has paid"})
    browser.post(undo_of(browser))
    assert [one.state for one in play.steps.order_by("position")] == ["done", "open", "open"]
    assert "Reached" in text_of(browser, where)
    browser.post(f"{where}stop/", {"reason": "It has paid"})
    play.refresh_from_db()
    assert play.state == Play.State.STOPPED
    assert "It has paid" in text_of(browser, f"/accounts/{account.uid}/plays/")
    browser.post(f"{where}resume/")
    assert "running" in text_of(browser, where)
    assert "started" in text_of(browser, f"/accounts/{account.uid}/timeline/?kind=plays")


def test_a_start_by_mistake_is_taken_back_and_a_second_one_refused(
    scored: Scored, owner: Member, signed_in: Signer
) -> None:
    account = scored("Harbour Gifts", owner=owner)
    browser = signed_in(owner)
    browser.post(f"/accounts/{account.uid}/plays/", {"playbook": "unpaid"})
    undo = undo_of(browser)
    again = browser.post(f"/accounts/{account.uid}/plays/", {"playbook": "unpaid"})
    assert again.status_code == 422
    assert "already" in again.content.decode()
    browser.post(undo)
    assert Play.objects.get().state == Play.State.STOPPED


def test_what_is_missing_is_refused_and_what_was_typed_stays(scored: Scored, owner: Member, signed_in: Signer) -> None:
    play = started(scored("Harbour Gifts", owner=owner))
    browser = signed_in(owner)
    where = f"/plays/{play.uid}/"
    answer = browser.post(f"{where}done/", {"step": step(play).uid, "outcome": "", "kind": "call", "text": "So long"})
    assert answer.status_code == 422
    assert "So long" in answer.content.decode()
    assert browser.post(f"{where}stop/", {"reason": ""}).status_code == 422
    turn = browser.post(f"{where}done/", {"step": step(play, 2).uid, **DONE})
    assert turn.status_code == 422
    assert "turn" in turn.content.decode()
    assert browser.post(f"{where}done/", DONE).status_code == 404
    assert browser.post(f"{where}burn/").status_code == 404


def test_the_page_of_playbooks_tells_runs_and_ends(scored: Scored, owner: Member, signed_in: Signer) -> None:
    play = started(scored("Harbour Gifts", owner=owner))
    for position in (1, 2, 3):
        do_step(step=step(play, position), on=AS_OF, outcome="Paid", member=owner)
    started(scored("Other", owner=owner))
    browser = signed_in(owner)
    page = text_of(browser, "/playbooks/")
    assert "Running: 1 · all steps settled: 1" in page
    assert "does not prove" in page
    assert "Harbour Gifts" in text_of(browser, "/playbooks/unpaid/")
    assert "It was not run yet" in text_of(browser, "/playbooks/praise/")
    assert browser.get("/playbooks/nothing/").status_code == 404
    running = text_of(browser, "/playbooks/running/")
    assert "Other" in running
    assert "Harbour Gifts" not in running


def test_running_ones_are_mine_or_all_that_i_see(scored: Scored, owner: Member, signed_in: Signer) -> None:
    seller = Member.objects.create(email="s@x.example", name="Seller", role="account_manager")
    started(scored("Sellers own", owner=seller))
    head = signed_in(owner)
    assert "Nothing is running here" in text_of(head, "/playbooks/running/?whose=mine")
    assert "Sellers own" in text_of(head, "/playbooks/running/"), "who has none of their own starts with everybody's"
    assert "Sellers own" in text_of(head, "/playbooks/running/?whose=all")
    assert "Sellers own" in text_of(signed_in(seller), "/playbooks/running/")


# The settings


def form_of(key: str) -> dict[str, object]:
    recipe = known_playbook(key).recipe
    sent: dict[str, object] = {"name": str(recipe.name), "about": str(recipe.about), "steps": len(recipe.steps)}
    sent |= {"triggers": list(recipe.triggers), "stops": list(recipe.stops), "do": "save"}
    for number, one in enumerate(recipe.steps):
        for name, value in vars(one).items():
            sent[f"step{number}-{name}"] = str(value)
    return sent


def test_a_step_is_changed_moved_added_and_taken_out_before_it_is_saved(owner: Member, signed_in: Signer) -> None:
    browser = signed_in(owner)
    where = "/settings/playbooks/praise/"
    sent = form_of("praise")
    before = [step.key for step in known_playbook("praise").recipe.steps]
    for do, first in (("down-0", "Ask whether"), ("remove-0", "Ask whether"), ("up-1", "Ask whether")):
        answer = browser.post(where, sent | {"do": do})
        assert answer.status_code == 200
        page = answer.content.decode()
        assert page.index(first) < page.index("Ask for names")
    assert 'name="step3-what"' in browser.post(where, sent | {"do": "add"}).content.decode()
    assert not Playbook.objects.exists(), "nothing is saved yet"
    moved = dict(sent)
    for name in ("key", "what", "opening", "role", "after_workdays"):
        moved[f"step0-{name}"], moved[f"step1-{name}"] = sent[f"step1-{name}"], sent[f"step0-{name}"]
    assert browser.post(where, moved).status_code == 302
    now = [step.key for step in known_playbook("praise").recipe.steps]
    assert now == [before[1], before[0], before[2]]
    browser.post(undo_of(browser))
    assert [step.key for step in known_playbook("praise").recipe.steps] == before


def test_a_firm_adds_its_own_and_what_is_wrong_is_shown(owner: Member, signed_in: Signer) -> None:
    browser = signed_in(owner)
    step0 = {"step0-what": "Send a card", "step0-opening": "", "step0-role": "owner", "step0-after_workdays": "0"}
    sent = {"name": "Trade fair", "about": "", "steps": "1", "do": "save", **step0}
    assert browser.get("/settings/playbooks/add/").status_code == 200
    wrong = browser.post("/settings/playbooks/add/", sent | {"step0-what": "", "name": ""})
    assert wrong.status_code == 422
    assert wrong.content.decode().count('role="alert"') >= 2
    none = browser.post("/settings/playbooks/add/", {"name": "x", "steps": "0", "do": "save"})
    assert "no step" in none.content.decode()
    assert browser.post("/settings/playbooks/add/", sent).status_code == 302
    assert str(known_playbook("trade-fair")) == "Trade fair"
    assert "your own" in text_of(browser, "/settings/playbooks/")


def test_playbooks_are_switched_off_set_to_by_hand_and_put_back(owner: Member, signed_in: Signer) -> None:
    browser = signed_in(owner)
    browser.post("/settings/playbooks/praise/off/")
    assert "Out of use" in text_of(browser, "/playbooks/")
    assert not known_playbook("praise").active
    browser.post("/settings/playbooks/praise/on/")
    browser.post("/settings/playbooks/praise/by-hand/")
    assert not known_playbook("praise").by_itself
    browser.post("/settings/playbooks/praise/", form_of("praise") | {"name": "Applause"})
    assert "Applause" in text_of(browser, "/playbooks/")
    browser.post("/settings/playbooks/praise/reset/")
    assert not known_playbook("praise").changed
    assert browser.post("/settings/playbooks/praise/burn/").status_code == 404
    assert browser.post("/settings/playbooks/nothing/on/").status_code == 404
    assert browser.get("/settings/playbooks/nothing/").status_code == 404


# Who may


@pytest.mark.parametrize("role", [role.value for role in Member.Role])
def test_each_role_does_what_it_may(role: str, owner: Member, scored: Scored, signed_in: Signer) -> None:
    member = Member.objects.create(email="r@x.example", name="R", role=role)
    account = scored("Own", owner=member)
    play = started(account)
    client = signed_in(member)
    seen = ["/playbooks/", "/playbooks/running/", "/playbooks/praise/", f"/plays/{play.uid}/"]
    seen.append(f"/accounts/{account.uid}/plays/")
    assert {where: client.get(where).status_code for where in seen} == dict.fromkeys(seen, 200)
    settings = ["/settings/playbooks/", "/settings/playbooks/praise/", "/settings/playbooks/add/"]
    expected = 200 if role in HEADS else 403
    assert {where: client.get(where).status_code for where in settings} == dict.fromkeys(settings, expected)
    switched = client.post("/settings/playbooks/praise/off/").status_code
    assert switched == (302 if role in HEADS else 403)
    assert known_playbook("praise").active == (role not in HEADS)
    done = client.post(f"/plays/{play.uid}/done/", {"step": step(play).uid, **DONE}).status_code
    assert done == (302 if role in WRITERS else 403)
    begun = client.post(f"/accounts/{account.uid}/plays/", {"playbook": "champion_left"}).status_code
    assert begun == (302 if role in WRITERS else 403)
    assert Play.objects.count() == (2 if role in WRITERS else 1)


def test_a_foreign_play_answers_like_none(scored: Scored, owner: Member, signed_in: Signer) -> None:
    stranger = Member.objects.create(
        email="far@x.example", name="Far", role="account_manager", team=Team.objects.create(name="Far")
    )
    play = started(scored("Foreign", owner=owner))
    client = signed_in(stranger)
    for uid in (play.uid, uuid.uuid4()):
        assert client.get(f"/plays/{uid}/").status_code == 404
        assert client.post(f"/plays/{uid}/stop/", {"reason": "x"}).status_code == 404
    assert "Foreign" not in text_of(client, "/playbooks/running/?whose=all")
    assert "Foreign" not in text_of(client, "/playbooks/unpaid/")


@pytest.mark.parametrize("where", ["/playbooks/", "/playbooks/running/?whose=all", "/playbooks/unpaid/"])
def test_the_number_of_queries_does_not_grow(
    where: str, scored: Scored, owner: Member, signed_in: Signer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    started(scored("First", owner=owner))
    browser = signed_in(owner)
    browser.get(where)
    with CaptureQueriesContext(connection) as few:
        browser.get(where)
    for number in range(8):
        started(scored(f"Firm {number}", owner=owner))
    with django_assert_num_queries(len(few)):
        browser.get(where)
