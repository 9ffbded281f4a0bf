"""Bonuses of key accounts and VIPs: what the firm gives to its best customers, how often, and what that costs (E21).

A bonus is for key accounts, for customers with a tag (VIPs, say), or for both. Each customer gets it so many times in a
calendar year; one more needs a reason, which is kept with it. What one cost is kept when it is given, so that later
changes of the bonus change no past.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.formats import number
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account, require_account
from regulars.facts.models import Account, Tag
from regulars.plan.models import Bonus, GivenBonus, KeyAccount
from regulars.plan.seen import seen_with_account

LONGEST_NAME: Final = 100
LONGEST_WORDS: Final = 300
MOST_A_YEAR: Final = 366
DEAREST_MINOR: Final = 10**15


class WrongBonus(Refusal):
    """A bonus cannot be like this, or cannot be given like this."""


class NotEntitled(WrongBonus):
    """The customer is none of those whom the bonus is for."""


class TooManyBonuses(WrongBonus):
    """The customer had it as often as it is given in a year."""


@dataclass(frozen=True, kw_only=True)
class Entitlement:
    """A bonus that a customer may be given, and how often it was given in this calendar year."""

    bonus: Bonus
    given: int

    @property
    def left(self) -> int:
        return max(self.bonus.times_a_year - self.given, 0)


def live_bonuses() -> QuerySet[Bonus]:
    """Those that are given, by name."""
    return Bonus.objects.filter(retired_on=None).select_related("tag").order_by("name", "pk")


def visible_given(member: Member | None) -> QuerySet[GivenBonus]:
    """What was given to the accounts that `member` may see, the newest first; without what was taken back."""
    return visible_noted(member).filter(taken_back_at=None)


def visible_noted(member: Member | None) -> QuerySet[GivenBonus]:
    """The same with what was taken back."""
    seen = GivenBonus.objects.filter(seen_with_account(member))
    return seen.select_related("bonus", "member").order_by("-on", "-pk")


def given_to(account: Account) -> QuerySet[GivenBonus]:
    """What the account was given, the newest first."""
    return visible_given(None).filter(of_account(account))


def entitlements(account: Account, *, on: date) -> list[Entitlement]:
    """Which bonuses the account may be given, by name, with how often it had each in this year."""
    bonuses = list(live_bonuses().filter(_for(account)).distinct())
    counts = dict(_of_year(given_to(account), on).order_by().values_list("bonus").annotate(Count("pk")))
    return [Entitlement(bonus=one, given=counts.get(one.pk, 0)) for one in bonuses]


def costs_of_year(accounts: Iterable[int], *, on: date) -> dict[int, int]:
    """By account, what its bonuses of the calendar year up to its end cost, in minor units; of those that had any."""
    home = Coalesce(F("account__merged_into_id"), F("account_id"))
    given = _of_year(GivenBonus.objects.filter(taken_back_at=None), on).annotate(home=home)
    return dict(given.filter(home__in=list(accounts)).order_by().values_list("home").annotate(Sum("cost_minor")))


@transaction.atomic
def record_bonus(
    *,
    name: str,
    cost_minor: int,
    times_a_year: int,
    for_key_accounts: bool,
    member: Member | None,
    tag: Tag | None = None,
    bonus: Bonus | None = None,
) -> Bonus:
    """Add a bonus, or change `bonus`. Raises `WrongBonus` for one that is for nobody."""
    require(member, Permission.CONFIGURE)
    name = name.strip()
    _refuse_unlikely(name, cost_minor, times_a_year)
    if not for_key_accounts and tag is None:
        raise WrongBonus(_("Nobody would get it."), _("Say for whom it is: key accounts, or customers with a tag."))
    if live_bonuses().filter(name=name).exclude(pk=bonus.pk if bonus else 0).exists():
        raise WrongBonus(_("There is a bonus “%(name)s” already.") % {"name": name}, _("Give it another name."))
    found = Bonus.objects.select_for_update().get(pk=bonus.pk) if bonus else Bonus()
    with audited(found, verb="record_bonus", member=member):
        found.name, found.cost_minor, found.times_a_year = name, cost_minor, times_a_year
        found.for_key_accounts, found.tag = for_key_accounts, tag
        found.save()
    return found


@transaction.atomic
def retire_bonus(*, bonus: Bonus, on: date | None, member: Member | None) -> Bonus:
    """Give it no longer; `on` None: give it again. What was given stays."""
    require(member, Permission.CONFIGURE)
    found = Bonus.objects.select_for_update().get(pk=bonus.pk)
    if on is None and live_bonuses().filter(name=found.name).exclude(pk=found.pk).exists():
        raise WrongBonus(_("There is a bonus “%(name)s” already.") % {"name": found}, _("Rename that one first."))
    with audited(found, verb="retire_bonus", member=member):
        found.retired_on = on
        found.save()
    return found


@transaction.atomic
def give_bonus(
    *,
    bonus: Bonus,
    account: Account,
    on: date,
    today: date,
    member: Member | None,
    said: str = "",
    reason: str = "",
    cost_minor: int | None = None,
) -> GivenBonus:
    """Note that the account was given the bonus. `cost_minor`: where it cost something else than usual.

    Raises `NotEntitled`, and `TooManyBonuses` where it had it as often as its year allows and no `reason` is given.
    """
    require_account(account, member=member)
    home = Account.objects.select_for_update(of=("self",)).get(pk=account.merged_into_id or account.pk)
    if on > today:
        raise WrongBonus(_("That day lies in the future."), _("Note it on the day on which it is given."))
    bonus = Bonus.objects.select_related("tag").get(pk=bonus.pk)  # it may have changed since it was read
    cost = bonus.cost_minor if cost_minor is None else cost_minor
    if not 0 <= cost <= DEAREST_MINOR:
        raise WrongBonus(_("It cannot cost that."), _("Give what it cost, or nothing at all."))
    _refuse_stranger(bonus, home)
    over = _refuse_too_many(bonus, home, on=on, reason=reason)
    made = GivenBonus(
        bonus=bonus,
        account=home,
        on=on,
        member=member,
        cost_minor=cost,
        said=said.strip()[:LONGEST_WORDS],
        reason=reason.strip()[:LONGEST_WORDS] if over else "",
    )
    with audited(made, verb="give_bonus", member=member, account_id=home.pk):
        made.save()
    return made


@transaction.atomic
def take_back_bonus(*, given: GivenBonus, member: Member | None) -> GivenBonus:
    """It was noted by mistake, or the customer gave it back: it counts no more."""
    require(member, Permission.WRITE)
    found = GivenBonus.objects.select_for_update(of=("self",)).select_related("account", "bonus").get(pk=given.pk)
    if not visible_given(member).filter(pk=found.pk).exists():
        raise WrongBonus(_("This was taken back, or is not yours."), _("There is nothing left to do."))
    with audited(found, verb="take_back_bonus", member=member, account_id=found.account_id):
        found.taken_back_at = timezone.now()
        found.save()
    return found


def _for(account: Account) -> Q:
    """The condition that a bonus is for this account."""
    tagged = Q(tag__in=Tag.objects.filter(accounts=account))
    is_key = KeyAccount.objects.filter(of_account(account), until=None).exists()
    return tagged | Q(for_key_accounts=True) if is_key else tagged


def _of_year(given: QuerySet[GivenBonus], on: date) -> QuerySet[GivenBonus]:
    return given.filter(on__gte=date(on.year, 1, 1), on__lte=date(on.year, 12, 31))


def _refuse_stranger(bonus: Bonus, account: Account) -> None:
    if bonus.retired_on is not None:
        raise WrongBonus(_("“%(name)s” is not given any more.") % {"name": bonus}, _("Choose another."))
    if not live_bonuses().filter(_for(account), pk=bonus.pk).exists():
        who: Sequence[str] = [
            *([_("key accounts")] if bonus.for_key_accounts else []),
            *([_("customers with the tag “%(tag)s”") % {"tag": bonus.tag}] if bonus.tag else []),
        ]
        raise NotEntitled(
            _("%(account)s is not among those who get “%(name)s”.") % {"account": account, "name": bonus},
            _("It is for: %(who)s.") % {"who": ", ".join(who)},
        )


def _refuse_too_many(bonus: Bonus, account: Account, *, on: date, reason: str) -> bool:
    """Whether this is one more than its number a year."""
    had = _of_year(given_to(account).filter(bonus=bonus), on).count()
    if had < bonus.times_a_year:
        return False
    if not reason.strip():
        said = {"count": number(had), "account": account, "name": bonus, "year": str(on.year)}
        raise TooManyBonuses(
            ngettext(
                "%(account)s had “%(name)s” %(count)s time in %(year)s: that is its number.",
                "%(account)s had “%(name)s” %(count)s times in %(year)s: that is its number.",
                had,
            )
            % said,
            _("Say why it gets one more, or choose another."),
        )
    return True


def _refuse_unlikely(name: str, cost_minor: int, times_a_year: int) -> None:
    if not 0 < len(name) <= LONGEST_NAME:
        raise WrongBonus(_("The name is missing or too long."), _("Use 1 to 100 letters."))
    if not 0 <= cost_minor <= DEAREST_MINOR:
        raise WrongBonus(_("It cannot cost that."), _("Give what one costs, or nothing at all."))
    if not 1 <= times_a_year <= MOST_A_YEAR:
        raise WrongBonus(_("It cannot be given so often."), _("Give a number from 1 to 366."))
