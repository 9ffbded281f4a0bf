"""Exchange rates, for the back office at the turn of the month: can orders in every currency be read?"""

from __future__ import annotations

import uuid
from typing import Any

import babel.numbers
from django import forms
from django.core.paginator import Paginator
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import lazystr
from django.utils.translation import get_language, gettext_lazy, ngettext, to_locale
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.formats import day as day_text
from regulars.base.formats import number
from regulars.base.organisation import today
from regulars.facts.models import ExchangeRate
from regulars.facts.rates import RATE_VALID_DAYS, Rate, RateGap, rate_gaps, rates_in, record_rates, remove_rate
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show, typed

PAGE = "settings_rates"
RATES_A_PAGE = 50


class RateForm(forms.Form):
    """One rate, from a day on."""

    currency = forms.ChoiceField(label=gettext_lazy("Currency"))
    valid_from = forms.DateField(
        label=gettext_lazy("From"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    rate = forms.DecimalField(
        max_digits=20, decimal_places=10, widget=forms.NumberInput({"step": "any", "inputmode": "decimal"})
    )

    def __init__(self, *args: Any, desk: Desk, **options: Any) -> None:
        super().__init__(*args, **options)
        locale = to_locale(get_language() or "en")
        codes = sorted(babel.numbers.list_currencies("en") - {desk.currency})
        named = [(code, f"{code} · {babel.numbers.get_currency_name(code, locale=locale)}") for code in codes]
        self.fields["currency"].choices = [("", _("Choose one")), *named]  # type: ignore[attr-defined]
        self.fields["rate"].label = _("How many %(base)s one is worth") % {"base": desk.currency}


class PasteForm(forms.Form):
    """Many rates at once, as text."""

    text = forms.CharField(
        label=gettext_lazy("Currency, day and rate, one in each line"),
        help_text=lazystr("USD; 2026-01-01; 0.92"),
        max_length=500_000,
        widget=forms.Textarea({"rows": 6, "dir": "ltr", "spellcheck": "false"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def rates(request: HttpRequest) -> HttpResponse:
    """All rates, newest first; adding one corrects that of the same currency and day."""
    desk = desk_for(request, PAGE)
    form = RateForm(
        typed(request) if request.method == "POST" else None,
        desk=desk,
        initial={"valid_from": today(desk.organisation)},
    )
    if form.is_bound and carried_out(form, lambda said: record_rates(rates=[Rate(**said)], member=desk.member)):
        text = _("The rate of %(currency)s is recorded.") % {"currency": form.cleaned_data["currency"]}
        show_next(request, Toast(text=text))
        return redirect(PAGE)
    return _page(request, desk, form)


def _page(request: HttpRequest, desk: Desk, form: RateForm) -> HttpResponse:
    recorded = ExchangeRate.objects.order_by("-valid_from", "currency")
    currency = request.GET.get("currency", "")
    page = Paginator(recorded.filter(currency=currency) if currency else recorded, RATES_A_PAGE)
    context = {
        "form": form,
        "chosen": currency,
        "currencies": recorded.order_by("currency").values("currency").annotate(Count("pk"), last=Max("valid_from")),
        "page": page.get_page(request.GET.get("page")),
        "gaps": [_told(gap) for gap in rate_gaps(today=today(desk.organisation))],
        "valid_days": RATE_VALID_DAYS,
    }
    return show(request, PAGE, "rates", context, status=422 if form.errors else 200)


def _told(gap: RateGap) -> str:
    words = {"currency": gap.currency, "since": day_text(gap.since)}
    if gap.until is None:
        return _("%(currency)s: no rate from %(since)s on.") % words
    return _("%(currency)s: no rate from %(since)s to %(until)s.") % {**words, "until": day_text(gap.until)}


@require_http_methods(["GET", "HEAD", "POST"])
def paste(request: HttpRequest) -> HttpResponse:
    """Many rates at once: pasted from a table."""
    desk = desk_for(request, PAGE)
    form = PasteForm(request.POST if request.method == "POST" else None)
    changed: list[int] = []
    if form.is_bound and carried_out(
        form, lambda said: changed.append(record_rates(rates=rates_in(said["text"]), member=desk.member))
    ):
        text = ngettext("%(count)s rate is new or changed.", "%(count)s rates are new or changed.", changed[0])
        show_next(request, Toast(text=text % {"count": number(changed[0])}))
        return redirect(PAGE)
    context = {
        "form": form,
        "heading": _("Paste rates"),
        "sub": _("Copy them from a spreadsheet or a CSV file. All lines are taken, or none."),
        "submit": _("Record them"),
        "back": reverse(PAGE),
    }
    return show(request, PAGE, "form", context, status=422 if form.errors else 200)


@require_POST
def remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Forget a rate; it can be taken back."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(ExchangeRate, uid=uid)
    undo = f"{reverse(PAGE)}?undo=1&currency={found.currency}&valid_from={found.valid_from}&rate={found.rate}"
    remove_rate(rate=found, member=desk.member)
    show_next(request, Toast(text=_("The rate of %(currency)s is removed.") % {"currency": found.currency}, undo=undo))
    return redirect(PAGE)
