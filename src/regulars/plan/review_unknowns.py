"""What is not known of an account, as questions for its next review: nobody has to think of them.

Each source says what it misses; a new kind of fact adds one here. The order is that in which they are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from regulars.facts.models import Account, AccountGoal, Contact, Signal
from regulars.facts.service_profiles import service_profile
from regulars.facts.signal_kinds import COMPETITOR
from regulars.plan.models import ReviewArea
from regulars.plan.seen import of_account


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Something that is not known. `says` gives the question in the active language."""

    key: str
    area: ReviewArea
    says: Callable[[], str]


def unknowns_of(account: Account) -> list[Unknown]:
    """What is not known of the account, most useful first."""
    return [one for source in SOURCES for one in source(account)]


def _goals(account: Account) -> Iterator[Unknown]:
    live = AccountGoal.objects.filter(of_account(account), state=AccountGoal.State.LIVE)
    if not live.exists():
        yield Unknown(
            key="unknown-goals",
            area=ReviewArea.NEEDS,
            says=lambda: _("What do you want to have reached a year from now?"),
        )


def _competitors(account: Account) -> Iterator[Unknown]:
    heard = Signal.objects.filter(account=account, kind__in=COMPETITOR, withdrawn_at=None)
    if not heard.exists():
        yield Unknown(
            key="unknown-competitor",
            area=ReviewArea.COMPETITORS,
            says=lambda: _("Whom else do you ask when you need something of this kind?"),
        )


def _people(account: Account) -> Iterator[Unknown]:
    """Levels of a firm at which we know nobody; not asked while the level of somebody there is not noted."""
    if account.kind != Account.Kind.FIRM:
        return
    levels = set(account.contacts.filter(active=True).values_list("level", flat=True))
    if Contact.Level.UNKNOWN in levels:
        return
    if not levels & {Contact.Level.OWNER, Contact.Level.EXECUTIVE}:
        yield Unknown(
            key="unknown-level-executive",
            area=ReviewArea.NEEDS,
            says=lambda: _("Who in your house decides about larger plans? We would like to get to know them."),
        )
    if Contact.Level.DAILY_USER not in levels:
        yield Unknown(
            key="unknown-level-daily_user",
            area=ReviewArea.ABOUT_US,
            says=lambda: _("Who works with our products every day? We would like to hear from them, too."),
        )
    if Contact.Level.FINANCE not in levels:
        yield Unknown(
            key="unknown-level-finance",
            area=ReviewArea.ABOUT_US,
            says=lambda: _("Whom may we call when something about an invoice is not clear?"),
        )


def _service(account: Account) -> Iterator[Unknown]:
    if service_profile(account) is None:
        yield Unknown(
            key="unknown-service",
            area=ReviewArea.ABOUT_US,
            says=lambda: _(
                "When something goes wrong, what helps you most: a repair, a replacement, or a credit note?"
            ),
        )


Source = Callable[[Account], Iterator[Unknown]]
SOURCES: list[Source] = [_goals, _competitors, _people, _service]
