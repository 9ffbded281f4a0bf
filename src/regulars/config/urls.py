"""All addresses of the installation. Each package brings its own."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("regulars.web.urls")),
    path("api/", include("regulars.api.urls")),
]
