"""Recommendations are asked for after proven value, become leads, are followed to the sales, thanked (mission D3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from regulars.base.models import Member
from regulars.facts.leads import Origin, WrongLead, lose_lead, take_lead, visible_leads
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account, Issue, Lead, Signal
from regulars.facts.signals import record_signal
from regulars.insight.lead_flow import lead_flow
from regulars.insight.models import Snapshot
from regulars.plan.closing import closing_sentence
from regulars.plan.leads import win_lead
from regulars.plan.models import Action, ReferralAsk
from regulars.plan.promises import keep_promise, make_promise
from regulars.plan.proposals import refresh_actions
from regulars.plan.proven_value import proven_value, why_not_now
from regulars.plan.referral_report import referral_report
from regulars.plan.referrals import (
    Named,
    StaleAsk,
    WrongReferral,
    ask_for_names,
    ask_of_key,
    came_by_link,
    close_link,
    decline_ask,
    give_names,
    key_of,
    link_of_token,
    make_link,
    reopen_ask,
    take_back_thanks,
    thank,
    visible_referrals,
    withdraw_referral,
)
from regulars.plan.today import todays_list

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
AT = datetime(2024, 12, 9, 10, 0, tzinfo=UTC)
EVA = Named(person="Eva", phone="+43 1 234567")
Scored = Callable[..., Account]


def praised(account: Account, on: date = AS_OF) -> None:
    record_signal(account=account, kind="praise", observed_on=on, member=None, said="The best we ever had")


def causes(account: Account, state: str = "open") -> set[str]:
    return set(Action.objects.filter(account=account, state=state).values_list("cause", flat=True))


def asked(account: Account, owner: Member) -> ReferralAsk:
    return ask_for_names(account=account, on=AS_OF, member=owner, ground="praise")


def test_after_proven_value_today_proposes_to_ask_and_after_asking_it_closes_by_itself(
    scored: Scored, owner: Member, snapshot: Snapshot
) -> None:
    """D3."""
    account = scored("Harbour Gifts", owner=owner)
    quiet = scored("Quiet", owner=owner)
    promise = make_promise(account=account, text="Samples", due_on=AS_OF, on=AS_OF, member=owner)
    keep_promise(promise=promise, on=AS_OF, member=owner)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert "referral" in causes(account)
    assert "referral" not in causes(quiet)
    card = next(one for one in todays_list(owner, AS_OF).items if one.account == account)
    assert "We kept what we had promised them, on 9 Dec 2024." in card.reason.sentences
    asked(account, owner)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action = Action.objects.get(account=account, cause="referral")
    assert action.state == Action.State.CLOSED
    assert closing_sentence(action.figures["closed"]) == "They were asked, or this is not the moment any more."


@pytest.mark.parametrize("wrong", ["open issue", "complaint", "long ago", "asked before", "gone silent"])
def test_nobody_is_asked_while_something_is_wrong(
    wrong: str, scored: Scored, owner: Member, snapshot: Snapshot
) -> None:
    figures = {"silence_days": 200, "gap_typical_days": 20.0, "pauses_as_long": 0.0} if wrong == "gone silent" else {}
    account = scored("Harbour Gifts", owner=owner, **figures)
    praised(account, AS_OF - timedelta(days=60) if wrong == "long ago" else AS_OF)
    if wrong == "open issue":
        Issue.objects.create(account=account, title="Broken", opened_at=AT, due_at=AT)
    if wrong == "complaint":
        record_signal(account=account, kind="complaint", observed_on=AS_OF, member=None)
    if wrong == "asked before":
        ask_for_names(account=account, on=AS_OF - timedelta(days=90), member=owner)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert "referral" not in causes(account)
    if wrong != "gone silent":
        assert proven_value(account, on=AS_OF) is None
        assert why_not_now(account, on=AS_OF)


def test_names_become_leads_with_a_signal_and_a_thank_you_that_is_owed(
    scored: Scored, owner: Member, snapshot: Snapshot
) -> None:
    account = scored("Harbour Gifts", owner=owner)
    made = give_names(ask=asked(account, owner), names=[EVA, Named()], at=AT, member=owner, may_name=True)
    assert [(one.lead.name, one.lead.channel, one.may_name) for one in made] == [("Eva", "referral", True)]
    assert Signal.objects.get(account=account).kind == "referral_given"
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert "thanks" in causes(account)
    thank(referral=made[0], on=AS_OF, member=owner, how="A card")
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert "thanks" not in causes(account)
    with pytest.raises(WrongReferral, match="already"):
        thank(referral=made[0], on=AS_OF, member=owner, how="Another card")
    take_back_thanks(referral=made[0], member=owner)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert "thanks" in causes(account)


def test_names_without_a_way_to_reach_them_are_refused_and_nothing_is_kept(scored: Scored, owner: Member) -> None:
    ask = asked(scored("Harbour Gifts", owner=owner), owner)
    with pytest.raises(WrongLead, match="no way"):
        give_names(ask=ask, names=[EVA, Named(person="Paul")], at=AT, member=owner)
    with pytest.raises(WrongReferral, match="no name"):
        give_names(ask=ask, names=[Named()], at=AT, member=owner)
    assert not Lead.objects.exists()


def test_the_customer_gives_names_by_a_link_once(scored: Scored, owner: Member) -> None:
    ask = asked(scored("Harbour Gifts", owner=owner), owner)
    key = key_of(ask)
    assert ask_of_key(key) == ask
    give_names(ask=ask, names=[EVA], at=AT, member=None)
    for stale in (key, "nonsense", key[:-1]):
        with pytest.raises(StaleAsk):
            ask_of_key(stale)


def test_who_declines_is_not_asked_again_and_that_can_be_taken_back(scored: Scored, owner: Member) -> None:
    account = scored("Harbour Gifts", owner=owner)
    praised(account)
    ask = decline_ask(ask=asked(account, owner), on=AS_OF, member=owner)
    assert "asked on 9 Dec 2024" in why_not_now(account, on=AS_OF)
    assert reopen_ask(ask=ask, member=owner).state == ReferralAsk.State.OPEN
    assert asked(account, owner) == ask, "one that is open is gone on with"


def test_a_link_leads_from_the_lead_to_the_sales(scored: Scored, owner: Member) -> None:
    account = scored("Harbour Gifts", owner=owner)
    link = make_link(account=account, on=AS_OF, member=owner)
    assert make_link(account=account, on=AS_OF, member=owner) == link
    taken = take_lead(origin=Origin(channel="referral"), at=AT, member=None, name="Alpine", email="a@b.example")
    found = came_by_link(link=link, taken=taken, at=AT)
    assert found is not None
    again = take_lead(origin=Origin(channel="referral"), at=AT, member=None, name="Alpine", email="a@b.example")
    assert came_by_link(link=link, taken=again, at=AT) is None, "nobody is recommended twice"
    won = win_lead(lead=taken.lead, at=AT, member=owner)
    scored(account=won.account, first_order=AS_OF, sales_total=1200.0)
    report = referral_report(owner)
    assert (report.came, report.won, report.unthanked, report.revenue) == (1, 1, 1, 1200.0)
    close_link(link=link, on=AS_OF, member=owner)
    assert link_of_token(link.token) is None


def test_sales_of_one_customer_count_once_however_many_leads_led_to_it(scored: Scored, owner: Member) -> None:
    account = scored("Harbour Gifts", owner=owner)
    names = [Named(name="Alpine", email="eva@alpine.example"), Named(name="Alpine", email="tom@alpine.example")]
    first, second = give_names(ask=asked(account, owner), names=names, at=AT, member=owner)
    won = win_lead(lead=first.lead, at=AT, member=owner)
    win_lead(lead=second.lead, at=AT, member=owner, account=won.account)
    scored(account=won.account, first_order=AS_OF, sales_total=1200.0)
    assert referral_report(owner).revenue == 1200.0
    flow = lead_flow(visible_leads(owner), at=AT)
    assert (flow.total.accounts, flow.total.revenue) == (1, 1200.0)
    assert [(one.key, one.revenue) for one in flow.channels] == [("referral", 1200.0)]


def test_sales_of_one_who_was_a_customer_before_are_nobodys_merit(scored: Scored, owner: Member) -> None:
    account, known = scored("Harbour Gifts", owner=owner), scored("Alpine", owner=owner)
    made = give_names(ask=asked(account, owner), names=[EVA], at=AT, member=owner)
    win_lead(lead=made[0].lead, at=AT, member=owner, account=known, hand_over=False)
    assert referral_report(owner).revenue == 0.0


def test_recommendations_follow_a_merge_and_come_back_with_it(scored: Scored, owner: Member) -> None:
    account, other = scored("Harbour Gifts", owner=owner), scored("Harbour Gift", owner=owner)
    made = give_names(ask=asked(account, owner), names=[EVA], at=AT, member=owner)
    merge = merge_accounts(kept=other, merged=account, member=owner)
    assert list(visible_referrals(owner)) == made
    undo_merge(merge=merge, member=owner)
    assert list(visible_referrals(owner)) == made


def test_what_was_nobodys_recommendation_takes_its_signal_along_and_the_lead_stays(
    scored: Scored, owner: Member
) -> None:
    account = scored("Harbour Gifts", owner=owner)
    made = give_names(ask=asked(account, owner), names=[EVA], at=AT, member=owner)
    withdraw_referral(referral=made[0], member=owner)
    assert not Signal.objects.filter(account=account, withdrawn_at=None).exists()
    lead = Lead.objects.get()
    assert lose_lead(lead=lead, at=AT, member=owner, reason="timing").state == "lost"


def test_who_does_not_see_the_account_neither_asks_nor_thanks(scored: Scored, owner: Member) -> None:
    account = scored("Harbour Gifts", owner=owner)
    stranger = Member.objects.create(email="s@firm.example", name="S", role="account_manager")
    made = give_names(ask=asked(account, owner), names=[EVA], at=AT, member=owner)
    with pytest.raises(Exception, match="no account"):
        ask_for_names(account=account, on=AS_OF, member=stranger)
    with pytest.raises(WrongReferral, match="no such"):
        thank(referral=made[0], on=AS_OF, member=stranger, how="x")
