"""Cards that a customer gives to others: its own link as a code to scan, in the language of its people (D3)."""

from __future__ import annotations

from typing import Final

import segno
from django.db import transaction
from django.utils import translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import record_change
from regulars.base.mail.links import link_to
from regulars.base.models import Member
from regulars.base.organisation import organisation, spoken_language
from regulars.base.printing import render_pdf
from regulars.plan.models import ReferralLink
from regulars.plan.referrals import WrongReferral, home_of, visible_links

TEMPLATE: Final = "plan/printing/referral_card.typ"
ONE, SHEET = 1, 8
"""Cards on a page: one of its own size, or a sheet of A4 to be cut."""
MOST_LETTERS = 60
"""Of a name: a card is small."""


@transaction.atomic
def print_cards(*, link: ReferralLink, cards: int, member: Member | None) -> bytes:
    """The card, or the sheet, as a PDF in the language of the contact, else of the account.

    That it was printed is noted: it leaves the house. Raises `WrongReferral` for a link that is closed.
    """
    require(member, Permission.WRITE)
    assert cards in (ONE, SHEET), "a page has one card or a whole sheet"
    found = visible_links(member).filter(pk=link.pk).select_related("account__merged_into", "contact").first()
    if found is None:
        raise WrongReferral(_("There is no such link."), _("It may belong to others."))
    if found.closed_on is not None:
        raise WrongReferral(_("This link is closed."), _("Make a new one, then print its card."))
    language = language_of_card(found)
    with translation.override(language):
        made = render_pdf(TEMPLATE, printed_card(found, cards=cards), language=language)
    record_change(
        member=member,
        verb="print_referral_cards",
        record=found,
        before={},
        after={"language": language, "cards": cards},
        account_id=home_of(found).pk,
    )
    return made


def language_of_card(link: ReferralLink) -> str:
    """The language of the person who gives it away, else of the account, else of the firm."""
    return spoken_language(link.contact.language if link.contact else "", home_of(link).language)


def printed_card(link: ReferralLink, *, cards: int) -> dict[str, str | int]:
    """What stands on the card, in the language in force."""
    address = address_of(link)
    firm = organisation().name
    who = link.contact.name if link.contact else home_of(link).name
    words = {"name": Truncator(who).chars(MOST_LETTERS), "firm": Truncator(firm).chars(MOST_LETTERS)}
    return {
        "title": _("%(name)s recommends %(firm)s") % words,
        "firm": words["firm"],
        "heading": _("Recommended to you by %(name)s") % words,
        "text": _("Scan the code, or open the address below, and tell us what we can do for you."),
        "address": address,
        "code": code_of(address),
        "cards": cards,
    }


def address_of(link: ReferralLink) -> str:
    """Where the link leads, seen from outside."""
    return link_to(f"/r/{link.token}/")


def code_of(address: str) -> str:
    """The address as a QR code (ISO/IEC 18004), drawn as SVG: readable with a quarter of it missing, four light squares
    around it, as the standard asks for.
    """
    drawn: str = segno.make_qr(address, error="q").svg_inline(border=4, light="white")
    return drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
