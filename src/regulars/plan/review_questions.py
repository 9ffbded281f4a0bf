"""Which questions are asked in a review: the bank of the firm, fitted to the account and the language it speaks.

Questions that fit the occasion come first, then the firm's own, then those that were asked longest ago. What is not
known of the account is asked by itself (`plan/review_unknowns.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import translation
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.base.organisation import organisation, spoken_language
from regulars.core.calendar import months_before
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account
from regulars.facts.letters import language_of
from regulars.facts.models import Account, Issue
from regulars.insight.models import Score
from regulars.plan.models import Review, ReviewAnswer, ReviewArea, ReviewQuestion
from regulars.plan.review_question_bank import SHIPPED, Shipped, When
from regulars.plan.review_unknowns import unknowns_of

LONGEST_QUESTION = 500
AN_AREA = 3
"""Of the bank in one area: a review is a talk, not a questionnaire. What is not known comes on top."""
UNKNOWNS_AN_AREA = 2
ANSWERED_FOR_MONTHS = 24
"""What was told is not asked again for so long."""
FEWER = -0.1
"""Orders fell by so much in a year."""
OWN = "own-"


class WrongQuestion(Refusal):
    """A question cannot be asked like this."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question of a review, as it is to be put to the customer."""

    key: str
    area: ReviewArea
    text: str
    language: str
    """Of `text`."""
    gloss: str = ""
    """The same in the language of who asks; empty where that is the same."""
    unknown: bool = False
    """Asked because we do not know it."""


@dataclass(frozen=True, kw_only=True)
class _Wording:
    text: str
    language: str


def spoken_in(review: Review) -> str:
    """The language in which the review is held: that of who is met, else of the account, else of the firm."""
    if review.contact is not None:
        return language_of(review.contact)
    return spoken_language(_home(review).language)


def questions_for(review: Review, *, on: date) -> list[Asked]:
    """What to ask in this review, area by area; the language of who reads is the active one."""
    account, language = _home(review), spoken_in(review)
    told = _told_before(review, account)
    ranked = {area: list[tuple[tuple[bool, bool, date], Asked]]() for area in ReviewArea}
    for shipped, wording in _shipped_that_fit(review, account, on):
        last = told.get(shipped.key, date.min)
        special = shipped.when not in (When.ALWAYS, When.FIRM, When.PERSON)
        asked = _asked_shipped(shipped, wording, language)
        ranked[shipped.area].append(((not special, True, last), asked))
    for own in _own_that_fit(account):
        key = f"{OWN}{own.uid.hex}"
        asked = _asked_own(own, key, language)
        ranked[ReviewArea(own.area)].append(((True, False, told.get(key, date.min)), asked))
    unknown = _unknown(review, account, told, on)
    found: list[Asked] = []
    for area, of_area in ranked.items():
        found += [one for one in unknown if one.area == area][:UNKNOWNS_AN_AREA]
        found += [asked for _rank, asked in sorted(of_area, key=lambda pair: pair[0])[:AN_AREA]]
    return found


def _unknown(review: Review, account: Account, told: Mapping[str, date], on: date) -> list[Asked]:
    recently = months_before(on, ANSWERED_FOR_MONTHS)
    language, reading = spoken_in(review), _reading()
    found = []
    for one in unknowns_of(account, review.contact, on=on):
        if told.get(one.key, date.min) > recently:
            continue
        with translation.override(language):
            text = one.says()
        gloss = "" if language == reading else one.says()
        found.append(Asked(key=one.key, area=one.area, text=text, language=language, gloss=gloss, unknown=True))
    return found


def _told_before(review: Review, account: Account) -> dict[str, date]:
    """By key, when it was answered last in another review of the account."""
    others = Review.objects.filter(of_account(account), held_on__isnull=False).exclude(pk=review.pk)
    answered = ReviewAnswer.objects.filter(review__in=others).order_by().values_list("key")
    return dict(answered.annotate(last=Max("review__held_on")))


def _shipped_that_fit(review: Review, account: Account, on: date) -> list[tuple[Shipped, ReviewQuestion | None]]:
    wordings = {one.shipped: one for one in ReviewQuestion.objects.exclude(shipped="")}
    occasions = _occasions(review, account, on)
    found = []
    for one in SHIPPED.values():
        wording = wordings.get(one.key)
        if one.when in occasions and not (wording and wording.retired):
            found.append((one, wording))
    return found


def _occasions(review: Review, account: Account, on: date) -> set[When]:
    found = {When.ALWAYS, When.FIRM if account.kind == Account.Kind.FIRM else When.PERSON}
    last = last_review(review)
    if last is None:
        found.add(When.FIRST_TIME)
    since = last.held_on if last is not None and last.held_on is not None else months_before(on, 12)
    if Issue.objects.filter(of_account(account), opened_at__date__gte=since).exists():
        found.add(When.AFTER_ISSUE)
    trend = Score.objects.filter(account=account).values_list("trend", flat=True).first()
    if trend is not None and trend <= FEWER:
        found.add(When.FEWER_ORDERS)
    return found


def last_review(review: Review) -> Review | None:
    """The review of the same account that was finished before this one."""
    others = Review.objects.filter(of_account(_home(review)), state=Review.State.FINISHED, held_on__isnull=False)
    if review.held_on is not None:
        others = others.filter(held_on__lte=review.held_on)
    return others.exclude(pk=review.pk).order_by("-held_on", "-pk").first()


