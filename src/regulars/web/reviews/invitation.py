"""The invitation to a review: for who holds it, two weeks before, to change its words and send it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from regulars.base.access import Permission, require
from regulars.base.organisation import zone
from regulars.core.errors import Refusal
from regulars.plan.models import Review
from regulars.plan.review_invitations import CannotInvite, invitation_of, send_invitation
from regulars.web.account.letters import LetterForm
from regulars.web.desk import desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.reviews.appointment import found_review


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The mail as it is proposed, in the contact's language; sent with the appointment for their calendar."""
    desk = desk_of(request)
    found = found_review(desk, uid)
    require(desk.member, Permission.WRITE)
    reluctant = request.GET.get("reluctant") == "1"
    try:
        draft = invitation_of(found, reluctant=reluctant)
    except CannotInvite as refusal:
        show_next(request, Toast(text=str(refusal)))
        return redirect("review_appointment", uid=uid)
    form = LetterForm(request.POST or None, initial={"subject": draft.subject, "text": draft.text})
    if request.method == "POST" and form.is_valid():
        try:
            send_invitation(review=found, on=desk.day, member=desk.member, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            called_off = found.state == Review.State.CANCELLED
            undo = "" if called_off else reverse("review_act", args=[uid, "uninvite"])
            name = found.contact.name if found.contact else ""
            show_next(request, Toast(text=_("The mail to %(name)s is on its way.") % {"name": name}, undo=undo))
            return redirect("review_appointment", uid=uid)
    context = {
        "desk": desk,
        "review": found,
        "account": found.account.merged_into or found.account,
        "zone": zone(desk.organisation),
        "form": form,
        "reluctant": reluctant,
        "called_off": found.state == Review.State.CANCELLED,
        "speaks": dict(settings.LANGUAGES).get(draft.language, ""),
    }
    return render(request, "web/reviews/invitation.html", context, status=422 if form.errors else 200)
