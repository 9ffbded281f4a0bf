"""On whom we depend, and what if it leaves: what the pages say, to whom, and what they ask of the firm."""

from __future__ import annotations

import csv
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.facts.models import Account
from regulars.insight.dependence_terms import set_assumptions
from regulars.insight.models import AccountElasticity, DependenceAssumptions, SupplierTerms

Signer = Callable[[Member], Client]
PAGE, WHAT_IF = "/portfolio/dependence/", "/portfolio/dependence/what-if/"


@pytest.fixture
def firm(scored: Callable[..., Account]) -> dict[str, Account]:
    """Four customers, of whom Large Ltd brings 45 % of sales; the margin is 30 %."""
    sales = {"Large Ltd": 45_000.0, "Second": 25_000.0, "Third": 20_000.0, "Fourth": 10_000.0}
    return {
        name: scored(name, sales_12m=amount, margin_12m=0.3 * amount, share_of_firm=amount / 100_000)
        for name, amount in sales.items()
    }


def text_of(client: Client, where: str) -> str:
    answer = client.get(where)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode().replace("\N{NO-BREAK SPACE}", " "))


def test_the_largest_come_first_with_their_levels(firm: dict[str, Account], browser: Client) -> None:
    """E14."""
    page = text_of(browser, PAGE)
    assert "Alarm: one customer brings 45% of sales." in page
    assert page.index("Large Ltd") < page.index("Second") < page.index("Third")
    assert "widen the base" in page
    assert "data-chart=" in page
    assert f'href="{WHAT_IF}?account={firm["Second"].uid}"' in page


def test_what_if_goes_round_by_round_and_says_what_would_soften_it(
    firm: dict[str, Account], browser: Client, owner: Member
) -> None:
    """E14: fixed costs 20,000, margin 30,000; without Large Ltd 3,500 are missing of 55,000."""
    page = text_of(browser, WHAT_IF)
    assert "What if Large Ltd leaves?" in page
    assert "Fixed costs were not entered" in page
    assert "a guess, since nothing was entered" in page
    set_assumptions(fixed_costs_minor=2_000_000, margin_share=None, elasticity=1.0, member=owner)
    page = text_of(browser, f"{WHAT_IF}?account={firm['Large Ltd'].uid}")
    assert "€3,500 of €20,000 fixed costs are no longer covered." in page
    assert "Round 1" in page
    assert "6.4%" in page  # 3,500 of 55,000
    assert "It settles" in page
    assert "Spend €3,500 a year less on fixed costs." in page
    assert "Nine times of ten" in page
    small = text_of(browser, f"{WHAT_IF}?account={firm['Fourth'].uid}")
    assert "The firm bears it" in small
    assert "data-chart=" not in small
    keeps = text_of(browser, f"{WHAT_IF}?account={firm['Fourth'].uid}&goal=keep_profit")
    assert "Round 1" in keeps


def test_where_no_margin_is_known_it_says_what_to_enter(scored: Callable[..., Account], browser: Client) -> None:
    scored("Only", sales_12m=1000.0, margin_12m=None, cost_known=0.0)
    page = text_of(browser, WHAT_IF)
    assert "the order history has no costs" in page
    assert 'href="/settings/dependence/"' in page


def test_without_figures_both_pages_say_what_to_do(browser: Client) -> None:
    assert "There are no figures yet" in text_of(browser, PAGE)
    assert "Import a file" in text_of(browser, WHAT_IF)


def test_an_account_that_is_not_there_is_not_found(firm: dict[str, Account], browser: Client) -> None:
    assert browser.get(f"{WHAT_IF}?account={uuid.uuid4()}").status_code == 404
    assert browser.get(f"{WHAT_IF}?account=x").status_code == 404
    assert browser.get(f"/portfolio/dependence/{uuid.uuid4()}/elasticity/").status_code == 404


def test_both_can_be_taken_along_by_who_may_export(
    firm: dict[str, Account], members: dict[str, Member], signed_in: Signer
) -> None:
    client = signed_in(members["analyst"])
    shares, rounds = (
        list(csv.reader(b"".join(client.get(where).streaming_content).decode("utf-8-sig").splitlines()))  # type: ignore[attr-defined]
        for where in ("/portfolio/dependence.csv", "/portfolio/dependence/what-if.csv")
    )
    assert [row[2] for row in shares[1:]] == ["0.45", "0.25", "0.2", "0.1"]
    assert float(rounds[1][1]) == pytest.approx(13_500)
    assert len(rounds[0]) == len(rounds[1])


