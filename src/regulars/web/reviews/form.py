"""Holding a review: for who sits at the customer's table with a phone, to write down what is said and lose no word.

Each field is kept as soon as it is typed; without a connection in the browser (`static/web/review.js`), until there is
one. Without a script it is a form like any other.
"""

from __future__ import annotations

import json
import uuid
from functools import cache
from importlib.resources import files
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.insight.affinity import due_again, suggestions_of
from regulars.plan.issue_rules import moment_of_work
from regulars.plan.models import Review
from regulars.plan.review_finish import finish_review
from regulars.plan.review_forms import LONGEST, Kept, Typed, WrongForm, keep_typed, reviews_on_own_accounts
from regulars.plan.review_questions import questions_for
from regulars.web.account.record import heading
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.reviews.form_fields import FormShown, mark_of, typed_in

MOST_AT_ONCE = 200
OFFERED = 3


@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The form; sent as a whole it is kept, and with `finish` the review is finished."""
    desk = desk_of(request)
    require(desk.member, Permission.WRITE)
    review = found(desk, uid)
    if review.state == Review.State.CANCELLED:
        return redirect("review_appointment", uid=uid)
    if request.method != "POST":
        return _shown(request, desk, review)
    typed = typed_in(request.POST)
    kept = keep_typed(review=review, typed=typed, member=desk.member, on=desk.day)
    clashes = [(one, now) for one, now in zip(typed, kept, strict=True) if now.clash]
    if clashes:
        return _shown(request, desk, review, clashes=clashes, status=409)
    if "finish" not in request.POST:
        show_next(request, Toast(text=_("Everything is kept.")))
        return redirect("review_form", uid=uid)
    return _finished(request, desk, review)


@require_POST
def save(request: HttpRequest, uid: uuid.UUID) -> JsonResponse:
    """Keep some fields, as the script of the form sends them; says what stands in each now."""
    desk = desk_of(request)
    review = found(desk, uid)
    try:
        said = json.loads(request.body)
        typed, device = [_typed(one) for one in said["fields"][:MOST_AT_ONCE]], _whole(said.get("device", ""))
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"refused": _("This was not understood. Load the form again.")}, status=400)
    try:
        kept = keep_typed(review=review, typed=typed, member=desk.member, on=desk.day, device=device)
    except Refusal as refusal:
        return JsonResponse({"refused": str(refusal)}, status=422)
    return JsonResponse({"fields": [_told(one) for one in kept]})


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The script by which an open form is there again without a connection. It stands above the forms, as it must."""
    return HttpResponse(_worker(), content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})


@cache
def _worker() -> bytes:
    return files("regulars.web").joinpath("static", "web", "review_worker.js").read_bytes()


def found(desk: Desk, uid: uuid.UUID) -> Review:
    """The review, for who sees its account."""
    seen = reviews_on_own_accounts(desk.member).filter(uid=uid)
    review = seen.select_related("account__merged_into", "owner", "contact__account").first()
    if review is None:
        raise Http404
    return review


def _typed(one: dict[str, Any]) -> Typed:
    version, _dot, _sum = str(one["mark"]).partition(".")
    name, value, asked = (_whole(said) for said in (one["name"], one["value"], one.get("asked", "")))
    return Typed(name=name, value=value, version=int(version), asked=asked)


def _whole(text: Any) -> str:
    """Without halves of characters: a phone that cuts an emoji in two sends one, and no database keeps it."""
    return str(text).replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _told(kept: Kept) -> dict[str, Any]:
    return {
        "name": kept.name,
        "mark": mark_of(kept.version, kept.value),
        "clash": kept.clash,
        "value": kept.value if kept.clash else None,
        "by": kept.by,
    }


def _finished(request: HttpRequest, desk: Desk, review: Review) -> HttpResponse:
    corrected = review.state == Review.State.FINISHED
    try:
        finish_review(review=review, at=moment_of_work(), member=desk.member)
    except WrongForm as refusal:
        return _shown(request, desk, review, refusal=refusal, status=422)
    text = _("Corrected.") if corrected else _("Finished. Send them what was said, while it is fresh.")
    show_next(request, Toast(text=text))
    return redirect("review_summary", uid=review.uid)


def _shown(
    request: HttpRequest,
    desk: Desk,
    review: Review,
    *,
    clashes: list[tuple[Typed, Kept]] | None = None,
    refusal: WrongForm | None = None,
    status: int = 200,
) -> HttpResponse:
    questions = questions_for(review, on=desk.day)
    shown = FormShown(desk, review, questions, clashes=clashes or [], wrong=refusal.fields if refusal else {})
    account = shown.account
    context = {
        **heading(desk, account, tab="account_reviews"),
        **shown.context(),
        "review": review,
        "said": shown.field("said", _("In one or two sentences: how did it go?"), "text", longest=LONGEST),
        "refusal": refusal,
        "clashes": bool(clashes),
        "correcting": review.state == Review.State.FINISHED,
        "offered": _offered(desk, shown),
        "store": f"regulars-review-{desk.member.uid}-{review.uid}",
        "save_at": reverse("review_save", args=[review.uid]),
    }
    return render(request, "web/reviews/form.html", context, status=status)


def _offered(desk: Desk, shown: FormShown) -> list[str]:
    """What else would help the account, and what is due again: to choose a recommendation from."""
    due = [one.name for one in due_again(shown.account, most=OFFERED)]
    return list(dict.fromkeys([*(one.name for one in suggestions_of(shown.account, most=OFFERED)), *due]))
