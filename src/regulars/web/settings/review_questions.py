"""Questions of reviews, for the head of sales once a year: what do we ask our customers, and in which words?"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.facts.models import Account
from regulars.plan.models import ReviewArea, ReviewQuestion
from regulars.plan.review_question_bank import SHIPPED, WHENS
from regulars.plan.review_questions import (
    LONGEST_QUESTION,
    add_question,
    change_question,
    leave_out_shipped_question,
    retire_question,
    word_shipped_question,
    worded,
)
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show

PAGE = "settings_review_questions"
_TEXT = "text_"


class WordingForm(forms.Form):
    """The words, language by language; the reader's own comes first."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        own = (get_language() or "en").split("-")[0]
        for code, name in sorted(settings.LANGUAGES, key=lambda pair: pair[0] != own):
            label = _("The question, in %(language)s") % {"language": name}
            widget = forms.Textarea({"rows": 2, "lang": code, "dir": "auto"})
            self.fields[f"{_TEXT}{code}"] = forms.CharField(
                label=label, required=False, max_length=LONGEST_QUESTION, widget=widget
            )

    def texts(self) -> dict[str, str]:
        said = self.cleaned_data
        return {code: said[f"{_TEXT}{code}"] for code, _name in settings.LANGUAGES}


class QuestionForm(WordingForm):
    """A question of the firm's own, and to whom it fits."""

    area = forms.ChoiceField(label=gettext_lazy("What it is about"))
    kind = forms.ChoiceField(label=gettext_lazy("For whom"), required=False)
    trade = forms.CharField(
        label=gettext_lazy("Only for this kind of business"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("A part of the word is enough. Empty: for all."),
    )
    tag = forms.CharField(label=gettext_lazy("Only for accounts with this tag"), required=False, max_length=100)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["area"].choices = [(key, capfirst(str(label))) for key, label in ReviewArea.choices]
        kinds = [(key, capfirst(str(label))) for key, label in Account.Kind.choices]
        fields["kind"].choices = [("", _("Firms and private persons")), *kinds]
        self.order_fields(["area", *(name for name in self.fields if name.startswith(_TEXT))])

    def said(self) -> dict[str, Any]:
        """As the verbs take it."""
        return {name: self.cleaned_data[name] for name in ("area", "kind", "trade", "tag")} | {"texts": self.texts()}


@require_safe
def questions(request: HttpRequest) -> HttpResponse:
    """All questions by area: the firm's own, and those that came with Regulars."""
    desk_for(request, PAGE)
    wordings = {one.shipped: one for one in ReviewQuestion.objects.exclude(shipped="")}
    own = list(ReviewQuestion.objects.filter(shipped="").order_by("retired", "pk"))
    language = (get_language() or "en").split("-")[0]
    areas = [
        (
            area,
            [one for one in own if one.area == area],
            [
                {
                    "key": one.key,
                    "text": worded(one, wordings.get(one.key), language).text,
                    "when": WHENS[one.when],
                    "own_words": bool(wordings.get(one.key) and wordings[one.key].texts),
                    "retired": bool(wordings.get(one.key) and wordings[one.key].retired),
                }
                for one in SHIPPED.values()
                if one.area == area
            ],
        )
        for area in ReviewArea
    ]
    return show(request, PAGE, "review_questions", {"areas": areas})


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A question of the firm's own."""
    desk = desk_for(request, PAGE)
    form = QuestionForm(request.POST if request.method == "POST" else None)
    if form.is_bound and carried_out(form, lambda _said: add_question(member=desk.member, **form.said())):
        show_next(request, Toast(text=_("It is asked from now on.")))
        return redirect(PAGE)
    sub = _("Open, short, and so that one can answer it kindly. In the languages that you speak with customers.")
    return _form(request, form, heading=_("Add a question"), submit=_("Add"), sub=sub)


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Word a question of the firm's own anew, or no longer ask it."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(ReviewQuestion, uid=uid, shipped="")
    initial = {"area": found.area, "kind": found.kind, "trade": found.trade, "tag": found.tag, **_texts(found)}
    form = QuestionForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and carried_out(
        form, lambda _said: change_question(question=found, member=desk.member, **form.said())
    ):
        show_next(request, Toast(text=_("Saved. What was answered keeps the words that were asked.")))
        return redirect(PAGE)
    return _form(request, form, heading=str(found), submit=_("Save"), removal=_removal(found.retired, str(uid)))


@require_http_methods(["GET", "HEAD", "POST"])
def shipped(request: HttpRequest, key: str) -> HttpResponse:
    """Word a question that came with Regulars in the firm's own words, or leave it out."""
    desk = desk_for(request, PAGE)
    if key not in SHIPPED:
        raise Http404
    known = ReviewQuestion.objects.filter(shipped=key).first()
    form = WordingForm(request.POST if request.method == "POST" else None, initial=_texts(known) if known else {})
    for code, _name in settings.LANGUAGES:
        with override(code):
            form.fields[f"{_TEXT}{code}"].widget.attrs["placeholder"] = str(SHIPPED[key].text)
    if form.is_bound and carried_out(
        form, lambda _said: word_shipped_question(key=key, texts=form.texts(), member=desk.member)
    ):
        show_next(request, Toast(text=_("Saved. Where nothing is written, it is asked as it came.")))
        return redirect(PAGE)
    sub = _("Empty: it is asked as it came with Regulars, in each language.")
    removal = _removal(known is not None and known.retired, key)
    return _form(request, form, heading=str(SHIPPED[key].text), submit=_("Save"), sub=sub, removal=removal)


@require_POST
def retire(request: HttpRequest, which: str, verb: str) -> HttpResponse:
    """No longer ask a question, or ask it again: one of the firm's own by its uid, one that came along by its key."""
    desk = desk_for(request, PAGE)
    if verb not in ("leave-out", "ask-again"):
        raise Http404
    retired = verb == "leave-out"
    if which in SHIPPED:
        leave_out_shipped_question(key=which, member=desk.member, retired=retired)
    else:
        retire_question(question=_own(which), member=desk.member, retired=retired)
    undo = reverse("settings_review_question_retire", args=[which, "ask-again" if retired else "leave-out"])
    text = _("It is no longer asked.") if retired else _("It is asked again.")
    show_next(request, Toast(text=text, undo=undo))
    return redirect(PAGE)


def _own(which: str) -> ReviewQuestion:
    try:
        return get_object_or_404(ReviewQuestion, uid=uuid.UUID(which), shipped="")
    except ValueError:
        raise Http404 from None


def _texts(found: ReviewQuestion) -> dict[str, str]:
    return {f"{_TEXT}{code}": text for code, text in found.texts.items()}


def _removal(retired: bool, which: str) -> dict[str, Any]:
    verb = "ask-again" if retired else "leave-out"
    address = reverse("settings_review_question_retire", args=[which, verb])
    if retired:
        text = _("No review asks it. What was answered before is kept.")
        return {
            "heading": _("It is left out"),
            "text": text,
            "label": _("Ask it again"),
            "address": address,
            "gentle": True,
        }
    text = _("No review asks it any more. What was answered is kept, and it can be asked again.")
    return {"heading": _("Leave it out"), "text": text, "label": _("Leave it out"), "address": address}


def _form(request: HttpRequest, form: forms.Form, **context: Any) -> HttpResponse:
    status = 422 if form.errors else 200
    return show(request, PAGE, "form", {"form": form, "back": reverse(PAGE), **context}, status=status)


urlpatterns = [
    path("settings/review-questions/", questions, name="settings_review_questions"),
    path("settings/review-questions/add/", add, name="settings_review_question_add"),
    path("settings/review-questions/own/<uuid:uid>/", question, name="settings_review_question"),
    path("settings/review-questions/shipped/<slug:key>/", shipped, name="settings_review_question_shipped"),
    path("settings/review-questions/<slug:which>/<slug:verb>/", retire, name="settings_review_question_retire"),
]
