"""What the causes and the list go by: documented defaults, each of which the firm can change."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Organisation
from regulars.base.thresholds import Unit, declare, threshold
from regulars.core.silence import SilenceRule
from regulars.insight.thresholds import (
    ALARM_SHARE,
    CRITICAL_SHARE,
    LIFETIME_SILENCE_DAYS,
    LIFETIME_SILENCE_PAUSES,
    YEARLY_LOSS_RATE,
)


def _declared(
    default: Any,
    meaning: Promise,
    *,
    least: float | None = None,
    most: float | None = None,
    unit: Unit = Unit.COUNT,
) -> Any:
    return field(default=default, metadata={"meaning": meaning, "least": least, "most": most, "unit": unit})


@dataclass(frozen=True, kw_only=True)
class PlanThresholds:
    """The thresholds of this stage; why they are as they are is in `docs/methods/actions.md`."""

    actions_per_day: int = _declared(7, _("accounts on one member's list of the day"), least=1, most=100)
    digest_size: int = _declared(
        50, _("actions kept per member; what ranks lower is counted, not kept"), least=1, most=1000
    )

    propose_gone_silent: bool = _declared(True, _("propose to call accounts that have gone silent"))
    propose_declining: bool = _declared(True, _("propose to visit accounts that buy less"))
    propose_first_weeks: bool = _declared(True, _("propose to ask new customers how it goes"))
    propose_after_sale: bool = _declared(True, _("propose to ask how it went after notable sales"))
    propose_best_without_contact: bool = _declared(True, _("propose to call the best customers regularly"))
    propose_sharp_growth: bool = _declared(True, _("propose to talk with accounts that grow sharply"))
    propose_dependence: bool = _declared(True, _("propose to widen the base when one customer brings too much"))
    propose_competitor: bool = _declared(True, _("propose to answer competitors who attack good customers"))
    propose_lost: bool = _declared(True, _("propose to the superior to meet customers who were lost lately"))
    propose_handover: bool = _declared(True, _("propose to go on with hand-overs that wait"))
    propose_unprotected: bool = _declared(
        True, _("propose to those who lead to speak with customers of the highest protection")
    )
    propose_promise: bool = _declared(True, _("propose to keep what was promised, in time"))
    propose_opportunity: bool = _declared(True, _("propose to go on with opportunities whose next step is overdue"))
    propose_play: bool = _declared(True, _("propose the steps of playbooks that run"))
    propose_review: bool = _declared(True, _("propose to schedule and hold reviews in time"))
    propose_referral: bool = _declared(True, _("propose to ask for recommendations after proven value"))
    propose_thanks: bool = _declared(True, _("propose to thank customers who recommended us"))
    propose_unpaid: bool = _declared(True, _("propose to call customers who have not paid"))
    propose_abandoned_order: bool = _declared(True, _("propose to ask about quotes and baskets that became no order"))
    propose_late_order: bool = _declared(True, _("propose to tell customers that their order is late"))
    propose_issue: bool = _declared(True, _("propose to call customers whose problem is overdue"))

    silent_gaps: float = _declared(
        2.0, _("silent: at least so many of its typical gaps between orders"), least=1, most=20, unit=Unit.TIMES
    )
    silent_pause_chance: float = _declared(
        0.15, _("silent: at most this chance that one of its pauses is so long"), least=0.001, most=0.5, unit=Unit.SHARE
    )
    silent_least_days: int = _declared(14, _("silent: at least so many days"), least=1, most=365, unit=Unit.DAYS)
    lifetime_silence_days: int = int(LIFETIME_SILENCE_DAYS.default)  # declared by insight: lost is lost everywhere
    lifetime_silence_pauses: float = float(LIFETIME_SILENCE_PAUSES.default)

    least_orders: int = _declared(
        3,
        _("days with an order in 12 months below which nothing is said of decline; twice as many for growth"),
        least=1,
        most=100,
        unit=Unit.DAYS,
    )
    declining_share: float = _declared(
        0.30, _("declining: sales of 12 months fell by this share"), least=0.05, most=0.99, unit=Unit.SHARE
    )
    growth_share: float = _declared(
        0.50, _("growing sharply: sales of 12 months rose by this share"), least=0.05, most=10, unit=Unit.SHARE
    )
    growth_days_before: int = _declared(
        180, _("growing: a customer for so many days of the year before"), least=30, most=365, unit=Unit.DAYS
    )

    first_weeks_last_day: int = _declared(
        45, _("days after the first order at which the first weeks end"), least=5, most=120, unit=Unit.DAYS
    )
    first_weeks_history_days: int = _declared(
        90,
        _("days at the start of the firm's history in which nobody counts as new"),
        least=0,
        most=730,
        unit=Unit.DAYS,
    )

    after_sale_days: int = _declared(
        10, _("days after a sale from which the customer is asked how it went"), least=1, most=180, unit=Unit.DAYS
    )
    after_sale_last_day: int = _declared(
        40, _("days after a sale after which it is too late to ask"), least=2, most=365, unit=Unit.DAYS
    )
    after_sale_times: float = _declared(
        2.0, _("a large order: so many times the usual one of the same customer"), least=1.1, most=20, unit=Unit.TIMES
    )
    after_sale_again_days: int = _declared(
        90, _("days in which the same customer is not asked again"), least=7, most=730, unit=Unit.DAYS
    )
    after_sale_uplift: float = _declared(
        0.03, _("chance that asking how it went keeps a customer"), least=0.0, most=1.0, unit=Unit.SHARE
    )

    contact_days: int = _declared(
        60, _("days after which the best customers are to be spoken to again"), least=7, most=730, unit=Unit.DAYS
    )
    yearly_loss_rate: float = float(YEARLY_LOSS_RATE.default)  # declared by insight, whose protection levels go by it
    contact_rank_unknown: int = _declared(
        10, _("while nobody records contacts, only so many of the largest are proposed"), least=0, most=1000
    )

    gone_silent_uplift: float = _declared(
        0.20, _("chance that a call keeps an account that goes silent"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    declining_uplift: float = _declared(
        0.15, _("chance that a visit brings lost sales back"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    first_weeks_uplift: float = _declared(
        0.05, _("chance that a call makes a new customer stay"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    best_without_contact_uplift: float = _declared(
        0.10,
        _("chance that regular contact prevents the loss of a best customer"),
        least=0.0,
        most=1.0,
        unit=Unit.SHARE,
    )
    contact_uplift_unknown: float = _declared(
        0.02,
        _("the same while nobody records contacts, so that there may have been some"),
        least=0.0,
        most=1.0,
        unit=Unit.SHARE,
    )
    sharp_growth_uplift: float = _declared(
        0.08, _("chance that a talk secures sharp growth"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    alarm_share: float = float(ALARM_SHARE.default)  # these two are declared by insight, too
    critical_share: float = float(CRITICAL_SHARE.default)
    dependence_uplift: float = _declared(
        0.10, _("chance that dealing with dependence now prevents the loss"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    competitor_uplift: float = _declared(
        0.25, _("chance that a quick answer wards a competitor off"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    lost_meeting_days: int = _declared(
        60, _("days after a loss in which a meeting with the superior is proposed"), least=7, most=730, unit=Unit.DAYS
    )
    lost_uplift: float = _declared(
        0.10,
        _("chance that a meeting with the superior wins a lost customer back"),
        least=0.0,
        most=1.0,
        unit=Unit.SHARE,
    )
    handover_days: int = _declared(
        7, _("days within which a hand-over is to be sent, and to be answered"), least=1, most=90, unit=Unit.DAYS
    )
    handover_new_days: int = _declared(
        45,
        _("days after its first order in which a customer is new and is to be handed over"),
        least=1,
        most=365,
        unit=Unit.DAYS,
    )
    handover_first_check_days: int = _declared(
        3, _("days after a hand-over to the first look at how it goes"), least=1, most=365, unit=Unit.DAYS
    )
    handover_second_check_days: int = _declared(
        14, _("days after a hand-over to the second look at how it goes"), least=1, most=365, unit=Unit.DAYS
    )
    handover_third_check_days: int = _declared(
        30, _("days after a hand-over to the third look at how it goes"), least=1, most=365, unit=Unit.DAYS
    )
    handover_uplift: float = _declared(
        0.05, _("chance that a hand-over in time makes a new customer stay"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    promise_ahead_days: int = _declared(
        3, _("days before a promise is due from which it is on the list"), least=0, most=60, unit=Unit.DAYS
    )
    review_notice_days: int = _declared(
        10,
        _("days before a review from which it is on the list, until the customer is invited"),
        least=0,
        most=60,
        unit=Unit.DAYS,
    )
    review_uplift: float = _declared(
        0.06, _("chance that a review held in time keeps or grows a customer"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    issue_uplift: float = _declared(
        0.15, _("chance that an open word about a late solution keeps a customer"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    unpaid_uplift: float = _declared(
        0.25, _("chance that a call brings in what is unpaid"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    abandoned_order_uplift: float = _declared(
        0.15, _("chance that asking makes an order of a quote or basket"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    late_order_uplift: float = _declared(
        0.10, _("chance that an open word about a late order keeps a customer"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    opportunity_uplift: float = _declared(
        0.15, _("chance that the next step in time wins an opportunity"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    referral_after_days: int = _declared(
        30,
        _("days after proven value in which a recommendation may be asked for; nothing went wrong in them"),
        least=3,
        most=180,
        unit=Unit.DAYS,
    )
    referral_again_days: int = _declared(
        180,
        _("days after which a customer may be asked for a recommendation again"),
        least=30,
        most=1095,
        unit=Unit.DAYS,
    )
    referral_uplift: float = _declared(
        0.05,
        _("chance that a recommendation that was asked for brings a customer of the same worth"),
        least=0.0,
        most=1.0,
        unit=Unit.SHARE,
    )
    thanks_uplift: float = _declared(
        0.05, _("chance that a thank-you for a recommendation keeps a customer"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    promise_uplift: float = _declared(
        0.10, _("chance that a promise kept in time keeps a customer"), least=0.0, most=1.0, unit=Unit.SHARE
    )

    play_uplift: float = _declared(
        0.10, _("chance that a step of a playbook changes the outcome"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    plays_per_member: int = _declared(
        15,
        _("playbooks that run at once on the accounts of one member; with more, none starts by itself"),
        least=0,
        most=500,
    )

    propose_relations: bool = _declared(True, _("propose to mend relations to key accounts that hang by a thread"))
    propose_key_plan: bool = _declared(True, _("propose what the plans of key accounts say, and visits of executives"))
    propose_birthday: bool = _declared(True, _("propose to congratulate people who agreed that we keep their birthday"))
    relations_uplift: float = _declared(
        0.05, _("chance that a second relation keeps a key account"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    protected_leader_days: int = _declared(
        90,
        _("days after which somebody who leads speaks again with a customer of the highest protection"),
        least=14,
        most=730,
        unit=Unit.DAYS,
    )
    unprotected_uplift: float = _declared(
        0.05,
        _("chance that a talk with somebody who leads keeps a customer of the highest protection"),
        least=0.0,
        most=1.0,
        unit=Unit.SHARE,
    )
    executive_visit_days: int = _declared(
        180, _("days after which one of our executives is to visit a key account"), least=30, most=1095, unit=Unit.DAYS
    )
    key_plan_uplift: float = _declared(
        0.05, _("chance that the plan of a key account, kept in time, keeps it"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    propose_dossier: bool = _declared(True, _("propose to ask again what the dossiers of key accounts know no longer"))
    dossier_uplift: float = _declared(
        0.01, _("chance that knowing a key account as it is now keeps it"), least=0.0, most=1.0, unit=Unit.SHARE
    )
    birthday_ahead_days: int = _declared(
        3, _("days before a birthday from which it is on the list"), least=0, most=31, unit=Unit.DAYS
    )
    birthday_uplift: float = _declared(
        0.005, _("chance that a few words on a birthday keep a customer"), least=0.0, most=1.0, unit=Unit.SHARE
    )

    @property
    def silence(self) -> SilenceRule:
        """When silence makes a customer a lost one."""
        return SilenceRule(least_days=self.lifetime_silence_days, pauses=self.lifetime_silence_pauses)


for _one in fields(PlanThresholds):
    if _one.metadata:
        declare(_one.name, default=getattr(PlanThresholds, _one.name), **_one.metadata)


def plan_thresholds() -> PlanThresholds:
    """The thresholds in force."""
    organisation = Organisation.objects.order_by("pk").first() or Organisation()
    in_force: dict[str, Any] = {one.name: threshold(one.name, organisation) for one in fields(PlanThresholds)}
    return PlanThresholds(**in_force)
