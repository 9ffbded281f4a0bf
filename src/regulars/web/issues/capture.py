"""Taking an issue down while the customer is on the phone: what is wrong, is it known, what helps at once?"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.accounts import NoSuchAccount, find_account
from regulars.facts.issues import open_issue
from regulars.facts.known_problems import fitting_problems
from regulars.facts.models import Account, Issue
from regulars.facts.search import search_accounts
from regulars.facts.service_profiles import profile_sentences, service_profile
from regulars.plan.issue_rules import due_time, moment_of_work
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.issues.forms import CaptureForm
from regulars.web.issues.queue import frame_of

MOST_ACCOUNTS = 8
MOST_LIVE = 5


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """First whose it is, unless the address says so; then what is wrong."""
    desk = desk_of(request)
    require(desk.member, Permission.WRITE)
    account = _account(request, desk)
    if account is None:
        return _whose(request, desk)
    form = CaptureForm(request.POST or None, account=account, member=desk.member)
    if request.method == "POST" and form.is_valid():
        made = _opened(form, desk, account)
        if made is not None:
            show_next(request, Toast(text=_("Taken down.")))
            return redirect("issue", uid=made.uid)
    at = moment_of_work()
    context = {
        **frame_of(desk, at, tab="new"),
        "account": account,
        "form": form,
        "profile": profile_sentences(service_profile(account)),
        "due_at": due_time(account, at=at),
        "live": account.issues.filter(state__in=Issue.LIVE).order_by("due_at")[:MOST_LIVE],
        "known": fitting_problems(str(form["title"].value() or "")),
        "chosen": str(form["known_problem"].value() or ""),
    }
    return render(request, "web/issues/new.html", context, status=422 if form.errors else 200)


@require_safe
def known(request: HttpRequest) -> HttpResponse:
    """Known problems that fit what is being typed; a part of the page."""
    desk = desk_of(request)
    require(desk.member, Permission.WRITE)
    found = fitting_problems(request.GET.get("title", "")[:500])
    return render(request, "web/issues/known.html", {"known": found, "desk": desk})


def _account(request: HttpRequest, desk: Desk) -> Account | None:
    wanted = request.GET.get("account", "")
    if not wanted:
        return None
    try:
        return find_account(wanted, member=desk.member)
    except NoSuchAccount as absent:
        raise Http404(str(absent)) from None


def _whose(request: HttpRequest, desk: Desk) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    found = search_accounts(text, member=desk.member, most=MOST_ACCOUNTS) if text else []
    context: dict[str, Any] = {**frame_of(desk, moment_of_work(), tab="new"), "text": text, "found": found}
    return render(request, "web/issues/whose.html", context)


def _opened(form: CaptureForm, desk: Desk, account: Account) -> Issue | None:
    said, at = form.cleaned_data, moment_of_work()
    try:
        return open_issue(
            account=account,
            title=said["title"],
            text=said["text"],
            about=said["about"],
            contact=said["contact"],
            complaint=said["complaint"],
            known_problem=said["known_problem"],
            given=said["hands"],
            at=at,
            due_at=due_time(account, at=at),
            member=desk.member,
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return None
