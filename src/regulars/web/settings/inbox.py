"""Mail of strangers, for who looks after the installation when customers write: who is it, and where does it belong?"""

from __future__ import annotations

import uuid

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from regulars.base.mail.inbox import configured_place
from regulars.base.mail.models import IncomingMail, Mailbox
from regulars.base.organisation import zone
from regulars.core.errors import Refusal
from regulars.facts.accounts import find_account, visible_accounts
from regulars.facts.incoming_mail import assign_mail, ignore_mail, restore_mail, visible_incoming
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import desk_for, show

PAGE = "settings_inbox"
MAILS_A_PAGE = 25
State = IncomingMail.State


class AssignForm(forms.Form):
    """To whom a mail belongs."""

    account = forms.CharField(label=gettext_lazy("Account: name or customer number"), max_length=300)


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The mails that wait for somebody who knows the sender; or, where asked for, those taken in or left aside."""
    desk = desk_for(request, PAGE)
    chosen = request.GET.get("state", "")
    state = State(chosen) if chosen in (State.TAKEN, State.IGNORED) else State.WAITING
    page = Paginator(visible_incoming(desk.member).filter(state=state), MAILS_A_PAGE).get_page(request.GET.get("page"))
    mails = list(page.object_list)
    names = visible_accounts(desk.member).in_bulk({one.account_id for one in mails if one.account_id})
    place = configured_place()
    context = {
        "state": state.value,
        "states": [(one.value, capfirst(str(one.label))) for one in (State.WAITING, State.TAKEN, State.IGNORED)],
        "page": page,
        "mails": [(one, names.get(one.account_id or 0)) for one in mails],
        "place": place,
        "mailbox": Mailbox.objects.filter(address=place.address).first() if place else None,
        "zone": zone(desk.organisation),
    }
    return show(request, PAGE, "inbox", context)


@require_POST
def assign(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Say to whom a mail belongs."""
    desk = desk_for(request, PAGE)
    found = _found(desk, uid)
    form = AssignForm(request.POST)
    try:
        if not form.is_valid():
            raise Refusal(_("No account is named."), _("Type its name or its customer number."))
        account = find_account(form.cleaned_data["account"], member=desk.member)
        assign_mail(mail=found, account=account, member=desk.member)
    except Refusal as refusal:
        show_next(request, Toast(text=str(refusal)))
    else:
        said = _("The mail stands with %(account)s, and so do later ones of this sender.")
        show_next(request, Toast(text=said % {"account": account}))
    return redirect(PAGE)


@require_POST
def ignore(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Leave a mail aside that is nobody's of ours."""
    desk = desk_for(request, PAGE)
    try:
        ignore_mail(mail=_found(desk, uid), member=desk.member)
    except Refusal as refusal:
        show_next(request, Toast(text=str(refusal)))
    else:
        show_next(request, Toast(text=_("The mail is left aside."), undo=reverse("settings_inbox_restore", args=[uid])))
    return redirect(PAGE)


@require_POST
def restore(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Let a mail wait again that was left aside."""
    desk = desk_for(request, PAGE)
    try:
        restore_mail(mail=_found(desk, uid), member=desk.member)
    except Refusal as refusal:
        show_next(request, Toast(text=str(refusal)))
    else:
        show_next(request, Toast(text=_("The mail waits again.")))
    return redirect(PAGE)


def _found(desk: Desk, uid: uuid.UUID) -> IncomingMail:
    found = visible_incoming(desk.member).filter(uid=uid).first()
    if found is None:
        raise Http404
    return found
