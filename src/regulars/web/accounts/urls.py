"""Addresses of the list of accounts."""

from __future__ import annotations

from django.urls import path

from regulars.web.accounts import bulk, counts, exports, listing, saved

urlpatterns = [
    path("accounts/", listing.accounts, name="accounts"),
    path("accounts.csv", exports.accounts_csv, name="accounts_csv"),
    path("accounts.xlsx", exports.accounts_xlsx, name="accounts_xlsx"),
    path("accounts/counts/", counts.counts, name="accounts_counts"),
    path("accounts/bulk/", bulk.bulk, name="accounts_bulk"),
    path("accounts/bulk/<int:moment>/undo/", bulk.undo, name="accounts_bulk_undo"),
    path("accounts/columns/", saved.columns, name="accounts_columns"),
    path("accounts/start/", saved.start, name="accounts_start"),
    path("accounts/views/", saved.keep, name="accounts_views"),
    path("accounts/views/<uuid:uid>/<slug:verb>/", saved.view, name="accounts_view"),
]
