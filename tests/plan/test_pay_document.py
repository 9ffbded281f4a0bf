"""The statement of pay on paper: what a month pays and why, for the person and who leads, in the person's language."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.formats import money
from regulars.base.models import Member
from regulars.base.printing import page_count, render_pdf
from regulars.core.incentives import Kind
from regulars.core.money import from_minor
from regulars.facts.models import Account
from regulars.plan.incentives import Statement, put_in_force, statement_of, write_scheme
from regulars.plan.models import IncentiveScheme, SalesPlan
from regulars.plan.pay_document import TEMPLATE, NoSuchMonth, month_of, pay_document, print_statement
from regulars.plan.results import share_results
from regulars.plan.targets import accept_plan, propose_plan
from scored_firm import scored_firm
from simulated_firm import AS_OF

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller(owner: Member) -> Member:
    return Member.objects.create(email="anna@example.com", name="Anna Berg", role=Member.Role.ACCOUNT_MANAGER)


@pytest.fixture
def accounts(seller: Member) -> list[Account]:
    return scored_firm(7, accounts=20, owner=seller)


@pytest.fixture
def plan(accounts: list[Account], owner: Member) -> SalesPlan:
    made = propose_plan(begins=AS_OF.replace(month=1, day=1), stretch_bps=0, as_of=AS_OF, member=owner)
    return accept_plan(plan=made, on=AS_OF, member=owner)


def scheme(owner: Member, **said: Any) -> IncentiveScheme:
    usual: dict[str, Any] = {"name": "Fair", "measure": "sales", "base_minor": 100_000, "new_bps": 400, "kept_bps": 100}
    made = write_scheme(member=owner, **(usual | {"grown_bps": 200, "threshold_bps": 0, "cap_minor": None} | said))
    return put_in_force(scheme=made, on=AS_OF.replace(month=1, day=1), member=owner)


def statement(seller: Member, plan: SalesPlan) -> Statement:
    found = statement_of(seller, plan=plan, as_of=AS_OF, member=seller)
    assert found is not None
    return found


def test_the_lines_of_a_month_add_up_to_what_it_pays(plan: SalesPlan, seller: Member, owner: Member) -> None:
    """C3. Nothing is rounded on the way: the lines are the differences of the year."""
    scheme(owner, cap_minor=1_000)
    found = statement(seller, plan)
    for month in found.months:
        now, before = month.so_far, month.before
        lines = now.base_minor - before.base_minor - (now.cut_minor - before.cut_minor)
        lines += sum(now.by_kind.get(kind, 0) - before.by_kind.get(kind, 0) for kind in Kind)
        assert lines == month.paid_minor == now.total_minor - before.total_minor
    assert sum(month.paid_minor for month in found.months) == found.so_far.total_minor


def test_it_says_what_is_paid_and_why(plan: SalesPlan, seller: Member, owner: Member) -> None:
    scheme(owner, cap_minor=1_000, threshold_bps=1_000)
    found = statement(seller, plan)
    month = month_of(found, "")
    told = pay_document(found, month, on=AS_OF)
    paid = money(from_minor(month.paid_minor, "EUR"), "EUR", exact=True)
    assert told["title"] == f"Pay for {AS_OF:%B %Y}"
    assert paid in told["sum"]
    names = [row[0] for row in told["rows"]]
    assert names[0] == "Fixed pay"
    assert names[-2:] == ["Above the limit of the year", "Together"]
    assert told["rows"][-1][-1] == paid
    assert [row[2] for row in told["rows"][1:4]] == ["4%", "1%", "2%"]
    assert told["reasons"][:2] == ["It is paid on sales.", "Fixed pay is €1,000.00 a month, whatever is sold."]
    assert told["reasons"][2].startswith("More than the fixed pay is paid from 10% of the target on. By now ")
    assert told["reasons"][2].endswith(": enough.")
    assert told["reasons"][3].startswith("Beside the fixed pay a year pays at most €10.00; ")
    assert len(told["months"]) == AS_OF.month


def test_who_missed_the_threshold_reads_how_far_away_it_is(plan: SalesPlan, seller: Member, owner: Member) -> None:
    plan.targets.update(amount_minor=10**9)
    scheme(owner, threshold_bps=9_000)
    found = statement(seller, plan)
    told = pay_document(found, month_of(found, f"{AS_OF:%Y-%m}"), on=AS_OF)
    assert told["reasons"][2].endswith(": not enough yet.")
    assert told["rows"][-1][-1] == "€1,000.00"


def test_joint_credit_is_told_to_both(accounts: list[Account], plan: SalesPlan, seller: Member, owner: Member) -> None:
    mate = Member.objects.create(email="mia@example.com", name="Mia", role=Member.Role.ACCOUNT_MANAGER)
    share_results(account=accounts[0], person=mate, share_bps=3_000, member=owner)
    scheme(owner)
    found = statement(seller, plan)
    name = accounts[0].name
    assert pay_document(found, month_of(found, ""), on=AS_OF)["shares"] == [
        f"{name}: 30% of its results count for Mia, the rest for you."
    ]
    theirs = statement_of(mate, plan=plan, as_of=AS_OF, member=mate)
    assert theirs is not None
    assert pay_document(theirs, month_of(theirs, ""), on=AS_OF)["shares"] == [
        f"{name}: 30% of its results count for you; Anna Berg looks after it."
    ]


def test_it_is_printed_in_the_language_of_the_person_and_that_is_noted(
    plan: SalesPlan, seller: Member, owner: Member
) -> None:
    scheme(owner)
    seller.language = "ur"
    seller.save()
    found = statement(seller, plan)
    made = print_statement(found, month_of(found, ""), on=AS_OF, member=owner)
    assert made.startswith(b"%PDF")
    entry = history_of(seller).first()
    assert entry is not None
    assert (entry.verb, entry.member, entry.after["language"]) == ("print_statement", owner, "ur")


def test_it_is_a_page_or_two_in_every_language_and_of_months_that_are_there(
    plan: SalesPlan, seller: Member, owner: Member
) -> None:
    scheme(owner, cap_minor=1_000, threshold_bps=1_000)
    found = statement(seller, plan)
    month = month_of(found, f"{AS_OF:%Y}-01")
    assert month.month == date(AS_OF.year, 1, 1)
    with pytest.raises(NoSuchMonth):
        month_of(found, "1999-01")
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            told = pay_document(found, month, on=AS_OF)
            assert page_count(render_pdf(TEMPLATE, told, language=language)) in {1, 2}


def test_nobody_else_is_told_the_pay(plan: SalesPlan, seller: Member, owner: Member) -> None:
    scheme(owner)
    other = Member.objects.create(email="x@example.com", name="X", role=Member.Role.ACCOUNT_MANAGER)
    with pytest.raises(Forbidden):
        statement_of(seller, plan=plan, as_of=AS_OF, member=other)
