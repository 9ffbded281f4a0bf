"""Addresses of what is asked, answered and written in a review."""

from __future__ import annotations

from django.urls import path

from regulars.web.reviews import account, form, preparation, summary

urlpatterns = [
    path("reviews/worker.js", form.worker, name="review_worker"),
    path("reviews/<uuid:uid>/", preparation.preparation, name="review"),
    path("reviews/<uuid:uid>/orders/", preparation.orders, name="review_orders"),
    path("reviews/<uuid:uid>/form/", form.form, name="review_form"),
    path("reviews/<uuid:uid>/form/save/", form.save, name="review_save"),
    path("reviews/<uuid:uid>/summary/", summary.summary, name="review_summary"),
    path("reviews/<uuid:uid>/reopen/", summary.reopen, name="review_reopen"),
    path("reviews/recommendations/<uuid:uid>/follow-up/", summary.follow, name="review_follow_up"),
    path("accounts/<uuid:uid>/reviews/", account.account_reviews, name="account_reviews"),
]
