"""A customer is lost when told or by silence, is met, offered, won back by an order or parted from; nothing is counted
twice, and what was said by mistake is taken back (E15, E16, A7)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.models import Job, Member, Team
from regulars.facts.losses import WrongLoss, standing_losses
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account, Loss
from regulars.insight.models import Score, Snapshot
from regulars.plan.causes.lost import superior_of
from regulars.plan.lost import lost_by_silence, refresh_lost
from regulars.plan.models import Action, WinBack
from regulars.plan.proposals import refresh_actions
from regulars.plan.standing import Standing, is_lost
from regulars.plan.thresholds import PlanThresholds, plan_thresholds
from regulars.plan.winback import (
    NoSuchWinBack,
    WrongWinBack,
    answer_what_if,
    declare_lost,
    mark_won_back,
    note_reasons,
    offer_what_if,
    part_well,
    reasons_by_value,
    reopen_win_back,
    take_back_lost,
    to_look_at_again,
    visible_win_backs,
    win_back_of,
)

AS_OF = date(2024, 12, 9)
SILENT: dict[str, Any] = {"silence_days": 200, "gap_longest_days": 50.0, "sales_12m": 4000.0}


@pytest.fixture
def no_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was imported: chances are the documented ones."""
    monkeypatch.setattr("regulars.plan.lost.HISTORY.version_in_force", lambda: -1)


@pytest.fixture(autouse=True)
def firm(organisation: Any, no_history: None) -> Any:
    return organisation


def declared(account: Account, *, since: date = AS_OF, member: Member | None = None, **said: Any) -> WinBack:
    return declare_lost(account=account, since=since, on=AS_OF, member=member, **said)


def test_silence_opens_the_work_once_and_an_order_closes_it_as_won_back(scored: Any, snapshot: Snapshot) -> None:
    account = scored(**SILENT)
    scored("Active")
    assert refresh_lost(snapshot=snapshot, today=AS_OF).opened == 1
    assert refresh_lost(snapshot=snapshot, today=AS_OF).opened == 0
    work = WinBack.objects.get()
    assert (work.account, work.loss, work.worth) == (account, None, 25_000.0)
    assert work.lost_on == AS_OF - timedelta(days=20)
    assert work.expected_money == pytest.approx(25_000 * 0.2 * 0.5 ** (20 / 365))
    scored(account=account, silence_days=1)
    assert refresh_lost(snapshot=snapshot, today=AS_OF).won_back == 1
    work.refresh_from_db()
    assert (work.state, work.by_order, work.settled_on) == ("won", True, AS_OF - timedelta(days=1))


def test_who_came_back_and_was_lost_once_more_meanwhile_has_one_work_that_is_won_and_one_that_is_open(
    scored: Any, snapshot: Snapshot
) -> None:
    """E15: an order that was imported late, after the loss and yet long ago; the two works do not stand in the way."""
    account = scored(**SILENT)
    refresh_lost(snapshot=snapshot, today=AS_OF)
    scored(account=account, **SILENT | {"silence_days": 190})
    report = refresh_lost(snapshot=snapshot, today=AS_OF)
    assert (report.won_back, report.opened) == (1, 1)
    assert dict(WinBack.objects.values_list("state", "since")) == {
        "won": AS_OF - timedelta(days=200),
        "open": AS_OF - timedelta(days=190),
    }


def test_the_database_and_the_causes_call_the_same_accounts_lost(scored: Any) -> None:
    thresholds = plan_thresholds()
    for silence in (179, 180, 299, 300, 301):
        for longest in (None, 50.0, 99.8, 100.0):
            scored(f"{silence} {longest}", silence_days=silence, gap_longest_days=longest)
    columns = [name for name in Standing.__slots__ if hasattr(Score, name)]
    by_cause = {
        score.account_id
        for score in Score.objects.all()
        if is_lost(Standing(**{name: getattr(score, name) for name in columns}), thresholds)
    }
    found = Score.objects.filter(lost_by_silence(thresholds.silence)).values_list("account_id", flat=True)
    assert set(found) == by_cause
    assert len(by_cause) == 2 + 2 + 4 + 4


def test_another_rule_drops_work_that_nobody_began_and_keeps_the_other(
    scored: Any, snapshot: Snapshot, firm: Any
) -> None:
    begun, untouched = scored("Begun", **SILENT), scored("Untouched", **SILENT)
    refresh_lost(snapshot=snapshot, today=AS_OF)
    note_reasons(win_back=WinBack.objects.get(account=begun), reasons=["no_need"], said="", member=None)
    firm.thresholds = {"lifetime_silence_days": 400}
    firm.save()
    assert refresh_lost(snapshot=snapshot, today=AS_OF).dropped == 1
    assert not WinBack.objects.filter(account=untouched).exists()
    assert WinBack.objects.filter(account=begun, state="open").exists()


