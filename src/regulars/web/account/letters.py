"""Writing to a contact, for who looks after the account when a call would disturb: in one's own name, kept with it."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, require
from regulars.base.mail.outbox import cancel_mail, visible_mails
from regulars.core.errors import Refusal
from regulars.facts.contacts import visible_contacts
from regulars.facts.letters import language_of, write_to_contact
from regulars.facts.models import Letter
from regulars.web.account.record import heading
from regulars.web.desk import desk_of
from regulars.web.frame import Toast, show_next


class LetterForm(forms.Form):
    """What is written."""

    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=200)
    text = forms.CharField(label=gettext_lazy("Text"), max_length=20_000, widget=forms.Textarea({"rows": 12}))


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Write a mail to somebody at the account."""
    desk = desk_of(request)
    require(desk.member, Permission.WRITE)
    contact = visible_contacts(desk.member).filter(uid=uid).select_related("account").first()
    if contact is None:
        raise Http404
    form = LetterForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            letter = write_to_contact(contact=contact, member=desk.member, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            undo = reverse("account_letter_cancel", args=[letter.uid])
            show_next(request, Toast(text=_("The mail to %(name)s is on its way.") % {"name": contact.name}, undo=undo))
            return redirect("account_people", uid=contact.account.uid)
    context: dict[str, Any] = {
        **heading(desk, contact.account, tab="account_people"),
        "contact": contact,
        "form": form,
        "speaks": dict(settings.LANGUAGES).get(language_of(contact), ""),
    }
    return render(request, "web/account/letter.html", context, status=422 if form.errors else 200)


@require_POST
def cancel(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Stop a letter that was just written, if it still waits."""
    desk = desk_of(request)
    seen = visible_contacts(desk.member)
    found = Letter.objects.filter(
        uid=uid, mail__in=visible_mails(desk.member).order_by().values("pk"), contact__in=seen.order_by().values("pk")
    )
    letter = found.select_related("mail", "contact__account").first()
    if letter is None:
        raise Http404
    try:
        cancel_mail(mail=letter.mail, member=desk.member)
    except Refusal as refusal:
        show_next(request, Toast(text=str(refusal)))
    else:
        show_next(request, Toast(text=_("The mail is not sent.")))
    return redirect("account_people", uid=letter.contact.account.uid)
