"""Addresses of recommendations."""

from __future__ import annotations

from django.urls import path

from regulars.web.leads.public import by_link
from regulars.web.referrals import account, ask, names, report

urlpatterns = [
    path("referrals/", report.report, name="referrals"),
    path("referrals/asks/<uuid:uid>/", ask.ask, name="referral_ask"),
    path("referrals/asks/<uuid:uid>/<slug:verb>/", ask.act, name="referral_ask_act"),
    path("referrals/links/<uuid:uid>/close/", account.close, name="referral_link_close"),
    path("referrals/links/<uuid:uid>/cards/<slug:cards>.pdf", account.cards, name="referral_cards"),
    path("referrals/<uuid:uid>/<slug:verb>/", report.act, name="referral_act"),
    path("accounts/<uuid:uid>/referrals/", account.referrals, name="account_referrals"),
    path("accounts/<uuid:uid>/referrals/<slug:verb>/", account.act, name="account_referrals_act"),
    path("names/<str:key>/", names.names, name="referral_names"),
    path("r/<str:token>/", by_link, name="referral_link"),
]
