"""What changed since an action was proposed: whether its cause is clearly worse, or why it is gone, in words."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from regulars.base.formats import number
from regulars.facts.signal_kinds import COMPETITOR
from regulars.plan.causes import CAUSES
from regulars.plan.causes.cause import Figures, Firing, Ground
from regulars.plan.causes.figures import iso_day
from regulars.plan.standing import Standing, is_lost


def is_clearly_worse(*, cause: str, before: Figures, stake_before: float, firing: Firing) -> bool:
    """Is there more reason now than when the action was done or dismissed?

    Half as much again at stake, or what the cause itself calls another matter.
    """
    renewed = CAUSES[cause].renewed
    return (renewed is not None and renewed(before, firing)) or firing.stake >= 1.5 * stake_before


def why_gone(*, cause: str, before: Figures, standing: Standing | None, ground: Ground) -> Figures:
    """Why a cause no longer applies, as figures for `closing_sentence`."""
    if not CAUSES[cause].switched_on(ground.thresholds):
        return {"key": "switched_off"}
    if standing is None:
        return {"key": "no_score"}
    if cause in {"gone_silent", "declining"} and standing.last_order.isoformat() > before.get("last_order", ""):
        return {"key": "ordered_again", "on": standing.last_order.isoformat()}
    if cause == "first_weeks" and (ground.as_of - standing.first_order).days > ground.thresholds.first_weeks_last_day:
        return {"key": "weeks_over"}
    if CAUSES[cause].settled:
        return {"key": "settled", "cause": cause}
    contact = standing.last_contact.isoformat() if standing.last_contact else ""
    if cause in {"first_weeks", "best_without_contact"} and contact > (before.get("last_contact") or ""):
        return {"key": "contacted", "on": contact}
    if is_lost(standing, ground.thresholds):
        return {"key": "lost", "days": standing.silence_days}
    if cause == "competitor" and not any(one.kind in COMPETITOR for one in standing.signals):
        return {"key": "no_attack"}
    if cause == "gone_silent" and standing.paused_last_year:
        return {"key": "season"}
    return {"key": "not_so_any_more"}


def closing_sentence(closed: Figures) -> str:
    """Why an action closed by itself, in words; `closed` is what `why_gone` gave."""
    sentences: dict[str, Callable[[], str]] = {
        "ordered_again": lambda: _("Ordered again on %(on)s.") % {"on": iso_day(closed["on"])},
        "contacted": lambda: _("Was contacted on %(on)s.") % {"on": iso_day(closed["on"])},
        "weeks_over": lambda: _("Its first weeks are over."),
        "lost": lambda: (
            _("Silent for %(days)s days: lost, a matter of winning it back.") % {"days": number(closed["days"])}
        ),
        "season": lambda: _("It paused in the same weeks a year ago: a matter of the season."),
        "switched_off": lambda: _("This cause was switched off."),
        "no_score": lambda: _("The account has no orders any more."),
        "settled": lambda: str(CAUSES[closed["cause"]].settled),
        "step_elsewhere": lambda: _("The step stands with another proposal about the same account."),
        "no_attack": lambda: _("What was seen of the competitor was withdrawn, or is long ago."),
        "outranked": lambda: _("Others became more important; it comes back when it matters more."),
        "merged": lambda: _("Its account was merged into one that has the same action."),
        "not_so_any_more": lambda: _("The cause is gone."),
    }
    return sentences.get(closed["key"], sentences["not_so_any_more"])()
