"""To whom a new lead goes: the first rule that fits says among whom, the number of open leads says to which of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypedDict, Unpack

from django.db import transaction
from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.access import ROLES, Permission, require
from regulars.base.audit import audited
from regulars.base.formats import number
from regulars.base.models import Member, Team
from regulars.core.errors import Refusal
from regulars.core.lead_points import fewest_first
from regulars.facts.countries import country_code
from regulars.facts.models import Lead, LeadRoute, LeadStep

LEAD_ROLES: Final = [role for role, rights in ROLES.items() if Permission.WRITE in rights.permissions]


class WrongRoute(Refusal):
    """A rule cannot be made or changed like this."""


class RouteFields(TypedDict, total=False):
    """What a rule says."""

    name: str
    position: int
    kinds: Sequence[str]
    countries: Sequence[str]
    languages: Sequence[str]
    channels: Sequence[str]
    team: Team | None
    member_of_ours: Member | None


@transaction.atomic
def save_route(*, member: Member | None, route: LeadRoute | None = None, **said: Unpack[RouteFields]) -> LeadRoute:
    """Add a rule, or change one. It names a team, one person, or neither: then all sellers of new business."""
    require(member, Permission.MANAGE_LEADS)
    made = LeadRoute() if route is None else LeadRoute.objects.select_for_update().get(pk=route.pk)
    with audited(made, verb="change_lead_route" if route else "add_lead_route", member=member):
        for name, value in said.items():
            setattr(made, "member" if name == "member_of_ours" else name, value)
        made.name = made.name.strip()[:100]
        made.countries = [one.strip() for one in made.countries if one.strip()]
        if not made.name:
            raise WrongRoute(_("The rule has no name."), _("Give it one, for example “Leads from Austria”."))
        if made.team and made.member:
            raise WrongRoute(_("It names a team and a person."), _("Choose one of the two."))
        made.save()
    return made


@transaction.atomic
def remove_route(*, route: LeadRoute, member: Member | None) -> None:
    """Take a rule away. Leads that went by it stay where they are."""
    require(member, Permission.MANAGE_LEADS)
    found = LeadRoute.objects.select_for_update().get(pk=route.pk)
    with audited(found, verb="remove_lead_route", member=member):
        found.delete()


def possible_owners() -> QuerySet[Member]:
    """Who may be given a lead: everyone whose role works with customers."""
    return Member.objects.filter(is_active=True, role__in=LEAD_ROLES).order_by("name", "pk")


def whose_turn(lead: Lead) -> tuple[Member | None, dict[str, Any]]:
    """Who gets the lead, and why, as data for `why_there`."""
    rule = next((one for one in LeadRoute.objects.select_related("team", "member") if _fits(one, lead)), None)
    people = _people_of(rule)
    because: dict[str, Any] = {"rule": rule.name if rule else "", "among": len(people)}
    if not people:
        return None, because | {"because": "nobody"}
    has = dict.fromkeys((one.pk for one in people), 0)
    open_leads = Lead.objects.filter(owner__in=has, state__in=Lead.OPEN).exclude(pk=lead.pk).order_by()
    has |= dict(open_leads.values("owner").annotate(count=Count("pk")).values_list("owner", "count"))
    given = LeadStep.objects.filter(to_member__in=has, taken_back_at=None).order_by()
    last = dict(given.values("to_member").annotate(last=Max("pk")).values_list("to_member", "last"))
    turn = fewest_first(has, last)
    chosen = next(one for one in people if one.pk == turn)
    return chosen, because | {"because": "load" if len(people) > 1 else "only", "open": has[chosen.pk]}


def why_there(lead: Lead) -> str:
    """Why the lead is where it is, in a sentence."""
    routed = lead.routed
    said = {
        "rule": routed.get("rule", ""),
        "member": lead.owner.name if lead.owner else "",
        "by": routed.get("by", ""),
        "among": number(routed.get("among", 0)),
        "count": number(routed.get("open", 0)),
    }
    because = routed.get("because", "")
    if because == "hand":
        if lead.owner is None:
            return _("It is nobody's: %(by)s gave it back.") % said if said["by"] else _("It is nobody's.")
        return _("%(by)s gave it to %(member)s.") % said if said["by"] else ""
    if because == "nobody":
        return _("It is nobody's yet: there was nobody to whom the rules would give it.")
    if because == "no_fit":
        return _("It is nobody's yet: by our criteria it does not fit. Say so, or give it to somebody.")
    if not because or lead.owner is None:
        return ""
    by_rule = _("By the rule “%(rule)s” it went to %(member)s.") if said["rule"] else _("It went to %(member)s.")
    if because == "only":
        return by_rule % said
    load = ngettext(
        "Of %(among)s people, this one had the fewest open leads: %(count)s.",
        "Of %(among)s people, this one had the fewest open leads: %(count)s.",
        routed.get("among", 0),
    )
    return " ".join([by_rule % said, load % said])


def _fits(rule: LeadRoute, lead: Lead) -> bool:
    countries = {country_code(one) for one in rule.countries}
    wanted = (
        (rule.kinds, lead.kind),
        (countries, country_code(lead.country) if lead.country else ""),
        (rule.languages, lead.language),
        (rule.channels, lead.channel),
    )
    return all(value in allowed for allowed, value in wanted if allowed)


def _people_of(rule: LeadRoute | None) -> list[Member]:
    """Sellers of new business; in a team that has none, everyone there who works with customers."""
    everyone = possible_owners()
    if rule is not None and rule.member is not None:
        return list(everyone.filter(pk=rule.member.pk))
    sellers = everyone.filter(role=Member.Role.NEW_BUSINESS_SELLER)
    if rule is None or rule.team is None:
        return list(sellers)
    return list(sellers.filter(team=rule.team)) or list(everyone.filter(team=rule.team))
