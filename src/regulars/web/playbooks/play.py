"""One run of a playbook: for who does its next step today, to decide how to go on, what to leave out, when to stop."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.interactions import USUAL_OUTCOMES
from regulars.facts.models import Interaction
from regulars.plan.models import Play, PlayStep
from regulars.plan.play_making import LONGEST_SAID, home_of
from regulars.plan.plays import (
    STEPS_IN_SEQUENCE,
    do_step,
    resume_play,
    skip_step,
    stop_play,
    undo_step,
    visible_plays,
)
from regulars.web.account.record import heading
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.playbooks.told import told_play


class DoneForm(forms.Form):
    """What came of a step."""

    outcome = forms.CharField(label=gettext_lazy("What came of it"), max_length=100)
    kind = forms.ChoiceField(label=gettext_lazy("How"))
    text = forms.CharField(label=gettext_lazy("In more words"), required=False, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("auto_id", "done_%s")
        super().__init__(*args, **options)
        kinds = [(one.value, capfirst(str(one.label))) for one in Interaction.Kind]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.fields["outcome"].widget.attrs["list"] = "outcomes"


class ReasonForm(forms.Form):
    """Why something is left out or stopped."""

    reason = forms.CharField(label=gettext_lazy("Why"), max_length=LONGEST_SAID)


@require_safe
def play(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One play with all its steps."""
    desk = desk_of(request)
    return _shown(request, desk, _found(desk, uid))


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Do something with a play or with its step; a refusal keeps what was typed."""
    desk = desk_of(request)
    found = _found(desk, uid)
    if verb not in VERBS:
        raise Http404
    require(desk.member, Permission.WRITE)
    form = FORMS[verb](request.POST) if verb in FORMS else None
    if form is not None and not form.is_valid():
        return _shown(request, desk, found, refused={verb: form})
    try:
        text, undo = VERBS[verb](found, _step(found, request), desk, form.cleaned_data if form else {})
    except Refusal as refusal:
        if form is None:
            raise
        form.add_error(None, str(refusal))
        return _shown(request, desk, found, refused={verb: form})
    show_next(request, Toast(text=text, undo=reverse("play_act", args=[uid, undo]) if undo else ""))
    return redirect("play", uid=uid)


def _found(desk: Desk, uid: uuid.UUID) -> Play:
    seen = visible_plays(desk.member).filter(uid=uid)
    related = seen.select_related("account__merged_into", "playbook", "ended_by")
    found = related.prefetch_related(STEPS_IN_SEQUENCE).first()
    if found is None:
        raise Http404
    return found


def _step(found: Play, request: HttpRequest) -> PlayStep | None:
    """The step that the form was about. One that was settled meanwhile by somebody else is refused by the verb."""
    wanted = request.POST.get("step", "")
    return next((one for one in found.steps.all() if str(one.uid) == wanted), None)


def _shown(
    request: HttpRequest, desk: Desk, found: Play, refused: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    refused = refused or {}
    context = {
        **heading(desk, home_of(found), tab="account"),
        "told": told_play(found, desk.day),
        "play": found,
        "done": refused.get("done") or DoneForm(initial={"kind": Interaction.Kind.CALL}),
        "skip": refused.get("skip") or ReasonForm(auto_id="skip_%s"),
        "stop": refused.get("stop") or ReasonForm(auto_id="stop_%s"),
        "outcomes": [_(one) for one in USUAL_OUTCOMES],
        "resumable": found.state in (Play.State.STOPPED, Play.State.REACHED),
    }
    return render(request, "web/playbooks/play.html", context, status=422 if refused else 200)


Said = Mapping[str, Any]
Answer = tuple[str, str]
"""What is told, and the verb that takes it back."""


def _wanted(step: PlayStep | None) -> PlayStep:
    if step is None:
        raise Http404
    return step


def _done(found: Play, step: PlayStep | None, desk: Desk, said: Said) -> Answer:
    made = do_step(step=_wanted(step), on=desk.day, member=desk.member, **said)
    return (_("Done. That was the last step.") if made.ended_on else _("Done. The next step has its day.")), "undo"


def _skipped(found: Play, step: PlayStep | None, desk: Desk, said: Said) -> Answer:
    made = skip_step(step=_wanted(step), on=desk.day, member=desk.member, **said)
    return (_("Left out. That was the last step.") if made.ended_on else _("Left out.")), "undo"


def _undone(found: Play, step: PlayStep | None, desk: Desk, said: Said) -> Answer:
    settled = [one for one in found.steps.all() if one.state != PlayStep.State.OPEN]
    undo_step(step=_wanted(step or (settled[-1] if settled else None)), on=desk.day, member=desk.member)
    return _("Taken back."), ""


def _stopped(found: Play, step: PlayStep | None, desk: Desk, said: Said) -> Answer:
    stop_play(play=found, on=desk.day, member=desk.member, **said)
    return _("Stopped."), "resume"


def _not_started(found: Play, step: PlayStep | None, desk: Desk, said: Said) -> Answer:
    stop_play(play=found, on=desk.day, member=desk.member, reason=_("Started by mistake"))
    return _("Stopped."), "resume"


def _resumed(found: Play, step: PlayStep | None, desk: Desk, said: Said) -> Answer:
    resume_play(play=found, on=desk.day, member=desk.member)
    return _("It goes on."), ""


VERBS: dict[str, Callable[[Play, PlayStep | None, Desk, Said], Answer]] = {
    "done": _done,
    "skip": _skipped,
    "undo": _undone,
    "stop": _stopped,
    "undo-start": _not_started,
    "resume": _resumed,
}
FORMS: dict[str, type[forms.Form]] = {"done": DoneForm, "skip": ReasonForm, "stop": ReasonForm}
