"""Addresses of leads."""

from __future__ import annotations

from django.urls import path

from regulars.web.leads import files, flow, lead, public, queue, winning

urlpatterns = [
    path("leads/", queue.queue, name="leads"),
    path("leads/new/", lead.new, name="lead_new"),
    path("leads/flow/", flow.flow, name="leads_flow"),
    path("leads/files/", files.files, name="lead_files"),
    path("leads/files/<uuid:uid>/rejected.csv", files.rejected, name="lead_file_rejected"),
    path("leads/<uuid:uid>/", lead.lead, name="lead"),
    path("leads/<uuid:uid>/edit/", lead.edit, name="lead_edit"),
    path("leads/<uuid:uid>/won/", winning.won, name="lead_won"),
    path("leads/<uuid:uid>/<slug:verb>/", lead.act, name="lead_act"),
    path("forms/leads/<str:token>/", public.form, name="lead_form"),
]
