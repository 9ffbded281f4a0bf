from __future__ import annotations

import pytest

from api_calls import CallAs, Firm
from regulars.facts.models import Contact, Interaction
from regulars.plan.models import Action


@pytest.fixture
def action(silent: Firm) -> Action:
    """About Anna's own account."""
    return Action.objects.get(account=silent.own)


def test_today_says_whom_to_contact_and_why(silent: Firm, action: Action, call_as: CallAs) -> None:
    """Mission E16."""
    Contact.objects.create(account=silent.own, name="Eva", phone="030 1")
    found = call_as(silent.people["account_manager"])("GET", "/today").json()
    assert found["on"] == "2024-12-09"
    (card,) = found["items"]
    assert card["account"]["name"] == "Own"
    assert card["contact"]["phone"] == "030 1"
    assert card["action"]["uid"] == str(action.uid)
    assert card["action"]["sentences"]
    assert card["action"]["opening"]


def test_done_is_noted_with_the_account_and_reopening_takes_it_back(
    silent: Firm, action: Action, call_as: CallAs
) -> None:
    call = call_as(silent.people["account_manager"])
    eva = Contact.objects.create(account=silent.own, name="Eva")
    body = {"outcome": "will order", "contacts": [str(eva.uid)]}
    done = call("POST", f"/actions/{action.uid}/done", body).json()
    assert (done["state"], done["reason"], done["closed_on"]) == ("done", "will order", "2024-12-09")
    talk = Interaction.objects.get()
    assert talk.contacts.get() == eva
    assert call("GET", "/today").json()["items"] == []
    assert call("POST", f"/actions/{action.uid}/done", {"outcome": "again"}).status_code == 409
    held = call("DELETE", f"/interactions/{talk.uid}")
    assert (held.status_code, "Reopen" in held.json()["detail"]) == (422, True)
    assert call("POST", f"/actions/{action.uid}/reopen").json()["state"] == "open"
    assert not Interaction.objects.exists()


def test_an_action_is_put_off_dismissed_and_given_away(silent: Firm, action: Action, call_as: CallAs) -> None:
    call, path = call_as(silent.people["sales_head"]), f"/actions/{action.uid}"
    assert call("POST", f"{path}/snooze", {"until": "2024-12-09", "reason": "holiday"}).status_code == 422
    snoozed = call("POST", f"{path}/snooze", {"until": "2024-12-20", "reason": "holiday"}).json()
    assert (snoozed["state"], snoozed["snoozed_until"]) == ("snoozed", "2024-12-20")
    given = call("POST", f"{path}/reassign", {"member": str(silent.people["mate"].uid)}).json()
    assert given["member"]["name"] == "Mate"
    assert call("POST", f"{path}/reassign", {"member": str(silent.people["stranger"].uid)}).status_code == 422
    assert call("POST", f"{path}/not-useful", {"reason": "closed down"}).json()["state"] == "not_useful"
    assert [one["uid"] for one in call("GET", "/actions?state=not_useful").json()["items"]] == [str(action.uid)]


def test_actions_are_those_about_accounts_that_the_member_sees(silent: Firm, call_as: CallAs) -> None:
    def accounts(role: str, query: str = "") -> set[str]:
        found = call_as(silent.people[role])("GET", f"/actions{query}").json()
        return {one["account"]["name"] for one in found["items"]}

    assert accounts("account_manager") == {"Own", "Team’s"}
    assert accounts("owner") == {"Own", "Team’s", "Foreign"}
    assert accounts("new_business_seller") == set()
    assert accounts("owner", f"?account={silent.own.uid}") == {"Own"}
