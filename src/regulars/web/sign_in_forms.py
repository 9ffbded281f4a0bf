"""The forms of signing in, in our words. What they check is allauth's."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.mfa.base import forms as codes
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkeys
from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils.translation import gettext_lazy as _

PASSWORD = _("Password")
NEW_PASSWORD = _("New password")
CODE = _("Code")


def _length_of_passwords() -> str:
    return " ".join(password_validators_help_texts()[1:2])


class InOurWords(forms.Form):
    """Labels instead of allauth's; a password is typed once."""

    labels: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields.pop("password2", None)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.help_text = _length_of_passwords() if name == "password1" else ""
            field.widget.attrs.pop("placeholder", None)
        first = next(iter(self.fields.values()))
        first.widget.attrs["autofocus"] = True


class SignInForm(InOurWords, account.LoginForm):  # type: ignore[misc]
    labels: ClassVar = {"login": _("E-mail"), "password": PASSWORD}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["login"].widget.attrs["autocomplete"] = "username webauthn"


class ForgottenForm(InOurWords, account.ResetPasswordForm):  # type: ignore[misc]
    labels: ClassVar = {"email": _("E-mail")}


class NewPasswordForm(InOurWords, account.ResetPasswordKeyForm):  # type: ignore[misc]
    labels: ClassVar = {"password1": NEW_PASSWORD}


class ChangePasswordForm(InOurWords, account.ChangePasswordForm):  # type: ignore[misc]
    labels: ClassVar = {"oldpassword": _("Password until now"), "password1": NEW_PASSWORD}


class FirstPasswordForm(InOurWords, account.SetPasswordForm):  # type: ignore[misc]
    labels: ClassVar = {"password1": NEW_PASSWORD}


class ConfirmPasswordForm(InOurWords, account.ReauthenticateForm):  # type: ignore[misc]
    labels: ClassVar = {"password": PASSWORD}


class CodeForm(InOurWords, codes.AuthenticateForm):  # type: ignore[misc]
    labels: ClassVar = {"code": CODE}


class ConfirmCodeForm(InOurWords, codes.ReauthenticateForm):  # type: ignore[misc]
    labels: ClassVar = {"code": CODE}


class ActivateAppForm(InOurWords, totp.ActivateTOTPForm):  # type: ignore[misc]
    labels: ClassVar = {"code": _("Code that the app shows")}


class AddPasskeyForm(InOurWords, passkeys.AddWebAuthnForm):  # type: ignore[misc]
    labels: ClassVar = {
        "name": _("Name of the passkey"),
        "passwordless": _("Sign in with it alone, without a password"),
    }


class RenamePasskeyForm(InOurWords, passkeys.EditWebAuthnForm):  # type: ignore[misc]
    labels: ClassVar = {"name": _("Name of the passkey")}
