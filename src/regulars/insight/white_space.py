"""White space: accounts × offerings. Who supplies what, from orders and from what was said; the rest is unknown.

Orders are read, never stored per cell. The newer of the two counts: an order after somebody said "a competitor" makes
it ours again, and what is said after the last order stands until the next one.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from django.core.cache import cache
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from regulars.base.formats import day, money
from regulars.base.models import Member
from regulars.base.warehouse import shared_engine
from regulars.core.calendar import months_before
from regulars.core.money import from_minor
from regulars.facts.accounts import visible_accounts
from regulars.facts.history import HISTORY
from regulars.facts.models import Account, Offering, Site, Supply
from regulars.facts.offerings import mapped_products, offerings
from regulars.insight.snapshots import current_snapshot

BOUGHT_MONTHS: Final = 24
"""What was bought within these months is still bought from us; what was bought before, nobody knows."""
MOST_ROWS: Final = 40
"""Of an account's divisions and places; the largest and the first are shown."""
MANY: Final = 50
"""Of so many accounts the history is read nearly whole, so what was found is kept until it changes."""
KEPT_SECONDS: Final = 3600

Counts = tuple[int, str, bool]
"""An offering by its id, and a category or a code of goods that count as it; true for a category."""
Bought = tuple[int, int, int, date]
"""An account and an offering by their ids, what was sold in 12 months, and when last."""


class State(StrEnum):
    """Who supplies an offering to an account."""

    US = "us"
    COMPETITOR = "competitor"
    IN_HOUSE = "in_house"
    NONE = "none"
    UNKNOWN = "unknown"


STATES: Final[dict[State, str | Promise]] = {
    State.US: gettext_lazy("we sell it"),
    State.COMPETITOR: gettext_lazy("a competitor"),
    State.IN_HOUSE: gettext_lazy("does it itself"),
    State.NONE: gettext_lazy("does not need it"),
    State.UNKNOWN: pgettext_lazy("who supplies it", "unknown"),
}


@dataclass(frozen=True, kw_only=True)
class Sold:
    """What the orders say of an offering at an account. Money counts minor units of the base currency."""

    net_12m_minor: int
    last_bought: date


