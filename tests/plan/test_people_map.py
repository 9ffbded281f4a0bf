"""Who of us knows whom, what is wrong with it, and what Today says of it (mission E12, E22)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from regulars.base.audit import history_of
from regulars.base.models import Member
from regulars.core.warmth import Gap, Warmth
from regulars.facts.contact_parts import WrongPart, describe_part, part_of
from regulars.facts.contacts import activate_contact, create_contact, deactivate_contact
from regulars.facts.models import Account, Contact, Interaction, Signal
from regulars.insight.models import Snapshot
from regulars.plan.causes.birthday import next_birthday
from regulars.plan.closing import closing_sentence
from regulars.plan.key_accounts import appoint_key_account
from regulars.plan.models import Action
from regulars.plan.people_map import people_map, people_maps
from regulars.plan.proposals import refresh_actions
from regulars.plan.relation_sentences import beside_the_money, gap_sentences, health
from regulars.plan.today import told

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)


@pytest.fixture
def ben(owner: Member) -> Member:
    return Member.objects.create(email="ben@firm.example", name="Ben", role=Member.Role.ACCOUNT_MANAGER)


@pytest.fixture
def account(scored: Callable[..., Account], owner: Member) -> Account:
    return scored("Harbour Gifts", owner=owner)


def person(account: Account, name: str = "Ada", level: str = "owner", part: str = "") -> Contact:
    made = create_contact(account=account, member=None, name=name, level=level)
    if part:
        describe_part(contact=made, part=part, member=None)
    return made


def spoke(account: Account, member: Member, *people: Contact, days: int = 5, kind: str = "visit") -> None:
    """Noted by somebody who may since have lost sight of the account."""
    talk = Interaction.objects.create(account=account, kind=kind, on=AS_OF - timedelta(days=days), member=member)
    talk.contacts.set(people)


def everyone(account: Account) -> list[Contact]:
    return [person(account, f"P {level}", level) for level in Contact.Level.values if level]


def cause_of(account: Account, cause: str) -> Action | None:
    return Action.objects.filter(account=account, cause=cause, state=Action.State.OPEN).first()


def test_the_map_shows_who_of_us_knows_whom_and_how_warm(account: Account, owner: Member, ben: Member) -> None:
    ada, bob = person(account, "Ada"), person(account, "Bob", "finance")
    spoke(account, owner, ada, bob)
    spoke(account, ben, bob, days=200, kind="call")
    found = people_map(account, on=AS_OF)
    assert [one.name for one in found.ours] == ["Olga Owner", "Ben"]
    assert [(row.contact.name, row.warmth, row.last_days) for row in found.rows] == [
        ("Ada", Warmth.WARM, 5),
        ("Bob", Warmth.WARM, 5),
    ]
    by_ben = found.rows[1].cells[1]
    assert by_ben is not None
    assert (by_ben.warmth, by_ben.talks) == (Warmth.COLD, 1)
    assert found.rows[0].cells[1] is None


def test_a_single_thread_on_our_side_is_told_with_the_name(account: Account, owner: Member, ben: Member) -> None:
    people = everyone(account)
    spoke(account, owner, *people)
    found = people_map(account, on=AS_OF)
    assert found.gaps.found == (Gap.ONE_OF_OURS,)
    assert gap_sentences(found) == ["Only Olga Owner of ours is in contact: if that person leaves, the relation does."]
    assert health(found) == "endangered"
    spoke(account, ben, people[0])
    assert people_map(account, on=AS_OF).gaps.found == ()
    assert health(people_map(account, on=AS_OF)) == "good"


def test_talks_that_name_nobody_say_nothing_of_theirs(account: Account, owner: Member, ben: Member) -> None:
    """Unknown is unknown: nobody is said to be a single thread where it was not noted with whom we spoke."""
    ada = person(account)
    spoke(account, owner, ada)
    spoke(account, ben)
    found = people_map(account, on=AS_OF)
    assert found.unnamed_talks == 1
    assert Gap.ONE_OF_THEIRS not in found.gaps.found
    assert Gap.ONE_OF_OURS not in found.gaps.found


def test_relations_are_told_beside_the_money(account: Account, owner: Member) -> None:
    assert "not known" in beside_the_money(people_map(account, on=AS_OF), account.score)
    ada = person(account)
    spoke(account, owner, ada, days=185)
    spoke(account, owner, ada, days=150, kind="mail")
    said = beside_the_money(people_map(account, on=AS_OF), account.score)
    assert "sales follow relations" in said


def test_maps_of_many_accounts_need_as_many_queries_as_that_of_one(
    scored: Callable[..., Account], owner: Member, django_assert_num_queries: Any
) -> None:
    accounts = [scored(f"Firm {number}", owner=owner) for number in range(4)]
    for one in accounts:
        spoke(one, owner, person(one, part="champion"))
    with django_assert_num_queries(3):
        assert len(people_maps([one.pk for one in accounts], on=AS_OF)) == 4


def test_the_leaving_of_a_champion_is_a_signal_until_it_is_taken_back(account: Account, owner: Member) -> None:
    ada = person(account, part="champion")
    deactivate_contact(contact=ada, member=owner, on=AS_OF)
    assert Signal.objects.get(withdrawn_at=None).kind == "champion_left"
    assert people_map(account, on=AS_OF).gaps.gone == (ada.pk,)
    activate_contact(contact=ada, member=owner)
    assert not Signal.objects.filter(withdrawn_at=None).exists()
    other = person(account, "Bob", "finance")
    deactivate_contact(contact=other, member=owner, on=AS_OF)
    assert not Signal.objects.filter(withdrawn_at=None).exists()


def test_a_birthday_needs_consent_and_a_day_that_there_is(account: Account, owner: Member) -> None:
    ada = person(account)

    def noted(**said: Any) -> None:
        describe_part(contact=ada, part="champion", member=owner, **said)

    with pytest.raises(WrongPart, match="agreed"):
        noted(birth_month=5, birth_day=3)
    with pytest.raises(WrongPart, match="no such day"):
        noted(birth_month=4, birth_day=31, birthday_agreed_on=AS_OF)
    with pytest.raises(WrongPart, match="no such day"):
        noted(birth_month=4, birthday_agreed_on=AS_OF)
    with pytest.raises(WrongPart, match="no part"):
        describe_part(contact=ada, part="king", member=owner)
    noted(birth_month=2, birth_day=29, birthday_agreed_on=AS_OF)
    assert (part_of(ada).birth_month, part_of(ada).birthday_agreed_on) == (2, AS_OF)
    noted()
    assert (part_of(ada).birth_month, part_of(ada).birthday_agreed_on) == (None, None)
    assert {entry.verb for entry in history_of(part_of(ada))} == {"describe_part"}


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2024, 2, 1), date(2024, 2, 29)),
        (date(2025, 2, 1), date(2025, 2, 28)),
        (date(2025, 3, 1), date(2026, 2, 28)),
    ],
)
def test_a_birthday_of_the_29th_of_february_is_kept_every_year(on: date, expected: date) -> None:
    assert next_birthday(2, 29, on=on) == expected


def test_a_thread_is_on_the_list_of_the_manager_until_a_second_one_is_spun(
    account: Account, owner: Member, ben: Member, snapshot: Snapshot
) -> None:
    people = everyone(account)
    spoke(account, owner, *people)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert cause_of(account, "relations") is None, "only key accounts are watched so closely"
    appoint_key_account(account=account, manager=ben, on=AS_OF, member=owner)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action = cause_of(account, "relations")
    assert action is not None
    assert action.member == ben
    reason = told(action)
    assert "Only Olga Owner of ours" in reason.sentences[0]
    assert "colleague" in reason.advice
    spoke(account, ben, people[0])
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action.refresh_from_db()
    assert action.state == Action.State.CLOSED
    assert "widened" in closing_sentence(action.figures["closed"])


def test_a_champion_who_left_is_on_the_list_of_any_account(account: Account, owner: Member, snapshot: Snapshot) -> None:
    ada = person(account, part="champion")
    deactivate_contact(contact=ada, member=owner, on=AS_OF)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action = cause_of(account, "relations")
    assert action is not None
    assert told(action).sentences == ["Who spoke for us there has left: Ada. Nobody has taken that part."]
    person(account, "Bob", part="champion")
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert cause_of(account, "relations") is None


def test_birthdays_within_days_are_on_the_list_of_those_still_there(
    account: Account, owner: Member, snapshot: Snapshot
) -> None:
    for name, day in (("Ada", 11), ("Bob", 10), ("Cid", 20), ("Dot", 10)):
        describe_part(
            contact=person(account, name), part="", member=owner, birth_month=12, birth_day=day,
            birthday_agreed_on=AS_OF,
        )  # fmt: skip
    deactivate_contact(contact=Contact.objects.get(name="Dot"), member=owner, on=AS_OF)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action = cause_of(account, "birthday")
    assert action is not None
    assert told(action).sentences[0].startswith("Bob has a birthday on")
    assert action.figures["further"] == 1
    refresh_actions(snapshot=snapshot, today=AS_OF + timedelta(days=5))
    assert cause_of(account, "birthday") is None
