"""Who should manage which key account: solved as an assignment problem, each proposal explained (E11).

What speaks for a pair is how well the manager knows the account (looks after it, has spoken with it, handled its
orders), the language, the region, and a little that nobody changes hands without need. Nobody gets more than three.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
from django.conf import settings
from django.core.cache import cache
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.access import Permission, require
from regulars.base.formats import number
from regulars.base.models import Member
from regulars.base.warehouse import shared_engine
from regulars.core.assignment import assign
from regulars.core.warmth import Relation, Talk, relations
from regulars.facts.countries import country_code, country_name
from regulars.facts.history import HISTORY
from regulars.facts.models import Account, Contact, Interaction
from regulars.insight.dependence import require_whole_firm
from regulars.insight.key_account_signs import KEPT_SECONDS, Book, book
from regulars.insight.key_signs import KeySign, is_serious, key_signs
from regulars.plan.key_accounts import MOST_A_MANAGER
from regulars.plan.models import KeyAccount
from regulars.plan.people_map import LOOK_BACK

LOOKS_AFTER, SPOKEN, HANDLED, LANGUAGE, REGION, STAYS = 0.25, 0.25, 0.15, 0.15, 0.10, 0.10
"""What each reason adds, if it applies in full; documented in `docs/methods/key-accounts.md`."""
HALF_KNOWN: Final = 4.0
"""So warm a relation counts half of what the warmest could: a visit and a call of these days."""
A_KEY_ACCOUNT_COMES_FIRST: Final = 10.0
"""Where there is not room for all, those appointed go before those proposed."""
NEVER_SPOKEN: Final = Relation()
ORDERS_OF: Final = timedelta(days=730)
MOST_PROPOSED: Final = 12
MANAGERS: Final = (Member.Role.ACCOUNT_MANAGER, Member.Role.SALES_HEAD)


class Fit(NamedTuple):
    """What speaks for one manager and one account. There are thousands of such pairs."""

    looks_after: bool = False
    talks: int = 0
    warmth: float = 0.0
    last_days: int = 0
    order_days: int = 0
    order_days_of_all: int = 0
    language: str = ""
    """The language of both, if it is the same."""
    in_region: int = 0
    accounts: int = 0
    """Customers the manager looks after in all, and of them in the region."""
    region: str = ""
    stays: bool = False

    @property
    def score(self) -> float:
        handled = self.order_days / self.order_days_of_all if self.order_days_of_all else 0.0
        return (
            LOOKS_AFTER * self.looks_after
            + SPOKEN * self.warmth / (self.warmth + HALF_KNOWN)
            + HANDLED * handled
            + LANGUAGE * bool(self.language)
            + REGION * (self.in_region / self.accounts if self.accounts else 0.0)
            + STAYS * self.stays
        )


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """An account and the manager proposed for it, with the reasons."""

    account: Account
    manager: Member | None
    """None: there is no room left."""
    before: Member | None
    """Who manages it now."""
    sentences: tuple[str, ...]
    signs: tuple[KeySign, ...]

    @property
    def changes(self) -> bool:
        return self.manager is not None and (self.before is None or self.before.pk != self.manager.pk)


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Every key account and every account that shows a sign, as far as there is room, and the managers."""

    proposed: tuple[Proposed, ...]
    managers: tuple[Member, ...]
    load: Mapping[int, int]
    """Key accounts of each manager, if all is accepted."""


