"""One lead, for the seller who is about to call: who is it, does it fit, what was said, and what comes next?"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, may, require
from regulars.core.errors import Refusal
from regulars.facts.accounts import visible_accounts
from regulars.facts.countries import country_name
from regulars.facts.lead_criteria import criteria, judge_lead, judgement_sentences, told_of
from regulars.facts.lead_likeness import Alike, alike_accounts
from regulars.facts.lead_routes import why_there
from regulars.facts.leads import (
    Origin,
    answer_due,
    assign_lead,
    can_take_back,
    change_lead,
    contact_lead,
    lose_lead,
    note_on_lead,
    qualify_lead,
    reject_lead,
    reopen_lead,
    require_work_on_leads,
    take_back_lead_step,
    take_lead,
    visible_leads,
)
from regulars.facts.models import Lead
from regulars.facts.thresholds import LEAD_POINTS
from regulars.plan.issue_rules import moment_of_work
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.leads.forms import (
    AssignForm,
    ContactedForm,
    LeadFieldsForm,
    LoseForm,
    NoteForm,
    QualifyForm,
    RejectForm,
)
from regulars.web.leads.queue import frame_of

Said = Mapping[str, Any]
TAKES_OVER = "web/leads/edit.html"


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Take down somebody who called or whom one met, while it is fresh."""
    desk = desk_of(request)
    require_work_on_leads(desk.member)
    form = LeadFieldsForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            taken = take_lead(
                origin=Origin(channel=Lead.Channel.HAND), at=moment_of_work(), member=desk.member, **form.said()
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            known = _("This one is open already; what you wrote was added.")
            show_next(request, Toast(text=_("Taken down.") if taken.new else known))
            seen = visible_leads(desk.member).filter(pk=taken.lead.pk).exists()
            return redirect("lead", uid=taken.lead.uid) if seen else redirect("leads")
    context = {**frame_of(desk, tab="new"), "form": form, "lead": None}
    return render(request, TAKES_OVER, context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Correct what is known, and note the answers to our questions; it is judged anew."""
    desk = desk_of(request)
    found = found_lead(desk, uid)
    require_work_on_leads(desk.member)
    form = LeadFieldsForm(request.POST if request.method == "POST" else None, lead=found)
    if request.method == "POST" and form.is_valid():
        try:
            change_lead(lead=found, at=moment_of_work(), member=desk.member, **form.said())
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            show_next(request, Toast(text=_("Kept.")))
            return redirect("lead", uid=uid)
    context = {**frame_of(desk, tab="queue"), "form": form, "lead": found}
    return render(request, TAKES_OVER, context, status=422 if form.errors else 200)


@require_safe
def lead(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Read it, and go on with it."""
    desk = desk_of(request)
    return _shown(request, desk, found_lead(desk, uid))


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Go on with it; a refusal keeps what was typed."""
    desk = desk_of(request)
    found = found_lead(desk, uid)
    if verb not in VERBS:
        raise Http404
    require_work_on_leads(desk.member)
    form = _form_of(verb, request, desk)
    if form is not None and not form.is_valid():
        return _shown(request, desk, found, {verb: form})
    try:
        toast = VERBS[verb](found, desk, form.cleaned_data if form else {})
    except Refusal as refusal:
        if form is None:
            raise
        form.add_error(None, str(refusal))
        return _shown(request, desk, found, {verb: form})
    show_next(request, toast)
    from_queue = request.POST.get("back") == "queue"
    seen = visible_leads(desk.member).filter(pk=found.pk).exists()
    return redirect("leads") if from_queue or not seen else redirect("lead", uid=uid)


def found_lead(desk: Desk, uid: uuid.UUID) -> Lead:
    """The lead, if the member may see it; foreign and absent answer alike."""
    require(desk.member, Permission.READ)
    seen = visible_leads(desk.member).filter(uid=uid)
    found = seen.select_related(
        "owner", "taken_by", "form", "account__merged_into", "referral__account", "referral__contact"
    ).first()
    if found is None:
        raise Http404
    return found


def alike_for(desk: Desk, found: Lead) -> list[tuple[Alike, bool]]:
    """Accounts that the lead may be, and whether the member sees them: of others only who looks after them is said."""
    alike = alike_accounts(found)
    seen = set(visible_accounts(desk.member).filter(pk__in=[one.account.pk for one in alike]).values_list("pk"))
    return [(one, (one.account.pk,) in seen) for one in alike]


def _form_of(verb: str, request: HttpRequest, desk: Desk) -> forms.Form | None:
    if verb == "assign":
        return AssignForm(request.POST, desk=desk, auto_id="assign_%s")
    kinds: dict[str, type[forms.Form]] = {
        "contacted": ContactedForm,
        "qualify": QualifyForm,
        "note": NoteForm,
        "reject": RejectForm,
        "lose": LoseForm,
    }
    return kinds[verb](request.POST, auto_id=f"{verb}_%s") if verb in kinds else None


def _shown(
    request: HttpRequest, desk: Desk, found: Lead, refused: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    refused = refused or {}
    used = criteria()
    judgement = judge_lead(found, used, needed=int(LEAD_POINTS.of(desk.organisation)))
    told = told_of(found, used, judgement)
    steps = list(found.steps.select_related("member", "to_member").order_by("pk"))
    standing = [step for step in steps if step.taken_back_at is None]
    kinds: dict[str, type[forms.Form]] = {
        "contacted": ContactedForm,
        "qualify": QualifyForm,
        "note": NoteForm,
        "reject": RejectForm,
        "lose": LoseForm,
    }
    account = found.account and (found.account.merged_into or found.account)
    context = {
        **frame_of(desk, tab="queue"),
        "lead": found,
        "country": country_name(found.country) if found.country else "",
        "open": found.state in Lead.OPEN,
        "late": found.state in Lead.OPEN and not found.answered_at and found.came_at < answer_due(moment_of_work()),
        "judgement": judgement,
        "told": told,
        "sentences": judgement_sentences(told, judgement),
        "why_there": why_there(found),
        # Looked for when it came and when it is changed; a page that is only read does not search all accounts.
        "alike": alike_for(desk, found) if found.perhaps_id and found.state in Lead.OPEN else [],
        "steps": steps,
        "can_take_back": can_take_back(standing[-1] if standing else None),
        "account": account,
        "sees_account": account is not None and visible_accounts(desk.member).filter(pk=account.pk).exists(),
        "forms": {verb: refused.get(verb) or kind(auto_id=f"{verb}_%s") for verb, kind in kinds.items()},
        "assign_form": refused.get("assign") or AssignForm(desk=desk, auto_id="assign_%s", initial=_owner(found)),
        "may_win": desk.may_write,
        "may_give": may(desk.member, Permission.MANAGE_LEADS) or may(desk.member, Permission.ASSIGN),
        "may_leave": found.owner_id in (None, desk.member.pk) and desk.may_write,
    }
    return render(request, "web/leads/lead.html", context, status=422 if refused else 200)


def _owner(found: Lead) -> dict[str, Any]:
    return {"owner": found.owner.uid if found.owner else ""}


def _undo(found: Lead) -> str:
    return reverse("lead_act", args=[found.uid, "back"])


def _contacted(found: Lead, desk: Desk, said: Said) -> Toast:
    contact_lead(lead=found, at=moment_of_work(), member=desk.member, said=said["said"])
    return Toast(text=_("Noted."), undo=_undo(found))


def _qualify(found: Lead, desk: Desk, said: Said) -> Toast:
    qualify_lead(lead=found, at=moment_of_work(), member=desk.member, said=said["said"])
    return Toast(text=_("%(lead)s fits.") % {"lead": found}, undo=_undo(found))


def _note(found: Lead, desk: Desk, said: Said) -> Toast:
    note_on_lead(lead=found, at=moment_of_work(), member=desk.member, said=said["said"])
    return Toast(text=_("Noted."), undo=_undo(found))


def _reject(found: Lead, desk: Desk, said: Said) -> Toast:
    reject_lead(lead=found, at=moment_of_work(), member=desk.member, **said)
    return Toast(text=_("%(lead)s does not fit.") % {"lead": found}, undo=_undo(found))


def _lose(found: Lead, desk: Desk, said: Said) -> Toast:
    lose_lead(lead=found, at=moment_of_work(), member=desk.member, **said)
    return Toast(text=_("%(lead)s became nothing.") % {"lead": found}, undo=_undo(found))


def _assign(found: Lead, desk: Desk, said: Said) -> Toast:
    given = assign_lead(lead=found, at=moment_of_work(), member=desk.member, owner=said["owner"], said=said["said"])
    if given.owner is None:
        return Toast(text=_("It is nobody’s now."))
    return Toast(text=_("Given to %(member)s.") % {"member": given.owner}, undo=_undo(found))


def _reopen(found: Lead, desk: Desk, said: Said) -> Toast:
    reopen_lead(lead=found, at=moment_of_work(), member=desk.member)
    return Toast(text=_("Taken up again."), undo=_undo(found))


def _back(found: Lead, desk: Desk, said: Said) -> Toast:
    take_back_lead_step(lead=found, member=desk.member)
    return Toast(text=_("Taken back."))


VERBS: dict[str, Callable[[Lead, Desk, Said], Toast]] = {
    "contacted": _contacted,
    "qualify": _qualify,
    "note": _note,
    "reject": _reject,
    "lose": _lose,
    "assign": _assign,
    "reopen": _reopen,
    "back": _back,
}
