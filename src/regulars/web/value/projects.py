"""Joint projects: for who leads one, to note what was measured and to have the customer confirm it; for who leads sales
once a month, to see which are stuck.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.base.formats import money, percent
from regulars.core.errors import Refusal
from regulars.core.money import from_minor
from regulars.plan.joint_projects import (
    change_project,
    finish_project,
    measure_project,
    progress_of,
    propose_project,
    resume_project,
    start_project,
    stop_project,
    take_back_measurement,
    visible_projects,
)
from regulars.plan.models import JointProject, ProjectMeasurement, SignOff
from regulars.plan.sign_offs import (
    amount_told,
    ask_for_sign_off,
    drafted_question,
    reached_as_asked,
    reached_now,
    withdraw_question,
)
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.value.forms import LetterForm, MeasureForm, ProjectForm, WordsForm, typed_project
from regulars.web.value.found import found_or_absent
from regulars.web.value.section import TAB, chosen_contact

A_PAGE = 50
SHOWN = {
    "live": gettext_lazy("Under way"),
    "proposed": gettext_lazy("Proposed"),
    "ended": gettext_lazy("Ended"),
}
_STATES = {
    "live": [JointProject.State.RUNNING],
    "proposed": [JointProject.State.PROPOSED],
    "ended": [JointProject.State.FINISHED, JointProject.State.STOPPED],
}


@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    """All joint projects, the newest first, with where they stand and whether the customer confirmed it."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    show = request.GET.get("show", "live")
    show = show if show in SHOWN else "live"
    found = visible_projects(desk.member).filter(state__in=_STATES[show])
    related = found.select_related("account__merged_into", "owner").prefetch_related("measurements", "sign_offs")
    page = Paginator(related, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "desk": desk,
        "tabs": [(key, label, key == show) for key, label in SHOWN.items()],
        "page": page,
        "rows": [(one, one.account.merged_into or one.account, _standing(one)) for one in page],
    }
    return render(request, "web/value/projects.html", context)


