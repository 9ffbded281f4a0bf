"""Addresses of the pages of key accounts."""

from __future__ import annotations

from django.urls import path

from regulars.web.key_accounts import assignment, bonuses, page, plan

urlpatterns = [
    path("key-accounts/", page.key_accounts, name="key_accounts"),
    path("key-accounts/assignment/", assignment.assignment, name="key_account_assignment"),
    path("key-accounts/plan/<uuid:uid>/<slug:verb>/", plan.act, name="key_account_line"),
    path("key-accounts/bonuses/<uuid:uid>/take-back/", bonuses.take_back, name="account_bonus_back"),
    path("accounts/<uuid:uid>/bonuses/", bonuses.account_bonuses, name="account_bonuses"),
    path("key-accounts/<uuid:uid>/", plan.plan, name="key_account"),
    path("key-accounts/<uuid:uid>/show/", plan.show, name="key_account_show"),
    path("key-accounts/<uuid:uid>/end/", page.end, name="key_account_end"),
    path("key-accounts/<uuid:uid>/restore/", page.restore, name="key_account_restore"),
]
