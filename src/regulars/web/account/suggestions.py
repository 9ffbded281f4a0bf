"""What else would help an account, and what is due again: for who is about to call, to have something to offer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from regulars.insight.affinity import CATEGORY, PRODUCT, due_again, latest_run, suggestions_of
from regulars.insight.affinity_sentences import reason, record_told, rhythm, worth
from regulars.web.account.record import heading, opened

SHOWN, SHOWN_CATEGORIES = 6, 3


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Something to offer, and why."""

    name: str
    code: str
    item: str
    why: str
    worth: str


@require_safe
def suggestions(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What the account lacks and others like it buy, and what it is about to buy again.

    The first page asks for it as soon as it is there, and for nothing around it; without a script it is a page of its
    own.
    """
    desk, account = opened(request, uid)
    as_part = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
    context = {"desk": desk, "account": account} if as_part else heading(desk, account, tab="account")
    run = latest_run()
    found = suggestions_of(account, most=SHOWN)
    context |= {
        "frame": "web/account/part.html" if as_part else "web/account/base.html",
        "run": run,
        "products": [
            Shown(
                name=one.name,
                code=one.item if one.name != one.item else "",
                item=one.item,
                why=reason(one),
                worth=worth(one, desk.currency, sees_cost=desk.sees_cost),
            )
            for one in found
        ],
        "categories": [one.name for one in suggestions_of(account, kind=CATEGORY, most=SHOWN_CATEGORIES)],
        "record": record_told(run, PRODUCT) if run else "",
        "due": [
            Shown(
                name=one.name,
                code=one.item if one.name != one.item else "",
                item=one.item,
                why=rhythm(one, desk.day),
                worth="",
            )
            for one in due_again(account, most=SHOWN)
        ],
    }
    response = render(request, "web/account/suggestions.html", context)
    patch_vary_headers(response, ("HX-Request",))
    return response
