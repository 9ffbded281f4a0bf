"""Promises of an account: for who is about to talk with the customer, to decide what is to be kept or agreed anew."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, require, visible_members
from regulars.base.formats import day as day_text
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account
from regulars.facts.models import Account
from regulars.plan.models import Promise
from regulars.plan.promises import (
    LONGEST_SOURCE,
    LONGEST_TEXT,
    break_promise,
    keep_promise,
    live_promises,
    make_promise,
    renegotiate_promise,
    take_back_step,
    visible_promises,
    withdraw_promise,
)
from regulars.plan.seen import seen_with_account
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

MOST_SHOWN = 200
USUAL_DAYS = 7
"""A promise of which no day is said is due in a week."""


def _due_on() -> forms.DateField:
    return forms.DateField(label=gettext_lazy("Due on"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


class PromiseForm(forms.Form):
    """What was promised."""

    text = forms.CharField(label=gettext_lazy("What we promised"), max_length=LONGEST_TEXT)
    due_on = _due_on()
    owner = forms.ModelChoiceField(
        label=gettext_lazy("Who keeps it"), queryset=Member.objects.none(), required=False, to_field_name="uid"
    )
    source = forms.CharField(
        label=gettext_lazy("Where it was promised"),
        max_length=LONGEST_SOURCE,
        required=False,
        help_text=gettext_lazy("For example: visit of 3 May, offer 4711"),
    )

    def __init__(self, *args: Any, desk: Desk, **options: Any) -> None:
        """Whom the member may see can be the one who keeps it; else the member does."""
        options.setdefault("auto_id", "promise_%s")
        options.setdefault("initial", {"due_on": desk.day + timedelta(days=USUAL_DAYS)})
        super().__init__(*args, **options)
        keeper: Any = self.fields["owner"]
        keeper.queryset = visible_members(desk.member)
        keeper.empty_label = _("Myself")


class AnewForm(forms.Form):
    """Another day, and why."""

    due_on = _due_on()
    reason = forms.CharField(label=gettext_lazy("Why, as the customer was told"), max_length=LONGEST_TEXT)


class BrokenForm(forms.Form):
    """Why it was not kept."""

    reason = forms.CharField(label=gettext_lazy("Why it was not kept"), max_length=LONGEST_TEXT)


def promises_context(desk: Desk, account: Account, *, form: PromiseForm | None = None) -> dict[str, Any]:
    """The context of `account/promises_block.html`; `form` is an attempt that failed, with what was typed."""
    live = live_promises(account, member=desk.member).select_related("owner")
    return {
        "promises": list(live[:MOST_SHOWN]),
        "promise_form": form or PromiseForm(desk=desk),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def promises(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """All that was ever promised to an account, what is settled too; a new promise is noted here."""
    desk, account = opened(request, uid)
    form = PromiseForm(request.POST, desk=desk) if request.method == "POST" else None
    if form is not None:
        require(desk.member, Permission.WRITE)
        if form.is_valid() and _made(request, form, desk, account):
            return redirect("account", uid=account.uid)
    settled = visible_promises(desk.member).filter(of_account(account)).exclude(state__in=Promise.LIVE)
    context = {
        **heading(desk, account, tab="account_promises"),
        **promises_context(desk, account, form=form),
        "settled": settled.select_related("owner").order_by("-settled_on", "-pk")[:MOST_SHOWN],
    }
    return render(request, "web/account/promises.html", context, status=422 if form is not None else 200)


@require_safe
def promise(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One promise, what happened to it, and what can be said of it."""
    desk = desk_of(request)
    return _shown(request, desk, _promise(desk, uid))


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Say what became of a promise; a refusal keeps what was typed."""
    desk = desk_of(request)
    found = _promise(desk, uid)
    if verb not in VERBS:
        raise Http404
    require(desk.member, Permission.WRITE)
    form = FORMS[verb](request.POST) if verb in FORMS else None
    if form is not None and not form.is_valid():
        return _shown(request, desk, found, refused={verb: form})
    try:
        text = VERBS[verb](found, desk, form.cleaned_data if form else {})
    except Refusal as refusal:
        if form is None:
            raise
        form.add_error(None, str(refusal))
        return _shown(request, desk, found, refused={verb: form})
    undo = "" if verb == "back" else reverse("account_promise_act", args=[uid, "back"])
    show_next(request, Toast(text=text, undo=undo))
    return redirect("account", uid=(found.account.merged_into or found.account).uid)


def _made(request: HttpRequest, form: PromiseForm, desk: Desk, account: Account) -> bool:
    said = form.cleaned_data
    try:
        made = make_promise(
            account=account,
            text=said["text"],
            due_on=said["due_on"],
            on=desk.day,
            member=desk.member,
            owner=said["owner"],
            source=said["source"],
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    text = _("Promised, due on %(day)s.") % {"day": day_text(made.due_on)}
    show_next(request, Toast(text=text, undo=reverse("account_promise_act", args=[made.uid, "withdraw"])))
    return True


def _shown(
    request: HttpRequest, desk: Desk, found: Promise, refused: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    refused = refused or {}
    context = {
        **heading(desk, found.account.merged_into or found.account, tab="account_promises"),
        "promise": found,
        "live": found.state in Promise.LIVE,
        "steps": found.steps.select_related("member").order_by("pk"),
        "anew": refused.get("renegotiate") or AnewForm(auto_id="anew_%s"),
        "broken": refused.get("broken") or BrokenForm(auto_id="broken_%s"),
    }
    return render(request, "web/account/promise.html", context, status=422 if refused else 200)


def _promise(desk: Desk, uid: uuid.UUID) -> Promise:
    seen = Promise.objects.filter(seen_with_account(desk.member), uid=uid)
    found = seen.select_related("account__merged_into", "owner").first()
    if found is None:
        raise Http404
    return found


Said = Mapping[str, Any]


def _kept(found: Promise, desk: Desk, said: Said) -> str:
    keep_promise(promise=found, on=desk.day, member=desk.member)
    return _("Kept: %(what)s") % {"what": found.text}


def _anew(found: Promise, desk: Desk, said: Said) -> str:
    due_on: date = said["due_on"]
    renegotiate_promise(promise=found, due_on=due_on, on=desk.day, member=desk.member, reason=said["reason"])
    return _("Agreed anew, due on %(day)s.") % {"day": day_text(due_on)}


def _broken(found: Promise, desk: Desk, said: Said) -> str:
    break_promise(promise=found, on=desk.day, member=desk.member, reason=said["reason"])
    return _("Not kept: %(what)s") % {"what": found.text}


def _withdrawn(found: Promise, desk: Desk, said: Said) -> str:
    withdraw_promise(promise=found, on=desk.day, member=desk.member, reason=_("Noted by mistake"))
    return _("Withdrawn: nothing was promised.")


def _back(found: Promise, desk: Desk, said: Said) -> str:
    take_back_step(promise=found, on=desk.day, member=desk.member)
    return _("Taken back.")


VERBS: dict[str, Callable[[Promise, Desk, Said], str]] = {
    "kept": _kept,
    "renegotiate": _anew,
    "broken": _broken,
    "withdraw": _withdrawn,
    "back": _back,
}
FORMS: dict[str, type[forms.Form]] = {"renegotiate": AnewForm, "broken": BrokenForm}

urlpatterns = [
    path("accounts/<uuid:uid>/promises/", promises, name="account_promises"),
    path("accounts/promises/<uuid:uid>/", promise, name="account_promise"),
    path("accounts/promises/<uuid:uid>/<slug:verb>/", act, name="account_promise_act"),
]
