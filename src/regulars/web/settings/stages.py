"""Stages of opportunities, for who leads sales, once and then rarely: through which steps does a sale go with us?"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.plan.opportunity_stages import MOST_STAGES, Stage, learned_chances, record_stage, remove_stage, stages
from regulars.web.frame import Toast, show_next
from regulars.web.opportunities.board import chance_sentence
from regulars.web.settings.pages import carried_out, desk_for, show

PAGE = "settings_stages"


class StageForm(forms.Form):
    """What it is called, where it stands, and how likely what reaches it is won before anything was learned."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    chance = forms.IntegerField(
        label=gettext_lazy("Usual chance, per cent"),
        help_text=gettext_lazy("What you assume until enough opportunities were decided; then it is learned."),
        min_value=1,
        max_value=99,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )
    place = forms.IntegerField(
        label=gettext_lazy("Place in the sequence"),
        min_value=1,
        max_value=MOST_STAGES,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )


@require_safe
def list_stages(request: HttpRequest) -> HttpResponse:
    """All stages in their sequence, with what was learned of each."""
    desk_for(request, PAGE)
    known = stages()
    chances = learned_chances(known)
    rows = [(one, one.place + 1, chance_sentence(chances[one.key])) for one in known]
    return show(request, PAGE, "stages", {"stages": rows, "has_room": len(known) < MOST_STAGES})


@require_http_methods(["GET", "HEAD", "POST"])
def add_stage(request: HttpRequest) -> HttpResponse:
    """A new stage."""
    return _stage(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def stage(request: HttpRequest, key: str) -> HttpResponse:
    """Read a stage, change it."""
    return _stage(request, _found(request, key))


def _found(request: HttpRequest, key: str) -> Stage:
    desk_for(request, PAGE)
    found = next((one for one in stages() if one.key == key), None)
    if found is None:
        raise Http404
    return found


def _stage(request: HttpRequest, found: Stage | None) -> HttpResponse:
    desk = desk_for(request, PAGE)
    initial: dict[str, Any] = {"place": len(stages()) + 1, "chance": 50}
    if found is not None:
        initial = {"name": found.name, "place": found.place + 1, "chance": round(found.usual_chance * 100)}
    form = StageForm(request.POST if request.method == "POST" else None, initial=initial)

    def save(said: dict[str, Any]) -> None:
        record_stage(
            name=said["name"],
            usual_chance=said["chance"] / 100,
            place=said["place"] - 1,
            stage=found.key if found else "",
            member=desk.member,
        )

    if form.is_bound and carried_out(form, save):
        show_next(request, Toast(text=_("Saved.")))
        return redirect(PAGE)
    context: dict[str, Any] = {
        "form": form,
        "heading": found.name if found else _("Add a stage"),
        "sub": _("Few stages, each with something the customer has done, tell more than many."),
        "submit": _("Save"),
        "back": reverse(PAGE),
    }
    if found is not None:
        context["removal"] = {
            "heading": _("Remove this stage"),
            "text": _("What went through it keeps its history. A stage with open opportunities stays."),
            "address": reverse("settings_stage_remove", args=[found.key]),
            "label": _("Remove"),
            "gentle": True,
        }
    return show(request, PAGE, "form", context, status=422 if form.errors else 200)


@require_POST
def remove(request: HttpRequest, key: str) -> HttpResponse:
    """Take a stage away."""
    desk = desk_for(request, PAGE)
    found = _found(request, key)
    remove_stage(stage=key, member=desk.member)
    show_next(request, Toast(text=_("“%(name)s” is removed.") % {"name": found.name}))
    return redirect(PAGE)
