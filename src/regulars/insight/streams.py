"""New streams of business: offerings that an account does not buy from us, and why they may suit it (mission A3).

An offering is matched to what the account wants to reach by its words, and to what accounts like it buy by the
suggestions of the night. What is only likely is said so; where nothing speaks for an offering, it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from django.utils.translation import gettext as _
from rapidfuzz import fuzz

from regulars.base.formats import listed, money
from regulars.base.models import Member
from regulars.facts.goals import live_goals
from regulars.facts.models import Account, AccountGoal, Offering
from regulars.facts.offerings import Mapped, mapped_products
from regulars.insight.affinity import CATEGORY, KEPT_AN_ACCOUNT, PRODUCT, Suggestion, suggestions_of
from regulars.insight.affinity_sentences import reason
from regulars.insight.white_space import Row, State

ALIKE: Final = 85.0
"""From this likeness on one of two words is taken for the other, misspelt."""
STEM: Final = 0.7
"""Words that begin alike for this share of the longer one are forms of one: delivery, deliveries."""
SHORTEST_WORD: Final = 4
WORD: Final = re.compile(r"[^\W\d_][\w\u0900-\u0DFF\u0E00-\u0E7F'-]*")

THAI: Final = re.compile("[\u0e00-\u0e7f]")
TELL_NOTHING: Final = frozenset(
    ("also", "from", "have", "into", "less", "many", "more", "much", "need", "needs", "some", "than", "that", "their",
     "them", "they", "this", "very", "want", "wants", "what", "when", "with", "your")
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Stream:
    """An offering that the account does not buy from us yet."""

    offering: Offering
    state: State
    goals: Sequence[tuple[AccountGoal, str]]
    """What of the account's goals it serves, each with the words that tell."""
    suggestion: Suggestion | None
    """The best of what accounts like it buy and this one does not."""

    @property
    def expected_sales(self) -> float | None:
        return self.suggestion.expected_sales if self.suggestion is not None else None

    def reasons(self, currency: str) -> list[str]:
        """Why it may suit the account."""
        told = [
            _("It says: “%(goal)s” (%(words)s).") % {"goal": goal.text.rstrip("."), "words": words}
            for goal, words in self.goals
        ]
        if self.suggestion is not None:
            told.append(f"{self.suggestion.name}: {reason(self.suggestion)}")
            if self.suggestion.first_year_sales is not None:
                spent = money(self.suggestion.first_year_sales, currency)
                told.append(_("Whoever took it up spent about %(spent)s on it in the first year.") % {"spent": spent})
        return told


def streams_of(account: Account, row: Row, *, member: Member | None) -> list[Stream]:
    """What may be new business with the account, by its row of the white space: what it asks for comes first."""
    open_cells = [cell for cell in row.cells if cell.state in (State.UNKNOWN, State.COMPETITOR, State.IN_HOUSE)]
    goals = list(live_goals(account, member=member))
    suggested = [
        *suggestions_of(account, kind=CATEGORY, most=KEPT_AN_ACCOUNT),
        *suggestions_of(account, kind=PRODUCT, most=KEPT_AN_ACCOUNT),
    ]
    mapped = mapped_products([cell.offering for cell in open_cells])
    found = [
        Stream(
            offering=cell.offering,
            state=cell.state,
            goals=goals_served(cell.offering, goals),
            suggestion=_best(suggested, mapped[cell.offering.pk]),
        )
        for cell in open_cells
    ]
    speaking = [one for one in found if one.goals or one.suggestion is not None]
    return sorted(speaking, key=lambda one: (-len(one.goals), -(one.expected_sales or 0.0), one.offering.name))


def goals_served(offering: Offering, goals: Iterable[AccountGoal]) -> list[tuple[AccountGoal, str]]:
    """The goals that share words with the offering, each with its words that tell."""
    own = words_of(" ".join([offering.name, offering.words, *offering.categories, *offering.name_words]))
    found = [(goal, shared_words(own, words_of(goal.text))) for goal in goals]
    return [(goal, listed(words)) for goal, words in found if words]


def words_of(text: str) -> list[str]:
    """The words of a text that may tell something: not the short ones."""
    words = dict.fromkeys(WORD.findall(text.casefold()))
    return [word for word in words if len(word) >= SHORTEST_WORD and word not in TELL_NOTHING]


def shared_words(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """Those of `theirs` that are, or are forms of, one of `ours`."""
    return [word for word in theirs if any(_is_alike(word, other) for other in ours)]


def _is_alike(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if THAI.search(longer):  # written without spaces between words
        return shorter in longer
    begun_alike = sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return longer.startswith(shorter) or begun_alike >= STEM * len(longer) or fuzz.ratio(one, other) >= ALIKE


def _best(suggested: Sequence[Suggestion], mapped: Mapped) -> Suggestion | None:
    fitting = [one for one in suggested if one.item in (mapped.categories if one.kind == CATEGORY else mapped.codes)]
    return max(fitting, key=lambda one: one.expected_sales or 0.0, default=None)
