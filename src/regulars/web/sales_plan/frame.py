"""What the pages of the plan stand on: who may open them, which plan they are about, how its figures are said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.access import Permission, require
from regulars.base.models import Member
from regulars.core.incentives import Kind
from regulars.core.money import from_minor
from regulars.plan.models import SalesPlan
from regulars.plan.results import SELLERS, sees_plan_of_all
from regulars.plan.targets import plan_of
from regulars.web.desk import Desk, desk_of

KINDS: dict[Kind, str | Promise] = {
    Kind.NEW: gettext_lazy("Won"),
    Kind.KEPT: gettext_lazy("Kept"),
    Kind.GROWN: gettext_lazy("Grown"),
}


@dataclass(frozen=True, kw_only=True)
class Against:
    """A target and what came, in units; `share` is None without a target."""

    label: str
    target: Decimal
    came: Decimal

    @property
    def share(self) -> float | None:
        return float(self.came / self.target) if self.target else None


def has_plan(member: Member) -> bool:
    """Whether there is anything of the plan for the member to see."""
    return sees_plan_of_all(member) or (member.is_active and member.role in SELLERS)


def desk_of_plan(request: HttpRequest) -> Desk:
    """The desk of who asks, if targets are the member's business."""
    desk = desk_of(request)
    if not has_plan(desk.member):
        require(desk.member, Permission.SEE_INCENTIVES)
    return desk


def desk_of_head(request: HttpRequest) -> Desk:
    """The desk of who sees the targets and the pay of all."""
    desk = desk_of(request)
    require(desk.member, Permission.SEE_INCENTIVES)
    return desk


def named_plan(month: str) -> SalesPlan:
    """The plan that begins with a month (2024-01)."""
    try:
        begins = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise Http404 from None
    found = SalesPlan.objects.filter(begins=begins).first()
    if found is None:
        raise Http404
    return found


def chosen_plan(request: HttpRequest, day: date) -> SalesPlan | None:
    """The plan that the page is about: the one asked for, else that of the day, else the latest."""
    asked = request.GET.get("plan", "")
    return named_plan(asked) if asked else plan_of(day) or SalesPlan.objects.order_by("-begins").first()


def visible_person(desk: Desk, uid: Any) -> Member:
    """A colleague whose targets the member may see."""
    people = Member.objects.select_related("team").filter(uid=uid)
    found = (people if sees_plan_of_all(desk.member) else people.filter(pk=desk.member.pk)).first()
    if found is None:
        raise Http404
    return found


def against(targets: Mapping[Kind, int], came: Mapping[Kind, int], currency: str) -> list[Against]:
    """Each kind, and all together, in units."""
    rows = [(str(label), targets[kind], came[kind]) for kind, label in KINDS.items()]
    rows.append((_("All together"), sum(targets.values()), sum(came.values())))
    return [
        Against(label=label, target=from_minor(target, currency), came=from_minor(reached, currency))
        for label, target, reached in rows
    ]
