"""Files that arrive in a request: written to the disk piece by piece, refused when they are too large together."""

from __future__ import annotations

import errno
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest
from django.utils.translation import gettext as _

from regulars.base.formats import number
from regulars.core.errors import Refusal
from regulars.facts.imports.unreadable import NotEnoughSpace
from regulars.facts.imports.uploads import Incoming

PIECE_BYTES = 1 << 20


class TooLarge(Refusal):
    """Files that are larger together than an upload may be."""


class TooManyFiles(Refusal):
    """More files than a request may have."""


class ToFolder(FileUploadHandler):
    """Writes arriving files into the folder, as far as the limit allows; `stopped_by` is why it stopped earlier."""

    chunk_size = PIECE_BYTES

    def __init__(self, request: HttpRequest, incoming: Incoming, *, limit_bytes: int) -> None:
        super().__init__(request)
        self._incoming = incoming
        self._left = self._limit = limit_bytes
        self._file: IO[bytes] | None = None
        self.stopped_by: Refusal | None = None

    def new_file(self, *args: Any, **options: Any) -> None:
        super().new_file(*args, **options)
        self._file = self._incoming.target(self.file_name or "file").open("wb")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._left -= len(raw_data)
        if self._left < 0:
            self._stop(too_large(self.file_name or "", self._limit))
        assert self._file is not None
        try:
            self._file.write(raw_data)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            self._stop(NotEnoughSpace())

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        self._close()
        return None

    def upload_interrupted(self) -> None:
        self._close()

    def _stop(self, refusal: Refusal) -> None:
        self.stopped_by = refusal
        self._close()
        raise StopUpload(connection_reset=False)  # the rest is read and dropped, else browsers show no answer

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()


def too_large(name: str, limit_bytes: int) -> TooLarge:
    """The refusal of files that are too large together, the last of them being `name`."""
    return TooLarge(
        _("%(file)s is too large: the files of one upload may have %(limit)s MB together.")
        % {"file": name, "limit": number(limit_bytes / 1_000_000)},
        _("Pack it as a .zip, or export a shorter time in each file."),
    )
