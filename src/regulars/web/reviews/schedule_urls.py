"""Addresses of the calendar of reviews, of appointments, and of planning them."""

from __future__ import annotations

from django.urls import path

from regulars.web.reviews import appointment, calendar, feed, invitation, level, start

urlpatterns = [
    path("reviews/", calendar.calendar, name="reviews"),
    path("reviews/start/", start.start, name="reviews_start"),
    path("reviews/start/<slug:verb>/", start.plan, name="reviews_plan"),
    path("reviews/<uuid:uid>/appointment/", appointment.appointment, name="review_appointment"),
    path("reviews/<uuid:uid>/appointment/<slug:verb>/", appointment.act, name="review_act"),
    path("reviews/<uuid:uid>/invitation/", invitation.invitation, name="review_invitation"),
    path("accounts/<uuid:uid>/review/", appointment.new, name="account_review_new"),
    path("accounts/<uuid:uid>/level/", level.level, name="account_level"),
    path("accounts/<uuid:uid>/level/<slug:verb>/", level.act, name="account_level_act"),
    path("calendar/<str:key>.ics", feed.feed, name="calendar_feed"),
    path("profile/calendar/", feed.own_feed, name="own_calendar_feed"),
    path("profile/calendar/close/", feed.close, name="own_calendar_feed_close"),
]
