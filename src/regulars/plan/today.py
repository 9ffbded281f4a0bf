"""The list of the day and the digest of the week, for one member or for the whole firm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import overload

from django.db.models import Prefetch, Q, QuerySet

from regulars.base.access import may
from regulars.base.models import Member
from regulars.facts.models import Account, Contact
from regulars.plan.actions import visible_actions
from regulars.plan.causes import CAUSES
from regulars.plan.causes.play import called
from regulars.plan.closing import closing_sentence
from regulars.plan.customers_to_be import sentences_without_orders
from regulars.plan.models import Action, Play, PlayStep
from regulars.plan.play_making import step_opening, step_what
from regulars.plan.playbooks import playbook_name
from regulars.plan.thresholds import plan_thresholds

WEEK = timedelta(days=7)
CLOSED_SHOWN = 20
"""Actions closed by themselves are told up to this many, the newest."""


STEP_ASKED = Prefetch(
    "play_steps",
    PlayStep.objects.filter(state=PlayStep.State.OPEN, play__state=Play.State.RUNNING)
    .select_related("play__playbook")
    .order_by("pk"),
    to_attr="steps_asked",
)
"""With it, an action that answers the cause of a play says what the play's step says; see `told`."""


@dataclass(frozen=True, kw_only=True)
class StepAsked:
    """The step of a play that an action asks for."""

    play: str
    """The uid of the play."""
    name: str
    position: int


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One action in words."""

    action: Action
    cause: str
    sentences: list[str]
    advice: str
    opening: str
    step: StepAsked | None = None


@dataclass(frozen=True, kw_only=True)
class Card:
    """One account on the list: its most valuable action, and what else there is a reason for."""

    account: Account
    contact: Contact | None
    member: Member | None
    reason: Reason
    further: list[Reason]

    @property
    def expected_money(self) -> float:
        return self.reason.action.expected_money

    @property
    def stake(self) -> float:
        return self.reason.action.stake


@dataclass(frozen=True, kw_only=True)
class ClosedByItself:
    """An action that needs nobody any more, and why."""

    action: Action
    account: Account
    cause: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class TodaysList:
    """Whom to contact today, best first."""

    member: Member | None
    on: date
    items: list[Card]
    more_in_digest: int
    """Accounts beyond the cap."""
    closed_by_itself_recently: list[ClosedByItself]


@dataclass(frozen=True, kw_only=True)
class WeeklyDigest:
    """What did not fit on the lists of the day, and what became of the week's actions."""

    member: Member | None
    on: date
    items: Sequence[Card]
    """All of them, however many; only those that are taken are read and told."""
    done: int
    not_useful: int
    closed_by_itself: list[ClosedByItself]


def todays_list(member: Member | None, on: date, cap: int | None = None) -> TodaysList:
    """The accounts to contact on a day: the member's own and, for who may assign, those of nobody; None: everyone's.

    Ranked by expected money, one card an account, at most `cap` cards (default: the threshold `actions_per_day`).
    """
    cards = _cards(_open_actions(member, on))
    cap = plan_thresholds().actions_per_day if cap is None else cap
    return TodaysList(
        member=member,
        on=on,
        items=_told(cards[:cap]),
        more_in_digest=len(cards[cap:]),
        closed_by_itself_recently=_closed_by_itself(member, on),
    )


def weekly_digest(member: Member | None, on: date) -> WeeklyDigest:
    """All that is open beyond the list of the day, and the seven days up to and with `on`."""
    cards = _cards(_open_actions(member, on))
    week = _of_member(member).filter(closed_on__gt=on - WEEK, closed_on__lte=on)
    return WeeklyDigest(
        member=member,
        on=on,
        items=_Told(cards[plan_thresholds().actions_per_day :]),
        done=week.filter(state=Action.State.DONE).count(),
        not_useful=week.filter(state=Action.State.NOT_USEFUL).count(),
        closed_by_itself=_closed_by_itself(member, on),
    )