def test_a_declared_loss_is_at_once_on_the_list_of_the_superior(scored: Any, snapshot: Snapshot) -> None:
    team = Team.objects.create(name="Growth")
    keeper = Member.objects.create(email="k@firm.example", name="Keeper", team=team)
    head = Member.objects.create(email="h@firm.example", name="Head", role="sales_head", team=team)
    account = scored(owner=keeper)
    work = declared(account, member=keeper, reasons=["our_service", "better_terms"], said="Late twice")
    assert Job.objects.filter(task_path__endswith="take_in_losses").exists()
    assert work.reasons == ["better_terms", "our_service"]
    refresh_lost(snapshot=snapshot, today=AS_OF)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action = Action.objects.get(cause="lost")
    assert action.member == head
    assert action.figures["reasons"] == ["better_terms", "our_service"]
    mark_won_back(win_back=work, on=AS_OF, member=keeper)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action.refresh_from_db()
    assert (action.state, action.figures["closed"]) == ("closed", {"key": "settled", "cause": "lost"})


def test_who_leads_is_met_by_the_owner_and_without_a_head_the_owner_goes() -> None:
    one = Team(pk=1, name="One")
    owner, head = Member(pk=1, role="owner"), Member(pk=2, role="sales_head", team=one)
    other, keeper = Member(pk=3, role="sales_head"), Member(pk=4, role="account_manager", team=one)
    assert superior_of(keeper, [owner, other, head]) == 2
    assert superior_of(keeper, [owner]) == 1
    assert superior_of(head, [owner, head, other]) == 1
    assert superior_of(None, [other, owner]) == 3
    assert superior_of(owner, [owner]) is None


def test_a_lost_account_is_not_proposed_for_anything_that_keeps_customers(scored: Any, snapshot: Snapshot) -> None:
    account = scored(pareto="A", silence_days=60, pauses_as_long=0.0, sales_12m=90_000.0)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    before = set(Action.objects.filter(account=account, state="open").values_list("cause", flat=True))
    assert "gone_silent" in before
    declared(account)
    refresh_lost(snapshot=snapshot, today=AS_OF)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert set(Action.objects.filter(account=account, state="open").values_list("cause", flat=True)) == {"lost"}


def test_a_loss_is_not_declared_twice_nor_for_a_day_to_come_nor_before_an_order(scored: Any) -> None:
    account = scored(silence_days=10)
    for since in (AS_OF + timedelta(days=1), AS_OF - timedelta(days=11)):
        with pytest.raises(WrongLoss):
            declared(account, since=since)
    declared(account)
    with pytest.raises(WrongLoss, match="lost already"):
        declared(account)
    with pytest.raises(WrongLoss):
        declared(scored("Other"), known="rumour")
    with pytest.raises(WrongWinBack):
        declared(scored("Third"), reasons=["weather"])


def test_what_was_declared_by_mistake_is_taken_back_and_may_be_declared_again(scored: Any, snapshot: Snapshot) -> None:
    account = scored()
    work = take_back_lost(win_back=declared(account), on=AS_OF, member=None)
    assert work.state == "mistake"
    assert not standing_losses().exists()
    assert refresh_lost(snapshot=snapshot, today=AS_OF).opened == 0
    assert declared(account).state == "open"
    with pytest.raises(WrongWinBack):
        take_back_lost(win_back=work, on=AS_OF, member=None)


def test_an_order_ends_a_declared_loss_even_after_one_has_parted(scored: Any, snapshot: Snapshot) -> None:
    account = scored()
    work = part_well(win_back=declared(account), on=AS_OF, member=None, gift="A calendar", door_open=True)
    assert work.look_again_on == AS_OF + timedelta(days=180)
    refresh_lost(snapshot=snapshot, today=AS_OF)
    assert WinBack.objects.count() == 1
    scored(account=account, silence_days=0, last_order=AS_OF + timedelta(days=30))
    refresh_lost(snapshot=snapshot, today=AS_OF + timedelta(days=30))
    won = WinBack.objects.get(pk=work.pk)
    assert (won.state, won.by_order, won.look_again_on) == ("won", True, None)
    assert Loss.objects.get().back_on == AS_OF + timedelta(days=30)


