"""`referral-cards`: cards that a customer gives away, with its own link as a code to scan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.language import _
from regulars.cli.output import emit_json, note, say
from regulars.cli.session import open_session

if TYPE_CHECKING:
    from regulars.facts.models import Account, Contact

PANEL = _("Plan: what to do")


def add_commands(app: typer.Typer) -> None:
    app.command(
        "referral-cards",
        help=_("Print cards by which a customer recommends you: eight on a sheet, or one."),
        rich_help_panel=PANEL,
    )(referral_cards)


def referral_cards(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, or part of it."))],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help=_("Write the PDF here."))],
    person: Annotated[
        str, typer.Option("--contact", metavar="NAME", help=_("The link of this person there; else of the customer."))
    ] = "",
    one: Annotated[
        bool, typer.Option("--one", help=_("One card of its own size instead of a sheet of eight."))
    ] = False,
) -> None:
    session = open_session(context)
    from django.conf import settings

    from regulars.facts.accounts import find_account
    from regulars.plan.referral_cards import ONE, SHEET, address_of, print_cards
    from regulars.plan.referrals import make_link

    account = find_account(wanted, member=session.acting)
    contact = _person(account, person) if person else None
    link = make_link(account=account, contact=contact, on=session.day, member=session.member)
    out.write_bytes(print_cards(link=link, cards=ONE if one else SHEET, member=session.member))
    if not settings.ADDRESS:
        note(_("Say under which address others reach this installation (REGULARS_ADDRESS): the code leads there."))
    if session.options.json:
        emit_json({"account": account.uid, "file": str(out), "address": address_of(link)})
    else:
        say(_("The cards of {account} are in {file}.").format(account=account.name, file=out))


def _person(account: Account, name: str) -> Contact:
    from regulars.plan.referrals import WrongReferral

    found = account.contacts.filter(name__icontains=name, active=True).order_by("pk").first()
    if found is None:
        raise WrongReferral(
            _("There is nobody called “{name}” at {account}.").format(name=name, account=account.name),
            _("See who is there: regulars account {account}").format(account=account.name),
        )
    return found
