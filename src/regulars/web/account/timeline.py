"""One timeline of an account: talks, signals, orders, actions, and what was changed about it; newest first."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from regulars.base.formats import money, number
from regulars.base.models import AuditEntry, Member
from regulars.base.organisation import zone
from regulars.core.money import from_minor
from regulars.facts.accounts import account_family, of_account
from regulars.facts.interactions import said, visible_interactions
from regulars.facts.issues import visible_issues
from regulars.facts.live_orders import visible_live_orders
from regulars.facts.models import Account, Interaction, IssueStep, LiveOrder, LiveOrderFollowUp
from regulars.facts.orders import OrderDay, order_days_of_account
from regulars.facts.signals import visible_signals
from regulars.plan.actions import visible_actions
from regulars.plan.closing import closing_sentence
from regulars.plan.models import (
    Action,
    CheckInAnswer,
    GivenBonus,
    HandoverStep,
    KeyAccount,
    KeyPlanEntry,
    Opportunity,
    OpportunityStep,
    PerceivedValue,
    ProjectMeasurement,
    PromiseStep,
    Review,
    ReviewStep,
    SignOff,
    ValueProof,
)
from regulars.plan.opportunity_stages import stages
from regulars.plan.perceived_value import perceived_by
from regulars.plan.play_making import end_sentence
from regulars.plan.playbooks import playbook_name
from regulars.plan.plays import visible_plays
from regulars.plan.referrals import visible_asks, visible_referrals
from regulars.plan.sign_offs import amount_told
from regulars.plan.today import told
from regulars.plan.value_proofs import proofs_of
from regulars.web.account.record import heading, opened, page_number
from regulars.web.desk import Desk
from regulars.web.trail import Change, told_changes

EVENTS_A_PAGE = 30
STORY = ("create_account", "assign_owner", "merge_accounts", "undo_merge", "tag", "untag")
"""Changes that are part of the story, for everyone who sees the account. All others are on the page of changes."""


TURNS_OF_ISSUES = (
    IssueStep.Kind.OPENED,
    IssueStep.Kind.ESCALATED,
    IssueStep.Kind.SOLVED,
    IssueStep.Kind.REOPENED,
    IssueStep.Kind.CLOSED,
)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened. `kind` is the filter that shows it and the icon that it has."""

    on: date
    kind: str
    what: str
    text: str = ""
    further: str = ""
    """What was said about that: apart from the text, as both may be of another direction than the page."""
    people: list[str] = field(default_factory=list)
    """Of theirs."""
    by: Member | None = None
    address: str = ""
    """Where it can be read in full, or corrected."""
    rank: int = 0
    """Of what happened on the same day, the greater is said to be later."""


def events_of(
    desk: Desk, account: Account, *, kind: str, limit: int, order_days: Sequence[OrderDay] | None = None
) -> list[Event]:
    """The newest events, of one kind or of all; the number of queries does not depend on `limit`.

    `order_days` are the newest days with orders, where they are known already.
    """
    asked = [(name, source) for name, _label, source in KINDS if name == kind or not kind]
    known = {} if order_days is None else {"orders": _told_days(desk, account, order_days[:limit])}
    found = (known[name] if name in known else source(desk, account, limit) for name, source in asked)
    events = [event for some in found for event in some]
    return sorted(events, key=lambda event: (event.on, event.rank), reverse=True)[:limit]


def _talks(desk: Desk, account: Account, limit: int) -> list[Event]:
    talks = visible_interactions(desk.member).filter(account=account).select_related("member")
    newest = list(talks.prefetch_related("contacts")[:limit])
    return [_talk(desk, talk, rank) for rank, talk in enumerate(reversed(newest), 1)]


def _talk(desk: Desk, talk: Interaction, rank: int) -> Event:
    return Event(
        on=talk.on,
        kind="talks",
        what=str(talk.get_kind_display()),
        text=said(talk.outcome),
        further=talk.text,
        people=[contact.name for contact in talk.contacts.all()],
        by=talk.member,
        address=reverse("account_talk", args=[talk.uid]) if desk.may_write else "",
        rank=rank,
    )


def _signals(desk: Desk, account: Account, limit: int) -> list[Event]:
    newest = visible_signals(desk.member).filter(account=account).select_related("recorded_by")[:limit]
    return [
        Event(
            on=one.observed_on,
            kind="signals",
            what=str(one.get_kind_display()),
            text=_("withdrawn: %(reason)s") % {"reason": one.withdrawn_reason} if one.withdrawn_at else one.said,
            by=one.recorded_by,
            address=reverse("account_signal", args=[one.uid]),
        )
        for one in newest
    ]


