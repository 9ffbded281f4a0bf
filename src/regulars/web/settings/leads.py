"""What makes a lead fit and to whom leads go, for marketing when the market changes: which ones are worth a call?"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.models import Member, Team
from regulars.facts.lead_criteria import (
    MOST_POINTS,
    criteria,
    restore_criterion,
    retire_criterion,
    save_criterion,
    set_points_needed,
    shown_answer,
)
from regulars.facts.lead_routes import possible_owners, remove_route, save_route
from regulars.facts.models import Account, Lead, LeadCriterion, LeadRoute
from regulars.facts.thresholds import LEAD_POINTS
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show, taking_back, typed

PAGE = "settings_leads"
_LINES = forms.Textarea({"rows": 3})


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class NeededForm(forms.Form):
    """From how many points on a lead fits."""

    points = forms.IntegerField(
        label=gettext_lazy("Points from which on a lead fits"), min_value=-MOST_POINTS, max_value=MOST_POINTS
    )


class CriterionForm(forms.Form):
    """One thing to look at."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    about = forms.ChoiceField(label=gettext_lazy("Looks at"))
    fits = forms.CharField(
        label=gettext_lazy("What fits, one in each line"),
        help_text=gettext_lazy("Empty: anything that is known. Of a firm write: firm, of a private person: person."),
        max_length=3000,
        required=False,
        widget=_LINES,
    )
    points = forms.IntegerField(
        label=gettext_lazy("Points where it fits"),
        help_text=gettext_lazy("Below 0 where it speaks against a lead."),
        min_value=-MOST_POINTS,
        max_value=MOST_POINTS,
        initial=10,
    )
    must = forms.BooleanField(label=gettext_lazy("Must fit: else the lead does not"), required=False)
    question = forms.CharField(
        label=gettext_lazy("The question, where it is one of your own"), max_length=200, required=False
    )
    answers = forms.CharField(
        label=gettext_lazy("Answers to choose from, one in each line"),
        help_text=gettext_lazy("Empty: they write what they like."),
        max_length=3000,
        required=False,
        widget=_LINES,
    )
    on_form = forms.BooleanField(label=gettext_lazy("Ask it on the forms, too"), required=False)
    position = forms.IntegerField(label=gettext_lazy("Place in the list"), min_value=1, max_value=999, initial=100)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        about: Any = self.fields["about"]
        about.choices = [(key, capfirst(str(label))) for key, label in LeadCriterion.About.choices]


class RouteForm(forms.Form):
    """One rule: which leads, and to whom."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    countries = forms.CharField(
        label=gettext_lazy("Countries, one in each line"), max_length=3000, required=False, widget=_LINES
    )
    kinds = forms.MultipleChoiceField(label=gettext_lazy("Kinds"), required=False, widget=forms.CheckboxSelectMultiple)
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages"),
        choices=settings.LANGUAGES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Where they came from"), required=False, widget=forms.CheckboxSelectMultiple
    )
    team = forms.ModelChoiceField(
        label=gettext_lazy("To this team"), queryset=Team.objects.none(), required=False, to_field_name="uid"
    )
    person = forms.ModelChoiceField(
        label=gettext_lazy("Or to this person"),
        queryset=Member.objects.none(),
        required=False,
        to_field_name="uid",
        help_text=gettext_lazy("Neither: to all who sell new business."),
    )
    position = forms.IntegerField(
        label=gettext_lazy("Place in the list"),
        help_text=gettext_lazy("The first rule that fits decides."),
        min_value=1,
        max_value=999,
        initial=100,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        found: Any = self.fields
        found["kinds"].choices = [(key, capfirst(str(label))) for key, label in Account.Kind.choices]
        found["channels"].choices = [(key, capfirst(str(label))) for key, label in Lead.Channel.choices]
        found["team"].queryset = Team.objects.order_by("name", "pk")
        found["person"].queryset = possible_owners()
        found["team"].empty_label = found["person"].empty_label = "–"


@require_http_methods(["GET", "HEAD", "POST"])
def leads(request: HttpRequest) -> HttpResponse:
    """All criteria and rules, and how many points are needed."""
    desk = desk_for(request, PAGE)
    initial = {"points": LEAD_POINTS.of(desk.organisation)}
    form = NeededForm(typed(request) if request.method == "POST" else None, initial=initial)
    if form.is_bound and carried_out(form, lambda said: set_points_needed(points=said["points"], member=desk.member)):
        show_next(request, Toast(text=_("Saved."), undo=taking_back(form, reverse(PAGE))))
        return redirect(PAGE)
    used = criteria()
    context = {
        "form": form,
        "criteria": [(one, ", ".join(shown_answer(one.about, fit) for fit in one.fits)) for one in used],
        "most": sum(one.points for one in used if one.points > 0),
        "needed": initial["points"],
        "retired": LeadCriterion.objects.filter(retired=True),
        "routes": [(one, _told(one)) for one in LeadRoute.objects.select_related("team", "member")],
    }
    return show(request, PAGE, "leads", context, status=422 if form.errors else 200)


def _told(one: LeadRoute) -> str:
    """Which leads a rule is for, in words."""
    parts = [
        *(shown_answer("kind", key) for key in one.kinds),
        *(shown_answer("country", key) for key in one.countries),
        *(shown_answer("language", key) for key in one.languages),
        *(shown_answer("channel", key) for key in one.channels),
    ]
    return ", ".join(parts) or _("all leads")


@require_http_methods(["GET", "HEAD", "POST"])
def add_criterion(request: HttpRequest) -> HttpResponse:
    """A new criterion."""
    return _criterion(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def criterion(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Read a criterion, change it."""
    desk_for(request, PAGE)
    return _criterion(request, get_object_or_404(LeadCriterion, uid=uid))


