"""Offerings, for who leads sales, once and then rarely: what do we sell, as we talk about it with customers?"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.formats import number
from regulars.facts.models import Offering
from regulars.facts.offerings import (
    common_words,
    make_offerings_from_categories,
    mapped_products,
    offerings,
    record_offering,
    retire_offering,
    unmapped_categories,
)
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show, taking_back, typed

PAGE = "settings_offerings"
HINTS_SHOWN = 20


def _lines(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=20_000, widget=forms.Textarea({"rows": 3})
    )


class OfferingForm(forms.Form):
    """What it is called, whom it helps, and which products belong to it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    words = forms.CharField(
        label=gettext_lazy("Goals that it serves, and words that customers use"),
        help_text=gettext_lazy("It is offered to accounts whose goals hold one of these words."),
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
    )
    categories = _lines(gettext_lazy("Categories of products"), gettext_lazy("One in each line, as in your files."))
    name_words = _lines(
        gettext_lazy("Words in the names of products"), gettext_lazy("All products whose name holds one of them.")
    )
    products = _lines(gettext_lazy("Codes of single products"), gettext_lazy("One in each line."))
    better = forms.ModelChoiceField(
        label=gettext_lazy("The better, dearer alternative"),
        help_text=gettext_lazy("A business case shows it beside this one."),
        queryset=Offering.objects.none(),
        required=False,
        to_field_name="uid",
    )

    def __init__(self, *args: Any, offering: Offering | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        better: Any = self.fields["better"]
        better.queryset = offerings().exclude(pk=offering.pk) if offering else offerings()
        better.empty_label = _("None")

    def said(self) -> dict[str, Any]:
        """What was typed, as the verb takes it."""
        lists = {name: self.cleaned_data[name].splitlines() for name in ("categories", "name_words", "products")}
        return {**self.cleaned_data, **lists}


@require_safe
def list_offerings(request: HttpRequest) -> HttpResponse:
    """What is offered, with how many products belong to each; and what is not offered any more."""
    desk_for(request, PAGE)
    found = list(offerings().select_related("better"))
    mapped = mapped_products(found)
    context = {
        "offerings": [(one, len(mapped[one.pk].codes), len(mapped[one.pk].categories)) for one in found],
        "retired": Offering.objects.filter(retired=True).order_by("name", "pk"),
        "unmapped": unmapped_categories(),
    }
    return show(request, PAGE, "offerings", context)


@require_POST
def from_categories(request: HttpRequest) -> HttpResponse:
    """Make one of each category that belongs to none."""
    desk = desk_for(request, PAGE)
    made = make_offerings_from_categories(member=desk.member)
    text = ngettext("%(count)s offering made.", "%(count)s offerings made.", len(made))
    show_next(request, Toast(text=text % {"count": number(len(made))}))
    return redirect(PAGE)


@require_http_methods(["GET", "HEAD", "POST"])
def add_offering(request: HttpRequest) -> HttpResponse:
    """A new offering."""
    return _offering(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def offering(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Read an offering, change it."""
    desk_for(request, PAGE)
    return _offering(request, get_object_or_404(Offering, uid=uid))


def _offering(request: HttpRequest, found: Offering | None) -> HttpResponse:
    desk = desk_for(request, PAGE)
    given = typed(request) if request.method == "POST" else None
    form = OfferingForm(given, offering=found, initial=_as_typed(found) if found else {})

    def save(_typed_in: dict[str, Any]) -> None:
        record_offering(**form.said(), member=desk.member, offering=found)

    if form.is_bound and carried_out(form, save):
        show_next(request, Toast(text=_("Saved."), undo=taking_back(form, request.path) if found else ""))
        return redirect(PAGE)
    context: dict[str, Any] = {
        "form": form,
        "heading": found.name if found else _("Add an offering"),
        "sub": _hint() if found is None else _("What customers know it for, and which products belong to it."),
        "submit": _("Save"),
        "back": reverse(PAGE),
    }
    if found is not None and not found.retired:
        context["removal"] = {
            "heading": _("No longer offer it"),
            "text": _("It leaves the white space. What was said and sold of it stays; you can bring it back."),
            "address": reverse("settings_offering_retire", args=[found.uid]),
            "label": _("No longer offer it"),
            "gentle": True,
        }
    return show(request, PAGE, "form", context, status=422 if form.errors else 200)


def _hint() -> str:
    words = [word for word, _count in common_words()[:HINTS_SHOWN]]
    if not words:
        return _("What customers know it for, and which products belong to it.")
    return _("Words that many of your products have in their names: %(words)s.") % {"words": ", ".join(words)}


def _as_typed(found: Offering) -> dict[str, Any]:
    lists = {name: "\n".join(getattr(found, name)) for name in ("categories", "name_words", "products")}
    return {"name": found.name, "words": found.words, "better": found.better and found.better.uid, **lists}


@require_POST
def retire(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Offer it no longer."""
    return _retire(request, uid, retired=True)


@require_POST
def bring_back(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Offer it again."""
    return _retire(request, uid, retired=False)


def _retire(request: HttpRequest, uid: uuid.UUID, *, retired: bool) -> HttpResponse:
    desk = desk_for(request, PAGE)
    changed = retire_offering(offering=get_object_or_404(Offering, uid=uid), member=desk.member, retired=retired)
    text = _("“%(name)s” is no longer offered.") if retired else _("“%(name)s” is offered again.")
    undo = "settings_offering_bring_back" if retired else "settings_offering_retire"
    show_next(request, Toast(text=text % {"name": changed.name}, undo=reverse(undo, args=[uid])))
    return redirect(PAGE)
