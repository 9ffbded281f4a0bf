"""Addresses of opportunities and of white space."""

from __future__ import annotations

from django.urls import path

from regulars.web.opportunities import board, case, growth, page, supplies, white_space

urlpatterns = [
    path("opportunities/", board.board, name="opportunities"),
    path("opportunities/<uuid:uid>/", page.opportunity, name="opportunity"),
    path("opportunities/<uuid:uid>/case/", case.case, name="opportunity_case"),
    path("opportunities/<uuid:uid>/case/write/", case.write, name="opportunity_case_write"),
    path("opportunities/<uuid:uid>/case.pdf", case.printed, name="opportunity_case_pdf"),
    path("opportunities/<uuid:uid>/<slug:verb>/", page.act, name="opportunity_act"),
    path("accounts/<uuid:uid>/growth/", growth.growth, name="account_growth"),
    path("accounts/<uuid:uid>/opportunities/new/", page.new, name="account_opportunity_new"),
    path("accounts/<uuid:uid>/opportunities/suggested/", page.suggested, name="account_opportunity_suggested"),
    path("accounts/<uuid:uid>/goals/", growth.note, name="account_goals"),
    path("accounts/goals/<uuid:uid>/<slug:verb>/", growth.goal_act, name="account_goal_act"),
    path("accounts/<uuid:uid>/supply/", supplies.supply, name="account_supply"),
    path("accounts/supplies/<uuid:uid>/<slug:verb>/", supplies.act, name="account_supply_act"),
    path("white-space/", white_space.white_space, name="white_space"),
    path("white-space.csv", white_space.white_space_csv, name="white_space_csv"),
]
