"""How far a job is with an upload or an import, written where pages read it."""

from __future__ import annotations

import time
from typing import Final

from django.utils.translation import gettext as _

from regulars.facts.models import Worked

WRITE_EVERY_SECONDS: Final = 0.5
STEPS: Final = 6
"""What a part of the work of unknown length takes: this part of what is left."""


class Meter:
    """Called like `Progress`: keeps what is being done and how much of all the work is done, never going back.

    Parts of the work follow each other, each with its span: `reading` files, then whatever else, then `figures`.
    """

    def __init__(self, record: Worked) -> None:
        self._record = record
        self._begin, self._end = 0.0, 1.0
        self._at = 0.0
        self._reading = False
        self._said = ""
        self._written_at = 0.0

    def span(self, begin: float, end: float, *, reading: bool = False) -> Meter:
        """What is told from now on is this part of the whole work; `reading`: files are named in it."""
        self._begin, self._end, self._reading = begin, end, reading
        self._at = max(self._at, begin)
        return self

    def __call__(self, text: str, share: float | None) -> None:
        """Note what is being done, and how much of this part is done where that is known."""
        if share is None:
            self._at += (self._end - self._at) / STEPS
        elif self._reading:
            text = _("Reading %(file)s") % {"file": text}
            self._at = max(self._at, self._begin + (self._end - self._begin) * share / 2)
        else:
            self._at = max(self._at, self._begin + (self._end - self._begin) * share)
        now = time.monotonic()
        if text != self._said or now - self._written_at >= WRITE_EVERY_SECONDS:
            self._said, self._written_at = text, now
            type(self._record)._default_manager.filter(pk=self._record.pk).update(
                doing=text[:300], share_done=round(self._at, 3)
            )
