"""What declaring an export means: how its files are recognised, and the mapping that they get."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from regulars.facts.imports.mapping import Mapping


@dataclass(frozen=True, kw_only=True)
class KnownExport:
    """What one program's export looks like and means. Its fields are those of `Mapping`, with alternatives."""

    name: str
    title: str
    """As the user knows it: "Shopify: orders"."""
    source: str
    content: str
    signature: tuple[str, ...]
    """Headings that all must be there."""
    absent: tuple[str, ...] = ()
    """Headings that must not be there."""
    columns: dict[str, str] = field(default_factory=dict)
    together: dict[str, tuple[str, ...]] = field(default_factory=dict)
    instead: dict[str, tuple[str, ...]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    fill_down: str = ""
    group_rows: str = ""
    joined_by: str = ""
    month_first: bool = False
    """Dates whose order no value tells are taken for 12/31."""
    note: str = ""

    def fits(self, headings: Sequence[str]) -> bool:
        own = {plain(heading) for heading in headings}
        return all(any(plain(name) in own for name in names.split(" | ")) for names in self.signature) and not any(
            plain(name) in own for name in self.absent
        )

    def mapping(self, headings: Sequence[str]) -> Mapping:
        """The mapping of a file with these headings; fields whose column the file does not have are left out."""
        own = {plain(heading): heading for heading in reversed(headings)}

        def found(names: str) -> str:
            return next((own[plain(name)] for name in names.split(" | ") if plain(name) in own), "")

        made = {
            name: parts
            for name, alternatives in self.together.items()
            if (parts := tuple(part for part in map(found, alternatives) if part))
        }
        instead = {
            name: others
            for name, alternatives in self.instead.items()
            if (others := tuple(one for names in alternatives if (one := names if names in made else found(names))))
        }
        columns = {name: names if names in made else found(names) for name, names in self.columns.items()}
        for name, others in list(instead.items()):
            if not columns.get(name):
                columns[name], *rest = others
                instead[name] = tuple(rest)
        columns = {name: heading for name, heading in columns.items() if heading}
        used = {*columns.values(), *(one for others in instead.values() for one in others)}
        return Mapping(
            content=self.content,
            source=self.source,
            export=self.name,
            columns=columns,
            constants=dict(self.constants),
            together={name: parts for name, parts in made.items() if name in used},
            instead={name: others for name, others in instead.items() if others},
            fill_down=self.fill_down,
            group_rows=self.group_rows if self.group_rows in columns else "",
            joined_by=self.joined_by,
        )


def plain(heading: str) -> str:
    """A heading without case, blanks and punctuation."""
    return re.sub(r"[\W_]+", "", heading.casefold())
