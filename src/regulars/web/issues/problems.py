"""Known problems, for service: what do several customers suffer from, and what helps them until it is solved?"""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.known_problems import change_problem, known_problems, note_problem, settle_problem
from regulars.facts.models import KnownProblem
from regulars.plan.issue_rules import moment_of_work
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.issues.forms import ProblemForm
from regulars.web.issues.queue import frame_of

MOST_SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
def problems(request: HttpRequest) -> HttpResponse:
    """All known problems; a new one is noted here."""
    desk = desk_of(request)
    form = ProblemForm(request.POST or None)
    if request.method == "POST":
        require(desk.member, Permission.WRITE)
        if form.is_valid() and _said(form, desk, None):
            show_next(request, Toast(text=_("Noted. It is proposed from now on.")))
            return redirect("issue_problems")
    context = {**frame_of(desk, moment_of_work(), tab="problems"), "form": form, "found": known_problems()[:MOST_SHOWN]}
    return render(request, "web/issues/problems.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def problem(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One known problem, to say better what it is and what helps."""
    desk = desk_of(request)
    require(desk.member, Permission.WRITE)
    found = _found(uid)
    initial = {"title": found.title, "signs": found.signs, "workaround": found.workaround}
    initial["ally"] = str(found.ally.uid) if found.ally else ""
    form = ProblemForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _said(form, desk, found):
        show_next(request, Toast(text=_("Changed.")))
        return redirect("issue_problems")
    context = {**frame_of(desk, moment_of_work(), tab="problems"), "form": form, "problem": found}
    return render(request, "web/issues/problem.html", context, status=422 if form.errors else 200)


@require_POST
def settle(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Say that a problem is solved for good, or that it is not."""
    desk = desk_of(request)
    found = _found(uid)
    on = desk.day if found.solved_on is None else None
    settle_problem(problem=found, on=on, member=desk.member)
    text = _("Solved for good: it is no longer proposed.") if on else _("It is proposed again.")
    show_next(request, Toast(text=text, undo=reverse("issue_problem_settle", args=[uid])))
    return redirect("issue_problems")


def _found(uid: uuid.UUID) -> KnownProblem:
    found = KnownProblem.objects.filter(uid=uid).select_related("ally").first()
    if found is None:
        raise Http404
    return found


def _said(form: ProblemForm, desk: Desk, problem: KnownProblem | None) -> bool:
    try:
        if problem is None:
            note_problem(member=desk.member, **form.cleaned_data)
        else:
            change_problem(problem=problem, member=desk.member, **form.cleaned_data)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    return True
