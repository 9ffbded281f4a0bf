"""Effort: the customer answers one question without a login; the head of service sees what trouble costs."""

from __future__ import annotations

from typing import Any

from allauth.core.ratelimit import consume_or_429
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from regulars.base.access import Permission, require
from regulars.base.formats import number, percent
from regulars.base.organisation import organisation
from regulars.core.errors import Refusal
from regulars.facts.effort import LEAST, LONGEST_WORDS, MOST, StaleQuestion, answer_effort, issue_of_key
from regulars.facts.issues import visible_issues
from regulars.facts.models import Issue
from regulars.facts.ratings import rate_service, rateable_of_issue
from regulars.insight.issue_effort import AGAIN_WITHIN, EffortFigures, Group, effort_figures
from regulars.plan.issue_rules import moment_of_work
from regulars.web.desk import desk_of
from regulars.web.issues.letters import language_of_issue
from regulars.web.issues.queue import frame_of
from regulars.web.value.customer import RatingForm

ENOUGH = 10
"""With fewer customers in a group nothing is compared."""


class AnswerForm(forms.Form):
    """The answer of a customer."""

    score = forms.TypedChoiceField(
        coerce=int, choices=[(str(one), str(one)) for one in range(LEAST, MOST + 1)], widget=forms.RadioSelect
    )
    words = forms.CharField(
        label=gettext_lazy("What could we have made easier?"),
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, *args: Any, rates_colleague: bool, **options: Any) -> None:
        """Where somebody of ours solved it, the customer may rate them with the same answer."""
        super().__init__(*args, **options)
        if rates_colleague:
            self.fields |= {name: RatingForm.base_fields[name] for name in ("courtesy", "competence")}


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, key: str) -> HttpResponse:
    """The question, in the customer's language. Opening the link answers nothing: programs that scan mails open it."""
    too_often: HttpResponse | None = consume_or_429(request, action="effort")
    if too_often is not None:
        return too_often
    try:
        issue = issue_of_key(key)
    except StaleQuestion as stale:
        return render(request, "web/issues/answered.html", {"said": stale.sentence, "more": stale.way_out}, status=410)
    firm = organisation()
    with translation.override(language_of_issue(issue, firm)):
        wanted = {"score": request.GET.get("score", "")}
        # One of ours who looks at the question does not rate a colleague.
        rates = issue.owner_id is not None and not request.user.is_authenticated
        form = AnswerForm(request.POST or None, initial=wanted, rates_colleague=rates)
        if request.method == "POST" and form.is_valid():
            return _thanks(request, key, issue, form.cleaned_data)
        context = {"form": form, "issue": issue, "firm": firm}
        response = render(request, "web/issues/answer.html", context, status=422 if form.errors else 200)
        response.headers["Content-Language"] = translation.get_language() or "en"
    return response


def _thanks(request: HttpRequest, key: str, issue: Issue, said: dict[str, Any]) -> HttpResponse:
    try:
        _keep(key, issue, said)
    except Refusal as refusal:
        return render(
            request, "web/issues/answered.html", {"said": refusal.sentence, "more": refusal.way_out}, status=422
        )
    context = {"said": _("Thank you!"), "more": _("We read every answer. If something is still not right, tell us.")}
    return render(request, "web/issues/answered.html", context)


@transaction.atomic
def _keep(key: str, issue: Issue, said: dict[str, Any]) -> None:
    """What the customer says of the trouble, and of who solved it."""
    at = moment_of_work()
    rated = {name: said.pop(name, None) for name in ("courtesy", "competence")}
    answer_effort(key=key, at=at, **said)
    rateable = rateable_of_issue(issue)
    if rateable is not None and not rateable.is_rated:
        rate_service(rateable=rateable, words="", at=at, **rated)


@require_safe
def effort(request: HttpRequest) -> HttpResponse:
    """What trouble costs: who bought again after it, what it was about, what took longest."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    figures = effort_figures(visible_issues(desk.member), as_of=desk.figures_of or desk.day)
    context = {
        **frame_of(desk, moment_of_work(), tab="effort"),
        "figures": figures,
        "verdict": _verdict(figures),
        "groups": [(_("without trouble"), figures.low), (_("with much trouble"), figures.high)],
        "days": AGAIN_WITHIN.days,
        "slowest": _slowest(figures),
    }
    return render(request, "web/issues/effort.html", context)


def _verdict(figures: EffortFigures) -> str:
    low, high = figures.low, figures.high
    if low.customers < ENOUGH or high.customers < ENOUGH:
        return _(
            "It is too early to say: this needs %(count)s customers of each kind who had %(days)s days to buy again."
        ) % {"count": number(ENOUGH), "days": number(AGAIN_WITHIN.days)}
    said: dict[str, Any] = {"days": number(AGAIN_WITHIN.days), "low": _told(low), "high": _told(high)}
    both = _(
        "%(low)s of customers who were helped without trouble bought again within %(days)s days, and %(high)s of those "
        "who had much trouble."
    )
    if low.interval and high.interval and low.interval[0] > high.interval[1]:
        return both % said
    return " ".join([both % said, _("The difference may be chance.")])


def _slowest(figures: EffortFigures) -> str:
    first = figures.time_spent[0] if figures.time_spent else None
    if first is None or not first.hours:
        return ""
    return _("The largest part of the hours, %(share)s: %(what)s.") % {
        "share": percent(first.share, digits=0),
        "what": first.label,
    }


def _told(group: Group) -> str:
    return percent(group.share or 0.0, digits=0)
