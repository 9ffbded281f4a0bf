"""What the firm says of itself so that dependence can be computed: fixed costs, margin, suppliers, who bears what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import require_account
from regulars.facts.models import Account
from regulars.insight.models import AccountElasticity, DependenceAssumptions, SupplierTerms

USUAL_ELASTICITY: Final = 1.0
"""Where the firm says nothing: one percent more costs one customer in a hundred. A documented guess, shown as one."""
MOST_ELASTICITY: Final = 20.0
MOST_TIERS: Final = 12


class WrongTerms(Refusal):
    """Costs, suppliers or elasticities cannot be like this."""


@dataclass(frozen=True, kw_only=True)
class Tier:
    """From so much a year at list prices on, in minor units, the discount is so much."""

    from_minor: int
    discount_bps: int


def assumptions() -> DependenceAssumptions:
    """What the firm said; a record that is not stored where it has said nothing yet."""
    return DependenceAssumptions.objects.order_by("pk").first() or DependenceAssumptions()


@transaction.atomic
def set_assumptions(
    *, fixed_costs_minor: int | None, margin_share: float | None, elasticity: float | None, member: Member | None
) -> DependenceAssumptions:
    """Say what the firm's fixed costs, usual margin and usual loss of customers are; None: it is not known."""
    require(member, Permission.CONFIGURE)
    if fixed_costs_minor is not None and fixed_costs_minor < 0:
        raise WrongTerms(_("Costs cannot be negative."), _("Give what you pay a year however much you sell."))
    if margin_share is not None and not 0 < margin_share < 1:
        raise WrongTerms(_("A margin cannot be like this."), _("Give a share of sales between 0 and 100 %."))
    if elasticity is not None:
        _refuse_wrong_elasticity(elasticity)
    said = DependenceAssumptions.objects.select_for_update().order_by("pk").first() or DependenceAssumptions()
    with audited(said, verb="set_dependence_assumptions", member=member):
        said.fixed_costs_minor, said.margin_share, said.elasticity = fixed_costs_minor, margin_share, elasticity
        said.save()
    return said


@transaction.atomic
def record_supplier(
    *, name: str, share: float, tiers: Sequence[Tier], member: Member | None, supplier: SupplierTerms | None = None
) -> SupplierTerms:
    """Note what share of goods comes from a supplier and what discounts it gives; with `supplier`, correct that one."""
    require(member, Permission.CONFIGURE)
    name = name.strip()
    others = SupplierTerms.objects.select_for_update()
    if supplier is not None:
        others = others.exclude(pk=supplier.pk)
    _refuse_wrong_supplier(name, share, list(others))
    ascending = sorted(tiers, key=lambda tier: tier.from_minor)
    _refuse_wrong_tiers(ascending)
    made = SupplierTerms.objects.get(pk=supplier.pk) if supplier else SupplierTerms()
    with audited(made, verb="record_supplier", member=member):
        made.name, made.share = name, share
        made.tiers = [{"from_minor": tier.from_minor, "discount_bps": tier.discount_bps} for tier in ascending]
        made.save()
    return made


@transaction.atomic
def remove_supplier(*, supplier: SupplierTerms, member: Member | None) -> None:
    """Forget a supplier; what comes from it counts as bought without discounts."""
    require(member, Permission.CONFIGURE)
    with audited(supplier, verb="remove_supplier", member=member):
        supplier.delete()


@transaction.atomic
def set_elasticity(
    *, account: Account, elasticity: float | None, member: Member | None, reason: str = ""
) -> AccountElasticity | None:
    """Say how an account takes a rise of prices; None: as is usual."""
    require_account(account, member=member)
    account = account.merged_into or account
    said = AccountElasticity.objects.select_for_update().filter(account=account).first()
    if elasticity is None:
        if said is not None:
            with audited(said, verb="set_elasticity", member=member):
                said.delete()
        return None
    _refuse_wrong_elasticity(elasticity)
    said = said or AccountElasticity(account=account)
    with audited(said, verb="set_elasticity", member=member):
        said.elasticity, said.reason = elasticity, reason.strip()[:300]
        said.save()
    return said


def _refuse_wrong_elasticity(elasticity: float) -> None:
    if not 0 <= elasticity <= MOST_ELASTICITY:
        raise WrongTerms(
            _("That cannot be how customers take a rise of prices."),
            _("Give a number from 0 (nobody minds) to %(most)s.") % {"most": int(MOST_ELASTICITY)},
        )


def _refuse_wrong_supplier(name: str, share: float, others: list[SupplierTerms]) -> None:
    if not name:
        raise WrongTerms(_("The supplier has no name."), _("Give its name."))
    if any(other.name.casefold() == name.casefold() for other in others):
        raise WrongTerms(_("This supplier is there already."), _("Change the one that is there."))
    if not 0 < share <= 1:
        raise WrongTerms(_("That cannot be its share of what you buy."), _("Give more than 0 and at most 100 %."))
    if share + sum(other.share for other in others) > 1 + 1e-9:
        raise WrongTerms(
            _("The suppliers together would be more than all that you buy."), _("Lower the share of one of them.")
        )


def _refuse_wrong_tiers(ascending: list[Tier]) -> None:
    if not ascending or len(ascending) > MOST_TIERS:
        raise WrongTerms(
            _("Discounts are missing, or too many."),
            _("Give one to %(most)s, each with the yearly volume it begins at.") % {"most": MOST_TIERS},
        )
    for before, tier in zip([None, *ascending], ascending, strict=False):
        if tier.from_minor < 0 or not 0 < tier.discount_bps < 10_000:
            raise WrongTerms(_("A discount cannot be like this."), _("Give more than 0 and less than 100 %."))
        if before and (tier.from_minor == before.from_minor or tier.discount_bps <= before.discount_bps):
            raise WrongTerms(
                _("The discounts do not rise with the volume."), _("A larger volume must give a larger discount.")
            )
