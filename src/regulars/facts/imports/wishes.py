"""How a member wants files to be read, where that differs from what was found out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from django.utils.translation import gettext as _

from regulars.core.errors import Refusal
from regulars.facts.imports.detect import with_columns
from regulars.facts.imports.mapping import FIELDS, Mapping, fingerprint
from regulars.facts.imports.raw_tables import RawTable

LEFT_OUT: Final = "-"
"""As content: these files are not to be imported."""


class WrongMapping(Refusal):
    """A wish that cannot be followed."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is said about one group of files, or about all of them. Empty: as it was found out."""

    columns: dict[str, str] = field(default_factory=dict)
    """For a field its heading; an empty one takes the field out."""
    content: str = ""
    date_order: str = ""
    """`dmy`, `mdy` or `ymd`, for all separators."""
    decimal: str = ""
    currency: str = ""
    """Of amounts without one."""

    def adjust(self, raw: RawTable, proposed: Mapping) -> Mapping:
        """`proposed` as wished, for those columns that this group of files has."""
        if self.content == LEFT_OUT:
            return replace(proposed, content="")
        changes: dict[str, Any] = {}
        if self.content:
            changes["content"] = self.content
        if self.columns:
            proposed = with_columns(proposed, self._columns(raw, proposed))
        if self.date_order:
            changes["date_order"] = dict.fromkeys([*proposed.date_order, ".", "/", "-", " "], self.date_order)
        if self.decimal:
            changes["decimal"] = self.decimal
        if self.currency and "currency" not in proposed.columns:
            changes["constants"] = {**proposed.constants, "currency": self.currency}
        return replace(proposed, **changes)

    def demand_columns_in(self, raws: Sequence[RawTable]) -> None:
        """Refuse a wished column that no file has; one of several groups of files is enough."""
        headings = list(dict.fromkeys(heading for raw in raws for heading in raw.headings))
        known = {heading.casefold() for heading in headings}
        for heading in self.columns.values():
            if heading and heading.casefold() not in known:
                raise WrongMapping(
                    _("There is no column “%(heading)s” in the file.") % {"heading": heading},
                    _("Its columns are: %(headings)s. Choose among these.") % {"headings": ", ".join(headings)},
                )

    def _columns(self, raw: RawTable, proposed: Mapping) -> dict[str, str]:
        """The wished columns that these files have, as they write them; an empty one takes its field out."""
        columns = {}
        headings = {heading.casefold(): heading for heading in raw.headings}
        known = set(FIELDS.get(self.content or proposed.content, {})) or {
            name for fields in FIELDS.values() for name in fields
        }
        for name, heading in self.columns.items():
            if name not in known and not name.startswith("custom."):
                raise WrongMapping(
                    _("There is no field “%(name)s”.") % {"name": name},
                    _("The fields are: %(names)s.") % {"names": ", ".join(sorted(known))},
                )
            if not heading:
                columns[name] = ""
            elif heading.casefold() in headings:
                columns[name] = headings[heading.casefold()]
        return columns


@dataclass(frozen=True, kw_only=True)
class HowToRead:
    """The wishes about one upload: about all its files, and about each group with the same headings."""

    source: str = ""
    encoding: str = ""
    delimiter: str = ""
    groups: dict[str, Wishes] = field(default_factory=dict)
    """By the fingerprint of the headings."""

    def adjust(self, raw: RawTable, proposed: Mapping) -> Mapping:
        """`proposed` as wished for the group that `raw` is."""
        return self.groups.get(fingerprint(raw.headings), Wishes()).adjust(raw, proposed)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads; without what nobody wished."""
        groups = {
            name: wished
            for name, wishes in self.groups.items()
            if (wished := {key: value for key, value in asdict(wishes).items() if value})
        }
        said = {"source": self.source, "encoding": self.encoding, "delimiter": self.delimiter, "groups": groups}
        return {name: value for name, value in said.items() if value}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> HowToRead:
        """The wishes that `to_json` gave."""
        groups = {name: Wishes(**wishes) for name, wishes in saved.get("groups", {}).items()}
        return cls(**{**saved, "groups": groups})
