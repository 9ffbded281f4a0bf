"""`reviews`, `reviews-plan`, `review-schedule`, `-accept`, `-move`, `-cancel`, and `opportunity-level`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, say, show_list
from regulars.cli.session import Session, find_member, open_session

if TYPE_CHECKING:
    from regulars.plan.models import Review
    from regulars.plan.opportunity_levels import LevelInForce

PANEL = _("Plan: what to do")
MOST_SHOWN = 50
LEVELS = {"low": 1, "medium": 2, "high": 3}

Wanted = Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, or part of it."))]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help=_("As shown by: regulars reviews"))]
When = Annotated[str, typer.Argument(metavar="WHEN", help=_("Day and time: 2026-01-31T10:00"))]
Reason = Annotated[str, typer.Argument(metavar="REASON", help=_("Why, in a few words."))]
Holder = Annotated[str, typer.Option("--owner", metavar="MEMBER", help=_("Who holds it."))]


def add_commands(app: typer.Typer) -> None:
    app.command("reviews", help=_("Show the reviews that are coming."), rich_help_panel=PANEL)(reviews)
    app.command("reviews-plan", help=_("Propose the reviews of a year."), rich_help_panel=PANEL)(plan)
    app.command("review-schedule", help=_("Schedule the review of an account."), rich_help_panel=PANEL)(review)
    app.command("review-accept", help=_("Let the proposed time of a review stand."), rich_help_panel=PANEL)(accept)
    app.command("review-move", help=_("Give a review another time."), rich_help_panel=PANEL)(move)
    app.command("review-cancel", help=_("Say that a review does not take place."), rich_help_panel=PANEL)(cancel)
    app.command(
        "opportunity-level", help=_("Show how much more an account could buy, or set it."), rich_help_panel=PANEL
    )(level)


def reviews(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="[ACCOUNT]", help=_("Customer number, name, or part of it."))] = "",
    every: Annotated[bool, typer.Option("--all", help=_("Those that are over or cancelled as well."))] = False,
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account, of_account
    from regulars.plan.models import Review
    from regulars.plan.reviews import visible_reviews

    found = visible_reviews(session.acting).select_related("account__merged_into", "owner", "contact")
    if wanted:
        found = found.filter(of_account(find_account(wanted, member=session.acting)))
    if not every:
        found = found.filter(state__in=Review.COMING)
    shown = list(found.order_by("scheduled_at", "due_on", "pk")[:MOST_SHOWN])
    columns = [
        Column(heading=_("Number")),
        Column(heading=_("When")),
        Column(heading=_("Account"), flexible=True),
        Column(heading=_("Held by"), rank=1),
        Column(heading=_("State")),
        Column(heading=_("Level"), rank=2),
    ]
    show_list(
        shown,
        as_json=session.options.json,
        json_of=_json,
        columns=columns,
        row_of=lambda one: _row(one, session),
        nothing=_("No review is coming. Propose the year with: regulars reviews-plan"),
    )


def plan(
    context: typer.Context,
    members: Annotated[list[str] | None, typer.Argument(metavar="[MEMBER]…", help=_("Whose; else everyone's."))] = None,
    accept_all: Annotated[bool, typer.Option("--accept", help=_("Let all proposed times stand at once."))] = False,
) -> None:
    session = open_session(context)
    from regulars.plan.models import Review
    from regulars.plan.review_schedule import accept_proposals, holders, load_of, plan_reviews

    people = [find_member(one) for one in members] if members else holders(session.acting)
    planned = plan_reviews(on=session.day, member=session.member, of=people)
    load = load_of(session.acting, of=people)
    accepted = 0
    if accept_all:
        own = Review.objects.filter(owner__in=people)
        accepted = accept_proposals(reviews=own, on=session.day, member=session.member)
    if session.options.json:
        told = {"placed": planned.placed, "left_out": planned.left_out, "accepted": accepted}
        emit_json(told | {"due_a_week": round(load.due_a_week, 2), "fit_a_week": load.a_week})
        return
    say(load.sentence())
    say(planned.sentence())
    if accept_all:
        say(_("Accepted: {count}.").format(count=accepted))


def review(context: typer.Context, wanted: Wanted, when: When, owner: Holder = "") -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.plan.reviews import schedule_review

    made = schedule_review(
        account=find_account(wanted, member=session.acting),
        at=_moment(when, session),
        on=session.day,
        member=session.member,
        owner=find_member(owner) if owner else None,
    )
    _tell(made, session)


def accept(context: typer.Context, wanted: Number) -> None:
    session = open_session(context)
    from regulars.plan.reviews import accept_review, find_review

    found = find_review(wanted, member=session.acting)
    _tell(accept_review(review=found, on=session.day, member=session.member), session)


def move(context: typer.Context, wanted: Number, when: When, owner: Holder = "") -> None:
    session = open_session(context)
    from regulars.plan.reviews import find_review, move_review

    found = find_review(wanted, member=session.acting)
    at = _moment(when, session)
    holder = find_member(owner) if owner else None
    _tell(move_review(review=found, at=at, on=session.day, member=session.member, owner=holder), session)


def cancel(context: typer.Context, wanted: Number, reason: Reason) -> None:
    session = open_session(context)
    from regulars.plan.reviews import cancel_review, find_review

    found = find_review(wanted, member=session.acting)
    _tell(cancel_review(review=found, on=session.day, member=session.member, reason=reason), session)


def level(
    context: typer.Context,
    wanted: Wanted,
    set_to: Annotated[str, typer.Option("--set", metavar="LEVEL", help=_("low, medium, high, or computed"))] = "",
    reason: Annotated[str, typer.Option("--reason", help=_("What you know of this customer."))] = "",
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.plan.opportunity_levels import choose_level, drop_level_choice, level_in_force

    account = find_account(wanted, member=session.acting)
    if set_to == "computed":
        drop_level_choice(account=account, member=session.member)
    elif set_to in LEVELS:
        choose_level(account=account, level=LEVELS[set_to], reason=reason, on=session.day, member=session.member)
    elif set_to:
        raise typer.BadParameter(_("Say low, medium, high, or computed."))
    _tell_level(account.name, level_in_force(account), session)


def _tell_level(name: str, found: LevelInForce, session: Session) -> None:
    from django.utils.text import capfirst

    from regulars.insight.opportunity_level_sentences import opportunity_sentences
    from regulars.insight.thresholds import level_rules

    rules = level_rules(session.organisation)
    computed = found.computed
    told = opportunity_sentences(computed, currency=session.currency, rules=rules) if computed else []
    reason = found.choice.reason if found.choice else ""
    if session.options.json:
        emit_json(
            {
                "account": name,
                "level": found.level,
                "computed": computed.level if computed else None,
                "reason": reason or None,
                "sentences": [one.text for one in told],
            }
        )
        return
    say(f"{name}: {capfirst(found.label)}")
    if reason:
        say(_("Set by hand: {reason}").format(reason=reason))
    for one in told:
        say(one.text)


def _tell(made: Review, session: Session) -> None:
    if session.options.json:
        emit_json(_json(made))
        return
    account = made.account.merged_into or made.account
    said = {"account": account.name, "when": _when(made, session), "state": made.get_state_display()}
    say(_("Review of {account}, {when}: {state}.").format(**said))


def _row(one: Review, session: Session) -> list[str]:
    account = one.account.merged_into or one.account
    level_text = str(one.get_level_display()) if one.level else ""
    return [str(one.pk), _when(one, session), account.name, one.owner.name, str(one.get_state_display()), level_text]


def _when(one: Review, session: Session) -> str:
    from regulars.base.organisation import zone

    if one.scheduled_at is None:
        return _("due {day}").format(day=one.due_on)
    return one.scheduled_at.astimezone(zone(session.organisation)).strftime("%Y-%m-%d %H:%M")


def _moment(text: str, session: Session) -> datetime:
    from regulars.base.organisation import zone

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(_("Write day and time, for example 2026-01-31T10:00.")) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone(session.organisation))


def _json(one: Review) -> dict[str, Any]:
    account = one.account.merged_into or one.account
    return {
        "uid": one.uid,
        "number": one.pk,
        "account": {"uid": account.uid, "name": account.name},
        "state": one.state,
        "due_on": one.due_on,
        "scheduled_at": one.scheduled_at.isoformat() if one.scheduled_at else None,
        "owner": one.owner.email,
        "contact": one.contact.name if one.contact else None,
        "level": one.level,
    }
