"""Finishing a review: what was typed becomes signals, facts, issues, promises, and at least one recommendation.

A finished review can be corrected: finished anew, only what differs is carried out. Opened again, all that came of it
is taken back, as far as nobody has gone on with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.formats import day
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.facts.accounts import of_account, require_account
from regulars.facts.goals import end_goal, note_goal
from regulars.facts.interactions import record_interaction, withdraw_interaction
from regulars.facts.issues import LONGEST_TITLE, open_issue
from regulars.facts.models import Account, AccountGoal, Interaction, Signal, Supply
from regulars.facts.offerings import tell_supply, withdraw_supply
from regulars.facts.signals import SignalSource, record_signal, withdraw_signal
from regulars.insight.protection import protect
from regulars.plan.dossier import note_fact, take_back_fact, visible_facts
from regulars.plan.issue_rules import due_time
from regulars.plan.models import (
    Promise,
    Review,
    ReviewAnswer,
    ReviewFact,
    ReviewMinutes,
    ReviewProblem,
    ReviewRecommendation,
)
from regulars.plan.promises import make_promise, withdraw_promise
from regulars.plan.review_forms import (
    Answered,
    Learned,
    Outcome,
    Problem,
    Promised,
    Recommended,
    add_step,
    locked_review,
    outcome_of,
)
from regulars.plan.review_unknowns import offering_of
from regulars.plan.reviews import WrongReview, propose_next_review

LONGEST_REASON = 500
LONGEST_SUPPLIER: Final = 80
"""A longer answer is more than a name; its words stand in the minutes and in the dossier."""
_TALKS: Final = {
    Review.How.VISIT: Interaction.Kind.VISIT,
    Review.How.CALL: Interaction.Kind.CALL,
    Review.How.VIDEO: Interaction.Kind.MEETING,
}
_GOALS: Final = {
    ReviewFact.GOAL: AccountGoal.Kind.GOAL,
    ReviewFact.CHALLENGE: AccountGoal.Kind.CHALLENGE,
}


@dataclass(frozen=True, kw_only=True)
class _Desk:
    """Who finishes which review when: what all steps of finishing need."""

    review: Review
    account: Account
    member: Member | None
    at: datetime
    on: date

    @property
    def source(self) -> str:
        return _("review of %(day)s") % {"day": day(self.review.held_on or self.on)}


@transaction.atomic
def finish_review(*, review: Review, at: datetime, member: Member | None) -> Review:
    """Finish a review with what was typed into its form, or correct one that is finished.

    Raises `WrongForm` with what is wrong by field; without a recommendation no review is finished.
    """
    desk = _desk(review, at, member)
    found = desk.review
    require_account(desk.account, member=member)
    outcome = outcome_of(found, on=desk.on, member=member)
    corrected = found.state == Review.State.FINISHED
    verb = "correct_review" if corrected else "finish_review"
    with audited(found, verb=verb, member=member, account_id=desk.account.pk):
        found.state, found.held_on, found.how = Review.State.FINISHED, outcome.held_on, outcome.how
        found.contact, found.finished_on = outcome.contact, found.finished_on or desk.on
        found.save()
    _take_down(desk, outcome)
    said = _("corrected") if corrected else ""
    add_step(found, on=desk.on, member=member, said=said)
    propose_next_review(account=desk.account, after=outcome.held_on, on=desk.on, member=member)
    return found


@transaction.atomic
def reopen_review(*, review: Review, at: datetime, member: Member | None, reason: str) -> Review:
    """Take back that a review was finished, and why. What was typed stays; what came of it is withdrawn.

    Promises that were kept or agreed anew and issues that were opened stay: others go on with them.
    Raises `WrongReview` without a reason, and when the next review has its time already.
    """
    desk = _desk(review, at, member)
    found = desk.review
    if found.state != Review.State.FINISHED:
        raise WrongReview(_("This review is not finished."), _("Go on with its form."))
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise WrongReview(_("The reason is missing."), _("Say in a few words what was wrong with it."))
    _withdraw_next(desk)
    nothing = Outcome(held_on=found.held_on or desk.on, how=found.how, contact=found.contact)
    _carry_out(desk, nothing)
    minutes = _minutes_of(found)
    with audited(minutes, verb="reopen_review", member=member, account_id=desk.account.pk):
        minutes.reopened_reason = reason
        _withdraw_talk(desk, minutes)
        minutes.save()
    with audited(found, verb="reopen_review", member=member, account_id=desk.account.pk):
        found.state, found.held_on, found.finished_on = Review.State.HELD, None, None
        found.save()
    add_step(found, on=desk.on, member=member, said=reason)
    return found


def _desk(review: Review, at: datetime, member: Member | None) -> _Desk:
    found = locked_review(review, member)
    home = found.account.merged_into or found.account
    return _Desk(review=found, account=home, member=member, at=at, on=today(organisation(), at))


def _take_down(desk: _Desk, outcome: Outcome) -> None:
    minutes = _minutes_of(desk.review)
    minutes.said, minutes.member = outcome.said, desk.member
    _record_talk(desk, outcome, minutes)
    minutes.save()
    _carry_out(desk, outcome)


def _minutes_of(review: Review) -> ReviewMinutes:
    found = ReviewMinutes.objects.select_related("interaction").filter(review=review).first()
    return found or ReviewMinutes(review=review)


def _carry_out(desk: _Desk, outcome: Outcome) -> None:
    """Make what is recorded of the review say what the outcome says; what is the same stays untouched."""
    _keep_answers(desk, outcome.answers)
    _keep_problems(desk, ReviewProblem.Side.THEIRS, outcome.theirs)
    _keep_problems(desk, ReviewProblem.Side.OURS, outcome.ours)
    _keep_facts(desk, outcome.facts)
    _keep_promises(desk, outcome.promises)
    _keep_recommendations(desk, outcome.recommendations)
    protect([desk.account.pk], on=desk.on)


# The talk


def _record_talk(desk: _Desk, outcome: Outcome, minutes: ReviewMinutes) -> None:
    kind, text = _TALKS[Review.How(outcome.how)], _("Review") + (f": {outcome.said}" if outcome.said else "")
    people = [outcome.contact] if outcome.contact else []
    talk = minutes.interaction
    if talk is not None:
        same = (talk.kind, talk.on, talk.text) == (kind, outcome.held_on, text)
        if same and list(talk.contacts.all()) == people:
            return
        _withdraw_talk(desk, minutes)
    minutes.interaction = record_interaction(
        account=desk.account, kind=kind, on=outcome.held_on, member=desk.member, text=text, contacts=people
    )


def _withdraw_talk(desk: _Desk, minutes: ReviewMinutes) -> None:
    talk, minutes.interaction = minutes.interaction, None
    if talk is not None:
        if minutes.pk:
            minutes.save(update_fields=["interaction", "updated_at"])
        withdraw_interaction(interaction=talk, member=desk.member)


# Answers and their signals


def _keep_answers(desk: _Desk, wanted: list[Answered]) -> None:
    before = {one.key: one for one in desk.review.answers.all()}
    for said in wanted:
        known = before.pop(said.key, None)
        if known is not None and (known.text, known.signal_kind) == (said.text, said.signal):
            _keep_supply(desk, known, said)
            continue
        answer = known or ReviewAnswer(review=desk.review, key=said.key)
        if known is not None:
            _withdraw_signals(desk, known)
        with audited(answer, verb="answer_review", member=desk.member, account_id=desk.account.pk):
            answer.area, answer.asked = said.area, said.asked or answer.asked
            answer.text, answer.signal_kind = said.text, said.signal
            answer.save()
        if said.signal:
            record_signal(
                account=desk.account,
                kind=said.signal,
                observed_on=desk.review.held_on or desk.on,
                member=desk.member,
                said=said.text,
                source=SignalSource.of(answer),
            )
        _keep_supply(desk, answer, said)
    for gone in before.values():
        _withdraw_signals(desk, gone)
        _keep_supply(desk, gone, None)
        with audited(gone, verb="withdraw_review_answer", member=desk.member, account_id=desk.account.pk):
            gone.delete()


def _withdraw_signals(desk: _Desk, answer: ReviewAnswer) -> None:
    source = SignalSource.of(answer)
    standing = Signal.objects.filter(source_kind=source.kind, source_uid=source.uid, withdrawn_at=None)
    for signal in standing:
        withdraw_signal(signal=signal, member=desk.member, reason=_("Corrected in the review"))


def _keep_supply(desk: _Desk, answer: ReviewAnswer, said: Answered | None) -> None:
    """Who supplies an offering, as they told: what the white space of the account shows from then on."""
    source = SignalSource.of(answer)
    offering = offering_of(said.key) if said is not None and said.supply else None
    told = list(Supply.objects.filter(source_kind=source.kind, source_uid=source.uid, withdrawn_at=None))
    state = said.supply if said is not None and offering is not None else ""
    supplier = said.text if said is not None and len(said.text) <= LONGEST_SUPPLIER else ""
    if state != Supply.State.COMPETITOR or supplier == str(Supply.State.COMPETITOR.label):
        supplier = ""
    if offering is not None and [(one.state, one.supplier) for one in told] == [(state, supplier)]:
        return
    for one in told:
        withdraw_supply(supply=one, member=desk.member)
    if offering is not None:
        tell_supply(
            account=desk.account,
            offering=offering,
            state=state,
            on=desk.review.held_on or desk.on,
            member=desk.member,
            supplier=supplier,
            source=desk.source,
            record=source,
        )


# Problems, in both directions


def _keep_problems(desk: _Desk, side: ReviewProblem.Side, wanted: list[Problem]) -> None:
    """By lines of the form: a line whose issue is open keeps it, however its words are corrected."""
    before = {one.place: one for one in desk.review.problems.filter(side=side).select_related("issue")}
    for said in wanted:
        problem = before.pop(said.place, None) or ReviewProblem(review=desk.review, side=side, place=said.place)
        with audited(problem, verb="note_review_problem", member=desk.member, account_id=desk.account.pk):
            problem.text = said.text
            if said.opens_issue and problem.issue is None:
                problem.issue = open_issue(
                    account=desk.account,
                    title=said.text[:LONGEST_TITLE],
                    text=said.text if len(said.text) > LONGEST_TITLE else "",
                    at=desk.at,
                    due_at=due_time(desk.account, at=desk.at),
                    member=desk.member,
                    contact=desk.review.contact,
                )
            problem.save()
    for gone in before.values():
        if gone.issue is None:
            with audited(gone, verb="withdraw_review_problem", member=desk.member, account_id=desk.account.pk):
                gone.delete()


# What was learned


def _keep_facts(desk: _Desk, wanted: list[Learned]) -> None:
    before = {(one.place, one.key): one for one in desk.review.facts.all()}
    for said in wanted:
        known = before.pop((said.place, said.key), None)
        contact_id = said.contact.pk if said.contact else None
        if known is not None and (known.kind, known.text, known.contact_id) == (said.kind, said.text, contact_id):
            continue
        if known is not None:
            _withdraw_noted(desk, known)
        fact = known or ReviewFact(review=desk.review, place=said.place, key=said.key)
        fact.kind, fact.text, fact.contact = said.kind, said.text, said.contact
        fact.noted_uid = _noted(desk, fact)
        fact.save()
    for gone in before.values():
        _withdraw_noted(desk, gone)
        gone.delete()


def _noted(desk: _Desk, fact: ReviewFact) -> UUID:
    """Note it where everybody looks for it: among the goals of the account, or in its dossier."""
    held_on = desk.review.held_on or desk.on
    if fact.kind in _GOALS:
        goal = note_goal(
            account=desk.account,
            text=fact.text,
            on=held_on,
            member=desk.member,
            kind=_GOALS[fact.kind],
            source=desk.source,
            contact=desk.review.contact,
            record=SignalSource.of(desk.review),
        )
        return goal.uid
    noted = note_fact(
        account=desk.account,
        topic=fact.kind,
        text=fact.text,
        source=desk.source,
        known_on=held_on,
        on=desk.on,
        member=desk.member,
        contact=fact.contact,
    )
    return noted.uid


def _withdraw_noted(desk: _Desk, fact: ReviewFact) -> None:
    if fact.noted_uid is None:
        return
    for goal in AccountGoal.objects.filter(uid=fact.noted_uid, state=AccountGoal.State.LIVE):
        end_goal(goal=goal, state=AccountGoal.State.WITHDRAWN, on=desk.on, member=desk.member)
    for noted in visible_facts(desk.member).filter(uid=fact.noted_uid, withdrawn_at=None):
        take_back_fact(fact=noted, member=desk.member)


# Promises


def promises_of_review(review: Review) -> list[Promise]:
    """What was promised in a review, whatever became of it since; what was noted by mistake is left out."""
    source = SignalSource.of(review)
    made = Promise.objects.filter(source_kind=source.kind, source_uid=source.uid)
    return list(made.exclude(state=Promise.State.WITHDRAWN).select_related("owner").order_by("due_on", "pk"))


def _keep_promises(desk: _Desk, wanted: list[Promised]) -> None:
    before = {_as_made(one): one for one in promises_of_review(desk.review)}
    for said in dict.fromkeys(wanted):
        owner = said.owner or desk.member or desk.account.owner
        if before.pop((said.text, said.due_on, owner.pk if owner else None), None) is None:
            make_promise(
                account=desk.account,
                text=said.text,
                due_on=said.due_on,
                on=desk.review.held_on or desk.on,
                member=desk.member,
                owner=owner,
                source=desk.source,
                record=SignalSource.of(desk.review),
            )
    for gone in before.values():
        if gone.state == Promise.State.OPEN:
            reason = _("Corrected in the review")
            withdraw_promise(promise=gone, on=desk.on, member=desk.member, reason=reason)


def _as_made(promise: Promise) -> tuple[str, date, int | None]:
    """What it was at first: that it was agreed anew since changes nothing of what was said in the review."""
    first = promise.steps.order_by("pk").first()
    if first is None:
        return promise.text, promise.due_on, promise.owner_id
    return promise.text, first.due_on, first.owner_id


# Recommendations


def _keep_recommendations(desk: _Desk, wanted: list[Recommended]) -> None:
    before = {one.place: one for one in desk.review.recommendations.all()}
    for said in wanted:
        found = before.pop(said.place, None) or ReviewRecommendation(review=desk.review, place=said.place)
        with audited(found, verb="recommend_in_review", member=desk.member, account_id=desk.account.pk):
            found.kind, found.text, found.answer = said.kind, said.text, said.answer
            found.save()
    for gone in before.values():
        with audited(gone, verb="withdraw_review_recommendation", member=desk.member, account_id=desk.account.pk):
            gone.delete()


def _withdraw_next(desk: _Desk) -> None:
    """The review that was proposed because this one was finished; one that has its time is somebody's work."""
    coming = Review.objects.filter(of_account(desk.account), state__in=Review.COMING).exclude(pk=desk.review.pk).first()
    if coming is None:
        return
    if coming.state != Review.State.PROPOSED or coming.set_by_hand:
        raise WrongReview(
            _("The next review has its time already."), _("Correct what was written down instead, or cancel that one.")
        )
    with audited(coming, verb="withdraw_proposed_review", member=desk.member, account_id=desk.account.pk):
        coming.delete()
