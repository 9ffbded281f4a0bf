"""The list of the day and the digest of the week, for one member or for the whole firm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from regulars.base.access import may
from regulars.base.models import Member
from regulars.facts.models import Account, Contact
from regulars.plan.actions import visible_actions
from regulars.plan.causes import CAUSES, closing_sentence
from regulars.plan.models import Action
from regulars.plan.thresholds import plan_thresholds

WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One action in words."""

    action: Action
    cause: str
    sentences: list[str]
    advice: str
    opening: str


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
    items: list[Card]
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
        items=_told(cards[plan_thresholds().actions_per_day :]),
        done=week.filter(state=Action.State.DONE).count(),
        not_useful=week.filter(state=Action.State.NOT_USEFUL).count(),
        closed_by_itself=_closed_by_itself(member, on),
    )


def told(action: Action) -> Reason:
    """An action in words, in the language that is active."""
    cause = CAUSES[action.cause]
    return Reason(
        action=action,
        cause=str(cause.name),
        sentences=cause.sentences(action.figures),
        advice=cause.advice(action.figures),
        opening=cause.opening(action.figures),
    )


def _of_member(member: Member | None) -> QuerySet[Action]:
    actions = visible_actions(member).select_related("account__merged_into", "member")
    if member is None:
        return actions
    return actions.filter(Q(member=member) | Q(member=None)) if may(member, "assign") else actions.filter(member=member)


def _open_actions(member: Member | None, on: date) -> QuerySet[Action]:
    due = Q(state=Action.State.OPEN) | Q(state=Action.State.SNOOZED, snoozed_until__lte=on)
    return _of_member(member).filter(due).order_by("-expected_money", "pk")


def _cards(actions: Iterable[Action]) -> list[list[Action]]:
    """Actions by account, best account first, and within it best action first."""
    by_account: dict[int, list[Action]] = {}
    for action in actions:
        by_account.setdefault(action.account.merged_into_id or action.account_id, []).append(action)
    return list(by_account.values())


def _told(cards: list[list[Action]]) -> list[Card]:
    accounts = [actions[0].account.merged_into or actions[0].account for actions in cards]
    contacts: dict[int, Contact] = {}
    for contact in Contact.objects.filter(account__in=accounts, active=True).order_by("pk"):
        contacts.setdefault(contact.account_id, contact)
    return [
        Card(
            account=account,
            contact=contacts.get(account.pk),
            member=actions[0].member,
            reason=told(actions[0]),
            further=[told(action) for action in actions[1:]],
        )
        for account, actions in zip(accounts, cards, strict=True)
    ]


def _closed_by_itself(member: Member | None, on: date) -> list[ClosedByItself]:
    closed = _of_member(member).filter(state=Action.State.CLOSED, closed_on__gt=on - WEEK, closed_on__lte=on)
    return [
        ClosedByItself(
            action=action,
            account=action.account.merged_into or action.account,
            cause=str(CAUSES[action.cause].name),
            sentence=closing_sentence(action.figures["closed"]),
        )
        for action in closed.order_by("-closed_on", "-expected_money", "pk")
        if action.figures["closed"]["key"] != "outranked"
    ]
