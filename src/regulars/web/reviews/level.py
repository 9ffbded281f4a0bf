"""The opportunity level of an account: for who looks after it, when the computed one says other than what one knows."""

from __future__ import annotations

import uuid

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.insight.models import OpportunityLevel
from regulars.insight.opportunity_level_sentences import opportunity_sentences
from regulars.insight.thresholds import level_rules
from regulars.plan.models import LevelChoice
from regulars.plan.opportunity_levels import (
    LONGEST_REASON,
    choose_level,
    drop_level_choice,
    level_in_force,
    restore_level_choice,
)
from regulars.plan.reviews import coming_review, interval_of
from regulars.web.account.record import heading, opened
from regulars.web.frame import Toast, show_next

MOST_SHOWN = 20


class LevelForm(forms.Form):
    """Another level, and why."""

    level = forms.TypedChoiceField(label=gettext_lazy("Level"), coerce=int, choices=OpportunityLevel.Level.choices)
    reason = forms.CharField(label=gettext_lazy("What you know of this customer"), max_length=LONGEST_REASON)


@require_http_methods(["GET", "HEAD", "POST"])
def level(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What the level follows from, how often that means a review, and another one with a reason."""
    desk, account = opened(request, uid)
    form = LevelForm(request.POST or None)
    if request.method == "POST":
        require(desk.member, Permission.WRITE)
        if form.is_valid():
            try:
                choose_level(account=account, on=desk.day, member=desk.member, **form.cleaned_data)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                undo = reverse("account_level_act", args=[account.uid, "computed"])
                show_next(request, Toast(text=_("The level is set."), undo=undo))
                return redirect("account_level", uid=account.uid)
    in_force = level_in_force(account)
    computed = in_force.computed
    context = {
        **heading(desk, account, tab="account_reviews"),
        "in_force": in_force,
        "sentences": opportunity_sentences(computed, currency=desk.currency, rules=level_rules(desk.organisation))
        if computed
        else [],
        "every_days": interval_of(account),
        "coming": coming_review(account, member=desk.member),
        "choices": LevelChoice.objects.filter(account=account).select_related("member").order_by("-pk")[:MOST_SHOWN],
        "form": form,
    }
    return render(request, "web/reviews/level.html", context, status=422 if form.errors else 200)


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Go back to the computed level, or take that back."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.WRITE)
    if verb == "computed":
        drop_level_choice(account=account, member=desk.member)
        undo = reverse("account_level_act", args=[account.uid, "again"])
        show_next(request, Toast(text=_("The computed level is in force."), undo=undo))
    elif verb == "again":
        restore_level_choice(account=account, member=desk.member)
        show_next(request, Toast(text=_("Taken back.")))
    else:
        raise Http404
    return redirect("account_level", uid=account.uid)
