"""One question for names, for who sits at the customer's table, or sends the link: whom else can we help?"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, require
from regulars.base.formats import number
from regulars.base.mail.links import link_to
from regulars.core.errors import Refusal
from regulars.facts.leads import visible_leads
from regulars.facts.letters import language_of, write_to_contact
from regulars.plan.issue_rules import moment_of_work
from regulars.plan.models import ReferralAsk
from regulars.plan.referrals import (
    decline_ask,
    give_names,
    home_of,
    key_of,
    reopen_ask,
    visible_asks,
    visible_referrals,
    withdraw_ask,
)
from regulars.web.account.record import heading
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.referrals.fields import NamesForm

LONGEST_TEXT = 4000


class LetterForm(forms.Form):
    """A mail with the link."""

    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=200)
    text = forms.CharField(
        label=gettext_lazy("In their language"), max_length=LONGEST_TEXT, widget=forms.Textarea({"rows": 8})
    )


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Write the names down as they are said; or give the customer the link."""
    desk = desk_of(request)
    found = _found(desk, uid)
    if request.method != "POST":
        return _shown(request, desk, found, NamesForm())
    require(desk.member, Permission.WRITE)
    form = NamesForm(request.POST)
    if form.is_valid():
        try:
            made = give_names(
                ask=found,
                names=form.named(),
                at=moment_of_work(),
                member=desk.member,
                may_name=form.cleaned_data["may_name"],
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            new = ngettext("%(count)s new lead. Thank them!", "%(count)s new leads. Thank them!", len(made))
            show_next(request, Toast(text=new % {"count": number(len(made))}))
            return redirect("account_referrals", uid=home_of(found).uid)
    return _shown(request, desk, found, form)


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """They would rather not, they were not asked, or they get the link by mail."""
    desk = desk_of(request)
    found = _found(desk, uid)
    if verb == "write":
        return _write(request, desk, found)
    if verb not in VERBS:
        raise Http404
    require(desk.member, Permission.WRITE)
    show_next(request, VERBS[verb](found, desk))
    return redirect("account_referrals", uid=home_of(found).uid) if verb != "reopen" else redirect("referral_ask", uid)


def _found(desk: Desk, uid: uuid.UUID) -> ReferralAsk:
    require(desk.member, Permission.READ)
    seen = visible_asks(desk.member).filter(uid=uid)
    found = seen.select_related("account__merged_into", "contact__account", "member").first()
    if found is None:
        raise Http404
    return found


def _shown(
    request: HttpRequest, desk: Desk, found: ReferralAsk, form: NamesForm, letter: LetterForm | None = None
) -> HttpResponse:
    live = found.state == ReferralAsk.State.OPEN
    named = visible_referrals(desk.member).filter(ask=found).select_related("lead")
    context = {
        **heading(desk, home_of(found), tab="account"),
        "ask": found,
        "live": live,
        "form": form,
        "link": link_to(reverse("referral_names", args=[key_of(found)])) if live else "",
        "letter": (letter or _letter(found)) if live and found.contact and found.contact.email else None,
        "letter_language": language_of(found.contact) if found.contact else "",
        "named": [] if live else list(named),
        "linked": set(visible_leads(desk.member).filter(referral__ask=found).values_list("pk", flat=True)),
    }
    refused = bool(form.errors or (letter and letter.errors))
    return render(request, "web/referrals/ask.html", context, status=422 if refused else 200)


def _letter(found: ReferralAsk) -> LetterForm:
    """A first draft, in the language of who gets it; changed by hand before it goes."""
    assert found.contact is not None
    link = link_to(reverse("referral_names", args=[key_of(found)]))
    with translation.override(language_of(found.contact)):
        lines = [
            _("Dear %(name)s,") % {"name": found.contact.name},
            "",
            _("it was good to hear that we could help you. Whom do you know whom we could help as well?"),
            _("Here you can name up to five people; it takes two minutes: %(link)s") % {"link": link},
            "",
            _("Thank you, and kind regards"),
            found.member.name if found.member else "",
        ]
        return LetterForm(
            initial={"subject": _("Whom could we help as well?"), "text": "\n".join(lines)}, auto_id="letter_%s"
        )


def _write(request: HttpRequest, desk: Desk, found: ReferralAsk) -> HttpResponse:
    require(desk.member, Permission.WRITE)
    form = LetterForm(request.POST, auto_id="letter_%s")
    if found.contact is None or found.state != ReferralAsk.State.OPEN:
        raise Http404
    if form.is_valid():
        try:
            with translation.override(language_of(found.contact)):
                write_to_contact(
                    contact=found.contact,
                    subject=form.cleaned_data["subject"],
                    text=form.cleaned_data["text"],
                    member=desk.member,
                    related=found,
                    once=f"referral-ask-{found.uid}",
                )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            show_next(request, Toast(text=_("On its way to %(contact)s.") % {"contact": found.contact}))
            return redirect("referral_ask", uid=found.uid)
    return _shown(request, desk, found, NamesForm(), form)


def _decline(found: ReferralAsk, desk: Desk) -> Toast:
    decline_ask(ask=found, on=desk.day, member=desk.member)
    undo = reverse("referral_ask_act", args=[found.uid, "reopen"])
    return Toast(text=_("Noted: they would rather not. Nobody asks them again for a while."), undo=undo)


def _withdraw(found: ReferralAsk, desk: Desk) -> Toast:
    withdraw_ask(ask=found, on=desk.day, member=desk.member)
    undo = reverse("referral_ask_act", args=[found.uid, "reopen"])
    return Toast(text=_("Noted: they were not asked."), undo=undo)


def _reopen(found: ReferralAsk, desk: Desk) -> Toast:
    reopen_ask(ask=found, member=desk.member)
    return Toast(text=_("The question is open again."))


VERBS: dict[str, Callable[[ReferralAsk, Desk], Toast]] = {
    "decline": _decline,
    "withdraw": _withdraw,
    "reopen": _reopen,
}
