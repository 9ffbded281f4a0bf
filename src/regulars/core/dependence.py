"""How much a firm depends on few customers, and what follows if one of them leaves (mission E14).

In words, with sources: `docs/methods/dependence.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

# Shares


class Level(IntEnum):
    """How much a firm depends on one customer, by its share of sales."""

    NONE = 0
    WIDEN = 1
    """Widen the base."""
    WIDEN_SOON = 2
    ALARM = 3
    CRITICAL = 4
    SOLE = 5
    """There is no other customer."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The shares of sales at which the levels begin; alarm and critical begin above theirs."""

    widen: float = 0.20
    widen_soon: float = 0.30
    alarm: float = 0.40
    critical: float = 0.50


def level_of(share: float | None, limits: Limits, *, customers: int) -> Level:
    """The level of a customer with this share of sales; unknown is none. `customers`: those with sales at all."""
    if share is None or share <= 0:
        return Level.NONE
    if customers == 1:
        return Level.SOLE
    if share > limits.critical:
        return Level.CRITICAL
    if share > limits.alarm:
        return Level.ALARM
    if share >= limits.widen_soon:
        return Level.WIDEN_SOON
    return Level.WIDEN if share >= limits.widen else Level.NONE


def heads_of(accounts: NDArray[np.int64], roots: Mapping[int, int]) -> NDArray[np.int64]:
    """For each account the head of its group, which is itself where it has none."""
    return np.array([roots.get(int(one), int(one)) for one in accounts], np.int64)


def rolled_up(heads: NDArray[np.int64], *figures: Vector) -> tuple[NDArray[np.int64], tuple[Vector, ...]]:
    """The heads, each once in ascending order, and each figure summed over what belongs to them."""
    once, places = np.unique(heads, return_inverse=True)
    return once, tuple(np.bincount(places, one, minlength=once.size).astype(np.float64) for one in figures)


def largest_shares(sales: Vector, counts: Sequence[int] = (1, 3, 5)) -> list[float]:
    """The share of sales that the largest so many customers bring together; 0 where there are no sales."""
    largest_first = np.sort(np.clip(sales, 0.0, None))[::-1]
    whole = float(largest_first.sum())
    return [float(largest_first[:count].sum()) / whole if whole > 0 else 0.0 for count in counts]


def herfindahl(sales: Vector) -> float:
    """The sum of the squared shares: 1/n for n equal customers, 1 for a sole one, 0 without sales."""
    bought = np.clip(sales, 0.0, None)
    whole = float(bought.sum())
    return float(((bought / whole) ** 2).sum()) if whole > 0 else 0.0


# What a firm buys


@dataclass(frozen=True, kw_only=True)
class Supplier:
    """A supplier whose discount depends on what is bought in a year."""

    name: str
    share: float
    """Of all that the firm pays for goods."""
    tiers: tuple[tuple[float, float], ...]
    """(volume at list prices from which on, discount as a share), by rising volume."""

    def discount(self, volume: Vector) -> Vector:
        """The discount on so much a year at list prices."""
        if not self.tiers:
            return np.zeros_like(volume)
        starts = np.array([start for start, _discount in self.tiers])
        discounts = np.array([0.0, *(discount for _start, discount in self.tiers)])
        found: Vector = discounts[np.searchsorted(starts, volume, side="right")]
        return found

    def list_volume(self, paid: float) -> float:
        """What was bought at list prices when so much was paid: in the highest tier in which that holds together."""
        for start, discount in reversed(self.tiers):
            volume = paid / (1.0 - discount)
            if volume >= start:
                return volume
        return paid


def bill_of(goods: float, suppliers: Sequence[Supplier]) -> Callable[[Vector], Vector]:
    """What is paid for a part of the goods of today, by what today's price of that part is.

    `goods`: what is paid for all of them. With less volume, discounts are lost, and the rest costs more.
    """
    volumes = [one.list_volume(goods * one.share) for one in suppliers]
    plain = goods * (1.0 - sum(one.share for one in suppliers))

    def bill(part: Vector) -> Vector:
        rest = part / goods if goods > 0 else np.zeros_like(part)
        paid: Vector = rest * plain
        for one, volume in zip(suppliers, volumes, strict=True):
            bought = rest * volume
            paid = paid + bought * (1.0 - one.discount(bought))
        return paid

    return bill


# What if it leaves


class Goal(StrEnum):
    """What prices are raised for after a customer has left."""

    COVER_COSTS = "cover_costs"
    """Margins must cover the fixed costs, as far as they did."""
    KEEP_PROFIT = "keep_profit"
    """Margins must be what they were."""


