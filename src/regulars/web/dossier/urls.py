"""Addresses of the dossier of an account."""

from __future__ import annotations

from django.urls import path

from regulars.web.dossier import dossier, facts

urlpatterns = [
    path("accounts/<uuid:uid>/dossier/", dossier.dossier, name="account_dossier"),
    path("accounts/<uuid:uid>/dossier/print/", dossier.print_it, name="account_dossier_print"),
    path("accounts/<uuid:uid>/dossier/new/", facts.new, name="account_fact_new"),
    path("accounts/dossiers/<uuid:uid>.pdf", dossier.file, name="account_dossier_file"),
    path("accounts/facts/<uuid:uid>/", facts.fact, name="account_fact"),
    path("accounts/facts/<uuid:uid>/<slug:verb>/", facts.act, name="account_fact_act"),
]
