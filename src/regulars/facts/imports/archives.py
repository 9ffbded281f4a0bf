"""From what the user names - files, folders, archives - to plain files, with a watch on size and on names."""

from __future__ import annotations

import codecs
import errno
import gzip
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from regulars.facts.imports.encodings import utf16_without_mark
from regulars.facts.imports.reading import Reading
from regulars.facts.imports.unreadable import (
    DamagedFile,
    EncryptedFile,
    ExpandsTooFar,
    MissingFile,
    NestedArchive,
    NotATable,
    NotEnoughSpace,
    UnreadableFile,
)

CHUNK = 1 << 20
SPARE_BYTES = 100_000_000
CONTROLS = "".join(map(chr, range(1, 32))).translate(dict.fromkeys(map(ord, "\t\n\v\f\r\x1a\x1b")))
SYSTEM_NAMES = frozenset({"thumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "system volume information"})


@dataclass(frozen=True, kw_only=True)
class Found:
    """A plain file, under the name by which the user knows it."""

    name: str
    path: Path
    kind: str
    """text, workbook, parquet."""
    named: bool
    """The user named this very file: it is refused where others are left out and reported."""


class Unpacker:
    """Finds the files that can be read. Archives are unpacked into `work`, under names of our own."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._limits = reading.limits
        self._left = reading.limits.expanded_bytes
        self._unpacked = 0

    def find(self, paths: Sequence[Path]) -> list[Found]:
        """All readable files of `paths`. One that was named itself and cannot be read is refused."""
        found = []
        for path in paths:
            if path.is_dir():
                for name, file in _files_in(path):
                    found += self._leniently(name, file)
            else:
                found += self._open(path.name, path, named=True)
        return found

    def _leniently(self, name: str, path: Path, *, inside: bool = False) -> list[Found]:
        try:
            return self._open(name, path, named=False, inside=inside)
        except UnreadableFile as refusal:
            self._reading.skipped(name, str(refusal))
            return []

    def _open(self, name: str, path: Path, *, named: bool, inside: bool = False) -> list[Found]:
        kind = kind_of(name, path, is_text=self._reading.encoding is not None)
        if kind == "gzip":
            return self._gunzip(name, path, named=named)
        if kind != "zip":
            return [Found(name=name, path=path, kind=kind, named=named)]
        if inside:
            raise NestedArchive(name)
        return self._unzip(name, path)

    def _gunzip(self, name: str, path: Path, *, named: bool) -> list[Found]:
        plain = name[:-3] if name.lower().endswith(".gz") else name
        packed = path.stat().st_size
        try:
            with gzip.open(path) as source:
                target = self._expand(name, source, packed, Path(plain).suffix)
        except (OSError, EOFError, zlib.error) as error:
            raise _unpacking_failed(name, error) from error
        if kind_of(plain, target, is_text=True) in {"gzip", "zip"}:
            raise NestedArchive(name)
        return self._open(plain, target, named=named, inside=True)

    def _unzip(self, name: str, path: Path) -> list[Found]:
        found = []
        try:
            with zipfile.ZipFile(path) as archive:
                members = [member for member in archive.infolist() if _is_data(member)]
                if any(member.flag_bits & 1 for member in members):
                    raise EncryptedFile(name)
                for member in members:
                    with archive.open(member) as source:
                        file = self._expand(name, source, member.compress_size, Path(member.filename).suffix)
                    found += self._leniently(f"{name}/{member.filename}", file, inside=True)
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
            raise _unpacking_failed(name, error) from error
        return found

    def _expand(self, name: str, source: IO[bytes] | gzip.GzipFile, packed: int, suffix: str) -> Path:
        """Write an unpacked file, as far as the limits allow."""
        self._unpacked += 1
        target = self._reading.work / f"unpacked-{self._unpacked}{suffix}"
        most = max(self._limits.expansion_from_bytes, packed * self._limits.expansion)
        most = min(most, self._left)
        written = 0
        with target.open("wb") as file:
            while chunk := source.read(CHUNK):
                written += len(chunk)
                if written > most:
                    target.unlink()
                    raise ExpandsTooFar(name)
                require_space(self._reading.work, len(chunk))
                file.write(chunk)
        self._left -= written
        return target


def require_space(folder: Path, wanted_bytes: int) -> None:
    """Refuse to go on when the disk has not that much left, and some to spare."""
    if shutil.disk_usage(folder).free < wanted_bytes + SPARE_BYTES:
        raise NotEnoughSpace


def kind_of(name: str, path: Path, *, is_text: bool = False) -> str:
    """text, workbook, parquet, gzip or zip, by the content of a file. Refuses what is none of them.

    `is_text`: the user said so; the look for control characters, which some encodings have, is left out.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotATable(name, _("a device, not a file"))
        with path.open("rb") as file:
            start = file.read(8192)
    except FileNotFoundError as error:
        raise MissingFile(name) from error
    except OSError as error:
        raise DamagedFile(name, error.strerror or str(error)) from error
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "workbook" if _is_workbook(path) else "zip"
    for mark, kind in ((b"\x1f\x8b", "gzip"), (b"PAR1", "parquet"), (b"\xd0\xcf\x11\xe0", "workbook")):
        if start.startswith(mark):
            return kind
    for mark, looks_like in _foreign():
        if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(mark):
            raise NotATable(name, looks_like)
    if not is_text and _is_binary(start):
        raise NotATable(name, _("a program, a picture or another binary file"))
    return "text"


def _foreign() -> list[tuple[bytes, str]]:
    return [
        (b"%pdf", _("a PDF document")),
        (b"\x89png", _("a picture")),
        (b"\xff\xd8\xff", _("a picture")),
        (b"gif8", _("a picture")),
        (b"sqlite format", _("a database")),
        (b"7z\xbc\xaf", _("a 7-Zip archive; only .zip and .gz are unpacked")),
        (b"rar!", _("a RAR archive; only .zip and .gz are unpacked")),
        (b"\x28\xb5\x2f\xfd", _("a Zstandard archive; only .zip and .gz are unpacked")),
        (b"bzh", _("a bzip2 archive; only .zip and .gz are unpacked")),
        (b"\xfd7zxz", _("an XZ archive; only .zip and .gz are unpacked")),
        (b"\x7felf", _("a program")),
        (b"{\\rtf", _("a text document")),
        (b"<!doctype html", _("a web page")),
        (b"<html", _("a web page")),
        (b"<table", _("a web page")),
        (b"<?xml", _("an XML document")),
    ]


def _is_binary(start: bytes) -> bool:
    """Control characters that no text has. Zeros alone are an accident: what a crash leaves in a text file."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    wide = utf16_without_mark(start)
    text = start.decode(wide, errors="replace") if wide else start.decode("latin-1")
    return sum(map(text.count, CONTROLS)) > len(text) * 0.02


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "mimetype" in names:
                return b"opendocument.spreadsheet" in archive.open("mimetype").read(100)
    except (OSError, zipfile.BadZipFile, RuntimeError):
        return False
    return any(name.startswith("xl/workbook.") for name in names)


def _is_data(member: zipfile.ZipInfo) -> bool:
    return not member.is_dir() and not any(_is_hidden(part) for part in Path(member.filename).parts)


def _is_hidden(name: str) -> bool:
    return name not in {".", ".."} and (name.startswith((".", "~$")) or name.lower() in SYSTEM_NAMES)


def _files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files of a folder and the folders in it, without hidden ones and without links that lead out of it."""
    root = folder.resolve()
    for parent, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        for name in sorted(files):
            path = Path(parent, name)
            if not _is_hidden(name) and path.resolve().is_relative_to(root):
                yield str(Path(folder.name) / path.relative_to(root)), path


def _unpacking_failed(name: str, error: Exception) -> Exception:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return NotEnoughSpace()
    return DamagedFile(name, str(error))
