"""Before a review: for who holds it, the evening before or in the car, to know what to ask and what will be asked.

It is printed, too, with room to write for who takes paper along.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from regulars.base.organisation import zone
from regulars.insight.affinity import due_again, suggestions_of
from regulars.insight.affinity_sentences import reason, rhythm, worth
from regulars.plan.models import Review, ReviewArea
from regulars.plan.review_preparation import orders_since, prepare
from regulars.plan.review_questions import last_review, questions_for, spoken_in
from regulars.web.account.record import heading
from regulars.web.desk import desk_of
from regulars.web.reviews.form import found

SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Something to offer, and why."""

    name: str
    code: str
    why: str
    worth: str = ""


@require_safe
def preparation(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What to know and what to ask. A finished review shows what came of it instead."""
    desk = desk_of(request)
    review = found(desk, uid)
    if review.state == Review.State.FINISHED:
        return redirect("review_summary", uid=uid)
    if review.state == Review.State.CANCELLED:
        return redirect("review_appointment", uid=uid)
    questions = questions_for(review, on=desk.day)
    context = {
        **heading(desk, review.account.merged_into or review.account, tab="account_reviews"),
        "review": review,
        "zone": zone(desk.organisation),
        "known": prepare(review, on=desk.day, currency=desk.currency, member=desk.member),
        "areas": [(area, [one for one in questions if one.area == area]) for area in ReviewArea],
        "language": spoken_in(review),
        "begun": review.entries.exists(),
        "store": f"regulars-review-{desk.member.uid}-{review.uid}",
    }
    return render(request, "web/reviews/preparation.html", context)


@require_safe
def orders(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What is read from the order history: what was bought since, what else would help, what is due again.

    The preparation asks for it as soon as it is there; without a script it is a page of its own.
    """
    desk = desk_of(request)
    review = found(desk, uid)
    account = review.account.merged_into or review.account
    as_part = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
    context = {"desk": desk, "account": account} if as_part else heading(desk, account, tab="account_reviews")
    as_of = desk.figures_of or desk.day
    before = last_review(review)
    since = before.held_on if before is not None and before.held_on is not None else None
    context |= {
        "frame": "web/account/part.html" if as_part else "web/account/base.html",
        "review": review,
        "sentences": orders_since(account, since=since, until=as_of, currency=desk.currency),
        "products": [
            Offer(
                name=one.name,
                code=one.item if one.name != one.item else "",
                why=reason(one),
                worth=worth(one, desk.currency, sees_cost=desk.sees_cost),
            )
            for one in suggestions_of(account, most=SHOWN)
        ],
        "due": [
            Offer(name=one.name, code=one.item if one.name != one.item else "", why=rhythm(one, desk.day))
            for one in due_again(account, most=SHOWN)
        ],
    }
    response = render(request, "web/reviews/orders.html", context)
    patch_vary_headers(response, ("HX-Request",))
    return response
