"""Addresses of playbooks and their runs."""

from __future__ import annotations

from django.urls import path

from regulars.web.playbooks import account, page, play

urlpatterns = [
    path("playbooks/", page.playbooks, name="playbooks"),
    path("playbooks/running/", page.running, name="plays_running"),
    path("playbooks/<slug:key>/", page.playbook, name="playbook"),
    path("plays/<uuid:uid>/", play.play, name="play"),
    path("plays/<uuid:uid>/<slug:verb>/", play.act, name="play_act"),
    path("accounts/<uuid:uid>/plays/", account.account_plays, name="account_plays"),
]