def _promises(desk: Desk, account: Account, limit: int) -> list[Event]:
    """What was promised and what became of it, and the ways of its hand-overs."""
    promised = PromiseStep.objects.filter(of_account(account, "promise__account"), taken_back_at=None)
    handed = HandoverStep.objects.filter(of_account(account, "handover__account"))
    told = [
        Event(
            on=step.on,
            kind="promises",
            what=_("promise: %(state)s") % {"state": step.get_state_display()},
            text=step.promise.text,
            further=step.said,
            by=step.member,
            address=reverse("account_promise", args=[step.promise.uid]),
        )
        for step in promised.select_related("promise", "member").order_by("-on", "-pk")[:limit]
    ]
    return told + [
        Event(
            on=step.on,
            kind="promises",
            what=_("hand-over: %(state)s") % {"state": step.get_state_display()},
            text=step.said,
            by=step.member,
            address=reverse("handover", args=[step.handover.uid]),
        )
        for step in handed.select_related("handover", "member").order_by("-on", "-pk")[:limit]
    ]


def _opportunities(desk: Desk, account: Account, limit: int) -> list[Event]:
    """To which stage its opportunities came, and how they ended."""
    steps = OpportunityStep.objects.filter(of_account(account, "opportunity__account"))
    newest = steps.select_related("opportunity", "member").order_by("-on", "-pk")
    names = {one.key: one.name for one in stages()}
    return [
        Event(
            on=step.on,
            kind="opportunities",
            what=_("opportunity: %(state)s")
            % {
                "state": names.get(step.stage, step.stage)
                if step.state == Opportunity.State.OPEN
                else step.get_state_display()
            },
            text=step.opportunity.title,
            further=step.said,
            by=step.member,
            address=reverse("opportunity", args=[step.opportunity.uid]),
        )
        for step in newest[:limit]
    ]


def _issues(desk: Desk, account: Account, limit: int) -> list[Event]:
    """How its problems began and ended; what happened between stands with the issue."""
    seen = visible_issues(desk.member).filter(account=account)
    steps = IssueStep.objects.filter(issue__in=seen, kind__in=TURNS_OF_ISSUES, taken_back_at=None)
    return _check_ins(desk, account, limit) + [
        Event(
            on=step.at.astimezone(zone(desk.organisation)).date(),
            kind="issues",
            what=_("issue: %(state)s") % {"state": step.get_kind_display()},
            text=step.issue.title,
            by=step.member,
            address=reverse("issue", args=[step.issue.uid]),
        )
        for step in steps.select_related("issue", "member").order_by("-at", "-pk")[:limit]
    ]


def _check_ins(desk: Desk, account: Account, limit: int) -> list[Event]:
    """What it answered when it was asked how it went."""
    answers = CheckInAnswer.objects.filter(of_account(account, "check_in__account"))
    newest = answers.select_related("check_in__contact").order_by("-answered_at", "-pk")
    return [
        Event(
            on=one.answered_at.astimezone(zone(desk.organisation)).date(),
            kind="issues",
            what=_("says how it went: all is well") if one.went_well else _("says how it went: not all is right"),
            text=one.words,
            people=[one.check_in.contact.name],
            address=reverse("account_check_in", args=[account.uid]),
        )
        for one in newest[:limit]
    ]


def _reviews(desk: Desk, account: Account, limit: int) -> list[Event]:
    """What happened to its reviews: planned, moved, held, finished."""
    moved = ReviewStep.objects.filter(of_account(account, "review__account"))
    steps = moved.filter(taken_back_at=None).exclude(state=Review.State.PROPOSED)
    return [
        Event(
            on=step.on,
            kind="reviews",
            what=_("review: %(state)s") % {"state": step.get_state_display()},
            text=step.said,
            by=step.member,
            address=reverse("review", args=[step.review.uid]),
        )
        for step in steps.select_related("review", "member").order_by("-on", "-pk")[:limit]
    ]


