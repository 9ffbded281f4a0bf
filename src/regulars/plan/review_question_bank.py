"""The questions that Regulars brings along for reviews: open, tactful, about us, needs and competitors.

A firm words them anew, leaves some out and adds its own (`plan/review_questions.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from regulars.plan.models import ReviewArea

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class When(StrEnum):
    """To whom a question fits."""

    ALWAYS = "always"
    FIRM = "firm"
    PERSON = "person"
    FIRST_TIME = "first_time"
    AFTER_ISSUE = "after_issue"
    FEWER_ORDERS = "fewer_orders"


WHENS: Final[dict[When, _StrPromise]] = {
    When.ALWAYS: _("everybody"),
    When.FIRM: _("firms"),
    When.PERSON: _("private persons"),
    When.FIRST_TIME: _("those who are reviewed for the first time"),
    When.AFTER_ISSUE: _("those who had a problem since the last review"),
    When.FEWER_ORDERS: _("those who buy less than a year ago"),
}


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """One question. Its key is kept with every answer, so it never changes its sense."""

    key: str
    area: ReviewArea
    text: _StrPromise
    when: When = When.ALWAYS


def _ask(key: str, area: ReviewArea, text: _StrPromise, when: When = When.ALWAYS) -> Shipped:
    return Shipped(key=key, area=area, text=text, when=when)


_US, _NEEDS, _OTHERS = ReviewArea.ABOUT_US, ReviewArea.NEEDS, ReviewArea.COMPETITORS

SHIPPED: Final[dict[str, Shipped]] = {
    one.key: one
    for one in (
        _ask(
            "us-issue",
            _US,
            _("You had a problem with us since we last spoke. Is it solved as you wished?"),
            When.AFTER_ISSUE,
        ),
        _ask("us-better", _US, _("If you could change one thing about working with us, what would it be?")),
        _ask("us-well", _US, _("What do we do well for you, so that we keep doing it?")),
        _ask("us-small", _US, _("Which small thing annoys you that nobody has mentioned to us yet?")),
        _ask("us-easy", _US, _("What takes longer with us than it should?")),
        _ask("us-reach", _US, _("Do you always know whom to call here, and do you reach them?")),
        _ask("us-recommend", _US, _("Would you recommend us to a friend? What would you tell them, good and bad?")),
        _ask(
            "needs-fewer",
            _NEEDS,
            _("You have ordered less than a year ago. Has something changed, and can we help with it?"),
            When.FEWER_ORDERS,
        ),
        _ask("needs-plans", _NEEDS, _("What are you planning for the coming year, and where could we make it easier?")),
        _ask("needs-changed", _NEEDS, _("What has changed in your business since we last spoke?"), When.FIRM),
        _ask("needs-trouble", _NEEDS, _("What costs you the most time or money at the moment?"), When.FIRM),
        _ask("needs-age", _NEEDS, _("What of what you have from us is getting old, or is used differently now?")),
        _ask(
            "needs-customers",
            _NEEDS,
            _("What do your own customers ask you for that you cannot give them yet?"),
            When.FIRM,
        ),
        _ask("needs-unasked", _NEEDS, _("What do you need that you would never have thought of asking us for?")),
        _ask("needs-people", _NEEDS, _("Who else in your house should know what we can do for you?"), When.FIRM),
        _ask("needs-occasions", _NEEDS, _("For which occasions of the coming year may we help you?"), When.PERSON),
        _ask(
            "others-before",
            _OTHERS,
            _("With whom did you work before us, and what was good there?"),
            When.FIRST_TIME,
        ),
        _ask("others-also", _OTHERS, _("What do you get elsewhere, and what do you like about it there?")),
        _ask("others-learn", _OTHERS, _("What does somebody else do better than we do? We would like to learn it.")),
        _ask("others-choice", _OTHERS, _("When you compare, what counts most for you, and how do we do there?")),
        _ask("others-offers", _OTHERS, _("Do others come by with offers? What makes you listen to them?")),
        _ask("others-stay", _OTHERS, _("What would have to happen for you to look around for somebody else?")),
    )
}
"""By their keys. Those for a special occasion come before those that always fit."""
