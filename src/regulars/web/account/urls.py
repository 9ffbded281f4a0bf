"""Addresses of the pages of one account, and of what belongs to it."""

from __future__ import annotations

from django.urls import path

from regulars.web.account import (
    changes,
    details,
    forecast,
    letters,
    orders,
    page,
    people,
    signals,
    suggestions,
    talks,
    timeline,
)
from regulars.web.account.key_signs import urlpatterns as key_signs_urls
from regulars.web.account.people_map import urlpatterns as people_map_urls
from regulars.web.account.promises import urlpatterns as promises_urls

urlpatterns = [
    path("accounts/new/", details.new, name="account_new"),
    path("accounts/<uuid:uid>/", page.account, name="account"),
    path("accounts/<uuid:uid>/months/", page.months, name="account_months"),
    path("accounts/<uuid:uid>/forecast/", forecast.forecast, name="account_forecast"),
    path("accounts/<uuid:uid>/suggestions/", suggestions.suggestions, name="account_suggestions"),
    path("accounts/<uuid:uid>/log/", page.log, name="account_log"),
    path("accounts/<uuid:uid>/edit/", details.edit, name="account_edit"),
    path("accounts/<uuid:uid>/orders/", orders.orders, name="account_orders"),
    path("accounts/<uuid:uid>/lines.csv", orders.lines_csv, name="account_lines_csv"),
    path("accounts/<uuid:uid>/people/", people.people, name="account_people"),
    path("accounts/<uuid:uid>/people/new/", people.contact_new, name="account_contact_new"),
    path("accounts/<uuid:uid>/places/new/", people.site_new, name="account_site_new"),
    *promises_urls,
    *people_map_urls,
    *key_signs_urls,
    path("accounts/<uuid:uid>/signals/", signals.signals, name="account_signals"),
    path("accounts/<uuid:uid>/timeline/", timeline.timeline, name="account_timeline"),
    path("accounts/<uuid:uid>/changes/", changes.changes, name="account_changes"),
    path("accounts/actions/<uuid:uid>/<slug:verb>/", page.act, name="account_act"),
    path("accounts/people/<uuid:uid>/", people.contact, name="account_contact"),
    path("accounts/people/<uuid:uid>/write/", letters.write, name="account_contact_write"),
    path("accounts/letters/<uuid:uid>/cancel/", letters.cancel, name="account_letter_cancel"),
    path("accounts/people/<uuid:uid>/<slug:verb>/", people.contact_act, name="account_contact_act"),
    path("accounts/places/<uuid:uid>/", people.site, name="account_site"),
    path("accounts/places/<uuid:uid>/<slug:verb>/", people.site_act, name="account_site_act"),
    path("accounts/signals/<uuid:uid>/", signals.signal, name="account_signal"),
    path("accounts/signals/<uuid:uid>/restore/", signals.restore, name="account_signal_restore"),
    path("accounts/talks/<uuid:uid>/", talks.talk, name="account_talk"),
    path("accounts/talks/<uuid:uid>/<slug:verb>/", talks.act, name="account_talk_act"),
]
