"""Bonuses, for who leads sales, once a year: what do our best customers get, how often, and what does it cost us?"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.core.money import from_minor, to_minor
from regulars.facts.models import Tag
from regulars.plan.bonuses import LONGEST_NAME, MOST_A_YEAR, live_bonuses, record_bonus, retire_bonus
from regulars.plan.models import Bonus
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show, taking_back, typed

PAGE = "settings_bonuses"


class BonusForm(forms.Form):
    """What it is, what it costs, how often and for whom."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=LONGEST_NAME,
        help_text=gettext_lazy("For example: dinner with our executives, a day of training, express delivery"),
    )
    cost = forms.DecimalField(label=gettext_lazy("What one costs us"), min_value=0, max_digits=15, decimal_places=4)
    times_a_year = forms.IntegerField(
        label=gettext_lazy("Times a year for one customer"), min_value=1, max_value=MOST_A_YEAR, initial=1
    )
    for_key_accounts = forms.BooleanField(label=gettext_lazy("For key accounts"), required=False, initial=True)
    tag = forms.ModelChoiceField(
        Tag.objects.order_by("name"),
        label=gettext_lazy("For customers with the tag"),
        help_text=gettext_lazy("A tag such as VIP, which you put on accounts. It may be for both."),
        required=False,
        empty_label=gettext_lazy("No tag"),
    )

    def __init__(self, *args: Any, desk: Desk, **options: Any) -> None:
        super().__init__(*args, **options)
        self.desk = desk
        self.fields["cost"].help_text = desk.currency

    def said(self) -> dict[str, Any]:
        """What was typed, as the verb takes it."""
        cost_minor = to_minor(self.cleaned_data["cost"], self.desk.currency)
        return {name: said for name, said in self.cleaned_data.items() if name != "cost"} | {"cost_minor": cost_minor}


@require_safe
def list_bonuses(request: HttpRequest) -> HttpResponse:
    """What is given to whom; and what is not given any more."""
    desk = desk_for(request, PAGE)
    context = {
        "bonuses": [(one, from_minor(one.cost_minor, desk.currency)) for one in live_bonuses()],
        "retired": Bonus.objects.exclude(retired_on=None).order_by("name", "pk"),
    }
    return show(request, PAGE, "bonuses", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add_bonus(request: HttpRequest) -> HttpResponse:
    """A new bonus."""
    return _bonus(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def bonus(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Read a bonus, change it."""
    desk_for(request, PAGE)
    return _bonus(request, get_object_or_404(Bonus.objects.select_related("tag"), uid=uid))


def _bonus(request: HttpRequest, found: Bonus | None) -> HttpResponse:
    desk = desk_for(request, PAGE)
    given = typed(request) if request.method == "POST" else None
    form = BonusForm(given, desk=desk, initial=_as_typed(found, desk) if found else {})

    def save(_typed_in: dict[str, Any]) -> None:
        record_bonus(**form.said(), member=desk.member, bonus=found)

    if form.is_bound and carried_out(form, save):
        show_next(request, Toast(text=_("Saved."), undo=taking_back(form, request.path) if found else ""))
        return redirect(PAGE)
    context: dict[str, Any] = {
        "form": form,
        "heading": found.name if found else _("Add a bonus"),
        "sub": _("What was given keeps what it cost then."),
        "submit": _("Save"),
        "back": reverse(PAGE),
    }
    if found is not None and found.retired_on is None:
        context["removal"] = {
            "heading": _("No longer give it"),
            "text": _("What was given of it stays; you can bring it back."),
            "address": reverse("settings_bonus_retire", args=[found.uid]),
            "label": _("No longer give it"),
            "gentle": True,
        }
    return show(request, PAGE, "form", context, status=422 if form.errors else 200)


def _as_typed(found: Bonus, desk: Desk) -> dict[str, Any]:
    return {
        "name": found.name,
        "cost": from_minor(found.cost_minor, desk.currency),
        "times_a_year": found.times_a_year,
        "for_key_accounts": found.for_key_accounts,
        "tag": found.tag_id,
    }


@require_POST
def retire(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Give it no longer."""
    return _retire(request, uid, retired=True)


@require_POST
def bring_back(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Give it again."""
    return _retire(request, uid, retired=False)


def _retire(request: HttpRequest, uid: uuid.UUID, *, retired: bool) -> HttpResponse:
    desk = desk_for(request, PAGE)
    found = get_object_or_404(Bonus, uid=uid)
    changed = retire_bonus(bonus=found, on=desk.day if retired else None, member=desk.member)
    text = _("“%(name)s” is no longer given.") if retired else _("“%(name)s” is given again.")
    undo = "settings_bonus_bring_back" if retired else "settings_bonus_retire"
    show_next(request, Toast(text=text % {"name": changed.name}, undo=reverse(undo, args=[uid])))
    return redirect(PAGE)


urlpatterns = [
    path("settings/bonuses/", list_bonuses, name=PAGE),
    path("settings/bonuses/add/", add_bonus, name="settings_bonus_add"),
    path("settings/bonuses/<uuid:uid>/", bonus, name="settings_bonus"),
    path("settings/bonuses/<uuid:uid>/retire/", retire, name="settings_bonus_retire"),
    path("settings/bonuses/<uuid:uid>/bring-back/", bring_back, name="settings_bonus_bring_back"),
]
