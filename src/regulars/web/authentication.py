"""How allauth signs members in here: nobody signs up, words and mails of our own, the firm's OpenID Connect."""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import perform_login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.audit import record_change
from regulars.base.mail.at_once import send_at_once
from regulars.base.mail.links import link_to
from regulars.base.mail.outbox import send_mail
from regulars.base.models import Member, Organisation
from regulars.web.frame import Toast, show_next

Answer = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)

SEEN = "seen_at"
SECOND_FACTOR_DUE = "second_factor_due"
SEEN_NOTED_EVERY_SECONDS = 600

TOASTS = {
    "account/messages/password_changed.txt": gettext_lazy("Your password is changed."),
    "account/messages/password_set.txt": gettext_lazy("Your password is changed."),
    "mfa/messages/totp_activated.txt": gettext_lazy("Your authenticator app is connected."),
    "mfa/messages/totp_deactivated.txt": gettext_lazy("Your authenticator app is disconnected."),
    "mfa/messages/recovery_codes_generated.txt": gettext_lazy("These recovery codes are new. Keep them safe."),
    "mfa/messages/webauthn_added.txt": gettext_lazy("The passkey is added."),
    "mfa/messages/webauthn_removed.txt": gettext_lazy("The passkey is removed."),
    "usersessions/messages/sessions_logged_out.txt": gettext_lazy("You are signed out everywhere else."),
}
"""What is said on the next page, by allauth's name of the message."""

NOTICES = {
    "account/email/password_changed": gettext_lazy("Your password was changed."),
    "account/email/password_reset": gettext_lazy("Your password was changed."),
    "account/email/password_set": gettext_lazy("Your password was changed."),
    "mfa/email/totp_activated": gettext_lazy("An authenticator app was connected."),
    "mfa/email/totp_deactivated": gettext_lazy("Your authenticator app was disconnected."),
    "mfa/email/recovery_codes_generated": gettext_lazy("New recovery codes were made."),
    "mfa/email/webauthn_added": gettext_lazy("A passkey was added."),
    "mfa/email/webauthn_removed": gettext_lazy("A passkey was removed."),
}
"""What the member is told by mail, by allauth's name of the mail; each is noted in the audit trail, too."""

WRONG_CODE = gettext_lazy("This code is wrong or too old.")
TOO_OFTEN = gettext_lazy("That was tried too often. Wait five minutes, then try again.")


def client_address(request: HttpRequest, *_further: Any) -> str:
    """The address that the browser called from: what the outermost of our own proxies saw, else who is connected."""
    seen = str(request.META.get("REMOTE_ADDR") or "")
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    if 0 < settings.PROXIES <= len(hops):
        seen = hops[-settings.PROXIES]
    try:
        return str(ipaddress.ip_address(seen))
    except ValueError:  # a socket file has no address
        return "0.0.0.0"  # noqa: S104


