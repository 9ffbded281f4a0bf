"""Who is among the first to buy what is new: innovators, the first 2.5 % (Rogers, *Diffusion of Innovations*, 1962).

Each new product puts its buyers into the sequence of their first purchase. A place in it, from 0 (the last)
to 1 (the first), does not grow with how much somebody buys. An account's earliness is the mean of its places, drawn
towards one half as by `DRAWN` places of nobody in particular, so that one lucky day makes no innovator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

DRAWN: Final = 3.0
LEAST_PRODUCTS: Final = 3
LEAST_BUYERS: Final = 10
"""Of a product, before its sequence says anything."""
EARLY: Final = 0.8
"""A place among the first fifth."""
INNOVATORS: Final = 0.025


@dataclass(frozen=True, kw_only=True)
class Earliness:
    """One entry an account, by its id, ascending."""

    accounts: Ints
    products: Ints
    """New products that it bought."""
    early: Ints
    """Those of them that it was among the first fifth of buyers of."""
    score: NDArray[np.float64]


def earliness(account: Ints, product: Ints, first_day: Ints) -> Earliness:
    """How early each account buys what is new, from its first purchases of new products (one entry each).

    Buyers of the same day share a place. Products with fewer than `LEAST_BUYERS` buyers are left out.
    """
    kept = (
        np.isin(product, np.flatnonzero(np.bincount(product) >= LEAST_BUYERS)) if product.size else product == product
    )
    account, product, first_day = account[kept], product[kept], first_day[kept]
    place = _places(product, first_day)
    accounts, at = np.unique(account, return_inverse=True)
    products = np.bincount(at, minlength=accounts.size)
    total = np.bincount(at, weights=place, minlength=accounts.size)
    return Earliness(
        accounts=accounts,
        products=products,
        early=np.bincount(at, weights=place >= EARLY, minlength=accounts.size).astype(np.int64),
        score=(total + DRAWN / 2) / (products + DRAWN),
    )


def _places(product: Ints, first_day: Ints) -> NDArray[np.float64]:
    """From 0 (last) to 1 (first) within each product; equal days share the mean of their places."""
    from scipy.stats import rankdata

    place = np.zeros(product.size)
    order = np.argsort(product, kind="stable")
    starts = np.flatnonzero(np.diff(product[order], prepend=-1))
    for some in np.split(order, starts[1:]):
        if some.size > 1:
            place[some] = 1 - (rankdata(first_day[some]) - 1) / (some.size - 1)
    return place


def innovators(found: Earliness, *, of_customers: int, among: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """The earliest, at most 2.5 % of so many customers; a mask over `found.accounts`, of those in `among`.

    Only who bought enough new products, and buys them earlier than most, is one. Equals at the end are all left out.
    """
    able = (found.products >= LEAST_PRODUCTS) & (found.score > 0.5)
    if among is not None:
        able &= among
    most = int(np.ceil(INNOVATORS * of_customers))
    scores = np.where(able, found.score, -np.inf)
    if able.sum() <= most:
        return able
    limit = float(np.sort(scores)[::-1][most])  # the first that has no place any more
    chosen: NDArray[np.bool_] = able & (scores > limit)
    return chosen