def propose_assignment(*, on: date, member: Member | None) -> Assignment:
    """The best assignment as of a day. In as many queries however many accounts and managers."""
    require_whole_firm(member)
    require(member, Permission.READ)
    of = book()
    signs = key_signs(on=on, member=member, of=of)
    now = _managed()
    managers = _managers(set(now.values()))
    room = max(len(managers) * MOST_A_MANAGER - len(now), 0)
    fresh = [account for account, some in signs.items() if account not in now and is_serious(some)]
    fresh = fresh[: min(room, MOST_PROPOSED)]
    accounts = [*now, *fresh]
    known = Account.objects.in_bulk(accounts)
    accounts = [one for one in accounts if one in known]
    fits = _fits([known[one] for one in accounts], managers, now, of=of, on=on)
    scores = np.array([[fit.score for fit in row] for row in fits]).reshape(len(accounts), len(managers))
    rank = np.array([A_KEY_ACCOUNT_COMES_FIRST * (one in now) for one in accounts])
    given = assign(scores + rank[:, None] if len(accounts) else scores, [MOST_A_MANAGER] * len(managers))
    by_id = {one.pk: one for one in Member.objects.filter(pk__in=set(now.values()))}
    proposed = [
        Proposed(
            account=known[account],
            manager=None if place is None else managers[place],
            before=by_id.get(now.get(account, 0)),
            sentences=() if place is None else tuple(fit_sentences(fits[row][place], managers[place])),
            signs=tuple(signs.get(account, ())),
        )
        for row, (account, place) in enumerate(zip(accounts, given, strict=True))
    ]
    load = Counter(one.manager.pk for one in proposed if one.manager is not None)
    return Assignment(proposed=tuple(proposed), managers=tuple(managers), load=load)


def _managed() -> dict[int, int]:
    """The manager of every key account, by the account it is today."""
    found = KeyAccount.objects.filter(until=None).order_by("since", "pk")
    rows = found.values_list("account_id", "account__merged_into_id", "manager_id")
    return {merged or account: manager for account, merged, manager in rows}


def _managers(now: set[int]) -> list[Member]:
    """Who can manage key accounts: account managers and heads of sales, and who does so already."""
    active = Member.objects.filter(is_active=True).order_by("name", "pk")
    found = [one for one in active if one.role in MANAGERS or one.pk in now]
    return found or [one for one in active if one.role == Member.Role.OWNER]


def _fits(
    accounts: Sequence[Account], managers: Sequence[Member], now: Mapping[int, int], *, of: Book, on: date
) -> list[list[Fit]]:
    ids = [one.pk for one in accounts]
    spoken = _spoken(ids, on=on)
    handled = _handled(accounts, on=on)
    languages = _languages(accounts)
    owned, regions = _regions(managers, of)
    ours = [(one, one.pk, owned[one.pk]) for one in managers]
    rows = []
    for account in accounts:
        orders: Mapping[str, int] = handled.get(account.pk, {})
        language = languages.get(account.pk, "")
        place, region, all_days = _place(account), _region(account), sum(orders.values())
        key, stays = account.pk, now.get(account.pk)
        row = []
        for manager, pk, looked_after in ours:
            relation = spoken.get((key, pk), NEVER_SPOKEN)
            same = bool(language) and language == manager.language
            row.append(
                Fit(
                    looks_after=account.owner_id == pk,
                    talks=relation.talks,
                    warmth=relation.strength,
                    last_days=relation.last_days,
                    order_days=orders.get(manager.seller_code, 0) if manager.seller_code else 0,
                    order_days_of_all=all_days,
                    language=language if same else "",
                    in_region=regions[pk, place] if place else 0,
                    accounts=looked_after,
                    region=region,
                    stays=stays == pk,
                )
            )
        rows.append(row)
    return rows


def _spoken(accounts: Sequence[int], *, on: date) -> dict[tuple[int, int], Relation]:
    """How warm each of ours is with each account, whoever it was there: the account stands for *theirs*."""
    talks = Interaction.objects.filter(
        account__in=accounts, on__gt=on - LOOK_BACK, on__lte=on, member__isnull=False
    ).exclude(kind=Interaction.Kind.NOTE)
    rows = talks.order_by().values_list("account_id", "member_id", "kind", "on").iterator()
    return relations(Talk(account, member, kind, (on - day).days) for account, member, kind, day in rows if member)


