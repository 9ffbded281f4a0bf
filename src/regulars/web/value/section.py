"""Value for one account: for who is about to talk with it, to decide what to improve together and what to ask next."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account
from regulars.facts.models import Account, Contact
from regulars.plan.joint_projects import progress_of, projects_of
from regulars.plan.models import JointProject, ProofAsk
from regulars.plan.perceived_value import (
    keep_perceived_value,
    perceived_by,
    standing_of,
    take_back_perceived_value,
    visible_perceived,
)
from regulars.plan.seen import seen_with_account
from regulars.plan.sign_offs import amount_told
from regulars.plan.value_proofs import ask_for_proof, drafted_ask, proofs_of, withdraw_ask
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.value.forms import LetterForm, WorthForm
from regulars.web.value.found import found_or_absent
from regulars.web.value.worth_chart import worth_chart

MOST_SHOWN = 50
TAB = "account_growth"


@require_safe
def account_value(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What we are worth to it, what we improve together, what it says it values. A part of its Growth page."""
    desk, account = opened(request, uid)
    return _shown(request, desk, account, WorthForm(account=account, initial={"on": desk.day}, auto_id="worth_%s"))


def _shown(request: HttpRequest, desk: Desk, account: Account, form: WorthForm) -> HttpResponse:
    as_part = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
    said = list(perceived_by(account, member=desk.member).select_related("contact")[:MOST_SHOWN])
    standing = standing_of(said)
    waiting = ProofAsk.objects.filter(of_account(account), answered_at=None, withdrawn_at=None)
    context: dict[str, Any] = {"desk": desk, "account": account} if as_part else heading(desk, account, tab=TAB)
    context |= {
        "frame": "web/account/part.html" if as_part else "web/account/base.html",
        "said": said,
        "standing": standing.sentence if standing else "",
        "chart": worth_chart(said),
        "projects": [_told(one) for one in _projects(desk, account)],
        "proofs": proofs_of(account, member=desk.member).select_related("contact")[:MOST_SHOWN],
        "waiting": waiting.select_related("contact").order_by("-pk")[:MOST_SHOWN],
        "worth_form": form,
    }
    response = render(request, "web/value/account.html", context, status=422 if form.errors else 200)
    patch_vary_headers(response, ("HX-Request",))
    return response


def _projects(desk: Desk, account: Account) -> list[JointProject]:
    found = projects_of(account, member=desk.member).select_related("owner").prefetch_related("measurements")
    return list(found[:MOST_SHOWN])


def _told(project: JointProject) -> tuple[JointProject, str]:
    """A project with where it stands: from 8 % to 5 %."""
    start = amount_told(project, project.baseline)
    newest = progress_of(project).newest
    if newest is None:
        return project, _("starts at %(start)s") % {"start": start}
    return project, _("from %(start)s to %(now)s") % {"start": start, "now": amount_told(project, newest.value)}


@require_POST
def account_worth(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Note what the customer says we are worth to it."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.WRITE)
    form = WorthForm(request.POST, account=account, auto_id="worth_%s")
    if form.is_valid():
        try:
            made = keep_perceived_value(account=account, today=desk.day, member=desk.member, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            undo = reverse("worth_back", args=[made.uid])
            show_next(request, Toast(text=_("Noted what we are worth to it."), undo=undo))
            return redirect("account_value", uid=account.uid)
    return _shown(request, desk, account, form)


@require_POST
def worth_back(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take back what was noted."""
    desk = desk_of(request)
    found = found_or_absent(visible_perceived(desk.member).select_related("account__merged_into"), uid)
    take_back_perceived_value(perceived=found, on=desk.day, member=desk.member)
    show_next(request, Toast(text=_("Taken back.")))
    return redirect("account_value", uid=(found.account.merged_into or found.account).uid)


@require_http_methods(["GET", "HEAD", "POST"])
def account_value_ask(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Choose whom to ask what it values about us, read the letter, change it, send it."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.WRITE)
    people = account.contacts.filter(active=True).exclude(email="").select_related("account").order_by("name", "pk")
    contact = chosen_contact(list(people), request)
    form = None
    if contact is not None:
        form = LetterForm(request.POST if request.method == "POST" else None, initial=drafted_ask(contact).__dict__)
        if form.is_bound and form.is_valid():
            try:
                made = ask_for_proof(contact=contact, on=desk.day, member=desk.member, **form.cleaned_data)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                undo = reverse("proof_ask_back", args=[made.uid])
                text = _("The question to %(name)s is on its way.") % {"name": contact.name}
                show_next(request, Toast(text=text, undo=undo))
                return redirect("account_value", uid=account.uid)
    context = {
        **heading(desk, account, tab=TAB),
        "title": _("Ask what it values about us"),
        "people": people,
        "contact": contact,
        "form": form,
        "back": reverse("account_value", args=[account.uid]),
    }
    return render(request, "web/value/ask.html", context, status=422 if form and form.errors else 200)


def chosen_contact(people: list[Contact], request: HttpRequest) -> Contact | None:
    """Who was chosen among those who can be asked; the only one is chosen already."""
    wanted = request.GET.get("contact", "")
    return next((one for one in people if str(one.uid) == wanted), people[0] if len(people) == 1 else None)


@require_POST
def proof_ask_back(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The link in the mail opens nothing any more."""
    desk = desk_of(request)
    asks = ProofAsk.objects.filter(seen_with_account(desk.member)).select_related("account__merged_into")
    found = found_or_absent(asks, uid)
    withdraw_ask(ask=found, member=desk.member)
    show_next(request, Toast(text=_("Taken back: the link in the mail opens nothing any more.")))
    return redirect("account_value", uid=(found.account.merged_into or found.account).uid)