def tried_address(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """By which e-mail failures are counted: in small letters, since sign-in does not tell them apart."""
    said = credentials or {}
    return str(said.get("email") or said.get("login") or request.POST.get("login") or "").strip().lower()


class Gate(DefaultAccountAdapter):  # type: ignore[misc]
    """Who comes in with a password, a code or a passkey."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": gettext_lazy(
            "E-mail or password is wrong. After several failures this address has to wait."
        ),
        "enter_current_password": gettext_lazy("This is not your password."),
        "incorrect_password": gettext_lazy("This is not your password."),
        "incorrect_code": WRONG_CODE,
        "too_many_login_attempts": TOO_OFTEN,
        "rate_limited": TOO_OFTEN,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up: members are invited."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Wrong passwords are counted by django-axes, for all processes, and not twice."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _dash, token = key.partition("-")
        return link_to(reverse("account_reset_password_from_key", args=[uid, token]))

    def post_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse:
        """Begin to note when the session was last seen, and whether its owner has to add a second factor first."""
        request.session[SEEN] = int(time.time())
        if _needs_second_factor(user):
            request.session[SECOND_FACTOR_DUE] = True
        response: HttpResponse = super().post_login(request, user, **options)
        return response

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """What happened, as the toast of the next page."""
        text = message or TOASTS.get(message_template or "", "")
        if text:
            show_next(request, Toast(text=str(text)))

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        with translation.override(user.language or translation.get_language()):
            text = _(
                "Hello %(name)s,\n\n"
                "someone, probably you, asked for a new password for Regulars. Choose it here:\n\n"
                "%(link)s\n\n"
                "The link works once. If it was not you, nothing has happened and nothing needs doing."
            )
            said = {"name": user.name, "link": context["password_reset_url"]}
            send_at_once(to=user.email, subject=_("A new password for Regulars"), text=text % said)

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell a member that the own security was changed, and note it."""
        notice = NOTICES.get(template_prefix)
        if notice is None:
            return
        verb = template_prefix.rpartition("/")[2]
        record_change(member=user, verb=verb, record=user, before={}, after={})
        with translation.override(user.language or translation.get_language()):
            text = _(
                "Hello %(name)s,\n\n"
                "%(what)s It was done from the address %(address)s.\n\n"
                "If it was not you, change your password now and tell an owner of your installation."
            )
            said = {"name": user.name, "what": notice, "address": client_address(self.request)}
            send_mail(to=user.email, subject=_("The security of your login was changed"), text=text % said)


class SecondFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """Codes of an authenticator app, passkeys and recovery codes."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": WRONG_CODE,
        "cannot_generate_recovery_codes": gettext_lazy("Recovery codes need an authenticator app or a passkey first."),
    }

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002
        count = Authenticator.objects.filter(user=user, type=type).count()
        return _("Passkey %(number)s") % {"number": count + 1}


class SingleSignOn(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """The firm's OpenID Connect lets in members by their verified e-mail, and makes nobody a member."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        verified = [one.email for one in sociallogin.email_addresses if one.verified is True]
        member = Member.objects.filter(email__iexact=verified[0], is_active=True).first() if verified else None
        if member is None:
            raise ImmediateHttpResponse(_turned_away(request, _("Nobody here signs in with this e-mail address.")))
        target = sociallogin.get_redirect_url(request)
        raise ImmediateHttpResponse(perform_login(request, member, redirect_url=target))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        log.warning("Sign-in by OpenID Connect failed: %s %s", error, exception)
        raise ImmediateHttpResponse(_turned_away(request, _("That sign-in did not succeed. Try again.")))


def _turned_away(request: HttpRequest, text: str) -> HttpResponse:
    show_next(request, Toast(text=text))
    return redirect("sign_in")


def _needs_second_factor(member: Member) -> bool:
    """Must this member add a second factor before anything else?"""
    if member.role != Member.Role.OWNER or is_mfa_enabled(member):
        return False
    return Organisation.objects.filter(owners_need_second_factor=True).exists()


class SecondFactorDue:
    """Who must have a second factor and has none is led to where one is added, and nowhere else."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        if not request.session.get(SECOND_FACTOR_DUE):
            return None
        if not request.user.is_authenticated or is_mfa_enabled(request.user):
            del request.session[SECOND_FACTOR_DUE]
            return None
        name = (request.resolver_match.url_name if request.resolver_match else "") or ""
        if name.startswith(("mfa_", "account_")) or name in {"sign_out", "theme", "health"}:
            return None
        show_next(request, Toast(text=_("Owners need a second factor here. Add one to go on.")))
        return redirect("mfa_index")


def note_activity(answer: Answer) -> Answer:
    """Note now and then that a session is in use, and from where. Its begin was noted when the member signed in."""

    def noting(request: HttpRequest) -> HttpResponse:
        seen = request.session.get(SEEN)
        if seen is not None and seen < time.time() - SEEN_NOTED_EVERY_SECONDS and request.user.is_authenticated:
            request.session[SEEN] = int(time.time())
            UserSession.objects.filter(session_key=request.session.session_key).update(
                last_seen_at=timezone.now(), ip=client_address(request)
            )
        return answer(request)

    return noting
