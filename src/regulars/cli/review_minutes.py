"""`review`: one review, what to ask in it or what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import emit_json, say
from regulars.cli.session import Session, open_session

if TYPE_CHECKING:
    from regulars.plan.models import Review
    from regulars.plan.review_questions import Asked

PANEL = _("Plan: what to do")


def add_commands(app: typer.Typer) -> None:
    app.command("review", help=_("What to ask in a review, or what came of it."), rich_help_panel=PANEL)(review)


def review(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="REVIEW", help=_("Its number or uid: see them with reviews."))],
) -> None:
    session = open_session(context)
    from regulars.plan.models import Review
    from regulars.plan.review_forms import reviews_on_own_accounts
    from regulars.plan.review_questions import questions_for
    from regulars.plan.reviews import NoSuchReview, find_review

    found = find_review(wanted, member=session.acting)
    if not reviews_on_own_accounts(session.acting).filter(pk=found.pk).exists():
        raise NoSuchReview(_("There is no such review."), _("It may belong to others."))
    finished = found.state == Review.State.FINISHED
    asked = [] if finished else questions_for(found, on=session.day)
    if session.options.json:
        emit_json(_json(found, asked))
        return
    account = found.account.merged_into or found.account
    on = found.held_on or found.due_on
    say(_("Review of {account}, {day}: {state}.").format(account=account, day=on, state=found.get_state_display()))
    if finished:
        _tell(found, session)
    else:
        _ask(asked)


def _ask(asked: list[Asked]) -> None:
    area = ""
    for one in asked:
        if one.area != area:
            area = one.area
            say(f"\n{one.area.label}", style="bold")
        say(f"- {one.text}" + (f" ({_('we do not know it')})" if one.unknown else ""))


def _tell(found: Review, session: Session) -> None:
    from regulars.plan.review_finish import promises_of_review

    minutes = getattr(found, "minutes", None)
    if minutes is not None and minutes.said:
        say(minutes.said)
    for answer in found.answers.order_by("pk"):
        told = f" [{answer.get_signal_kind_display()}]" if answer.signal_kind else ""
        say(f"\n{answer.asked}", style="dim")
        say(f"{answer.text}{told}")
    say("")
    for problem in found.problems.order_by("side", "place"):
        say(f"{problem.get_side_display()}: {problem.text}")
    for promise in promises_of_review(found):
        said = {"what": promise.text, "day": promise.due_on, "state": promise.get_state_display()}
        say(_("Promised: {what}, due on {day}: {state}").format(**said))
    for one in found.recommendations.order_by("place"):
        say(_("Recommended: {what} ({kind})").format(what=one.text, kind=one.get_kind_display()))


def _json(found: Review, asked: list[Asked]) -> dict[str, Any]:
    from regulars.plan.review_finish import promises_of_review

    account = found.account.merged_into or found.account
    minutes = getattr(found, "minutes", None)
    return {
        "uid": found.uid,
        "number": found.pk,
        "account": {"uid": account.uid, "name": account.name},
        "state": found.state,
        "held_on": found.held_on,
        "said": minutes.said if minutes is not None else None,
        "questions": [{"key": one.key, "area": one.area, "text": one.text, "unknown": one.unknown} for one in asked],
        "answers": list(found.answers.order_by("pk").values("key", "area", "asked", "text", "signal_kind")),
        "problems": list(found.problems.order_by("side", "place").values("side", "text")),
        "promises": [
            {"uid": one.uid, "text": one.text, "due_on": one.due_on, "state": one.state}
            for one in promises_of_review(found)
        ],
        "recommendations": list(found.recommendations.order_by("place").values("kind", "text", "answer")),
    }
