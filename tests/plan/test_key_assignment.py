"""Who should manage which key account: three at most, known ones first, each explained (mission E11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from regulars.base.access import Forbidden
from regulars.base.models import Member
from regulars.facts.accounts import visible_accounts
from regulars.facts.models import Account, Interaction
from regulars.facts.told_signs import tell_sign
from regulars.insight.models import Score
from regulars.plan.key_accounts import TooManyKeyAccounts, appoint_key_account, appoint_several, loads
from regulars.plan.key_assignment import propose_assignment
from regulars.plan.models import KeyAccount

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)


@pytest.fixture
def managers(owner: Member) -> list[Member]:
    role = Member.Role.ACCOUNT_MANAGER
    return [
        Member.objects.create(email=f"{name}@firm.example", name=name, role=role, language=language)
        for name, language in (("Mia", "en"), ("Ben", "th"))
    ]


@pytest.fixture
def accounts(scored: Callable[..., Account]) -> list[Account]:
    found = [scored(f"Firm {number}", sales_12m=1000.0) for number in range(8)]
    for account in found:
        tell_sign(account=account, sign="reputation", reason="Everybody knows it", on=AS_OF, member=None)
    return found


def managed_by(found: dict[int, str | None], *accounts: Account) -> list[str | None]:
    return [found.get(one.pk) for one in accounts]


def proposal(owner: Member) -> dict[int, str | None]:
    found = propose_assignment(on=AS_OF, member=owner).proposed
    return {one.account.pk: one.manager.name if one.manager else None for one in found}


def test_nobody_is_proposed_more_than_three_and_knowledge_decides(
    accounts: list[Account], managers: list[Member], owner: Member
) -> None:
    mia, ben = managers
    thai, known, owned = accounts[:3]
    Account.objects.filter(pk=thai.pk).update(language="th")
    Account.objects.filter(pk=owned.pk).update(owner=ben)
    Interaction.objects.create(account=known, kind="visit", on=AS_OF - timedelta(days=3), member=mia)
    found = propose_assignment(on=AS_OF, member=owner)
    assert sum(one.manager is not None for one in found.proposed) == 6
    assert dict(found.load) == {mia.pk: 3, ben.pk: 3}
    assert managed_by(proposal(owner), thai, known, owned) == ["Ben", "Mia", "Ben"]
    said = {one.account.pk: one.sentences for one in found.proposed}
    assert said[known.pk] == ("Mia spoke with it 1 time within two years, last 3 days ago.",)
    assert "Ben speaks its language" in said[thai.pk][0]
    assert said[owned.pk] == ("Ben looks after it already.",)
    rest = next(one for one in found.proposed if one.account.pk not in {thai.pk, known.pk, owned.pk})
    assert "Nobody knows it yet" in rest.sentences[0]


def test_who_manages_it_keeps_it_unless_somebody_else_fits_far_better(
    accounts: list[Account], managers: list[Member], owner: Member
) -> None:
    mia, ben = managers
    stays, better = accounts[:2]
    for account in (stays, better):
        appoint_key_account(account=account, manager=mia, on=AS_OF, member=owner)
    Account.objects.filter(pk=stays.pk).update(owner=None)
    Account.objects.filter(pk=better.pk).update(owner=ben, language="th")
    assert managed_by(proposal(owner), stays, better) == ["Mia", "Ben"]


def test_key_accounts_come_before_accounts_that_could_be(
    accounts: list[Account], managers: list[Member], owner: Member
) -> None:
    appointed = accounts[4:]
    for place, account in enumerate(appointed):
        appoint_key_account(account=account, manager=managers[place % 2], on=AS_OF, member=owner)
    found = proposal(owner)
    assert None not in managed_by(found, *appointed)
    assert len(found) == 6


def test_managers_can_change_places_at_once_and_a_fourth_refuses_all(
    accounts: list[Account], managers: list[Member], owner: Member
) -> None:
    mia, ben = managers
    for place, account in enumerate(accounts[:6]):
        appoint_key_account(account=account, manager=managers[place % 2], on=AS_OF, member=owner)
    appoint_several(pairs=[(accounts[0], ben), (accounts[1], mia)], on=AS_OF, member=owner)
    current = dict(KeyAccount.objects.filter(until=None).values_list("account_id", "manager__name"))
    assert (current[accounts[0].pk], current[accounts[1].pk]) == ("Ben", "Mia")
    with pytest.raises(TooManyKeyAccounts):
        appoint_several(pairs=[(accounts[0], mia), (accounts[6], ben)], on=AS_OF, member=owner)
    assert loads() == {mia.pk: 3, ben.pk: 3}


def test_who_manages_a_key_account_sees_it(accounts: list[Account], managers: list[Member], owner: Member) -> None:
    mia, _ben = managers
    account = accounts[0]
    assert not visible_accounts(mia).filter(pk=account.pk).exists()
    appoint_key_account(account=account, manager=mia, on=AS_OF, member=owner)
    assert visible_accounts(mia).filter(pk=account.pk).exists()
    account.refresh_from_db()
    assert account.owner == mia


def test_who_sees_a_part_of_the_firm_is_proposed_nothing(managers: list[Member], snapshot: object) -> None:
    with pytest.raises(Forbidden):
        propose_assignment(on=AS_OF, member=managers[0])


def test_a_firm_without_accounts_or_managers_has_nothing_to_assign(owner: Member, snapshot: object) -> None:
    Score.objects.all().delete()
    found = propose_assignment(on=AS_OF, member=owner)
    assert (found.proposed, [one.name for one in found.managers]) == ((), ["Olga Owner"])
