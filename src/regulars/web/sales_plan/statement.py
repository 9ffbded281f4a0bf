"""What a person has earned, month by month. For a seller at the end of a month, to check the pay."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.base.formats import month as month_text
from regulars.base.models import Member
from regulars.core.incentives import Kind
from regulars.core.money import from_minor
from regulars.plan.incentives import Statement, statement_of
from regulars.plan.pay_document import month_of, print_statement
from regulars.plan.results import sees_plan_of_all
from regulars.web.csv_files import csv_answer
from regulars.web.desk import Desk
from regulars.web.sales_plan.frame import KINDS, chosen_plan, desk_of_plan, visible_person


@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """One's own statement."""
    desk = desk_of_plan(request)
    return redirect("plan_statement_of", uid=desk.member.uid)


@require_safe
def of_person(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What a person has earned in the year of the plan."""
    desk = desk_of_plan(request)
    who = visible_person(desk, uid)
    found = _statement(request, desk, who)
    context = {
        "desk": desk,
        "who": who,
        "found": found,
        "kinds": list(KINDS.values()),
        "sees_all": sees_plan_of_all(desk.member),
        "rows": _rows(found, desk) if found else [],
        "paid": from_minor(found.so_far.total_minor, desk.currency) if found else None,
        "cut": from_minor(found.so_far.cut_minor, desk.currency) if found and found.so_far.cut_minor else None,
    }
    return render(request, "web/sales_plan/statement.html", context)


@require_safe
def of_person_csv(request: HttpRequest, uid: uuid.UUID) -> HttpResponseBase:
    """The statement as a file, for who pays."""
    desk = desk_of_plan(request)
    who = visible_person(desk, uid)
    found = _statement(request, desk, who)
    headings = [_("Month"), *(str(label) for label in KINDS.values()), _("Target"), _("Pay")]
    months = found.months if found else []
    return csv_answer(
        "statement.csv",
        headings,
        (
            [
                f"{one.month:%Y-%m}",
                *(from_minor(one.results[kind], desk.currency) for kind in Kind),
                "" if one.target_minor is None else from_minor(one.target_minor, desk.currency),
                from_minor(one.paid_minor, desk.currency),
            ]
            for one in months
        ),
    )


@require_safe
def of_person_pdf(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One month of it on paper, in the person's language: for the person, and for who pays."""
    desk = desk_of_plan(request)
    who = visible_person(desk, uid)
    found = _statement(request, desk, who)
    if found is None:
        raise Http404
    month = month_of(found, request.GET.get("month", ""))
    made = print_statement(found, month, on=desk.day, member=desk.member)
    answer = HttpResponse(made, content_type="application/pdf")
    name = slugify(f"{who.name} {month.month:%Y-%m}") or "pay"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name[:80]}.pdf"'
    return answer


def _statement(request: HttpRequest, desk: Desk, who: Member) -> Statement | None:
    plan = chosen_plan(request, desk.day)
    if plan is None:
        return None
    return statement_of(who, plan=plan, as_of=desk.day, member=desk.member)


def _rows(found: Statement, desk: Desk) -> list[dict[str, Any]]:
    return [
        {
            "month": month_text(one.month),
            "key": f"{one.month:%Y-%m}" if one.scheme is not None else "",
            "results": [(label, from_minor(one.results[kind], desk.currency)) for kind, label in KINDS.items()],
            "target": None if one.target_minor is None else from_minor(one.target_minor, desk.currency),
            "pay": from_minor(one.paid_minor, desk.currency),
        }
        for one in found.months
    ]
