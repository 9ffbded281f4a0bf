"""Issues of one account, before a talk: what was wrong, what is still wrong, how does it want to be helped?"""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from regulars.base.access import Permission, require
from regulars.base.organisation import zone
from regulars.core.errors import Refusal
from regulars.facts.issues import visible_issues
from regulars.facts.models import Issue
from regulars.facts.service_profiles import describe_service, profile_sentences, service_profile
from regulars.plan.issue_rules import moment_of_work
from regulars.web.account.record import heading, opened
from regulars.web.frame import Toast, show_next
from regulars.web.issues.forms import ProfileForm

MOST_SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
def account_issues(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """All issues of an account; its service profile is said here."""
    desk, account = opened(request, uid)
    profile = service_profile(account)
    known = {"prefers": profile.prefers, "cares_about": profile.cares_about} if profile else None
    form = ProfileForm(request.POST or None, initial=known)
    if request.method == "POST":
        require(desk.member, Permission.WRITE)
        if form.is_valid():
            try:
                describe_service(account=account, member=desk.member, **form.cleaned_data)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                show_next(request, Toast(text=_("Whoever helps them sees it first from now on.")))
                return redirect("account_issues", uid=account.uid)
    issues = visible_issues(desk.member).filter(account=account).select_related("account", "owner", "team")
    context = {
        **heading(desk, account, tab="account_issues"),
        "live": issues.filter(state__in=Issue.LIVE)[:MOST_SHOWN],
        "over": issues.exclude(state__in=Issue.LIVE).order_by("-solved_at")[:MOST_SHOWN],
        "profile": profile_sentences(profile),
        "form": form,
        "at": moment_of_work(),
        "zone": zone(desk.organisation),
    }
    return render(request, "web/issues/account.html", context, status=422 if form.errors else 200)
