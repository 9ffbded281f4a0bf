"""How long customers stay, in words: the verdicts, what is meant by them, and what groups are called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import day, number, percent, short_month, year
from regulars.insight.early_losses import Against, EarlyLosses
from regulars.insight.lifetimes import Bounded, Lifetime, Lifetimes

MONTH_DAYS = 30.4375
YEAR_DAYS = 365.25
MANY_CAME_BACK = 0.2
"""Of all who were ever silent for too long: from this share on, silence calls losses too early in this firm."""

NAMES_OF_BY = {
    "year": gettext_lazy("year of the first order"),
    "quarter": gettext_lazy("quarter of the first order"),
    "first_value": gettext_lazy("value of the first order"),
    "trade": gettext_lazy("kind of business"),
    "country": gettext_lazy("country"),
    "department": gettext_lazy("department"),
    "team": gettext_lazy("team"),
}

NAMES_OF_MODELS = {"ParetoNBD": "Pareto/NBD", "ModifiedBetaGeoNBD": "MBG/NBD", "BetaGeoNBD": "BG/NBD"}


class Tone(StrEnum):
    """Whether a verdict is good news."""

    GOOD = "good"
    BAD = "bad"
    PLAIN = "plain"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A sentence that answers a question, with what is meant by it."""

    key: str
    text: str
    meaning: str
    tone: Tone


def verdicts(found: Lifetimes) -> list[Verdict]:
    """All that can be said, the most important first; empty where the history is too short for any of it."""
    told = [_stays(found), _against_before(found), _against_wanted(found), _remaining(found), _silence_too_short(found)]
    return [one for one in told if one is not None]


def rule_told(found: Lifetimes) -> str:
    """When a customer counts as lost."""
    words = {"days": number(found.silence_days), "times": number(found.silence_pauses, digits=1)}
    return (
        _(
            "Nobody tells when a customer leaves, so silence does: a customer counts as lost after %(days)s days "
            "without an order, or after %(times)s times its own longest pause if that is longer, and it was lost on "
            "the day of its last order."
        )
        % words
    )


def left_out_told(found: Lifetimes) -> str:
    """Who is not counted; empty without a history."""
    if found.won_from is None:
        return ""
    words = {"day": day(found.won_from), "days": number(found.silence_days)}
    told = (
        _(
            "Counted are customers who first ordered from %(day)s on: those before may be older than the order "
            "history. The last %(days)s days only tell who was a customer before them."
        )
        % words
    )
    if found.looked_at == found.accounts:
        return told
    words = {"count": number(found.looked_at), "all": number(found.accounts)}
    part = _("Of %(all)s customers, %(count)s were looked at, evenly taken: all numbers are of those.") % words
    return f"{told} {part}"


def comparison_told(found: Lifetimes) -> str:
    """Whether the groups differ; empty where there is nothing to compare."""
    if found.comparison is None:
        return ""
    if found.comparison.differs:
        return _("These groups stay differently long: chance alone hardly explains it.")
    return _("These groups show no difference that chance does not explain.")


def group_name(by: str, group: Lifetime) -> str:
    """What a group is called where the reader is."""
    if by == "year":
        return year(date(int(group.key), 1, 1))
    if by == "quarter":
        return _("from %(month)s") % {"month": short_month(date.fromisoformat(f"{group.key}-01"))}
    if by == "first_value":
        thirds = {
            "largest": _("the largest third of first orders"),
            "middle": _("the middle third of first orders"),
            "smallest": _("the smallest third of first orders"),
        }
        return thirds[group.key]
    return group.name or _("Not known")


def lasting(days: float) -> str:
    """A time in words: 12 days, 5 months, 3.5 years."""
    if days < 2 * MONTH_DAYS:
        whole = round(days)
        return ngettext("%(count)s day", "%(count)s days", whole) % {"count": number(whole)}
    if days < 2 * YEAR_DAYS:
        months = round(days / MONTH_DAYS)
        return ngettext("%(count)s month", "%(count)s months", months) % {"count": number(months)}
    return _("%(count)s years") % {"count": number(days / YEAR_DAYS, digits=1)}


