"""What changed since an action was proposed: whether its cause is clearly worse, or why it is gone, in words."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from regulars.base.formats import number
from regulars.facts.signal_kinds import COMPETITOR
from regulars.plan.causes import CAUSES
from regulars.plan.causes.birthday import is_another_birthday
from regulars.plan.causes.cause import Figures, Firing, Ground
from regulars.plan.causes.competitor import is_newer_attack
from regulars.plan.causes.figures import iso_day
from regulars.plan.causes.handover import is_next_stage
from regulars.plan.causes.issue import is_another_issue
from regulars.plan.causes.key_plan import is_another_line
from regulars.plan.causes.live_orders import KEYS as ABOUT_LIVE_ORDERS
from regulars.plan.causes.live_orders import is_another_order
from regulars.plan.causes.opportunity import is_another_late_step
from regulars.plan.causes.play import is_another_step
from regulars.plan.causes.promise import is_another_promise
from regulars.plan.causes.relations import is_another_gap
from regulars.plan.causes.review import is_another_stage
from regulars.plan.causes.thanks import is_another_recommendation
from regulars.plan.standing import Standing, is_lost


def is_clearly_worse(*, cause: str, before: Figures, stake_before: float, firing: Firing) -> bool:
    """Is there more reason now than when the action was done or dismissed?

    Half as much again at stake, the next stage of the first weeks, another attack of a competitor.
    """
    if cause == "first_weeks":
        return bool(firing.figures["stage"] > before.get("stage", 0))
    if cause == "handover" and is_next_stage(before, firing):
        return True
    if cause == "promise" and is_another_promise(before, firing):
        return True
    if cause == "play" and is_another_step(before, firing):
        return True
    if cause == "opportunity" and is_another_late_step(before, firing):
        return True
    if cause == "issue" and is_another_issue(before, firing):
        return True
    if cause == "competitor" and is_newer_attack(before, firing):
        return True
    if cause == "review" and is_another_stage(before, firing):
        return True
    if cause == "relations" and is_another_gap(before, firing):
        return True
    if cause == "key_plan" and is_another_line(before, firing):
        return True
    if cause == "birthday" and is_another_birthday(before, firing):
        return True
    if cause in ABOUT_LIVE_ORDERS and is_another_order(before, firing):
        return True
    if cause == "thanks" and is_another_recommendation(before, firing):
        return True
    return firing.stake >= 1.5 * stake_before


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
    if cause == "handover":
        return {"key": "handed_over"}
    if cause == "lost":
        return {"key": "loss_settled"}
    if cause == "play":
        return {"key": "step_settled"}
    if cause == "promise":
        return {"key": "promise_settled"}
    if cause in {"relations", "key_plan", "dossier", "birthday", "referral", "thanks", "after_sale"}:
        return {"key": f"{cause}_settled"}
    if cause in ABOUT_LIVE_ORDERS:
        return {"key": f"{cause}_settled"}
    if cause == "review":
        return {"key": "review_settled"}
    if cause == "opportunity":
        return {"key": "step_taken"}
    if cause == "issue":
        return {"key": "issue_settled"}
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
        "handed_over": lambda: _("The hand-over was accepted, discarded, or looked at."),
        "loss_settled": lambda: _("It was won back or parted from, or was lost long ago."),
        "issue_settled": lambda: _("The problem was solved, or waits for something."),
        "step_taken": lambda: _("The step was taken, put off, or the opportunity was decided."),
        "relations_settled": lambda: _("The relation was widened, or it is a key account no longer."),
        "key_plan_settled": lambda: _("It was done, or another day was set."),
        "dossier_settled": lambda: _("It was asked again and noted, or it is a key account no longer."),
        "unpaid_settled": lambda: _("It was paid, or somebody follows it up."),
        "abandoned_order_settled": lambda: _("It was ordered or closed, or somebody follows it up."),
        "late_order_settled": lambda: _("It was delivered, or the customer was told."),
        "birthday_settled": lambda: _("The day has passed."),
        "referral_settled": lambda: _("They were asked, or this is not the moment any more."),
        "after_sale_settled": lambda: _("Somebody spoke with them, or the sale is long ago."),
        "thanks_settled": lambda: _("They were thanked."),
        "promise_settled": lambda: _("The promise was settled, or another day was agreed."),
        "review_settled": lambda: _("The review was held, moved or cancelled, or the customer was invited."),
        "step_settled": lambda: _("The step was settled, or its playbook has ended."),
        "step_elsewhere": lambda: _("The step stands with another proposal about the same account."),
        "no_attack": lambda: _("What was seen of the competitor was withdrawn, or is long ago."),
        "outranked": lambda: _("Others became more important; it comes back when it matters more."),
        "merged": lambda: _("Its account was merged into one that has the same action."),
        "not_so_any_more": lambda: _("The cause is gone."),
    }
    return sentences[closed["key"]]()
