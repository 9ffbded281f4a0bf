"""The organisation, for its owner, once and then hardly ever: are name, zone and calendar those of the firm?"""

from __future__ import annotations

from typing import Any

from babel.dates import get_day_names, get_month_names
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, to_locale
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from regulars.base.formats import named_currency
from regulars.base.models import Organisation, TableVersion
from regulars.base.organisation import change_organisation, currencies, time_zones
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show, taking_back, typed

PAGE = "settings_organisation"


class OrganisationForm(forms.Form):
    """What may be said about the firm."""

    name = forms.CharField(label=gettext_lazy("Name of the firm"), max_length=200)
    base_currency = forms.ChoiceField(
        label=gettext_lazy("Currency of your books"),
        help_text=gettext_lazy("All amounts are shown in it. It can be changed until the first order is imported."),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy(
            "Decides where a day ends, for new imports and for the list of the day. Days recorded before stay."
        ),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=settings.LANGUAGES,
        help_text=gettext_lazy("For members who have not chosen one, and for mail."),
    )
    week_start = forms.TypedChoiceField(label=gettext_lazy("The week starts on"), coerce=int)
    fiscal_year_start = forms.TypedChoiceField(label=gettext_lazy("The fiscal year starts in"), coerce=int)
    holidays_of = forms.CharField(
        label=gettext_lazy("Public holidays of"),
        max_length=40,
        required=False,
        help_text=gettext_lazy(
            "The two letters of a country, such as NP or IN, or a part of it, such as DE-BY. On these days nothing "
            "falls due. Empty: every working day is worked."
        ),
    )
    service_address = forms.EmailField(
        label=gettext_lazy("Address for problems"),
        required=False,
        help_text=gettext_lazy(
            "A mail to this address from a known customer opens an issue. It must arrive in the mailbox that Regulars "
            "reads."
        ),
    )
    owners_need_second_factor = forms.BooleanField(
        label=gettext_lazy("Owners need a second factor"),
        help_text=gettext_lazy(
            "Besides the password, a code of an app or a passkey. Owners who have none are asked to set one up."
        ),
        required=False,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        locale = to_locale(get_language() or "en")
        codes = self._with_present("base_currency", currencies())
        self._offer("base_currency", [(code, named_currency(code)) for code in codes])
        self._offer(
            "time_zone", [(zone, zone.replace("_", " ")) for zone in self._with_present("time_zone", time_zones())]
        )
        days = get_day_names("wide", context="stand-alone", locale=locale)
        self._offer("week_start", [(number, days[number - 1]) for number in range(1, 8)])
        months = get_month_names("wide", context="stand-alone", locale=locale)
        self._offer("fiscal_year_start", [(number, months[number]) for number in range(1, 13)])
        if TableVersion.objects.exists():
            self.fields["base_currency"].disabled = True
            self.fields["base_currency"].help_text = _(
                "The order history is counted in it, so it stays. Another currency needs an installation of its own."
            )

    def _with_present(self, name: str, offered: list[str]) -> list[str]:
        """What is offered, and what is said now, should it be none of that."""
        return sorted({*offered, self.initial[name]}) if self.initial.get(name) else offered

    def _offer(self, name: str, choices: list[tuple[Any, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
def organisation(request: HttpRequest) -> HttpResponse:
    """Say who the firm is, and where and how it counts its days."""
    desk = desk_for(request, PAGE)
    initial = _said(desk.organisation)
    if request.method != "POST":
        return show(request, PAGE, "organisation", {"form": OrganisationForm(initial=initial)})
    form = OrganisationForm(typed(request), initial=initial)
    if carried_out(form, lambda said: change_organisation(member=desk.member, **said)):
        show_next(request, Toast(text=_("The organisation is changed."), undo=taking_back(form, reverse(PAGE))))
        return redirect(PAGE)
    return show(request, PAGE, "organisation", {"form": form}, status=422)


def _said(of: Organisation) -> dict[str, Any]:
    return {name: getattr(of, name) for name in OrganisationForm.base_fields}
