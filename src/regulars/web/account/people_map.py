"""The people map of an account. For its manager before a visit, to decide whom to meet and whom to bring along; and for
the head of sales, to see what hangs by one thread.
"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.core.warmth import Warmth
from regulars.facts.accounts import of_account
from regulars.facts.contact_parts import describe_part, part_of
from regulars.facts.contacts import visible_contacts
from regulars.facts.models import Contact, ContactPart
from regulars.plan.models import KeyAccount
from regulars.plan.people_map import people_map
from regulars.plan.relation_sentences import beside_the_money, gap_sentences, health, health_label
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

WARMTH = {
    Warmth.WARM: gettext_lazy("warm"),
    Warmth.COOLING: gettext_lazy("cooling"),
    Warmth.COLD: gettext_lazy("cold"),
}


class PartForm(forms.Form):
    """The part somebody plays, and the birthday of those who agreed."""

    part = forms.ChoiceField(
        label=gettext_lazy("Part in what is bought"), choices=ContactPart.Part.choices, required=False
    )
    birth_day = forms.IntegerField(label=gettext_lazy("Birthday: day"), min_value=1, max_value=31, required=False)
    birth_month = forms.TypedChoiceField(
        label=gettext_lazy("Birthday: month"), coerce=int, empty_value=None, required=False,
        choices=[("", gettext_lazy("not known")), *MONTHS.items()],
    )  # fmt: skip
    birthday_agreed_on = forms.DateField(
        label=gettext_lazy("Agreed that we keep the birthday on"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Without this day the birthday is not kept. The year is never asked for."),
    )


@require_safe
def show_map(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Contacts by ours: who knows whom, and how warm."""
    desk, account = opened(request, uid)
    found = people_map(account, on=desk.day)
    shown = heading(desk, account, tab="account_people")
    state = health(found)
    context = {
        **shown,
        "map": found,
        "rows": [(row, list(zip(found.ours, map(_cell, row.cells), strict=True))) for row in found.rows],
        "gaps": gap_sentences(found),
        "money": beside_the_money(found, shown["score"]),
        "state": state,
        "state_label": health_label(state),
        "key_account": KeyAccount.objects.filter(of_account(account), until=None).first(),
    }
    return render(request, "web/account/people_map.html", context)


def _cell(relation: Any) -> dict[str, Any] | None:
    if relation is None:
        return None
    warmth = relation.warmth
    return {"warmth": warmth.value, "label": WARMTH[warmth], "talks": relation.talks, "days": relation.last_days}


@require_http_methods(["GET", "HEAD", "POST"])
def part(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Say what part somebody plays."""
    desk = desk_of(request)
    require(desk.member, Permission.WRITE)
    contact = _contact(desk, uid)
    known = part_of(contact)
    initial = {name: getattr(known, name) for name in PartForm.base_fields}
    form = PartForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            describe_part(contact=contact, member=desk.member, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            show_next(request, Toast(text=_("Noted.")))
            return redirect("account_people_map", uid=contact.account.uid)
    context = {**heading(desk, contact.account, tab="account_people"), "contact": contact, "form": form}
    return render(request, "web/account/contact_part.html", context, status=422 if form.errors else 200)


def _contact(desk: Desk, uid: uuid.UUID) -> Contact:
    found = visible_contacts(desk.member).filter(uid=uid).select_related("account").first()
    if found is None:
        raise Http404
    return found


urlpatterns = [
    path("accounts/<uuid:uid>/people-map/", show_map, name="account_people_map"),
    path("accounts/people/<uuid:uid>/part/", part, name="account_contact_part"),
]
