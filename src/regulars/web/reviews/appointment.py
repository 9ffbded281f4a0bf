"""One appointment: for who holds the review, to accept, move or cancel it; and the first one of an account."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.base.formats import moment
from regulars.base.models import Member
from regulars.base.organisation import zone
from regulars.core.errors import Refusal
from regulars.facts.accounts import visible_accounts
from regulars.facts.models import Account, Contact
from regulars.plan.handovers import possible_receivers
from regulars.plan.models import Review
from regulars.plan.review_invitations import take_back_invitation
from regulars.plan.review_rules import MINUTES
from regulars.plan.reviews import (
    LONGEST_MINUTES,
    LONGEST_PLACE,
    LONGEST_REASON,
    SHORTEST_MINUTES,
    accept_review,
    cancel_review,
    coming_review,
    day_of,
    interval_of,
    move_review,
    schedule_review,
    take_back_review_step,
    visible_reviews,
)
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

USUAL_TIME = time(10)


class WhenForm(forms.Form):
    """When, how, with whom, by whom."""

    on = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    at = forms.TimeField(label=gettext_lazy("Time"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    duration_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"), min_value=SHORTEST_MINUTES, max_value=LONGEST_MINUTES
    )
    how = forms.ChoiceField(label=gettext_lazy("How"), choices=Review.How.choices)
    contact = forms.ModelChoiceField(
        label=gettext_lazy("Who is met there"), queryset=Contact.objects.none(), required=False, to_field_name="uid"
    )
    owner = forms.ModelChoiceField(
        label=gettext_lazy("Held by"), queryset=Member.objects.none(), to_field_name="uid", empty_label=None
    )
    place = forms.CharField(label=gettext_lazy("Place, number or link"), max_length=LONGEST_PLACE, required=False)

    def __init__(self, *args: Any, account: Account, **options: Any) -> None:
        super().__init__(*args, **options)
        contact: Any = self.fields["contact"]
        contact.queryset = account.contacts.filter(active=True).order_by("name", "pk")
        contact.empty_label = _("Not said yet")
        owner: Any = self.fields["owner"]
        owner.queryset = possible_receivers()

    def said(self, desk: Desk) -> dict[str, Any]:
        """What was typed, as the verbs take it."""
        said = dict(self.cleaned_data)
        said["at"] = datetime.combine(said.pop("on"), said["at"], tzinfo=zone(desk.organisation))
        return said


class WhyForm(forms.Form):
    """Why it is cancelled."""

    reason = forms.CharField(label=gettext_lazy("Why it does not take place"), max_length=LONGEST_REASON)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Give an account a review; one that is coming is shown instead."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.WRITE)
    coming = coming_review(account, member=desk.member)
    if coming is not None and request.method != "POST":
        return redirect("review_appointment", uid=coming.uid)
    form = WhenForm(request.POST or None, account=account, initial=_usual(desk, account))
    if request.method == "POST" and form.is_valid():
        try:
            made = schedule_review(account=account, on=desk.day, member=desk.member, **form.said(desk))
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            text = _("Scheduled: %(time)s. Invite the customer now.") % {"time": _moment(made, desk)}
            show_next(request, Toast(text=text))
            return redirect("review_appointment", uid=made.uid)
    context = {
        **heading(desk, account, tab="account_reviews"),
        "form": form,
        "every_days": interval_of(account),
    }
    return render(request, "web/reviews/new.html", context, status=422 if form.errors else 200)


@require_safe
def appointment(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """When it is, and what can be done about that."""
    desk = desk_of(request)
    return _shown(request, desk, found_review(desk, uid))


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Accept, move, cancel, take back; a refusal keeps what was typed."""
    desk = desk_of(request)
    found = found_review(desk, uid)
    if verb not in VERBS:
        raise Http404
    require(desk.member, Permission.WRITE)
    form = _form_of(verb, request, found)
    if form is not None and not form.is_valid():
        return _shown(request, desk, found, {verb: form})
    try:
        text = VERBS[verb](found, desk, form)
    except Refusal as refusal:
        if form is None:
            raise
        form.add_error(None, str(refusal))
        return _shown(request, desk, found, {verb: form})
    undo = "" if verb in UNDOING else reverse("review_act", args=[uid, "back"])
    show_next(request, Toast(text=text, undo=undo))
    return redirect(_next(request) or reverse("review_appointment", args=[uid]))


def found_review(desk: Desk, uid: uuid.UUID) -> Review:
    """The review, if the member may see it."""
    seen = visible_reviews(desk.member).filter(uid=uid)
    found = seen.select_related("account__merged_into", "owner", "contact").first()
    if found is None:
        raise Http404
    return found