def _own_that_fit(account: Account) -> list[ReviewQuestion]:
    tags = {name.casefold() for name in account.tags.values_list("name", flat=True)}
    return [
        one
        for one in ReviewQuestion.objects.filter(shipped="", retired=False).order_by("pk")
        if (not one.kind or one.kind == account.kind)
        and (not one.trade or one.trade.casefold() in account.trade.casefold())
        and (not one.tag or one.tag.casefold() in tags)
    ]


def _asked_shipped(shipped: Shipped, wording: ReviewQuestion | None, language: str) -> Asked:
    said = worded(shipped, wording, language)
    gloss = "" if said.language == _reading() else worded(shipped, wording, _reading()).text
    return Asked(key=shipped.key, area=shipped.area, text=said.text, language=said.language, gloss=gloss)


def worded(shipped: Shipped, wording: ReviewQuestion | None, language: str) -> _Wording:
    """A shipped question in a language: as the firm words it, where it does, else as it came."""
    own = wording.texts.get(language, "") if wording else ""
    if own:
        return _Wording(text=own, language=language)
    with translation.override(language):
        return _Wording(text=str(shipped.text), language=language)


def _asked_own(own: ReviewQuestion, key: str, language: str) -> Asked:
    said, read = _in_language(own.texts, language), _in_language(own.texts, _reading())
    gloss = read.text if read.language != said.language else ""
    return Asked(key=key, area=ReviewArea(own.area), text=said.text, language=said.language, gloss=gloss)


def _in_language(texts: Mapping[str, str], language: str) -> _Wording:
    """The text in a language; else in the firm's, in English, in any."""
    for one in (language, organisation().language, "en", *sorted(texts)):
        if texts.get(one):
            return _Wording(text=texts[one], language=one)
    return _Wording(text="", language=language)


def _home(review: Review) -> Account:
    return review.account.merged_into or review.account


def _reading() -> str:
    return (translation.get_language() or "en").split("-")[0]


# The bank, as the firm keeps it


@transaction.atomic
def add_question(
    *, area: str, texts: Mapping[str, str], member: Member | None, kind: str = "", trade: str = "", tag: str = ""
) -> ReviewQuestion:
    """Add a question of the firm's own, in one language or in several; narrowed to whom it fits.

    Raises `WrongQuestion` without words and for an area that there is not.
    """
    require(member, Permission.CONFIGURE)
    made = ReviewQuestion()
    with audited(made, verb="add_review_question", member=member):
        _describe(made, area=area, texts=texts, kind=kind, trade=trade, tag=tag)
        made.save()
    return made


@transaction.atomic
def change_question(
    *,
    question: ReviewQuestion,
    area: str,
    texts: Mapping[str, str],
    member: Member | None,
    kind: str = "",
    trade: str = "",
    tag: str = "",
) -> ReviewQuestion:
    """Word a question of the firm's own anew. What was answered keeps the words that were asked."""
    require(member, Permission.CONFIGURE)
    found = ReviewQuestion.objects.select_for_update().get(pk=question.pk, shipped="")
    with audited(found, verb="change_review_question", member=member):
        _describe(found, area=area, texts=texts, kind=kind, trade=trade, tag=tag)
        found.save()
    return found


@transaction.atomic
def retire_question(*, question: ReviewQuestion, member: Member | None, retired: bool = True) -> ReviewQuestion:
    """No longer ask a question of the firm's own, or ask it again."""
    require(member, Permission.CONFIGURE)
    found = ReviewQuestion.objects.select_for_update().get(pk=question.pk)
    with audited(found, verb="retire_review_question" if retired else "restore_review_question", member=member):
        found.retired = retired
        found.save()
    return found


@transaction.atomic
def word_shipped_question(*, key: str, texts: Mapping[str, str], member: Member | None) -> ReviewQuestion:
    """Say a question that came with Regulars in the firm's own words; where these are empty, it stays as it came."""
    require(member, Permission.CONFIGURE)
    found = _of_shipped(key)
    with audited(found, verb="change_review_question", member=member):
        found.texts = _cleaned(texts)
        found.save()
    return found


@transaction.atomic
def leave_out_shipped_question(*, key: str, member: Member | None, retired: bool = True) -> ReviewQuestion:
    """No longer ask a question that came with Regulars, or ask it again."""
    require(member, Permission.CONFIGURE)
    found = _of_shipped(key)
    with audited(found, verb="retire_review_question" if retired else "restore_review_question", member=member):
        found.retired = retired
        found.save()
    return found


def _of_shipped(key: str) -> ReviewQuestion:
    if key not in SHIPPED:
        raise WrongQuestion(_("There is no such question."), _("Choose one of those on the list."))
    found = ReviewQuestion.objects.select_for_update().filter(shipped=key).first()
    return found or ReviewQuestion(shipped=key, area=SHIPPED[key].area)


def _describe(
    question: ReviewQuestion, *, area: str, texts: Mapping[str, str], kind: str, trade: str, tag: str
) -> None:
    if area not in ReviewArea.values:
        raise WrongQuestion(
            _("There is no area called %(area)s.") % {"area": area},
            _("Use one of: %(kinds)s.") % {"kinds": ", ".join(ReviewArea.values)},
        )
    question.texts = _cleaned(texts)
    if not question.texts:
        raise WrongQuestion(_("It does not say what to ask."), _("Write the question in one language at least."))
    question.area = area
    question.kind = kind if kind in Account.Kind.values else ""
    question.trade, question.tag = trade.strip()[:100], tag.strip()[:100]


def _cleaned(texts: Mapping[str, str]) -> dict[str, str]:
    spoken = dict(settings.LANGUAGES)
    said = {language: text.strip()[:LONGEST_QUESTION] for language, text in texts.items() if language in spoken}
    return {language: text for language, text in said.items() if text}
