"""`signal`, `signals`, `withdraw-signal`: what bears on risk or potential, noted, shown, and taken out of account."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, note, say, show_table
from regulars.cli.session import Session, find_numbered, open_session

if TYPE_CHECKING:
    from regulars.facts.models import Account, Signal

PANEL = _("Facts: what happened")
MOST_SHOWN = 50

Wanted = Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, part of it, or #number."))]


def add_commands(app: typer.Typer) -> None:
    app.command("signal", help=_("Note what bears on risk or potential."), rich_help_panel=PANEL)(signal)
    app.command("signals", help=_("Show signals, of one account or of all."), rich_help_panel=PANEL)(signals)
    app.command("withdraw-signal", help=_("Take a wrong signal out of account."), rich_help_panel=PANEL)(
        withdraw_a_signal
    )


def signal(
    context: typer.Context,
    wanted: Wanted,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=_("See them with: regulars signals --kinds"))],
    words: Annotated[str, typer.Argument(metavar="[WORDS]", help=_("What was seen or heard."))] = "",
    on: Annotated[str, typer.Option("--on", metavar="DATE", help=_("Seen on this day; else today."))] = "",
    strength: Annotated[
        int | None, typer.Option("--strength", min=1, max=5, help=_("From 1 to 5; else as its kind usually is."))
    ] = None,
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.facts.signals import record_signal

    account = find_account(wanted, member=session.acting)
    made = record_signal(
        account=account,
        kind=kind,
        observed_on=_day(on) or session.day,
        member=session.member,
        said=words,
        strength=strength,
    )
    _tell(made, account, session)


def withdraw_a_signal(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="NUMBER", help=_("As shown by: regulars signals"))],
    reason: Annotated[str, typer.Argument(metavar="REASON", help=_("What was wrong with it."))],
) -> None:
    session = open_session(context)
    from regulars.facts.signals import withdraw_signal

    found = withdraw_signal(signal=_found(wanted, session), member=session.member, reason=reason)
    _tell(found, found.account, session)


def signals(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="[ACCOUNT]", help=_("Customer number, name, or part of it."))] = "",
    kind: Annotated[str, typer.Option("--kind", help=_("Only of this kind."))] = "",
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help=_("Those that were withdrawn as well."))] = False,
    kinds: Annotated[bool, typer.Option("--kinds", help=_("Show the kinds that there are."))] = False,
) -> None:
    session = open_session(context)
    if kinds:
        _show_kinds(session)
        return
    from regulars.facts.accounts import find_account
    from regulars.facts.signals import standing, visible_signals

    found = visible_signals(session.acting).select_related("account", "recorded_by")
    account = find_account(wanted, member=session.acting) if wanted else None
    found = found.filter(account=account) if account else found
    found = found.filter(kind=kind) if kind else found
    shown = list((found if withdrawn else standing(found))[:MOST_SHOWN])
    if session.options.json:
        emit_json(
            {"protection": account and _protection_json(account, session), "signals": [_json(one) for one in shown]}
        )
        return
    if account is not None:
        _show_protection(account, session)
    _show(shown)


def _tell(made: Signal, account: Account, session: Session) -> None:
    from regulars.insight.protection import protect

    protect([account.pk], on=session.day)
    if session.options.json:
        emit_json({**_json(made), "protection": _protection_json(account, session)})
        return
    what = {"what": made.get_kind_display(), "account": account.name, "day": made.observed_on}
    if made.withdrawn_at is None:
        say(_("Noted: {what}, {account}, {day}.").format(**what))
    else:
        say(_("Withdrawn: {what}, {account}, {day}.").format(**what))
    _show_protection(account, session)


def _show_protection(account: Account, session: Session) -> None:
    from regulars.insight.protection import protection_of

    told = protection_of(account, on=session.day, currency=session.currency)
    if told.sentence:
        say(told.sentence)


def _show(shown: list[Signal]) -> None:
    if not shown:
        note(_("No signal is noted."))
        return
    columns = [
        Column(heading=_("Number")),
        Column(heading=_("Date")),
        Column(heading=_("Account")),
        Column(heading=_("What")),
        Column(heading=_("Strength"), rank=2),
        Column(heading=_("Words"), flexible=True),
    ]
    show_table(columns, [_row(one) for one in shown])


def _row(one: Signal) -> list[str]:
    said = one.said if one.withdrawn_at is None else _("withdrawn: {reason}").format(reason=one.withdrawn_reason)
    return [
        str(one.pk),
        one.observed_on.isoformat(),
        one.account.name,
        str(one.get_kind_display()),
        str(one.strength),
        said,
    ]


def _show_kinds(session: Session) -> None:
    from regulars.facts.signal_kinds import DIRECTIONS, KINDS
    from regulars.insight.live_signals import weights_in_force

    weights = weights_in_force()
    if session.options.json:
        emit_json(
            [
                {
                    "kind": one.key,
                    "label": str(one.label),
                    "direction": one.direction,
                    "strength": one.strength,
                    "half_life_days": one.half_life_days,
                    "weight": weights[one.key],
                }
                for one in KINDS.values()
            ]
        )
        return
    columns = [
        Column(heading=_("Kind")),
        Column(heading=_("What"), flexible=True),
        Column(heading=_("Bears on")),
        Column(heading=_("Strength")),
        Column(heading=_("Counts half after, days"), rank=1),
    ]
    rows = [
        [one.key, str(one.label), str(DIRECTIONS[one.direction]), str(one.strength), str(one.half_life_days)]
        for one in KINDS.values()
    ]
    show_table(columns, rows)


def _found(wanted: str, session: Session) -> Signal:
    from regulars.facts.signals import WrongSignal, visible_signals

    one = find_numbered(visible_signals(session.acting).select_related("account", "recorded_by"), wanted)
    if one is None:
        raise WrongSignal(
            _("There is no signal “{wanted}”.").format(wanted=wanted), _("See them with: regulars signals")
        )
    return one


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(_("Write the date as year-month-day, for example 2026-01-31.")) from None


def _json(one: Signal) -> dict[str, Any]:
    return {
        "uid": one.uid,
        "number": one.pk,
        "account": {"uid": one.account.uid, "name": one.account.name},
        "kind": one.kind,
        "direction": one.direction,
        "strength": one.strength,
        "observed_on": one.observed_on,
        "said": one.said or None,
        "recorded_by": one.recorded_by.email if one.recorded_by else None,
        "withdrawn_reason": one.withdrawn_reason or None,
    }


def _protection_json(account: Account, session: Session) -> dict[str, Any] | None:
    from regulars.insight.protection import protection_of

    told = protection_of(account, on=session.day, currency=session.currency)
    if told.found is None:
        return None
    return {
        "level": told.found.level,
        "risk": told.found.risk,
        "stake": told.found.stake,
        "sentence": told.sentence,
        "sentences": [one.text for one in told.sentences],
    }
