"""Who was invited comes in: a new colleague, once, on the first day."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from regulars.base.invitations import StaleInvitation, accept_invitation, invitation_of
from regulars.base.models import Invitation, Member
from regulars.base.organisation import organisation
from regulars.core.errors import Refusal
from regulars.web.sign_in import enter


class AcceptForm(forms.Form):
    """What only the invited person knows."""

    name = forms.CharField(label=_("Your name"), max_length=200, widget=forms.TextInput({"autocomplete": "name"}))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    password = forms.CharField(
        label=_("A password"), strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, invitation: Invitation, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial = {"name": invitation.name, "language": invitation.language}
        self.invitation = invitation
        self.fields["password"].help_text = " ".join(password_validators_help_texts()[1:2])

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        person = Member(email=self.invitation.email, name=self.cleaned_data.get("name", ""))
        validate_password(password, person)
        return password


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, key: str) -> HttpResponse:
    """Name, language and password; then the new member is signed in. A link that opens nothing says why."""
    try:
        invitation = invitation_of(key, at=timezone.now())
    except StaleInvitation as refusal:
        return render(request, "web/invitation.html", {"refusal": refusal}, status=410)
    form = AcceptForm(request.POST or None, invitation=invitation)
    if request.method == "POST" and form.is_valid():
        try:
            person = accept_invitation(key=key, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, ValidationError(str(refusal)))
        else:
            return enter(request, person)
    context = {"form": form, "invitation": invitation, "firm": organisation()}
    return render(request, "web/invitation.html", context, status=422 if form.errors else 200)
