"""The form of a review: kept field by field while it is typed, read as a whole when it is finished.

Each field has a version. Who sends a field says which version it was typed over; when somebody else wrote it meanwhile,
nothing is overwritten: both texts are shown, and a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require, visible_members
from regulars.base.models import Member
from regulars.facts.models import Account, Contact, Supply
from regulars.facts.signal_kinds import KINDS
from regulars.plan.dossier_topics import topics_to_note
from regulars.plan.models import (
    Review,
    ReviewArea,
    ReviewEntry,
    ReviewFact,
    ReviewRecommendation,
    ReviewStep,
)
from regulars.plan.review_unknowns import fact_from, offering_of, question_for
from regulars.plan.reviews import NoSuchReview, WrongReview
from regulars.plan.seen import seen_with_account

LONGEST = 4000
LONGEST_LINE = 500
LINES: Final = 8
"""Of each kind on one form."""
USUAL_DAYS: Final = 7
"""A promise of which no day is said is due in a week."""

BASE: Final = ("held_on", "how", "contact", "said")
LINE_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "theirs": ("text", "issue"),
    "ours": ("text",),
    "promise": ("text", "due_on", "owner"),
    "recommendation": ("text", "kind", "answer"),
    "fact": ("text", "kind", "contact"),
}
"""What stands on each line of the form, under `theirs.1.text` and so on."""
_NAME: Final = re.compile(
    "|".join(
        (
            "(" + "|".join(BASE) + ")",
            r"answer\.(" + "|".join(ReviewArea.values) + r")\.[a-z0-9_-]{1,64}\.(text|signal|supply)",
            *(rf"{line}\.([1-{LINES}])\.({'|'.join(fields)})" for line, fields in LINE_FIELDS.items()),
        )
    )
)
SIGNALS: Final[dict[ReviewArea, tuple[str, ...]]] = {
    ReviewArea.ABOUT_US: ("praise", "complaint", "high_effort", "low_effort", "avoids_us", "referral_given"),
    ReviewArea.NEEDS: (
        *("interest_shown", "new_project", "new_site", "staff_growth", "new_contact"),
        *("less_planned", "doing_badly", "contract_ending", "owner_changed", "site_closed", "champion_left"),
    ),
    ReviewArea.COMPETITORS: (
        *("competitor_mentioned", "competitor_quoted", "competitor_supplies", "price_pressure", "tender_lost"),
        *("competitor_failed", "tender_won"),
    ),
}
"""What an answer of an area may tell, as it is offered."""


class WrongForm(WrongReview):
    """What was typed into the form of a review cannot be kept, or it cannot be finished so. `fields`: why, by field."""

    def __init__(self, sentence: str, way_out: str = "", *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence, way_out)
        self.fields = dict(fields or {})


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was typed into a field, over which version of it (0: it was empty)."""

    name: str
    value: str
    version: int = 0
    asked: str = ""
    """Of an answer: the question, as it was asked."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What stands in a field now. `clash`: it was written elsewhere meanwhile, and what was typed is not kept."""

    name: str
    value: str
    version: int
    clash: bool = False
    by: str = ""
    """Who wrote what stands there."""


def kinds_of_facts(*, person: bool) -> list[str]:
    """What something that was learned can be: a goal, a challenge, or a topic of the dossier."""
    topics = [one.key for one in topics_to_note(person=person)]
    return topics if person else [ReviewFact.GOAL, ReviewFact.CHALLENGE, *topics]


def reviews_on_own_accounts(member: Member | None) -> QuerySet[Review]:
    """Reviews of the accounts that `member` may see: only who sees the account writes down what was said there."""
    return Review.objects.filter(seen_with_account(member))


def locked_review(review: Review, member: Member | None) -> Review:
    """The review, to be written to. Raises `NoSuchReview`, and `WrongReview` for one that was cancelled."""
    require(member, Permission.WRITE)
    found = reviews_on_own_accounts(member).filter(pk=review.pk).first()
    if found is None:
        raise NoSuchReview(_("There is no such review."), _("It may have been cancelled, or belong to others."))
    locked = Review.objects.select_for_update(of=("self",)).select_related("account__merged_into", "owner", "contact")
    review = locked.get(pk=found.pk)
    if review.state == Review.State.CANCELLED:
        raise WrongReview(_("This review was cancelled."), _("Schedule another one."))
    return review


@transaction.atomic
def keep_typed(
    *, review: Review, typed: Iterable[Typed], member: Member | None, on: date, device: str = ""
) -> list[Kept]:
    """Keep what was typed into some fields. Sent twice, it is kept once; a clash changes nothing.

    The first word makes it a review that is being held; one that is finished stays so until it is finished anew.
    """
    found = locked_review(review, member)
    entries = {one.name: one for one in found.entries.select_related("member")}
    kept = [_kept(found, entries.get(one.name), one, member, device[:40]) for one in typed]
    if kept and found.state in Review.TO_BE_HELD:
        found.state = Review.State.HELD
        found.version += 1
        found.save(update_fields=["state", "version", "updated_at"])
        add_step(found, on=on, member=member)
    elif kept:
        Review.objects.filter(pk=found.pk).update(version=found.version + 1)
    return kept


