"""Addresses of the pages of one account, and of what belongs to it."""

from __future__ import annotations

from django.urls import path

from regulars.web.account import page

urlpatterns = [
    path("accounts/<uuid:uid>/", page.account, name="account"),
    path("accounts/<uuid:uid>/log/", page.log, name="account_log"),
]