def _next(request: HttpRequest) -> str:
    """Back to the list from which it was done."""
    return {"calendar": reverse("reviews"), "start": reverse("reviews_start")}.get(request.POST.get("next", ""), "")


def _usual(desk: Desk, account: Account) -> dict[str, Any]:
    contacts = list(account.contacts.filter(active=True).order_by("name", "pk")[:2])
    return {
        "on": desk.day,
        "at": USUAL_TIME,
        "duration_minutes": int(MINUTES.of(desk.organisation)),
        "contact": contacts[0].uid if len(contacts) == 1 else None,
        "owner": (account.owner or desk.member).uid,
        "place": _place(account),
    }


def _place(account: Account) -> str:
    return ", ".join(part for part in (account.street, account.city) if part)[:LONGEST_PLACE]


def _said(found: Review, desk: Desk) -> dict[str, Any]:
    """What the form begins with."""
    at = found.scheduled_at.astimezone(zone(desk.organisation)) if found.scheduled_at else None
    account = found.account.merged_into or found.account
    return {
        **_usual(desk, account),
        "on": at.date() if at else max(found.due_on, desk.day),
        "at": at.time() if at else USUAL_TIME,
        "duration_minutes": found.duration_minutes,
        "how": found.how,
        **({"contact": found.contact.uid} if found.contact else {}),
        "owner": found.owner.uid,
        "place": found.place or _place(account),
    }


def _form_of(verb: str, request: HttpRequest, found: Review) -> forms.Form | None:
    if verb == "cancel":
        return WhyForm(request.POST, auto_id="cancel_%s")
    return WhenForm(request.POST, account=found.account.merged_into or found.account) if verb == "move" else None


def _shown(
    request: HttpRequest, desk: Desk, found: Review, refused: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    refused = refused or {}
    account = found.account.merged_into or found.account
    to_be_held = found.state in Review.COMING
    on: date = day_of(found)
    can = {
        "may_accept": found.state == Review.State.PROPOSED and found.scheduled_at is not None and on >= desk.day,
        "may_invite": found.state in Review.TO_BE_HELD and found.scheduled_at is not None and on >= desk.day,
        "to_call_off": found.state == Review.State.CANCELLED and found.invited_on is not None,
        "may_take_back": found.state == Review.State.CANCELLED,
        "preparation": _preparation(found),
    }
    context = {
        "desk": desk,
        "account": account,
        "sees_account": visible_accounts(desk.member).filter(pk=account.pk).exists(),
        "review": found,
        "zone": zone(desk.organisation),
        "late": to_be_held and on < desk.day,
        "to_be_held": to_be_held,
        **can,
        "comes_next": desk.may_write and any(can.values()),
        "steps": found.steps.filter(taken_back_at=None).select_related("member", "owner").order_by("pk"),
        "form": refused.get("move") or WhenForm(account=account, initial=_said(found, desk)),
        "why": refused.get("cancel") or WhyForm(auto_id="cancel_%s"),
    }
    return render(request, "web/reviews/appointment.html", context, status=422 if refused else 200)


def _preparation(found: Review) -> str:
    try:
        return reverse("review", args=[found.uid])
    except NoReverseMatch:
        return ""


def _moment(found: Review, desk: Desk) -> str:
    assert found.scheduled_at is not None
    return moment(found.scheduled_at, zone(desk.organisation))


def _accept(found: Review, desk: Desk, form: forms.Form | None) -> str:
    accepted = accept_review(review=found, on=desk.day, member=desk.member)
    return _("Scheduled: %(time)s.") % {"time": _moment(accepted, desk)}


def _move(found: Review, desk: Desk, form: forms.Form | None) -> str:
    assert isinstance(form, WhenForm)
    moved = move_review(review=found, on=desk.day, member=desk.member, **form.said(desk))
    return _("It takes place: %(time)s.") % {"time": _moment(moved, desk)}


def _cancel(found: Review, desk: Desk, form: forms.Form | None) -> str:
    assert form is not None
    cancel_review(review=found, on=desk.day, member=desk.member, reason=form.cleaned_data["reason"])
    return _("Cancelled.")


def _back(found: Review, desk: Desk, form: forms.Form | None) -> str:
    take_back_review_step(review=found, on=desk.day, member=desk.member)
    return _("Taken back.")


def _uninvite(found: Review, desk: Desk, form: forms.Form | None) -> str:
    take_back_invitation(review=found, on=desk.day, member=desk.member)
    return _("The invitation is not sent.")


VERBS: dict[str, Callable[[Review, Desk, forms.Form | None], str]] = {
    "accept": _accept,
    "move": _move,
    "cancel": _cancel,
    "back": _back,
    "uninvite": _uninvite,
}
UNDOING = {"back", "uninvite"}
