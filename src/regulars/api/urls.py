"""Addresses of the API. Its routes ask for a token, not for a sign-in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from regulars.api.problems import no_such_route, wrong_method
from regulars.api.v1 import api

View = Callable[..., HttpResponseBase]


def with_problems(view: View) -> View:
    """Have a method that a route does not know answered as a problem, like all else."""

    @wraps(view)
    def answered(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        response = view(request, *arguments, **named)
        return wrong_method(response["Allow"]) if isinstance(response, HttpResponseNotAllowed) else response

    return login_not_required(answered)


@csrf_exempt
@login_not_required
def nowhere(request: HttpRequest) -> HttpResponse:
    """An address that is no route."""
    return no_such_route()


patterns, _app, namespace = api.urls
for pattern in patterns:
    pattern.callback = with_problems(pattern.callback)  # type: ignore[arg-type]

urlpatterns = [
    path("v1/", include((patterns, namespace), namespace=namespace)),
    re_path(r"^.*$", nowhere),
]
