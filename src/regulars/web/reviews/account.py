"""The reviews of one account: for who looks after it, what is coming, and what was said in those before."""

from __future__ import annotations

import uuid

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from regulars.base.organisation import zone
from regulars.facts.accounts import of_account
from regulars.plan.models import Review
from regulars.plan.reviews import interval_of, visible_reviews
from regulars.web.account.record import heading, opened

A_PAGE = 10


@require_safe
def account_reviews(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Past and coming, newest first, with what was answered and recommended."""
    desk, account = opened(request, uid)
    seen = visible_reviews(desk.member).filter(of_account(account)).select_related("owner", "contact")
    coming = seen.filter(state__in=Review.COMING).first()
    past = seen.exclude(state__in=Review.COMING).select_related("minutes")
    told = past.prefetch_related("answers", "recommendations", "problems").order_by("-due_on", "-pk")
    context = {
        **heading(desk, account, tab="account_reviews"),
        "coming": coming,
        "zone": zone(desk.organisation),
        "page": Paginator(told, A_PAGE).get_page(request.GET.get("page")),
        "every_days": interval_of(account),
    }
    return render(request, "web/reviews/account.html", context)
