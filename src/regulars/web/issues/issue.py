"""One issue, for who solves it: what happened so far, what helps, what to tell the customer, what to do next."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.base.formats import day as day_text
from regulars.core.errors import Refusal
from regulars.facts.accounts import visible_accounts
from regulars.facts.effort import observed_effort
from regulars.facts.issues import (
    WrongIssue,
    asked_again,
    close_issue,
    note_on_issue,
    pause_issue,
    promise_solution,
    reopen_issue,
    resume_issue,
    solve_issue,
    take_back_issue_step,
    told_customer,
    transfer_issue,
    visible_issues,
)
from regulars.facts.letters import write_to_contact
from regulars.facts.models import Issue
from regulars.facts.service_profiles import profile_sentences, service_profile
from regulars.plan.issue_rules import call_for_help, due_time, due_time_after_pause, moment_of_work
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.issues.forms import MaybeWordsForm, PauseForm, PromiseForm, SolveForm, TransferForm, WordsForm
from regulars.web.issues.letters import letter_of
from regulars.web.issues.queue import frame_of

Said = Mapping[str, Any]


@require_safe
def issue(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The page of one issue."""
    desk = desk_of(request)
    return _shown(request, desk, _issue(desk, uid))


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Do something with an issue; a refusal keeps what was typed."""
    desk = desk_of(request)
    found = _issue(desk, uid)
    if verb not in VERBS:
        raise Http404
    require(desk.member, Permission.WRITE)
    form = _form(verb, desk, request.POST)
    if form is not None and not form.is_valid():
        return _shown(request, desk, found, refused={verb: form})
    try:
        text = VERBS[verb](found, desk, form.cleaned_data if form else {}, moment_of_work())
    except Refusal as refusal:
        if form is None:
            raise
        form.add_error(None, str(refusal))
        return _shown(request, desk, found, refused={verb: form})
    undo = "" if verb in ("back", "write") else reverse("issue_act", args=[uid, "back"])
    show_next(request, Toast(text=text, undo=undo))
    return redirect("issue", uid=uid)


def _issue(desk: Desk, uid: uuid.UUID) -> Issue:
    related = ("account", "contact", "owner", "team", "known_problem__ally", "opened_by", "escalated_to")
    found = visible_issues(desk.member).filter(uid=uid).select_related(*related).first()
    if found is None:
        raise Http404
    return found


def _shown(
    request: HttpRequest, desk: Desk, found: Issue, refused: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    refused, at = refused or {}, moment_of_work()
    steps = found.steps.select_related("member", "to_member", "to_team").order_by("-pk")
    context = {
        **frame_of(desk, at, tab="issue"),
        "issue": found,
        "live": found.state in Issue.LIVE,
        "late": found.state in Issue.OURS and found.due_at < at,
        "sees_account": visible_accounts(desk.member).filter(pk=found.account_id).exists(),
        "steps": steps,
        "can_take_back": any(one.taken_back_at is None and one.kind != "opened" for one in steps),
        "profile": profile_sentences(service_profile(found.account)),
        "effort": observed_effort(found),
        "answers": found.effort_answers.order_by("-pk"),
        "can_write": bool(found.contact and found.contact.active and found.contact.email),
        "letter": letter_of(found, desk.organisation),
        "forms": {verb: refused.get(verb) or _form(verb, desk, None) for verb in FORMS},
    }
    return render(request, "web/issues/issue.html", context, status=422 if refused else 200)


def _form(verb: str, desk: Desk, given: Any) -> forms.Form | None:
    if verb not in FORMS:
        return None
    options: dict[str, Any] = {"member": desk.member} if FORMS[verb] is TransferForm else {}
    return FORMS[verb](given, auto_id=f"{verb}_%s", **options)


def _noted(found: Issue, desk: Desk, said: Said, at: datetime) -> str:
    note_on_issue(issue=found, said=said["said"], at=at, member=desk.member)
    return _("Noted.")


def _asked(found: Issue, desk: Desk, said: Said, at: datetime) -> str:
    asked_again(issue=found, said=said["said"], at=at, member=desk.member)
    return _("Noted that they had to ask again.")


def _told(found: Issue, desk: Desk, said: Said, at: datetime) -> str:
    told_customer(issue=found, said=said["said"], at=at, member=desk.member)
    return _("Noted what the customer was told.")


def _written(found: Issue, desk: Desk, said: Said, at: datetime) -> str:
    letter = letter_of(found, desk.organisation)
    contact = found.contact
    if contact is None:
        raise WrongIssue(_("Nobody is named to whom this could be written."), _("Tell them, and note it here."))
    with transaction.atomic():
        told_customer(issue=found, said=said["said"], at=at, member=desk.member)
        write_to_contact(
            contact=contact,
            subject=letter.subject,
            text=said["said"],
            member=desk.member,
            related=found,
            answers_to=desk.organisation.service_address,
        )
    return _("The mail to %(contact)s is on its way.") % {"contact": contact}


def _transferred(found: Issue, desk: Desk, said: Said, at: datetime) -> str:
    transfer_issue(issue=found, given=said["hands"], said=said["said"], at=at, member=desk.member)
    return _("Given to %(who)s.") % {"who": said["hands"].owner or said["hands"].team}


def _paused(found: Issue, desk: Desk, said: Said, at: datetime) -> str:
    pause_issue(issue=found, waits_for=said["said"], until=said["until"], at=at, member=desk.member)
    return _("It waits; the clock stands still.")


def _resumed(found: Issue, desk: Desk, said: Said, at: datetime) -> str:
    resume_issue(issue=found, at=at, due_at=due_time_after_pause(found, at=at), member=desk.member)
    return _("Taken up again.")


def _promised(found: Issue, desk: Desk, said: Said, at: datetime) -> str:
    promise_solution(issue=found, on=said["on"], at=at, member=desk.member)
    return _("Promised for %(day)s.") % {"day": day_text(said["on"])}


def _called(found: Issue, desk: Desk, said: Said, at: datetime) -> str:
    called = call_for_help(issue=found, said=said["said"], at=at, member=desk.member)
    return _("%(who)s was called for help.") % {"who": called.escalated_to}


def _solved(found: Issue, desk: Desk, said: Said, at: datetime) -> str:
    solve_issue(issue=found, solution=said["said"], praised=said["praised"], at=at, member=desk.member)
    return _("Solved. Tell the customer now.")


def _reopened(found: Issue, desk: Desk, said: Said, at: datetime) -> str:
    due_at = due_time(found.account, at=at)
    reopen_issue(issue=found, reason=said["said"], at=at, due_at=due_at, member=desk.member)
    return _("Open again.")


def _closed(found: Issue, desk: Desk, said: Said, at: datetime) -> str:
    close_issue(issue=found, at=at, member=desk.member)
    return _("Closed.")


def _back(found: Issue, desk: Desk, said: Said, at: datetime) -> str:
    take_back_issue_step(issue=found, member=desk.member)
    return _("Taken back.")


VERBS: dict[str, Callable[[Issue, Desk, Said, datetime], str]] = {
    "note": _noted,
    "asked": _asked,
    "told": _told,
    "write": _written,
    "transfer": _transferred,
    "pause": _paused,
    "resume": _resumed,
    "promise": _promised,
    "help": _called,
    "solve": _solved,
    "reopen": _reopened,
    "close": _closed,
    "back": _back,
}
FORMS: dict[str, type[forms.Form]] = {
    "note": WordsForm,
    "asked": MaybeWordsForm,
    "told": WordsForm,
    "write": WordsForm,
    "transfer": TransferForm,
    "pause": PauseForm,
    "promise": PromiseForm,
    "help": MaybeWordsForm,
    "solve": SolveForm,
    "reopen": WordsForm,
}
