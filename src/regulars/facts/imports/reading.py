"""What holds for one reading of files: where to put things, how much is allowed, whom to tell."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from regulars.facts.imports.unreadable import NotUnderstood

Progress = Callable[[str, float], None]
"""Is told the name of a file and how much of it was read, 0 to 1."""

Skipped = Callable[[str, str], None]
"""Is told the name of a file that was left out, and why."""


@dataclass(frozen=True, kw_only=True)
class ReadLimits:
    """What files may ask of the machine."""

    record_characters: int = 16_000_000
    """Longer records are broken."""
    expanded_bytes: int = 20_000_000_000
    """Of all archives together."""
    expansion: int = 200
    """How many times its packed size a file may have, once it is beyond `expansion_from_bytes`."""
    expansion_from_bytes: int = 100_000_000
    workbook_bytes: int = 3_000_000_000
    """Of a sheet of a workbook, which is read as a whole."""
    workbook_cells: int = 10_000_000
    """Of the sheets that are kept open at once."""
    broken_rows: int = 1_000_000
    """With more broken rows a file is refused: it was misunderstood."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One reading of files."""

    work: Path
    limits: ReadLimits
    progress: Progress
    skipped: Skipped
    encoding: str | None = None
    """What the user said, as Python names it; None: to be found."""
    delimiter: str | None = None


@dataclass(frozen=True)
class Broken:
    """A record that could not be read."""

    row: int
    line: int
    reason: str
    text: str


@dataclass
class Tally:
    """What became of the records of one file."""

    name: str
    most_broken: int
    short: int = 0
    broken: list[Broken] = field(default_factory=list)

    def add(self, broken: Broken) -> None:
        """Note a broken record. Refuses the file when there are too many."""
        self.broken.append(broken)
        if len(self.broken) > self.most_broken:
            raise NotUnderstood(self.name, self.most_broken)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
