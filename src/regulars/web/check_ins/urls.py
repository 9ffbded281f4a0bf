"""Addresses of check-ins."""

from __future__ import annotations

from django.urls import path

from regulars.web.check_ins import account, answer

urlpatterns = [
    path("accounts/<uuid:uid>/check-in/", account.account_check_in, name="account_check_in"),
    path("how-it-went/<str:key>/", answer.answer, name="check_in_answer"),
]
