"""Dossiers: facts with source, day and expiry; who sees what; completeness and what to ask next (mission E13)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.models import Member, Team
from regulars.facts.contact_parts import describe_part
from regulars.facts.contacts import create_contact, deactivate_contact
from regulars.facts.goals import note_goal
from regulars.facts.interactions import record_interaction
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account, Contact
from regulars.facts.wallet_estimates import estimate_wallet
from regulars.insight.models import Snapshot
from regulars.plan.closing import closing_sentence
from regulars.plan.dossier import (
    NoSuchFact,
    WrongFact,
    change_fact,
    confirm_fact,
    end_fact,
    note_fact,
    restore_fact,
    standing_facts,
    take_back_fact,
    visible_facts,
)
from regulars.plan.dossier_known import Dossier, dossier_of, missing_facts
from regulars.plan.key_accounts import appoint_key_account
from regulars.plan.models import Action, DossierFact
from regulars.plan.proposals import refresh_actions
from regulars.plan.today import told

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)


def noted(account: Account, member: Member | None = None, **said: object) -> DossierFact:
    what = {"topic": "history", "text": "Founded in 1987", "source": "its catalogue", "known_on": AS_OF, "on": AS_OF}
    return note_fact(account=account, member=member, **(what | said))  # type: ignore[arg-type]


def firm_topics(dossier: Dossier) -> dict[str, tuple[bool, bool]]:
    return {one.topic.key: (one.is_known, one.has_expired) for one in dossier.firm.topics}


@pytest.fixture
def account(scored: Callable[..., Account], owner: Member) -> Account:
    return scored("Harbour Gifts", owner=owner)


@pytest.fixture
def anna(account: Account) -> Contact:
    return create_contact(account=account, member=None, name="Anna Lund")


def test_a_fact_has_a_source_a_day_and_the_expiry_of_its_topic(account: Account, owner: Member, anna: Contact) -> None:
    """E13"""
    stays = noted(account, owner)
    assert (stays.source, stays.on, stays.expires_on, stays.member) == ("its catalogue", AS_OF, None, owner)
    competitor = noted(account, owner, topic="competitors", text="Buys bags from Nord")
    assert competitor.expires_on == date(2025, 12, 9)
    assert noted(account, owner, topic="competitors", stays=True).expires_on is None
    assert noted(account, owner, topic="aims", expires_on=date(2025, 3, 1)).expires_on == date(2025, 3, 1)
    assert noted(account, owner, topic="interests", text="Sails", contact=anna).expires_on == date(2027, 12, 9)


def test_what_cannot_be_relied_on_is_refused(account: Account, anna: Contact, scored: Callable[..., Account]) -> None:
    """E13: no source, no fact; no birthday without consent"""
    for wrong in (
        {"source": " "},
        {"text": ""},
        {"topic": "shoe_size"},
        {"topic": "interests"},  # of a person only
        {"topic": "birthday", "contact": anna},  # kept with the person's consent, elsewhere
        {"known_on": AS_OF + timedelta(days=1)},
        {"expires_on": AS_OF},
    ):
        with pytest.raises(WrongFact):
            noted(account, **wrong)
    with pytest.raises(WrongFact, match="not known at"):
        noted(scored("Other"), topic="career", contact=anna)
    assert not DossierFact.objects.exists()


def test_a_fact_is_corrected_confirmed_ended_taken_back_and_put_back_and_each_step_is_kept(
    account: Account, owner: Member
) -> None:
    fact = noted(account, owner, topic="finances", text="Pays late")
    changed = change_fact(
        fact=fact,
        text="Pays after 60 days",
        source="ledger",
        known_on=AS_OF,
        expires_on=AS_OF + timedelta(days=9),
        confidential=False,
        on=AS_OF,
        member=owner,
    )
    assert (changed.text, changed.source) == ("Pays after 60 days", "ledger")
    later = AS_OF + timedelta(days=20)
    assert not firm_topics(dossier_of(account, on=later, member=owner))["finances"][0]
    confirmed = confirm_fact(fact=fact, source="call of today", on=later, member=owner)
    assert (confirmed.on, confirmed.source, confirmed.expires_on) == (later, "call of today", date(2025, 12, 29))
    assert firm_topics(dossier_of(account, on=later, member=owner))["finances"] == (True, False)
    end_fact(fact=fact, on=later, member=owner)
    assert not standing_facts(account, member=owner).exists()
    restore_fact(fact=fact, member=owner)
    take_back_fact(fact=fact, member=owner)
    assert not standing_facts(account, member=owner).exists()
    assert list(standing_facts(restore_fact(fact=fact, member=owner).account, member=owner)) == [fact]
    verbs = {entry.verb for entry in history_of(fact)}
    assert verbs == {"note_fact", "change_fact", "confirm_fact", "end_fact", "take_back_fact", "restore_fact"}


def test_confidential_facts_are_for_who_may_and_for_who_noted_them(account: Account, owner: Member) -> None:
    """E13"""
    team = Team.objects.create(name="South")
    Account.objects.filter(pk=account.pk).update(team=team)
    ann, bea = (
        Member.objects.create(email=f"{name}@example.com", name=name, role="account_manager", team=team)
        for name in ("ann", "bea")
    )
    secret = noted(account, ann, topic="finances", text="Looks for a buyer", confidential=True)
    assert list(visible_facts(owner)) == [secret]
    assert list(visible_facts(ann)) == [secret]
    assert not visible_facts(bea).exists()
    assert not firm_topics(dossier_of(account, on=AS_OF, member=bea))["finances"][0]
    with pytest.raises(NoSuchFact):
        end_fact(fact=secret, on=AS_OF, member=bea)
    reader = Member.objects.create(email="r@example.com", name="r", role="analyst")
    with pytest.raises(Forbidden):
        noted(account, reader)
    stranger = Member.objects.create(email="s@example.com", name="s", role="new_business_seller")
    assert not visible_facts(stranger).exists()


def test_what_regulars_keeps_anyway_counts_with_its_source(account: Account, owner: Member, anna: Contact) -> None:
    """E13"""
    describe_part(
        contact=anna,
        part="decision_maker",
        member=owner,
        birth_month=5,
        birth_day=3,
        birthday_agreed_on=AS_OF,
    )
    note_goal(account=account, kind="goal", text="Open in Oslo", on=AS_OF, member=owner)
    estimate_wallet(
        account=account, yearly=Decimal(50000), source="its report", estimated_on=AS_OF, on=AS_OF, member=owner
    )
    found = dossier_of(account, on=AS_OF, member=owner)
    known = {one.topic.key: [(item.text, item.source) for item in one.items] for one in found.firm.topics if one.items}
    assert known["decisions"] == [("Decides: Anna Lund", "people map")]
    assert known["aims"][0][0] == "Open in Oslo"
    assert known["wallet"] == [("€50,000 a year, with everyone", "its report")]
    [person] = found.people
    told = {one.topic.key: one.items[0].text for one in person.topics if one.items}
    assert told == {"part": "decides", "birthday": "3 May"}


def test_what_it_owns_is_told_as_far_as_it_may_be_seen(account: Account, owner: Member) -> None:
    """E13"""
    sam = Member.objects.create(email="sam@example.com", name="Sam", role="new_business_seller")
    Account.objects.filter(pk=account.pk).update(owner=sam)
    Account.objects.create(name="Secret daughter", parent=account, owner=owner)

    def owns(member: Member) -> list[str]:
        found = dossier_of(account, on=AS_OF, member=member)
        return [item.text for one in found.firm.topics if one.topic.key == "ownership" for item in one.items]

    assert owns(owner) == ["Owns Secret daughter"]
    assert owns(sam) == []


def test_completeness_is_by_weight_half_the_firm_half_its_people(account: Account, owner: Member) -> None:
    """E13"""
    empty = dossier_of(account, on=AS_OF, member=owner)
    assert empty.share == 0
    anna = create_contact(account=account, member=None, name="Anna Lund")
    noted(account, topic="decisions", text="The board, in May")
    noted(account, topic="other", text="Has a dog in the office")  # welcome, but counts for nothing
    noted(account, topic="role", text="Buys paper", contact=anna)
    found = dossier_of(account, on=AS_OF, member=owner)
    firm = sum(one.topic.weight for one in found.firm.topics)
    person = sum(one.topic.weight for one in found.people[0].topics)
    assert found.share == pytest.approx(0.5 * 3 / firm + 0.5 * 3 / person)
    deactivate_contact(contact=anna, member=None)
    left = dossier_of(account, on=AS_OF, member=owner)
    assert ([one.name for one in left.people], [one.name for one in left.gone]) == ([], ["Anna Lund"])


def test_what_is_missing_says_what_to_ask_and_who_could(account: Account, owner: Member, anna: Contact) -> None:
    """E13; the questions of the next review come from here (A4)"""
    seller = Member.objects.create(email="x@example.com", name="Xaver", role="service")
    record_interaction(account=account, member=seller, kind="call", on=AS_OF, contacts=[anna])
    old = noted(account, topic="competitors", text="Nord", expires_on=AS_OF + timedelta(days=3))
    later = AS_OF + timedelta(days=4)
    missing = missing_facts(account, on=later, member=owner)
    assert missing[0].topic.weight == 3
    assert len({one.key for one in missing}) == len(missing)
    by_key = {(one.topic.key, one.contact): one for one in missing}
    assert by_key["competitors", None].expired
    assert by_key["competitors", None].asks == owner
    assert by_key["role", anna].asks == seller
    assert by_key["role", anna].question.startswith("Anna Lund: ")
    assert ("other", None) not in by_key
    confirm_fact(fact=old, source="asked", on=later, member=owner)
    assert "competitors" not in {one.topic.key for one in missing_facts(account, on=later, member=owner)}


def test_facts_follow_a_merge_and_its_undoing(account: Account, owner: Member, scored: Callable[..., Account]) -> None:
    other = scored("Harbor Gifts", owner=owner)
    fact = noted(other, owner)
    merge = merge_accounts(kept=account, merged=other, member=owner)
    assert list(standing_facts(account, member=owner)) == [fact]
    undo_merge(merge=merge, member=owner)
    assert not standing_facts(account, member=owner).exists()
    assert list(standing_facts(other, member=owner)) == [fact]


def test_the_dossier_asks_as_many_questions_of_the_database_for_many_people(
    account: Account, owner: Member, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for at in range(12):
        contact = create_contact(account=account, member=None, name=f"Person {at}")
        noted(account, owner, topic="career", text="Was at Nord", contact=contact)
    with django_assert_max_num_queries(20):  # type: ignore[attr-defined]
        dossier_of(account, on=AS_OF, member=owner)


def test_a_key_account_whose_dossier_is_out_of_date_is_on_the_list_until_it_was_asked_again(
    account: Account, owner: Member, snapshot: Snapshot
) -> None:
    """E13; F: closes itself"""
    fact = noted(account, owner, topic="competitors", text="Nord", known_on=AS_OF - timedelta(days=500))
    noted(account, owner, topic="finances", known_on=AS_OF - timedelta(days=500), confidential=True)

    def proposed() -> Action | None:
        refresh_actions(snapshot=snapshot, today=AS_OF)
        return Action.objects.filter(account=account, cause="dossier", state=Action.State.OPEN).first()

    assert proposed() is None  # no key account
    appoint_key_account(account=account, manager=owner, on=AS_OF, member=owner)
    action = proposed()
    assert action is not None
    assert action.member == owner
    [sentence] = told(action).sentences
    assert sentence == ("It is a key account, and 1 thing that we know of it is to be asked again: Other suppliers.")
    confirm_fact(fact=fact, source="call", on=AS_OF, member=owner)
    assert proposed() is None
    closed = Action.objects.get(account=account, cause="dossier")
    assert "asked again" in closing_sentence(closed.figures["closed"])
