"""What an investment costs and brings, in two ways, told so that the customer can follow it (A2)."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader

from regulars.base.models import Member
from regulars.facts.models import Account
from regulars.plan.business_cases import OptionFields, WrongCase, told_case, write_case
from regulars.plan.case_document import language_of_case, print_case
from regulars.plan.models import BusinessCase, Opportunity
from regulars.plan.opportunities import open_opportunity

ON = date(2024, 12, 9)


@pytest.fixture
def opportunity(owner: Member) -> Opportunity:
    account = Account.objects.create(name="Harbour Gifts", owner=owner)
    return open_opportunity(account=account, title="Lamps", on=ON, member=owner)


def way(name: str, once: int, yearly: int, brings: int | None) -> OptionFields:
    return {
        "name": name,
        "cost_once_minor": once,
        "cost_yearly_minor": yearly,
        "benefit_yearly_minor": brings,
    }


def written(opportunity: Opportunity, basic: OptionFields, better: OptionFields) -> BusinessCase:
    return write_case(opportunity=opportunity, options={"basic": basic, "better": better}, on=ON, member=None)


def test_the_difference_is_told_with_the_time_after_which_it_is_paid_back(opportunity: Opportunity) -> None:
    case = written(opportunity, way("Basic", 120_000, 0, 60_000), way("Better", 180_000, 0, 120_000))
    assert told_case(case).difference == (
        "Over 3 years, “Better” costs €600.00 more than “Basic”, and leaves you €1,200.00 more; what it costs more is "
        "paid back after 12 months."
    )


def test_what_is_paid_back_at_once_but_costs_more_each_year_promises_no_time(opportunity: Opportunity) -> None:
    case = written(opportunity, way("Bought", 20_000, 0, 10_000), way("Rented", 0, 10_000, 15_000))
    assert told_case(case).difference == (
        "Over 3 years, “Rented” costs €100.00 more than “Bought”, and leaves you €50.00 more."
    )


def test_amounts_are_exact_so_that_the_customer_can_check_the_sums(opportunity: Opportunity) -> None:
    told = told_case(written(opportunity, way("Basic", 33_333, 11_111, 50_050), way("Better", 40_000, 11_111, None)))
    basic = told.options[0]
    assert (basic.cost_once, basic.cost_yearly, basic.cost_all) == ("€333.33", "€111.11", "€666.66")
    assert basic.gain == "€834.84"


def test_the_better_way_is_never_the_cheaper_one(opportunity: Opportunity) -> None:
    with pytest.raises(WrongCase):
        written(opportunity, way("Basic", 2, 0, None), way("Better", 1, 0, None))


def test_a_case_is_printed_in_a_language_that_we_speak_whatever_a_file_said(
    opportunity: Opportunity, owner: Member
) -> None:
    case = written(opportunity, way("Basic", 1_000, 0, None), way("Better", 2_000, 0, None))
    Account.objects.update(language="german")
    case = BusinessCase.objects.get(pk=case.pk)
    assert language_of_case(case) == "en"
    assert "Two ways to go" in PdfReader(BytesIO(print_case(case, member=owner))).pages[0].extract_text()
