"""The business case of an opportunity: written by who follows it up, read by the customer, who chooses a way."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.letters import language_of
from regulars.plan.business_cases import USUAL_YEARS, case_of, drafted_case, write_case
from regulars.plan.case_document import case_document, language_of_case, print_case
from regulars.plan.models import BusinessCase, Opportunity
from regulars.plan.opportunities import home_of
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.opportunities.forms import CaseForm, case_as_typed, typed_amount
from regulars.web.opportunities.page import found_opportunity


@require_safe
def case(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The case as the customer reads it, in the customer's language."""
    desk = desk_of(request)
    found = found_opportunity(desk, uid)
    written = _written(found)
    language = language_of_case(written)
    with translation.override(language):
        read = render_to_string("web/opportunities/case_read.html", {"document": case_document(written)})
    context = {
        "desk": desk,
        "opportunity": found,
        "account": home_of(found),
        "read": read,
        "language": language,
        "direction_of_case": "rtl" if get_language_info(language)["bidi"] else "ltr",
        "may_act": desk.may_write and found.state == Opportunity.State.OPEN,
    }
    return render(request, "web/opportunities/case.html", context)


@require_safe
def printed(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The same on paper."""
    desk = desk_of(request)
    found = found_opportunity(desk, uid)
    made = print_case(_written(found), member=desk.member)
    response = HttpResponse(made, content_type="application/pdf")
    name = slugify(f"{home_of(found).name} {found.title}") or "business-case"
    response.headers["Content-Disposition"] = f'attachment; filename="{name[:80]}.pdf"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Write the case, or write it anew; at first it holds what is known."""
    desk = desk_of(request)
    found = found_opportunity(desk, uid)
    require(desk.member, Permission.WRITE)
    form = CaseForm(
        request.POST if request.method == "POST" else None, currency=found.currency, initial=_initial(found)
    )
    if request.method == "POST" and form.is_valid() and _kept(form, found, desk):
        show_next(request, Toast(text=_("Kept. This is what the customer reads.")))
        return redirect("opportunity_case", uid=uid)
    context = {"desk": desk, "opportunity": found, "account": home_of(found), "form": form}
    return render(request, "web/opportunities/case_write.html", context, status=422 if form.errors else 200)


def _kept(form: CaseForm, found: Opportunity, desk: Desk) -> bool:
    said = {name: form.cleaned_data[name] for name in ("situation", "recommendation", "years", "language")}
    try:
        write_case(opportunity=found, options=form.options_said(), on=desk.day, member=desk.member, **said)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _initial(found: Opportunity) -> dict[str, Any]:
    written = case_of(found)
    if written is not None:
        return case_as_typed(written)
    situation, options = drafted_case(found)
    account = home_of(found)
    contact = account.contacts.filter(active=True).order_by("pk").first()
    initial: dict[str, Any] = {
        "situation": situation,
        "years": USUAL_YEARS,
        "language": language_of(contact) if contact else account.language or translation.get_language(),
    }
    for level, said in options.items():
        initial[f"{level}_name"] = said.get("name", "")
        if said.get("cost_yearly_minor"):
            initial[f"{level}_cost_yearly"] = typed_amount(said["cost_yearly_minor"], found.currency)
    return initial


def _written(found: Opportunity) -> BusinessCase:
    written = case_of(found)
    if written is None:
        raise Http404
    return written
