"""`today`, `digest`, and what one does with an action: `done`, `snooze`, `not-useful`, `reassign`, `reopen`."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _, ngettext
from regulars.cli.output import Column, emit_json, indented, money, note, say, show_table
from regulars.cli.session import Session, find_member, open_session
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from regulars.base.models import Member
    from regulars.facts.models import Account, Contact
    from regulars.plan.models import Action
    from regulars.plan.today import Card, ClosedByItself, Reason, TodaysList

PANEL = _("Plan: what to do")


class NoSuchAction(Refusal):
    """There is no action of that number."""


class WrongDay(Refusal):
    """A day that cannot be understood."""


def add_commands(app: typer.Typer) -> None:
    app.command("today", help=_("Whom to contact today, and why."), rich_help_panel=PANEL)(today)
    app.command("digest", help=_("What did not fit on the day's list, and the week's results."), rich_help_panel=PANEL)(
        digest
    )
    app.command("done", help=_("Say that an action was done, and what came of it."), rich_help_panel=PANEL)(done)
    app.command("snooze", help=_("Put an action off."), rich_help_panel=PANEL)(snooze)
    app.command("not-useful", help=_("Dismiss an action, with the reason."), rich_help_panel=PANEL)(not_useful)
    app.command("reassign", help=_("Give an action to another member."), rich_help_panel=PANEL)(reassign)
    app.command("reopen", help=_("Take back done, not useful or snooze."), rich_help_panel=PANEL)(reopen)
    app.command("acceptance", help=_("How each cause of actions is received."), rich_help_panel=PANEL)(acceptance)


# The lists


def today(
    context: typer.Context,
    limit: Annotated[int | None, typer.Option(min=1, help=_("So many accounts instead of the usual number."))] = None,
) -> None:
    session = open_session(context)
    from regulars.plan.today import todays_list

    found = todays_list(session.acting, session.day, cap=limit)
    if session.options.json:
        emit_json(
            {
                "on": found.on,
                "member": found.member.email if found.member else None,
                "items": [card_json(card, session.currency) for card in found.items],
                "more_in_digest": found.more_in_digest,
                "closed_by_itself": [_closed_json(closed) for closed in found.closed_by_itself_recently],
            }
        )
        return
    show_todays_list(session, found)


def show_todays_list(session: Session, found: TodaysList) -> None:
    from regulars.base.formats import day

    heading = _("Whom {member} should contact on {day}") if found.member else _("Whom to contact on {day}")
    say(heading.format(day=day(found.on), member=found.member), style="bold")
    if not found.items:
        _explain_empty_list(session)
    for place, card in enumerate(found.items, start=1):
        show_card(place, card, session)
    if found.more_in_digest:
        say()
        say(
            ngettext(
                "{count} more account: regulars digest", "{count} more accounts: regulars digest", found.more_in_digest
            ).format(count=found.more_in_digest)
        )
    _show_closed(found.closed_by_itself_recently)
    if found.items:
        say()
        number = found.items[0].reason.action.pk
        say(
            _("Then: regulars done {number} --outcome …, or snooze, not-useful, reassign.").format(number=number),
            style="dim",
        )


def _explain_empty_list(session: Session) -> None:
    from regulars.insight.models import Snapshot

    if Snapshot.objects.filter(current=True).exists():
        say(_("Nobody needs a call today."))
    else:
        say(_("There are no figures yet. Import an order file: regulars import FILE"))


def show_card(place: int, card: Card, session: Session) -> None:
    """One account: what it is about, why, what to do and say, with whom."""
    from regulars.base.formats import money as money_text

    say()
    stake = _("{amount} a year at stake").format(amount=money_text(card.stake, session.currency))
    say(f"{place}. {account_title(card.account)} · {stake}", style="bold")
    _show_reason(card.reason)
    for further in card.further:
        indented(_("Also: {cause}. {sentence}").format(cause=further.cause, sentence=" ".join(further.sentences[:1])))
    if card.contact:
        indented(_contact_line(card.contact), style="dim")
    whose = made_up_or_not(card.member) if card.member else _("nobody’s account yet")
    indented(_("Action {number} · {member}").format(number=card.reason.action.pk, member=whose), style="dim")


def _show_reason(reason: Reason) -> None:
    indented(f"{reason.cause}: {' '.join(reason.sentences)}")
    if reason.advice:
        indented(_("Do: {advice}").format(advice=reason.advice))
    if reason.opening:
        indented(_("Say: “{opening}”").format(opening=reason.opening))


def account_title(account: Account) -> str:
    """Name and number of an account."""
    return f"{made_up_or_not(account)} #{account.pk}"


def made_up_or_not(named: Account | Contact | Member) -> str:
    """The name of an account, contact or member; one that was made up for the demo says so."""
    return named.name + (_(" (made up)") if named.generated else "")


def _contact_line(contact: Contact) -> str:
    ways = [contact.role, contact.phone or contact.mobile, contact.email]
    return ", ".join([made_up_or_not(contact), *[way for way in ways if way]])


def _show_closed(closed: list[ClosedByItself]) -> None:
    if not closed:
        return
    say()
    say(_("Closed by themselves in the last seven days"), style="bold")
    for one in closed:
        indented(f"{account_title(one.account)} · {one.cause}: {one.sentence}")


def digest(
    context: typer.Context, limit: Annotated[int, typer.Option(min=1, help=_("At most so many accounts."))] = 50
) -> None:
    session = open_session(context)
    from regulars.plan.today import weekly_digest

    found = weekly_digest(session.acting, session.day)
    if session.options.json:
        emit_json(
            {
                "on": found.on,
                "member": found.member.email if found.member else None,
                "items": [card_json(card, session.currency) for card in found.items[:limit]],
                "done": found.done,
                "not_useful": found.not_useful,
                "closed_by_itself": [_closed_json(closed) for closed in found.closed_by_itself],
            }
        )
        return
    from regulars.base.formats import money as money_text

    show_table(
        [
            Column(heading=_("Action"), justify="right"),
            Column(heading=_("Account"), flexible=True),
            Column(heading=_("Cause")),
            Column(heading=_("At stake"), justify="right"),
            Column(heading=_("Whose"), rank=1),
        ],
        [
            [
                str(card.reason.action.pk),
                card.account.name,
                card.reason.cause,
                money_text(card.stake, session.currency),
                card.member.name if card.member else "",
            ]
            for card in found.items[:limit]
        ],
        title=_("Beyond the day’s list"),
    )
    say()
    say(_("Last seven days: {done} done, {dismissed} not useful.").format(done=found.done, dismissed=found.not_useful))
    _show_closed(found.closed_by_itself)


def card_json(card: Card, currency: str) -> dict[str, Any]:
    contact = card.contact
    return {
        "account": {
            "uid": card.account.uid,
            "number": card.account.pk,
            "name": card.account.name,
            "made_up": card.account.generated,
        },
        "contact": {"name": contact.name, "phone": contact.phone, "email": contact.email} if contact else None,
        "member": card.member.email if card.member else None,
        **_reason_json(card.reason, currency),
        "further": [_reason_json(reason, currency) for reason in card.further],
    }


def _reason_json(reason: Reason, currency: str) -> dict[str, Any]:
    action = reason.action
    return {
        "action": {"uid": action.uid, "number": action.pk, "state": action.state},
        "cause": action.cause,
        "sentences": reason.sentences,
        "advice": reason.advice,
        "opening": reason.opening,
        "stake": money(action.stake, currency),
        "expected": money(action.expected_money, currency),
        "proposed_on": action.proposed_on,
    }


def _closed_json(closed: ClosedByItself) -> dict[str, Any]:
    return {
        "action": {"uid": closed.action.uid, "number": closed.action.pk},
        "account": {"uid": closed.account.uid, "number": closed.account.pk, "name": closed.account.name},
        "cause": closed.action.cause,
        "sentence": closed.sentence,
    }


# The verbs

_ACTION = typer.Argument(metavar="ACTION", help=_("Number of the action, as the list shows it."))
_REASON = typer.Option(help=_("Why."))


def done(
    context: typer.Context,
    action: Annotated[str, _ACTION],
    outcome: Annotated[str, typer.Option(help=_("What came of it: reached, will order, …"))],
    text: Annotated[str, typer.Option(help=_("What was said."))] = "",
    kind: Annotated[str, typer.Option(help="call, visit, mail, meeting")] = "call",
) -> None:
    session = open_session(context)
    from regulars.plan.actions import mark_done

    found = mark_done(
        action=find_action(action, session),
        on=session.day,
        outcome=outcome,
        member=session.member,
        text=text,
        kind=kind,
    )
    _tell(session, found, _("Done and noted with {account}."))


def snooze(
    context: typer.Context,
    action: Annotated[str, _ACTION],
    until: Annotated[str, typer.Option(metavar="DATE|+DAYS", help=_("When it comes back: a date, or days from now."))],
    reason: Annotated[str, _REASON],
) -> None:
    session = open_session(context)
    from regulars.plan.actions import snooze as put_off

    found = put_off(
        action=find_action(action, session),
        on=session.day,
        until=_day(until, session.day),
        reason=reason,
        member=session.member,
    )
    _tell(session, found, _("{account}: back on the list on {until}."))


def not_useful(context: typer.Context, action: Annotated[str, _ACTION], reason: Annotated[str, _REASON]) -> None:
    session = open_session(context)
    from regulars.plan.actions import mark_not_useful

    found = mark_not_useful(action=find_action(action, session), on=session.day, reason=reason, member=session.member)
    _tell(session, found, _("{account}: dismissed; this cause stays quiet about it for a while."))


def reassign(
    context: typer.Context,
    action: Annotated[str, _ACTION],
    to: Annotated[str, typer.Argument(metavar="MEMBER", help=_("E-mail or name."))],
) -> None:
    session = open_session(context)
    from regulars.plan.actions import reassign as give_to

    found = give_to(action=find_action(action, session), to=find_member(to), member=session.member)
    _tell(session, found, _("{account}: {member} looks after it now."))


def reopen(context: typer.Context, action: Annotated[str, _ACTION]) -> None:
    session = open_session(context)
    from regulars.plan.actions import reopen as open_again

    found = open_again(action=find_action(action, session), member=session.member)
    _tell(session, found, _("{account}: open again."))


def find_action(text: str, session: Session) -> Action:
    """The action of this number or uid that the acting member may see."""
    from regulars.plan.actions import visible_actions

    actions = visible_actions(session.acting)
    number = text.removeprefix("#")
    found = actions.filter(pk=int(number)).first() if number.isdecimal() else None
    if found is None:
        try:
            found = actions.filter(uid=uuid.UUID(text)).first()
        except ValueError:
            found = None
    if found is None:
        raise NoSuchAction(
            _("There is no action {text}.").format(text=text), _("The numbers are shown by: regulars today")
        )
    return found


def _day(text: str, today: date) -> date:
    """A date, or so many days after `today` ("+14")."""
    try:
        return today + timedelta(days=int(text)) if text.startswith("+") else date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise WrongDay(
            _("“{text}” is not a day.").format(text=text), _("Write 2026-01-31, or +14 for two weeks from now.")
        ) from None


def _tell(session: Session, action: Action, sentence: str) -> None:
    if session.options.json:
        emit_json(
            {
                "action": {"uid": action.uid, "number": action.pk, "state": action.state},
                "account": {"uid": action.account.uid, "number": action.account_id, "name": action.account.name},
                "member": action.member.email if action.member else None,
                "snoozed_until": action.snoozed_until,
            }
        )
        return
    until = action.snoozed_until.isoformat() if action.snoozed_until else ""
    say(sentence.format(account=action.account.name, until=until, member=action.member or ""))


def acceptance(context: typer.Context) -> None:
    session = open_session(context)
    from dataclasses import asdict

    from regulars.plan.actions import acceptance as received
    from regulars.plan.causes import CAUSES

    found = received(member=session.acting)
    if session.options.json:
        emit_json([asdict(one) for one in found])
        return
    show_table(
        [
            Column(heading=_("Cause")),
            *(
                Column(heading=heading, justify="right", rank=rank)
                for heading, rank in [
                    (_("Proposed"), 0),
                    (_("Open"), 1),
                    (_("Done"), 0),
                    (_("Not useful"), 0),
                    (_("Closed itself"), 2),
                    (_("Accepted"), 0),
                ]
            ),
        ],
        [
            [
                str(CAUSES[one.cause].name) if one.cause in CAUSES else one.cause,
                str(one.proposed),
                str(one.open),
                str(one.done),
                str(one.not_useful),
                str(one.closed),
                _share(one.rate, one.interval),
            ]
            for one in found
        ],
    )
    if all(one.rate is None for one in found) and not session.options.quiet:
        note(_("Nobody has done or dismissed an action yet."))


def _share(rate: float | None, interval: tuple[float, float] | None) -> str:
    if rate is None or interval is None:
        return "–"
    return f"{rate:.0%} ({interval[0]:.0%}–{interval[1]:.0%})"
