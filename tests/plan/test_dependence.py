"""A customer that brings too much of sales is on the list of who heads sales (mission E14)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from regulars.base.models import Member
from regulars.base.organisation import change_thresholds
from regulars.facts.models import Account
from regulars.insight.models import Snapshot
from regulars.plan.models import Action
from regulars.plan.proposals import refresh_actions
from regulars.plan.today import todays_list

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)


def refreshed(snapshot: Snapshot) -> list[Action]:
    refresh_actions(snapshot=snapshot, today=AS_OF)
    return list(Action.objects.filter(cause="dependence", state__in=Action.PENDING))


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.40, None), (0.45, "45 % of all sales: too much"), (0.55, "Critical: it brings 55 %")],
)
def test_it_is_told_from_the_alarm_on(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member, share: float, said: str | None
) -> None:
    scored("Large", share_of_firm=share)
    scored("Small", share_of_firm=0.05)
    actions = refreshed(snapshot)
    assert [one.account.name for one in actions] == (["Large"] if said else [])
    if said:
        (reason,) = [item.reason for item in todays_list(owner, AS_OF).items]
        told = (
            " ".join(reason.sentences).replace("\N{NO-BREAK SPACE}", " ").replace("45%", "45 %").replace("55%", "55 %")
        )
        assert said in told
        assert reason.advice
        assert reason.opening


def test_it_is_the_matter_of_who_heads_sales_whoever_looks_after_the_account(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    seller = Member.objects.create(email="s@firm.example", name="S", role=Member.Role.ACCOUNT_MANAGER)
    account = scored("Large", owner=seller, share_of_firm=0.6)
    assert [one.member for one in refreshed(snapshot)] == [owner]
    head = Member.objects.create(email="h@firm.example", name="H", role=Member.Role.SALES_HEAD)
    assert [one.member for one in refreshed(snapshot)] == [head]
    account.score.share_of_firm = 0.3
    account.score.save()
    assert refreshed(snapshot) == []


def test_the_only_customer_is_said_to_be_one_and_the_cause_can_be_switched_off(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    scored("Only", share_of_firm=1.0)
    (action,) = refreshed(snapshot)
    assert action.stake == pytest.approx(10_000 * 0.15, rel=0.1)
    assert "only customer" in " ".join(todays_list(owner, AS_OF).items[0].reason.sentences)
    change_thresholds(member=owner, values={"propose_dependence": False})
    assert refreshed(snapshot) == []
