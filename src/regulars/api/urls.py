"""Addresses of the API. Its routes ask for a token, not for a sign-in."""

from __future__ import annotations

from django.urls import include, path

from regulars.api.v1 import api

patterns, _app, namespace = api.urls
for pattern in patterns:
    pattern.callback.login_required = False  # type: ignore[union-attr]

urlpatterns = [path("v1/", include((patterns, namespace), namespace=namespace))]
