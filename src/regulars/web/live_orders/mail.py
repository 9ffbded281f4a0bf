"""Writing to the customer about a live order, for who cannot reach them by phone: a letter to begin with, then sent."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.live_order_letters import suggested_letter, write_about
from regulars.facts.models import Contact, LiveOrder
from regulars.web.desk import desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.live_orders.listing import frame_of
from regulars.web.live_orders.order import found_order

MOST_CONTACTS = 20


class LetterForm(forms.Form):
    """What is written, and when to look again."""

    follow_ups_seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=200, widget=forms.TextInput({"dir": "auto"}))
    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=20_000, widget=forms.Textarea({"rows": 12, "dir": "auto"})
    )
    next_on = forms.DateField(
        label=gettext_lazy("Look again on"),
        required=False,
        help_text=gettext_lazy("In a week, if you leave it empty"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Write to one of the people there; without anybody who can be written to, the page says what to do."""
    desk = desk_of(request)
    require(desk.member, Permission.WRITE)
    order = found_order(desk, uid)
    contacts = _contacts(order)
    wanted = request.GET.get("to", "")
    contact = next((one for one in contacts if str(one.uid) == wanted), contacts[0] if contacts else None)
    letter = contact and suggested_letter(order=order, contact=contact, member=desk.member, on=desk.day)
    begin: dict[str, Any] = {"subject": letter.subject, "text": letter.text} if letter else {}
    begin["follow_ups_seen"] = order.follow_ups.count()
    form = LetterForm(request.POST) if request.method == "POST" else LetterForm(initial=begin)
    if contact is not None and form.is_bound and form.is_valid():
        try:
            write_about(order=order, contact=contact, on=desk.day, member=desk.member, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            show_next(request, Toast(text=_("The mail to %(name)s is on its way.") % {"name": contact.name}))
            return redirect("live_order", uid=uid)
    context = {
        **frame_of(desk, tab=""),
        "order": order,
        "contacts": contacts,
        "contact": contact,
        "form": form,
        "language": letter.language if letter else "",
        "speaks": dict(settings.LANGUAGES).get(letter.language, "") if letter else "",
    }
    return render(request, "web/live_orders/mail.html", context, status=422 if form.errors else 200)


def _contacts(order: LiveOrder) -> list[Contact]:
    """Who can be written to, who ordered first."""
    if order.account is None:
        return []
    reachable = Contact.objects.filter(account=order.account, active=True).exclude(email="")
    found = list(reachable.select_related("account").order_by("name", "pk")[:MOST_CONTACTS])
    return sorted(found, key=lambda one: one.pk != order.contact_id)
