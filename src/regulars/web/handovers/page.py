"""One hand-over: for who gives it, to write down what was said; for who receives it, to accept or return it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, require
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account, visible_accounts
from regulars.facts.models import Account
from regulars.facts.signals import SignalSource
from regulars.plan.handovers import (
    LONGEST_REASON,
    HandoverFields,
    accept_handover,
    discard_handover,
    finish_check,
    latest_handover,
    may_answer,
    note_introduction,
    open_handover,
    possible_receivers,
    recall_handover,
    restore_handover,
    return_handover,
    send_handover,
    undo_check,
    visible_handovers,
    write_handover,
)
from regulars.plan.models import Handover, HandoverCheck, Promise
from regulars.plan.promises import make_promise
from regulars.web.account.promises import PromiseForm
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

LONGEST_TEXT = 4000
_TEXTS = ("work", "cares_about", "their_people", "our_people", "files")
_TAKEN_OVER = (Handover.State.ACCEPTED, Handover.State.CLOSED)


def _long(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea({"rows": 3}),
    )


class HandoverForm(forms.Form):
    """What who takes over needs to know."""

    receiver = forms.ModelChoiceField(
        label=gettext_lazy("Who looks after the customer from now on"),
        queryset=Member.objects.none(),
        required=False,
        to_field_name="uid",
    )
    work = _long(gettext_lazy("Work and orders to expect"), gettext_lazy("What comes next, how often, how much"))
    their_people = _long(gettext_lazy("People there, and what they decide"))
    our_people = _long(gettext_lazy("People of ours who are involved"))
    papers = _long(gettext_lazy("Papers and where they are"), gettext_lazy("Offer, contract, drawings"))
    cares_about = _long(gettext_lazy("What the customer cares about"))
    introduced_on = forms.DateField(
        label=gettext_lazy("Introduced to the customer on"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, giver: Member, **options: Any) -> None:
        super().__init__(*args, **options)
        receiver: Any = self.fields["receiver"]
        receiver.queryset = possible_receivers().exclude(pk=giver.pk)
        receiver.empty_label = _("Choose …")

    def said(self) -> HandoverFields:
        """What was typed, as the verbs take it; a form itself has `files`, which are others."""
        said: Any = dict(self.cleaned_data)
        said["files"] = said.pop("papers")
        return said  # type: ignore[no-any-return]


class ReasonForm(forms.Form):
    """Why it is returned or discarded."""

    reason = forms.CharField(label=gettext_lazy("What is missing, or why"), max_length=LONGEST_REASON)


class LookForm(forms.Form):
    """How it goes."""

    said = forms.CharField(label=gettext_lazy("How it goes"), max_length=LONGEST_REASON)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Open the hand-over of an account; one that is under way is gone on with."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.WRITE)
    latest = latest_handover(account, member=desk.member)
    if latest is not None and latest.state in Handover.UNDER_WAY:
        return redirect("handover", uid=latest.uid)
    form = HandoverForm(request.POST if request.method == "POST" else None, giver=desk.member)
    if request.method == "POST" and form.is_valid():
        origin = Handover.Origin.WON if latest is None else Handover.Origin.OTHER
        try:
            made = open_handover(account=account, origin=origin, on=desk.day, member=desk.member, **form.said())
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            show_next(request, Toast(text=_("Drafted. Send it when it is complete.")))
            return redirect("handover", uid=made.uid)
    context = {**heading(desk, account, tab="account"), "form": form}
    return render(request, "web/handovers/new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def handover(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Read it; change it while it is with the giver."""
    desk = desk_of(request)
    found = _handover(desk, uid)
    if request.method != "POST":
        return _shown(request, desk, found)
    require(desk.member, Permission.WRITE)
    form = HandoverForm(request.POST, giver=found.giver)
    if not form.is_valid():
        return _shown(request, desk, found, {"write": form})
    try:
        text = _written(found, desk, form.said(), send="send" in request.POST)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _shown(request, desk, found, {"write": form})
    undo = reverse("handover_act", args=[uid, "recall"]) if "send" in request.POST else ""
    show_next(request, Toast(text=text, undo=undo))
    return redirect("handover", uid=uid)


@transaction.atomic
def _written(found: Handover, desk: Desk, said: HandoverFields, *, send: bool) -> str:
    changed = write_handover(handover=found, member=desk.member, **said)
    if not send:
        return _("Kept.")
    sent = send_handover(handover=changed, on=desk.day, member=desk.member)
    return _("Sent to %(member)s.") % {"member": sent.receiver}


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Go on with it; a refusal keeps what was typed."""
    desk = desk_of(request)
    found = _handover(desk, uid)
    if verb not in VERBS:
        raise Http404
    require(desk.member, Permission.WRITE)
    form = _form_of(verb, request, desk)
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
    return redirect("handover", uid=uid)


@require_POST
def look(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Say how it goes with a new customer, or take that back."""
    desk = desk_of(request)
    seen = HandoverCheck.objects.filter(handover__in=visible_handovers(desk.member).order_by(), uid=uid)
    check = seen.select_related("handover").first()
    if check is None or verb not in {"done", "undo"}:
        raise Http404
    require(desk.member, Permission.WRITE)
    if verb == "undo":
        undo_check(check=check, on=desk.day, member=desk.member)
        show_next(request, Toast(text=_("Taken back.")))
        return redirect("handover", uid=check.handover.uid)
    form = LookForm(request.POST)
    if not form.is_valid():
        return _shown(request, desk, _handover(desk, check.handover.uid), {"look": form})
    finish_check(check=check, on=desk.day, member=desk.member, said=form.cleaned_data["said"])
    show_next(request, Toast(text=_("Noted."), undo=reverse("handover_look", args=[uid, "undo"])))
    return redirect("handover", uid=check.handover.uid)


