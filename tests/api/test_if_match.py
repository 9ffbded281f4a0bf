"""A change with `If-Match` is made only to the record that the caller read."""

from __future__ import annotations

import pytest

from api_calls import CallAs, Firm
from regulars.base.webhooks.endpoints import add_endpoint
from regulars.facts.accounts import change_account
from regulars.facts.models import Account, Contact, Interaction

CHANGES = {
    "account": ("PATCH", "", {"city": "Ulm"}),
    "owner": ("PUT", "/owner", {"owner": None}),
    "contact": ("PATCH", "", {"role": "boss"}),
    "interaction": ("PATCH", "", {"outcome": "fine"}),
    "withdrawal": ("DELETE", "", None),
    "webhook": ("PATCH", "", {"name": "Shop"}),
}


@pytest.fixture
def paths(firm: Firm) -> dict[str, str]:
    talk = Interaction.objects.create(account=firm.own, kind="call", on="2024-12-01")
    url, owner = "https://example.com/", firm.people["owner"]
    told = add_endpoint(name="Hook", url=url, events=["action.done"], member=owner)[0]
    return {
        "account": f"/accounts/{firm.own.uid}",
        "owner": f"/accounts/{firm.own.uid}",
        "contact": f"/contacts/{Contact.objects.create(account=firm.own, name='Eva').uid}",
        "interaction": f"/interactions/{talk.uid}",
        "withdrawal": f"/interactions/{talk.uid}",
        "webhook": f"/webhooks/{told.uid}",
    }


@pytest.mark.parametrize("kind", CHANGES)
def test_only_the_record_that_was_read_is_changed(
    firm: Firm, call_as: CallAs, paths: dict[str, str], kind: str
) -> None:
    call, (method, rest, body) = call_as(firm.people["owner"]), CHANGES[kind]
    read = call("GET", paths[kind])
    stale = call(method, paths[kind] + rest, body, If_Match='"of another day"')
    assert (stale.status_code, stale["Content-Type"]) == (412, "application/problem+json")
    assert call("GET", paths[kind]).content == read.content
    assert call(method, paths[kind] + rest, body, If_Match=read["ETag"]).status_code in (200, 204)
    if method == "PATCH":
        assert call(method, paths[kind], body, If_Match=read["ETag"]).status_code == 412
        assert call(method, paths[kind], body, If_Match="*").status_code == 200


def test_a_correction_answers_with_the_etag_for_the_next_one(firm: Firm, call_as: CallAs) -> None:
    call, path = call_as(firm.people["owner"]), f"/accounts/{firm.own.uid}"
    changed = call("PATCH", path, {"city": "Ulm"})
    assert changed["ETag"] == call("GET", path)["ETag"]
    change_account(account=firm.own, member=None, city="Bonn")
    assert call("PATCH", path, {"city": "Köln"}, If_Match=changed["ETag"]).status_code == 412
    assert Account.objects.get(pk=firm.own.pk).city == "Bonn"
