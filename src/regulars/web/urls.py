"""Addresses of the pages. Records are named by their uid."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from regulars.web import design, health, portfolio, portfolio_forecast, search, theme, today
from regulars.web.account.urls import urlpatterns as account_urls
from regulars.web.accounts.urls import urlpatterns as accounts_urls
from regulars.web.check_ins.urls import urlpatterns as check_ins_urls
from regulars.web.dependence.urls import urlpatterns as dependence_urls
from regulars.web.dossier.urls import urlpatterns as dossier_urls
from regulars.web.duplicates import urlpatterns as duplicates_urls
from regulars.web.forecast_record import urlpatterns as forecast_record_urls
from regulars.web.handovers.urls import urlpatterns as handovers_urls
from regulars.web.imports.urls import urlpatterns as imports_urls
from regulars.web.issues.urls import urlpatterns as issues_urls
from regulars.web.key_accounts.urls import urlpatterns as key_accounts_urls
from regulars.web.leads.urls import urlpatterns as leads_urls
from regulars.web.lifetimes import urlpatterns as lifetimes_urls
from regulars.web.live_orders.urls import urlpatterns as live_orders_urls
from regulars.web.opportunities.urls import urlpatterns as opportunities_urls
from regulars.web.playbooks.urls import urlpatterns as playbooks_urls
from regulars.web.referrals.urls import urlpatterns as referrals_urls
from regulars.web.reviews.holding_urls import urlpatterns as review_holding_urls
from regulars.web.reviews.schedule_urls import urlpatterns as review_schedule_urls
from regulars.web.sales_plan.urls import urlpatterns as sales_plan_urls
from regulars.web.settings.urls import urlpatterns as settings_urls
from regulars.web.sign_in_urls import urlpatterns as sign_in_urls
from regulars.web.value.urls import urlpatterns as value_urls
from regulars.web.winback import urlpatterns as win_back_urls

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="today")),
    path("theme/", theme.choose_theme, name="theme"),
    path("health", health.health, name="health"),
    path("design/", design.design, name="design"),
    path("today/", today.today, name="today"),
    path("today/digest/", today.digest, name="today_digest"),
    path("today/<uuid:uid>/<slug:verb>/", today.act, name="today_act"),
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("portfolio/forecast/", portfolio_forecast.portfolio_forecast, name="portfolio_forecast"),
    *forecast_record_urls,
    *lifetimes_urls,
    *sales_plan_urls,
    *win_back_urls,
    *value_urls,
    *dependence_urls,
    *dossier_urls,
    *key_accounts_urls,
    *accounts_urls,
    path("search/", search.search, name="search"),
    *account_urls,
    *leads_urls,
    *live_orders_urls,
    *referrals_urls,
    *handovers_urls,
    *issues_urls,
    *check_ins_urls,
    *opportunities_urls,
    *playbooks_urls,
    *review_schedule_urls,
    *review_holding_urls,
    *duplicates_urls,
    *imports_urls,
    *settings_urls,
    *sign_in_urls,
]
