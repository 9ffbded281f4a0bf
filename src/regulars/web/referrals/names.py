"""Five names, for the customer who got the link by mail: whom do I know who could use this? No login."""

from __future__ import annotations

from allauth.core.ratelimit import consume_or_429
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from regulars.base.organisation import organisation, spoken_language
from regulars.core.errors import Refusal
from regulars.facts.letters import language_of
from regulars.plan.issue_rules import moment_of_work
from regulars.plan.models import ReferralAsk
from regulars.plan.referrals import StaleAsk, ask_of_key, give_names
from regulars.web.referrals.fields import NamesForm


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def names(request: HttpRequest, key: str) -> HttpResponse:
    """The question, in the customer's language. Opening the link answers nothing: programs that scan mails open it."""
    too_often: HttpResponse | None = consume_or_429(request, action="customer_answer")
    if too_often is not None:
        return too_often
    firm = organisation()
    try:
        found = ask_of_key(key)
    except StaleAsk as stale:
        told = {"said": stale.sentence, "more": stale.way_out, "firm": firm}
        return render(request, "web/leads/told.html", told, status=410)
    with translation.override(_language(found)):
        form = NamesForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and _given(found, form):
            thanks = {"said": _("Thank you!"), "more": _("We will be kind to them, and tell you."), "firm": firm}
            return render(request, "web/leads/told.html", thanks)
        context = {"form": form, "firm": firm, "ask": found}
        response = render(request, "web/referrals/names.html", context, status=422 if form.errors else 200)
        response.headers["Content-Language"] = translation.get_language() or "en"
    return response


def _given(found: ReferralAsk, form: NamesForm) -> bool:
    try:
        give_names(
            ask=found,
            names=form.named(),
            at=moment_of_work(),
            member=None,
            may_name=form.cleaned_data["may_name"],
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _language(found: ReferralAsk) -> str:
    if found.contact is not None:
        return language_of(found.contact)
    return spoken_language(found.account.language)
