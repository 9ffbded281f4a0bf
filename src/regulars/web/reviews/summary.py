"""After a review: for who held it, to send the customer what was said while it is fresh, and to correct mistakes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.models import Account, Contact
from regulars.plan.issue_rules import moment_of_work
from regulars.plan.models import Review, ReviewArea, ReviewMinutes, ReviewProblem, ReviewRecommendation
from regulars.plan.review_finish import LONGEST_REASON, promises_of_review, reopen_review
from regulars.plan.review_forms import reviews_on_own_accounts
from regulars.plan.review_letters import Draft, send_summary, summary_of
from regulars.plan.review_recommendations import follow_up, followed_up
from regulars.plan.reviews import coming_review
from regulars.web.account.record import heading
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.reviews.form import found


class LetterForm(forms.Form):
    """What is written, and to whom."""

    contact = forms.ModelChoiceField(
        label=gettext_lazy("To"), queryset=Contact.objects.none(), to_field_name="uid", empty_label=None
    )
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=200)
    text = forms.CharField(label=gettext_lazy("Text"), max_length=20_000, widget=forms.Textarea({"rows": 18}))

    def __init__(self, *args: Any, account: Account, draft: Draft, **options: Any) -> None:
        super().__init__(*args, **options)
        contact: Any = self.fields["contact"]
        contact.queryset = account.contacts.filter(active=True).exclude(email="").order_by("name", "pk")
        for name in ("subject", "text"):
            self.fields[name].widget.attrs.update({"lang": draft.language, "dir": "auto"})


class AgainForm(forms.Form):
    """Why it is opened again."""

    reason = forms.CharField(label=gettext_lazy("What is wrong with it?"), max_length=LONGEST_REASON)


@require_http_methods(["GET", "HEAD", "POST"])
def summary(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What came of a review, and the letter about it, to be changed before it goes."""
    desk = desk_of(request)
    review = found(desk, uid)
    if review.state != Review.State.FINISHED:
        return redirect("review", uid=uid)
    if request.method != "POST":
        return _shown(request, desk, review)
    require(desk.member, Permission.WRITE)
    account = review.account.merged_into or review.account
    form = LetterForm(request.POST, account=account, draft=summary_of(review, member=desk.member))
    if form.is_valid():
        try:
            letter = send_summary(review=review, member=desk.member, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            name = form.cleaned_data["contact"].name
            undo = reverse("account_letter_cancel", args=[letter.uid])
            show_next(request, Toast(text=_("The mail to %(name)s is on its way.") % {"name": name}, undo=undo))
            return redirect("review_summary", uid=uid)
    return _shown(request, desk, review, refused={"letter": form})


@require_POST
def reopen(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Open a finished review again; a refusal keeps what was typed."""
    desk = desk_of(request)
    review = found(desk, uid)
    require(desk.member, Permission.WRITE)
    form = AgainForm(request.POST, auto_id="again_%s")
    if not form.is_valid():
        return _shown(request, desk, review, refused={"again": form})
    try:
        reopen_review(review=review, at=moment_of_work(), member=desk.member, reason=form.cleaned_data["reason"])
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _shown(request, desk, review, refused={"again": form})
    show_next(request, Toast(text=_("Open again: what came of it is taken back, what was typed is still there.")))
    return redirect("review_form", uid=uid)


@require_POST
def follow(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Follow a recommendation up as an opportunity."""
    desk = desk_of(request)
    own = reviews_on_own_accounts(desk.member).order_by().values("pk")
    wanted = ReviewRecommendation.objects.filter(uid=uid, review__in=own).select_related("review").first()
    if wanted is None:
        raise Http404
    opened = follow_up(recommendation=wanted, on=desk.day, member=desk.member)
    show_next(request, Toast(text=_("Opened: %(title)s") % {"title": opened.title}))
    return redirect("opportunity", uid=opened.uid)


def _shown(
    request: HttpRequest, desk: Desk, review: Review, refused: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    refused = refused or {}
    account = review.account.merged_into or review.account
    draft = summary_of(review, member=desk.member)
    minutes = ReviewMinutes.objects.filter(review=review).select_related("letter__mail", "letter__contact").first()
    initial = {
        "contact": review.contact.uid if review.contact else None,
        "subject": draft.subject,
        "text": draft.text,
    }
    letter_form = refused.get("letter") or LetterForm(account=account, draft=draft, initial=initial)
    context = {
        **heading(desk, account, tab="account_reviews"),
        **outcome_context(desk, review),
        "review": review,
        "minutes": minutes,
        "letter": minutes.letter if minutes else None,
        "coming": coming_review(account, member=desk.member),
        "form": letter_form,
        "can_write": letter_form.fields["contact"].queryset.exists(),  # type: ignore[attr-defined]
        "speaks": dict(settings.LANGUAGES).get(draft.language, ""),
        "again": refused.get("again") or AgainForm(auto_id="again_%s"),
    }
    return render(request, "web/reviews/summary.html", context, status=422 if refused else 200)


def outcome_context(desk: Desk, review: Review) -> dict[str, Any]:
    """The context of `web/reviews/outcome.html`: what was said and what came of it."""
    answers = list(review.answers.order_by("pk"))
    recommended = list(review.recommendations.order_by("place"))
    opened = followed_up(recommended, member=desk.member)
    problems = list(review.problems.select_related("issue").order_by("place"))
    return {
        "answers": [
            (area, [one for one in answers if one.area == area])
            for area in ReviewArea
            if any(one.area == area for one in answers)
        ],
        "theirs": [one for one in problems if one.side == ReviewProblem.Side.THEIRS],
        "ours": [one for one in problems if one.side == ReviewProblem.Side.OURS],
        "promised": promises_of_review(review),
        "recommended": [(one, opened.get(one.uid)) for one in recommended],
        "learned": list(review.facts.filter(key="").select_related("contact").order_by("place")),
    }
