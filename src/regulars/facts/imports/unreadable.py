"""Why a file cannot be read, and what to do about it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from regulars.core.errors import Refusal


class UnreadableFile(Refusal):
    """A file that cannot be read. Among several files it is left out and reported; alone it is refused."""


class MissingFile(UnreadableFile):
    def __init__(self, name: str) -> None:
        super().__init__(
            _("There is no file or folder %(name)s.") % {"name": name},
            _("Check the spelling and the folder."),
        )


class EmptyFile(UnreadableFile):
    def __init__(self, name: str) -> None:
        super().__init__(
            _("%(name)s is empty.") % {"name": name},
            _("Export it again and look at it in an editor or a spreadsheet before handing it over."),
        )


class NotATable(UnreadableFile):
    """`kind`: what it looks like."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(
            _("%(name)s is not a table of rows: it looks like %(kind)s.") % {"name": name, "kind": kind},
            _("Export the data as CSV, XLSX, JSON or Parquet."),
        )


class DamagedFile(UnreadableFile):
    """`detail`: what the reader of that format said."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(
            _("%(name)s is damaged or cut off: %(detail)s.") % {"name": name, "detail": detail.strip().rstrip(".")},
            _("Copy or export it again."),
        )


class EncryptedFile(UnreadableFile):
    def __init__(self, name: str) -> None:
        super().__init__(
            _("%(name)s is protected by a password.") % {"name": name},
            _("Unpack or save it without a password first."),
        )


class NestedArchive(UnreadableFile):
    def __init__(self, name: str) -> None:
        super().__init__(
            _("%(name)s is an archive inside an archive.") % {"name": name},
            _("Unpack it first, then hand over the files in it."),
        )


class ExpandsTooFar(UnreadableFile):
    def __init__(self, name: str) -> None:
        super().__init__(
            _("%(name)s unpacks to far more data than an order history has; unpacking was stopped.") % {"name": name},
            _("Unpack it yourself and hand over the files in it, if they are what you expect."),
        )


class NotUnderstood(UnreadableFile):
    """So many rows are broken that the file must have been read the wrong way."""

    def __init__(self, name: str, broken: int) -> None:
        super().__init__(
            _("More than %(count)d rows of %(name)s cannot be read.") % {"name": name, "count": broken},
            _("Say which delimiter and encoding the file has, or export it again."),
        )


class UnknownEncoding(Refusal):
    def __init__(self, encoding: str) -> None:
        super().__init__(
            _("There is no encoding named %(encoding)s.") % {"encoding": encoding},
            _("Usual ones are utf-8, utf-16, windows-1252 and windows-1250; or leave it out."),
        )


class UnknownDelimiter(Refusal):
    def __init__(self, delimiter: str) -> None:
        super().__init__(
            _("“%(delimiter)s” cannot be a delimiter: it must be a single character.") % {"delimiter": delimiter},
            _("Usual ones are a comma, a semicolon and a tab; or leave it out."),
        )


class NotEnoughSpace(Refusal):
    def __init__(self) -> None:
        super().__init__(
            _("There is not enough space on the disk to read these files."),
            _("Make room, or set REGULARS_HOME to a folder on a larger disk; nothing was imported."),
        )


class NothingToRead(Refusal):
    def __init__(self, names: str) -> None:
        super().__init__(
            _("There is nothing to read in %(names)s.") % {"names": names},
            _("Hand over CSV, XLSX, JSON or Parquet files, or a folder or archive with such files."),
        )
