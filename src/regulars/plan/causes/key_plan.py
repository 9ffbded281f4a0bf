"""The cause "key_plan": something in the plan of a key account is due, or a visit of one of our executives (E12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import number
from regulars.base.models import Member
from regulars.facts.models import Account, Interaction
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day
from regulars.plan.causes.lost import superior_of
from regulars.plan.causes.relations import HOME, key_managers
from regulars.plan.key_plans import EXECUTIVES
from regulars.plan.models import KeyAccount, KeyPlanEntry
from regulars.plan.standing import Standing, worth_a_year

VISIT = "visit_due"
"""No line of the plan, but the visit that is to be planned."""


@dataclass(frozen=True, kw_only=True)
class Due:
    """What is due first for a key account, and how much more is."""

    kind: str
    text: str
    due_on: date | None
    """None: no executive has ever been there."""
    member_id: int | None
    further: int = 0


def executive_visits(accounts: list[int], *, on: date) -> dict[int, date]:
    """When one of our executives was last there or met it, by account."""
    met = Interaction.objects.filter(
        account__in=accounts,
        kind__in=(Interaction.Kind.VISIT, Interaction.Kind.MEETING),
        member__role__in=EXECUTIVES,
        on__lte=on,
    )
    return dict(met.order_by().values_list("account_id").annotate(last=Max("on")))


def due_visits(accounts: list[int], *, on: date, days: int) -> dict[int, date | None]:
    """Accounts that no executive of ours met for so many days and for which no visit is planned, with the last one."""
    last = executive_visits(accounts, on=on)
    planned = KeyPlanEntry.objects.filter(kind=KeyPlanEntry.Kind.VISIT, state=KeyPlanEntry.State.OPEN)
    has = set(planned.annotate(home=HOME).values_list("home", flat=True))
    late = [one for one in accounts if one not in has and (one not in last or (on - last[one]).days > days)]
    return {one: last.get(one) for one in late}


def due_in_plans(ground: Ground) -> dict[int, Due]:
    """By account: the line that is due first, else the visit of an executive that nobody planned."""
    found: dict[int, Due] = {}
    columns = ("home", "kind", "text", "due_on", "owner_id", "owner__is_active")
    for account, kind, text, due_on, owner, active in _entries(ground).order_by("due_on", "pk").values_list(*columns):
        first = found.get(account)
        if first is None:
            found[account] = Due(kind=kind, text=text, due_on=due_on, member_id=owner if active else None)
        else:
            found[account] = Due(
                kind=first.kind,
                text=first.text,
                due_on=first.due_on,
                member_id=first.member_id,
                further=first.further + 1,
            )
    accounts = [one for one in key_managers() if one not in found]
    visits = due_visits(accounts, on=ground.on, days=ground.thresholds.executive_visit_days)
    if visits:
        leaders = list(Member.objects.filter(is_active=True, role__in=EXECUTIVES).order_by("pk"))
        owners = Account.objects.filter(pk__in=list(visits)).select_related("owner").in_bulk()
        for account, last in visits.items():
            member = superior_of(owners[account].owner, leaders)
            found[account] = Due(kind=VISIT, text="", due_on=last, member_id=member)
    return found


def _entries(ground: Ground) -> QuerySet[Any]:
    until = ground.on + timedelta(days=ground.thresholds.promise_ahead_days)
    due = KeyPlanEntry.objects.filter(state=KeyPlanEntry.State.OPEN, due_on__lte=until)
    return due.exclude(kind=KeyPlanEntry.Kind.GOAL).annotate(home=HOME)


def _candidates(ground: Ground) -> Q:
    key = KeyAccount.objects.filter(until=None).order_by().annotate(home=HOME)
    return Q(pk__in=key.values("home")) | Q(pk__in=_entries(ground).order_by().values("home"))


def _fires(standing: Standing, ground: Ground) -> Firing | None:
    due: Due | None = standing.found.get("key_plan")
    if due is None:
        return None
    return Firing(
        stake=max(worth_a_year(standing), standing.expected_value_365 or 0.0),
        uplift=ground.thresholds.key_plan_uplift,
        figures=figures_of(standing, ground)
        | {
            "kind": due.kind,
            "text": due.text,
            "due": due.due_on.isoformat() if due.due_on else "",
            "days": (ground.on - due.due_on).days if due.due_on else 0,
            "further": due.further,
        },
        member_id=due.member_id,
    )


def is_another_line(before: Figures, firing: Firing) -> bool:
    """Is something else due than when the action was done or dismissed?"""
    now = firing.figures
    if now["kind"] == VISIT:
        return bool(before.get("kind") != VISIT)
    return (now["due"], now["text"]) != (before.get("due"), before.get("text"))


def _sentences(figures: Figures) -> list[str]:
    if figures["kind"] == VISIT:
        if not figures["due"]:
            return [_("It is a key account, and none of our executives has met it yet, as far as it is noted.")]
        said = ngettext(
            "It is a key account, and none of our executives has met it for %(days)s day, since %(day)s.",
            "It is a key account, and none of our executives has met it for %(days)s days, since %(day)s.",
            figures["days"],
        )
        return [said % {"days": number(figures["days"]), "day": iso_day(figures["due"])}]
    words = {"what": figures["text"].rstrip("."), "day": iso_day(figures["due"]), "days": number(figures["days"])}
    if figures["days"] > 0:
        text = ngettext(
            "In its plan: “%(what)s”. It was due %(days)s day ago, on %(day)s.",
            "In its plan: “%(what)s”. It was due %(days)s days ago, on %(day)s.",
            figures["days"],
        )
    else:
        text = _("In its plan: “%(what)s”. It is due on %(day)s.")
    said_all = [text % words]
    if figures["further"]:
        more = ngettext(
            "%(count)s more line of its plan is due.", "%(count)s more lines of its plan are due.", figures["further"]
        )
        said_all.append(more % {"count": number(figures["further"])})
    return said_all


def _advice(figures: Figures) -> str:
    if figures["kind"] in {VISIT, KeyPlanEntry.Kind.VISIT}:
        return _(
            "Visit it in person, together with who manages it. Listen more than you speak, and note it as a visit."
        )
    return _("Do it, and say in the plan what came of it; or give it another day.")


def _opening(figures: Figures) -> str:
    if figures["kind"] in {VISIT, KeyPlanEntry.Kind.VISIT}:
        return _("You are among our most important customers, and I would like to hear from you what we can do better.")
    return _("I call about something we have planned for you.")


CAUSE = Cause(
    key="key_plan",
    name=gettext_lazy("the plan of a key account"),
    when=gettext_lazy(
        "Something planned for a key account is due, or none of our executives has met it for half a year."
    ),
    candidates=_candidates,
    fires=_fires,
    sentences=_sentences,
    advice=_advice,
    opening=_opening,
    quiet_days=14,
    renewed=is_another_line,
    settled=gettext_lazy("It was done, or another day was set."),
    look_up=due_in_plans,
)
