"""`demo`: from a real order history to the day's list, in a folder of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.language import _
from regulars.cli.made_up import address_part, firm_names, person
from regulars.cli.options import apply_home
from regulars.cli.output import Report, emit_json, note, progress, say
from regulars.cli.session import Session, open_session
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from regulars.base.models import Member, Team
    from regulars.facts.models import Account, Import

PANEL = _("Installation")
MARK = "this-is-a-demo"
"""A file in the home folder of a demo; a folder without it is never emptied."""
SEED = 2011


class NotADemo(Refusal):
    """The folder holds somebody's own data."""


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


def add_commands(app: typer.Typer) -> None:
    app.command("demo", help=_("See it work on a real order history."), rich_help_panel=PANEL)(demo)


def demo(
    context: typer.Context,
    b2b: Annotated[
        bool, typer.Option("--b2b", help=_("A maker of bicycles and its resellers, with sellers and costs."))
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help=_("Show the demo that is there; do not make it anew."))] = False,
) -> None:
    story = B2B if b2b else WHOLESALER
    home = _prepare_home(context.obj.home, keep=keep)
    if not context.obj.quiet:
        note(_("The demo is in {home}. {attribution}").format(home=home, attribution=story.attribution))
    session = open_session(context)
    _refuse_own_data(home)
    if not _is_made():
        with progress(quiet=context.obj.quiet) as tell:
            make(session, story, tell=tell or (lambda _what, _share: None))
    _show(session, story, home)


def _prepare_home(wished: str, *, keep: bool) -> Path:
    """Choose the folder; empty it if it holds an earlier demo that is not kept."""
    wished = wished or os.environ.get("REGULARS_HOME", "")
    if not wished:
        import platformdirs

        wished = str(Path(platformdirs.user_data_dir("regulars")) / "demo")
        apply_home(wished)
    home = Path(wished).expanduser().resolve()
    if home.exists() and any(home.iterdir()) and not (home / MARK).exists():
        raise _not_a_demo(home)
    if not keep and home.exists():
        for entry in home.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    home.mkdir(parents=True, exist_ok=True)
    (home / MARK).touch()
    return home


def _refuse_own_data(home: Path) -> None:
    """A database elsewhere (`DATABASE_URL`) may hold a firm's own data, too."""
    from regulars.base.models import Organisation

    found = Organisation.objects.first()
    if found is not None and found.name not in (WHOLESALER.name, B2B.name):
        raise _not_a_demo(home)


def _not_a_demo(home: Path) -> NotADemo:
    return NotADemo(
        _("{home} holds data that is not a demo’s.").format(home=home),
        _("Use another folder: regulars --home FOLDER demo"),
    )


def _is_made() -> bool:
    from regulars.insight.models import Snapshot

    return Snapshot.objects.filter(current=True).exists()


# Making it


def make(session: Session, story: Story, *, tell: Report) -> None:
    """The firm, its people, its history through the importer, names for what the data does not name, the figures."""
    from django.db import transaction

    from regulars.base.organisation import create_organisation
    from regulars.plan.daily import refresh

    create_organisation(member=None, name=story.name, base_currency=story.currency, time_zone=story.time_zone)
    team = _hire_the_heads()
    _import(session, story, tell)
    tell(_("Making up names"), None)
    with transaction.atomic():
        accounts = _accounts()
        if not story.names_known:
            _name_accounts(accounts)
        _add_contacts(accounts)
        sellers = _sellers_by_account() if story.sellers_known else {}
        _assign_owners(accounts, team, sellers)
    refresh(progress=tell)


def _hire_the_heads() -> Team:
    """The owner, the sales head and the two teams. Returns the growth team."""
    from regulars.base.members import create_member
    from regulars.base.models import Member, Team
    from regulars.base.organisation import create_team

    someone = person(f"{SEED}:owner", "demo")
    owner = create_member(
        member=None, email="owner@demo.example", name=someone.name, role=Member.Role.OWNER, generated=True
    )
    head = person(f"{SEED}:sales head", "demo")
    create_member(member=owner, email="head@demo.example", name=head.name, role=Member.Role.SALES_HEAD, generated=True)
    hunters = create_team(member=owner, name=_("New business"), kind=Team.Kind.NEW_BUSINESS)
    hunter = person(f"{SEED}:new business", "demo")
    create_member(
        member=owner,
        email="new@demo.example",
        name=hunter.name,
        role=Member.Role.NEW_BUSINESS_SELLER,
        team=hunters,
        generated=True,
    )
    return create_team(member=owner, name=_("Account growth"), kind=Team.Kind.GROWTH)


def _import(session: Session, story: Story, tell: Report) -> Import:
    from regulars.facts.imports.runs import run_import, stage_import

    with ExitStack() as stack:
        folder = stack.enter_context(as_file(files("regulars.cli").joinpath("demo_data", story.folder)))
        staged = stack.enter_context(stage_import(paths=[folder], as_of=session.today, progress=tell))
        return run_import(staged, member=session.member, progress=tell)


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


def _assign_owners(accounts: Sequence[Account], team: Team, sellers: dict[int, str]) -> None:
    """Give each account to its seller, or, where the data knows none, to one of four made-up account managers."""
    from regulars.facts.models import Account

    if sellers:
        by_code = {code: _manager(team, code, generated=False) for code in sorted(set(sellers.values()))}
        for account in accounts:
            account.owner = by_code.get(sellers.get(account.pk, ""))
    else:
        managers = [
            _manager(team, person(f"{SEED}:manager {number}", "demo").name, generated=True) for number in range(4)
        ]
        for place, account in enumerate(accounts):
            account.owner = managers[place % len(managers)]
    for account in accounts:
        account.team = team
    Account.objects.bulk_update(accounts, ["owner", "team"], batch_size=2000)


def _manager(team: Team, name: str, *, generated: bool) -> Member:
    from regulars.base.members import create_member
    from regulars.base.models import Member

    return create_member(
        member=None,
        email=f"{address_part(name, sign='.')}@demo.example",
        name=name,
        role=Member.Role.ACCOUNT_MANAGER,
        team=team,
        seller_code="" if generated else name,
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


# Showing it


def _show(session: Session, story: Story, home: Path) -> None:
    from regulars.cli.portfolio import portfolio_json, show_portfolio, the_portfolio
    from regulars.cli.today import card_json, show_todays_list
    from regulars.plan.today import todays_list

    found = todays_list(None, session.day)
    whole = the_portfolio(session)
    if session.options.json:
        emit_json(
            {
                "home": str(home),
                "attribution": story.attribution,
                "today": {"on": found.on, "items": [card_json(card, session.currency) for card in found.items]},
                "portfolio": portfolio_json(whole, session),
            }
        )
        return
    show_todays_list(session, found)
    say()
    show_portfolio(whole, session)
    say()
    say(
        _("Data: {attribution} Names marked as made up are made up.").format(attribution=story.attribution), style="dim"
    )
    say(
        _("Look around: regulars --home {home} accounts, account NAME, portfolio, today").format(home=home), style="dim"
    )