def _handled(accounts: Sequence[Account], *, on: date) -> dict[int, Counter[str]]:
    """Days with orders of each account by the code of the seller, of two years."""
    into = {one.pk: one.pk for one in accounts}
    merged = Account.objects.filter(merged_into__in=list(into)).values_list("pk", "merged_into_id")
    into |= {part: whole for part, whole in merged if whole is not None}
    with shared_engine() as engine:
        rows = engine.rows(
            f"SELECT account_id, coalesce(seller, ''), count(DISTINCT business_date) FROM {HISTORY.relation()} "
            "WHERE account_id IN (SELECT unnest(?::BIGINT[])) AND business_date > ? AND business_date <= ? "
            "AND kind = 'sale' GROUP BY 1, 2",
            [list(into), on - ORDERS_OF, on],
        )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for account, seller, days in rows:
        found[into[account]][seller] += days
    return found


def _languages(accounts: Sequence[Account]) -> dict[int, str]:
    """The language of each account; where it is not known, that of most of its people."""
    unknown = [one.pk for one in accounts if not one.language]
    spoken = Contact.objects.filter(account__in=unknown, active=True).exclude(language="")
    counted = spoken.order_by().values_list("account_id", "language").annotate(n=Count("pk"))
    most = {account: language for account, language, _n in sorted(counted, key=lambda one: (one[2], one[1]))}
    return {one.pk: one.language or most.get(one.pk, "") for one in accounts}


def _regions(managers: Sequence[Member], of: Book) -> tuple[Counter[int], Counter[tuple[int, str]]]:
    """How many customers each manager looks after, in all and by region; kept for some minutes."""
    told = f"{of.key}:{sorted(str(one.uid) for one in managers)}"
    key = f"regions_of_managers:{hashlib.sha256(told.encode()).hexdigest()}"
    found: tuple[Counter[int], Counter[tuple[int, str]]] | None = cache.get(key)
    if found is None:
        found = _counted(managers)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _counted(managers: Sequence[Member]) -> tuple[Counter[int], Counter[tuple[int, str]]]:
    owned = Account.objects.filter(owner__in=[one.pk for one in managers], merged_into=None)
    owned_in_all: Counter[int] = Counter()
    by_region: Counter[tuple[int, str]] = Counter()
    columns = ("owner_id", "region", "country")
    for owner, region, country, count in owned.order_by().values_list(*columns).annotate(n=Count("pk")):
        assert owner is not None, "only owned accounts are asked for"
        owned_in_all[owner] += count
        by_region[owner, region or country_code(country)] += count
    return owned_in_all, by_region


def _region(account: Account) -> str:
    """Where it is, as far as is known: its region, else its country, in the reader's language."""
    return account.region or country_name(account.country)


def _place(account: Account) -> str:
    """The same to compare by: “Österreich” is the same as Austria or AT."""
    return account.region or country_code(account.country)


def fit_sentences(fit: Fit, manager: Member) -> list[str]:
    """What speaks for the manager, in sentences; the strongest reasons first."""
    said = []
    name = {"name": manager.name}
    if fit.looks_after:
        said.append(_("%(name)s looks after it already.") % name)
    if fit.talks:
        text = ngettext(
            "%(name)s spoke with it %(count)s time within two years, last %(days)s days ago.",
            "%(name)s spoke with it %(count)s times within two years, last %(days)s days ago.",
            fit.talks,
        )
        said.append(text % (name | {"count": number(fit.talks), "days": number(fit.last_days)}))
    if fit.order_days:
        text = _("%(name)s handled its orders on %(days)s of %(all)s days within two years.")
        words = {"days": number(fit.order_days), "all": number(fit.order_days_of_all)}
        said.append(text % (name | words))
    if fit.language:
        language = str(dict(settings.LANGUAGES).get(fit.language, fit.language))
        said.append(_("%(name)s speaks its language, %(language)s.") % (name | {"language": language}))
    if fit.in_region:
        text = ngettext(
            "%(name)s looks after %(count)s customer in its region, %(region)s.",
            "%(name)s looks after %(count)s customers in its region, %(region)s.",
            fit.in_region,
        )
        said.append(text % (name | {"count": number(fit.in_region), "region": fit.region}))
    return said or [_("Nobody knows it yet; %(name)s has room.") % name]
