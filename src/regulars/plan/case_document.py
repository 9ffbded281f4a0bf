"""A business case as a document for the customer, in its language: the same words on the page and on paper."""

from __future__ import annotations

from typing import TypedDict

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.audit import record_change
from regulars.base.formats import day, number
from regulars.base.models import Member
from regulars.base.organisation import organisation, spoken_language
from regulars.base.printing import render_pdf
from regulars.plan.business_cases import ToldOption, told_case
from regulars.plan.models import BusinessCase
from regulars.plan.opportunities import home_of

TEMPLATE = "plan/printing/case.typ"
NOTHING = "–"


class CaseDocument(TypedDict):
    """All texts of a case, ready to be read."""

    title: str
    firm: str
    footer: str
    addressed: str
    situation_heading: str
    situation: str
    ways_heading: str
    names: list[str]
    texts: list[str]
    headings: list[str]
    rows: list[list[str]]
    difference: str
    recommendation_heading: str
    recommendation: str
    note: str


def case_document(case: BusinessCase) -> CaseDocument:
    """What the customer reads, in the language in force."""
    told = told_case(case)
    opportunity = case.opportunity
    basic, better = told.options
    words = {"account": home_of(opportunity).name, "day": day(case.written_on), "name": opportunity.owner.name}
    return {
        "title": opportunity.title,
        "firm": organisation().name,
        "footer": _("Prepared by %(name)s") % words,
        "addressed": _("For %(account)s, %(day)s") % words,
        "situation_heading": _("Where you stand today"),
        "situation": case.situation,
        "ways_heading": _("Two ways to go"),
        "names": [basic.name, better.name],
        "texts": [basic.text, better.text],
        "headings": ["", basic.name, better.name],
        "rows": [row for row in _rows(basic, better, told.years) if any(row[1:])],
        "difference": told.difference,
        "recommendation_heading": _("What we recommend"),
        "recommendation": case.recommendation,
        "note": _("All amounts are before tax, added up as they fall due, without interest."),
    }


def _rows(basic: ToldOption, better: ToldOption, years: int) -> list[list[str]]:
    count = {"years": number(years)}
    unknown = _("not known")
    return [
        [_("Cost once"), basic.cost_once or NOTHING, better.cost_once or NOTHING],
        [_("Cost a year"), basic.cost_yearly or NOTHING, better.cost_yearly or NOTHING],
        [_("Brings a year"), basic.benefit_yearly or unknown, better.benefit_yearly or unknown],
        [_("Where that comes from"), basic.benefit_said, better.benefit_said],
        [
            ngettext("All costs of %(years)s year", "All costs of %(years)s years", years) % count,
            basic.cost_all,
            better.cost_all,
        ],
        [
            ngettext("Remains after %(years)s year", "Remains after %(years)s years", years) % count,
            basic.gain or unknown,
            better.gain or unknown,
        ],
        [_("Has paid for itself"), basic.payback, better.payback],
    ]


def language_of_case(case: BusinessCase) -> str:
    """The language of the customer: that of the case, else of the account, else of the firm; one that we speak."""
    return spoken_language(case.language, home_of(case.opportunity).language)


def print_case(case: BusinessCase, *, member: Member | None) -> bytes:
    """The case as a PDF in the customer's language. That it was printed is noted: it leaves the house."""
    language = language_of_case(case)
    with translation.override(language):
        made = render_pdf(TEMPLATE, case_document(case), language=language)
    record_change(
        member=member,
        verb="print_case",
        record=case,
        before={},
        after={"language": language},
        account_id=home_of(case.opportunity).pk,
    )
    return made
