"""Addresses of live orders."""

from __future__ import annotations

from django.urls import path

from regulars.web.live_orders import files, listing, mail, order

urlpatterns = [
    path("live-orders/", listing.live_orders, name="live_orders"),
    path("live-orders.csv", listing.live_orders_csv, name="live_orders_csv"),
    path("live-orders/files/", files.files, name="live_order_files"),
    path("live-orders/files/<uuid:uid>/not-taken.csv", files.rejected, name="live_order_file_rejected"),
    path("live-orders/<uuid:uid>/", order.live_order, name="live_order"),
    path("live-orders/<uuid:uid>/mail/", mail.write, name="live_order_mail"),
    path("live-orders/<uuid:uid>/<slug:verb>/", order.act, name="live_order_act"),
]
