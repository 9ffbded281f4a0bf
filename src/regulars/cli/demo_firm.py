"""The firm of the demo: its people, its history through the importer, names for what the data does not name."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from regulars.cli.demo_account_life.costs import say_what_it_costs
from regulars.cli.demo_account_life.dossiers import know_the_key_accounts
from regulars.cli.demo_account_life.handovers import hand_over_the_newest
from regulars.cli.demo_account_life.issues import trouble_and_help
from regulars.cli.demo_account_life.key_accounts import appoint_the_largest
from regulars.cli.demo_account_life.leads import meet_strangers
from regulars.cli.demo_account_life.live_orders import let_orders_run
from regulars.cli.demo_account_life.opportunities import offer_more_to_the_largest
from regulars.cli.demo_account_life.playbooks import run_playbooks
from regulars.cli.demo_account_life.review_answers import hold_two_reviews
from regulars.cli.demo_account_life.review_schedule import plan_the_reviews
from regulars.cli.demo_account_life.sales_plan import agree_on_a_plan
from regulars.cli.demo_account_life.staying import care_for_those_who_stay
from regulars.cli.demo_account_life.value import say_what_it_is_worth
from regulars.cli.demo_account_life.winback import say_why_the_largest_left
from regulars.cli.language import _
from regulars.cli.made_up import address_part, firm_names, person
from regulars.cli.output import Report

if TYPE_CHECKING:
    from regulars.base.models import Member, Team
    from regulars.facts.models import Account

SEED = 2011
OWNER_EMAIL = "owner@demo.example"
UNTRIED = ("boosted BG/NBD",)
"""Forecasts that the demo does not try, to be there sooner: they take a fifth of the time and hardly ever win."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """A data set of the demo and the firm around it."""

    folder: str
    name: str
    currency: str
    time_zone: str
    attribution: str
    names_known: bool
    """Whether the data names its customers; else names are made up."""
    sellers_known: bool
    """Whether the data names its sellers; else accounts are shared among made-up account managers."""


WHOLESALER = Story(
    folder="wholesaler",
    name=_("Demo: a gift wholesaler"),
    currency="GBP",
    time_zone="Europe/London",
    attribution="Chen, D. (2012/2019). Online Retail II. UCI Machine Learning Repository. "
    "https://doi.org/10.24432/C5CG6D, CC BY 4.0.",
    names_known=False,
    sellers_known=False,
)
B2B = Story(
    folder="b2b",
    name=_("Demo: a maker of bicycles"),
    currency="USD",
    time_zone="America/Los_Angeles",
    attribution="AdventureWorks sample, Copyright (c) Microsoft Corporation, MIT licence.",
    names_known=True,
    sellers_known=True,
)
STORIES = (WHOLESALER, B2B)


def make(story: Story, *, password: str, tell: Report, orders: Path | None = None) -> None:
    """The firm, its people, its history, the figures. All sign in with `password`. `orders`: another file of orders."""
    from django.db import transaction

    from regulars.base.organisation import create_organisation, today
    from regulars.core.backtest import default_contenders
    from regulars.insight.backtests import run_backtest
    from regulars.insight.forecast_choice import DAYS_A_WEEK, HORIZON_DAYS
    from regulars.insight.snapshots import track_in_hindsight
    from regulars.plan.daily import refresh
    from regulars.plan.proposals import refresh_actions

    firm = create_organisation(member=None, name=story.name, base_currency=story.currency, time_zone=story.time_zone)
    owner, team = _hire_the_heads(password)
    _import(story, orders, owner=owner, day=today(firm), tell=tell)
    tell(_("Making up names"), None)
    with transaction.atomic():
        accounts = _accounts()
        if not story.names_known:
            _name_accounts(accounts)
        _add_contacts(accounts)
        sellers = _sellers_by_account() if story.sellers_known else {}
        _assign_owners(accounts, team, sellers, password)
    contenders = default_contenders(HORIZON_DAYS / DAYS_A_WEEK)
    run_backtest(tried={name: contenders[name] for name in contenders if name not in UNTRIED}, progress=tell)
    snapshot = refresh(progress=tell).snapshot
    with transaction.atomic():
        hand_over_the_newest(snapshot.as_of)
        trouble_and_help(snapshot.as_of)
        offer_more_to_the_largest(snapshot.as_of)
        meet_strangers(snapshot.as_of)
        let_orders_run(snapshot.as_of)
        say_why_the_largest_left(snapshot.as_of)
        hold_two_reviews(snapshot.as_of)
        appoint_the_largest(snapshot.as_of)
        say_what_it_is_worth(snapshot.as_of)
        plan_the_reviews(snapshot.as_of)
        say_what_it_costs()
        know_the_key_accounts(snapshot.as_of)
        run_playbooks(snapshot.as_of)
        agree_on_a_plan(snapshot.as_of)
        care_for_those_who_stay(snapshot.as_of)
    refresh_actions(snapshot=snapshot, today=snapshot.as_of)
    tell(_("Looking back at what was expected"), None)
    track_in_hindsight(until=snapshot.as_of, horizon_days=HORIZON_DAYS, times=2)


def _hire_the_heads(password: str) -> tuple[Member, Team]:
    """Somebody of every role but the account managers. Returns the owner and the growth team."""
    from regulars.base.members import create_member
    from regulars.base.models import Member, Team
    from regulars.base.organisation import create_team

    def hire(address: str, role: str, team: Team | None = None) -> Member:
        someone = person(f"{SEED}:{role.replace('_', ' ').removesuffix(' seller')}", "demo")
        return create_member(
            member=None,
            email=f"{address}@demo.example",
            name=someone.name,
            role=role,
            team=team,
            password=password,
            generated=True,
        )

    owner = hire("owner", Member.Role.OWNER)
    hire("head", Member.Role.SALES_HEAD)
    hire("service", Member.Role.SERVICE)
    hire("marketing", Member.Role.MARKETER)
    hire("analyst", Member.Role.ANALYST)
    hunters = create_team(member=owner, name=_("New business"), kind=Team.Kind.NEW_BUSINESS)
    hire("new", Member.Role.NEW_BUSINESS_SELLER, hunters)
    return owner, create_team(member=owner, name=_("Account growth"), kind=Team.Kind.GROWTH)


def _import(story: Story, orders: Path | None, *, owner: Member, day: date, tell: Report) -> None:
    from regulars.facts.imports.runs import run_import, stage_import

    with ExitStack() as stack:
        data = orders or stack.enter_context(as_file(files("regulars.cli").joinpath("demo_data", story.folder)))
        staged = stack.enter_context(stage_import(paths=[data], as_of=day, progress=tell))
        run_import(staged, member=owner, progress=tell)


def _accounts() -> list[Account]:
    from regulars.facts.models import Account

    return list(Account.objects.filter(merged_into=None).order_by("external_id"))


def _name_accounts(accounts: Sequence[Account]) -> None:
    from regulars.facts.models import Account

    names = dict.fromkeys(firm_names(SEED))
    for account, name in zip(accounts, names, strict=False):
        account.name = name
        account.generated = True
    Account.objects.bulk_update(accounts, ["name", "generated"], batch_size=2000)


def _add_contacts(accounts: Sequence[Account]) -> None:
    from regulars.facts.models import Contact

    contacts = []
    for account in accounts:
        someone = person(f"{SEED}:{account.external_id}", account.name)
        contacts.append(
            Contact(
                account=account,
                source="demo",
                external_id=account.external_id,
                name=someone.name,
                role=someone.role,
                level=someone.level,
                email=someone.email,
                phone=someone.phone,
                generated=True,
            )
        )
    Contact.objects.bulk_create(contacts, batch_size=2000)


def _assign_owners(accounts: Sequence[Account], team: Team, sellers: dict[int, str], password: str) -> None:
    """Give each account to its seller, or, where the data knows none, to one of four made-up account managers."""
    from regulars.facts.models import Account

    if sellers:
        by_code = {code: _manager(team, code, password, generated=False) for code in sorted(set(sellers.values()))}
        for account in accounts:
            account.owner = by_code.get(sellers.get(account.pk, ""))
    else:
        managers = [
            _manager(team, person(f"{SEED}:manager {number}", "demo").name, password, generated=True)
            for number in range(4)
        ]
        for place, account in enumerate(accounts):
            account.owner = managers[place % len(managers)]
    for account in accounts:
        account.team = team
    Account.objects.bulk_update(accounts, ["owner", "team"], batch_size=2000)


def _manager(team: Team, name: str, password: str, *, generated: bool) -> Member:
    from regulars.base.members import create_member
    from regulars.base.models import Member

    return create_member(
        member=None,
        email=f"{address_part(name, sign='.')}@demo.example",
        name=name,
        role=Member.Role.ACCOUNT_MANAGER,
        team=team,
        seller_code="" if generated else name,
        password=password,
        generated=generated,
    )


def _sellers_by_account() -> dict[int, str]:
    """For each account the seller of its latest order."""
    from regulars.base.warehouse import open_engine
    from regulars.facts.history import HISTORY

    with open_engine() as engine:
        return dict(
            engine.rows(
                f"SELECT account_id, arg_max(seller, business_date) FROM {HISTORY.relation()} "
                "WHERE account_id IS NOT NULL AND seller IS NOT NULL GROUP BY account_id"
            )
        )
