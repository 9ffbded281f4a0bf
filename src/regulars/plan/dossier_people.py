"""The chapters of a dossier on the firm and its people: what is known by topic, who knows whom, what is not known."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from regulars.base.formats import day, listed, number, percent
from regulars.plan import dossier_blocks as blocks
from regulars.plan.dossier_blocks import Block, Chapter
from regulars.plan.dossier_known import Dossier, Known, Subject
from regulars.plan.dossier_records import Item
from regulars.plan.people_map import PeopleMap, people_map
from regulars.plan.relation_sentences import gap_sentences

MOST_ITEMS = 12
"""Under one topic: what was noted last says most."""
MOST_MISSING = 60


def firm_chapter(dossier: Dossier) -> Chapter:
    """What is known of the firm, topic by topic, with source and day."""
    account = dossier.account
    kept = [
        (_("Customer number"), account.external_id or ""),
        (_("Kind of business"), account.trade),
        (_("Size"), account.size),
        (_("Address"), _address(account.street, account.postcode, account.city, account.region, account.country)),
        (_("Phone"), account.phone),
        (_("E-mail"), account.email),
        (_("Belongs to"), account.parent.name if account.parent else ""),
        (_("Looked after by"), account.owner.name if account.owner else ""),
    ]
    found: list[Block] = [blocks.pairs((name, text) for name, text in kept if text)]
    sites = list(account.sites.order_by("name", "pk"))
    if sites:
        rows = [(one.name, _address(one.street, one.postcode, one.city, "", one.country)) for one in sites]
        found += [blocks.heading(_("Places")), blocks.sheet([_("Place"), _("Address")], rows, widths=(1, 2))]
    found += [blocks.heading(_("What we know")), _topics(dossier.firm.topics)]
    return Chapter(title=_("The firm"), blocks=found)


def people_chapter(dossier: Dossier) -> Chapter:
    """Its people, one by one, a page for each."""
    found: list[Block] = []
    for at, one in enumerate(dossier.people):
        found += [blocks.new_page()] if at else []
        found += _person(one)
    if dossier.gone:
        names = [one.name for one in dossier.gone]
        found += [blocks.heading(_("Have left")), blocks.words(listed(names))]
    if not dossier.people:
        found.insert(0, blocks.words(_("Nobody is known there yet.")))
    return Chapter(title=_("People"), blocks=found)


def _person(subject: Subject) -> list[Block]:
    contact = subject.contact
    assert contact is not None
    about = [one for one in (contact.role, str(contact.get_level_display()) if contact.level else "") if one]
    spoke = (
        _("Last spoken with on %(day)s.") % {"day": day(subject.last_talk)}
        if subject.last_talk
        else _("No talk is noted.")
    )
    known = _("Known by weight of the topics: %(share)s.") % {"share": percent(subject.share)}
    return [
        blocks.heading(contact.name),
        *([blocks.quiet(", ".join(about))] if about else []),
        blocks.quiet(f"{spoke} {known}"),
        _topics(subject.topics),
    ]


def relations_chapter(dossier: Dossier) -> Chapter:
    """Who of us knows whom, and how warm, by the log of talks."""
    found = people_map(dossier.account, on=dossier.on)
    if not found.rows or not found.ours:
        return Chapter(title=_("Who knows whom"), blocks=[])
    made: list[Block] = [
        blocks.quiet(_("From the log of talks: how often, how long ago. What nobody noted did not happen.")),
        _map(found),
    ]
    gaps = gap_sentences(found)
    if gaps:
        made += [blocks.heading(_("What is wrong with the relations")), blocks.said(gaps)]
    return Chapter(title=_("Who knows whom"), blocks=made)


def _map(found: PeopleMap) -> Block:
    ours = found.ours[:5]
    rows = []
    for row in found.rows:
        cells = []
        for cell in row.cells[: len(ours)]:
            if cell is None:
                cells.append("–")
                continue
            told = {"talks": number(cell.talks), "days": number(cell.last_days)}
            cells.append(_("%(talks)s×, %(days)s days ago") % told)
        part = row.part_label or str(row.contact.get_level_display() if row.contact.level else "")
        rows.append((row.contact.name, part, *cells))
    return blocks.sheet(
        [_("Person"), _("Part"), *(one.name for one in ours)], rows, widths=(3, 2.4, *(2.2 for _one in ours))
    )


def missing_chapter(dossier: Dossier) -> Chapter:
    """What is not known, or no longer: what to ask, and who could."""
    missing = dossier.missing
    if not missing:
        return Chapter(title=_("What we do not know"), blocks=[blocks.words(_("Nothing: every topic is known."))])
    nobody = _("nobody yet")
    rows = [
        (
            str(one.topic.label),
            one.question + (f" ({_('to be asked again')})" if one.expired else ""),
            one.asks.name if one.asks else nobody,
        )
        for one in missing[:MOST_MISSING]
    ]
    return Chapter(
        title=_("What we do not know"),
        blocks=[
            blocks.quiet(_("The weightiest first. Each is a question for the next talk or review.")),
            blocks.sheet([_("Topic"), _("What to ask"), _("Who could ask")], rows, widths=(2, 5, 2)),
        ],
    )


def _topics(topics: Sequence[Known]) -> Block:
    return {"kind": "topics", "topics": [_topic(one) for one in topics if one.items or one.topic.weight]}


def _topic(known: Known) -> dict[str, object]:
    items = sorted(known.items, key=lambda one: one.on, reverse=True)[:MOST_ITEMS]
    return {
        "label": str(known.topic.label),
        "state": _("to be asked again") if known.has_expired else "",
        "question": _("Not known. Ask: %(question)s") % {"question": known.topic.question},
        "items": [{"text": one.text, "note": note_of(one, known)} for one in items],
    }


def note_of(item: Item, known: Known) -> str:
    """Where it comes from and since when; whether it is old, and for whose eyes."""
    told = _("%(source)s, %(day)s") % {"source": _apart(item.source), "day": _apart(day(item.on))}
    if item.expires_on is not None:
        until = _("to be asked again since %(day)s") if item.has_expired(known.on) else _("holds until %(day)s")
        told += " · " + until % {"day": _apart(day(item.expires_on))}
    return told + (" · " + _("confidential") if item.confidential else "")


def _apart(text: str) -> str:
    """Words of whichever language, kept together among those written from right to left."""
    return f"\u2068{text}\u2069" if get_language_bidi() else text


def _address(street: str, postcode: str, city: str, region: str, country: str) -> str:
    return ", ".join(one for one in (street, f"{postcode} {city}".strip(), region, country) if one)
