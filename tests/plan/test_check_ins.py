"""After a notable sale the customer is asked how it went, and tells us of problems rather than leave (mission B2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member, Team
from regulars.core.errors import Refusal
from regulars.facts.contacts import create_contact
from regulars.facts.interactions import record_interaction
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account, Contact, Issue
from regulars.insight.models import Snapshot
from regulars.insight.notable_sales import NotableSale
from regulars.plan.actions import mark_done
from regulars.plan.check_ins import (
    MOST_PROBLEMS,
    AskedLately,
    WrongAnswer,
    WrongCheckIn,
    answer_check_in,
    ask_how_it_went,
    check_in_of_key,
    check_ins_of,
    drafted_check_in,
)
from regulars.plan.customer_links import LetterWithoutLink, StaleLink, key_of
from regulars.plan.models import Action, CheckIn
from regulars.plan.proposals import refresh_actions
from regulars.plan.today import todays_list

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
AT = datetime(2024, 12, 9, 10, 0, tzinfo=UTC)
SOLD = AS_OF - timedelta(days=12)
LARGE = NotableSale(on=SOLD, sales=2400.0, usual=800.0, category="")
Scored = Callable[..., Account]


@pytest.fixture
def sales(monkeypatch: pytest.MonkeyPatch) -> dict[int, NotableSale]:
    """What the history holds; how it is read is tested with `insight`."""
    found: dict[int, NotableSale] = {}
    monkeypatch.setattr("regulars.plan.causes.after_sale.notable_sales", lambda **_asked: found)
    return found


@pytest.fixture
def firm(scored: Scored, owner: Member, sales: dict[int, NotableSale]) -> Account:
    account = scored("Harbour Gifts", owner=owner)
    sales[account.pk] = LARGE
    return account


@pytest.fixture
def eva(firm: Account, owner: Member) -> Contact:
    return create_contact(account=firm, member=owner, name="Eva", email="eva@harbour.example", language="th")


def asked(contact: Contact, owner: Member, **said: Any) -> CheckIn:
    draft = drafted_check_in(contact, sold_on=SOLD)
    given: dict[str, Any] = {"subject": draft.subject, "text": draft.text, "sold_on": SOLD, "on": AS_OF}
    return ask_how_it_went(contact=contact, member=owner, **given | said)


def causes(account: Account, state: str = "open") -> set[str]:
    return set(Action.objects.filter(account=account, state=state).values_list("cause", flat=True))


def refreshed(snapshot: Snapshot, on: date = AS_OF) -> None:
    refresh_actions(snapshot=snapshot, today=on)


# The cause


def test_a_large_order_about_which_nobody_spoke_is_on_the_list_with_its_figures(
    firm: Account, owner: Member, snapshot: Snapshot
) -> None:
    """B2."""
    refreshed(snapshot)
    reason = todays_list(owner, AS_OF).items[0].reason
    assert reason.sentences[0] == "12 days ago, on 27 Nov 2024, it ordered for €2,400; usually it orders for €800.", (
        reason.sentences
    )
    assert "tell us of anything that is not right" in reason.advice


def test_something_new_is_named(
    firm: Account, sales: dict[int, NotableSale], owner: Member, snapshot: Snapshot
) -> None:
    sales[firm.pk] = NotableSale(on=SOLD, sales=500.0, usual=800.0, category="Lamps")
    refreshed(snapshot)
    reason = todays_list(owner, AS_OF).items[0].reason
    assert "it bought “Lamps” for the first time" in reason.sentences[0]
    assert "Lamps" in reason.opening


def test_it_closes_by_itself_when_anybody_spoke_with_them_after_the_sale(
    firm: Account, owner: Member, snapshot: Snapshot
) -> None:
    """B2."""
    record_interaction(account=firm, kind="call", on=SOLD, member=owner)  # the order itself
    record_interaction(account=firm, kind="note", on=AS_OF, member=owner)  # nobody was spoken with
    refreshed(snapshot)
    assert causes(firm) == {"after_sale"}
    record_interaction(account=firm, kind="visit", on=SOLD + timedelta(days=1), member=None)
    refreshed(snapshot)
    assert causes(firm) == set()
    assert causes(firm, "closed") == {"after_sale"}


def test_who_was_asked_lately_or_has_an_unsolved_problem_is_left_alone(
    firm: Account, eva: Contact, owner: Member, snapshot: Snapshot
) -> None:
    """B2."""
    made = asked(eva, owner)
    refreshed(snapshot)
    assert causes(firm) == set()
    made.delete()
    problem = Issue.objects.create(account=firm, title="Broken", opened_at=AT, due_at=AT + timedelta(days=9))
    refreshed(snapshot)
    assert "after_sale" not in causes(firm)
    problem.delete()
    refreshed(snapshot)
    assert "after_sale" in causes(firm)


def test_a_new_customer_is_asked_in_its_first_weeks_instead(firm: Account, scored: Scored, snapshot: Snapshot) -> None:
    scored(account=firm, first_order=AS_OF - timedelta(days=44))
    refreshed(snapshot)
    assert "after_sale" not in causes(firm)


def test_after_it_was_done_it_rests_also_when_they_buy_again(
    firm: Account, sales: dict[int, NotableSale], owner: Member, snapshot: Snapshot
) -> None:
    refreshed(snapshot)
    mark_done(action=Action.objects.get(), on=SOLD, outcome="Reached", member=owner)
    sales[firm.pk] = NotableSale(on=SOLD + timedelta(days=1), sales=9000.0, usual=800.0, category="")
    refreshed(snapshot)
    assert causes(firm) == set()


# Asking


def test_the_letter_goes_out_in_their_language_with_the_link(eva: Contact, owner: Member) -> None:
    """B2."""
    made = asked(eva, owner)
    mail = OutgoingMail.objects.get()
    assert (mail.to_address, mail.language) == ("eva@harbour.example", "th")
    assert f"/how-it-went/{key_of(made)}/" in mail.text
    assert check_in_of_key(key_of(made)) == made


def test_nobody_is_asked_twice_within_the_days_that_the_firm_set(eva: Contact, owner: Member) -> None:
    asked(eva, owner)
    with pytest.raises(AskedLately):
        asked(eva, owner, on=AS_OF + timedelta(days=89))
    asked(eva, owner, on=AS_OF + timedelta(days=90))
    assert CheckIn.objects.count() == 2


def test_a_letter_without_the_link_and_a_sale_to_come_are_refused(eva: Contact, owner: Member) -> None:
    with pytest.raises(LetterWithoutLink):
        asked(eva, owner, text="How did it go?")
    with pytest.raises(WrongCheckIn):
        asked(eva, owner, sold_on=AS_OF + timedelta(days=1))
    assert CheckIn.objects.count() == OutgoingMail.objects.count() == 0


def test_who_may_not_see_the_account_can_ask_nobody_there(eva: Contact, owner: Member) -> None:
    far = Member.objects.create(
        email="far@firm.example", name="Far", role="account_manager", team=Team.objects.create(name="Far")
    )
    with pytest.raises(Refusal):
        asked(eva, far)
    asked(eva, owner)
    assert not check_ins_of(eva.account, member=far).exists()


# Answering


def test_what_is_not_right_becomes_an_issue_of_who_looks_after_them(eva: Contact, owner: Member) -> None:
    """B2."""
    key = key_of(asked(eva, owner))
    answer = answer_check_in(key=key, went_well=False, words="Two lamps are broken\nand one is missing", at=AT)
    issue = Issue.objects.get()
    assert answer.issue == issue
    assert (issue.title, issue.contact, issue.owner, issue.came_by) == ("Two lamps are broken", eva, owner, "check_in")
    assert issue.due_at > AT
    assert answer_check_in(key=key, went_well=False, words="Two lamps are broken\nand one is missing", at=AT) == answer
    assert Issue.objects.count() == 1


def test_without_words_nothing_is_wrong_and_all_is_well_needs_none(eva: Contact, owner: Member) -> None:
    key = key_of(asked(eva, owner))
    with pytest.raises(WrongAnswer):
        answer_check_in(key=key, went_well=False, words="  ", at=AT)
    answer_check_in(key=key, went_well=True, at=AT)
    answer_check_in(key=key, went_well=False, words="It broke after all", at=AT)
    assert Issue.objects.count() == 1


def test_one_link_tells_of_a_few_problems_only(eva: Contact, owner: Member) -> None:
    key = key_of(asked(eva, owner))
    for number in range(MOST_PROBLEMS):
        answer_check_in(key=key, went_well=False, words=f"Problem {number}", at=AT)
    with pytest.raises(StaleLink):
        answer_check_in(key=key, went_well=False, words="One more", at=AT)
    assert Issue.objects.count() == MOST_PROBLEMS


def test_where_nobody_looks_after_them_it_goes_to_the_service_team(eva: Contact, owner: Member) -> None:
    service = Team.objects.create(name="Service", kind=Team.Kind.SERVICE)
    Account.objects.filter(pk=eva.account_id).update(owner=None)
    key = key_of(asked(eva, None))  # type: ignore[arg-type]
    answer_check_in(key=key, went_well=False, words="Broken", at=AT)
    issue = Issue.objects.get()
    assert (issue.owner, issue.team) == (None, service)


def test_after_a_merge_the_link_works_and_tells_the_account_that_was_kept(
    eva: Contact, owner: Member, scored: Scored
) -> None:
    key = key_of(asked(eva, owner))
    kept = scored("Kept", owner=owner)
    merge_accounts(kept=kept, merged=Account.objects.get(pk=eva.account_id), member=owner)
    answer_check_in(key=key, went_well=False, words="Broken", at=AT)
    assert Issue.objects.get().account == kept
    assert check_ins_of(kept, member=owner).count() == 1


@pytest.mark.parametrize("key", ["x", "1:2:3", ""])
def test_a_false_link_opens_nothing(key: str) -> None:
    with pytest.raises(StaleLink):
        check_in_of_key(key)
