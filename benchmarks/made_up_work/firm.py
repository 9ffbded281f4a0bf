"""What made-up records are made of: chance, accounts, members, days; and how they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import Model, QuerySet
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

COUNTS: Final = {
    "contacts": 60_000,
    "sites": 20_000,
    "interactions": 300_000,
    "issues": 20_000,
    "promises": 30_000,
    "signals": 60_000,
    "opportunities": 5_000,
    "reviews": 20_000,
    "plays": 12_500,
    "key_accounts": 200,
    "leads": 10_000,
    "win_backs": 2_000,
    "handovers": 3_000,
    "supplies": 20_000,
    "goals": 5_000,
    "proofs": 2_000,
    "projects": 500,
    "facts": 6_000,
    "changes": 200_000,
}
MEMBERS: Final = 30
SKEW: Final = 2.5
"""How much more happens with large customers: place u ** SKEW of all, by sales."""
WORDS: Final = (
    "called",
    "about",
    "prices",
    "order",
    "delivery",
    "of",
    "paper",
    "wants",
    "offer",
    "samples",
    "new",
    "plant",
)


class Firm:
    """What the records are made of: chance, the accounts by sales, the members, the day of the figures."""

    def __init__(self, seed: int) -> None:
        from regulars.base.models import Member
        from regulars.facts.models import Account
        from regulars.insight.models import Snapshot

        self.chance = np.random.default_rng(seed)
        self.day = Snapshot.objects.get(current=True).as_of
        rows = (
            Account.objects.filter(merged_into=None).order_by("-score__sales_12m", "pk").values_list("pk", "owner_id")
        )
        found = np.array([(account, owner or 0) for account, owner in rows], np.int64)
        self.accounts, self.owners = found[:, 0], found[:, 1]
        self.members = np.array(Member.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True))
        self.service = np.array(Member.objects.filter(role="service").order_by("pk").values_list("pk", flat=True))

    def places(self, count: int, *, once: bool = False) -> Numbers:
        """Places among the accounts, large ones more often; `once`: each at most once, so a few less than asked for."""
        found = (len(self.accounts) * self.chance.random(count) ** SKEW).astype(np.int64)
        return np.unique(found) if once else found

    def free(self, count: int, taken: QuerySet[Any]) -> Numbers:
        """So many different places, without accounts that the night has such a record of already."""
        places = self.chance.permutation(self.places(count * 2, once=True))
        busy = np.array(list(taken.values_list("account_id", flat=True)), np.int64)
        return places[~np.isin(self.accounts[places], busy)][:count]

    def some(
        self, values: Sequence[Any] | NDArray[Any], count: int, weights: Sequence[float] | None = None
    ) -> NDArray[Any]:
        likely = None if weights is None else np.array(weights) / sum(weights)
        return self.chance.choice(np.array(values), count, p=likely)

    def days(self, ago: Numbers) -> pa.Array:
        """Days before that of the figures; negative ones lie ahead."""
        return pa.array(np.datetime64(self.day) - ago.astype("timedelta64[D]"), pa.date32())

    def times(self, ago: Numbers) -> pa.Array:
        """Moments of those days, in working hours."""
        minutes = self.chance.integers(8 * 60, 17 * 60, len(ago))
        moments = np.datetime64(self.day, "us") - ago.astype("timedelta64[D]") + minutes.astype("timedelta64[m]")
        return pa.array(moments, pa.timestamp("us", tz="UTC"))

    def text(self, count: int, words: int = 6) -> list[str]:
        return [" ".join(row) for row in self.chance.choice(WORDS, (count, words))]

    def between(self, low: int, high: int, count: int) -> Numbers:
        return self.chance.integers(low, high, count)


def where(condition: NDArray[np.bool_], values: pa.Array | Sequence[Any]) -> pa.Array:
    """The values where the condition holds, else nothing."""
    column = values if isinstance(values, pa.Array) else pa.array(values)
    return pc.if_else(pa.array(condition), column, pa.scalar(None, column.type))


def insert(model: type[Model], **columns: Any) -> Numbers:
    """Add rows; their ids, in their sequence. A column is an array, or one value for all."""
    from django.db.models import Max

    from regulars.base.bulk_load import insert_rows

    rows = max(len(column) for column in columns.values() if not isinstance(column, str | int | float))
    first = (model._base_manager.aggregate(last=Max("pk"))["last"] or 0) + 1
    ids = np.arange(first, first + rows)
    whole = {
        name: [column] * rows if isinstance(column, str | int | float) else column for name, column in columns.items()
    }
    insert_rows(model, pa.table({"id": ids, **whole}))
    return ids


def people() -> None:
    """Members of all roles beside those who are there, who share the accounts."""
    from regulars.base.models import Member, Team
    from regulars.facts.models import Account

    teams = list(Team.objects.order_by("pk"))
    password = Member.objects.order_by("pk")[0].password
    roles = ["service"] * 5 + ["marketer", "analyst"] + ["new_business_seller"] * 4 + ["account_manager"] * 30
    for number in range(Member.objects.count(), MEMBERS):
        role = roles[number - 10]
        team = None if role in {"marketer", "analyst"} else teams[number % len(teams)]
        Member.objects.create(
            email=f"user{number}@bench.example", name=f"User {number}", role=role, team=team, password=password
        )
    owners = list(Member.objects.filter(role__in=["account_manager", "new_business_seller"]).order_by("pk"))
    for place, one in enumerate(owners):
        Account.objects.extra(where=["facts_account.id %% %s = %s"], params=[len(owners), place]).update(
            owner=one, team=one.team
        )
