"""What holds for every page: what browsers may load, who must sign in, in which language, how refusals are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.cache import patch_vary_headers

from regulars.base.access import Forbidden
from regulars.base.formats import buddhist_years
from regulars.base.mail.links import visited_at
from regulars.base.models import Member
from regulars.core.errors import Refusal

Answer = Callable[[HttpRequest], HttpResponse]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing from elsewhere, nothing inline, nothing evaluated."""

LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600


def content_security_policy(answer: Answer) -> Answer:
    """Say on every answer what the browser may load for it."""

    def protected(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        return response

    return protected


def language(answer: Answer) -> Answer:
    """Answer in the language asked for in the address (`?lang=ur`, remembered), the member's, or the browser's."""

    def in_language(request: HttpRequest) -> HttpResponse:
        asked = request.GET.get("lang", "")
        asked = asked if asked in dict(settings.LANGUAGES) else ""
        spoken = asked or _language_of(request)
        years = spoken == "th" and isinstance(request.user, Member) and request.user.buddhist_years
        with translation.override(spoken), buddhist_years(years), visited_at(request.build_absolute_uri("/")):
            request.LANGUAGE_CODE = translation.get_language() or "en"
            response = answer(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        if asked:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                asked,
                max_age=LANGUAGE_COOKIE_SECONDS,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response

    return in_language


def _language_of(request: HttpRequest) -> str:
    if not request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) and isinstance(request.user, Member):
        spoken = request.user.language
        if spoken:
            return spoken
    return translation.get_language_from_request(request)


class OnlyText:
    """No text that a person writes has a NUL in it, and PostgreSQL keeps none: who sends one tries something.

    The API says so itself, in its own form.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self._is_page(request) and _has_nul([request.path_info], *_values(request.GET)):
            raise BadRequest("NUL in the address")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponseBase], *given: Any) -> None:
        # What takes large files reads them by itself, piece by piece; what it reads with them goes through forms.
        reads_itself = getattr(view, "csrf_exempt", False) and request.content_type == "multipart/form-data"
        if self._is_page(request) and not reads_itself and _has_nul(*_values(request.POST)):
            raise BadRequest("NUL in the form")

    @staticmethod
    def _is_page(request: HttpRequest) -> bool:
        return not request.path_info.startswith("/api/")


def _values(said: QueryDict) -> Iterable[list[str]]:
    return (values for _name, values in said.lists())


def _has_nul(*texts: Iterable[str]) -> bool:
    return any("\0" in text for some in texts for text in some)


class LoginRequired(LoginRequiredMiddleware):
    """Every page needs a sign-in, but those that say otherwise. A first visitor of an empty installation founds it."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        if not Member.objects.exists():
            return redirect("welcome")
        return super().handle_no_permission(request, view_func)


class Refusals:
    """A request that cannot be carried out ends on a page that says why, and what to do instead."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refusal):
            return None
        status = 403 if isinstance(exception, Forbidden) else 422
        return render(request, "web/refusal.html", {"refusal": exception}, status=status)