def told(action: Action) -> Reason:
    """An action in words, in the language that is active.

    One that was read with `STEP_ASKED` says what to do by the playbook that answers its cause, if one runs.
    """
    cause, figures = CAUSES[action.cause], action.figures
    reason = Reason(
        action=action,
        cause=str(cause.name),
        sentences=[*cause.sentences(figures), *sentences_without_orders(figures)],
        advice=cause.advice(figures),
        opening=cause.opening(figures),
    )
    if action.cause == "play":
        return replace(reason, step=StepAsked(play=figures["play"], name=called(figures), position=figures["position"]))
    asked: list[PlayStep] = getattr(action, "steps_asked", [])
    return _by_playbook(reason, asked[0]) if asked else reason


def _by_playbook(reason: Reason, step: PlayStep) -> Reason:
    """The first word is that of the cause, which knows the figures, unless the firm wrote its own."""
    name = playbook_name(step.play.playbook)
    first_shipped = step.position == 1 and bool(step.key)
    return replace(
        reason,
        advice=step_what(step),
        opening=reason.opening if first_shipped else step_opening(step) or reason.opening,
        step=StepAsked(play=str(step.play.uid), name=name, position=step.position),
    )


def _of_member(member: Member | None) -> QuerySet[Action]:
    actions = visible_actions(member)
    if member is None:
        return actions
    return actions.filter(Q(member=member) | Q(member=None)) if may(member, "assign") else actions.filter(member=member)


def _open_actions(member: Member | None, on: date) -> QuerySet[Action]:
    due = Q(state=Action.State.OPEN) | Q(state=Action.State.SNOOZED, snoozed_until__lte=on)
    return _of_member(member).filter(due).order_by("-expected_money", "pk")


def _cards(actions: QuerySet[Action]) -> list[list[int]]:
    """Keys of actions by account, best account first, and within it best action first.

    A firm may have thousands of open actions, of which a page shows ten: no more than keys are read of the others.
    """
    by_account: dict[int, list[int]] = {}
    for key, account, merged_into in actions.values_list("pk", "account_id", "account__merged_into"):
        by_account.setdefault(merged_into or account, []).append(key)
    return list(by_account.values())


class _Told(Sequence[Card]):
    """Cards that are read and told when they are taken, a page at a time."""

    def __init__(self, cards: list[list[int]]) -> None:
        self._cards = cards

    def __len__(self) -> int:
        return len(self._cards)

    @overload
    def __getitem__(self, place: int) -> Card: ...
    @overload
    def __getitem__(self, place: slice) -> list[Card]: ...
    def __getitem__(self, place: int | slice) -> Card | list[Card]:
        return _told(self._cards[place]) if isinstance(place, slice) else _told([self._cards[place]])[0]

    def __iter__(self) -> Iterator[Card]:
        return iter(_told(self._cards))


def _told(cards: list[list[int]]) -> list[Card]:
    keys = [key for card in cards for key in card]
    actions = Action.objects.select_related("account__merged_into", "member").prefetch_related(STEP_ASKED).in_bulk(keys)
    accounts = [actions[keys[0]].account.merged_into or actions[keys[0]].account for keys in cards]
    contacts: dict[int, Contact] = {}
    for contact in Contact.objects.filter(account__in=accounts, active=True).order_by("pk"):
        contacts.setdefault(contact.account_id, contact)
    return [
        Card(
            account=account,
            contact=contacts.get(account.pk),
            member=actions[keys[0]].member,
            reason=told(actions[keys[0]]),
            further=[told(actions[key]) for key in keys[1:]],
        )
        for account, keys in zip(accounts, cards, strict=True)
    ]


def _closed_by_itself(member: Member | None, on: date) -> list[ClosedByItself]:
    closed = _of_member(member).filter(state=Action.State.CLOSED, closed_on__gt=on - WEEK, closed_on__lte=on)
    told_of = closed.exclude(figures__closed__key="outranked").order_by("-closed_on", "-expected_money", "pk")
    return [
        ClosedByItself(
            action=action,
            account=action.account.merged_into or action.account,
            cause=str(CAUSES[action.cause].name),
            sentence=closing_sentence(action.figures["closed"]),
        )
        for action in told_of.select_related("account__merged_into")[:CLOSED_SHOWN]
    ]
