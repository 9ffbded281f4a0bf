"""Addresses of the settings."""

from __future__ import annotations

from django.urls import path

from regulars.web.settings import start

urlpatterns = [
    path("settings/", start.settings, name="settings"),
]
