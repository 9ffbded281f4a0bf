"""Every address of an account and of duplicates, every role: who gets what; foreign and absent answer alike."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import AuditEntry, Member, Team
from regulars.facts.contacts import create_contact
from regulars.facts.interactions import record_interaction
from regulars.facts.models import Account
from regulars.facts.signals import record_signal
from regulars.facts.sites import add_site
from regulars.facts.told_signs import tell_sign
from regulars.facts.wallet_estimates import estimate_wallet
from regulars.plan.promises import make_promise

Signer = Callable[[Member], Client]

ROLES = [role.value for role in Member.Role]
EVERYONE = set(ROLES)
WRITERS = {"owner", "sales_head", "account_manager", "new_business_seller", "service"}
EXPORTERS = {"owner", "sales_head", "marketer", "analyst"}
AUDITORS = {"owner", "sales_head"}
MERGERS = {"owner", "sales_head", "account_manager"}
SEE_EVERYTHING = {"owner", "sales_head", "service", "marketer", "analyst"}

PAGES = {
    "/accounts/new/": WRITERS,
    "/accounts/{account}/": EVERYONE,
    "/accounts/{account}/months/": EVERYONE,
    "/accounts/{account}/edit/": WRITERS,
    "/accounts/{account}/orders/": EVERYONE,
    "/accounts/{account}/lines.csv": EXPORTERS,
    "/accounts/{account}/people/": EVERYONE,
    "/accounts/{account}/people/new/": WRITERS,
    "/accounts/{account}/places/new/": WRITERS,
    "/accounts/{account}/people-map/": EVERYONE,
    "/accounts/people/{contact}/part/": WRITERS,
    "/accounts/{account}/key-signs/": EVERYONE,
    "/accounts/{account}/promises/": EVERYONE,
    "/accounts/promises/{promise}/": EVERYONE,
    "/accounts/{account}/signals/": EVERYONE,
    "/accounts/signals/{signal}/": EVERYONE,
    "/accounts/{account}/timeline/": EVERYONE,
    "/accounts/{account}/changes/": AUDITORS,
    "/accounts/people/{contact}/": WRITERS,
    "/accounts/people/{contact}/write/": WRITERS,
    "/accounts/places/{site}/": WRITERS,
    "/accounts/talks/{talk}/": WRITERS,
    "/duplicates/": MERGERS,
    "/duplicates/merged/": MERGERS,
}
VERBS = {
    "/accounts/{account}/edit/": WRITERS,
    "/accounts/{account}/people/new/": WRITERS,
    "/accounts/{account}/places/new/": WRITERS,
    "/accounts/people/{contact}/write/": WRITERS,
    "/accounts/people/{contact}/": WRITERS,
    "/accounts/people/{contact}/left/": WRITERS,
    "/accounts/places/{site}/": WRITERS,
    "/accounts/places/{site}/remove/": WRITERS,
    "/accounts/people/{contact}/part/": WRITERS,
    "/accounts/{account}/key-signs/": WRITERS,
    "/accounts/key-signs/{sign}/withdraw/": WRITERS,
    "/accounts/key-signs/{sign}/restore/": WRITERS,
    "/accounts/wallets/{wallet}/withdraw/": WRITERS,
    "/accounts/wallets/{wallet}/restore/": WRITERS,
    "/accounts/{account}/promises/": WRITERS,
    "/accounts/promises/{promise}/renegotiate/": WRITERS,
    "/accounts/promises/{promise}/kept/": WRITERS,
    "/accounts/promises/{promise}/back/": WRITERS,
    "/accounts/promises/{promise}/broken/": WRITERS,
    "/accounts/{account}/signals/": WRITERS,
    "/accounts/signals/{signal}/": WRITERS,
    "/accounts/signals/{signal}/restore/": WRITERS,
    "/accounts/talks/{talk}/": WRITERS,
    "/accounts/talks/{talk}/withdraw/": WRITERS,
    "/duplicates/look/": MERGERS,
    "/duplicates/different/": MERGERS,
    "/duplicates/merge/": MERGERS,
}
SAID = {"name": "New name", "kind": "firm", "outcome": "Reached", "reason": "A mistake"}
SAID |= {"yearly": "1000", "source": "Fair", "estimated_on": "2024-12-01", "part": "sponsor"}
SAID |= {"text": "Samples", "due_on": "2024-12-20", "subject": "Samples"}


def records(owner: Member | None, author: Member, scored: Any) -> dict[str, str]:
    """The uids of an account with one of everything."""
    account: Account = scored("Harbour Gifts", owner=owner)
    twin: Account = scored("Harbour Gift", owner=owner)
    made = {
        "account": account,
        "twin": twin,
        "contact": create_contact(account=account, member=author, name="Ada", email="ada@harbour.example"),
        "promise": make_promise(
            account=account, text="Samples", due_on=date(2024, 12, 12), on=date(2024, 12, 8), member=author
        ),
        "sign": tell_sign(account=account, sign="reputation", reason="x", on=date(2024, 12, 8), member=author),
        "wallet": estimate_wallet(
            account=account,
            yearly=Decimal(10),
            source="x",
            estimated_on=date(2024, 12, 1),
            on=date(2024, 12, 8),
            member=author,
        ),
        "site": add_site(account=account, member=author, name="Shop"),
        "signal": record_signal(account=account, kind="praise", observed_on=date(2024, 12, 8), member=author),
        "talk": record_interaction(account=account, kind="note", on=date(2024, 12, 8), member=author, text="x"),
    }
    return {name: str(record.uid) for name, record in made.items()}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reaches_what_it_may_and_nothing_else(
    role: str, members: dict[str, Member], signed_in: Signer, owner: Member, scored: Any
) -> None:
    uids = records(members[role], owner, scored)
    client = signed_in(members[role])
    expected = {where: 200 if role in may else 403 for where, may in PAGES.items()}
    assert {where: client.get(where.format(**uids)).status_code for where in PAGES} == expected
    before = AuditEntry.objects.count()
    for where, may in VERBS.items():
        said = {**SAID, "first": uids["account"], "second": uids["twin"]}
        said |= {"kind": "call"} if "/talks/" in where else {}
        said |= {"kind": "praise"} if "/signals/" in where else {}
        status = client.post(where.format(**uids), said).status_code
        assert status == (302 if role in may else 403), where
    assert (AuditEntry.objects.count() > before) == (role in WRITERS)


@pytest.mark.parametrize("role", sorted(EVERYONE - SEE_EVERYTHING))
def test_what_belongs_to_a_foreign_account_answers_like_what_is_absent(
    role: str, members: dict[str, Member], signed_in: Signer, owner: Member, scored: Any
) -> None:
    far = Team.objects.create(name="Far away")
    stranger = Member.objects.create(email="far@example.com", name="Far", role="account_manager", team=far)
    foreign = records(stranger, owner, scored)
    absent = {name: str(uuid.uuid4()) for name in foreign}
    client = signed_in(members[role])
    before = AuditEntry.objects.count()
    for where in PAGES:
        if "{" in where:
            assert [client.get(where.format(**uids)).status_code for uids in (foreign, absent)] == [404, 404], where
    for where in [*VERBS, "/accounts/talks/{talk}/restore/", "/accounts/places/{site}/restore/"]:
        if "/look/" in where:
            continue
        statuses = []
        for uids in (foreign, absent):
            said = {**SAID, "first": uids["account"], "second": uids["twin"]}
            statuses.append(client.post(where.format(**uids), said).status_code)
        assert statuses == ([403, 403] if "duplicates" in where and role not in MERGERS else [404, 404]), where
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(
    "where", ["/accounts/{account}/log/", "/accounts/talks/{talk}/withdraw/", "/duplicates/merge/"]
)
def test_what_changes_something_is_not_done_by_a_link(where: str, browser: Client, owner: Member, scored: Any) -> None:
    assert browser.get(where.format(**records(owner, owner, scored))).status_code == 405
