"""A change with `If-Match` is made only to the record that the caller read."""

from __future__ import annotations

import pytest

from api_calls import CallAs, Firm
from regulars.api.v1 import api
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
    "opportunity": ("PATCH", "", {"next_step": "Call"}),
    "lead": ("PATCH", "", {"city": "Ulm"}),
    "hand-over": ("PATCH", "", {"work": "Ten a month"}),
    "live order": ("PATCH", "", {"stage": "shipped"}),
}


@pytest.fixture
def paths(firm: Firm, call_as: CallAs) -> dict[str, str]:
    def made(path: str, body: dict[str, object]) -> str:
        answer = call_as(firm.people["owner"])("POST", path, body)
        assert answer.status_code in (200, 201), answer.content
        return f"{path}/{answer.json()['uid']}"

    own = str(firm.own.uid)
    order = {"source": "shop", "external_id": "A1", "account": own, "currency": "EUR", "amount_minor": 5_000}
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
        "opportunity": made("/opportunities", {"account": own, "title": "Repair"}),
        "lead": made("/leads", {"name": "Alpine", "email": "a@b.example"}),
        "hand-over": made("/handovers", {"account": own}),
        "live order": made("/live-orders", order),
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


def test_every_correction_takes_the_etag_of_what_was_read() -> None:
    corrections = {
        path: [one["name"] for one in operations["patch"]["parameters"]]
        for path, operations in api.get_openapi_schema(path_params={})["paths"].items()
        if "patch" in operations
    }
    assert corrections
    assert [path for path, takes in corrections.items() if "If-Match" not in takes] == []
