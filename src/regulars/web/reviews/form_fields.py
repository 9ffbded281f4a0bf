"""The form of a review as it is shown: its fields with what was typed into them, the version of each, what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from zlib import crc32

from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from regulars.base.access import visible_members
from regulars.facts.models import Account, Supply
from regulars.facts.signal_kinds import KINDS
from regulars.plan.dossier_topics import topics_to_note
from regulars.plan.models import Review, ReviewArea, ReviewEntry, ReviewFact, ReviewRecommendation
from regulars.plan.review_forms import LINES, SIGNALS, Kept, Typed
from regulars.plan.review_questions import Asked
from regulars.plan.review_unknowns import asks_for_offering, offering_of, question_for
from regulars.web.desk import Desk

Options = list[tuple[str, str]]
_MARK: Final = "v."
"""Before the name of a field: the hidden one that says over which version of it one types."""
_ASKED: Final = "asked."
_ANSWER: Final = re.compile(r"answer\.([a-z_]+)\.([a-z0-9_-]+)\.(?:text|supply)")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: what stands in it, and over which version of it one types."""

    name: str
    label: str
    kind: str
    """line, text, day, choice, tick."""
    value: str
    mark: str
    options: Options = field(default_factory=list)
    error: str = ""
    elsewhere: Kept | None = None
    """It was written elsewhere meanwhile."""
    longest: int = 500

    @property
    def key(self) -> str:
        return self.name.replace(".", "-")


