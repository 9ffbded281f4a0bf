"""What the user is told when something cannot be done: a plain sentence and a way out."""

from __future__ import annotations

from regulars.core.notes import Note


class Refusal(Exception):  # noqa: N818 - refusals are named for what stands in the way
    """A request that cannot be carried out, said to the user in a plain sentence with a way out.

    Subclasses are named for what stands in the way (`MissingRates`, `NotAnOrderFile`). `str()` gives both sentences.
    """

    def __init__(self, sentence: str, way_out: str = "") -> None:
        super().__init__(sentence, way_out)
        self.sentence = sentence
        self.way_out = way_out

    def __str__(self) -> str:
        return f"{self.sentence} {self.way_out}".strip()

    @property
    def note(self) -> Note:
        """Both sentences as a note, to be kept and said later."""
        return Note.joined(*(text for text in (self.sentence, self.way_out) if text))
