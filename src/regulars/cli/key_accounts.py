"""`key-accounts`, `key-account`, `key-account-end`, `key-account-signs`, `key-account-assignment`, `people-map`,
`wallet`, `key-sign`: customers of the first importance, why they are, and who of us knows whom there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, note, say, show_table
from regulars.cli.session import Session, find_member, open_session

if TYPE_CHECKING:
    from regulars.facts.models import Account
    from regulars.plan.models import KeyAccount

PANEL = _("Plan: what to do")
MOST_SHOWN = 50

Wanted = Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, or part of it."))]


def add_commands(app: typer.Typer) -> None:
    for name, text, command in (
        ("key-accounts", _("Show the key accounts with their managers and relations."), key_accounts),
        ("key-account", _("Appoint a key account."), appoint),
        ("key-account-end", _("Say that an account is a key account no longer."), end),
        ("key-account-signs", _("Who could be a key account, and why."), signs),
        ("key-account-assignment", _("Who should manage which key account."), assignment),
        ("key-sign", _("Tell a sign of a key account that no order shows."), tell),
        ("wallet", _("Estimate what an account spends a year on what we sell, with everyone."), wallet),
        ("people-map", _("Who of us knows whom at an account, and how warm."), show_people_map),
    ):
        app.command(name, help=text, rich_help_panel=PANEL)(command)


def key_accounts(context: typer.Context) -> None:
    session = open_session(context)
    from regulars.plan.key_accounts import visible_key_accounts
    from regulars.plan.people_map import people_maps
    from regulars.plan.relation_sentences import gap_sentences, health, health_label

    appointed = list(visible_key_accounts(session.acting).select_related("account__merged_into", "manager"))
    maps = people_maps([_home(one).pk for one in appointed], on=session.day)
    if session.options.json:
        emit_json(
            [_json(one) | {"relations": health(maps[_home(one).pk]), "sentences": gap_sentences(maps[_home(one).pk])}
             for one in appointed]
        )  # fmt: skip
    elif not appointed:
        note(_("No key account is appointed yet. Who could be one: regulars key-account-signs"))
    else:
        columns = [
            Column(heading=_("Account"), flexible=True),
            Column(heading=_("Manager")),
            Column(heading=_("Since"), rank=1),
            Column(heading=_("Relations")),
        ]
        rows = [
            [_home(one).name, one.manager.name, one.since.isoformat(), health_label(health(maps[_home(one).pk]))]
            for one in appointed
        ]
        show_table(columns, rows)


def appoint(
    context: typer.Context,
    wanted: Wanted,
    manager: Annotated[str, typer.Argument(metavar="MEMBER", help=_("Who manages it."))],
    exception: Annotated[str, typer.Option("--exception", help=_("Why the manager may have a fourth one."))] = "",
) -> None:
    session = open_session(context)
    from regulars.plan.key_accounts import appoint_key_account

    made = appoint_key_account(
        account=_account(wanted, session),
        manager=find_member(manager),
        on=session.day,
        member=session.member,
        exception=exception,
    )
    if session.options.json:
        emit_json(_json(made))
        return
    words = {"name": made.manager.name, "account": made.account.name}
    say(_("{name} now manages the key account {account}.").format(**words))


def end(
    context: typer.Context,
    wanted: Wanted,
    reason: Annotated[str, typer.Argument(metavar="REASON", help=_("Why, in a few words."))],
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import of_account
    from regulars.plan.key_accounts import NoSuchKeyAccount, end_key_account, visible_key_accounts

    account = _account(wanted, session)
    found = visible_key_accounts(session.acting).filter(of_account(account)).first()
    if found is None:
        raise NoSuchKeyAccount(
            _("{account} is no key account.").format(account=account.name), _("See them with: regulars key-accounts")
        )
    ended = end_key_account(key_account=found, on=session.day, reason=reason, member=session.member)
    if session.options.json:
        emit_json(_json(ended))
        return
    say(_("{account} is a key account no longer.").format(account=account.name))


def signs(
    context: typer.Context,
    most: Annotated[int, typer.Option("--most", min=1, help=_("So many accounts."))] = 20,
) -> None:
    session = open_session(context)
    from regulars.facts.models import Account
    from regulars.insight.key_signs import key_signs

    found = list(key_signs(on=session.day, member=session.acting).items())[:most]
    accounts = Account.objects.in_bulk([account for account, _signs in found])
    if session.options.json:
        emit_json(
            [
                {
                    "account": _ref(accounts[account]),
                    "signs": [
                        {"sign": one.sign, "of": one.of, "name": one.name, "sentence": one.sentence} for one in some
                    ],
                }
                for account, some in found
            ]
        )
    elif not found:
        note(_("No account shows a sign of a key account, as far as is known."))
    else:
        columns = [Column(heading=_("Account")), Column(heading=_("Sign")), Column(heading=_("Why"), flexible=True)]
        show_table(
            columns,
            [[accounts[account].name, str(one.label), one.sentence] for account, some in found for one in some],
        )


def assignment(
    context: typer.Context,
    accept: Annotated[bool, typer.Option("--accept", help=_("Appoint them as proposed."))] = False,
) -> None:
    session = open_session(context)
    from regulars.plan.key_accounts import appoint_several
    from regulars.plan.key_assignment import propose_assignment

    found = propose_assignment(on=session.day, member=session.acting).proposed
    if accept:
        pairs = [(one.account, one.manager) for one in found if one.changes and one.manager is not None]
        appoint_several(pairs=pairs, on=session.day, member=session.member)
    if session.options.json:
        emit_json(
            [
                {
                    "account": _ref(one.account),
                    "manager": one.manager.email if one.manager else None,
                    "before": one.before.email if one.before else None,
                    "changes": one.changes,
                    "sentences": list(one.sentences),
                }
                for one in found
            ]
        )
    elif not found:
        note(_("No customer is a key account or shows a sign of one."))
    else:
        columns = [
            Column(heading=_("Account"), flexible=True),
            Column(heading=_("Now")),
            Column(heading=_("Proposed")),
            Column(heading=_("Why"), flexible=True),
        ]
        show_table(
            columns,
            [
                [
                    one.account.name,
                    one.before.name if one.before else "",
                    one.manager.name if one.manager else _("no room left"),
                    " ".join(one.sentences),
                ]
                for one in found
            ],
        )


def tell(
    context: typer.Context,
    wanted: Wanted,
    sign: Annotated[str, typer.Argument(metavar="SIGN", help=_("reputation, demanding or innovator."))],
    reason: Annotated[str, typer.Argument(metavar="REASON", help=_("What shows it."))],
) -> None:
    session = open_session(context)
    from regulars.facts.told_signs import tell_sign

    account = _account(wanted, session)
    made = tell_sign(account=account, sign=sign, reason=reason, on=session.day, member=session.member)
    if session.options.json:
        emit_json({"uid": made.uid, "account": _ref(account), "sign": made.sign, "reason": made.reason})
        return
    say(_("Noted of {account}: {reason}").format(account=account.name, reason=made.reason))


def wallet(
    context: typer.Context,
    wanted: Wanted,
    yearly: Annotated[str, typer.Argument(metavar="AMOUNT", help=_("A year, in your currency."))],
    source: Annotated[str, typer.Argument(metavar="SOURCE", help=_("How you know."))],
) -> None:
    session = open_session(context)
    from decimal import Decimal, InvalidOperation

    from regulars.core.money import from_minor
    from regulars.facts.wallet_estimates import estimate_wallet

    try:
        amount = Decimal(yearly)
    except InvalidOperation:
        raise typer.BadParameter(_("Write the amount as a number, for example 120000.")) from None
    if not amount.is_finite():
        raise typer.BadParameter(_("Write the amount as a number, for example 120000."))
    account = _account(wanted, session)
    made = estimate_wallet(
        account=account, yearly=amount, source=source, estimated_on=session.day, on=session.day, member=session.member
    )
    if session.options.json:
        emit_json({"uid": made.uid, "account": _ref(account), "yearly_minor": made.yearly_minor, "source": made.source})
        return
    words = {"account": account.name, "amount": from_minor(made.yearly_minor, made.currency), "currency": made.currency}
    say(_("{account} spends {amount} {currency} a year in all, as estimated.").format(**words))


def show_people_map(context: typer.Context, wanted: Wanted) -> None:
    session = open_session(context)
    from regulars.plan.people_map import people_map
    from regulars.plan.relation_sentences import gap_sentences, health

    found = people_map(_account(wanted, session), on=session.day)
    sentences = gap_sentences(found)
    if session.options.json:
        emit_json(
            {"health": health(found), "sentences": sentences, "people": [_person(row, found) for row in found.rows]}
        )
        return
    if found.rows:
        columns = [Column(heading=_("Of theirs"), flexible=True), Column(heading=_("Level")), Column(heading=_("Part"))]
        columns += [Column(heading=one.name) for one in found.ours]
        show_table(
            columns,
            [
                [
                    row.contact.name,
                    str(row.contact.get_level_display()),
                    row.part_label,
                    *(f"{cell.warmth.value} ({cell.last_days})" if cell else "-" for cell in row.cells),
                ]
                for row in found.rows
            ],
        )
    for sentence in sentences:
        say(sentence)


def _person(row: Any, found: Any) -> dict[str, Any]:
    known = [(one, cell) for one, cell in zip(found.ours, row.cells, strict=True) if cell is not None]
    return {
        "name": row.contact.name,
        "level": row.contact.level,
        "part": row.part,
        "active": row.contact.active,
        "relations": [
            {"member": one.email, "warmth": cell.warmth, "talks": cell.talks, "last_days": cell.last_days}
            for one, cell in known
        ],
    }


def _account(wanted: str, session: Session) -> Account:
    from regulars.facts.accounts import find_account

    return find_account(wanted, member=session.acting)


def _home(one: KeyAccount) -> Account:
    return one.account.merged_into or one.account


def _ref(account: Account) -> dict[str, Any]:
    return {"uid": account.uid, "name": account.name}


def _json(one: KeyAccount) -> dict[str, Any]:
    return {
        "uid": one.uid,
        "account": _ref(_home(one)),
        "manager": one.manager.email,
        "since": one.since,
        "until": one.until,
        "exception": one.exception,
    }
