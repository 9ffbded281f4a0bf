"""Departments and teams, for the owner when the firm is set up or changes: who belongs together, who shares a list?"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.models import Department, Team
from regulars.base.organisation import (
    change_department,
    change_team,
    create_department,
    create_team,
    remove_department,
    remove_team,
)
from regulars.core.errors import Refusal
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show, taking_back, typed

PAGE = "settings_teams"
DEEPEST = 6
"""Departments below this are drawn no further in."""


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A department in its place: `depth` departments stand above it."""

    department: Department
    depth: int


def tree(departments: list[Department]) -> list[Branch]:
    """All departments, each below the one it belongs to, by name."""
    below: dict[int | None, list[Department]] = {}
    for one in departments:
        below.setdefault(one.parent_id, []).append(one)

    def walk(parent: int | None, depth: int) -> Iterator[Branch]:
        for one in sorted(below.get(parent, []), key=lambda department: department.name.casefold()):
            yield Branch(department=one, depth=min(depth, DEEPEST))
            yield from walk(one.pk, depth + 1)

    return list(walk(None, 0))


def department_choices(none: str) -> list[tuple[str, str]]:
    """All departments to choose from, indented as they nest."""
    branches = tree(list(Department.objects.all()))
    return [("", none), *((str(one.department.uid), "\u2003" * one.depth + one.department.name) for one in branches)]


def department_of(chosen: str) -> Department | None:
    """The department that was chosen among `department_choices`."""
    return Department.objects.filter(uid=chosen).first() if chosen else None


def team_choices() -> list[tuple[str, str]]:
    """All teams to choose from."""
    found = Team.objects.order_by("name").values_list("uid", "name")
    return [("", _("None")), *((str(uid), name) for uid, name in found)]


def team_of(chosen: str) -> Team | None:
    """The team that was chosen among `team_choices`."""
    return Team.objects.filter(uid=chosen).first() if chosen else None


class DepartmentForm(forms.Form):
    """Name and place of a department."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    parent = forms.ChoiceField(label=gettext_lazy("Belongs to"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["parent"].choices = department_choices(_("No other: it stands at the top"))  # type: ignore[attr-defined]

    def clean_parent(self) -> Department | None:
        return department_of(self.cleaned_data["parent"])


class TeamForm(forms.Form):
    """Name, kind and department of a team."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    kind = forms.ChoiceField(
        label=gettext_lazy("What it does"),
        help_text=gettext_lazy("Winning new customers and caring for those you have are separate teams."),
    )
    department = forms.ChoiceField(label=gettext_lazy("Department"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kinds = [(kind.value, capfirst(str(kind.label))) for kind in Team.Kind]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.fields["department"].choices = department_choices(_("None"))  # type: ignore[attr-defined]

    def clean_department(self) -> Department | None:
        return department_of(self.cleaned_data["department"])


@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    """All departments and teams, with the number of people in each."""
    desk_for(request, PAGE)
    active = Count("members", filter=Q(members__is_active=True))
    context = {
        "branches": tree(list(Department.objects.all())),
        "teams": Team.objects.select_related("department").annotate(people=active).order_by("name"),
    }
    return show(request, PAGE, "teams", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add_department(request: HttpRequest) -> HttpResponse:
    """A new part of the firm."""
    desk = desk_for(request, PAGE)
    form = DepartmentForm(request.POST if request.method == "POST" else None)
    made: list[Department] = []
    if form.is_bound and carried_out(form, lambda said: made.append(create_department(member=desk.member, **said))):
        undo = reverse("settings_department_remove", args=[made[0].uid])
        show_next(request, Toast(text=_("%(name)s is added.") % {"name": made[0]}, undo=undo))
        return redirect(PAGE)
    return _form(request, form, heading=_("Add a department"), submit=_("Add"))


@require_http_methods(["GET", "HEAD", "POST"])
def department(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Rename a department, or hang it elsewhere."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(Department.objects.select_related("parent"), uid=uid)
    initial = {"name": found.name, "parent": found.parent.uid if found.parent else ""}
    form = DepartmentForm(typed(request) if request.method == "POST" else None, initial=initial)
    if form.is_bound and carried_out(
        form, lambda said: change_department(department=found, member=desk.member, **said)
    ):
        return _changed(request, form, str(found))
    removal = {
        "heading": _("Remove this department"),
        "text": _("Possible while no team, account or other department belongs to it."),
        "label": _("Remove"),
        "address": reverse("settings_department_remove", args=[uid]),
    }
    return _form(request, form, heading=initial["name"], submit=_("Save"), removal=removal)


@require_http_methods(["GET", "HEAD", "POST"])
def add_team(request: HttpRequest) -> HttpResponse:
    """A new team."""
    desk = desk_for(request, PAGE)
    form = TeamForm(request.POST if request.method == "POST" else None, initial={"kind": Team.Kind.GROWTH})
    made: list[Team] = []
    if form.is_bound and carried_out(form, lambda said: made.append(create_team(member=desk.member, **said))):
        undo = reverse("settings_team_remove", args=[made[0].uid])
        show_next(request, Toast(text=_("%(name)s is added.") % {"name": made[0]}, undo=undo))
        return redirect(PAGE)
    return _form(request, form, heading=_("Add a team"), submit=_("Add"))


@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Rename a team, or give it another kind or department."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(Team.objects.select_related("department"), uid=uid)
    initial = {"name": found.name, "kind": found.kind, "department": found.department.uid if found.department else ""}
    form = TeamForm(typed(request) if request.method == "POST" else None, initial=initial)
    if form.is_bound and carried_out(form, lambda said: change_team(team=found, member=desk.member, **said)):
        return _changed(request, form, str(found))
    removal = {
        "heading": _("Remove this team"),
        "text": _("Possible while no member, account or invitation belongs to it."),
        "label": _("Remove"),
        "address": reverse("settings_team_remove", args=[uid]),
    }
    return _form(request, form, heading=initial["name"], submit=_("Save"), removal=removal)


@require_POST
def remove_a_department(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Remove a department to which nothing belongs."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(Department, uid=uid)
    return _removed(request, desk, found, lambda: remove_department(department=found, member=desk.member))


@require_POST
def remove_a_team(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Remove a team to which nobody belongs."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(Team, uid=uid)
    return _removed(request, desk, found, lambda: remove_team(team=found, member=desk.member))


def _removed(request: HttpRequest, _desk: Desk, found: Department | Team, remove: Any) -> HttpResponse:
    try:
        remove()
    except Refusal as refusal:
        show_next(request, Toast(text=str(refusal)))
    else:
        show_next(request, Toast(text=_("%(name)s is removed.") % {"name": found}))
    return redirect(PAGE)


def _changed(request: HttpRequest, form: forms.Form, name: str) -> HttpResponse:
    show_next(request, Toast(text=_("%(name)s is changed.") % {"name": name}, undo=taking_back(form, request.path)))
    return redirect(PAGE)


def _form(request: HttpRequest, form: forms.Form, **context: Any) -> HttpResponse:
    frame = {"form": form, "back": reverse(PAGE), "sub": _("A change holds at once, for everybody."), **context}
    return show(request, PAGE, "form", frame, status=422 if form.errors else 200)