def test_how_a_customer_takes_a_rise_can_be_said_and_taken_back(firm: dict[str, Account], browser: Client) -> None:
    where = f"/portfolio/dependence/{firm['Second'].uid}/elasticity/"
    assert "How does Second take a rise of prices?" in text_of(browser, where)
    browser.post(where, {"elasticity": "3", "reason": "They compare"})
    assert AccountElasticity.objects.get().elasticity == 3.0
    page = text_of(browser, WHAT_IF)
    assert "For 1 customer it was entered" in page
    assert page.count("Noted with Second") == 1
    again = browser.post(where, {"elasticity": "25"})
    assert again.status_code == 422
    browser.post(f"{where}?undo=1")
    assert not AccountElasticity.objects.exists()


def test_costs_and_suppliers_are_entered_checked_and_taken_back(firm: dict[str, Account], browser: Client) -> None:
    browser.post("/settings/dependence/", {"fixed_costs": "20000", "margin": "25", "elasticity": ""})
    said = DependenceAssumptions.objects.get()
    assert (said.fixed_costs_minor, said.margin_share, said.elasticity) == (2_000_000, 0.25, None)
    assert 'value="20000' in text_of(browser, "/settings/dependence/")
    assert browser.post("/settings/dependence/", {"fixed_costs": "-1"}).status_code == 422

    add = "/settings/dependence/suppliers/add/"
    wrong = browser.post(add, {"name": "Paper", "share": "60", "tiers": "much; 5"})
    assert wrong.status_code == 422
    assert "is not a volume and a discount" in wrong.content.decode()
    browser.post(add, {"name": "Paper", "share": "60", "tiers": "10000; 5\n30000; 7.5"})
    made = SupplierTerms.objects.get()
    assert made.tiers == [
        {"from_minor": 1_000_000, "discount_bps": 500},
        {"from_minor": 3_000_000, "discount_bps": 750},
    ]
    assert "7.5% from €30,000 on" in text_of(browser, "/settings/dependence/")
    assert browser.post(add, {"name": "Ink", "share": "60", "tiers": "1; 5"}).status_code == 422
    one = f"/settings/dependence/suppliers/{made.uid}/"
    assert "30000" in text_of(browser, one)
    browser.post(one, {"name": "Paper", "share": "50", "tiers": "30000; 5"})
    assert SupplierTerms.objects.get().share == 0.5
    assert "lose discounts of suppliers" in text_of(browser, WHAT_IF)
    browser.post(f"{one}remove/")
    undo = browser.session["toast"]["undo"]
    assert not SupplierTerms.objects.exists()
    browser.post(undo)
    assert SupplierTerms.objects.get().tiers == [{"from_minor": 3_000_000, "discount_bps": 500}]


@pytest.mark.parametrize("role", [role.value for role in Member.Role])
def test_only_who_sees_the_whole_firm_sees_it_and_costs_only_who_may(
    role: str, firm: dict[str, Account], members: dict[str, Member], signed_in: Signer
) -> None:
    whole = role in {"owner", "sales_head", "service", "marketer", "analyst"}
    costs = role in {"owner", "sales_head", "analyst"}
    client = signed_in(members[role])
    assert client.get(PAGE).status_code == (200 if whole else 403)
    assert client.get(WHAT_IF).status_code == (200 if costs else 403)
    assert (WHAT_IF in client.get(PAGE).content.decode()) == costs
    elasticity = f"/portfolio/dependence/{firm['Second'].uid}/elasticity/"
    assert client.post(elasticity, {"elasticity": "2"}).status_code == (
        302 if role in {"owner", "sales_head", "service"} else 403
    )


def test_pages_ask_as_much_however_many_accounts_there_are(
    firm: dict[str, Account], scored: Callable[..., Account], browser: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        scored(f"Small {number}", sales_12m=100.0)
    for where in (PAGE, WHAT_IF):
        with django_assert_max_num_queries(25):
            browser.get(where)