def _value(desk: Desk, account: Account, limit: int) -> list[Event]:
    """What it values, what we are worth to it, and what joint projects brought and it confirmed."""
    joint = of_account(account, "project__account")
    proofs = proofs_of(account, member=desk.member).filter(taken_back_at=None).select_related("member")
    worth = perceived_by(account, member=desk.member).select_related("member")
    measured = ProjectMeasurement.objects.filter(joint, taken_back_at=None).select_related("project", "member")
    confirmed = SignOff.objects.filter(joint, answered_at__isnull=False).select_related("project", "contact")
    return [
        *[_proof(one) for one in proofs[:limit]],
        *[_worth(one, account) for one in worth[:limit]],
        *[_measured(one) for one in measured.order_by("-on", "-pk")[:limit]],
        *[_confirmed(one, desk) for one in confirmed.order_by("-answered_at", "-pk")[:limit]],
    ]


def _proof(one: ValueProof) -> Event:
    what = _("values our: %(what)s") % {"what": one.get_what_display()}
    return Event(
        on=one.said_on,
        kind="value",
        what=what,
        text=one.words,
        by=one.member,
        address=reverse("value_proof", args=[one.uid]),
    )


def _worth(one: PerceivedValue, account: Account) -> Event:
    what = _("we are worth %(score)s of 10 to it") % {"score": number(one.score)}
    address = reverse("account_value", args=[account.uid])
    return Event(on=one.on, kind="value", what=what, text=one.said, by=one.member, address=address)


def _measured(one: ProjectMeasurement) -> Event:
    what = _("measured: %(value)s") % {"value": amount_told(one.project, one.value)}
    return Event(
        on=one.on,
        kind="value",
        what=what,
        text=one.project.title,
        further=one.said,
        by=one.member,
        address=reverse("project", args=[one.project.uid]),
    )


def _confirmed(one: SignOff, desk: Desk) -> Event:
    assert one.answered_at is not None, "only what was answered is asked for"
    what = _("asked about a project: %(answer)s") % {"answer": one.get_answer_display()}
    return Event(
        on=one.answered_at.astimezone(zone(desk.organisation)).date(),
        kind="value",
        what=what,
        text=one.project.title,
        further=one.words,
        people=[one.contact.name],
        address=reverse("project", args=[one.project.uid]),
    )


def _referrals(desk: Desk, account: Account, limit: int) -> list[Event]:
    """When it was asked whom else we could help, and whom it brought."""
    address = reverse("account_referrals", args=[account.uid])
    asks = visible_asks(desk.member).filter(of_account(account)).select_related("member", "contact")
    brought = visible_referrals(desk.member).filter(of_account(account)).select_related("lead")
    return [
        *(
            Event(
                on=one.on,
                kind="referrals",
                what=_("asked for a recommendation: %(state)s") % {"state": one.get_state_display()},
                people=[one.contact.name] if one.contact else [],
                by=one.member,
                address=address,
            )
            for one in asks[:limit]
        ),
        *(
            Event(on=one.on, kind="referrals", what=_("recommended us"), text=one.lead.name, address=address, rank=1)
            for one in brought[:limit]
        ),
    ]


def _key_account(desk: Desk, account: Account, limit: int) -> list[Event]:
    """Since when it is a key account, whose, until when, and what became of its plan."""
    appointed = list(KeyAccount.objects.filter(of_account(account)).select_related("manager").order_by("-since", "-pk"))
    bonuses = _bonuses(account, limit)
    if not appointed:
        return bonuses
    address = reverse("key_account", args=[appointed[0].uid])
    found = [
        Event(on=one.since, kind="key_account", what=_("key account"), text=one.manager.name, address=address)
        for one in appointed[:limit]
    ]
    found += [
        Event(
            on=one.until,
            kind="key_account",
            what=_("key account: ended"),
            text=one.ended_because,
            address=address,
            rank=-1,
        )
        for one in appointed[:limit]
        if one.until is not None
    ]
    lines = KeyPlanEntry.objects.filter(of_account(account), settled_on__isnull=False).select_related("owner")
    return [*found, *bonuses] + [
        Event(
            on=line.settled_on,
            kind="key_account",
            what=_("in its plan: %(state)s") % {"state": line.get_state_display()},
            text=line.text,
            further=line.result,
            by=line.owner,
            address=address,
        )
        for line in lines.order_by("-settled_on", "-pk")[:limit]
        if line.settled_on is not None
    ]


def _bonuses(account: Account, limit: int) -> list[Event]:
    """What it was given as a key account or VIP."""
    given = GivenBonus.objects.filter(of_account(account), taken_back_at=None).select_related("bonus", "member")
    return [
        Event(
            on=one.on,
            kind="key_account",
            what=_("bonus given"),
            text=one.bonus.name,
            further=one.said,
            by=one.member,
            address=reverse("account_bonuses", args=[account.uid]),
        )
        for one in given.order_by("-on", "-pk")[:limit]
    ]


