"""Causes of actions, for the head of sales when lists are too long, too short or not taken seriously: what counts?"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.formats import number, percent
from regulars.base.models import Organisation
from regulars.base.organisation import change_thresholds
from regulars.base.thresholds import Threshold, Unit, declared_thresholds
from regulars.plan.actions import Acceptance, acceptance
from regulars.plan.causes import CAUSES
from regulars.plan.causes.cause import Cause
from regulars.plan.daily import ask_for_refresh
from regulars.plan.issue_rules import GROUP as ISSUE_THRESHOLDS
from regulars.plan.review_rules import GROUP as REVIEW_THRESHOLDS
from regulars.plan.selling_costs import GROUP as TALK_THRESHOLDS
from regulars.plan.working_hours import GROUP as VISIT_THRESHOLDS
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show, taking_back, typed

PAGE = "settings_causes"
ENOUGH_TO_JUDGE = 10
"""Below so many decisions a share says little."""
MOSTLY_DISMISSED = 0.4
"""Where the share done is likely below this, the page says so."""

GROUPS: dict[str, tuple[str, ...]] = {
    "competitor": ("competitor_uplift",),
    "issue": ("issue_uplift",),
    "unpaid": ("unpaid_days", "follow_up_days", "unpaid_uplift"),
    "abandoned_order": (
        "abandoned_basket_days",
        "abandoned_quote_days",
        "abandoned_most_days",
        "abandoned_order_uplift",
    ),
    "late_order": ("late_ahead_days", "late_order_uplift"),
    "opportunity": ("opportunity_uplift",),
    "review": ("review_notice_days", "review_uplift"),
    "promise": ("promise_ahead_days", "promise_uplift"),
    "referral": ("referral_after_days", "referral_again_days", "referral_uplift"),
    "thanks": ("thanks_uplift",),
    "play": ("plays_per_member", "play_uplift"),
    "handover": (
        "handover_days",
        "handover_new_days",
        "handover_first_check_days",
        "handover_second_check_days",
        "handover_third_check_days",
        "handover_uplift",
    ),
    "dependence": ("widen_share", "widen_soon_share", "alarm_share", "critical_share", "dependence_uplift"),
    "unprotected": ("protected_leader_days", "unprotected_uplift"),
    "gone_silent": (
        "silent_gaps",
        "silent_pause_chance",
        "silent_least_days",
        "gone_silent_uplift",
    ),
    "lost": ("lifetime_silence_days", "lifetime_silence_pauses", "lost_meeting_days", "lost_uplift"),
    "declining": ("least_orders", "declining_share", "declining_uplift"),
    "first_weeks": ("first_weeks_last_day", "first_weeks_history_days", "first_weeks_uplift"),
    "after_sale": (
        "after_sale_days",
        "after_sale_last_day",
        "after_sale_times",
        "after_sale_again_days",
        "after_sale_uplift",
    ),
    "best_without_contact": (
        "contact_days",
        "contact_rank_unknown",
        "best_without_contact_uplift",
        "contact_uplift_unknown",
    ),
    "sharp_growth": ("growth_share", "growth_days_before", "sharp_growth_uplift"),
    "relations": ("relations_uplift",),
    "key_plan": ("executive_visit_days", "key_plan_uplift"),
    "dossier": ("dossier_uplift",),
    "birthday": ("birthday_ahead_days", "birthday_uplift"),
    "list": ("actions_per_day", "digest_size"),
    "worth": ("discount_rate", "value_horizon_months"),
    "issues": (*ISSUE_THRESHOLDS, "issue_open_days"),
    "leads": ("lead_points", "lead_answer_hours"),
    "reviews": REVIEW_THRESHOLDS,
    "opportunity_levels": ("little_means", "much_means", "some_room", "wide_room"),
    "visits": (*VISIT_THRESHOLDS, *TALK_THRESHOLDS),
    "protection": ("vital_share", "raised_risk", "high_risk", "yearly_loss_rate"),
}
"""The thresholds that are set together; those named nowhere here belong to `FIGURES`."""
FIGURES = "figures"
OTHER_GROUPS: dict[str, tuple[str | Promise, str | Promise]] = {
    "list": (gettext_lazy("Length of the list"), gettext_lazy("How much one member is asked to do in a day.")),
    "worth": (
        gettext_lazy("What customers are worth"),
        gettext_lazy("How far ahead their sales are counted, and how much later ones count for."),
    ),
    "issues": (
        gettext_lazy("Issues of customers"),
        gettext_lazy("In which time they are to be solved, and when is worked."),
    ),
    "leads": (
        gettext_lazy("Leads"),
        gettext_lazy("From how many points on a lead fits, and how soon it is to be answered."),
    ),
    "reviews": (
        gettext_lazy("Reviews"),
        gettext_lazy("How often customers are reviewed, and how many reviews fit into a week."),
    ),
    "opportunity_levels": (
        gettext_lazy("Opportunity levels"),
        gettext_lazy("From which means and which room on a customer could buy much more."),
    ),
    "visits": (
        gettext_lazy("Visits"),
        gettext_lazy("What a visit takes and brings, by which the hours of people are divided."),
    ),
    "protection": (
        gettext_lazy("Protection levels"),
        gettext_lazy("From which value and which risk on an account is protected better than others."),
    ),
    FIGURES: (
        gettext_lazy("Who counts as what"),
        gettext_lazy("Who counts as new, as a regular, as one of the largest customers."),
    ),
}
UNITS: dict[Unit, str | Promise] = {
    Unit.DAYS: gettext_lazy("days"),
    Unit.MONTHS: gettext_lazy("months"),
    Unit.SHARE: "%",
    Unit.TIMES: gettext_lazy("times"),
}


def thresholds_of(group: str) -> list[Threshold]:
    """The figures of one group, in the sequence in which they are thought about."""
    by_name = {one.name: one for one in declared_thresholds()}
    if group != FIGURES:
        return [by_name[name] for name in GROUPS[group]]
    elsewhere = {name for names in GROUPS.values() for name in names}
    return [one for one in by_name.values() if one.name not in elsewhere and one.unit != Unit.SWITCH]


class ThresholdForm(forms.Form):
    """Figures of one group; what is left empty has its usual value. Shares are typed per cent."""

    def __init__(self, given: Any, *, thresholds: list[Threshold], organisation: Organisation) -> None:
        own = organisation.thresholds
        initial = {one.name: _as_typed(one, own[one.name]) for one in thresholds if one.name in own}
        super().__init__(given, initial=initial)
        self.thresholds = thresholds
        for one in thresholds:
            self.fields[one.name] = _field(one)

    def rows(self) -> list[tuple[forms.BoundField, str]]:
        """Each field with the word for what it counts."""
        return [(self[one.name], str(UNITS.get(one.unit, ""))) for one in self.thresholds]

    def values(self, said: dict[str, Any]) -> dict[str, Any]:
        """What was typed as the thresholds have it; None is the usual value."""
        return {one.name: _as_kept(one, said[one.name]) for one in self.thresholds}


def _field(one: Threshold) -> forms.Field:
    assert one.least is not None, f"{one.name} has no least value"
    assert one.most is not None, f"{one.name} has no greatest value"
    whole = isinstance(one.default, int)
    values = {"usual": _told(one, one.default), "least": _told(one, one.least), "most": _told(one, one.most)}
    said: dict[str, Any] = {
        "label": capfirst(str(one.meaning)),
        "required": False,
        "min_value": _as_typed(one, one.least),
        "max_value": _as_typed(one, one.most),
        "help_text": _("Usually %(usual)s; from %(least)s to %(most)s.") % values,
        "widget": forms.NumberInput(
            {
                "step": "1" if whole else "any",
                "placeholder": str(_as_typed(one, one.default)),
                "inputmode": "numeric" if whole else "decimal",
            }
        ),
    }
    return forms.IntegerField(**said) if whole else forms.DecimalField(**said)


def _as_typed(one: Threshold, value: float) -> Decimal:
    exact = Decimal(str(value)) * (100 if one.unit == Unit.SHARE else 1)
    return exact.to_integral_value() if exact == exact.to_integral_value() else exact.normalize()


def _as_kept(one: Threshold, said: Decimal | int | None) -> float | int | None:
    if said is None or isinstance(said, int):
        return said
    return float(said / 100 if one.unit == Unit.SHARE else said)


def _told(one: Threshold, value: float) -> str:
    return percent(value, digits=1) if one.unit == Unit.SHARE else number(value, digits=2)


@dataclass(frozen=True, kw_only=True)
class Told:
    """One cause as the page tells it."""

    cause: Cause
    on: bool
    changed: int
    """How many of its figures differ from the usual ones."""
    received: str
    warning: str


@require_safe
def causes(request: HttpRequest) -> HttpResponse:
    """All causes: when they fire, whether they are on, and how members receive what they propose."""
    desk = desk_for(request, PAGE)
    received = {one.cause: one for one in acceptance(member=desk.member)}
    organisation = desk.organisation
    others = [
        {"key": key, "heading": heading, "text": text, "changed": _changed(key, organisation)}
        for key, (heading, text) in OTHER_GROUPS.items()
    ]
    told = [_tell(cause, received[key], organisation) for key, cause in CAUSES.items()]
    return show(request, PAGE, "causes", {"causes": told, "others": others})


def _changed(group: str, organisation: Organisation) -> int:
    return sum(one.of(organisation) != one.default for one in thresholds_of(group))


def _tell(cause: Cause, received: Acceptance, organisation: Organisation) -> Told:
    switches = {one.name: one for one in declared_thresholds()}
    return Told(
        cause=cause,
        on=bool(switches[_switch(cause.key)].of(organisation)),
        changed=_changed(cause.key, organisation),
        received=_received(received),
        warning=_warning(received),
    )


def _switch(key: str) -> str:
    return f"propose_{key}"


def _received(one: Acceptance) -> str:
    if one.rate is None or one.interval is None:
        return ngettext(
            "%(open)s is open; nobody has decided on any yet.",
            "%(open)s are open; nobody has decided on any yet.",
            one.open,
        ) % {"open": number(one.open)}
    low, high = one.interval
    return ngettext(
        "Of %(decided)s decision, %(done)s was to do it: %(rate)s (likely %(low)s to %(high)s). Open: %(open)s.",
        "Of %(decided)s decisions, %(done)s were to do it: %(rate)s (likely %(low)s to %(high)s). Open: %(open)s.",
        one.done + one.not_useful,
    ) % {
        "decided": number(one.done + one.not_useful),
        "done": number(one.done),
        "rate": percent(one.rate, digits=0),
        "low": percent(low, digits=0),
        "high": percent(high, digits=0),
        "open": number(one.open),
    }


def _warning(one: Acceptance) -> str:
    if one.interval is None or one.done + one.not_useful < ENOUGH_TO_JUDGE or one.interval[1] >= MOSTLY_DISMISSED:
        return ""
    return _("Most of these are dismissed. Make its figures stricter, or switch it off.")


@require_POST
def switch(request: HttpRequest, cause: str) -> HttpResponse:
    """Switch a cause on or off. Its open actions close with the next computing of the list."""
    desk = desk_for(request, PAGE)
    if cause not in CAUSES:
        raise Http404
    on = typed(request).get("on") == "yes"
    change_thresholds(member=desk.member, values={_switch(cause): on})
    names = {"cause": capfirst(str(CAUSES[cause].name))}
    text = _("%(cause)s: switched on.") % names if on else _("%(cause)s: switched off.") % names
    undo = f"{request.path}?undo=1&on={'no' if on else 'yes'}"
    show_next(request, Toast(text=text, undo="" if "undo" in request.GET else undo))
    return redirect(PAGE)


@require_http_methods(["GET", "HEAD", "POST"])
def thresholds(request: HttpRequest, cause: str) -> HttpResponse:
    """The figures of one cause, or of another group of thresholds."""
    desk = desk_for(request, PAGE)
    if cause not in CAUSES and cause not in OTHER_GROUPS:
        raise Http404
    given = _given(request)
    form = ThresholdForm(given, thresholds=thresholds_of(cause), organisation=desk.organisation)
    if form.is_bound and carried_out(
        form, lambda said: change_thresholds(member=desk.member, values=form.values(said))
    ):
        undo = taking_back(form, request.path)
        show_next(request, Toast(text=_("Saved. It counts as soon as the list is computed again."), undo=undo))
        return redirect(PAGE)
    heading = capfirst(str(CAUSES[cause].name)) if cause in CAUSES else OTHER_GROUPS[cause][0]
    text = CAUSES[cause].when if cause in CAUSES else OTHER_GROUPS[cause][1]
    context = {"form": form, "heading": heading, "text": text, "back": reverse(PAGE)}
    return show(request, PAGE, "thresholds", context, status=422 if form.errors else 200)


def _given(request: HttpRequest) -> Any:
    """What was typed; nothing at all where everything is to be as usual again."""
    if request.method != "POST":
        return None
    said = typed(request)
    return {} if "usual" in said else said


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Compute figures and lists now, not only in the night."""
    desk = desk_for(request, PAGE)
    ask_for_refresh(member=desk.member)
    show_next(request, Toast(text=_("Figures and lists are computed again as soon as a worker is free.")))
    return redirect("settings_jobs")
