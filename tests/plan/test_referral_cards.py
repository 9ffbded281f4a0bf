"""Cards that a customer gives away: its own link as a code, in its language, one or eight on a page (mission D3)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pypdf
import pytest

from regulars.base.access import Forbidden
from regulars.base.models import AuditEntry, Member
from regulars.base.printing import render_pages
from regulars.facts.contacts import create_contact
from regulars.facts.models import Account
from regulars.plan.models import ReferralLink
from regulars.plan.referral_cards import (
    ONE,
    SHEET,
    TEMPLATE,
    address_of,
    code_of,
    language_of_card,
    print_cards,
    printed_card,
)
from regulars.plan.referrals import WrongReferral, close_link, make_link

pytestmark = pytest.mark.django_db
ON = date(2024, 12, 9)
POINTS_A_MM = 72 / 25.4


@pytest.fixture
def link(scored: Callable[..., Account], owner: Member, settings: Any) -> ReferralLink:
    settings.ADDRESS = "https://regulars.harbour.example"
    account = scored("Harbour Gifts", owner=owner)
    eva = create_contact(account=account, member=owner, name="Eva Lund", email="eva@harbour.example", language="th")
    return make_link(account=account, contact=eva, on=ON, member=owner)


def read(made: bytes) -> list[pypdf.PageObject]:
    return list(pypdf.PdfReader(io.BytesIO(made)).pages)


def test_a_sheet_has_eight_cards_and_one_card_has_the_size_of_a_card(link: ReferralLink, owner: Member) -> None:
    """D3."""
    [sheet] = read(print_cards(link=link, cards=SHEET, member=owner))
    assert sheet.extract_text().count(address_of(link)) == 8
    assert round(float(sheet.mediabox.width) / POINTS_A_MM) == 210
    [card] = read(print_cards(link=link, cards=ONE, member=owner))
    assert card.extract_text().count(address_of(link)) == 1
    assert [round(float(side) / POINTS_A_MM) for side in (card.mediabox.width, card.mediabox.height)] == [85, 55]
    printed = AuditEntry.objects.filter(verb="print_referral_cards").order_by("pk")
    assert [one.after for one in printed] == [{"cards": 8, "language": "th"}, {"cards": 1, "language": "th"}]


def test_the_code_leads_to_the_link_of_the_person(link: ReferralLink) -> None:
    assert address_of(link) == f"https://regulars.harbour.example/r/{link.token}/"
    assert printed_card(link, cards=ONE)["code"] == code_of(address_of(link)) != code_of("https://elsewhere.example/")
    assert printed_card(link, cards=ONE)["heading"] == "Recommended to you by Eva Lund"


def test_the_corners_of_the_code_are_dark_on_white_as_machines_look_for_them(link: ReferralLink) -> None:
    """ISO/IEC 18004: three finder patterns, dark for 1, light for 1, dark for 3, light for 1, dark for 1 modules."""
    from PIL import Image

    [page] = render_pages(TEMPLATE, printed_card(link, cards=ONE), language="ur", ppi=600)
    picture = Image.open(io.BytesIO(page)).convert("1")
    runs = 0
    for y in range(0, picture.height, 4):
        row = bytes(picture.crop((0, y, picture.width, y + 1)).convert("L").tobytes())
        runs += _finder_runs(row)
    assert runs > 10


def _finder_runs(row: bytes) -> int:
    """How often the lengths of dark and light are as 1:1:3:1:1."""
    lengths: list[tuple[int, int]] = []
    for value in row:
        if lengths and lengths[-1][0] == value:
            lengths[-1] = (value, lengths[-1][1] + 1)
        else:
            lengths.append((value, 1))
    found = 0
    for at in range(len(lengths) - 4):
        if lengths[at][0] == 0:
            unit = sum(length for _value, length in lengths[at : at + 5]) / 7
            found += all(
                abs(length / unit - asked) < 0.5
                for (_value, length), asked in zip(lengths[at : at + 5], (1, 1, 3, 1, 1), strict=True)
            )
    return found


@pytest.mark.parametrize("language", ["en", "ne", "hi", "ur", "bn", "th"])
def test_it_fits_on_one_page_in_every_language_with_long_names(link: ReferralLink, language: str) -> None:
    """D3."""
    assert link.contact is not None
    link.contact.name, link.contact.language = "Wolfeschlegelsteinhausen Bergerdorff " * 3, language
    assert language_of_card(link) == language
    for cards in (ONE, SHEET):
        assert len(render_pages(TEMPLATE, printed_card(link, cards=cards), language=language, ppi=10)) == 1


def test_a_closed_link_has_no_cards_and_who_may_not_write_prints_none(link: ReferralLink, owner: Member) -> None:
    analyst = Member.objects.create(email="ana@firm.example", name="Ana", role="analyst")
    with pytest.raises(Forbidden):
        print_cards(link=link, cards=ONE, member=analyst)
    far = Member.objects.create(email="far@firm.example", name="Far", role="new_business_seller")
    with pytest.raises(WrongReferral):
        print_cards(link=link, cards=ONE, member=far)
    close_link(link=link, on=ON, member=owner)
    with pytest.raises(WrongReferral):
        print_cards(link=link, cards=ONE, member=owner)
