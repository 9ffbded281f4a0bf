"""Addresses of hand-overs."""

from __future__ import annotations

from django.urls import path

from regulars.web.handovers import page, queue

urlpatterns = [
    path("handovers/", queue.queues, name="handovers"),
    path("handovers/<uuid:uid>/", page.handover, name="handover"),
    path("handovers/<uuid:uid>/<slug:verb>/", page.act, name="handover_act"),
    path("handovers/looks/<uuid:uid>/<slug:verb>/", page.look, name="handover_look"),
    path("accounts/<uuid:uid>/hand-over/", page.new, name="account_handover"),
]
