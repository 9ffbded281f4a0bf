"""Signing in and out, choosing a password, and the first visit of an empty installation."""

from __future__ import annotations

import zoneinfo
from typing import Any

import babel.numbers
from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.contrib.auth.views import LoginView, PasswordResetConfirmView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from regulars.base.locks import exclusive
from regulars.base.members import create_member
from regulars.base.models import Member
from regulars.base.organisation import create_organisation
from regulars.core.errors import Refusal


class SignInForm(AuthenticationForm):
    """E-mail and password."""

    error_messages = {
        "invalid_login": _("E-mail or password is wrong. After several failures this address has to wait."),
        "inactive": _("This login is no longer active. Ask an owner of the installation."),
    }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["username"].widget = forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    template_name = "web/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        if not Member.objects.exists():
            return redirect("welcome")
        return super().dispatch(request, *args, **options)


class ChoosePassword(PasswordResetConfirmView):
    """Where a one-time link leads; `regulars serve` prints one for an owner who has no password yet."""

    template_name = "web/choose_password.html"
    success_url = reverse_lazy("today")
    post_reset_login = True
    post_reset_login_backend = "django.contrib.auth.backends.ModelBackend"


def tried_address(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """By which e-mail failures are counted: in small letters, since sign-in does not tell them apart."""
    return str((credentials or request.POST).get("username") or "").strip().lower()


class WelcomeForm(forms.Form):
    """The owner and the firm: what must be known before anything else."""

    firm = forms.CharField(label=_("Name of the firm"), max_length=200)
    base_currency = forms.ChoiceField(label=_("Currency of your books"), initial="EUR")
    time_zone = forms.ChoiceField(label=_("Time zone"), initial="UTC")
    name = forms.CharField(label=_("Your name"), max_length=200, widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(label=_("Your e-mail"), widget=forms.EmailInput({"autocomplete": "username"}))
    password = forms.CharField(
        label=_("A password"), strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        currencies = babel.numbers.list_currencies("en")
        self.fields["base_currency"].choices = [(code, code) for code in sorted(currencies)]  # type: ignore[attr-defined]
        zones = sorted(zoneinfo.available_timezones())
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]  # type: ignore[attr-defined]
        self.fields["password"].help_text = " ".join(password_validators_help_texts()[1:2])

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        person = Member(email=self.cleaned_data.get("email", ""), name=self.cleaned_data.get("name", ""))
        validate_password(password, person)
        return password


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """Found the firm and its owner; only while there is neither."""
    if Member.objects.exists():
        return redirect("today")
    form = WelcomeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            owner = _found(form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, ValidationError(str(refusal)))
        else:
            login(request, owner, backend="django.contrib.auth.backends.ModelBackend")
            return redirect("today")
    return render(request, "web/welcome.html", {"form": form}, status=422 if form.errors else 200)


def _found(said: dict[str, Any]) -> Member:
    """The owner of the new firm. The lock keeps two visitors from founding one each: a firm is founded once."""
    with exclusive("found", wait_seconds=10), transaction.atomic():
        language = get_language()
        create_organisation(
            member=None,
            name=said["firm"],
            base_currency=said["base_currency"],
            time_zone=said["time_zone"],
            language=language if language in dict(settings.LANGUAGES) else "en",
        )
        return create_member(
            member=None,
            email=said["email"],
            name=said["name"],
            role=Member.Role.OWNER,
            password=said["password"],
        )
