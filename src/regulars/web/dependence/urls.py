"""Addresses of the pages of dependence."""

from __future__ import annotations

from django.urls import path

from regulars.web.dependence import elasticity, shares, what_if

urlpatterns = [
    path("portfolio/dependence/", shares.dependence_page, name="dependence"),
    path("portfolio/dependence.csv", shares.dependence_csv, name="dependence_csv"),
    path("portfolio/dependence/what-if/", what_if.what_if_page, name="what_if"),
    path("portfolio/dependence/what-if.csv", what_if.what_if_csv, name="what_if_csv"),
    path("portfolio/dependence/<uuid:uid>/elasticity/", elasticity.elasticity, name="account_elasticity"),
]
