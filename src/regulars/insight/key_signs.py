"""The five signs of a key account, each with the sentence that explains it (mission E10).

A large share of the sales, potential, reputation, innovator, demanding: `docs/methods/key-accounts.md`. All are told in
as many queries however many accounts there are; what nobody has entered is unknown, and no sign.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from django.core.cache import cache
from django.db.models import Count, Max, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import day, money, number, percent
from regulars.base.models import Member, Organisation
from regulars.base.organisation import zone
from regulars.core.innovators import innovators
from regulars.core.money import from_minor
from regulars.facts.models import Account, Issue, Signal, ToldSign, WalletEstimate
from regulars.facts.told_signs import standing_signs
from regulars.facts.wallet_estimates import standing_wallets
from regulars.insight.dependence import require_whole_firm
from regulars.insight.key_account_signs import KEPT_SECONDS, LARGE_SHARE, Book, Of, Part, book, large_shares
from regulars.insight.models import Score
from regulars.insight.new_products import first_purchases

if TYPE_CHECKING:
    from regulars.core.innovators import Earliness

SMALL_SHARE_OF_WALLET: Final = 0.5
"""Who buys less than this part of it from us *buys little here*."""
DEMANDING_TIMES: Final = 4
"""Problems told within 12 months from which a customer is demanding, if it buys on."""
BUYS_ON: Final = 0.8
"""Of the sales of the 12 months before."""
LEAST_CUSTOMERS: Final = 40
"""Of a department or a manager, before the first 2.5 % of them are anybody in particular."""
YEAR: Final = timedelta(days=365)
ESTIMATED: Final = ("account_id", "yearly_minor", "currency", "source", "estimated_on")


class Sign(StrEnum):
    SHARE = "share"
    POTENTIAL = "potential"
    REPUTATION = "reputation"
    INNOVATOR = "innovator"
    DEMANDING = "demanding"


SIGNS: Final[dict[Sign, str | Promise]] = {
    Sign.SHARE: gettext_lazy("large share of sales"),
    Sign.POTENTIAL: gettext_lazy("potential"),
    Sign.REPUTATION: gettext_lazy("reputation"),
    Sign.INNOVATOR: gettext_lazy("innovator"),
    Sign.DEMANDING: gettext_lazy("demanding"),
}


class KeySign(NamedTuple):
    """One sign that an account shows, and the sentence that explains it."""

    sign: Sign
    said: Callable[[], str]
    """Thousands may show one, and few are read: each is put into words only then."""
    of: Of = Of.FIRM
    """Of the firm, of a department, of what one of ours looks after."""
    name: str = ""
    """Of the department or the member."""
    told: ToldSign | None = None
    """Where somebody said so; None: computed."""

    @property
    def sentence(self) -> str:
        return self.said()

    @property
    def label(self) -> str | Promise:
        return SIGNS[self.sign]


def key_signs(*, on: date, member: Member | None, of: Book | None = None) -> dict[int, list[KeySign]]:
    """The signs of every account that shows one, by account.

    Those that are nothing but innovators last; before that most different signs first, then the largest sales.
    """
    require_whole_firm(member)
    of = of or book()
    found = _found(of, on, member)
    merged = set(Account.objects.filter(merged_into__isnull=False).values_list("pk", flat=True))
    ranked = sorted(
        (*_rank(signs), -sales, account)
        for (account, signs), sales in zip(found.items(), of.ranks_of(found), strict=True)
        if account not in merged
    )
    return {account: found[account] for _alone, _different, _sales, account in ranked}


def key_signs_of(account: Account, *, on: date, member: Member | None) -> list[KeySign]:
    """Those of one account, the same as among all."""
    require_whole_firm(member)
    if account.merged_into_id is not None:
        return []
    return _found(book(), on, member, account).get(account.pk, [])


def _found(of: Book, on: date, member: Member | None, one: Account | None = None) -> dict[int, list[KeySign]]:
    """By account; where one is given, those of others may be missing."""
    found: dict[int, list[KeySign]] = defaultdict(list)
    for account, shares in large_shares(member=member, of=of).items():
        found[account] += [
            KeySign(sign=Sign.SHARE, said=partial(getattr, share, "sentence"), of=share.of, name=share.name)
            for share in shares
        ]
    for some in (_potential(of, on, one), _told(one), _innovators(of, on, one), _demanding(on, one)):
        for account, sign in some:
            found[account].append(sign)
    return found


def is_serious(signs: Iterable[KeySign]) -> bool:
    """Would a manager of its own pay? Not for being an innovator alone: one customer in forty is one."""
    return any(one.sign != Sign.INNOVATOR for one in signs)


def _rank(signs: Sequence[KeySign]) -> tuple[bool, int]:
    different = {one.sign for one in signs}
    return different == {Sign.INNOVATOR}, -len(different)


# Potential


def _potential(of: Book, on: date, one: Account | None) -> list[tuple[int, KeySign]]:
    """Who buys less than half of its wallet here, and for more elsewhere than a tenth of the sales of somebody."""
    return [(found.account, _potential_sign(found, of)) for found in _elsewhere(of, on, one)]


class Elsewhere(NamedTuple):
    """An account that buys elsewhere for more than a tenth of the sales of this part."""

    account: int
    part: Part
    here: float
    elsewhere: float
    currency: str
    source: str
    estimated_on: date


def _elsewhere(of: Book, on: date, one: Account | None) -> list[Elsewhere]:
    """Those of all accounts are kept for some minutes, while no estimate comes, goes or changes."""
    if one is not None:
        return _read_elsewhere(of, on, one)
    count, newest = WalletEstimate.objects.aggregate(count=Count("pk"), newest=Max("updated_at")).values()
    told = f"{of.key}:{on.isoformat()}:{count}:{newest and newest.isoformat()}"
    key = f"potential:{hashlib.sha256(told.encode()).hexdigest()}"
    found: list[Elsewhere] | None = cache.get(key)
    if found is None:
        found = _read_elsewhere(of, on, None)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _read_elsewhere(of: Book, on: date, one: Account | None) -> list[Elsewhere]:
    columns = ("account__parent_id", "account__department_id", "account__owner_id", "account__score__sales_12m")
    rows = standing_wallets(on=on, of=one).values_list(*ESTIMATED, *columns)
    latest = {row[0]: row for row in rows}
    found = []
    for account in sorted(latest):
        _account, minor, currency, source, estimated_on, parent, department, owner, own = latest[account]
        wallet = float(from_minor(minor, currency))
        here = own or 0.0
        if not parent and (with_subsidiaries := of.sales_of(account)) is not None:
            here = with_subsidiaries
        elsewhere = wallet - here
        if here >= SMALL_SHARE_OF_WALLET * wallet:
            continue
        for part in of.parts_of(department, owner):
            whole = of.whole(part)
            if whole > 0 and elsewhere > LARGE_SHARE * whole:
                found.append(Elsewhere(account, part, here, elsewhere, currency, source, estimated_on))
    return found


def _potential_sign(found: Elsewhere, of: Book) -> KeySign:
    said = partial(_potential_sentence, found, of)
    return KeySign(sign=Sign.POTENTIAL, said=said, of=found.part[0], name=of.names[found.part])


def _potential_sentence(found: Elsewhere, of: Book) -> str:
    texts = {
        Of.FIRM: _(
            "It buys for %(here)s here and for about %(elsewhere)s elsewhere, which is %(share)s of all our sales "
            "(%(source)s, %(day)s)."
        ),
        Of.DEPARTMENT: _(
            "It buys for %(here)s here and for about %(elsewhere)s elsewhere, which is %(share)s of the sales of the "
            "department %(name)s (%(source)s, %(day)s)."
        ),
        Of.MANAGER: _(
            "It buys for %(here)s here and for about %(elsewhere)s elsewhere, which is %(share)s of the sales that "
            "%(name)s looks after (%(source)s, %(day)s)."
        ),
    }
    return texts[found.part[0]] % {
        "here": money(found.here, found.currency),
        "elsewhere": money(found.elsewhere, found.currency),
        "share": percent(found.elsewhere / of.whole(found.part), digits=0),
        "name": of.names[found.part],
        "source": found.source.rstrip("."),
        "day": day(found.estimated_on),
    }


# Told by somebody


def _told(one: Account | None) -> list[tuple[int, KeySign]]:
    return [(told.account_id, told_sign(told)) for told in standing_signs(accounts=None if one is None else [one.pk])]


def told_sign(one: ToldSign) -> KeySign:
    """What somebody said, as a sign with its sentence."""
    return KeySign(sign=Sign(one.sign), said=partial(_told_sentence, one), told=one)


def _told_sentence(one: ToldSign) -> str:
    words = {"reason": one.reason.rstrip("."), "day": day(one.told_on), "name": one.member.name if one.member else ""}
    return (_("%(reason)s (%(name)s, %(day)s).") if one.member else _("%(reason)s (%(day)s).")) % words


# Innovators


def _innovators(of: Book, on: date, one: Account | None) -> list[tuple[int, KeySign]]:
    """The earliest 2.5 % of the customers of the firm, and of each department and member with enough of them."""
    early = first_purchases(on=on).earliness()
    if not early.accounts.size:
        return []
    parts = of.names if one is None else of.parts_of(one.department_id, one.owner_id)
    found: list[tuple[int, KeySign]] = []
    known: set[int] = set()
    for part in sorted(parts, key=lambda part: (list(Of).index(part[0]), part[1])):
        accounts = of.customers.of_part(part)
        if accounts.size < LEAST_CUSTOMERS and part[0] != Of.FIRM:
            continue
        among = np.isin(early.accounts, accounts)
        for place in np.flatnonzero(innovators(early, of_customers=accounts.size, among=among)):
            account = int(early.accounts[place])
            if account not in known:  # who is one of the whole firm need not be told to be one of a part
                known.add(account)
                said = partial(_innovator_sentence, early, int(place), of.names[part], part[0])
                found.append((account, KeySign(sign=Sign.INNOVATOR, said=said, of=part[0], name=of.names[part])))
    return found


def _innovator_sentence(early: Earliness, place: int, name: str, of: Of) -> str:
    bought, first = int(early.products[place]), int(early.early[place])
    said = ngettext(
        "Of the %(bought)s new product it bought within two years, it was among the first fifth of buyers of "
        "%(first)s.",
        "Of the %(bought)s new products it bought within two years, it was among the first fifth of buyers of "
        "%(first)s.",
        bought,
    ) % {"bought": number(bought), "first": number(first)}
    if of == Of.FIRM:
        return said
    among = (
        _("It is among the first of the department %(name)s.")
        if of == Of.DEPARTMENT
        else _("It is among the first of those %(name)s looks after.")
    )
    return f"{said} {among % {'name': name}}"


# Demanding


def _demanding(on: date, one: Account | None) -> list[tuple[int, KeySign]]:
    """Who told several problems within a year and buys on."""
    since = datetime.combine(on - YEAR, time(), tzinfo=zone(Organisation.objects.first()))
    about = Q() if one is None else Q(account=one)
    issues = Issue.objects.filter(about, opened_at__gt=since).order_by()
    noted = Signal.objects.filter(
        about, kind__in=("complaint", "reopened_issue"), source_uid=None, withdrawn_at=None,
        observed_on__gt=on - YEAR, observed_on__lte=on,
    ).order_by()  # fmt: skip
    some = _telling_often(issues, noted)
    times = Counter(dict(_times(noted.filter(account__in=some))))
    back: dict[int, int] = {}
    reopened = Count("pk", filter=Q(times_reopened__gt=0))
    for account, count, came_back in _times(issues.filter(account__in=some)).annotate(b=reopened):
        times[account] += count
        back[account] = came_back
    many = [account for account, count in times.items() if count >= DEMANDING_TIMES]
    scores = Score.objects.filter(account__in=many, sales_12m__gt=0)
    found = []
    for account, now, before in scores.order_by("account_id").values_list(
        "account_id", "sales_12m", "sales_previous_12m"
    ):
        if now >= BUYS_ON * (before or 0.0):
            said = partial(_demanding_sentence, times[account], back.get(account, 0))
            found.append((account, KeySign(sign=Sign.DEMANDING, said=said)))
    return found


def _times(told: QuerySet[Any]) -> Any:
    """By account, how many of these there are."""
    return told.values_list("account_id").annotate(n=Count("pk"))


def _telling_often(*ways: QuerySet[Any]) -> list[int]:
    """Accounts that may have told of enough problems, in all of these ways together.

    Who has told enough has told half of it in one of two ways; the many who told of a problem once are not read.
    """
    half = -(-DEMANDING_TIMES // len(ways))
    often = [dict(_times(way).filter(n__gte=half)) for way in ways]
    accounts = set().union(*often)
    return [one for one in accounts if sum(told.get(one, half - 1) for told in often) >= DEMANDING_TIMES]


def _demanding_sentence(times: int, back: int) -> str:
    said = ngettext(
        "It told us of %(count)s problem within 12 months and buys on.",
        "It told us of %(count)s problems within 12 months and buys on.",
        times,
    ) % {"count": number(times)}
    if not back:
        return said
    again = ngettext("%(count)s of them came back.", "%(count)s of them came back.", back) % {"count": number(back)}
    return f"{said} {again}"
