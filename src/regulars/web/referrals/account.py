"""Recommendations of one customer, for who is about to talk with them: may I ask, and did we say thank you?"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account
from regulars.facts.leads import visible_leads
from regulars.facts.models import Account, Contact
from regulars.insight.lead_flow import revenue_of
from regulars.plan.models import ReferralAsk
from regulars.plan.proven_value import proven_value, why_not_now
from regulars.plan.referral_cards import ONE, SHEET, address_of, language_of_card, print_cards
from regulars.plan.referrals import (
    LONGEST_WORDS,
    ask_for_names,
    close_link,
    make_link,
    visible_asks,
    visible_links,
    visible_referrals,
)
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

MOST_SHOWN = 100


class PersonForm(forms.Form):
    """One of their people; nobody named: the account itself."""

    contact = forms.ModelChoiceField(
        label=gettext_lazy("Whom"), queryset=Contact.objects.none(), required=False, to_field_name="uid"
    )

    def __init__(self, *args: Any, account: Account, **options: Any) -> None:
        super().__init__(*args, **options)
        contact: Any = self.fields["contact"]
        contact.queryset = account.contacts.filter(active=True).order_by("name", "pk")
        contact.empty_label = _("The customer as a whole")


class AskForm(PersonForm):
    """Whom we ask, and because of what."""

    ground = forms.ChoiceField(label=gettext_lazy("Because"))
    said = forms.CharField(label=gettext_lazy("In words"), max_length=LONGEST_WORDS, required=False)

    def __init__(self, *args: Any, account: Account, **options: Any) -> None:
        super().__init__(*args, account=account, **options)
        ground: Any = self.fields["ground"]
        ground.choices = [(key, capfirst(str(label))) for key, label in ReferralAsk.Ground.choices]


@require_safe
def referrals(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What it brought, whether this is the moment to ask, and the links it has."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.READ)
    return _shown(request, desk, account)


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Ask for names, or make a link to give away."""
    desk, account = opened(request, uid)
    if verb not in {"ask", "link"}:
        raise Http404
    require(desk.member, Permission.WRITE)
    form: PersonForm = (AskForm if verb == "ask" else PersonForm)(request.POST, account=account, auto_id=f"{verb}_%s")
    if form.is_valid():
        try:
            return _done(request, desk, account, verb, form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    return _shown(request, desk, account, **{verb: form})


@require_POST
def close(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Close a link: who comes by it is nobody's recommendation any more."""
    desk = desk_of(request)
    found = visible_links(desk.member).select_related("account__merged_into").filter(uid=uid).first()
    if found is None:
        raise Http404
    close_link(link=found, on=desk.day, member=desk.member)
    show_next(request, Toast(text=_("The link is closed.")))
    return redirect("account_referrals", uid=(found.account.merged_into or found.account).uid)


CARDS = {"one": ONE, "sheet": SHEET}


@require_safe
def cards(request: HttpRequest, uid: uuid.UUID, cards: str) -> HttpResponse:
    """A card of the link, or a sheet of them, to be printed and given away."""
    desk = desk_of(request)
    found = visible_links(desk.member).filter(uid=uid).first()
    if found is None or cards not in CARDS:
        raise Http404
    answer = HttpResponse(
        print_cards(link=found, cards=CARDS[cards], member=desk.member), content_type="application/pdf"
    )
    answer.headers["Content-Disposition"] = f'inline; filename="cards-{cards}.pdf"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _done(request: HttpRequest, desk: Desk, account: Account, verb: str, said: dict[str, Any]) -> HttpResponse:
    if verb == "link":
        make_link(account=account, contact=said["contact"], on=desk.day, member=desk.member)
        show_next(request, Toast(text=_("Here is the link: copy it, or print its cards.")))
        return redirect("account_referrals", uid=account.uid)
    made = ask_for_names(
        account=account,
        contact=said["contact"],
        ground=said["ground"],
        said=said["said"],
        on=desk.day,
        member=desk.member,
    )
    return redirect("referral_ask", uid=made.uid)


def _shown(
    request: HttpRequest,
    desk: Desk,
    account: Account,
    ask: PersonForm | None = None,
    link: PersonForm | None = None,
) -> HttpResponse:
    brought = list(
        visible_referrals(desk.member)
        .filter(of_account(account))
        .select_related("lead__account__merged_into", "lead__owner", "thanked_by")[:MOST_SHOWN]
    )
    revenue = revenue_of(one.lead for one in brought)
    linked = visible_leads(desk.member).filter(pk__in=[one.lead_id for one in brought]).values_list("pk", flat=True)
    links = visible_links(desk.member).filter(of_account(account), closed_on=None).select_related("contact")
    proof = proven_value(account, on=desk.day)
    spoken = dict(settings.LANGUAGES)
    initial = {"ground": proof.ground, "said": proof.said} if proof else {"ground": ReferralAsk.Ground.OTHER}
    context = {
        **heading(desk, account, tab="account"),
        "brought": [(one, revenue.get(one.lead_id, 0.0)) for one in brought],
        "linked": set(linked),
        "asks": visible_asks(desk.member).filter(of_account(account)).select_related("contact", "member")[:MOST_SHOWN],
        "links": [(one, address_of(one), spoken.get(language_of_card(one), "")) for one in links[:MOST_SHOWN]],
        "proof": proof,
        "why_not": why_not_now(account, on=desk.day),
        "ask_form": ask or AskForm(account=account, initial=initial, auto_id="ask_%s"),
        "link_form": link or PersonForm(account=account, auto_id="link_%s"),
    }
    return render(request, "web/referrals/account.html", context, status=422 if ask or link else 200)