@dataclass(frozen=True, kw_only=True)
class Customers:
    """The customers of a firm, groups as one; one entry each. Money a year, in units."""

    keys: NDArray[np.int64]
    sales: Vector
    goods: Vector
    """What the firm pays for what they buy."""
    elasticity: Vector
    """By how many percent a customer's chance to stay falls when prices rise by one percent."""
    entered: NDArray[np.bool_]
    """Was the elasticity entered for this customer? Else it is the default, of which less is known."""

    def without(self, key: int) -> Customers:
        stays = self.keys != key
        return Customers(**{name: getattr(self, name)[stays] for name in self.__dataclass_fields__})


@dataclass(frozen=True, kw_only=True)
class Round:
    """One round: so much is missing, prices rise, and some customers leave because of it."""

    missing: float
    """What margins fall short of what is needed, at the prices before."""
    discounts_lost: float
    """What goods cost more than at today's discounts."""
    rise: float
    """Of prices, against the round before."""
    price: float
    """Of prices, against today: 0.1 is 10 % more."""
    price_low: float
    price_high: float
    leaving: float
    """Customers expected to leave because of it."""
    sales_leaving: float
    """What they buy a year, at today's prices."""
    sales: float
    """What those who stay buy a year, at today's prices."""


class Lever(StrEnum):
    """What could be done instead of raising prices."""

    COSTS = "costs"
    SALES = "sales"
    BUYING = "buying"


@dataclass(frozen=True, kw_only=True)
class Softener:
    """How much of something would make any rise of prices needless, and what half of it would do."""

    lever: Lever
    amount: float
    """Money a year for costs and sales; a share of what goods cost for buying."""
    price_with_half: float | None
    """The rise of prices that is left; None: costs cannot be covered even so."""


@dataclass(frozen=True, kw_only=True)
class Departure:
    """What follows if a customer leaves. Money a year, in units of the base currency."""

    goal: Goal
    sales_lost: float
    margin_lost: float
    discounts_lost: float
    """At once, before anybody else leaves."""
    margin_before: float
    fixed_costs: float | None
    uncovered: float | None
    """Fixed costs that margins do not cover once it has left; None: fixed costs are not known."""
    rounds: list[Round]
    """Empty: prices need not rise."""
    settles: bool
    """False: no rise of prices up to `MOST_PRICE` covers what is needed."""
    chance_to_fail: float
    """Share of the samples in which it does not settle."""
    left: float
    """Customers expected to leave after it, in all."""
    left_low: float
    left_high: float
    sales_left: float
    """Yearly sales lost after it, at today's prices."""
    sales_left_low: float
    sales_left_high: float
    next_to_leave: list[tuple[int, float, float]]
    """(customer, chance to leave, expected loss of yearly sales), the largest loss first."""
    softeners: list[Softener]

    @property
    def price(self) -> float:
        """The rise of prices in the end, or as far as it was followed."""
        return self.rounds[-1].price if self.rounds else 0.0


STEP: Final = 0.0005
"""A rise of prices below this (0.05 %) counts as none: so it ends after some 2,000 rounds at most."""
MOST_PRICE: Final = 1.0
"""Nobody pays twice as much: there the firm cannot cover its costs."""
DRAWS: Final = 400
DEFAULT_SPREAD: Final = 0.5
"""Standard deviation of the logarithm of the default elasticity: nine times of ten within a factor of 2.3."""
TOLD_APART: Final = 400
"""So many customers, the largest, are drawn one by one; the many small ones leave in proportion."""
LOW, HIGH = 0.05, 0.95


def departure(
    customers: Customers,
    leaver: int,
    *,
    fixed_costs: float | None,
    suppliers: Sequence[Supplier] = (),
    goal: Goal,
    seed: int = 14,
) -> Departure:
    """What follows, round by round, if `leaver` leaves and the firm raises the prices of the others to reach `goal`.

    A customer with elasticity e stays with chance (1 + rise)^-e, the rise being that of prices against today. The rise
    of each round is what covers the gap if nobody leaves; then some do. Bounds are from samples of who leaves.
    """
    assert goal == Goal.KEEP_PROFIT or fixed_costs is not None, "what are the fixed costs?"
    firm = _Firm.of(customers, leaver, fixed_costs=fixed_costs, suppliers=suppliers, goal=goal)
    path = firm.expected()
    drawn = firm.drawn(np.random.default_rng(seed), len(path.prices))
    final = path.prices[-1]
    chances = 1.0 - (1.0 + final) ** -firm.others.elasticity
    losses = chances * firm.others.sales
    at = customers.keys == leaver
    margin_lost = float((customers.sales - customers.goods)[at].sum())
    margin_left = float(firm.others.sales.sum()) - float(firm.bill(np.array([firm.others.goods.sum()]))[0])
    return Departure(
        goal=goal,
        sales_lost=float(customers.sales[at].sum()),
        margin_lost=margin_lost,
        discounts_lost=firm.discounts_lost(float(firm.others.goods.sum())),
        margin_before=firm.margin_before,
        fixed_costs=fixed_costs,
        uncovered=None if fixed_costs is None else max(0.0, fixed_costs - margin_left),
        rounds=firm.told(path, drawn),
        settles=path.settles,
        chance_to_fail=drawn.failed,
        left=float(chances.sum()),
        left_low=drawn.left[0],
        left_high=drawn.left[1],
        sales_left=float(losses.sum()),
        sales_left_low=drawn.sales_left[0],
        sales_left_high=drawn.sales_left[1],
        next_to_leave=[
            (int(firm.others.keys[one]), float(chances[one]), float(losses[one]))
            for one in np.argsort(-losses, kind="stable")[:10]
            if losses[one] > 0
        ],
        softeners=list(firm.softeners()),
    )


