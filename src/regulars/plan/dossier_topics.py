"""What a dossier should tell of an account and of each person there: topics, their weight, and the question to ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic. `weight` is its share in completeness among those of its kind; 0: welcome, but nobody need ask."""

    key: str
    label: str | Promise
    question: str | Promise
    weight: int
    holds_months: int | None = None
    """After so long it should be asked again, unless somebody says otherwise. None: it stays true."""


ACCOUNT_TOPICS = (
    Topic(
        key="business",
        label=_("Business and customers"),
        question=_("What does it do, for whom, and what is it known for?"),
        weight=3,
        holds_months=36,
    ),
    Topic(
        key="history",
        label=_("History of the firm"),
        question=_("How did it begin, and what were its turning points?"),
        weight=1,
    ),
    Topic(
        key="ownership",
        label=_("Owners and structure"),
        question=_("Who owns it, and what else belongs to them?"),
        weight=2,
        holds_months=24,
    ),
    Topic(
        key="decisions",
        label=_("How it decides"),
        question=_("Who decides what, in which steps, and when are budgets made?"),
        weight=3,
        holds_months=24,
    ),
    Topic(
        key="aims",
        label=_("Goals and plans"),
        question=_("What does it want to reach in the coming years, and what stands in its way?"),
        weight=3,
        holds_months=12,
    ),
    Topic(
        key="preferences",
        label=_("Preferences and requirements"),
        question=_("What does it insist on, and what does it prefer: delivery, packing, service, ways to talk?"),
        weight=3,
        holds_months=24,
    ),
    Topic(
        key="competitors",
        label=_("Other suppliers"),
        question=_("From whom else does it buy what we sell, and why?"),
        weight=3,
        holds_months=12,
    ),
    Topic(
        key="wallet",
        label=_("What it spends in all"),
        question=_("How much does it spend a year on what we sell, with everyone?"),
        weight=2,
        holds_months=24,
    ),
    Topic(
        key="contracts",
        label=_("Contracts and terms"),
        question=_("Which contracts and terms are agreed, and until when?"),
        weight=2,
        holds_months=12,
    ),
    Topic(
        key="finances",
        label=_("Means and payment"),
        question=_("How does it stand, and how does it pay?"),
        weight=1,
        holds_months=12,
    ),
    Topic(
        key="reputation",
        label=_("Reputation"),
        question=_("What is its name worth in its trade, and who listens to it?"),
        weight=1,
        holds_months=36,
    ),
    Topic(
        key="other",
        label=pgettext_lazy("topic of a dossier", "Other"),
        question=_("What else should we know?"),
        weight=0,
    ),
)

PERSON_TOPICS = (
    Topic(
        key="role",
        label=_("Work and responsibility"),
        question=_("What does this person do, decide and answer for?"),
        weight=3,
        holds_months=24,
    ),
    Topic(
        key="part",
        label=_("Part in buying"),
        question=_("Does this person decide, speak for us, or against us?"),
        weight=2,
        holds_months=24,
    ),
    Topic(
        key="reach",
        label=_("How to reach them"),
        question=_("By which number or address, in which language, at which times?"),
        weight=2,
    ),
    Topic(
        key="aims",
        label=_("Own aims"),
        question=_("What does this person want to reach, and what counts as success?"),
        weight=2,
        holds_months=12,
    ),
    Topic(
        key="preferences",
        label=_("Preferences"),
        question=_("How does this person like to work with us: in writing or in talk, in detail or in short?"),
        weight=2,
        holds_months=36,
    ),
    Topic(
        key="career",
        label=_("Career and training"),
        question=_("Where did this person work and learn before?"),
        weight=1,
    ),
    Topic(
        key="interests",
        label=_("Interests and hobbies"),
        question=_("What does this person like to talk about beside work?"),
        weight=1,
        holds_months=36,
    ),
    Topic(
        key="relations",
        label=_("Whom they know"),
        question=_("With whom is this person close, there, here and elsewhere?"),
        weight=1,
        holds_months=24,
    ),
    Topic(
        key="birthday",
        label=_("Birthday"),
        question=_("May we note the birthday? Only who agrees is asked for the day."),
        weight=0,
    ),
    Topic(
        key="other",
        label=pgettext_lazy("topic of a dossier", "Other"),
        question=_("What else should we know?"),
        weight=0,
    ),
)

NOT_NOTED_HERE = frozenset({"birthday"})
"""Kept elsewhere (`facts/contact_parts.py`): with the person's consent, or not at all."""

OF_ACCOUNT: Mapping[str, Topic] = {one.key: one for one in ACCOUNT_TOPICS}
OF_PERSON: Mapping[str, Topic] = {one.key: one for one in PERSON_TOPICS}


def topics_to_note(*, person: bool) -> list[Topic]:
    """The topics under which a fact can be noted."""
    return [one for one in (PERSON_TOPICS if person else ACCOUNT_TOPICS) if one.key not in NOT_NOTED_HERE]


def topic_of(key: str, *, person: bool) -> Topic:
    """The topic of a fact; one of an earlier version counts as something else to know."""
    known = OF_PERSON if person else OF_ACCOUNT
    return known.get(key) or known["other"]
