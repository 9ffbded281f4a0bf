"""What matters to a customer when something is wrong, learned while selling; shown before help is offered (D4)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import require_account
from regulars.facts.models import Account, ServiceProfile

LONGEST = 500


class WrongProfile(Refusal):
    """A service profile cannot be described like this."""


def service_profile(account: Account) -> ServiceProfile | None:
    """The profile in force; None, if nobody has said anything yet."""
    return ServiceProfile.objects.filter(account=account).order_by("-pk").first()


def profile_sentences(profile: ServiceProfile | None) -> list[str]:
    """What the profile asks of who helps the customer, in sentences."""
    if profile is None:
        return []
    offers = {
        ServiceProfile.Prefers.REPAIR: _("It prefers repair to replacement: offer repair first."),
        ServiceProfile.Prefers.REPLACEMENT: _("It prefers replacement to repair: offer a new one first."),
        ServiceProfile.Prefers.MONEY_BACK: _("It prefers its money back: offer a credit note first."),
    }
    said = [offers[ServiceProfile.Prefers(profile.prefers)]] if profile.prefers else []
    if profile.cares_about:
        said.append(_("What it cares about: %(what)s") % {"what": profile.cares_about})
    return said


@transaction.atomic
def describe_service(*, account: Account, prefers: str, cares_about: str, member: Member | None) -> ServiceProfile:
    """Say what the customer prefers and cares about; what was said before stays readable in the changes."""
    require_account(account, member=member)
    if prefers not in ServiceProfile.Prefers.values:
        raise WrongProfile(
            _("“%(what)s” is nothing that a customer can prefer.") % {"what": prefers},
            _("Use one of: %(kinds)s.") % {"kinds": ", ".join(one for one in ServiceProfile.Prefers.values if one)},
        )
    made = ServiceProfile(
        account=account.merged_into or account,
        prefers=prefers,
        cares_about=cares_about.strip()[:LONGEST],
        member=member,
    )
    with audited(made, verb="describe_service", member=member):
        made.save()
    return made
