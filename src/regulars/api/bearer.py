"""Who calls: a bearer token that acts as a member, within its scopes and so often a minute."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Final, ParamSpec, TypeVar, cast

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Schema, Status
from ninja.operation import Operation
from ninja.security import HttpBearer
from ninja.throttling import BaseThrottle
from ninja.utils import contribute_operation_callback

from regulars.api.idempotency import LONGEST_KEY, done_once
from regulars.base.models import ApiToken, Member
from regulars.base.tokens import ApiScope, token_of
from regulars.core.errors import Refusal

P = ParamSpec("P")
T = TypeVar("T")

WINDOW_SECONDS = 60

ONCE: Final = frozenset({ApiScope.ACCOUNTS_WRITE, ApiScope.ACTIONS_WRITE})
"""What is done with a `POST` of these scopes is done once under one `Idempotency-Key`."""


class OutOfScope(Refusal):
    """The token was not made for this."""


class BearerToken(HttpBearer):
    """`Authorization: Bearer regulars_…`"""

    openapi_name = "token"

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        return token_of(token, at=timezone.now())


class RequestsAMinute(BaseThrottle):
    """So many requests a token and minute as the setting `API_REQUESTS_A_MINUTE` allows; counted in the cache."""

    def allow_request(self, request: HttpRequest) -> bool:
        key = f"api-requests-{token_in(request).pk}-{int(time.time() // WINDOW_SECONDS)}"
        cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
        return bool(cache.incr(key) <= settings.API_REQUESTS_A_MINUTE)

    def wait(self) -> float:
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS


def token_in(request: HttpRequest) -> ApiToken:
    """The token with which the request came."""
    token = getattr(request, "auth", None)
    assert isinstance(token, ApiToken), "a route of the API without BearerToken"
    return token


def acting(request: HttpRequest) -> Member:
    """The member as whom the request acts."""
    return token_in(request).member


def scoped(scope: ApiScope) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a route be used only with tokens of this scope."""

    def restrict(route: Callable[P, T]) -> Callable[P, T]:
        @wraps(route)
        def checked(*arguments: P.args, **named: P.kwargs) -> T:
            request: Any = arguments[0]
            if scope not in token_in(request).scopes:
                raise OutOfScope(
                    _("This token was not made for that: it lacks the scope %(scope)s.") % {"scope": scope},
                    _("Make one with this scope: regulars token add"),
                )
            if request.method != "POST" or scope not in ONCE:
                return route(*arguments, **named)
            return cast("T", _once(request, lambda: route(*arguments, **named)))

        # ninja reads annotations in the module of the function that it is given, which is now this one
        checked.__signature__ = inspect.signature(route, eval_str=True)  # type: ignore[attr-defined]
        contribute_operation_callback(checked, partial(_describe_key, scope))
        return checked

    return restrict


def _once(request: HttpRequest, carry_out: Callable[[], Any]) -> Any:
    """What the route answers; for a request that is sent again, what it answered the first time."""
    answers: list[Any] = []

    def carried_out() -> tuple[int, Any]:
        answers.append(carry_out())
        answer = answers[0]
        return (answer.status_code, _plain(answer.value)) if isinstance(answer, Status) else (200, _plain(answer))

    status, content, again = done_once(request, member=acting(request), carry_out=carried_out)
    return Status(status, content) if again else answers[0]


def _plain(shown: Any) -> Any:
    if isinstance(shown, list):
        return [_plain(one) for one in shown]
    return shown.model_dump() if isinstance(shown, Schema) else shown


def _describe_key(scope: ApiScope, operation: Operation) -> None:
    if scope in ONCE and operation.methods == ["POST"]:
        known = operation.openapi_extra or {}
        operation.openapi_extra = known | {"parameters": [*known.get("parameters", []), _KEY]}


_KEY: Final = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "description": "Sent again under the same key within seven days, the request is answered again and not carried out "
    "again.",
}