class Said(NamedTuple):
    """What somebody said about who supplies an offering. A whole record each would take longer than all else here."""

    state: str
    supplier: str
    since: date | None
    until: date | None
    source: str
    said_on: date


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One offering at one account or place. What it rests on is said in `sentence`."""

    offering: Offering
    state: State
    sold: Sold | None = None
    said: Said | None = None
    """What somebody said last, whether or not it counts any more."""

    @property
    def supplier(self) -> str:
        return self.said.supplier if self.said is not None and self.state == State.COMPETITOR else ""

    def sentence(self, currency: str) -> str:
        """Why it is so, in words."""
        if self.said is not None and self.state == self.said.state and not self._sold_counts:
            return _said_sentence(self.said)
        if self.sold is None:
            return _("Nothing is known: no order, and nobody has asked.")
        words = {
            "day": day(self.sold.last_bought),
            "amount": money(from_minor(self.sold.net_12m_minor, currency), currency),
        }
        return _("Last bought from us on %(day)s, %(amount)s in 12 months.") % words

    @property
    def _sold_counts(self) -> bool:
        return self.sold is not None and (self.said is None or self.sold.last_bought > self.said.said_on)


@dataclass(frozen=True, kw_only=True)
class Row:
    """An account, one that belongs to it, or one of its places, with a cell for each offering."""

    account: Account
    cells: Sequence[Cell]
    site: Site | None = None

    @property
    def counts(self) -> dict[State, int]:
        found = dict.fromkeys(State, 0)
        for cell in self.cells:
            found[cell.state] += 1
        return found


def white_space_of(account: Account, *, member: Member | None, as_of: date | None = None) -> list[Row]:
    """The account, the accounts that belong to it, and its places. A fixed number of queries."""
    account = account.merged_into or account
    children = visible_accounts(member).filter(parent=account).order_by("-score__sales_12m", "name", "pk")
    sites = list(account.sites.order_by("name", "pk")[:MOST_ROWS])
    return white_space([account, *children[:MOST_ROWS]], sites=sites, as_of=as_of)


def white_space(accounts: Sequence[Account], *, sites: Iterable[Site] = (), as_of: date | None = None) -> list[Row]:
    """A row for each account, and below it one for each of its `sites`, with a cell for each offering of the firm.

    The accounts are those that the caller may see. Of a place only what was said of it counts: orders do not name it.
    """
    wanted = list(offerings().select_related("better"))
    sold = _sold([one.pk for one in accounts], wanted, as_of=as_of or _day_of_figures())
    said = _newest_said([one.pk for one in accounts])
    rows: list[Row] = []
    of_account: dict[int, list[Site]] = defaultdict(list)
    for site in sites:
        of_account[site.account_id].append(site)
    for account in accounts:
        cells = [_cell(one, sold.get((account.pk, one.pk)), said.get((account.pk, None, one.pk))) for one in wanted]
        rows.append(Row(account=account, cells=cells))
        for site in of_account[account.pk]:
            of_site = [_cell(one, None, said.get((account.pk, site.pk, one.pk))) for one in wanted]
            rows.append(Row(account=account, site=site, cells=of_site))
    return rows


def unknown_offerings(account: Account, *, as_of: date | None = None) -> list[Offering]:
    """The offerings of which nobody knows who supplies them to the account: questions for the next review."""
    account = account.merged_into or account
    return [cell.offering for cell in white_space([account], as_of=as_of)[0].cells if cell.state == State.UNKNOWN]


def _cell(offering: Offering, sold: Sold | None, said: Said | None) -> Cell:
    if said is not None and (sold is None or sold.last_bought <= said.said_on):
        state = State(said.state)
    else:
        state = State.US if sold is not None else State.UNKNOWN
    return Cell(offering=offering, state=state, sold=sold, said=said)


def _said_sentence(said: Said) -> str:
    words = {
        "state": Supply.State(said.state).label,
        "supplier": said.supplier,
        "day": day(said.said_on),
        "since": day(said.since) if said.since else "",
        "until": day(said.until) if said.until else "",
        "source": said.source,
    }
    parts = [_("%(supplier)s supplies it.") % words if said.supplier else ""]
    parts.append(_("Since %(since)s.") % words if said.since else "")
    parts.append(_("The contract ends on %(until)s.") % words if said.until else "")
    parts.append(_("Said on %(day)s: %(source)s.") % words if said.source else _("Said on %(day)s.") % words)
    return " ".join(part for part in parts if part)


def _day_of_figures() -> date | None:
    snapshot = current_snapshot()
    return snapshot.as_of if snapshot is not None else None


def _newest_said(ids: Sequence[int]) -> dict[tuple[int, int | None, int], Said]:
    """What was said last, by account, site and offering. Of a place that was removed nothing counts."""
    standing = Supply.objects.filter(Q(site__isnull=False) | Q(place=""), account__in=ids, withdrawn_at=None)
    rows = standing.order_by("said_on", "pk").values_list("account_id", "site_id", "offering_id", *Said._fields)
    # A later one takes the place of an earlier one.
    newest = {(account, site, offering): said for account, site, offering, *said in rows}
    return {place: Said(*said) for place, said in newest.items()}


def _sold(ids: Sequence[int], wanted: Sequence[Offering], *, as_of: date | None) -> dict[tuple[int, int], Sold]:
    """What each account bought of each offering within the months that count, those merged into it counted in."""
    if not ids or not wanted or as_of is None:
        return {}
    home = _homes(ids)
    mapping = [(pk, key, True) for pk, one in mapped_products(wanted).items() for key in sorted(one.categories)]
    mapping += [(pk, key, False) for pk, one in mapped_products(wanted).items() for key in sorted(one.codes)]
    if not mapping:
        return {}
    rows = (_kept if len(ids) >= MANY else _read)(home, mapping, as_of)
    return {(account, offering): Sold(net_12m_minor=net, last_bought=last) for account, offering, net, last in rows}


def _kept(home: Mapping[int, int], mapping: Sequence[Counts], as_of: date) -> list[Bought]:
    """As `_read`, from the cache unless orders, accounts, offerings or products have changed."""
    asked = (str(HISTORY.path), HISTORY.version_in_force(), as_of, sorted(home.items()), mapping)
    key = "white-space-" + hashlib.sha256(repr(asked).encode()).hexdigest()
    found: list[Bought] | None = cache.get(key)
    if found is None:
        found = _read(home, mapping, as_of)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _read(home: Mapping[int, int], mapping: Sequence[Counts], as_of: date) -> list[Bought]:
    query = (
        "WITH mapping AS (SELECT unnest($1::BIGINT[]) AS offering, unnest($2::VARCHAR[]) AS key, "
        "unnest($3::BOOLEAN[]) AS by_category), "
        "home AS (SELECT unnest($4::BIGINT[]) AS account_id, unnest($5::BIGINT[]) AS home), "
        "bought AS (SELECT home, category, product, "
        "sum(CASE WHEN business_date > $6 THEN net_base_minor ELSE 0 END) AS net, "
        "max(CASE WHEN kind = 'sale' AND net_base_minor > 0 THEN business_date END) AS last "
        f"FROM {HISTORY.relation()} JOIN home USING (account_id) WHERE account_id IN ({_ids(home)}) "
        "AND business_date > $7 AND business_date <= $8 AND kind IN ('sale', 'return') GROUP BY ALL), "
        # UNION, not UNION ALL: what fits by its category and by its code is one sale.
        "hits AS (SELECT offering, bought.* FROM bought JOIN mapping ON by_category AND key = category "
        "UNION SELECT offering, bought.* FROM bought JOIN mapping ON NOT by_category AND key = product) "
        "SELECT home, offering, sum(net)::BIGINT, max(last) FROM hits GROUP BY home, offering "
        "HAVING max(last) IS NOT NULL"
    )
    parameters = [
        *([one[place] for one in mapping] for place in range(3)),
        list(home),
        list(home.values()),
        months_before(as_of, 12),
        months_before(as_of, BOUGHT_MONTHS),
        as_of,
    ]
    with shared_engine() as engine:
        return engine.rows(query, parameters)


def _homes(ids: Sequence[int]) -> dict[int, int]:
    """The account that each id of the order history belongs to now."""
    merged = Account.objects.filter(merged_into__in=ids).values_list("pk", "merged_into_id")
    return {**{one: one for one in ids}, **{pk: home for pk, home in merged if home is not None}}


def _ids(home: Mapping[int, int]) -> str:
    return ", ".join(str(one) for one in home)