def median_told(group: Lifetime) -> str:
    """The time after which half of a group is lost; "more than" what was seen where it is not reached."""
    if group.median_days.value is None:
        return _("more than %(time)s") % {"time": lasting(group.curve[-1].days)}
    return lasting(group.median_days.value)


def within(found: Bounded, *, digits: int = 0) -> str:
    """The bounds of a share in words."""
    assert found.low is not None
    assert found.high is not None
    return _("%(low)s to %(high)s") % {
        "low": percent(found.low, digits=digits),
        "high": percent(found.high, digits=digits),
    }


# Verdicts


def _stays(found: Lifetimes) -> Verdict | None:
    whole = found.everyone
    if whole is None:
        return None
    return Verdict(key="stay", text=_half_stay(whole), meaning=_of_all(found, whole), tone=Tone.PLAIN)


def _half_stay(whole: Lifetime) -> str:
    median = whole.median_days
    if median.value is None:
        return _("More than half of the customers you win still order after %(time)s.") % {
            "time": lasting(whole.curve[-1].days)
        }
    if median.value < 1:
        return _("Half of the customers you win are lost after their first order already.")
    low, high = median.low or 0.0, median.high
    if high is None:
        return _("Half of the customers you win stay longer than %(time)s (at least %(low)s).") % {
            "time": lasting(median.value),
            "low": lasting(low),
        }
    return _("Half of the customers you win stay longer than %(time)s (between %(low)s and %(high)s).") % {
        "time": lasting(median.value),
        "low": lasting(low),
        "high": lasting(high),
    }


def _of_all(found: Lifetimes, whole: Lifetime) -> str:
    words = {"won": number(whole.won), "lost": number(whole.lost)}
    counted = _("Of %(won)s customers won, %(lost)s were lost.") % words
    if whole.stay is None or whole.stay.value is None:
        return counted
    still = _("After %(time)s, %(share)s were still customers (%(within)s).") % {
        "time": lasting(found.stay_days),
        "share": percent(whole.stay.value, digits=0),
        "within": within(whole.stay),
    }
    return f"{counted} {still}"


def _against_before(found: Lifetimes) -> Verdict | None:
    early = found.early
    if early is None:
        return None
    if early.before is None or early.ratio is None or early.against_before is None:
        text = _("Whether you lose more new customers than a year ago cannot be said yet: the history is too short.")
        return Verdict(key="early", text=text, meaning=_early_meant(found, early), tone=Tone.PLAIN)
    tones = {Against.MORE: Tone.BAD, Against.FEWER: Tone.GOOD, Against.CHANCE: Tone.PLAIN}
    text = _changed(found, early)
    return Verdict(key="early", text=text, meaning=_early_meant(found, early), tone=tones[early.against_before])


def _changed(found: Lifetimes, early: EarlyLosses) -> str:
    assert early.before is not None
    assert early.ratio is not None
    assert early.ratio_low is not None
    assert early.ratio_high is not None
    words = {
        "year": year(early.now.won_from),
        "before": year(early.before.won_from),
        "days": number(found.new_days),
        "share": percent(early.now.share, digits=0),
        "share_before": percent(early.before.share, digits=0),
    }
    if early.against_before == Against.CHANCE:
        return (
            _(
                "Of the customers won in %(year)s you lose %(share)s in their first %(days)s days, of those won in "
                "%(before)s it was %(share_before)s: no difference that chance does not explain."
            )
            % words
        )
    changes = sorted(abs(ratio - 1) for ratio in (early.ratio_low, early.ratio_high))
    words |= {
        "change": percent(abs(early.ratio - 1), digits=0),
        "least": percent(changes[0], digits=0),
        "most": percent(changes[1], digits=0),
    }
    if early.against_before == Against.MORE:
        return (
            _(
                "Of the customers won in %(year)s you lose %(change)s more in their first %(days)s days than of those "
                "won in %(before)s: %(share)s instead of %(share_before)s. Chance considered, it is %(least)s to "
                "%(most)s more."
            )
            % words
        )
    return (
        _(
            "Of the customers won in %(year)s you lose %(change)s fewer in their first %(days)s days than of those won "
            "in %(before)s: %(share)s instead of %(share_before)s. Chance considered, it is %(least)s to %(most)s "
            "fewer."
        )
        % words
    )


