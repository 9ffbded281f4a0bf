"""Addresses of the pages of key accounts."""

from __future__ import annotations

from django.urls import path

from regulars.web.key_accounts import page

urlpatterns = [
    path("key-accounts/", page.key_accounts, name="key_accounts"),
    path("key-accounts/<uuid:uid>/end/", page.end, name="key_account_end"),
    path("key-accounts/<uuid:uid>/restore/", page.restore, name="key_account_restore"),
]
