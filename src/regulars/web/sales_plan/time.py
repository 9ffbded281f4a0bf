"""Where everybody's hours go. For the sales head once a quarter, to decide who wins and who grows, and which customers
are visited how often; for a seller, to see whom to visit.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, may
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import visible_accounts
from regulars.plan.models import VisitChoice, WorkingHours
from regulars.plan.results import SELLERS, sees_plan_of, sees_plan_of_all
from regulars.plan.working_hours import MOST_HOURS, PersonTime, decide_visits, set_hours, time_of, time_of_people
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.sales_plan.frame import desk_of_plan, visible_person
from regulars.web.settings.pages import carried_out, taking_back, typed

ACCOUNTS_A_PAGE = 50
BPS_A_PERCENT = 100


class HoursForm(forms.Form):
    """How much time a person has, and which part of it goes to winning."""

    hours_a_month = forms.IntegerField(
        label=gettext_lazy("Hours a month for customers"), min_value=0, max_value=MOST_HOURS
    )
    winning = forms.DecimalField(
        label=gettext_lazy("Of these for winning new customers, per cent"),
        min_value=0,
        max_value=100,
        decimal_places=1,
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )


@require_safe
def time(request: HttpRequest) -> HttpResponse:
    """How the hours of everybody are divided."""
    desk = desk_of_plan(request)
    people = time_of_people(member=desk.member)
    if len(people) == 1 and not sees_plan_of_all(desk.member):
        return redirect("plan_time_of", uid=people[0].person.uid)
    return render(request, "web/sales_plan/time.html", {"desk": desk, "people": people})


@require_http_methods(["GET", "HEAD", "POST"])
def time_of_person(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Whom one person is to visit how often; the hours are changed here by who leads."""
    desk = desk_of_plan(request)
    who = _seller(desk, uid)
    found = time_of(who, hours=WorkingHours.objects.filter(member=who).first())
    form = _form(request, found)
    if request.method == "POST" and carried_out(
        form,
        lambda said: set_hours(
            person=who,
            hours_a_month=said["hours_a_month"],
            winning_bps=int(said["winning"] * BPS_A_PERCENT),
            member=desk.member,
        ),
    ):
        show_next(request, Toast(text=_("The hours are changed."), undo=taking_back(form, request.path)))
        return redirect(request.path)
    context = {
        "desk": desk,
        "found": found,
        "form": form if sees_plan_of_all(desk.member) else None,
        "page": Paginator(found.accounts, ACCOUNTS_A_PAGE).get_page(request.GET.get("page")),
        "sees_all": sees_plan_of_all(desk.member),
        "may_configure": may(desk.member, Permission.CONFIGURE),
    }
    return render(request, "web/sales_plan/time_of.html", context, status=422 if form.errors else 200)


@require_POST
def visits(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Decide how often an account is visited; empty leaves it to the computation."""
    desk = desk_of_plan(request)
    account = visible_accounts(desk.member).select_related("owner").filter(uid=uid).first()
    if account is None:
        raise Http404
    given = typed(request).get("visits", "").strip()
    before = VisitChoice.objects.filter(account=account).first()
    try:
        if given and not given.isdecimal():
            raise Refusal(
                _("“%(text)s” is not a number of visits.") % {"text": given[:20]}, _("Give one from 0 to 52.")
            )
        decide_visits(account=account, visits=int(given) if given else None, member=desk.member)
    except Refusal as refusal:
        show_next(request, Toast(text=str(refusal)))
    else:
        undo = f"{reverse('plan_visits', args=[uid])}?undo=1&visits={before.visits if before else ''}"
        text = _("Noted how often %(account)s is visited.") % {"account": account}
        show_next(request, Toast(text=text, undo="" if "undo" in request.GET else undo))
    owner = account.owner
    return redirect("plan_time_of", uid=owner.uid) if owner is not None else redirect("plan_time")


def _seller(desk: Desk, uid: uuid.UUID) -> Member:
    who = visible_person(desk, uid)
    if who.role not in SELLERS or not sees_plan_of(desk.member, who):
        raise Http404
    return who


def _form(request: HttpRequest, found: PersonTime) -> HoursForm:
    winning = Decimal(found.winning_bps) / BPS_A_PERCENT
    initial = {"hours_a_month": found.hours_a_month, "winning": f"{winning:g}"}
    return HoursForm(typed(request) if request.method == "POST" else None, initial=initial)
