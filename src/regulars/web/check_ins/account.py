"""After a sale, for who looks after the customer: write and ask how it went, and read what they answered."""

from __future__ import annotations

import uuid
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.issues import visible_issues
from regulars.facts.models import Account
from regulars.plan.check_ins import ask_how_it_went, asked_lately, check_ins_of, drafted_check_in
from regulars.plan.models import Action
from regulars.web.account.record import heading, opened
from regulars.web.frame import Toast, show_next
from regulars.web.value.forms import LetterForm
from regulars.web.value.section import chosen_contact

MOST_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
def account_check_in(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Choose whom to ask, read the letter, change it, send it; below, what was answered before."""
    desk, account = opened(request, uid)
    if request.method == "POST":
        require(desk.member, Permission.WRITE)
    people = account.contacts.filter(active=True).exclude(email="").select_related("account").order_by("name", "pk")
    contact = chosen_contact(list(people), request) if desk.may_write else None
    sold_on, form = _sold_on(account), None
    if contact is not None:
        draft = drafted_check_in(contact, sold_on=sold_on)
        form = LetterForm(request.POST if request.method == "POST" else None, initial=draft.__dict__)
        if form.is_bound and form.is_valid():
            try:
                ask_how_it_went(contact=contact, on=desk.day, member=desk.member, sold_on=sold_on, **form.cleaned_data)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                show_next(request, Toast(text=_("The question to %(name)s is on its way.") % {"name": contact.name}))
                return redirect("account_check_in", uid=account.uid)
    asked = list(check_ins_of(account, member=desk.member)[:MOST_SHOWN])
    seen = visible_issues(desk.member).filter(check_in_answer__check_in__in=asked)
    context = {
        **heading(desk, account, tab="account_issues"),
        "people": people,
        "contact": contact,
        "form": form,
        "asked": asked,
        "issues": {one.pk: one for one in seen},
        "lately": asked_lately(account, on=desk.day),
        "sold_on": sold_on,
    }
    return render(request, "web/check_ins/account.html", context, status=422 if form and form.errors else 200)


def _sold_on(account: Account) -> date | None:
    """The day of the sale about which Today proposes to ask."""
    pending = Action.objects.filter(account=account, cause="after_sale", state__in=Action.PENDING)
    figures = pending.values_list("figures", flat=True).first()
    return date.fromisoformat(figures["sold"]) if figures else None