def _orders(desk: Desk, account: Account, limit: int) -> list[Event]:
    return _told_days(desk, account, order_days_of_account(account, limit=limit))


def _told_days(desk: Desk, account: Account, days: Sequence[OrderDay]) -> list[Event]:
    orders = reverse("account_orders", args=[account.uid])
    return [_order_day(one, desk.currency, orders) for one in days]


def _order_day(one: OrderDay, currency: str, address: str) -> Event:
    net = money(from_minor(one.net_base_minor, currency), currency, exact=True)
    if one.net_base_minor < 0:
        what = _("Return")
    else:
        what = ngettext("%(count)s order", "%(count)s orders", one.orders) % {"count": number(one.orders)}
    said = {"lines": number(one.lines), "amount": net}
    text = ngettext("%(lines)s line, %(amount)s", "%(lines)s lines, %(amount)s", one.lines) % said
    if one.returned_base_minor < 0 <= one.net_base_minor:
        back = money(-from_minor(one.returned_base_minor, currency), currency, exact=True)
        text = _("%(order)s; %(amount)s came back") % {"order": text, "amount": back}
    return Event(on=one.business_date, kind="orders", what=what, text=text, address=address)


def _actions(desk: Desk, account: Account, limit: int) -> list[Event]:
    """What was proposed, and what became of it. What was done stands there as its talk already."""
    actions = visible_actions(desk.member).filter(of_account(account)).select_related("closed_by")
    proposed = [_proposed(one) for one in actions.order_by("-proposed_on", "-pk")[:limit]]
    ended = actions.filter(state__in=(Action.State.NOT_USEFUL, Action.State.CLOSED), closed_on__isnull=False)
    return [*proposed, *[_ended(one) for one in ended.order_by("-closed_on", "-pk")[:limit]]]


def _proposed(action: Action) -> Event:
    reason = told(action)
    what = _("Proposed: %(cause)s") % {"cause": reason.cause}
    return Event(on=action.proposed_on, kind="actions", what=what, text=" ".join(reason.sentences[:1]), rank=-2)


def _ended(action: Action) -> Event:
    assert action.closed_on is not None, "only ended actions are asked for"
    cause = {"cause": told(action).cause}
    if action.state == Action.State.NOT_USEFUL:
        what, text = _("%(cause)s, not useful") % cause, said(action.reason)
    else:
        closed = action.figures.get("closed")
        what, text = _("%(cause)s, closed by itself") % cause, closing_sentence(closed) if closed else ""
    return Event(on=action.closed_on, kind="actions", what=what, text=text, by=action.closed_by, rank=-1)


def _changes(desk: Desk, account: Account, limit: int) -> list[Event]:
    entries = AuditEntry.objects.filter(account_id__in=account_family(account), verb__in=STORY)
    newest = entries.select_related("member").order_by("-at", "-id")[:limit]
    events = [_changed(desk, change) for change in told_changes(newest, member=desk.member)]
    brought = account.made_by_import
    if brought is not None:
        files = ", ".join(str(file["name"]) for file in brought.files if "name" in file)
        on = brought.created_at.astimezone(zone(desk.organisation)).date()
        events.append(Event(on=on, kind="changes", what=_("Came with an import"), text=files, rank=-3))
    return events


def _changed(desk: Desk, change: Change) -> Event:
    on = change.at.astimezone(zone(desk.organisation)).date()
    return Event(on=on, kind="changes", what=change.what, text=_said(change), by=change.by, rank=-3)


def _said(change: Change) -> str:
    if change.verb == "create_account":
        return ""
    if change.verb == "assign_owner":
        return ", ".join(one.after or _("nobody") for one in change.differences)
    return ", ".join(one.after or one.before for one in change.differences)


Source = Callable[[Desk, Account, int], list[Event]]


