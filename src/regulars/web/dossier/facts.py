"""Facts of a dossier: for who has just learned something about a customer, to keep it with source and day."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.models import Account, Contact
from regulars.plan.dossier import (
    LONGEST_SOURCE,
    LONGEST_TEXT,
    change_fact,
    confirm_fact,
    end_fact,
    has_expired,
    note_fact,
    restore_fact,
    take_back_fact,
    visible_facts,
)
from regulars.plan.dossier_topics import topic_of, topics_to_note
from regulars.plan.models import DossierFact
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

Said = Mapping[str, Any]


def _date(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, help_text=help_text, widget=widget)


class FactForm(forms.Form):
    """What is known, how, and since when."""

    text = forms.CharField(
        label=gettext_lazy("What we know"), max_length=LONGEST_TEXT, widget=forms.Textarea({"rows": 3})
    )
    source = forms.CharField(
        label=gettext_lazy("How we know"),
        max_length=LONGEST_SOURCE,
        help_text=gettext_lazy("For example: visit of 3 May, its annual report, Anna Lund herself"),
    )
    known_on = _date(gettext_lazy("Known since"))
    expires_on = _date(
        gettext_lazy("Ask again on"),
        required=False,
        help_text=gettext_lazy("Empty: it stays true, nobody needs to ask again."),
    )
    confidential = forms.BooleanField(
        label=gettext_lazy("Confidential"),
        required=False,
        help_text=gettext_lazy("Seen by yourself, the owner and the sales head only; also in print."),
    )


class NewFactForm(FactForm):
    """The same with its topic."""

    topic = forms.ChoiceField(label=gettext_lazy("Topic"))
    stays = forms.BooleanField(label=gettext_lazy("Stays true: nobody needs to ask again"), required=False)
    field_order = ("topic", "text", "source", "known_on", "expires_on", "stays", "confidential")

    def __init__(self, *args: Any, contact: Contact | None, **options: Any) -> None:
        super().__init__(*args, **options)
        topics = topics_to_note(person=contact is not None)
        self.fields["topic"].choices = [(one.key, one.label) for one in topics]  # type: ignore[attr-defined]
        self.fields["expires_on"].help_text = _("Empty: when facts of this topic usually should be asked again.")


class ConfirmForm(forms.Form):
    """How we know that it is still true."""

    source = forms.CharField(label=gettext_lazy("How we know that it is still true"), max_length=LONGEST_SOURCE)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Note a fact on the account, or on the contact that the address names."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.WRITE)
    contact = _about(request, account)
    first = {"known_on": desk.day, "topic": request.GET.get("topic", "")}
    form = NewFactForm(request.POST if request.method == "POST" else None, contact=contact, initial=first)
    if form.is_bound and form.is_valid():
        made = _tried(form, lambda: _noted(desk, account, contact, form.cleaned_data))
        if made is not None:
            undo = reverse("account_fact_act", args=[made.uid, "take-back"])
            return _to_dossier(request, account, Toast(text=_("Noted."), undo=undo))
    context = {
        **heading(desk, account, tab="account_people"),
        "form": form,
        "title": _("Note something about %(name)s") % {"name": contact.name if contact else account.name},
        "topics": topics_to_note(person=contact is not None),
    }
    return render(request, "web/dossier/new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def fact(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Correct a fact, or say what became of it."""
    desk = desk_of(request)
    require(desk.member, Permission.WRITE)
    found = _fact(desk, uid)
    form = FactForm(request.POST if request.method == "POST" else None, initial=_as_it_is(found))
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        if _tried(form, lambda: change_fact(fact=found, on=desk.day, member=desk.member, **said)) is not None:
            return _to_dossier(request, _home(found), Toast(text=_("Changed.")))
    return _shown(request, desk, found, form=form)


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Say that it still holds, holds no longer, was a mistake, or put it back."""
    desk = desk_of(request)
    found = _fact(desk, uid)
    if verb == "confirm":
        form = ConfirmForm(request.POST)
        if not form.is_valid():
            return _shown(request, desk, found, confirm=form)
        confirm_fact(fact=found, source=form.cleaned_data["source"], on=desk.day, member=desk.member)
        return _to_dossier(request, _home(found), Toast(text=_("Still true: noted.")))
    if verb not in VERBS:
        raise Http404
    text = VERBS[verb](found, desk)
    undo = "" if verb == "restore" else reverse("account_fact_act", args=[uid, "restore"])
    return _to_dossier(request, _home(found), Toast(text=text, undo=undo))


def _ended(found: DossierFact, desk: Desk) -> str:
    end_fact(fact=found, on=desk.day, member=desk.member)
    return _("True no longer: it stays in the changes.")


def _taken_back(found: DossierFact, desk: Desk) -> str:
    take_back_fact(fact=found, member=desk.member)
    return _("Taken back: it is shown nowhere any more.")


def _restored(found: DossierFact, desk: Desk) -> str:
    restore_fact(fact=found, member=desk.member)
    return _("It is there again.")


VERBS: dict[str, Callable[[DossierFact, Desk], str]] = {
    "end": _ended,
    "take-back": _taken_back,
    "restore": _restored,
}


def _noted(desk: Desk, account: Account, contact: Contact | None, said: Said) -> DossierFact:
    return note_fact(account=account, contact=contact, on=desk.day, member=desk.member, **said)


def _tried(form: forms.Form, verb: Callable[[], DossierFact]) -> DossierFact | None:
    """What the verb made; None where it was refused, which the form then says."""
    try:
        return verb()
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return None


def _shown(
    request: HttpRequest,
    desk: Desk,
    found: DossierFact,
    *,
    form: FactForm | None = None,
    confirm: ConfirmForm | None = None,
) -> HttpResponse:
    attempts = [one for one in (form, confirm) if one is not None and one.errors]
    context = {
        **heading(desk, _home(found), tab="account_people"),
        "fact": found,
        "topic": topic_of(found.topic, person=found.contact_id is not None),
        "form": form or FactForm(initial=_as_it_is(found)),
        "confirm": confirm or ConfirmForm(auto_id="confirm_%s"),
        "standing": found.ended_on is None and found.withdrawn_at is None,
        "expired": has_expired(found, on=desk.day),
    }
    return render(request, "web/dossier/fact.html", context, status=422 if attempts else 200)


def _as_it_is(found: DossierFact) -> dict[str, str | date | bool | None]:
    return {
        "text": found.text,
        "source": found.source,
        "known_on": found.on,
        "expires_on": found.expires_on,
        "confidential": found.confidential,
    }


def _about(request: HttpRequest, account: Account) -> Contact | None:
    wanted = request.GET.get("contact", "")
    if not wanted:
        return None
    try:
        found = account.contacts.filter(uid=uuid.UUID(wanted)).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found


def _fact(desk: Desk, uid: uuid.UUID) -> DossierFact:
    found = visible_facts(desk.member).filter(uid=uid).select_related("account__merged_into", "contact").first()
    if found is None:
        raise Http404
    return found


def _home(found: DossierFact) -> Account:
    return found.account.merged_into or found.account


def _to_dossier(request: HttpRequest, account: Account, toast: Toast) -> HttpResponse:
    show_next(request, toast)
    return redirect("account_dossier", uid=account.uid)