@dataclass(frozen=True, kw_only=True)
class QuestionShown:
    """A question with the fields of its answer."""

    asked: Asked
    text: Field
    signal: Field
    supply: Field | None = None
    """Of a question for an offering: who supplies it."""


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Lines of one kind: those with something on them and one more, and the rest behind a fold."""

    shown: list[list[Field]]
    folded: list[list[Field]]


def mark_of(version: int, value: str) -> str:
    """Over which version one types, and a sum by which one sees whether anything was typed at all."""
    return f"{version}.{crc32(_plain(value).encode())}"


def typed_in(said: QueryDict) -> list[Typed]:
    """What was typed into a form that was sent as a whole; fields that stayed as they were are left out."""
    found = []
    for marked in said:
        if not marked.startswith(_MARK):
            continue
        name = marked.removeprefix(_MARK)
        mark, value = said.get(marked, ""), said.get(name, "")
        version, _dot, _sum = mark.partition(".")
        if not version.isdecimal() or mark_of(int(version), value) == mark:
            continue
        found.append(Typed(name=name, value=value, version=int(version), asked=said.get(asked_name(name), "")))
    return found


def asked_name(name: str) -> str:
    """The hidden field with the question, as it was asked."""
    return f"{_ASKED}{name}"


def _plain(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\0", "")


class FormShown:
    """All fields of the form of one review."""

    def __init__(
        self,
        desk: Desk,
        review: Review,
        questions: Iterable[Asked],
        *,
        clashes: Iterable[tuple[Typed, Kept]] = (),
        wrong: Mapping[str, str] | None = None,
    ) -> None:
        self.desk, self.review = desk, review
        self.account: Account = review.account.merged_into or review.account
        self.entries: dict[str, ReviewEntry] = {one.name: one for one in review.entries.order_by("pk")}
        self.clashes = {kept.name: (typed, kept) for typed, kept in clashes}
        self.wrong = dict(wrong or {})
        people = self.account.contacts.filter(active=True).order_by("name", "pk")
        self.people = [(str(one.uid), one.name) for one in people]
        self.colleagues = [(str(one.uid), one.name) for one in visible_members(desk.member)]
        self.questions = list(questions)

    def context(self) -> dict[str, Any]:
        """The context of `web/reviews/form.html`."""
        return {
            "talk": list(self._talk()),
            "areas": [(area, list(self._of_area(area))) for area in ReviewArea],
            "theirs": self._lines("theirs"),
            "ours": self._lines("ours"),
            "facts": self._lines("fact"),
            "promises": self._lines("promise"),
            "recommendations": self._lines("recommendation"),
        }

    def _talk(self) -> Iterator[Field]:
        review = self.review
        on: date = review.held_on or self.desk.day
        yield self.field("held_on", _("Held on"), "day", usual=on.isoformat())
        yield self.field("how", _("How"), "choice", usual=review.how, options=_choices(Review.How.choices))
        people = [("", _("Not said yet")), *self.people]
        usual = str(review.contact.uid) if review.contact else ""
        yield self.field("contact", _("With whom"), "choice", usual=usual, options=people)

    def _of_area(self, area: ReviewArea) -> Iterator[QuestionShown]:
        asked = [one for one in self.questions if one.area == area]
        for one in [*asked, *self._answered_besides(area, {one.key for one in asked})]:
            at = f"answer.{area}.{one.key}"
            supply = None
            if asks_for_offering(one.key):
                supply = self.field(f"{at}.supply", _("Who supplies it"), "choice", options=_supplies())
            yield QuestionShown(
                asked=one,
                text=self.field(f"{at}.text", one.text, "text", longest=4000),
                signal=self.field(f"{at}.signal", _("What it tells"), "choice", options=_signals(area)),
                supply=supply,
            )

    def _answered_besides(self, area: ReviewArea, asked: set[str]) -> Iterator[Asked]:
        """Questions that were answered and would not be asked any more: what was typed stays."""
        shown = set(asked)
        for name, entry in self.entries.items():
            found = _ANSWER.fullmatch(name)
            if found and found[1] == area and found[2] not in shown and entry.value:
                shown.add(found[2])
                offering = offering_of(found[2])
                words = question_for(offering) if offering is not None else _("Answer")
                yield Asked(key=found[2], area=area, text=entry.asked or words, language="")

    def _lines(self, line: str) -> Lines:
        fields = [list(self._of_line(line, place)) for place in range(1, LINES + 1)]
        filled = [place for place, of_line in enumerate(fields, 1) if any(self._is_filled(one) for one in of_line)]
        shown = min(max(filled, default=0) + 1, LINES)
        return Lines(shown=fields[:shown], folded=fields[shown:])

    def _is_filled(self, one: Field) -> bool:
        entry = self.entries.get(one.name)
        return bool((entry and entry.value) or one.elsewhere)

    def _of_line(self, line: str, place: int) -> Iterator[Field]:
        at = f"{line}.{place}"
        if line == "theirs":
            yield self.field(f"{at}.text", _("Their problem with us"), "line")
            yield self.field(f"{at}.issue", _("Take it down as an issue"), "tick")
        elif line == "ours":
            yield self.field(f"{at}.text", _("Our problem with them"), "line")
        elif line == "fact":
            yield self.field(f"{at}.text", _("What we learned"), "line")
            yield self.field(f"{at}.kind", _("About"), "choice", usual="other", options=_topics())
            whole = [("", _("the customer as a whole")), *self.people]
            yield self.field(f"{at}.contact", _("Whom"), "choice", options=whole)
        elif line == "promise":
            yield self.field(f"{at}.text", _("What we promise"), "line")
            yield self.field(f"{at}.due_on", _("Due on (in a week, if empty)"), "day")
            myself = [("", _("Myself")), *self.colleagues]
            yield self.field(f"{at}.owner", _("Who keeps it"), "choice", options=myself)
        else:
            yield self.field(f"{at}.text", _("What we recommend"), "line")
            kinds = _choices(ReviewRecommendation.Kind.choices)
            yield self.field(f"{at}.kind", _("Kind"), "choice", usual=kinds[0][0], options=kinds)
            said = _choices(ReviewRecommendation.Answer.choices)
            yield self.field(f"{at}.answer", _("What they say"), "choice", options=said)

    def field(
        self, name: str, label: str, kind: str, *, usual: str = "", options: Options | None = None, longest: int = 500
    ) -> Field:
        entry = self.entries.get(name)
        value, version = (entry.value, entry.version) if entry else (usual, 0)
        mark = mark_of(version, value)
        typed, elsewhere = self.clashes.get(name, (None, None))
        if typed is not None and elsewhere is not None:
            value, mark = typed.value, f"{elsewhere.version}.-"
        offered = list(options or [])
        if kind == "choice" and value not in {key for key, _label in offered}:  # somebody who left, a kind of elsewhere
            offered.append((value, capfirst(str(KINDS[value].label)) if value in KINDS else _("as before")))
        return Field(
            name=name,
            label=label,
            kind=kind,
            value=value,
            mark=mark,
            options=offered,
            error=self.wrong.get(name, ""),
            elsewhere=elsewhere,
            longest=longest,
        )


def _choices(choices: Iterable[tuple[str, Any]]) -> Options:
    return [(key, capfirst(str(label))) for key, label in choices]


def _signals(area: ReviewArea) -> Options:
    told = [(key, capfirst(str(KINDS[key].label))) for key in SIGNALS[area]]
    return [("", _("nothing in particular")), *told]


def _supplies() -> Options:
    return [("", _("Not said yet")), *_choices(Supply.State.choices)]


def _topics() -> Options:
    """Goals first; of persons fewer topics are offered, and those have the same names."""
    told = [(one.key, str(one.label)) for one in topics_to_note(person=False)]
    known = {key for key, _label in told}
    told += [(one.key, str(one.label)) for one in topics_to_note(person=True) if one.key not in known]
    goals = [
        (ReviewFact.GOAL, pgettext("of a customer", "A goal")),
        (ReviewFact.CHALLENGE, pgettext("of a customer", "A challenge")),
    ]
    return [*goals, *told]