def _criterion(request: HttpRequest, found: LeadCriterion | None) -> HttpResponse:
    desk = desk_for(request, PAGE)
    form = CriterionForm(typed(request) if request.method == "POST" else None, initial=_initial(found))

    def save(said: dict[str, Any]) -> None:
        said |= {"fits": _lines(said["fits"]), "answers": _lines(said["answers"])}
        save_criterion(member=desk.member, criterion=found, **said)

    if form.is_bound and carried_out(form, save):
        show_next(request, Toast(text=_("Saved."), undo=taking_back(form, request.path) if found else ""))
        return redirect(PAGE)
    context: dict[str, Any] = {
        "form": form,
        "heading": found.name if found else _("Add a criterion"),
        "sub": _("Leads are judged by it as they come, and those that are open as soon as they are changed."),
        "submit": _("Save"),
        "back": reverse(PAGE),
    }
    if found and not found.retired:
        context["removal"] = {
            "heading": _("Use it no longer"),
            "text": _("New leads are not judged by it any more. The answers that were given stay."),
            "address": reverse("settings_lead_criterion_retire", args=[found.uid]),
            "label": _("Use it no longer"),
            "gentle": True,
        }
    return show(request, PAGE, "form", context, status=422 if form.errors else 200)


def _initial(found: LeadCriterion | None) -> dict[str, Any]:
    if found is None:
        return {}
    initial = {name: getattr(found, name) for name in CriterionForm.base_fields}
    return initial | {"fits": "\n".join(found.fits), "answers": "\n".join(found.answers)}


@require_POST
def retire(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Use a criterion no longer."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(LeadCriterion, uid=uid)
    retire_criterion(criterion=found, member=desk.member)
    undo = reverse("settings_lead_criterion_restore", args=[uid])
    show_next(request, Toast(text=_("“%(name)s” is used no longer.") % {"name": found.name}, undo=undo))
    return redirect(PAGE)


@require_POST
def restore(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Use it again."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(LeadCriterion, uid=uid)
    restore_criterion(criterion=found, member=desk.member)
    show_next(request, Toast(text=_("“%(name)s” is used again.") % {"name": found.name}))
    return redirect(PAGE)


@require_http_methods(["GET", "HEAD", "POST"])
def add_route(request: HttpRequest) -> HttpResponse:
    """A new rule; also how a removed one comes back."""
    return _route(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def route(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Read a rule, change it."""
    desk_for(request, PAGE)
    return _route(request, get_object_or_404(LeadRoute.objects.select_related("team", "member"), uid=uid))


def _route(request: HttpRequest, found: LeadRoute | None) -> HttpResponse:
    desk = desk_for(request, PAGE)
    initial: dict[str, Any] = {}
    if found is not None:
        initial = {name: getattr(found, name) for name in ("name", "position", "kinds", "languages", "channels")}
        initial |= {"countries": "\n".join(found.countries)}
        initial |= {"team": found.team and found.team.uid, "person": found.member and found.member.uid}
    form = RouteForm(request.POST if request.method == "POST" else None, initial=initial)

    def save(said: dict[str, Any]) -> None:
        said |= {"countries": _lines(said["countries"]), "member_of_ours": said.pop("person")}
        save_route(member=desk.member, route=found, **said)

    if form.is_bound and carried_out(form, save):
        show_next(request, Toast(text=_("Saved.")))
        return redirect(PAGE)
    context: dict[str, Any] = {
        "form": form,
        "heading": found.name if found else _("Add a rule"),
        "sub": _("What is left empty does not matter. Within a team, who has the fewest open leads is next."),
        "submit": _("Save"),
        "back": reverse(PAGE),
    }
    if found:
        context["removal"] = {
            "heading": _("Remove this rule"),
            "text": _("Leads that went by it stay where they are."),
            "address": reverse("settings_lead_route_remove", args=[found.uid]),
            "label": _("Remove"),
        }
    return show(request, PAGE, "form", context, status=422 if form.errors else 200)


@require_POST
def remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take a rule away."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(LeadRoute, uid=uid)
    remove_route(route=found, member=desk.member)
    show_next(request, Toast(text=_("“%(name)s” is removed.") % {"name": found.name}))
    return redirect(PAGE)
