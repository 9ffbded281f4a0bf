"""Mappings that were used, kept and found again by the headings of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.imports.mapping import FIELDS, Mapping, fingerprint
from regulars.facts.imports.raw_tables import folded
from regulars.facts.models import SavedMapping

OWN_PREFIX: Final = "regulars_"
"""Begins the headings of the columns that Regulars adds to a file of rejected rows."""


class NoName(Refusal):
    """A saved mapping without a name."""


def foreign(headings: Sequence[str]) -> list[str]:
    """The headings without those that Regulars added."""
    return [heading for heading in headings if not heading.casefold().startswith(OWN_PREFIX)]


def save_mapping(headings: Sequence[str], mapping: Mapping, *, name: str = "") -> SavedMapping | None:
    """Keep a mapping for files with these headings; one that was kept before is replaced. None for files left out.

    For corrected rows of an earlier import nothing is kept: the mapping of the whole file stands.
    """
    if mapping.content not in FIELDS or len(foreign(headings)) < len(headings):
        return None
    said = {"content": mapping.content, "source": mapping.source, "mapping": mapping.to_json()}
    named = {"name": (name or mapping.export or mapping.source or mapping.content)[:200]}
    saved, _created = SavedMapping.objects.update_or_create(
        headings=fingerprint(headings), defaults=said | (named if name else {}), create_defaults=said | named
    )
    return saved


@transaction.atomic
def rename_mapping(*, saved: SavedMapping, name: str, member: Member | None) -> SavedMapping:
    """Call a saved mapping something else. Raises `NoName`."""
    require(member, Permission.IMPORT)
    if not name.strip():
        raise NoName(_("A saved mapping needs a name."), _("Say which program or list it is for."))
    with audited(saved, verb="rename_mapping", member=member):
        saved.name = name.strip()[:200]
        saved.save()
    return saved


@transaction.atomic
def forget_mapping(*, saved: SavedMapping, member: Member | None) -> None:
    """Files with these headings are looked at afresh from now on."""
    require(member, Permission.IMPORT)
    with audited(saved, verb="forget_mapping", member=member):
        saved.delete()


def find_saved(headings: Sequence[str]) -> Mapping | None:
    """The mapping that was used before for files with these headings, in whatever sequence and case."""
    saved = SavedMapping.objects.filter(headings=fingerprint(foreign(headings))).first()
    return _spelled_as(Mapping.from_json(saved.mapping), headings) if saved else None


def _spelled_as(saved: Mapping, headings: Sequence[str]) -> Mapping:
    """A saved mapping with its headings in the case and blanks of this file."""
    own = {folded(heading): heading for heading in headings}

    def spelled(heading: str) -> str:
        return own.get(folded(heading), heading)

    return replace(
        saved,
        columns={name: spelled(heading) for name, heading in saved.columns.items()},
        together={name: tuple(map(spelled, parts)) for name, parts in saved.together.items()},
        instead={name: tuple(map(spelled, others)) for name, others in saved.instead.items()},
        lookups={name: replace(lookup, key=spelled(lookup.key)) for name, lookup in saved.lookups.items()},
    )
