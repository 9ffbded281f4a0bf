"""What went wrong, as `application/problem+json` (RFC 9457): a plain sentence and a way out.

"Forbidden" and "absent" answer alike, so that nobody learns from the API what exists.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError

from regulars.api.bearer import OutOfScope
from regulars.api.idempotency import UsedKey
from regulars.base.access import Forbidden
from regulars.base.locks import Busy
from regulars.core.errors import Refusal
from regulars.facts.accounts import NoSuchAccount
from regulars.facts.imports.uploads import BeingWorkedOn
from regulars.plan.actions import NotOpen

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)


class NotFound(Refusal):
    """There is no such record that this member may see, or the member's role does not allow this."""


class ChangedMeanwhile(Refusal):
    """The record is not any more as the caller read it."""


class WrongField(Refusal):
    """A field of the request does not fit."""


STATUS: dict[type[Refusal], int] = {
    Forbidden: 404,
    NoSuchAccount: 404,
    NotFound: 404,
    OutOfScope: 403,
    Busy: 409,
    NotOpen: 409,
    UsedKey: 409,
    BeingWorkedOn: 409,
    ChangedMeanwhile: 412,
}
"""All other refusals: 422."""


class Invalid(Schema):
    """A part of the request that does not fit."""

    at: list[str | int]
    sentence: str


class Problem(Schema):
    """Why a request was not carried out."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[Invalid] = []


def not_found() -> NotFound:
    """The one answer for records that are absent and for those that the member may not see."""
    return NotFound(_("There is no such record."), _("Check the address; the token’s member may not see it."))


def answer_problems(api: NinjaAPI) -> None:
    """Have `api` answer every exception as a problem."""

    @api.exception_handler(Refusal)
    def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
        status = next((STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS), 422)
        if status == 404 and not isinstance(refusal, NotFound):
            refusal = not_found()
        response = _problem(status, _name(refusal), refusal.sentence, refusal.way_out)
        if isinstance(refusal, Busy):
            response["Retry-After"] = "5"
        return response

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        errors = [{"at": list(one["loc"]), "sentence": one["msg"]} for one in error.errors]
        return _problem(422, "invalid", _("The request does not fit its description."), errors=errors)

    @api.exception_handler(AuthenticationError)
    def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        way_out = _("Send a valid token: Authorization: Bearer …")
        response = _problem(401, "no_token", _("Nobody is known by this token."), way_out)
        response["WWW-Authenticate"] = 'Bearer realm="regulars"'
        return response

    @api.exception_handler(Throttled)
    def too_many(request: HttpRequest, error: Throttled) -> HttpResponse:
        response = _problem(429, "too_many_requests", _("Too many requests with this token."), _("Wait a little."))
        response["Retry-After"] = error.headers["Retry-After"] if hasattr(error, "headers") else "60"
        return response

    @api.exception_handler(Http404)
    def absent(request: HttpRequest, error: Http404) -> HttpResponse:
        return refused(request, not_found())

    @api.exception_handler(HttpError)
    def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
        return _problem(error.status_code, "unreadable", _("The request cannot be read."), _("Send valid JSON."))

    @api.exception_handler(Exception)
    def failed(request: HttpRequest, error: Exception) -> HttpResponse:
        _log.error("%s %s failed", request.method, request.path, exc_info=error)
        return _problem(500, "failed", _("Regulars itself made an error."), _("Try again; it is noted in the log."))


def no_such_route() -> HttpResponse:
    """The answer at an address that is none of the API."""
    return _problem(404, "not_found", _("There is no such address."), _("See the description: /api/v1/docs"))


def wrong_method(allowed: str) -> HttpResponse:
    """The answer to a method that a route does not know."""
    response = _problem(405, "wrong_method", _("This address does not know that method."), _("See the header Allow."))
    response["Allow"] = allowed
    return response


def _name(refusal: Refusal) -> str:
    """`NoSuchAccount` → `no_such_account`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(refusal).__name__).lower()


def _problem(
    status: int, kind: str, sentence: str, way_out: str = "", *, errors: list[dict[str, Any]] | None = None
) -> HttpResponse:
    content = {"type": f"urn:regulars:problem:{kind}", "title": sentence, "status": status, "detail": way_out}
    if errors:
        content |= {"errors": errors}
    return JsonResponse(content, status=status, content_type=MEDIA_TYPE)
