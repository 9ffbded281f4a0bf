"""Talks with an account: noted in two taps or in full, corrected, taken back and put back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.interactions import (
    change_interaction,
    restore_interaction,
    visible_interactions,
    withdraw_interaction,
)
from regulars.facts.models import Account, Contact, Interaction
from regulars.plan.actions import visible_actions
from regulars.web.account.record import heading, restored_or_absent
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next


class TalkForm(forms.Form):
    """A call, visit, mail, meeting or note."""

    kind = forms.ChoiceField(label=gettext_lazy("What"))
    on = forms.DateField(
        label=gettext_lazy("Day"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    outcome = forms.CharField(label=gettext_lazy("What came of it"), max_length=100, required=False)
    text = forms.CharField(
        label=gettext_lazy("What was said"), required=False, widget=forms.Textarea({"rows": 3}), max_length=20_000
    )
    people = forms.MultipleChoiceField(
        label=gettext_lazy("With whom"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, day: date, people: Iterable[Contact] = (), **options: Any) -> None:
        """`day` is that of a talk of which none is said; `people` may be named as those spoken with."""
        super().__init__(*args, **options)
        self.day = day
        kinds = [(kind.value, capfirst(str(kind.label))) for kind in Interaction.Kind]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.contacts = {str(contact.uid): contact for contact in people}
        self.fields["people"].choices = [(uid, one.name) for uid, one in self.contacts.items()]  # type: ignore[attr-defined]
        if not self.contacts:
            del self.fields["people"]

    def clean_on(self) -> date:
        said: date | None = self.cleaned_data["on"]
        return said or self.day

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if not said.get("outcome") and not said.get("text"):
            raise forms.ValidationError(_("Say in a few words what came of it or what was said."))
        return said

    @property
    def chosen(self) -> list[Contact]:
        """The contacts that were named."""
        return [self.contacts[uid] for uid in self.cleaned_data.get("people", ())]


@require_http_methods(["GET", "HEAD", "POST"])
def talk(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Read one talk in full and correct it."""
    desk = desk_of(request)
    require(desk.member, Permission.WRITE)
    found = _talk(desk, uid)
    said = {name: getattr(found, name) for name in ("kind", "on", "outcome", "text")}
    form = TalkForm(request.POST or None, day=found.on, initial=said)
    if request.method == "POST" and form.is_valid() and _changed(form, found, desk):
        show_next(request, Toast(text=_("Changed.")))
        return redirect("account", uid=found.account.uid)
    context = {
        **heading(desk, found.account, tab="account_timeline"),
        "talk": found,
        "form": form,
        "action": visible_actions(desk.member).filter(interaction=found).first(),
    }
    return render(request, "web/account/talk.html", context, status=422 if form.errors else 200)


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Take a talk back, or put one back that was taken back."""
    desk = desk_of(request)
    if verb not in VERBS:
        raise Http404
    account, toast = VERBS[verb](desk, uid)
    show_next(request, toast)
    return redirect("account", uid=account.uid)


def _talk(desk: Desk, uid: uuid.UUID) -> Interaction:
    found = visible_interactions(desk.member).filter(uid=uid).select_related("account", "member").first()
    if found is None:
        raise Http404
    return found


def _changed(form: TalkForm, found: Interaction, desk: Desk) -> bool:
    try:
        change_interaction(interaction=found, member=desk.member, **form.cleaned_data)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _withdraw(desk: Desk, uid: uuid.UUID) -> tuple[Account, Toast]:
    found = _talk(desk, uid)
    account = found.account
    withdraw_interaction(interaction=found, member=desk.member)
    undo = reverse("account_talk_act", args=[uid, "restore"])
    return account, Toast(text=_("Taken back. It is no longer on the timeline."), undo=undo)


def _restore(desk: Desk, uid: uuid.UUID) -> tuple[Account, Toast]:
    restored = restored_or_absent(lambda: restore_interaction(uid=uid, member=desk.member))
    return restored.account, Toast(text=_("It is on the timeline again."))


VERBS = {"withdraw": _withdraw, "restore": _restore}
