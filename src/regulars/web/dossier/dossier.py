"""The dossier of an account: for its manager before a visit or a meeting about it, to know what is known of the firm
and of each person there, to see what to ask next, and to take it along on paper."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.base.worker import living_workers
from regulars.facts.models import Account
from regulars.plan.dossier_known import Dossier, asked, dossier_of
from regulars.plan.dossier_prints import GIVEN_UP_AFTER, NoSuchPrint, ask_for_dossier, fetch_dossier, prints_of
from regulars.plan.models import DossierPrint
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

ASKED_FIRST = 8
"""Of what is not known, so much is shown at once; the rest is behind a line."""
ASKED_FOLDED = 40
"""So much of the rest is folded into the page; where there is more, the line leads to a list of its own."""
QUESTIONS_A_PAGE = 50
PEOPLE_A_PAGE = 25


@dataclass(frozen=True, kw_only=True)
class Printing:
    """What the page says of the printing."""

    made: DossierPrint | None
    size: int = 0

    @property
    def under_way(self) -> bool:
        made = self.made
        return (
            made is not None
            and made.state in DossierPrint.UNDER_WAY
            and timezone.now() - made.created_at < GIVEN_UP_AFTER
        )

    @property
    def nobody_works(self) -> bool:
        """It waits, and there is nobody who would make it."""
        return self.under_way and not living_workers()

    @property
    def ready(self) -> bool:
        return self.made is not None and self.made.state == DossierPrint.State.READY

    @property
    def failed(self) -> bool:
        return self.made is not None and not self.ready and not self.under_way


@require_safe
def dossier(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """All that is known, topic by topic, the people in pages; `?ask=all`: all that is to be asked.

    The printing alone for who waits for it.
    """
    desk, account = opened(request, uid)
    if account.uid != uid:
        return redirect("account_dossier", uid=account.uid)
    printing = Printing(made=prints_of(account, member=desk.member).first())
    if request.headers.get("HX-Target") == "printing":
        context: dict[str, Any] = {"desk": desk, "account": account, "printing": printing}
        return render(request, "web/dossier/printing.html", context)
    found = dossier_of(account, on=desk.day, member=desk.member)
    context = {
        **heading(desk, account, tab="account_people"),
        **_known(found, request.GET.get("page")),
        "printing": printing,
    }
    template = "questions" if request.GET.get("ask") == "all" else "dossier"
    return render(request, f"web/dossier/{template}.html", context)


def _known(found: Dossier, page: str | None) -> dict[str, Any]:
    first, later = found.gaps[:ASKED_FIRST], found.gaps[ASKED_FIRST:]
    questions = Paginator(found.gaps, QUESTIONS_A_PAGE).get_page(page)
    return {
        "dossier": found,
        "page": Paginator(found.people, PEOPLE_A_PAGE).get_page(page),
        "questions": questions,
        "asked": [asked(one) for one in questions],
        "ask_first": [asked(one) for one in first],
        "ask_later": [asked(one) for one in later[:ASKED_FOLDED]],
        "ask_later_count": len(later),
        "ask_elsewhere": len(later) > ASKED_FOLDED,
        "expired": found.expired_count,
    }


@require_POST
def print_it(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Have it printed, in the language of who asks."""
    desk, account = opened(request, uid)
    ask_for_dossier(account=account, on=desk.day, member=desk.member)
    show_next(request, Toast(text=_("The dossier is being made; it will be ready here in a moment.")))
    return redirect("account_dossier", uid=account.uid)


@require_safe
def file(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The printed dossier, for who asked for it."""
    desk = desk_of(request)
    try:
        found = fetch_dossier(uid=uid, member=desk.member)
    except NoSuchPrint as absent:
        raise Http404(str(absent)) from None
    assert found.content is not None
    return HttpResponse(
        bytes(found.content),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{_file_name(desk, found.account)}"',
            "Cache-Control": "private, no-store",
        },
    )


def _file_name(desk: Desk, account: Account) -> str:
    """A name that every system can keep: dossier-marlow-gift-company-2011-12-09.pdf."""
    return f"dossier-{slugify(account.name) or account.uid}-{desk.day.isoformat()}.pdf"
