"""What runs on one account: for who is about to call, to see what was begun, and to start what is missing."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account
from regulars.plan.models import Play
from regulars.plan.playbooks import known_playbooks
from regulars.plan.plays import STEPS_IN_SEQUENCE, running_plays, start_play, visible_plays
from regulars.web.account.record import heading, opened
from regulars.web.frame import Toast, show_next
from regulars.web.playbooks.told import told_play

MOST_SHOWN = 50


class StartForm(forms.Form):
    """Which playbook to start."""

    playbook = forms.ChoiceField(label=gettext_lazy("Playbook"))

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("auto_id", "start_%s")
        super().__init__(*args, **options)
        choices = [(one.key, str(one)) for one in known_playbooks() if one.active]
        self.fields["playbook"].choices = choices  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
def account_plays(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The plays of an account, those that have ended too; here one is started. The first page shows those that run."""
    desk, account = opened(request, uid)
    form = StartForm(request.POST or None)
    if request.method == "POST":
        require(desk.member, Permission.WRITE)
        if form.is_valid():
            try:
                made = start_play(account=account, on=desk.day, member=desk.member, **form.cleaned_data)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                undo = reverse("play_act", args=[made.uid, "undo-start"])
                show_next(request, Toast(text=_("Started. Its first step is on the list of the day."), undo=undo))
                return redirect("play", uid=made.uid)
    ended = visible_plays(desk.member).filter(of_account(account)).exclude(state=Play.State.RUNNING)
    context = {
        **heading(desk, account, tab="account"),
        "plays": [told_play(one, desk.day) for one in running_plays(account, member=desk.member)],
        "ended": [
            told_play(one, desk.day)
            for one in ended.select_related("playbook").prefetch_related(STEPS_IN_SEQUENCE)[:MOST_SHOWN]
        ],
        "form": form,
    }
    return render(request, "web/playbooks/account.html", context, status=422 if form.errors else 200)
