"""What a customer answers without a login, by a signed link in a mail, in its own language: is this what the project
brought; what are we worth to you; how was our colleague. Opening a link answers nothing: programs open links, too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from allauth.core.ratelimit import consume_or_429
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from regulars.base.organisation import organisation
from regulars.core.errors import Refusal
from regulars.facts import ratings
from regulars.plan.customer_links import in_language_of
from regulars.plan.issue_rules import moment_of_work
from regulars.plan.models import ValueProof
from regulars.plan.perceived_value import LEAST, MOST
from regulars.plan.sign_offs import LONGEST_WORDS, answer_sign_off, reached_as_asked, sign_off_of_key
from regulars.plan.value_proofs import LONGEST_WORDS as LONGEST_QUOTE
from regulars.plan.value_proofs import answer_ask, ask_of_key


class AnswerOfOurs(Refusal):
    """One of ours answers a question to a customer."""


def scale(least: int, most: int, **more: Any) -> forms.TypedChoiceField:
    """Numbers to choose one of."""
    return forms.TypedChoiceField(
        coerce=int,
        empty_value=None,
        choices=[(str(one), str(one)) for one in range(least, most + 1)],
        widget=forms.RadioSelect,
        **more,
    )


class RatingForm(forms.Form):
    """How a colleague was; each may be left out."""

    courtesy = scale(ratings.LEAST, ratings.MOST, required=False, label=gettext_lazy("How courteous?"))
    competence = scale(ratings.LEAST, ratings.MOST, required=False, label=gettext_lazy("How competent?"))
    words = forms.CharField(
        label=gettext_lazy("In your words"),
        required=False,
        max_length=ratings.LONGEST_WORDS,
        widget=forms.Textarea({"rows": 3}),
    )


class SignOffForm(forms.Form):
    """Whether the figures are right."""

    agrees = forms.TypedChoiceField(
        coerce=lambda said: said == "yes",
        choices=[("yes", gettext_lazy("Yes, that is right")), ("no", gettext_lazy("Not quite"))],
    )
    words = forms.CharField(
        label=gettext_lazy("In your words"),
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea({"rows": 3}),
    )


class WorthAnswerForm(forms.Form):
    """What we are worth to the customer, and what it values."""

    score = scale(LEAST, MOST)
    what = forms.ChoiceField(
        label=gettext_lazy("What do you value most about us?"),
        choices=[("", "–"), *ValueProof.What.choices],
        required=False,
    )
    words = forms.CharField(
        label=gettext_lazy("In your words"),
        required=False,
        max_length=LONGEST_QUOTE,
        widget=forms.Textarea({"rows": 4}),
    )
    consent = forms.ChoiceField(
        choices=[
            ("none", gettext_lazy("No, this is for you alone")),
            ("anonymous", gettext_lazy("Yes, without my name and that of my firm")),
            ("by_name", gettext_lazy("Yes, with my name and that of my firm")),
        ],
        initial="none",
        widget=forms.RadioSelect,
    )


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_off(request: HttpRequest, key: str) -> HttpResponse:
    """The contact confirms what a project brought, or says what is not right."""

    def ask() -> tuple[AbstractContextManager[None], dict[str, Any]]:
        asked = sign_off_of_key(key)
        return in_language_of(asked.contact), {"asked": asked}

    def told(context: dict[str, Any]) -> dict[str, Any]:
        return {"project": context["asked"].project, "reached": reached_as_asked(context["asked"])}

    def keep(said: dict[str, Any]) -> None:
        answer_sign_off(key=key, agrees=said["agrees"], words=said["words"], at=moment_of_work())

    return _answered(request, ask, told, keep, form=SignOffForm, template="web/value/sign_off.html")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def worth(request: HttpRequest, key: str) -> HttpResponse:
    """The contact says what we are worth to it, what it values, and whether we may quote it."""

    def ask() -> tuple[AbstractContextManager[None], dict[str, Any]]:
        asked = ask_of_key(key)
        return in_language_of(asked.contact), {"asked": asked}

    def keep(said: dict[str, Any]) -> None:
        answer_ask(key=key, at=moment_of_work(), **(said | {"what": said["what"] or ValueProof.What.OTHER}))

    return _answered(request, ask, lambda found: {}, keep, form=WorthAnswerForm, template="web/value/worth.html")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rate(request: HttpRequest, key: str) -> HttpResponse:
    """The customer rates courtesy and competence of a colleague."""

    def ask() -> tuple[AbstractContextManager[None], dict[str, Any]]:
        return nullcontext(), {"rateable": ratings.rateable_of_key(key)}

    def keep(said: dict[str, Any]) -> None:
        rated = ratings.rate_service(rateable=ratings.rateable_of_key(key), at=moment_of_work(), **said)
        if rated is None:
            raise ratings.WrongRating(_("You have not chosen anything yet."), _("Choose a number from 1 to 7."))

    return _answered(request, ask, lambda found: {}, keep, form=RatingForm, template="web/value/rate.html")


Ask = Callable[[], tuple[AbstractContextManager[Any], dict[str, Any]]]


def _answered(
    request: HttpRequest,
    ask: Ask,
    told: Callable[[dict[str, Any]], dict[str, Any]],
    keep: Callable[[dict[str, Any]], None],
    *,
    form: type[forms.Form],
    template: str,
) -> HttpResponse:
    """The question, and thanks for the answer; a link that opens nothing says so."""
    too_often: HttpResponse | None = consume_or_429(request, action="customer_answer")
    if too_often is not None:
        return too_often
    try:
        language, found = ask()
    except Refusal as stale:
        return _said(request, stale.sentence, stale.way_out, status=410)
    with language:
        filled = form(request.POST if request.method == "POST" else None)
        if filled.is_bound and filled.is_valid():
            try:
                _refuse_ours(request)
                keep(filled.cleaned_data)
            except Refusal as refusal:
                filled.add_error(None, str(refusal))
            else:
                return _said(request, _("Thank you!"), _("We read every answer."))
        context = {"form": filled, "firm": organisation(), **found, **told(found)}
        response = render(request, template, context, status=422 if filled.errors else 200)
        response.headers["Content-Language"] = translation.get_language() or "en"
    return response


def _refuse_ours(request: HttpRequest) -> None:
    """Who looks at a letter and follows its link does not answer in the customer's place by mistake."""
    if request.user.is_authenticated:
        raise AnswerOfOurs(_("You are signed in as one of us."), _("This question is for the customer."))


def _said(request: HttpRequest, said: str, more: str, *, status: int = 200) -> HttpResponse:
    return render(request, "web/issues/answered.html", {"said": said, "more": more}, status=status)
