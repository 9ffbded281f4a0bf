"""The living page of the design system: every component as the pages use it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from regulars.insight.sentences import Effect, Sentence
from regulars.web.desk import desk_of

SENTENCES = [
    Sentence("rhythm", "Orders every 19 days on average; silent for 62 days.", Effect.LOWERS),
    Sentence("buyer", "A regular: has ordered in several months.", Effect.RAISES),
    Sentence("share", "1.8% of all sales; place 9."),
    Sentence("margin", "Cost unknown: margin not shown.", Effect.UNKNOWN),
]
COLOURS = ("ink", "ink-2", "ink-3", "line", "page", "card", "accent", "accent-soft", "risk", "risk-soft", "warn")


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """All components on one page, to be looked at in every theme, language and width."""
    return render(
        request,
        "web/design.html",
        {"desk": desk_of(request), "sentences": SENTENCES, "colours": COLOURS},
    )
