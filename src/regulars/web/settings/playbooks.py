"""Playbooks, for the head of sales when a recipe does not fit the firm: which are used, what starts them, the steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.models import Member
from regulars.plan.models import PlayStep
from regulars.plan.playbooks import (
    LONGEST_ABOUT,
    LONGEST_DELAY,
    LONGEST_NAME,
    LONGEST_OPENING,
    LONGEST_WHAT,
    MOST_STEPS,
    KnownPlaybook,
    NoSuchPlaybook,
    add_playbook,
    known_playbook,
    known_playbooks,
    reset_playbook,
    stop_choices,
    switch_playbook,
    trigger_choices,
    trigger_label,
    undo_playbook,
    write_playbook,
)
from regulars.plan.recipes import Recipe, RecipeStep
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show

PAGE: Final = "settings_playbooks"


class RecipeForm(forms.Form):
    """What a playbook is called, what starts it and what ends it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=LONGEST_NAME)
    about = forms.CharField(
        label=gettext_lazy("What it is for"),
        required=False,
        max_length=LONGEST_ABOUT,
        widget=forms.Textarea({"rows": 2}),
    )
    triggers = forms.MultipleChoiceField(label=gettext_lazy("It starts when"), required=False)
    stops = forms.MultipleChoiceField(
        label=gettext_lazy("It ends by itself when"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["triggers"].choices = trigger_choices()  # type: ignore[attr-defined]
        self.fields["stops"].choices = stop_choices()  # type: ignore[attr-defined]


class StepForm(forms.Form):
    """One step."""

    key = forms.CharField(required=False, widget=forms.HiddenInput)
    what = forms.CharField(
        label=gettext_lazy("What is to be done"), max_length=LONGEST_WHAT, widget=forms.Textarea({"rows": 2})
    )
    opening = forms.CharField(
        label=gettext_lazy("How to begin the talk"),
        required=False,
        max_length=LONGEST_OPENING,
        widget=forms.Textarea({"rows": 2}),
    )
    role = forms.ChoiceField(label=gettext_lazy("Who does it"))
    after_workdays = forms.IntegerField(
        label=gettext_lazy("Working days after the step before"), min_value=0, max_value=LONGEST_DELAY
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (one.value, capfirst(str(one.label))) for one in PlayStep.Role
        ]


EMPTY_STEP: Final[dict[str, Any]] = {"key": "", "what": "", "opening": "", "role": "owner", "after_workdays": 3}


@require_safe
def playbooks(request: HttpRequest) -> HttpResponse:
    """All playbooks, those in use and those that are not."""
    desk_for(request, PAGE)
    rows = [
        {"known": one, "triggers": ", ".join(trigger_label(trigger) for trigger in one.recipe.triggers)}
        for one in known_playbooks()
    ]
    return show(request, PAGE, "playbooks", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A playbook of the firm's own."""
    desk = desk_for(request, PAGE)
    form, steps = _forms(request.POST if request.method == "POST" else None, {}, [EMPTY_STEP | {"after_workdays": 0}])
    if _is_saved(request, form, steps, lambda recipe: add_playbook(recipe=recipe, member=desk.member)):
        show_next(request, Toast(text=_("“%(name)s” is in use now.") % {"name": form.cleaned_data["name"]}))
        return redirect(PAGE)
    return _edited(request, form, steps, {"heading": _("Add a playbook")})


@require_http_methods(["GET", "HEAD", "POST"])
def playbook(request: HttpRequest, key: str) -> HttpResponse:
    """Change one. Steps are moved, added and taken out before anything is saved."""
    desk = desk_for(request, PAGE)
    known = _known(key)
    recipe = known.recipe
    initial = {"name": recipe.name, "about": recipe.about, "triggers": recipe.triggers, "stops": recipe.stops}
    form, steps = _forms(
        request.POST if request.method == "POST" else None, initial, [vars(step) for step in recipe.steps]
    )
    if _is_saved(request, form, steps, lambda said: write_playbook(key=key, recipe=said, member=desk.member)):
        undo = reverse("settings_playbook_act", args=[key, "undo"])
        show_next(request, Toast(text=_("“%(name)s” is changed.") % {"name": form.cleaned_data["name"]}, undo=undo))
        return redirect(PAGE)
    return _edited(request, form, steps, {"known": known, "heading": str(known)})


@require_POST
def act(request: HttpRequest, key: str, verb: str) -> HttpResponse:
    """Put one in use or out of use, let it start by itself or not, take a change back."""
    desk = desk_for(request, PAGE)
    _known(key)
    if verb not in VERBS:
        raise Http404
    text, undo = VERBS[verb](key, desk.member)
    show_next(request, Toast(text=text, undo=reverse("settings_playbook_act", args=[key, undo]) if undo else ""))
    return redirect(PAGE)


def _known(key: str) -> KnownPlaybook:
    try:
        return known_playbook(key)
    except NoSuchPlaybook as absent:
        raise Http404(str(absent)) from None


def _forms(
    data: QueryDict | None, initial: Mapping[str, Any], steps: list[dict[str, Any]]
) -> tuple[RecipeForm, list[StepForm]]:
    """The forms as they were sent, with the steps moved as a button asked; unbound then, so that nothing is refused."""
    if data is None:
        return RecipeForm(initial=dict(initial)), _unbound(steps)
    count = data.get("steps", "")
    bound = [
        StepForm(data, prefix=f"step{number}") for number in range(min(int(count), 30) if count.isdecimal() else 0)
    ]
    if data.get("do", "save") == "save":
        return RecipeForm(data), bound
    typed = [{name: data.get(f"{one.prefix}-{name}", "") for name in EMPTY_STEP} for one in bound]
    said = {"name": data.get("name"), "about": data.get("about")}
    lists = {"triggers": data.getlist("triggers"), "stops": data.getlist("stops")}
    return RecipeForm(initial={**said, **lists}), _unbound(_moved(typed, data.get("do", "")))


def _unbound(steps: list[dict[str, Any]]) -> list[StepForm]:
    return [StepForm(initial=one, prefix=f"step{number}") for number, one in enumerate(steps)]


def _moved(steps: list[dict[str, Any]], do: str) -> list[dict[str, Any]]:
    """The steps after `add`, `up-2`, `down-0` or `remove-1`."""
    what, _dash, place = do.partition("-")
    if what == "add":
        return [*steps, EMPTY_STEP] if len(steps) < MOST_STEPS else steps
    at = int(place) if place.isascii() and place.isdecimal() else len(steps)
    if at >= len(steps):
        return steps
    if what == "remove":
        return [*steps[:at], *steps[at + 1 :]]
    other = at - 1 if what == "up" else at + 1
    if what in ("up", "down") and 0 <= other < len(steps):
        steps[at], steps[other] = steps[other], steps[at]
    return steps


def _is_saved(
    request: HttpRequest, form: RecipeForm, steps: list[StepForm], verb: Callable[[Recipe], KnownPlaybook]
) -> bool:
    if request.method != "POST" or not form.is_bound:
        return False
    if not all([one.is_valid() for one in steps]):  # noqa: C419 - each is to show what is wrong with it
        form.is_valid()
        return False
    made = tuple(RecipeStep(**one.cleaned_data) for one in steps)
    return carried_out(form, lambda said: verb(Recipe(**_recipe(said), steps=made)))


def _recipe(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": said["name"],
        "about": said["about"],
        "triggers": tuple(said["triggers"]),
        "stops": tuple(said["stops"]),
    }


def _edited(request: HttpRequest, form: RecipeForm, steps: list[StepForm], context: Mapping[str, Any]) -> HttpResponse:
    refused = form.is_bound
    return show(
        request,
        PAGE,
        "playbook",
        {"form": form, "steps": steps, "groups": _groups(form), "room": len(steps) < MOST_STEPS, **context},
        status=422 if refused else 200,
    )


def _groups(form: RecipeForm) -> list[dict[str, Any]]:
    """What may start it, in groups that open; a group says how many of its own are chosen."""
    chosen = set(form["triggers"].value() or ())
    return [
        {
            "title": title,
            "choices": [(key, label, key in chosen) for key, label in some],
            "chosen": chosen & dict(some).keys(),
        }
        for title, some in trigger_choices()
    ]


Answer = tuple[str, str]
"""What is told, and the verb that takes it back."""


def _on(key: str, member: Member) -> Answer:
    known = switch_playbook(key=key, member=member, active=True)
    return _("“%(name)s” is in use.") % {"name": known}, "off"


def _off(key: str, member: Member) -> Answer:
    known = switch_playbook(key=key, member=member, active=False)
    return _("“%(name)s” is out of use. What runs of it goes on.") % {"name": known}, "on"


def _by_itself(key: str, member: Member) -> Answer:
    known = switch_playbook(key=key, member=member, by_itself=True)
    return _("“%(name)s” starts by itself.") % {"name": known}, "by-hand"


def _by_hand(key: str, member: Member) -> Answer:
    known = switch_playbook(key=key, member=member, by_itself=False)
    return _("“%(name)s” is started by hand.") % {"name": known}, "by-itself"


def _undo(key: str, member: Member) -> Answer:
    known = undo_playbook(key=key, member=member)
    return _("The last change of “%(name)s” is taken back.") % {"name": known}, "undo"


def _reset(key: str, member: Member) -> Answer:
    known = reset_playbook(key=key, member=member)
    return _("“%(name)s” is as it comes with Regulars.") % {"name": known}, "undo"


VERBS: Final[dict[str, Callable[[str, Member], Answer]]] = {
    "on": _on,
    "off": _off,
    "by-itself": _by_itself,
    "by-hand": _by_hand,
    "undo": _undo,
    "reset": _reset,
}