def test_offers_are_answered_and_one_parts_until_a_day_to_look_again(scored: Any) -> None:
    work = declared(scored())
    offer = offer_what_if(win_back=work, text="delivered within a day", on=AS_OF, member=None)
    assert answer_what_if(offer=offer, answer="perhaps", said="In spring", on=AS_OF, member=None).answered_on == AS_OF
    assert answer_what_if(offer=offer, answer="", on=AS_OF, member=None).answered_on is None
    for wrong in ({"text": " "},):
        with pytest.raises(WrongWinBack):
            offer_what_if(win_back=work, on=AS_OF, member=None, **wrong)
    with pytest.raises(WrongWinBack):
        answer_what_if(offer=offer, answer="maybe", on=AS_OF, member=None)
    with pytest.raises(WrongWinBack):
        part_well(win_back=work, on=AS_OF, member=None, look_again_on=AS_OF)
    part_well(win_back=work, on=AS_OF, member=None, look_again_on=AS_OF + timedelta(days=9))
    assert not to_look_at_again(member=None, on=AS_OF + timedelta(days=8)).exists()
    assert to_look_at_again(member=None, on=AS_OF + timedelta(days=9)).get() == work
    assert reopen_win_back(win_back=work, member=None).state == "open"
    with pytest.raises(WrongWinBack):
        reopen_win_back(win_back=work, member=None)


def test_won_back_by_hand_holds_until_the_order_comes_and_can_be_taken_back(scored: Any, snapshot: Snapshot) -> None:
    account = scored(**SILENT)
    refresh_lost(snapshot=snapshot, today=AS_OF)
    declared(account)
    work = mark_won_back(win_back=WinBack.objects.get(), on=AS_OF, member=None)
    assert not standing_losses().exists()
    assert refresh_lost(snapshot=snapshot, today=AS_OF).opened == 0
    reopen_win_back(win_back=work, member=None)
    assert standing_losses().count() == 1
    mark_won_back(win_back=work, on=AS_OF, member=None)
    assert refresh_lost(snapshot=snapshot, today=AS_OF + timedelta(days=181)).opened == 1


def test_reasons_are_counted_by_value_and_one_may_name_several(scored: Any) -> None:
    for name, worth, reasons in (
        ("A", 100.0, ["better_terms", "our_service"]),
        ("B", 50.0, ["our_service"]),
        ("C", 70.0, []),
    ):
        figures = {"sales_12m": worth, "sales_previous_12m": 0.0, "sales_total": 0.0}
        declared(scored(name, **figures), reasons=reasons)
    note_reasons(win_back=WinBack.objects.get(account__name="C"), reasons=[], said="Moved away", member=None)
    declared(scored("D", sales_12m=9.0, sales_previous_12m=0.0, sales_total=0.0))
    report = reasons_by_value(member=None)
    assert [(one.reason, one.accounts, one.worth) for one in report.reasons] == [
        ("our_service", 2, 150.0),
        ("better_terms", 1, 100.0),
        ("other", 1, 70.0),
    ]
    assert (report.unknown, report.unknown_worth) == (1, 9.0)


def test_a_merged_account_takes_its_loss_along_and_gets_it_back(scored: Any, snapshot: Snapshot) -> None:
    kept, merged = scored("Kept"), scored("Merged")
    work = declared(merged)
    merge = merge_accounts(kept=kept, merged=merged, member=None)
    assert win_back_of(kept, member=None) == work
    with pytest.raises(WrongLoss):
        declared(kept)
    Score.objects.filter(account=merged).delete()
    refresh_lost(snapshot=snapshot, today=AS_OF)
    assert WinBack.objects.count() == 1
    undo_merge(merge=merge, member=None)
    kept.refresh_from_db()
    assert win_back_of(kept, member=None) is None
    assert win_back_of(Account.objects.get(pk=merged.pk), member=None) == work


def test_others_neither_see_nor_change_it_and_who_only_reads_changes_nothing(scored: Any) -> None:
    far = Member.objects.create(email="far@firm.example", name="Far", role="new_business_seller")
    analyst = Member.objects.create(email="an@firm.example", name="Analyst", role="analyst")
    work = declared(scored())
    assert not visible_win_backs(far).exists()
    with pytest.raises(NoSuchWinBack):
        mark_won_back(win_back=work, on=AS_OF, member=far)
    assert visible_win_backs(analyst).count() == 1
    with pytest.raises(Forbidden):
        part_well(win_back=work, on=AS_OF, member=analyst)
    with pytest.raises(Forbidden):
        declared(scored("Other"), member=analyst)


def test_usual_values_are_those_that_tell_how_long_customers_stay() -> None:
    assert (PlanThresholds().silence.least_days, PlanThresholds().silence.pauses) == (180, 3.0)
