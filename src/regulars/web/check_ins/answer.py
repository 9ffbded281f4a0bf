"""How did it go? The customer says by a signed link, without a login: all is well, or what is not.

Opening the link answers nothing: programs that scan mails open links, too.
"""

from __future__ import annotations

from typing import Any

from allauth.core.ratelimit import consume_or_429
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from regulars.base.organisation import organisation
from regulars.core.errors import Refusal
from regulars.facts.models import Issue
from regulars.plan.check_ins import LONGEST_WORDS, answer_check_in, check_in_of_key
from regulars.plan.customer_links import in_language_of
from regulars.plan.issue_rules import moment_of_work


class WellForm(forms.Form):
    """All is well, in words if they like."""

    words = forms.CharField(
        label=gettext_lazy("In your words, if you like"),
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea({"rows": 2}),
    )


class ProblemForm(forms.Form):
    """What is not right."""

    about = forms.ChoiceField(label=gettext_lazy("What is it about?"), initial=Issue.About.OTHER)
    words = forms.CharField(
        label=gettext_lazy("What is not right?"), max_length=LONGEST_WORDS, widget=forms.Textarea({"rows": 5})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        about: Any = self.fields["about"]
        about.choices = [(key, capfirst(str(label))) for key, label in Issue.About.choices]


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, key: str) -> HttpResponse:
    """The question, in the customer's language, and thanks for the answer."""
    too_often: HttpResponse | None = consume_or_429(request, action="customer_answer")
    if too_often is not None:
        return too_often
    try:
        asked = check_in_of_key(key)
    except Refusal as stale:
        return _said(request, stale.sentence, stale.way_out, status=410)
    with in_language_of(asked.contact):
        wrong = request.POST.get("how") == "wrong"
        well = WellForm(request.POST if request.method == "POST" and not wrong else None, auto_id="well_%s")
        problem = ProblemForm(request.POST if wrong else None, auto_id="problem_%s")
        form = problem if wrong else well
        if form.is_bound and form.is_valid():
            try:
                answer_check_in(key=key, went_well=not wrong, at=moment_of_work(), **form.cleaned_data)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                return _in_language(_thanks(request, wrong=wrong))
        context = {"well": well, "problem": problem, "check_in": asked, "firm": organisation()}
        refused = bool(well.errors or problem.errors)
        return _in_language(render(request, "web/check_ins/answer.html", context, status=422 if refused else 200))


def _thanks(request: HttpRequest, *, wrong: bool) -> HttpResponse:
    if wrong:
        more = _("We are on to it, and you will hear from us. If there is more, open the link again.")
        return _said(request, _("Thank you for telling us."), more)
    return _said(request, _("Thank you!"), _("If anything comes up later, open the link again and tell us."))


def _said(request: HttpRequest, said: str, more: str, *, status: int = 200) -> HttpResponse:
    return render(request, "web/issues/answered.html", {"said": said, "more": more}, status=status)


def _in_language(response: HttpResponse) -> HttpResponse:
    response.headers["Content-Language"] = translation.get_language() or "en"
    return response
