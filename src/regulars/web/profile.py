"""One's own profile: every member, now and then, to set name and language, and to see who is signed in where."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.core.ratelimit import consume_or_429
from allauth.usersessions.views import ListUserSessionsView
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.members import change_member
from regulars.base.models import Member
from regulars.base.organisation import zone
from regulars.base.own_email import ask_for_email, promised_email
from regulars.base.own_email import confirm_email as confirm_own_email
from regulars.base.sessions import end_session, sessions_of
from regulars.core.errors import Refusal
from regulars.web.desk import desk_of
from regulars.web.frame import Toast, show_next


class ProfileForm(forms.Form):
    """What members say about themselves."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, widget=forms.TextInput({"autocomplete": "name"}))
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("As the browser")), *settings.LANGUAGES],
        help_text=gettext_lazy("Pages and mails to you are in this language."),
    )
    buddhist_years = forms.BooleanField(
        label=gettext_lazy("Years of the Buddhist calendar in Thai"),
        required=False,
        help_text=gettext_lazy("2024 is then 2567. Other languages stay as they are."),
    )


class EmailForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("New e-mail"), widget=forms.EmailInput({"autocomplete": "email"}))


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, language and theme."""
    member = desk_of(request).member
    said = {"name": member.name, "language": member.language, "buddhist_years": member.buddhist_years}
    form = ProfileForm(request.POST or None, initial=said)
    if request.method == "POST" and form.is_valid():
        try:
            changed = change_member(person=member, member=member, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            return _kept(request, changed)
    context = {"form": form, "member": member, "tokens": _address_of("settings_tokens")}
    return render(request, "web/profile.html", context, status=422 if form.errors else 200)


def _kept(request: HttpRequest, member: Member) -> HttpResponse:
    """Back to the profile, in the language just chosen: one tried out before no longer stands in its way."""
    with override(member.language or None):
        show_next(request, Toast(text=_("Saved.")))
    response = redirect("profile")
    response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return response


def _address_of(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


# E-mail


@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "POST"])
def change_email(request: HttpRequest) -> HttpResponse:
    """Ask for a link at the new address, which proves that it is one's own."""
    member = desk_of(request).member
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        too_often: HttpResponse | None = consume_or_429(request, action="manage_email", user=member)
        if too_often is not None:
            return too_often
        try:
            ask_for_email(person=member, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("email", str(refusal))
        else:
            sent = _("A link is on its way to %(email)s. Your address changes once you follow it.")
            show_next(request, Toast(text=sent % form.cleaned_data))
            return redirect("profile")
    context = {"form": form, "member": member}
    return render(request, "web/profile_email.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def confirm_email(request: HttpRequest, key: str) -> HttpResponse:
    """Where the link in the mail leads: one button, since mail programs follow links on their own."""
    member = desk_of(request).member
    if request.method == "POST":
        changed = confirm_own_email(key=key, person=member)
        show_next(request, Toast(text=_("You sign in with %(email)s from now on.") % {"email": changed.email}))
        return redirect("profile")
    return render(request, "web/profile_confirm_email.html", {"email": promised_email(key=key, person=member)})


# Sessions

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """Browser and system, as far as the browser says so: Firefox, Windows."""
    found = [next((name for mark, name in marks if re.search(mark, user_agent)), None) for marks in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in found if name) or _("An unknown browser")


class Sessions(ListUserSessionsView):  # type: ignore[misc]
    """Where one is signed in. A form ends all sessions but this one."""

    def get_context_data(self, **options: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**options)
        latest = sorted(context["sessions"], key=lambda one: (one.is_current(), one.last_seen_at), reverse=True)
        context["sessions"] = [{"session": one, "device": device(one.user_agent)} for one in latest]
        return {**context, "zone": zone(desk_of(self.request).organisation)}


@require_POST
def end_one_session(request: HttpRequest) -> HttpResponse:
    """Sign oneself out in one other browser."""
    member = desk_of(request).member
    chosen = request.POST.get("session", "")
    found = sessions_of(member).filter(pk=int(chosen)).first() if re.fullmatch(r"[0-9]{1,18}", chosen) else None
    if found is not None:
        end_session(session=found, member=member)
        show_next(request, Toast(text=_("That session is ended.")))
    return redirect("usersessions_list")