def _plays(desk: Desk, account: Account, limit: int) -> list[Event]:
    """When playbooks were started on it and how they ended; their steps are talks."""
    mine = visible_plays(desk.member).filter(of_account(account))
    told = []
    for play in mine.select_related("playbook", "started_by", "ended_by").order_by("-started_on", "-pk")[:limit]:
        name, address = playbook_name(play.playbook), reverse("play", args=[play.uid])
        told.append(
            Event(
                on=play.started_on,
                kind="plays",
                what=_("playbook: started"),
                text=name,
                by=play.started_by,
                address=address,
            )
        )
        if play.ended_on is not None:
            text = f"{name}: {end_sentence(play)}"
            what = _("playbook: %(state)s") % {"state": play.get_state_display()}
            told.append(
                Event(on=play.ended_on, kind="plays", what=what, text=text, by=play.ended_by, address=address, rank=1)
            )
    return told


def _live_orders(desk: Desk, account: Account, limit: int) -> list[Event]:
    """When live orders were placed and closed, and what was noted about them; calls and mails are talks."""
    mine = visible_live_orders(desk.member).filter(account=account)
    placed = [_placed(one) for one in mine[:limit]]
    closed = mine.exclude(closed_on=None).select_related("closed_by").order_by("-closed_on", "-pk")[:limit]
    notes = LiveOrderFollowUp.objects.filter(
        order__account=account, kind=LiveOrderFollowUp.Kind.NOTE, taken_back_at=None
    )
    noted = [
        Event(
            on=one.on,
            kind="live_orders",
            what=_("live order: noted"),
            text=one.order.number,
            further=one.said,
            by=one.member,
            address=reverse("live_order", args=[one.order.uid]),
        )
        for one in notes.select_related("order", "member").order_by("-on", "-pk")[:limit]
    ]
    return [*placed, *noted, *map(_live_order_closed, closed)]


def _placed(order: LiveOrder) -> Event:
    told = {
        LiveOrder.Stage.QUOTE: _("live order: quoted"),
        LiveOrder.Stage.BASKET: _("live order: in the basket"),
    }.get(LiveOrder.Stage(order.stage), _("live order: placed"))
    amount = money(from_minor(order.amount_minor, order.currency), order.currency)
    address = reverse("live_order", args=[order.uid])
    return Event(on=order.placed_on, kind="live_orders", what=told, text=f"{order.number} · {amount}", address=address)


def _live_order_closed(order: LiveOrder) -> Event:
    assert order.closed_on is not None, "only closed ones are asked for"
    return Event(
        on=order.closed_on,
        kind="live_orders",
        what=_("live order: %(state)s") % {"state": order.get_closed_display()},
        text=order.number,
        further=order.closed_said,
        by=order.closed_by,
        address=reverse("live_order", args=[order.uid]),
        rank=1,
    )


KINDS: tuple[tuple[str, str | Promise, Source], ...] = (
    ("talks", gettext_lazy("Talks"), _talks),
    ("promises", gettext_lazy("Promises"), _promises),
    ("opportunities", gettext_lazy("Opportunities"), _opportunities),
    ("issues", gettext_lazy("Issues"), _issues),
    ("reviews", gettext_lazy("Reviews"), _reviews),
    ("signals", gettext_lazy("Signals"), _signals),
    ("value", gettext_lazy("Value"), _value),
    ("referrals", gettext_lazy("Recommendations"), _referrals),
    ("key_account", gettext_lazy("Key account"), _key_account),
    ("orders", gettext_lazy("Orders"), _orders),
    ("live_orders", gettext_lazy("Live orders"), _live_orders),
    ("actions", gettext_lazy("Actions"), _actions),
    ("plays", gettext_lazy("Playbooks"), _plays),
    ("changes", gettext_lazy("Changes"), _changes),
)


def timeline_context(
    desk: Desk,
    account: Account,
    *,
    kind: str = "",
    page: int = 1,
    size: int = EVENTS_A_PAGE,
    order_days: Sequence[OrderDay] | None = None,
) -> dict[str, Any]:
    """The context of `account/events.html`: one page of the timeline, and the kinds to choose from."""
    kind = kind if kind in {name for name, _label, _source in KINDS} else ""
    events = events_of(desk, account, kind=kind, limit=page * size + 1, order_days=order_days)
    return {
        "events": events[(page - 1) * size : page * size],
        "has_older": len(events) > page * size,
        "page": page,
        "kind": kind,
        "kinds_of_events": [("", gettext_lazy("All")), *((name, label) for name, label, _source in KINDS)],
    }


@require_safe
def timeline(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The whole timeline, page by page."""
    desk, account = opened(request, uid)
    shown = timeline_context(desk, account, kind=request.GET.get("kind", ""), page=page_number(request))
    return render(request, "web/account/timeline.html", {**heading(desk, account, tab="account_timeline"), **shown})