def add_step(review: Review, *, on: date, member: Member | None, said: str = "") -> None:
    """Note in the story of the review what state it came to."""
    ReviewStep.objects.create(
        review=review,
        state=review.state,
        on=on,
        scheduled_at=review.scheduled_at,
        owner=review.owner,
        said=said,
        member=member,
    )


def _kept(review: Review, entry: ReviewEntry | None, typed: Typed, member: Member | None, device: str) -> Kept:
    if not _NAME.fullmatch(typed.name):
        raise WrongForm(
            _("The form has no field called %(name)s.") % {"name": typed.name[:120]}, _("Load the form again.")
        )
    value = typed.value.replace("\r\n", "\n").replace("\0", "")[:LONGEST]
    if entry is None:
        if not value:
            return Kept(name=typed.name, value="", version=0)
        entry = ReviewEntry(review=review, name=typed.name, version=0)
    elif entry.value == value:
        return Kept(name=entry.name, value=value, version=entry.version)
    elif typed.version != entry.version and not (device and device == entry.device):
        by = entry.member.name if entry.member else ""
        return Kept(name=entry.name, value=entry.value, version=entry.version, clash=True, by=by)
    entry.value, entry.version = value, entry.version + 1
    entry.asked = typed.asked[:LONGEST_LINE] or entry.asked
    entry.member, entry.device = member, device
    entry.save()
    return Kept(name=entry.name, value=value, version=entry.version)


# What was typed, read as a whole


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One answer, and the kind of signal that it is, if any."""

    key: str
    area: ReviewArea
    asked: str
    text: str
    signal: str = ""
    supply: str = ""
    """Of a question for an offering: who supplies it, as a `Supply.State`."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A problem on one line of the form; `opens_issue`: it is to be solved as an issue."""

    place: int
    text: str
    opens_issue: bool = False


@dataclass(frozen=True, kw_only=True)
class Promised:
    """What is promised to the customer; without an owner, who finishes the review keeps it."""

    text: str
    due_on: date
    owner: Member | None = None


