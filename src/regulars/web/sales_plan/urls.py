"""Addresses of the sales plan, of the division of time, and of incentives."""

from __future__ import annotations

from django.urls import path

from regulars.web.sales_plan import costs, incentives, overview, person, statement, time

urlpatterns = [
    path("plan/", overview.plan, name="plan"),
    path("plan/propose/", overview.propose, name="plan_propose"),
    path("plan/<slug:month>.csv", overview.plan_csv, name="plan_csv"),
    path("plan/<slug:month>/accept/", overview.accept, name="plan_accept"),
    path("plan/<slug:month>/reopen/", overview.reopen, name="plan_reopen"),
    path("plan/<slug:month>/remove/", overview.remove, name="plan_remove"),
    path("plan/costs/", costs.costs, name="plan_costs"),
    path("plan/costs/<uuid:uid>/remove/", costs.remove, name="plan_cost_remove"),
    path("plan/time/", time.time, name="plan_time"),
    path("plan/time/visits/<uuid:uid>/", time.visits, name="plan_visits"),
    path("plan/time/<uuid:uid>/", time.time_of_person, name="plan_time_of"),
    path("plan/incentives/", incentives.incentives, name="plan_incentives"),
    path("plan/incentives/new/", incentives.new, name="plan_scheme_new"),
    path("plan/incentives/shares/", incentives.share, name="plan_share"),
    path("plan/incentives/<uuid:uid>/", incentives.scheme, name="plan_scheme"),
    path("plan/incentives/<uuid:uid>/<slug:verb>/", incentives.act, name="plan_scheme_act"),
    path("plan/statement/", statement.own, name="plan_statement"),
    path("plan/people/<uuid:uid>/statement/", statement.of_person, name="plan_statement_of"),
    path("plan/people/<uuid:uid>/statement.pdf", statement.of_person_pdf, name="plan_statement_pdf"),
    path("plan/people/<uuid:uid>/statement.csv", statement.of_person_csv, name="plan_statement_csv"),
    path("plan/<slug:month>/nobody/", person.nobody, name="plan_nobody"),
    path("plan/<slug:month>/<uuid:uid>/", person.person, name="plan_person"),
]