def _early_meant(found: Lifetimes, early: EarlyLosses) -> str:
    words = {
        "days": number(found.new_days),
        "from": day(early.now.won_from),
        "until": day(early.now.won_until),
        "count": number(early.now.customers),
    }
    if early.before is None:
        return (
            _(
                "Lost in the first days: no second order within %(days)s days of the first. Counted are the %(count)s "
                "customers who first ordered from %(from)s to %(until)s."
            )
            % words
        )
    words |= {"count_before": number(early.before.customers)}
    return (
        _(
            "Lost in the first days: no second order within %(days)s days of the first. Compared are the %(count)s "
            "customers who first ordered from %(from)s to %(until)s with the %(count_before)s of the same days a year "
            "earlier."
        )
        % words
    )


def _against_wanted(found: Lifetimes) -> Verdict | None:
    early = found.early
    if early is None:
        return None
    words = {
        "share": percent(early.now.share, digits=0),
        "wanted": percent(early.wanted, digits=0),
        "low": percent(early.now.low, digits=0),
        "high": percent(early.now.high, digits=0),
    }
    text, tone = {
        Against.MORE: (_("You lose more new customers than wanted: %(share)s, and at most %(wanted)s were."), Tone.BAD),
        Against.FEWER: (_("You lose fewer new customers than you allow: %(share)s of at most %(wanted)s."), Tone.GOOD),
        Against.CHANCE: (
            _("You lose about as many new customers as you allow: %(share)s, and %(wanted)s at most are wanted."),
            Tone.PLAIN,
        ),
    }[early.against_wanted]
    meaning = _(
        "Chance considered, it is %(low)s to %(high)s. What is wanted is set in the settings, under thresholds."
    )
    return Verdict(key="wanted", text=text % words, meaning=meaning % words, tone=tone)


def _remaining(found: Lifetimes) -> Verdict | None:
    left = found.remaining
    if left is None or left.present.value is None or left.new.value is None:
        return None
    words = {
        "years": number(left.horizon_years),
        "present": number(left.present.value / YEAR_DAYS, digits=1),
        "low": number((left.present.low or 0.0) / YEAR_DAYS, digits=1),
        "high": number((left.present.high or 0.0) / YEAR_DAYS, digits=1),
        "new": number(left.new.value / YEAR_DAYS, digits=1),
        "model": NAMES_OF_MODELS.get(left.model, left.model),
    }
    text = _(
        "Today’s customers are expected to stay for %(present)s of the next %(years)s years on average (%(low)s to "
        "%(high)s), a new one for %(new)s."
    )
    meaning = _(
        "By the model %(model)s, which knows that some customers order seldom, and counts none for longer than these "
        "years. The bounds tell how far the order history leaves it open, if the model is right."
    )
    return Verdict(key="remaining", text=text % words, meaning=meaning % words, tone=Tone.PLAIN)


def _silence_too_short(found: Lifetimes) -> Verdict | None:
    whole = found.everyone
    if whole is None or whole.came_back < max(MANY_CAME_BACK * (whole.came_back + whole.lost), 1):
        return None
    words = {
        "share": percent(whole.came_back / (whole.came_back + whole.lost), digits=0),
        "days": number(found.silence_days),
    }
    text = _(
        "Of the customers who fell silent for so long, %(share)s ordered again: %(days)s days may be too short to call "
        "a customer lost."
    )
    meaning = _("Set a longer silence in the settings, under thresholds, and fewer will be called lost too early.")
    return Verdict(key="silence", text=text % words, meaning=meaning, tone=Tone.PLAIN)
