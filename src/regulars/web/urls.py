"""Addresses of the pages. Records are named by their uid."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import RedirectView

from regulars.web import accounts, design, health, sign_in, theme, today
from regulars.web.account.urls import urlpatterns as account_urls
from regulars.web.settings.urls import urlpatterns as settings_urls

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="today")),
    path("welcome/", sign_in.welcome, name="welcome"),
    path("sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("password/<uidb64>/<token>/", sign_in.ChoosePassword.as_view(), name="choose_password"),
    path("theme/", theme.choose_theme, name="theme"),
    path("health", health.health, name="health"),
    path("design/", design.design, name="design"),
    path("today/", today.today, name="today"),
    path("today/digest/", today.digest, name="today_digest"),
    path("today/<uuid:uid>/<slug:verb>/", today.act, name="today_act"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts.csv", accounts.accounts_csv, name="accounts_csv"),
    *account_urls,
    *settings_urls,
]