def _standing(project: JointProject) -> str:
    """Where it stands in a few words."""
    found = progress_of(project)
    start = amount_told(project, project.baseline)
    if found.newest is None:
        return _("starts at %(start)s, nothing measured since") % {"start": start}
    told = _("from %(start)s to %(now)s") % {"start": start, "now": amount_told(project, found.newest.value)}
    if found.share is not None:
        told += " · " + _("%(share)s of the way") % {"share": percent(found.share, digits=0)}
    if any(one.answer == SignOff.Answer.AGREES for one in project.sign_offs.all()):
        told += " · " + _("confirmed by the customer")
    return told


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Note a project that is to be done with the customer."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.WRITE)
    form = ProjectForm(
        request.POST if request.method == "POST" else None,
        account=account,
        member=desk.member,
        initial={"baseline_on": desk.day},
    )
    if form.is_bound and form.is_valid():
        try:
            made = propose_project(account=account, on=desk.day, member=desk.member, **form.said(desk.member))
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            show_next(request, Toast(text=_("The project is noted. Start it when the customer agrees.")))
            return redirect("project", uid=made.uid)
    context = {
        **heading(desk, account, tab=TAB),
        "form": form,
        "title": _("A joint project"),
        "back": reverse("account_value", args=[account.uid]),
    }
    return render(request, "web/value/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Change what is said about a project."""
    desk = desk_of(request)
    project = _found(desk, uid)
    require(desk.member, Permission.WRITE)
    account = project.account.merged_into or project.account
    form = ProjectForm(
        request.POST if request.method == "POST" else None,
        account=account,
        member=desk.member,
        initial=typed_project(project),
    )
    if form.is_bound and form.is_valid():
        try:
            change_project(project=project, on=desk.day, member=desk.member, **form.said(project.owner))
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            show_next(request, Toast(text=_("Changed.")))
            return redirect("project", uid=uid)
    context = {
        **heading(desk, account, tab=TAB),
        "form": form,
        "title": project.title,
        "back": reverse("project", args=[uid]),
    }
    return render(request, "web/value/form.html", context, status=422 if form.errors else 200)


@require_safe
def project(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One project: its goal, what was measured, what was saved, what the customer confirmed."""
    desk = desk_of(request)
    return _shown(request, desk, _found(desk, uid))


def _found(desk: Desk, uid: uuid.UUID) -> JointProject:
    related = visible_projects(desk.member).select_related("account__merged_into", "owner", "contact")
    return found_or_absent(related, uid)


def _shown(
    request: HttpRequest, desk: Desk, project: JointProject, refused: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    refused = refused or {}
    measured = project.measurements.select_related("member").order_by("-on", "-pk")
    standing = progress_of(project)
    context = {
        **heading(desk, project.account.merged_into or project.account, tab=TAB),
        "project": project,
        "reached": reached_now(project),
        "share": standing.share,
        "target": "" if project.target is None else amount_told(project, project.target),
        "newest": standing.newest,
        "measured": [(one, amount_told(project, one.value), _saved(one, project)) for one in measured],
        "questions": [
            (one, reached_as_asked(one)[1:])
            for one in project.sign_offs.select_related("contact", "project").order_by("-pk")
        ],
        "is_live": project.state in JointProject.LIVE,
        "measure": refused.get("measure")
        or MeasureForm(project=project, initial={"on": desk.day}, auto_id="measure_%s"),
        "end": refused.get("finish") or refused.get("stop") or WordsForm(auto_id="end_%s"),
    }
    return render(request, "web/value/project.html", context, status=422 if refused else 200)


def _saved(measured: ProjectMeasurement, project: JointProject) -> str:
    if measured.saved_minor is None:
        return ""
    return money(from_minor(measured.saved_minor, project.currency), project.currency, exact=True)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Choose who of theirs is to confirm the figures, read the letter, change it, send it."""
    desk = desk_of(request)
    found = _found(desk, uid)
    require(desk.member, Permission.WRITE)
    account = found.account.merged_into or found.account
    people = list(account.contacts.filter(active=True).exclude(email="").select_related("account").order_by("name"))
    contact = chosen_contact(people, request)
    form = None
    if contact is not None:
        draft = drafted_question(found, contact)
        form = LetterForm(request.POST if request.method == "POST" else None, initial=draft.__dict__)
        if form.is_bound and form.is_valid():
            try:
                made = ask_for_sign_off(
                    project=found, contact=contact, on=desk.day, member=desk.member, **form.cleaned_data
                )
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                text = _("The question to %(name)s is on its way.") % {"name": contact.name}
                show_next(request, Toast(text=text, undo=reverse("sign_off_back", args=[made.uid])))
                return redirect("project", uid=uid)
    context = {
        **heading(desk, account, tab=TAB),
        "title": _("Have the customer confirm it"),
        "people": people,
        "contact": contact,
        "form": form,
        "back": reverse("project", args=[uid]),
    }
    return render(request, "web/value/ask.html", context, status=422 if form and form.errors else 200)


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Do something about a project; a refusal keeps what was typed."""
    desk = desk_of(request)
    found = _found(desk, uid)
    if verb not in VERBS:
        raise Http404
    require(desk.member, Permission.WRITE)
    form = _form(verb, request, found)
    if form is not None and not form.is_valid():
        return _shown(request, desk, found, refused={verb: form})
    try:
        toast = VERBS[verb](found, desk, form)
    except Refusal as refusal:
        if form is None:
            raise
        form.add_error(None, str(refusal))
        return _shown(request, desk, found, refused={verb: form})
    show_next(request, toast)
    return redirect("project", uid=uid)


def _form(verb: str, request: HttpRequest, project: JointProject) -> Any:
    if verb == "measure":
        return MeasureForm(request.POST, project=project, auto_id="measure_%s")
    return WordsForm(request.POST, auto_id="end_%s") if verb in ("finish", "stop") else None


def _resume_address(project: JointProject) -> str:
    return reverse("project_act", args=[project.uid, "resume"])


def _start(project: JointProject, desk: Desk, form: Any) -> Toast:
    start_project(project=project, on=desk.day, member=desk.member)
    return Toast(text=_("Under way."), undo=_resume_address(project))


def _measure(project: JointProject, desk: Desk, form: Any) -> Toast:
    made = measure_project(project=project, today=desk.day, member=desk.member, **form.said_of_it())
    return Toast(text=_("Noted what was measured."), undo=reverse("measurement_back", args=[made.uid]))


def _finish(project: JointProject, desk: Desk, form: Any) -> Toast:
    finish_project(project=project, on=desk.day, member=desk.member, outcome=form.cleaned_data["words"])
    return Toast(text=_("Finished."), undo=_resume_address(project))


def _stop(project: JointProject, desk: Desk, form: Any) -> Toast:
    stop_project(project=project, on=desk.day, member=desk.member, reason=form.cleaned_data["words"])
    return Toast(text=_("Stopped."), undo=_resume_address(project))


def _resume(project: JointProject, desk: Desk, form: Any) -> Toast:
    back = resume_project(project=project, on=desk.day, member=desk.member)
    return Toast(text=_("The project is again: %(state)s.") % {"state": back.get_state_display()})


VERBS: dict[str, Callable[[JointProject, Desk, Any], Toast]] = {
    "start": _start,
    "measure": _measure,
    "finish": _finish,
    "stop": _stop,
    "resume": _resume,
}


@require_POST
def measurement_back(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take back what was measured by mistake."""
    desk = desk_of(request)
    measured = ProjectMeasurement.objects.filter(project__in=visible_projects(desk.member)).select_related("project")
    found = found_or_absent(measured, uid)
    take_back_measurement(measurement=found, member=desk.member)
    show_next(request, Toast(text=_("Taken back.")))
    return redirect("project", uid=found.project.uid)


@require_POST
def sign_off_back(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The link in the mail opens nothing any more."""
    desk = desk_of(request)
    asked = SignOff.objects.filter(project__in=visible_projects(desk.member)).select_related("project")
    found = found_or_absent(asked, uid)
    withdraw_question(sign_off=found, member=desk.member)
    show_next(request, Toast(text=_("Taken back: the link in the mail opens nothing any more.")))
    return redirect("project", uid=found.project.uid)
