"""The first page of an account, for who is about to call: what to do, what its figures mean, what happened."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.core.errors import Refusal
from regulars.facts.accounts import visible_accounts
from regulars.facts.custom_fields import visible_custom_fields
from regulars.facts.interactions import USUAL_OUTCOMES, record_interaction
from regulars.facts.models import Account, Interaction
from regulars.facts.orders import order_days_of_account
from regulars.insight.account_months import months_against_expected
from regulars.insight.models import Score
from regulars.insight.sentences import Effect, Sentence, sentences
from regulars.plan.actions import USUAL_OBJECTIONS, visible_actions
from regulars.plan.handovers import latest_handover
from regulars.web import today
from regulars.web.account.promises import promises_context
from regulars.web.account.record import heading, opened
from regulars.web.account.signals import signals_context
from regulars.web.account.talks import TalkForm
from regulars.web.account.timeline import timeline_context
from regulars.web.account_chart import account_chart
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.trail import own_value

EVENTS_SHOWN = 12
CONTACTS_SHOWN = 4
CHILDREN_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Family:
    """The accounts that belong to this one, as far as the member sees them."""

    children: list[Account]
    """The largest."""
    count: int
    sales_12m: float
    """Of all of them and of the account itself."""


@require_safe
def account(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The page of one account. One that was merged leads to the account it is part of now."""
    desk, found = opened(request, uid)
    if found.uid != uid:
        return redirect("account", uid=found.uid)
    return render(request, "web/account/page.html", page_context(desk, found))


@require_safe
def months(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What is read from the order history: the months against what was expected, and the timeline with its orders.

    The first page asks for it as soon as it is there, and for nothing around it; without a script it is a page of
    its own.
    """
    desk, account = opened(request, uid)
    as_part = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
    context: dict[str, Any] = {"desk": desk, "account": account, "frame": "web/account/part.html"}
    if not as_part:
        context = heading(desk, account, tab="account") | {"frame": "web/account/base.html"}
    days = order_days_of_account(account)
    expected = months_against_expected(days, as_of=desk.figures_of or desk.day)
    context |= timeline_context(desk, account, size=EVENTS_SHOWN, order_days=days)
    context["chart"] = account_chart(expected, currency=desk.currency)
    response = render(request, "web/account/months.html", context)
    patch_vary_headers(response, ("HX-Request",))
    return response


@require_POST
def log(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Record a call or another contact; a refusal keeps what was typed."""
    desk, found = opened(request, uid)
    form = TalkForm(request.POST, day=desk.day, people=found.contacts.order_by("pk"))
    if form.is_valid() and _recorded(form, desk, found):
        show_next(request, Toast(text=_("Noted with %(account)s.") % {"account": found}))
        return redirect("account", uid=found.uid)
    return render(request, "web/account/page.html", page_context(desk, found, form=form), status=422)


def _recorded(form: TalkForm, desk: Desk, found: Account) -> bool:
    said = {name: form.cleaned_data[name] for name in ("kind", "on", "outcome", "text")}
    try:
        record_interaction(account=found, member=desk.member, contacts=form.chosen, **said)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Do something with an action of the account, as on Today, and come back here; a refusal keeps what was typed."""
    desk = desk_of(request)
    actions = visible_actions(desk.member).select_related("account__merged_into")
    action = actions.filter(uid=uid).first()
    if action is None or verb not in today.VERBS:
        raise Http404
    found = action.account.merged_into or action.account
    try:
        text = today.VERBS[verb](action, desk, request.POST)
    except Refusal as refusal:
        refused = today.Refused(uid=uid, verb=verb, refusal=refusal, typed=request.POST.dict())
        return render(request, "web/account/page.html", page_context(desk, found, refused=refused), status=422)
    undo = "" if verb == "reopen" else reverse("account_act", args=[uid, "reopen"])
    show_next(request, Toast(text=text, undo=undo))
    return redirect("account", uid=found.uid)


def page_context(
    desk: Desk, found: Account, *, form: TalkForm | None = None, refused: today.Refused | None = None
) -> dict[str, Any]:
    """All that the page shows; `form` and `refused` are attempts that failed, with what was typed."""
    context = heading(desk, found, tab="account")
    account: Account = context["account"]
    people = list(account.contacts.filter(active=True).order_by("pk")[: CONTACTS_SHOWN + 1])
    return {
        **context,
        "sentences": _sentences(context["score"], desk),
        "contacts": people[:CONTACTS_SHOWN],
        "has_more_contacts": len(people) > CONTACTS_SHOWN,
        "family": _family(desk, account, context["score"]),
        "own_fields": _own_fields(desk, account),
        "form": form or TalkForm(day=desk.day, people=people, initial={"kind": Interaction.Kind.CALL, "on": desk.day}),
        "refused": refused,
        **promises_context(desk, account),
        "handover": latest_handover(account, member=desk.member),
        **signals_context(desk, account),
        "outcomes": USUAL_OUTCOMES,
        "kinds": today.KINDS,
        "delays": today.DELAYS,
        "objections": USUAL_OBJECTIONS,
        # The history is asked after the page is there: reading it takes longer than all the rest.
        **timeline_context(desk, account, size=EVENTS_SHOWN, order_days=()),
    }


def _sentences(score: Score | None, desk: Desk) -> list[Sentence]:
    """What the figures say; what raises or lowers them, or is unknown, before what only describes."""
    told_all = [] if score is None else sentences(score, currency=desk.currency)
    seen = [sentence for sentence in told_all if desk.sees_cost or sentence.key != "margin"]
    return sorted(seen, key=lambda sentence: sentence.effect == Effect.NEUTRAL)


def _family(desk: Desk, account: Account, score: Score | None) -> Family | None:
    children: QuerySet[Account] = visible_accounts(desk.member).filter(parent=account)
    shown = list(children.select_related("score").order_by("-score__sales_12m", "pk")[: CHILDREN_SHOWN + 1])
    if not shown:
        return None
    known = [child.score.sales_12m for child in shown if hasattr(child, "score")]
    count, sales = len(shown), sum(known)
    if count > CHILDREN_SHOWN:
        count, sales = children.count(), children.aggregate(sales=Sum("score__sales_12m"))["sales"] or 0.0
    own = score.sales_12m if score is not None else 0.0
    return Family(children=shown[:CHILDREN_SHOWN], count=count, sales_12m=sales + own)


def _own_fields(desk: Desk, account: Account) -> list[tuple[str, str]]:
    """The fields that the firm added, with what they say here; none that the member may not see."""
    fields, custom = visible_custom_fields(desk.member), account.custom
    return [(field.label, own_value(field, custom[field.key])) for field in fields if field.key in custom]
