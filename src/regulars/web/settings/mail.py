"""The outbox, for who looks after the installation when a mail is said not to have come: did it go, and why not?"""

from __future__ import annotations

import uuid
from typing import Any, Protocol

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from regulars.base.mail.models import OutgoingMail
from regulars.base.mail.outbox import cancel_mail, confirm_mail, resend_mail, visible_mails
from regulars.base.models import Member
from regulars.base.organisation import zone
from regulars.core.errors import Refusal
from regulars.facts.accounts import visible_accounts
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import desk_for, show

PAGE = "settings_mail"
MAILS_A_PAGE = 50
State = OutgoingMail.State


class Filter(forms.Form):
    """Which mails the list shows. Every field may be empty."""

    q = forms.CharField(label=gettext_lazy("Recipient or subject"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        states = [(state.value, capfirst(str(state.label))) for state in State]
        self.fields["state"].choices = [("", _("All states")), *states]  # type: ignore[attr-defined]
        self.fields["q"].widget.attrs |= {"type": "search", "placeholder": _("Recipient or subject")}

    def condition(self) -> Q:
        """The condition on mails; a state that there is not is left out."""
        self.is_valid()
        text, state = self.cleaned_data.get("q", ""), self.cleaned_data.get("state", "")
        fits = Q(to_address__icontains=text) | Q(to_name__icontains=text) | Q(subject__icontains=text)
        return (fits if text else Q()) & (Q(state=state) if state else Q())


@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """The mails that went out, or are to go out, newest first."""
    desk = desk_for(request, PAGE)
    chosen = Filter(request.GET)
    seen = visible_mails(desk.member)
    listed = seen.filter(chosen.condition()).defer("text", "html")
    context = {
        "filter": chosen,
        "page": Paginator(listed, MAILS_A_PAGE).get_page(request.GET.get("page")),
        "narrowed": any(request.GET.get(name) for name in chosen.fields),
        "doubtful": seen.filter(state=State.UNKNOWN).count(),
        "zone": zone(desk.organisation),
    }
    return show(request, PAGE, "mails", context)


@require_safe
def mail(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One mail: what it says, and what is known of its way."""
    desk = desk_for(request, PAGE)
    found = _found(desk, uid)
    context = {
        "mail": found,
        "account": visible_accounts(desk.member).filter(pk=found.account_id or 0).first(),
        "files": found.attachments.defer("encoded"),
        "zone": zone(desk.organisation),
    }
    return show(request, PAGE, "mail", context)


@require_safe
def file(request: HttpRequest, uid: uuid.UUID, number: int) -> HttpResponse:
    """A file of a mail, to keep; never shown in the page itself."""
    desk = desk_for(request, PAGE)
    attached = _found(desk, uid).attachments.filter(pk=number).first()
    if attached is None:
        raise Http404
    disposition = content_disposition_header(as_attachment=True, filename=attached.name)
    return HttpResponse(
        attached.content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": disposition or "attachment"},
    )


@require_POST
def resend(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Send a mail that failed, was cancelled, or of which nobody knows."""
    undo = reverse("settings_mail_cancel", args=[uid])
    return _act(request, uid, resend_mail, _("The mail is on its way again."), undo=undo)


@require_POST
def cancel(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Do not send a mail that still waits."""
    undo = reverse("settings_mail_resend", args=[uid])
    return _act(request, uid, cancel_mail, _("The mail is not sent."), undo=undo)


@require_POST
def confirm(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Say of a mail of which nobody knew that it went."""
    return _act(request, uid, confirm_mail, _("The mail counts as sent."))


class _Verb(Protocol):
    def __call__(self, *, mail: OutgoingMail, member: Member | None) -> OutgoingMail: ...


def _act(request: HttpRequest, uid: uuid.UUID, verb: _Verb, done: str, *, undo: str = "") -> HttpResponse:
    desk = desk_for(request, PAGE)
    try:
        verb(mail=_found(desk, uid), member=desk.member)
    except Refusal as refusal:
        show_next(request, Toast(text=str(refusal)))
    else:
        show_next(request, Toast(text=done, undo=undo))
    return redirect("settings_mail_one", uid=uid)


def _found(desk: Desk, uid: uuid.UUID) -> OutgoingMail:
    found = visible_mails(desk.member).filter(uid=uid).first()
    if found is None:
        raise Http404
    return found
