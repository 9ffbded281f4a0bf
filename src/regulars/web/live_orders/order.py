"""One live order, for who is about to call: what was ordered, promised, paid, what was said, and what comes next?"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.core.money import to_minor
from regulars.facts import live_orders as facts
from regulars.facts.accounts import find_account
from regulars.facts.live_order_feed import WrongLiveOrder
from regulars.facts.models import LiveOrder
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.live_orders.listing import SHOWN, frame_of, shown_order

Said = Mapping[str, Any]
FOLLOW_UPS_SHOWN = 50


class FollowUpForm(forms.Form):
    """What came of it, and when to look again."""

    said = forms.CharField(
        label=gettext_lazy("What was said"),
        required=False,
        max_length=facts.LONGEST_TEXT,
        widget=forms.Textarea({"rows": 2}),
    )
    next_on = forms.DateField(
        label=gettext_lazy("Look again on"),
        required=False,
        help_text=gettext_lazy("In a week, if you leave it empty"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )


class PaidForm(forms.Form):
    """How much."""

    paid = forms.DecimalField(
        label=gettext_lazy("Paid in all so far"),
        required=False,
        min_value=Decimal(0),
        max_digits=18,
        decimal_places=4,
        help_text=gettext_lazy("Everything, if you leave it empty"),
    )


class WhyForm(forms.Form):
    """Why it is closed."""

    reason = forms.CharField(label=gettext_lazy("Why"), max_length=facts.LONGEST_WORDS)


class CustomerForm(forms.Form):
    """Whose order it is."""

    wanted = forms.CharField(label=gettext_lazy("Customer number or name"), max_length=300)


FORMS: dict[str, type[forms.Form]] = {
    "call": FollowUpForm,
    "note": FollowUpForm,
    "paid": PaidForm,
    "cancel": WhyForm,
    "close": WhyForm,
    "give": CustomerForm,
}


@require_safe
def live_order(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Read it, and go on with it."""
    desk = desk_of(request)
    return _shown(request, desk, found_order(desk, uid))


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Go on with it; a refusal keeps what was typed."""
    desk = desk_of(request)
    found = found_order(desk, uid)
    if verb not in VERBS:
        raise Http404
    require(desk.member, Permission.WRITE)
    form = FORMS[verb](request.POST, auto_id=f"{verb}_%s") if verb in FORMS else None
    if form is not None and not form.is_valid():
        return _shown(request, desk, found, {verb: form})
    try:
        toast = VERBS[verb](found, desk, form.cleaned_data if form else {})
    except Refusal as refusal:
        if form is None:
            raise
        form.add_error(None, str(refusal))
        return _shown(request, desk, found, {verb: form})
    show_next(request, toast)
    back = request.POST.get("back", "")
    if back in SHOWN:
        return redirect(f"{reverse('live_orders')}?show={back}")
    return redirect("live_order", uid=uid)


def found_order(desk: Desk, uid: uuid.UUID) -> LiveOrder:
    """The order, if the member may see it; foreign and absent answer alike."""
    require(desk.member, Permission.READ)
    seen = facts.visible_live_orders(desk.member).filter(uid=uid)
    found = seen.select_related("account__owner", "contact", "closed_by").first()
    if found is None:
        raise Http404
    return found


def _shown(
    request: HttpRequest, desk: Desk, found: LiveOrder, refused: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    refused = refused or {}
    follow_ups = list(found.follow_ups.select_related("member").order_by("-pk")[:FOLLOW_UPS_SHOWN])
    can_be_paid = not found.closed and found.payment != LiveOrder.Payment.PAID
    context = {
        **frame_of(desk, tab=""),
        "shown": shown_order(found, desk.day),
        "order": found,
        "follow_ups": follow_ups,
        "can_take_back": any(one.taken_back_at is None for one in follow_ups),
        "can_be_paid": can_be_paid and found.stage not in LiveOrder.PROPOSED and found.amount_minor > 0,
        "forms": {verb: refused.get(verb) or made(auto_id=f"{verb}_%s") for verb, made in FORMS.items()},
    }
    return render(request, "web/live_orders/order.html", context, status=422 if refused else 200)


def _undone_by(found: LiveOrder, verb: str) -> str:
    return reverse("live_order_act", args=[found.uid, verb])


def _follow_up(kind: str) -> Callable[[LiveOrder, Desk, Said], Toast]:
    def noted(found: LiveOrder, desk: Desk, said: Said) -> Toast:
        facts.follow_up(
            order=found, kind=kind, on=desk.day, member=desk.member, said=said["said"], next_on=said["next_on"]
        )
        return Toast(text=_("Noted."), undo=_undone_by(found, "back"))

    return noted


def _back(found: LiveOrder, desk: Desk, said: Said) -> Toast:
    last = found.follow_ups.filter(taken_back_at=None).order_by("-pk").first()
    if last is None:
        raise WrongLiveOrder(_("There is nothing to take back."), _("Look at what is noted."))
    facts.take_back_follow_up(follow_up=last, member=desk.member)
    return Toast(text=_("Taken back."))


def _paid(found: LiveOrder, desk: Desk, said: Said) -> Toast:
    paid = None if said["paid"] is None else to_minor(said["paid"], found.currency)
    done = facts.mark_paid(order=found, on=desk.day, member=desk.member, paid_minor=paid)
    all_of_it = done.payment == LiveOrder.Payment.PAID
    return Toast(text=_("Paid.") if all_of_it else _("Partly paid."), undo=_undone_by(found, "reopen"))


def _cancel(found: LiveOrder, desk: Desk, said: Said) -> Toast:
    facts.cancel_live_order(order=found, on=desk.day, member=desk.member, said=said["reason"])
    return Toast(text=_("Nothing comes of it: closed."), undo=_undone_by(found, "reopen"))


def _close(found: LiveOrder, desk: Desk, said: Said) -> Toast:
    facts.close_live_order(order=found, on=desk.day, member=desk.member, reason=said["reason"])
    return Toast(text=_("Closed."), undo=_undone_by(found, "reopen"))


def _reopen(found: LiveOrder, desk: Desk, said: Said) -> Toast:
    facts.reopen_live_order(order=found, on=desk.day, member=desk.member)
    return Toast(text=_("It is as its source says again."))


def _give(found: LiveOrder, desk: Desk, said: Said) -> Toast:
    account = find_account(said["wanted"], member=desk.member)
    facts.give_live_order(order=found, account=account, on=desk.day, member=desk.member)
    return Toast(text=_("This is an order of %(account)s now.") % {"account": account})


VERBS: dict[str, Callable[[LiveOrder, Desk, Said], Toast]] = {
    "call": _follow_up("call"),
    "note": _follow_up("note"),
    "back": _back,
    "paid": _paid,
    "cancel": _cancel,
    "close": _close,
    "reopen": _reopen,
    "give": _give,
}
