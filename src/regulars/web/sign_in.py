"""Signing in and out, choosing a password, and the first visit of an empty installation."""

from __future__ import annotations

from typing import Any

from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url, perform_login
from allauth.account.views import LoginView
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from allauth.mfa.webauthn.views import LoginWebAuthnView
from allauth.socialaccount.adapter import get_adapter as socialaccount_adapter
from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, PasswordResetConfirmView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from regulars.base.formats import named_currency
from regulars.base.locks import exclusive
from regulars.base.members import create_member
from regulars.base.models import Member
from regulars.base.organisation import create_organisation, currencies, time_zones
from regulars.core.errors import Refusal


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):  # type: ignore[misc]
    """The way in. An empty installation is founded instead."""

    template_name = "web/sign_in.html"

    def dispatch(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponseBase:
        if not Member.objects.exists():
            return redirect("welcome")
        response: HttpResponseBase = super().dispatch(request, *args, **options)
        return response

    def get_context_data(self, **options: Any) -> dict[str, Any]:
        told = self.request.session.pop("toast", None)
        providers = socialaccount_adapter().list_providers(self.request)
        return {**super().get_context_data(**options), "told": told, "providers": providers}


class PasskeySignIn(LoginWebAuthnView):  # type: ignore[misc]
    """A passkey alone: allauth's, but for the page that was asked for."""

    def form_valid(self, form: Any) -> HttpResponse:
        authenticator = form.cleaned_data["credential"]
        wanted = get_next_redirect_url(self.request)
        login = Login(user=authenticator.user, redirect_url=wanted)
        response: HttpResponse = perform_passwordless_login(self.request, authenticator, login)
        return response


class ChoosePassword(PasswordResetConfirmView):
    """Where a one-time link leads; `regulars serve` prints one for an owner who has no password yet."""

    template_name = "web/choose_password.html"

    def form_valid(self, form: SetPasswordForm[Member]) -> HttpResponse:
        person = form.save()
        del self.request.session[INTERNAL_RESET_SESSION_TOKEN]
        return enter(self.request, person)


def enter(request: HttpRequest, member: Member, *, then: str | None = None) -> HttpResponse:
    """Sign in who has just proved to be this member, by way of the second factor if there is one; `then` where to."""
    response: HttpResponse = perform_login(request, member, redirect_url=then)
    return response


class WelcomeForm(forms.Form):
    """The owner and the firm: what must be known before anything else."""

    firm = forms.CharField(label=_("Name of the firm"), max_length=200)
    base_currency = forms.ChoiceField(label=_("Currency of your books"), initial="EUR")
    time_zone = forms.ChoiceField(
        label=_("Time zone"), initial="UTC", widget=forms.Select({"data-zone-of-the-device": True})
    )
    name = forms.CharField(label=_("Your name"), max_length=200, widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(label=_("Your e-mail"), widget=forms.EmailInput({"autocomplete": "username"}))
    password = forms.CharField(
        label=_("A password"), strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["base_currency"].choices = [  # type: ignore[attr-defined]
            (code, named_currency(code)) for code in currencies()
        ]
        zones = [(zone, zone.replace("_", " ")) for zone in time_zones()]
        self.fields["time_zone"].choices = zones  # type: ignore[attr-defined]
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
            return enter(request, owner, then=reverse("imports_first"))
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
