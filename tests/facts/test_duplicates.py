"""Duplicates are proposed with reasons; merging and taking it back changes nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.models import AuditEntry, Member
from regulars.facts.accounts import change_account, create_account, visible_accounts
from regulars.facts.duplicates import folded_name, mark_different, propose_duplicates
from regulars.facts.merges import CannotMerge, CannotUndoMerge, merge_accounts, undo_merge
from regulars.facts.models import Account, AccountMerge, Contact, Interaction, Site

pytestmark = pytest.mark.django_db


def account(name: str, **fields: Any) -> Account:
    return Account.objects.create(name=name, **fields)


def proposed() -> set[frozenset[str]]:
    return {frozenset((pair.first.name, pair.second.name)) for pair in propose_duplicates()}


# Folding


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller & Söhne G.m.b.H.", "SOEHNE und Mueller, GmbH"),
        ("Acme Pvt. Ltd.", "ACME"),
        ("Tata Steel Private Limited", "Tata Steel Ltd"),
        ("Café Zoë S.A.", "cafe zoe"),
        ("J. P. Morgan", "JP Morgan"),
        ("Druck AG & Co. KG", "Druck"),
        ("Łódź Papier Sp. z o.o.", "Lodz Papier"),
        ("हिमाल प्रा. लि.", "हिमाल प्राइवेट लिमिटेड"),
        ("บริษัท สยาม จำกัด", "สยาม"),
        ("Foo, S. de R.L.", "Foo LLC"),
    ],
)
def test_case_accents_punctuation_and_legal_form_do_not_make_a_name_another(one: str, other: str) -> None:
    assert folded_name(one) == folded_name(other)


@pytest.mark.parametrize(
    ("one", "other"), [("कमल", "कमला"), ("GmbH", "Ltd"), ("North Print", "South Print"), ("Zoo 1", "Zoo 2")]
)
def test_what_makes_a_name_another_stays(one: str, other: str) -> None:
    assert folded_name(one) != folded_name(other)


@given(st.text(max_size=40))
def test_folding_is_the_same_in_capitals_and_never_fails(name: str) -> None:
    assert folded_name(name.upper().lower()) == folded_name(name.upper())


# Proposals


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "Acme Ltd"}, {"name": "ACME Limited"}),
        ({"name": "Kontorhaus Berlin", "city": "Berlin"}, {"name": "Kontorhous Berlin", "city": "Berlin"}),
        ({"name": "Anna's Shop", "email": "anna@gmail.com"}, {"name": "A. Schmidt", "email": "Anna@Gmail.com"}),
        (
            {"name": "Blue Print", "phone": "030 1234567", "country": "Germany"},
            {"name": "Blue Print Mitte", "phone": "+49 30 1234567"},
        ),
        (
            {"name": "Nordlicht", "street": "Hafenstr. 5", "city": "Kiel", "phone": "+49431555555"},
            {"name": "Hansa", "street": "hafenstr 5", "city": "KIEL", "phone": "0431/555555", "country": "DE"},
        ),
        (
            {"name": "Dorri Parts Konos", "street": "Ring 5", "postcode": "123 45"},
            {"name": "DorriParts Konos", "street": "Ring 5", "postcode": "12345"},
        ),
    ],
)
def test_the_same_customer_twice_is_proposed(one: dict[str, str], other: dict[str, str]) -> None:
    account(**one)
    account(**other)
    assert proposed() == {frozenset((one["name"], other["name"]))}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "Customer 1001"}, {"name": "Customer 1002"}),
        ({"name": "Alpha", "email": "a@firm.example"}, {"name": "Beta", "email": "b@firm.example"}),
        ({"name": "Alpha", "email": "a@gmail.com"}, {"name": "Beta", "email": "b@gmail.com"}),
        ({"name": "John Smith", "kind": "person"}, {"name": "John Smith", "kind": "person"}),
        ({"name": "Alpha", "street": "Ring 1", "city": "Bonn"}, {"name": "Beta", "street": "Ring 1", "city": "Bonn"}),
        ({"name": "Metro", "country": "France"}, {"name": "Metro", "country": "Germany"}),
        ({"name": "Metro Cash", "city": "Bonn"}, {"name": "Metro Cash", "city": "Kiel"}),
    ],
)
def test_two_customers_that_share_little_are_not_proposed(one: dict[str, str], other: dict[str, str]) -> None:
    account(**one)
    account(**other)
    assert proposed() == set()


def test_a_country_is_the_same_in_whatever_language_it_is_written() -> None:
    account("Metro Foods", country="Österreich", city="Wien")
    account("Metro Foods", country="Austria", city="Wien")
    account("Metro Foods", country="Deutschland", city="Wien")
    assert [{one.first.country, one.second.country} for one in propose_duplicates()] == [{"Österreich", "Austria"}]


def test_an_account_and_its_own_parent_are_not_proposed_nor_are_branches_of_one_parent() -> None:
    parent = account("Acme Holding Ltd", email="info@acme.example")
    account("Acme Holding", parent=parent, email="info@acme.example")
    assert proposed() == set()
    account("Metro North", parent=parent)
    account("Metro North Ltd", parent=parent)
    assert proposed() == set()


def test_each_reason_is_said_in_words() -> None:
    account("Acme Ltd", email="x@acme.example", phone="+49 30 1234567", street="Ring 1", city="Bonn")
    account("ACME", email="x@acme.example", phone="+49301234567", street="ring 1", city="Bonn")
    (pair,) = propose_duplicates()
    assert pair.score > 0.95
    assert pair.reasons == [
        "the same name apart from spelling and legal form",
        "the same e-mail address x@acme.example",
        "the same phone number +49 30 1234567",
        "the same address",
    ]


def test_the_addresses_of_contacts_count_as_the_account_s() -> None:
    one, other = account("Alpha"), account("Beta")
    for at in (one, other):
        Contact.objects.create(account=at, name="Ada", email="ada@alpha.example")
    assert proposed() == {frozenset(("Alpha", "Beta"))}


def test_a_pair_that_a_member_called_different_is_not_proposed_again(owner: Member) -> None:
    first, second = account("Acme Ltd"), account("Acme")
    mark_different(first=second, second=first, member=owner)
    mark_different(first=first, second=second, member=owner)
    assert proposed() == set()
    assert AuditEntry.objects.filter(verb="mark_different").count() == 1


def test_only_accounts_that_the_member_sees_are_proposed(owner: Member) -> None:
    seller = Member.objects.create(email="s@example.com", name="Sam", role="new_business_seller")
    account("Acme Ltd", owner=seller)
    account("Acme")
    assert propose_duplicates(member=seller) == []
    assert len(propose_duplicates(member=owner)) == 1


def test_a_very_common_name_is_compared_in_windows_and_still_found() -> None:
    Account.objects.bulk_create(Account(name=f"Print Shop {number}") for number in range(300))
    Account.objects.bulk_create(Account(name=f"Print Shop {name}", city="Bonn") for name in ("Kaiser", "Keiser"))
    assert proposed() == {frozenset(("Print Shop Kaiser", "Print Shop Keiser"))}


# Merging


def picture() -> dict[str, Any]:
    """All that a merge may touch, as plain values."""
    rows = Account.objects.order_by("pk").prefetch_related("tags")
    skipped = {"updated_at"}
    return {
        "accounts": [
            {key: value for key, value in vars(row).items() if key[0] != "_" and key not in skipped}
            | {"tags": sorted(tag.name for tag in row.tags.all())}
            for row in rows
        ],
        **{
            model.__name__: list(model._default_manager.order_by("pk").values_list("pk", "account_id"))
            for model in (Contact, Interaction, Site)
        },
    }


def test_all_that_belongs_to_the_merged_account_moves_and_empty_fields_are_filled(owner: Member) -> None:
    kept = create_account(member=owner, name="Kept", email="kept@example.com", tags=["a"])
    merged = create_account(
        member=owner, name="Merged", email="m@example.com", trade="print", street="Ring 1", tags=["b"]
    )
    child = create_account(member=owner, name="Child", parent=merged)
    Contact.objects.create(account=merged, name="Ada")
    Site.objects.create(account=merged, name="Plant")
    Interaction.objects.create(account=merged, kind="call", on=date(2024, 1, 1))
    merge = merge_accounts(kept=kept, merged=merged, member=owner)
    for one in (kept, merged, child):
        one.refresh_from_db()
    assert merged.merged_into == kept
    assert child.parent == kept
    assert (kept.email, kept.trade, kept.street) == ("kept@example.com", "print", "Ring 1")
    assert sorted(kept.tags.values_list("name", flat=True)) == ["a", "b"]
    assert (kept.contacts.count(), kept.sites.count(), kept.interactions.count()) == (1, 1, 1)
    assert {entry.account_id for entry in history_of(merge)} == {kept.pk, merged.pk}


def test_an_address_is_filled_as_a_whole_or_not_at_all(owner: Member) -> None:
    kept = create_account(member=owner, name="Kept", city="Bonn")
    merged = create_account(member=owner, name="Merged", city="Kiel", street="Hafen 1")
    merge_accounts(kept=kept, merged=merged, member=owner)
    kept.refresh_from_db()
    assert (kept.city, kept.street) == ("Bonn", "")


def test_what_was_edited_since_the_merge_is_kept_when_it_is_undone(owner: Member) -> None:
    kept = create_account(member=owner, name="Kept")
    merged = create_account(member=owner, name="Merged", email="m@example.com", trade="print")
    moved = Contact.objects.create(account=merged, name="Ada")
    gone = Contact.objects.create(account=merged, name="Gone")
    merge = merge_accounts(kept=kept, merged=merged, member=owner)
    other = create_account(member=owner, name="Other")
    change_account(account=kept, member=owner, email="new@example.com")
    Contact.objects.filter(pk=moved.pk).update(account=other)
    gone.delete()
    undo_merge(merge=merge, member=owner)
    kept.refresh_from_db()
    moved.refresh_from_db()
    assert (kept.email, kept.trade) == ("new@example.com", "")
    assert moved.account == other
    assert set(visible_accounts(owner)) == {kept, merged, other}


def test_readers_follow_a_chain_of_merges_in_one_step_and_it_is_undone_from_the_end(owner: Member) -> None:
    first, second, third = (create_account(member=owner, name=name) for name in "abc")
    before = picture()
    early = merge_accounts(kept=second, merged=first, member=owner)
    between = picture()
    late = merge_accounts(kept=third, merged=second, member=owner)
    assert set(Account.objects.filter(merged_into=third)) == {first, second}
    with pytest.raises(CannotUndoMerge, match="later merge"):
        undo_merge(merge=early, member=owner)
    undo_merge(merge=late, member=owner)
    assert picture() == between
    undo_merge(merge=early, member=owner)
    assert picture() == before
    with pytest.raises(CannotUndoMerge, match="undone before"):
        undo_merge(merge=early, member=owner)


def test_merges_that_make_no_sense_are_refused(owner: Member) -> None:
    top = create_account(member=owner, name="Top")
    below = create_account(member=owner, name="Below", parent=create_account(member=owner, name="Mid", parent=top))
    with pytest.raises(CannotMerge, match="into itself"):
        merge_accounts(kept=top, merged=top, member=owner)
    with pytest.raises(CannotMerge, match="other way round"):
        merge_accounts(kept=below, merged=top, member=owner)
    merge_accounts(kept=top, merged=below, member=owner)
    for kept, merged in [(top, below), (below, top)]:
        with pytest.raises(CannotMerge, match="already merged into Top"):
            merge_accounts(kept=kept, merged=merged, member=owner)


def test_parents_that_changed_since_do_not_become_a_circle_by_undoing(owner: Member) -> None:
    grand = create_account(member=owner, name="Grand")
    merged = create_account(member=owner, name="Merged", parent=grand)
    child = create_account(member=owner, name="Child", parent=merged)
    kept = create_account(member=owner, name="Kept")
    merge = merge_accounts(kept=kept, merged=merged, member=owner)
    change_account(account=kept, member=owner, parent=None)
    change_account(account=grand, member=owner, parent=child)
    undo_merge(merge=merge, member=owner)
    child.refresh_from_db()
    assert child.parent == kept


def test_who_may_not_merge_is_refused(owner: Member) -> None:
    seller = Member.objects.create(email="s@example.com", name="Sam", role="new_business_seller")
    one, other = account("a", owner=seller), account("b", owner=seller)
    with pytest.raises(Forbidden):
        merge_accounts(kept=one, merged=other, member=seller)
    assert not AccountMerge.objects.exists()


TEXT = st.sampled_from(["", "x", "y"])
ACCOUNT = st.fixed_dictionaries(
    {
        "email": TEXT,
        "trade": TEXT,
        "street": TEXT,
        "city": TEXT,
        "custom": st.dictionaries(st.sampled_from("kl"), st.integers(0, 1)),
        "tags": st.sets(st.sampled_from("tu")),
        "contacts": st.integers(0, 2),
        "parent": st.none() | st.integers(0, 3),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    accounts=st.lists(ACCOUNT, min_size=2, max_size=4),
    merges=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=4),
)
def test_merging_and_undoing_from_the_end_is_as_if_nothing_happened(
    owner: Member, accounts: list[dict[str, Any]], merges: list[tuple[int, int]]
) -> None:
    made = [_made(number, said, owner) for number, said in enumerate(accounts)]
    for said, one in zip(accounts, made, strict=True):
        if said["parent"] is not None and said["parent"] < one.number:
            change_account(account=one.account, member=owner, parent=made[said["parent"]].account)
    before = picture()
    done = []
    for kept, merged in merges:
        try:
            done.append(
                merge_accounts(
                    kept=made[kept % len(made)].account, merged=made[merged % len(made)].account, member=owner
                )
            )
        except CannotMerge:
            continue
        assert not Account.objects.filter(merged_into__merged_into__isnull=False).exists()
        assert not Account.objects.filter(merged_into=None, parent__merged_into__isnull=False).exists()
    for merge in reversed(done):
        undo_merge(merge=merge, member=owner)
    assert picture() == before


class _Made:
    def __init__(self, number: int, account: Account) -> None:
        self.number, self.account = number, account


def _made(number: int, said: dict[str, Any], owner: Member) -> _Made:
    fields = {key: said[key] for key in ("email", "trade", "street", "city", "custom")}
    made = Account.objects.create(name=f"Account {number}", **fields)
    made.tags.set([made.tags.model.objects.get_or_create(name=name)[0] for name in said["tags"]])
    for _number in range(said["contacts"]):
        Contact.objects.create(account=made, name="Ada")
    return _Made(number, made)
