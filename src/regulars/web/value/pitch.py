"""The pitch: for a seller on the day before meeting a prospect, to bring the words of customers like that one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, require
from regulars.base.organisation import organisation
from regulars.core.similar_customers import Profile
from regulars.facts.models import Account
from regulars.plan.pitch import Pitch, pitch_for, profile_of, why_similar
from regulars.plan.pitch_document import pitch_pdf
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.value.forms import ProspectForm
from regulars.web.value.section import TAB

_TRAITS = ("kind", "trade", "size", "region", "country", "wanted")


@require_safe
def pitch(request: HttpRequest) -> HttpResponse:
    """A pitch for a prospect that is described here."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    form = _form(request, {})
    context: dict[str, Any] = {"desk": desk, "form": form, "frame": "web/value/pitch_frame.html"}
    if form.is_valid():
        context |= _made(desk, form.cleaned_data, reverse("pitch_pdf"), account=None)
    return render(request, "web/value/pitch.html", context)


@require_safe
def account_pitch(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """A pitch for an account, by what is known of it; what it looks for is said here."""
    desk, account = opened(request, uid)
    form = _form(request, _known(account))
    context = {
        **heading(desk, account, tab=TAB),
        "form": form,
        "frame": "web/account/base.html",
        "of_account": True,
    }
    if form.is_valid():
        context |= _made(desk, form.cleaned_data, reverse("account_pitch_pdf", args=[account.uid]), account=account)
    return render(request, "web/value/pitch.html", context)


@require_safe
def pitch_document(request: HttpRequest) -> HttpResponse:
    """The pitch on one page, in the language of the reader."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    form = _form(request, {})
    return _printed(desk, form, None)


@require_safe
def account_pitch_document(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The same for an account."""
    desk, account = opened(request, uid)
    return _printed(desk, _form(request, _known(account)), account)


def _form(request: HttpRequest, known: Mapping[str, str]) -> ProspectForm:
    """What is asked for, upon what is known; unfilled where there is neither."""
    language = translation.get_language() or "en"
    asked = {name: request.GET[name] for name in (*_TRAITS, "name", "language") if name in request.GET}
    if asked.get("language") not in dict(settings.LANGUAGES):
        asked.pop("language", None)  # a lead may speak what we do not
    given = {"language": language, **known, **asked}
    return ProspectForm(given if known or asked else None, initial={"language": language})


def _known(account: Account) -> dict[str, str]:
    spoken = dict(settings.LANGUAGES)
    language = account.language if account.language in spoken else organisation().language
    traits = {name: str(getattr(account, name)) for name in _TRAITS if name != "wanted"}
    return traits | {"name": account.name, "language": language if language in spoken else "en"}


def _pitch(desk: Desk, said: Mapping[str, str], account: Account | None) -> Pitch:
    profile = profile_of(account, wanted=said["wanted"]) if account else Profile(**{one: said[one] for one in _TRAITS})
    return pitch_for(prospect=said["name"], profile=profile, member=desk.member, leave_out=account)


def _made(desk: Desk, said: Mapping[str, str], printed_at: str, *, account: Account | None) -> dict[str, Any]:
    made = _pitch(desk, said, account)
    return {
        "pitch": made,
        "quotes": [(one, why_similar(one.likeness)) for one in made.quotes],
        "printed_at": f"{printed_at}?{urlencode({name: value for name, value in said.items() if value})}",
    }


def _printed(desk: Desk, form: ProspectForm, account: Account | None) -> HttpResponse:
    said = form.cleaned_data if form.is_valid() else {"name": "", "language": "en", **dict.fromkeys(_TRAITS, "")}
    with translation.override(said["language"] or translation.get_language() or "en"):
        made = _pitch(desk, said, account)
        content = pitch_pdf(made, member=desk.member)
    answer = HttpResponse(content, content_type="application/pdf")
    name = slugify(said["name"]) or "pitch"
    answer.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