@dataclass(frozen=True)
class _Path:
    """Rises of prices against today after each round; the first is 0: nobody has been asked for more yet."""

    prices: list[float]
    settles: bool


@dataclass(frozen=True)
class _Drawn:
    """What the samples say."""

    prices: list[tuple[float, float]]  # after each round: low, high
    failed: float
    left: tuple[float, float]
    sales_left: tuple[float, float]


@dataclass(frozen=True)
class _Firm:
    """The firm without the leaver."""

    others: Customers
    bill: Callable[[Vector], Vector]
    needed: float  # margin
    margin_before: float

    @classmethod
    def of(
        cls,
        customers: Customers,
        leaver: int,
        *,
        fixed_costs: float | None,
        suppliers: Sequence[Supplier],
        goal: Goal,
    ) -> _Firm:
        goods = float(customers.goods.sum())
        margin = float(customers.sales.sum()) - goods
        needed = margin if goal == Goal.KEEP_PROFIT or fixed_costs is None else min(margin, fixed_costs)
        return cls(customers.without(leaver), bill_of(goods, suppliers), needed, margin)

    def discounts_lost(self, goods: float) -> float:
        return max(0.0, float(self.bill(np.array([goods]))[0]) - goods)

    def missing(self, sales: Vector, goods: Vector, price: Vector, saved: float = 0.0) -> Vector:
        """What margins fall short of what is needed."""
        return self.needed - saved + self.bill(goods) - sales * (1.0 + price)

    def stay(self, price: Vector) -> tuple[Vector, Vector]:
        """Expected sales and goods at such a rise of prices, at today's prices."""
        weights = (1.0 + price[:, None]) ** -self.others.elasticity
        return weights @ self.others.sales, weights @ self.others.goods

    def expected(self, *, saved: float = 0.0, new_sales: float = 0.0, cheaper: float = 0.0) -> _Path:
        """The rounds as they are expected; with costs saved, sales of new customers, or cheaper goods."""
        new_goods = new_sales * self._goods_share()

        def stay(price: Vector) -> tuple[Vector, Vector]:
            sales, goods = self.stay(price)
            return sales + new_sales, goods + new_goods

        prices, fails = self._rounds(stay, draws=1, saved=saved, cheaper=cheaper)
        return _Path([float(one[0]) for one in prices], not fails[0])

    def _rounds(
        self,
        stay: Callable[[Vector], tuple[Vector, Vector]],
        *,
        draws: int,
        saved: float = 0.0,
        cheaper: float = 0.0,
    ) -> tuple[list[Vector], NDArray[np.bool_]]:
        price, fails = np.zeros(draws), np.zeros(draws, bool)
        prices = [price]
        while True:
            sales, goods = stay(price)
            needed = self.needed - saved + self.bill(goods) * (1.0 - cheaper)
            with np.errstate(divide="ignore", invalid="ignore"):
                wanted = np.where(sales > 0, needed / sales - 1.0, np.where(needed > 0, np.inf, 0.0))
            fails = fails | (wanted > MOST_PRICE)
            moves = (wanted > price + STEP) & (price < MOST_PRICE)
            if not moves.any():
                return prices, fails
            price = np.where(moves, np.minimum(wanted, MOST_PRICE), price)
            prices.append(price)

    def drawn(self, rng: np.random.Generator, rounds: int) -> _Drawn:
        """The same with customers who stay or leave, and with a default elasticity that is but a guess."""
        one_by_one, rest = self._parted()
        guess = np.exp(rng.normal(0.0, DEFAULT_SPREAD, DRAWS))
        elasticity = np.where(one_by_one.entered, one_by_one.elasticity, one_by_one.elasticity * guess[:, None])
        patience = rng.exponential(size=(DRAWS, one_by_one.keys.size))
        rest_elasticity = float(rest.elasticity.mean()) * guess if rest.keys.size else np.zeros(DRAWS)
        rest_sales, rest_goods = float(rest.sales.sum()), float(rest.goods.sum())

        def staying(price: Vector) -> tuple[NDArray[np.bool_], Vector]:
            rises = np.log1p(price)
            return elasticity * rises[:, None] <= patience, np.exp(-rest_elasticity * rises)

        def stay(price: Vector) -> tuple[Vector, Vector]:
            stays, part = staying(price)
            return stays @ one_by_one.sales + part * rest_sales, stays @ one_by_one.goods + part * rest_goods

        prices, fails = self._rounds(stay, draws=DRAWS)
        stays, part = staying(prices[-1])
        left = (~stays).sum(axis=1) + (1.0 - part) * rest.keys.size
        sales_left = (~stays) @ one_by_one.sales + (1.0 - part) * rest_sales
        after = [prices[min(number, len(prices) - 1)] for number in range(rounds)]
        after[-1] = prices[-1]
        return _Drawn([_bounds(one) for one in after], float(fails.mean()), _bounds(left), _bounds(sales_left))

    def _parted(self) -> tuple[Customers, Customers]:
        """Those to draw one by one - the largest, and all whose elasticity was entered - and the others."""
        apart = self.others.entered.copy()
        apart[np.argsort(-self.others.sales, kind="stable")[:TOLD_APART]] = True
        names = self.others.__dataclass_fields__
        one_by_one, rest = (
            Customers(**{name: getattr(self.others, name)[which] for name in names}) for which in (apart, ~apart)
        )
        return one_by_one, rest

    def told(self, path: _Path, drawn: _Drawn) -> list[Round]:
        prices = np.array(path.prices)
        sales, goods = self.stay(prices)
        missing = self.missing(sales, goods, prices)
        counts = ((1.0 + prices[:, None]) ** -self.others.elasticity).sum(axis=1)
        return [
            Round(
                missing=float(missing[at - 1]),
                discounts_lost=self.discounts_lost(float(goods[at - 1])),
                rise=float((1.0 + prices[at]) / (1.0 + prices[at - 1]) - 1.0),
                price=float(prices[at]),
                price_low=drawn.prices[at][0],
                price_high=drawn.prices[at][1],
                leaving=float(counts[at - 1] - counts[at]),
                sales_leaving=float(sales[at - 1] - sales[at]),
                sales=float(sales[at]),
            )
            for at in range(1, len(prices))
        ]

    # What would soften it

    def softeners(self) -> list[Softener]:
        """How much of each lever makes a rise of prices needless; nothing where none is needed."""
        sales, goods = np.array([self.others.sales.sum()]), np.array([self.others.goods.sum()])
        missing = float(self.missing(sales, goods, np.zeros(1))[0])
        if missing <= 0 or sales[0] <= 0:
            return []
        found = [
            Softener(lever=Lever.COSTS, amount=missing, price_with_half=_left_of(self.expected(saved=missing / 2)))
        ]
        new_sales = self._new_sales(float(sales[0]), float(goods[0]))
        if new_sales is not None:
            half = _left_of(self.expected(new_sales=new_sales / 2))
            found.append(Softener(lever=Lever.SALES, amount=new_sales, price_with_half=half))
        paid = float(self.bill(goods)[0])
        if 0 < missing < paid:
            half = _left_of(self.expected(cheaper=missing / paid / 2))
            found.append(Softener(lever=Lever.BUYING, amount=missing / paid, price_with_half=half))
        return found

    def _goods_share(self) -> float:
        sales = float(self.others.sales.sum())
        return float(self.others.goods.sum()) / sales if sales > 0 else 0.0

    def _new_sales(self, sales: float, goods: float) -> float | None:
        """Yearly sales of new customers, with the average margin, that are enough; None: no amount is."""
        share = self._goods_share()

        def misses(new: float) -> bool:
            price = np.zeros(1)
            return bool(self.missing(np.array([sales + new]), np.array([goods + new * share]), price)[0] > 1e-9)

        low, high = 0.0, max(sales, 1.0)
        while misses(high):
            high *= 2
            if high > 1000 * max(sales, 1.0):
                return None
        for _step in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if misses(middle) else (low, middle)
        return high


def _left_of(path: _Path) -> float | None:
    return path.prices[-1] if path.settles else None


def _bounds(values: Vector) -> tuple[float, float]:
    low, high = np.quantile(values, [LOW, HIGH])
    return float(low), float(high)
