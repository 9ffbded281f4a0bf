"""Files of leads: a list from a fair or from a directory, read at once; rows that cannot be taken are kept as they are.

Headings are understood in the ten languages of the imports. These lists are short: larger ones come by the API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, may, require
from regulars.base.audit import audited
from regulars.base.jobs import enqueue
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.imports.headings import key, meanings
from regulars.facts.lead_likeness import look_for_customers
from regulars.facts.leads import LeadFields, Origin, take_lead
from regulars.facts.models import Account, Lead, LeadFile
from regulars.facts.small_files import read_small_table

_OF_FIELDS: Final = {
    "account_name": "name",
    "contact_name": "person",
    "name": "name",
    "first_name": "first_name",
    "last_name": "last_name",
    "contact_role": "role",
    "account_email": "email",
    "contact_email": "email",
    "account_phone": "phone",
    "contact_phone": "phone",
    "contact_mobile": "phone",
    "account_city": "city",
    "account_country": "country",
    "language": "language",
    "trade": "trade",
    "size": "size",
    "contact_id": "external_id",
    "account_id": "external_id",
    "code": "external_id",
    "other": "wishes",
}
"""What the headings of accounts and contacts are for a lead."""
_OWN_WORDS: Final = {
    "external_id": ("lead id", "lead number", "lead"),
    "name": ("company", "organisation", "organization", "business"),
    "wishes": ("wishes", "message", "request", "interest", "notes", "comment", "wünsche", "nachricht", "interesse"),
    "said_source": ("campaign", "source", "fair", "event", "kampagne", "quelle", "messe"),
}
"""What lists of leads have besides."""


class WrongLeadFile(Refusal):
    """This is no file of leads."""


def visible_lead_files(member: Member | None) -> QuerySet[LeadFile]:
    """The files that were read, for who may read some; the newest first."""
    if not may(member, Permission.MANAGE_LEADS):
        return LeadFile.objects.none()
    return LeadFile.objects.select_related("member").order_by("-at", "-pk")


@transaction.atomic
def read_lead_file(
    *, name: str, content: bytes, at: datetime, member: Member | None, said_source: str = ""
) -> LeadFile:
    """Take in the leads of a file with headings. Leads that are known are counted, not taken twice.

    Raises `WrongLeadFile` for what is no table, too large, or says neither who nor how to reach them.
    """
    require(member, Permission.MANAGE_LEADS)
    headings, rows = read_small_table(content, wrong=WrongLeadFile, nothing=_("There are no leads in this file."))
    columns = columns_of(headings)
    if not columns.keys() & {"name", "person", "last_name"} or not columns.keys() & {"email", "phone"}:
        raise WrongLeadFile(
            _("There is no column with a name, or none with an e-mail address or a phone number."),
            _("Give the columns headings such as: company, contact, e-mail, phone, city, country, wishes."),
        )
    made = LeadFile(name=name[:200], member=member, at=at, columns=headings)
    with audited(made, verb="read_lead_file", member=member):
        made.save()
    for line, row in rows:
        try:
            with transaction.atomic():
                taken = _take(made, row, columns, at=at, member=member, said_source=said_source)
        except Refusal as refusal:
            made.rejected.append({"line": line, "reason": refusal.sentence, "row": row})
        else:
            made.taken, made.known = made.taken + taken, made.known + (not taken)
    made.save()
    enqueue(look_for_customers, file_id=made.pk)
    return made


def columns_of(headings: Sequence[str]) -> dict[str, list[int]]:
    """Which columns hold what is known of a lead; a column that nobody understands is left out."""
    found: dict[str, list[int]] = {}
    for place, heading in enumerate(headings):
        field = _field_of(heading)
        if field:
            found.setdefault(field, []).append(place)
    if "name" in found and "person" not in found and len(found["name"]) > 1:  # "Company" and "Name"
        people = [place for place in found["name"] if any(m.field == "name" for m in meanings(headings[place]))]
        found["person"] = people[:1]
        found["name"] = [place for place in found["name"] if place not in people[:1]]
    return {field: places for field, places in found.items() if places}


def _field_of(heading: str) -> str:
    own = key(heading)
    for field, words in _OWN_WORDS.items():
        if own in {key(word) for word in words}:
            return field
    known = [_OF_FIELDS[one.field] for one in meanings(heading) if one.field in _OF_FIELDS]
    return known[0] if known else ""


def _take(
    file: LeadFile,
    row: Sequence[str],
    columns: Mapping[str, Sequence[int]],
    *,
    at: datetime,
    member: Member | None,
    said_source: str,
) -> bool:
    cells = {field: _cell(row, places) for field, places in columns.items()}
    person = cells.get("person") or " ".join(
        part for part in (cells.get("first_name", ""), cells.get("last_name", "")) if part
    )
    said: LeadFields = {
        "name": cells.get("name", ""),
        "person": person,
        "kind": Account.Kind.FIRM if cells.get("name") else Account.Kind.PERSON,
        "said_source": cells.get("said_source", "") or said_source or file.name,
    }
    for name in ("role", "email", "phone", "city", "country", "trade", "size", "wishes"):
        said[name] = cells.get(name, "")
    if len(cells.get("language", "")) <= 8:
        said["language"] = cells.get("language", "").lower()
    number_there = cells.get("external_id", "")[:200] or None
    system = f"file {said['said_source']}"[:64] if number_there else ""  # every list counts from 1 on
    origin = Origin(channel=Lead.Channel.IMPORT, file=file, system=system, external_id=number_there)
    return take_lead(origin=origin, at=at, member=member, **said).new


def _cell(row: Sequence[str], places: Sequence[int]) -> str:
    """The first that is filled in."""
    return next((row[place] for place in places if place < len(row) and row[place]), "")