def _form_of(verb: str, request: HttpRequest, desk: Desk) -> forms.Form | None:
    if verb in {"return", "discard"}:
        return ReasonForm(request.POST, auto_id=f"{verb}_%s")
    return PromiseForm(request.POST, desk=desk) if verb == "promise" else None


def _handover(desk: Desk, uid: uuid.UUID) -> Handover:
    seen = visible_handovers(desk.member).filter(uid=uid)
    found = seen.select_related("account__merged_into", "giver", "receiver").first()
    if found is None:
        raise Http404
    return found


def _home(found: Handover) -> Account:
    return found.account.merged_into or found.account


def _shown(
    request: HttpRequest, desk: Desk, found: Handover, refused: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    refused = refused or {}
    account = _home(found)
    with_giver = found.state in Handover.WITH_GIVER
    initial = {name: getattr(found, name) for name in (*_TEXTS, "introduced_on")}
    initial |= {"papers": found.files, "receiver": found.receiver and found.receiver.uid}
    context = {
        "desk": desk,
        "account": account,
        "sees_account": visible_accounts(desk.member).filter(pk=account.pk).exists(),
        "handover": found,
        "late": found.state in Handover.NOT_ACCEPTED and found.due_on < desk.day,
        "told": [(capfirst(_label(name)), getattr(found, name)) for name in _TEXTS if getattr(found, name)],
        "steps": found.steps.select_related("member").order_by("pk"),
        "checks": found.checks.select_related("member").order_by("day"),
        "promises": Promise.objects.filter(of_account(account), state__in=Promise.LIVE)
        .select_related("owner")
        .order_by("due_on", "pk"),
        "with_giver": with_giver,
        "may_introduce": desk.may_write and found.state in _TAKEN_OVER and found.introduced_on is None,
        "may_answer": desk.may_write and found.state == Handover.State.SENT and may_answer(found, desk.member),
        "form": refused.get("write") or HandoverForm(initial=initial, giver=found.giver),
        "return_form": refused.get("return") or ReasonForm(auto_id="return_%s"),
        "discard_form": refused.get("discard") or ReasonForm(auto_id="discard_%s"),
        "promise_form": refused.get("promise") or PromiseForm(desk=desk),
        "look_form": refused.get("look") or LookForm(),
    }
    return render(request, "web/handovers/page.html", context, status=422 if refused else 200)


def _label(name: str) -> str:
    return str(Handover._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


Said = Mapping[str, Any]


def _undone_by(found: Handover, verb: str) -> str:
    return reverse("handover_act", args=[found.uid, verb])


def _recall(found: Handover, desk: Desk, said: Said) -> Toast:
    recall_handover(handover=found, on=desk.day, member=desk.member)
    return Toast(text=_("It is a draft again."))


def _accept(found: Handover, desk: Desk, said: Said) -> Toast:
    accept_handover(handover=found, on=desk.day, member=desk.member)
    return Toast(
        text=_("%(member)s looks after %(account)s now.") % {"member": found.receiver, "account": _home(found)}
    )


def _return(found: Handover, desk: Desk, said: Said) -> Toast:
    return_handover(handover=found, on=desk.day, member=desk.member, reason=said["reason"])
    return Toast(text=_("Returned to %(member)s.") % {"member": found.giver})


def _discard(found: Handover, desk: Desk, said: Said) -> Toast:
    discard_handover(handover=found, on=desk.day, member=desk.member, reason=said["reason"])
    return Toast(text=_("Discarded: nothing is handed over."), undo=_undone_by(found, "restore"))


def _restore(found: Handover, desk: Desk, said: Said) -> Toast:
    restore_handover(handover=found, on=desk.day, member=desk.member)
    return Toast(text=_("It is a draft again."))


def _promise(found: Handover, desk: Desk, said: Said) -> Toast:
    make_promise(
        account=_home(found),
        text=said["text"],
        due_on=said["due_on"],
        on=desk.day,
        member=desk.member,
        owner=said["owner"],
        source=said["source"],
        record=SignalSource.of(found),
    )
    return Toast(text=_("Promised: %(what)s") % {"what": said["text"]})


def _introduce(found: Handover, desk: Desk, said: Said) -> Toast:
    note_introduction(handover=found, on=desk.day, member=desk.member)
    return Toast(text=_("Noted."), undo=_undone_by(found, "not-introduced"))


def _not_introduced(found: Handover, desk: Desk, said: Said) -> Toast:
    note_introduction(handover=found, on=None, member=desk.member)
    return Toast(text=_("Taken back."))


VERBS: dict[str, Callable[[Handover, Desk, Said], Toast]] = {
    "recall": _recall,
    "accept": _accept,
    "return": _return,
    "discard": _discard,
    "restore": _restore,
    "introduce": _introduce,
    "not-introduced": _not_introduced,
    "promise": _promise,
}
