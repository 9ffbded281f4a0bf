"""Invitations, for owners and heads of sales when somebody comes: whom to offer a login, and did they take it?"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.invitations import (
    NoSuchInvitation,
    find_invitation,
    invite_member,
    link_of,
    resend_invitation,
    withdraw_invitation,
)
from regulars.base.mail.at_once import MailNotSent
from regulars.base.models import Invitation, Member, Team
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.settings.members import PAGE, role_choices
from regulars.web.settings.pages import carried_out, desk_for, show
from regulars.web.settings.teams import team_choices, team_of


class InvitationForm(forms.Form):
    """Whom to offer a login, and as what."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    email = forms.EmailField(label=gettext_lazy("E-mail"))
    role = forms.ChoiceField(label=gettext_lazy("Role"))
    team = forms.ChoiceField(label=gettext_lazy("Team"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language of the mail"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, member: Member, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].choices = role_choices(member)  # type: ignore[attr-defined]
        self.fields["team"].choices = team_choices()  # type: ignore[attr-defined]

    def clean_team(self) -> Team | None:
        return team_of(self.cleaned_data["team"])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Offer a login by mail."""
    desk = desk_for(request, PAGE)
    initial = {"role": Member.Role.ACCOUNT_MANAGER, "language": desk.organisation.language}
    form = InvitationForm(request.POST if request.method == "POST" else None, initial=initial, member=desk.member)
    made: list[Invitation] = []
    try:
        if form.is_bound and carried_out(
            form, lambda said: made.append(invite_member(member=desk.member, **said)), but=(MailNotSent,)
        ):
            return _sent(request, made[0])
    except MailNotSent as unsent:
        return _unsent(request, unsent)
    context = {
        "form": form,
        "heading": _("Invite a member"),
        "sub": _("The mail holds a link that works once, for seven days. Nothing else happens until it is used."),
        "submit": _("Send the invitation"),
        "back": reverse(PAGE),
    }
    return show(request, PAGE, "invite", context, status=422 if form.errors else 200)


@never_cache
@require_POST
def resend(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Send the mail again, with a new link."""
    desk = desk_for(request, PAGE)
    invitation = _open(desk, uid)
    try:
        return _sent(request, resend_invitation(invitation=invitation, member=desk.member))
    except MailNotSent as unsent:
        return _unsent(request, unsent)


@require_POST
def withdraw(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Let the link open nothing any more."""
    desk = desk_for(request, PAGE)
    gone = withdraw_invitation(invitation=_open(desk, uid), member=desk.member)
    show_next(request, Toast(text=_("The invitation of %(name)s is withdrawn.") % {"name": gone.name}))
    return redirect(PAGE)


def _open(desk: Desk, uid: uuid.UUID) -> Invitation:
    try:
        return find_invitation(uid, member=desk.member)
    except NoSuchInvitation as absent:
        raise Http404(str(absent)) from None


def _sent(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Where mail is only printed, the link is shown this once, to be passed on by hand."""
    if "console" not in settings.EMAIL_BACKEND:
        show_next(request, Toast(text=_("The invitation is on its way to %(email)s.") % {"email": invitation.email}))
        return redirect(PAGE)
    context = {"invitation": invitation, "link": link_of(invitation), "back": reverse(PAGE)}
    return show(request, PAGE, "invited", context)


def _unsent(request: HttpRequest, refusal: MailNotSent) -> HttpResponse:
    """The invitation is there; its mail is not."""
    show_next(request, Toast(text=str(refusal)))
    return redirect(PAGE)
