"""The whole dossier of an account as a document: cover, chapters, and the PDF made of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.utils.translation import gettext as _

from regulars.base.formats import day, money, percent
from regulars.base.models import Member
from regulars.base.organisation import organisation
from regulars.base.printing import render_pdf
from regulars.facts.accounts import of_account, require_account
from regulars.facts.models import Account
from regulars.insight.models import Score
from regulars.plan import dossier_blocks as blocks
from regulars.plan import dossier_people, dossier_sales, dossier_story
from regulars.plan.dossier_blocks import Chapter
from regulars.plan.dossier_known import Dossier, dossier_of
from regulars.plan.models import KeyAccount

TEMPLATE = "plan/printing/dossier.typ"

Progress = Callable[[float], None]
Document = dict[str, object]


def dossier_document(
    account: Account, *, on: date, member: Member | None, progress: Progress = lambda share: None
) -> Document:
    """All that `member` may know of the account, as the template reads it, in the language in force.

    `progress` is told the share of the chapters that are written.
    """
    require_account(account, member=member, permission="read")
    account = Account.objects.select_related("owner", "parent").get(pk=(account.merged_into or account).pk)
    firm = organisation()
    found = dossier_of(account, on=on, member=member)
    chapters: list[Chapter] = []
    makers = _makers(found, member=member, currency=firm.base_currency)
    for at, make in enumerate(makers):
        chapters.append(make())
        progress((at + 1) / (len(makers) + 1))
    return {
        "title": _("Dossier: %(name)s") % {"name": account.name},
        "firm": firm.name,
        "footer": _("Confidential. As of %(day)s.") % {"day": day(on)},
        "contents": _("Contents"),
        "cover": _cover(found, member=member, currency=firm.base_currency),
        "chapters": [{"title": one.title, "blocks": one.blocks} for one in chapters if one.blocks],
    }


def dossier_pdf(account: Account, *, on: date, member: Member | None, progress: Progress = lambda share: None) -> bytes:
    """The dossier as PDF, in the language in force."""
    return render_pdf(TEMPLATE, dossier_document(account, on=on, member=member, progress=progress))


def _makers(found: Dossier, *, member: Member | None, currency: str) -> list[Callable[[], Chapter]]:
    account, on = found.account, found.on
    return [
        lambda: dossier_story.now_chapter(found, member=member),
        lambda: dossier_story.plan_chapter(found),
        lambda: dossier_sales.figures_chapter(account, on=on, member=member, currency=currency),
        lambda: dossier_sales.months_chapter(account, as_of=on, currency=currency),
        lambda: dossier_sales.products_chapter(account, as_of=on, currency=currency),
        lambda: dossier_people.firm_chapter(found),
        lambda: dossier_story.family_chapter(found, member=member, currency=currency),
        lambda: dossier_people.people_chapter(found),
        lambda: dossier_people.relations_chapter(found),
        lambda: dossier_story.growth_chapter(found, member=member, currency=currency),
        lambda: dossier_story.value_chapter(found, member=member),
        lambda: dossier_story.promises_chapter(found, member=member),
        lambda: dossier_story.reviews_chapter(found, member=member),
        lambda: dossier_story.issues_chapter(found, member=member),
        lambda: dossier_story.signals_chapter(found, member=member),
        lambda: dossier_story.talks_chapter(found, member=member),
        lambda: dossier_sales.orders_chapter(account, as_of=on),
        lambda: dossier_people.missing_chapter(found),
    ]


def _cover(found: Dossier, *, member: Member | None, currency: str) -> dict[str, object]:
    account = found.account
    score = Score.objects.filter(account=account).first()
    key_account = KeyAccount.objects.filter(of_account(account), until=None).select_related("manager").first()
    lines = [
        ", ".join(one for one in (account.city, account.country) if one),
        _("Customer since %(day)s") % {"day": day(score.first_order)} if score and score.first_order else "",
        _("Key account, managed by %(name)s") % {"name": key_account.manager.name} if key_account else "",
        _("Looked after by %(name)s") % {"name": account.owner.name} if account.owner else "",
    ]
    unknown = _("not known")
    return {
        "kind": _("Dossier of a key account") if key_account else _("Dossier"),
        "name": account.name,
        "lines": [one for one in lines if one],
        "figures": [
            blocks.figure(
                _("Sales of the last 12 months"), money(score.sales_12m, currency) if score is not None else unknown
            ),
            blocks.figure(
                _("Share of our sales"),
                percent(score.share_of_firm) if score is not None and score.share_of_firm else unknown,
            ),
            blocks.figure(
                _("Completeness of this dossier"), percent(found.share), _("Half is the firm, half its people.")
            ),
        ],
        "notes": [
            _("Made for %(name)s on figures up to %(day)s.") % {"name": member.name, "day": day(found.on)}
            if member is not None
            else _("Made on figures up to %(day)s.") % {"day": day(found.on)},
            _("It holds what its people told us in confidence. Keep it where they would want it kept."),
        ],
    }
