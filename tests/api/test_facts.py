from __future__ import annotations

from typing import Any

import pytest

from api_calls import CallAs, Firm
from regulars.base.models import AuditEntry
from regulars.facts.models import Account, Contact, CustomField, Interaction, Tag


def test_an_account_is_made_changed_and_read(firm: Firm, call_as: CallAs) -> None:
    call = call_as(firm.people["account_manager"])
    made = call("POST", "/accounts", {"name": "New", "city": "Köln", "tags": ["vip"]})
    assert made.status_code == 201
    account = made.json()
    assert account["owner"]["name"] == "account_manager"
    assert account["tags"] == ["vip"]
    changed = call("PATCH", f"/accounts/{account['uid']}", {"trade": "printer", "parent": str(firm.own.uid)}).json()
    assert (changed["trade"], changed["city"], changed["parent"]["name"]) == ("printer", "Köln", "Own")
    assert call("GET", f"/accounts/{account['uid']}").json() == changed
    assert AuditEntry.objects.get(verb="change_account").member == firm.people["account_manager"]


def test_null_empties_a_text_but_a_name_stays(firm: Firm, call_as: CallAs) -> None:
    call = call_as(firm.people["owner"])
    assert call("PATCH", f"/accounts/{firm.own.uid}", {"city": None}).json()["city"] == ""
    refused = call("PATCH", f"/accounts/{firm.own.uid}", {"name": None})
    assert refused.status_code == 422
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:regulars:problem:wrong_account"


def test_a_list_goes_on_after_the_last_uid_and_repeats_nothing(firm: Firm, call_as: CallAs) -> None:
    call = call_as(firm.people["owner"])
    for place in range(7):
        Account.objects.create(name=f"More {place}")
    seen: list[str] = []
    path: str | None = "/accounts?limit=4"
    while path:
        page = call("GET", path).json()
        seen += [account["name"] for account in page["items"]]
        path = f"/accounts?limit=4&after={page['next']}" if page["next"] else None
    assert seen == list(Account.objects.order_by("uid").values_list("name", flat=True))
    assert len(seen) == 10


def test_pages_cost_the_same_number_of_queries(firm: Firm, call_as: CallAs, django_assert_max_num_queries: Any) -> None:
    call = call_as(firm.people["account_manager"])
    for place in range(40):
        account = Account.objects.create(name=f"A {place}", owner=firm.people["account_manager"], parent=firm.own)
        account.tags.add(Tag.objects.get_or_create(name="vip")[0])
    with django_assert_max_num_queries(8):
        assert len(call("GET", "/accounts?limit=50").json()["items"]) == 42


def test_a_merged_account_answers_as_the_one_it_is_part_of(firm: Firm, call_as: CallAs) -> None:
    gone = Account.objects.create(name="Gone", merged_into=firm.own)
    found = call_as(firm.people["account_manager"])("GET", f"/accounts/{gone.uid}").json()
    assert found["uid"] == str(firm.own.uid)


def test_confidential_fields_are_shown_to_who_may_see_them(firm: Firm, call_as: CallAs) -> None:
    CustomField.objects.create(key="credit", label="Credit", confidential=True)
    CustomField.objects.create(key="taste", label="Taste")
    Account.objects.filter(pk=firm.own.pk).update(custom={"credit": "bad", "taste": "gold"})
    path = f"/accounts/{firm.own.uid}"
    assert call_as(firm.people["owner"])("GET", path).json()["custom"] == {"credit": "bad", "taste": "gold"}
    assert call_as(firm.people["account_manager"])("GET", path).json()["custom"] == {"taste": "gold"}


def test_an_account_is_given_to_a_colleague(firm: Firm, call_as: CallAs) -> None:
    path = f"/accounts/{firm.own.uid}/owner"
    mate = firm.people["mate"]
    given = call_as(firm.people["sales_head"])("PUT", path, {"owner": str(mate.uid)})
    assert given.json()["owner"] == {"uid": str(mate.uid), "name": "Mate"}
    assert call_as(firm.people["account_manager"])("PUT", path, {"owner": None}).status_code == 404


def test_contacts_are_made_changed_and_listed(firm: Firm, call_as: CallAs) -> None:
    """Mission E12."""
    call = call_as(firm.people["account_manager"])
    made = call("POST", "/contacts", {"account": str(firm.own.uid), "name": "Eva", "level": "owner"})
    assert made.status_code == 201
    uid = made.json()["uid"]
    assert call("PATCH", f"/contacts/{uid}", {"phone": "030 1", "role": None}).json()["phone"] == "030 1"
    assert call("PATCH", f"/contacts/{uid}", {"email": "no address"}).status_code == 422
    assert [one["uid"] for one in call("GET", f"/contacts?account={firm.own.uid}").json()["items"]] == [uid]
    assert call("GET", f"/contacts?account={firm.foreign.uid}").status_code == 404


def test_an_interaction_is_recorded_corrected_and_withdrawn(firm: Firm, call_as: CallAs) -> None:
    eva = Contact.objects.create(account=firm.own, name="Eva")
    call = call_as(firm.people["account_manager"])
    said = {"account": str(firm.own.uid), "kind": "call", "on": "2026-01-05", "contacts": [str(eva.uid)]}
    made = call("POST", "/interactions", said)
    assert made.status_code == 201
    uid = made.json()["uid"]
    assert made.json()["contacts"] == [str(eva.uid)]
    assert call("PATCH", f"/interactions/{uid}", {"outcome": "will order"}).json()["outcome"] == "will order"
    assert AuditEntry.objects.get(verb="change_interaction").before == {"outcome": ""}
    assert call("GET", "/interactions?since=2026-01-06").json()["items"] == []
    assert call("DELETE", f"/interactions/{uid}").status_code == 204
    assert call("GET", f"/interactions/{uid}").status_code == 404
    assert not Interaction.objects.exists()


def test_a_contact_of_another_account_is_refused(firm: Firm, call_as: CallAs) -> None:
    eva = Contact.objects.create(account=firm.team, name="Eva")
    said = {"account": str(firm.own.uid), "kind": "call", "on": "2026-01-05", "contacts": [str(eva.uid)]}
    assert call_as(firm.people["account_manager"])("POST", "/interactions", said).status_code == 422


@pytest.mark.parametrize("path", ["/accounts", "/contacts", "/interactions"])
def test_a_read_that_nothing_has_changed_since_is_not_sent_again(firm: Firm, call_as: CallAs, path: str) -> None:
    call = call_as(firm.people["owner"])
    first = call("GET", path)
    again = call("GET", path, If_None_Match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    Account.objects.create(name="One more")
    assert call("GET", "/accounts", If_None_Match=first["ETag"]).status_code == 200