@dataclass(frozen=True, kw_only=True)
class Recommended:
    """What is recommended, and what they said to it."""

    place: int
    kind: str
    text: str
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class Learned:
    """Something that was learned, about somebody or about the account."""

    place: int
    kind: str
    """A goal, a challenge, or a topic of the dossier."""
    text: str
    contact: Contact | None = None
    key: str = ""
    """Of the question that it answers; of a line of the form it is empty."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """All that a review brought."""

    held_on: date
    how: str
    contact: Contact | None
    said: str = ""
    answers: list[Answered] = field(default_factory=list)
    theirs: list[Problem] = field(default_factory=list)
    ours: list[Problem] = field(default_factory=list)
    promises: list[Promised] = field(default_factory=list)
    recommendations: list[Recommended] = field(default_factory=list)
    facts: list[Learned] = field(default_factory=list)


def outcome_of(review: Review, *, on: date, member: Member | None) -> Outcome:
    """What was typed into the form. Raises `WrongForm` with all that is wrong, by field."""
    reader = _Reader(review, on=on, member=member)
    outcome = reader.outcome()
    if reader.wrong:
        raise WrongForm(_("Something on the form is not right yet."), _("It is marked below."), fields=reader.wrong)
    return outcome


class _Reader:
    """Reads the fields of one form, and gathers what is wrong with them."""

    def __init__(self, review: Review, *, on: date, member: Member | None) -> None:
        self.review, self.on, self.member = review, on, member
        self.account: Account = review.account.merged_into or review.account
        self.entries = {one.name: one for one in review.entries.order_by("pk")}
        self.wrong: dict[str, str] = {}

    def outcome(self) -> Outcome:
        held_on = self._day("held_on", self.review.held_on or self.on)
        if held_on > self.on:
            self.wrong["held_on"] = _("That day has not come yet.")
        recommendations, answers = self._recommendations(), self._answers()
        if not recommendations:
            self.wrong["recommendation.1.text"] = _(
                "A review ends with a recommendation: something to buy, or advice on using what they have better."
            )
        return Outcome(
            held_on=held_on,
            how=self._choice("how", Review.How.values, self.review.how),
            contact=self._contact("contact") if "contact" in self.entries else self.review.contact,
            said=self._said("said"),
            answers=answers,
            theirs=[
                Problem(place=place, text=text, opens_issue=bool(self._said(f"theirs.{place}.issue")))
                for place, text in self._lines("theirs")
            ],
            ours=[Problem(place=place, text=text) for place, text in self._lines("ours")],
            promises=self._promises(held_on),
            recommendations=recommendations,
            facts=self._facts(answers),
        )

    def _facts(self, answers: list[Answered]) -> list[Learned]:
        """What was learned by the way, and what answers to questions that we asked because we did not know."""
        found = []
        for place, text in self._lines("fact"):
            contact = self._contact(f"fact.{place}.contact")
            kinds = kinds_of_facts(person=contact is not None)
            kind = self._choice(f"fact.{place}.kind", kinds, "other")
            found.append(Learned(place=place, kind=kind, text=text, contact=contact))
        for answer in answers:
            tells = fact_from(answer.key)
            if tells is None:
                continue
            contact = self.account.contacts.filter(uid=tells.contact_uid).first() if tells.contact_uid else None
            if tells.topic in kinds_of_facts(person=contact is not None):
                text = answer.text[:LONGEST_LINE]
                found.append(Learned(place=0, kind=tells.topic, text=text, contact=contact, key=answer.key))
        return found

    def _answers(self) -> list[Answered]:
        found = []
        asked = {tuple(name.split(".")[1:3]) for name in self.entries if name.startswith("answer.")}
        sequence = {name: place for place, name in enumerate(self.entries)}
        for area, key in sorted(asked, key=lambda one: sequence.get(f"answer.{one[0]}.{one[1]}.text", len(sequence))):
            at = f"answer.{area}.{key}"
            signal, supply = self._said(f"{at}.signal"), self._supply(f"{at}.supply")
            text = self._said(f"{at}.text") or (str(Supply.State(supply).label) if supply else "")
            if not text:
                continue
            if signal and signal not in KINDS:
                self.wrong[f"{at}.signal"] = _("Choose one of the list.")
            entry, offering = self.entries.get(f"{at}.text"), offering_of(key)
            words = entry.asked if entry else question_for(offering) if offering else ""
            found.append(Answered(key=key, area=ReviewArea(area), asked=words, text=text, signal=signal, supply=supply))
        return found

    def _supply(self, name: str) -> str:
        said = self._said(name)
        if said and said not in Supply.State.values:
            self.wrong[name] = _("Choose one of the list.")
            return ""
        return said

    def _promises(self, held_on: date) -> list[Promised]:
        found = []
        for place, text in self._lines("promise"):
            due_on = self._day(f"promise.{place}.due_on", held_on + timedelta(days=USUAL_DAYS))
            if due_on < held_on:
                self.wrong[f"promise.{place}.due_on"] = _("That is before the review was held.")
            found.append(Promised(text=text, due_on=due_on, owner=self._owner(f"promise.{place}.owner")))
        return found

    def _recommendations(self) -> list[Recommended]:
        kinds, answers = ReviewRecommendation.Kind, ReviewRecommendation.Answer
        return [
            Recommended(
                place=place,
                kind=self._choice(f"recommendation.{place}.kind", kinds.values, kinds.PRODUCT),
                text=text,
                answer=self._choice(f"recommendation.{place}.answer", answers.values, answers.OPEN),
            )
            for place, text in self._lines("recommendation")
        ]

    def _lines(self, line: str) -> list[tuple[int, str]]:
        texts = ((place, self._said(f"{line}.{place}.text")) for place in range(1, LINES + 1))
        return [(place, text[:LONGEST_LINE]) for place, text in texts if text]

    def _said(self, name: str) -> str:
        entry = self.entries.get(name)
        return entry.value.strip() if entry else ""

    def _choice(self, name: str, values: Iterable[str], usual: str) -> str:
        said = self._said(name) or usual
        if said not in values:
            self.wrong[name] = _("Choose one of the list.")
        return said

    def _day(self, name: str, usual: date) -> date:
        said = self._said(name)
        try:
            return date.fromisoformat(said) if said else usual
        except ValueError:
            self.wrong[name] = _("Write the day as year-month-day, for example 2026-01-31.")
            return usual

    def _contact(self, name: str) -> Contact | None:
        uid = self._uid(name)
        found = Contact.objects.filter(account=self.account, uid=uid).first() if uid else None
        self._refuse_gone(name, found)
        return found

    def _owner(self, name: str) -> Member | None:
        uid = self._uid(name)
        found = visible_members(self.member).filter(uid=uid).first() if uid else None
        self._refuse_gone(name, found)
        return found

    def _uid(self, name: str) -> UUID | None:
        try:
            return UUID(self._said(name)) if self._said(name) else None
        except ValueError:
            return None

    def _refuse_gone(self, name: str, found: Contact | Member | None) -> None:
        if found is None and self._said(name):
            self.wrong[name] = _("Choose somebody else: this one is not there any more.")
