"""The pitch on paper: one page for the prospect, in the language in force."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from regulars.base.models import Member
from regulars.base.organisation import organisation
from regulars.base.printing import render_pages, render_pdf
from regulars.plan.models import ValueProof
from regulars.plan.pitch import Pitch, Quote

TEMPLATE = "plan/printing/pitch.typ"
MOST_LETTERS = 420
"""Of one customer's words."""
LEAST_PPI = 10
"""Pages are counted, not looked at."""


def pitch_pdf(pitch: Pitch, *, member: Member | None) -> bytes:
    """The pitch as a PDF of one page: the least similar are left out where they do not fit."""
    data = printed_pitch(pitch, member=member)
    while len(data["quotes"]) > 1 and len(render_pages(TEMPLATE, data, ppi=LEAST_PPI)) > 1:
        data["quotes"].pop()
    return render_pdf(TEMPLATE, data)


def printed_pitch(pitch: Pitch, *, member: Member | None) -> dict[str, Any]:
    """What stands on the page."""
    firm = organisation().name
    return {
        "title": _title(pitch, firm),
        "firm": firm,
        "footer": ", ".join(part for part in (firm, member.name if member else "") if part),
        "lead": _("What customers like you say about working with %(firm)s, in their own words.") % {"firm": firm},
        "quotes": [_printed(one) for one in pitch.quotes],
        "none": "" if pitch.quotes else _("No customer of this kind may be quoted yet."),
        "others": pitch.others,
        "contact": _("Ask us: %(name)s, %(email)s") % {"name": member.name, "email": member.email} if member else "",
    }


def _title(pitch: Pitch, firm: str) -> str:
    if pitch.prospect:
        return _("What %(firm)s can be worth to %(prospect)s") % {"firm": firm, "prospect": pitch.prospect}
    return _("What %(firm)s can be worth to you") % {"firm": firm}


def _printed(quote: Quote) -> dict[str, Any]:
    return {
        "what": str(capfirst(ValueProof.What(quote.proof.what).label)),
        "direction": _direction(quote.words),
        "words": _("“%(words)s”") % {"words": Truncator(quote.words).chars(MOST_LETTERS)},
        "who": str(capfirst(quote.who)),
        "evidence": [str(capfirst(one)) for one in quote.evidence],
    }


def _direction(words: str) -> str:
    """Words are read as their first letter is, whatever the language of the page."""
    strong = (unicodedata.bidirectional(letter) for letter in words)
    return "rtl" if next((one for one in strong if one in ("L", "R", "AL")), "L") != "L" else "ltr"
