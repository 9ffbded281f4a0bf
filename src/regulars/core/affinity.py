"""What an account does not buy and accounts like it do. Method, sources and limits: docs/methods/affinity.md.

Two views of the same purchases are weighed against each other:

- *items*: EASE (H. Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019, equations 8 and 9): the
  weights B that best reconstruct what accounts bought from the other things they bought, zero diagonal, in closed form
  B = I − P · diagMat(1 ⊘ diag P), P = (XᵀX + λI)⁻¹
- *accounts*: the share of the accounts most like it that buy the item, likeness being the cosine of what they bought,
  each item weighing the less the more accounts have it (J. S. Breese, D. Heckerman, C. Kadie, UAI 1998, section 2.1)

in both, purchases count the less the longer ago they were; and an item counts the more, the larger the part of its
buyers who took it up lately. The score of account a for item i is

    ln s(a, i) = (1 − w) ln(items(a, i) + ε) + w ln(accounts(a, i) + ε) + ½ ln(taken up lately(i) / buyers(i) + ε)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from regulars.core.errors import Refusal
from regulars.core.purchases import YEAR_DAYS, Purchases, day_number

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Vector = NDArray[np.float64]
    Matrix = NDArray[np.float32]
    Places = NDArray[np.int64]

EPSILON = 1e-3
BLOCK_ACCOUNTS = 512
ALIKE_SHOWN = 10
"""Of so many accounts most like one it is said how many buy an item."""
MOST_ASKED, LEAST_BUYERS_ALIKE = 20, 3
"""What buyers spend is taken from the first so many alike, if enough of them bought it; else from all buyers."""
TOLD_APART = 2
"""With fewer items there is nothing to suggest."""


class NothingToSuggest(Refusal):
    """Too few different items or accounts to learn from."""


@dataclass(frozen=True, kw_only=True)
class AffinitySettings:
    """How much what counts. Chosen on earlier cuts of two histories, one of each kind: docs/methods/affinity.md."""

    half_life_days: float | None = 365.0  # of purchases in what is learned about items; None: they count alike
    own_half_life_days: float | None = 180.0  # of the account's own purchases, and of those of accounts like it
    regularisation: float = 8.0  # λ as a multiple of the mean diagonal of XᵀX
    neighbours: int = 40
    sharpness: float = 2.0  # the power of the likeness by which an account alike counts
    accounts_weight: float = 0.5  # w
    lately_days: int = 91
    most_items: int = 4000  # those with most buyers in a year: memory and time grow with the square and the cube
    most_references: int = 20_000  # accounts among which those alike are sought


CANDIDATES = tuple(
    AffinitySettings(regularisation=regularisation, neighbours=neighbours, accounts_weight=weight)
    for regularisation in (2.0, 8.0)
    for neighbours, weight in ((100, 0.3), (40, 0.5), (20, 0.7))
)
"""What a firm's own past chooses among: broad likeness and more weight on items, or close likeness and less on them."""


@dataclass(frozen=True)
class Suggested:
    """Suggestions, best first for each account; arrays of one length.

    `account_at` is a place in the accounts asked for, `item_at` one in the items learned.
    """

    account_at: Places
    item_at: Places
    score: Vector  # logarithm; comparable between accounts
    alike_buying: Places  # of the accounts most like it, how many bought the item within a year
    alike: Places  # of how many: `ALIKE_SHOWN`, fewer where there are not so many
    because_at: Places  # the item it has that speaks most for this one, −1: none
    first_year_sales: Vector  # median of what those who took it up spent on it in their first year, NaN: unknown


class Affinity:
    """Learns from purchases what goes with what, and suggests items to accounts that have not bought them."""

    def __init__(self, settings: AffinitySettings | None = None) -> None:
        self.settings = settings or AffinitySettings()

    def fit(self, past: Purchases, *, as_of: date, together: Matrix | None = None) -> Affinity:
        """Learn from all purchases up to `as_of`.

        `together`: XᵀX over `past.items` if it was counted elsewhere (`bought_together`). Raises `NothingToSuggest`.
        """
        self.items_ = past.items
        self._buyers = np.bincount(past.item_at, minlength=past.items.size)
        self._as_of, self._today = as_of, day_number(as_of)
        self.offered_ = self._offered(past)
        if self.offered_.size < TOLD_APART or past.accounts.size < TOLD_APART:
            raise NothingToSuggest(
                "There are too few different products to tell which go with which.",
                "Import order lines with their product code or category.",
            )
        self._place_offered = np.full(past.items.size, -1)
        self._place_offered[self.offered_] = np.arange(self.offered_.size)
        self.item_weights_ = self._learn_items(past, together)
        self.lately_ = self._taken_up_lately(past)
        self._learn_accounts(past)
        return self

    def suggest(self, asked: Purchases, *, most: int = 20) -> Suggested:
        """The best items for each account of `asked` (over the items that were learned), none that it has bought."""
        parts = [self._suggest_block(block, start, most) for start, block in _blocks(asked)]
        names = list(Suggested.__dataclass_fields__)
        return Suggested(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def best_sellers(self, asked: Purchases, *, most: int = 10) -> Suggested:
        """The items with most buyers that each account has not bought: what any suggestion must beat."""
        buyers = self._buyers[self.offered_].astype(np.float32)
        rows, places = [], []
        for start, block in _blocks(asked):
            own = block.matrix(np.ones(block.account_at.size))[:, self.offered_]
            scores = np.tile(buyers, (block.accounts.size, 1))
            scores[own.nonzero()] = -np.inf
            row, place = _best(scores, most)
            rows.append(start + row)
            places.append(place)
        row, place = np.concatenate(rows), np.concatenate(places)
        none, unknown = np.zeros(row.size, np.int64), np.full(row.size, np.nan)
        return Suggested(row, self.offered_[place], np.log(buyers[place]), none, none, none - 1, unknown)

    # Learning

    def _offered(self, past: Purchases) -> Places:
        """The items that may be suggested: those that somebody bought within a year, at most so many."""
        recent = past.last_day > self._today - YEAR_DAYS
        buyers = np.bincount(past.item_at[recent], minlength=past.items.size)
        ranked = np.argsort(-buyers, kind="stable")[: self.settings.most_items]
        return np.sort(ranked[buyers[ranked] > 0])

    def _learn_items(self, past: Purchases, together: Matrix | None) -> Matrix:
        if together is None:
            weights = past.weights(as_of=self._as_of, half_life_days=self.settings.half_life_days)
            bought = past.matrix(weights)[:, self.offered_]
            gram = (bought.T @ bought).toarray()
        else:
            gram = together[np.ix_(self.offered_, self.offered_)]
        return ease(gram, regularisation=self.settings.regularisation * float(np.diagonal(gram).mean()))

    def _taken_up_lately(self, past: Purchases) -> Vector:
        """The part of an item's buyers who bought it for the first time lately."""
        lately = past.first_day > self._today - self.settings.lately_days
        taken_up = np.bincount(past.item_at[lately], minlength=past.items.size)[self.offered_]
        share: Vector = taken_up / np.maximum(self._buyers[self.offered_], 1)
        return share

    def _learn_accounts(self, past: Purchases) -> None:
        self._rarity = np.log(past.accounts.size / (self._buyers + 1) + 1)
        reference = past.of_accounts(self._chosen_references(past))
        self.references_ = reference.accounts
        self._reference_features = self._features(reference)
        weights = reference.weights(as_of=self._as_of, half_life_days=self.settings.own_half_life_days)
        self._reference_buys = reference.matrix(weights)[:, self.offered_].astype(np.float32)
        place = self._place_offered[reference.item_at]
        order = np.argsort(keys := reference.account_at * self.offered_.size + place, kind="stable")
        order = order[place[order] >= 0]
        self._reference_keys = keys[order]
        self._reference_spent = np.where(
            reference.first_day[order] <= self._today - YEAR_DAYS / 2, reference.first_year_sales[order], np.nan
        )
        self._reference_lately = reference.last_day[order] > self._today - YEAR_DAYS
        self._spent_by_all = self._median_spent(past)

    def _chosen_references(self, past: Purchases) -> NDArray[np.bool_]:
        """All accounts, or as many as are looked through, drawn from those that bought within two years."""
        active = past.last_days() > self._today - 2 * YEAR_DAYS
        places = np.flatnonzero(active if active.sum() > self.settings.neighbours else np.ones(active.size, bool))
        if places.size > self.settings.most_references:
            places = np.random.default_rng(places.size).choice(places, self.settings.most_references, replace=False)
        chosen = np.zeros(past.accounts.size, bool)
        chosen[places] = True
        return chosen

    def _features(self, part: Purchases) -> csr_array:
        """What each account bought, rare items weighing more, as rows of length 1."""
        from scipy.sparse import diags_array

        raw = part.matrix(self._rarity[part.item_at])
        length = np.sqrt(np.asarray(raw.multiply(raw).sum(axis=1)).ravel())
        return (diags_array(1 / np.maximum(length, 1e-12)) @ raw).tocsr().astype(np.float32)

    def _median_spent(self, past: Purchases) -> Vector:
        """What a buyer of each item spends on it in its first year; of buyers whose year is at least half over.

        Of an item too new for that, what its buyers have spent until now.
        """
        old = past.first_day <= self._today - YEAR_DAYS / 2
        has_old = np.bincount(past.item_at[old], minlength=past.items.size) > 0
        known = (old | ~has_old[past.item_at]) & (self._place_offered[past.item_at] >= 0)
        place, spent = self._place_offered[past.item_at[known]], past.first_year_sales[known]
        order = np.lexsort((spent, place))
        place, spent = place[order], spent[order]
        count = np.bincount(place, minlength=self.offered_.size)
        start = np.cumsum(count) - count
        medians = np.full(self.offered_.size, np.nan)
        some = count > 0
        low, high = start + (count - 1) // 2, start + count // 2
        medians[some] = (spent[low[some]] + spent[high[some]]) / 2
        return medians

    # Suggesting

    def _suggest_block(self, block: Purchases, start: int, most: int) -> Suggested:
        weights = block.weights(as_of=self._as_of, half_life_days=self.settings.own_half_life_days)
        own = block.matrix(weights)[:, self.offered_].astype(np.float32).tocsr()
        near, likeness = self._nearest(block)
        scores = self._scores(own, near, likeness)
        scores[own.nonzero()] = -np.inf
        row, place = _best(scores, most)
        buys, spent = self._of_neighbours(near[row, :MOST_ASKED], place)
        shown = min(ALIKE_SHOWN, near.shape[1])
        return Suggested(
            account_at=start + row,
            item_at=self.offered_[place],
            score=scores[row, place].astype(np.float64),
            alike_buying=buys[:, :shown].sum(axis=1),
            alike=np.minimum((likeness[row, :shown] > 0).sum(axis=1), shown),
            because_at=self._because(own, row, place),
            first_year_sales=self._spent(spent, place),
        )

    def _nearest(self, block: Purchases) -> tuple[Places, Matrix]:
        """The accounts most like each of the block, most alike first, and how alike they are (0: not at all)."""
        likeness = (self._features(block) @ self._reference_features.T).toarray()
        itself = np.searchsorted(self.references_, block.accounts)
        itself = np.minimum(itself, self.references_.size - 1)
        rows = np.flatnonzero(self.references_[itself] == block.accounts)
        likeness[rows, itself[rows]] = 0
        count = min(self.settings.neighbours, likeness.shape[1])
        near = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
        found = np.take_along_axis(likeness, near, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        return np.take_along_axis(near, order, axis=1), np.take_along_axis(found, order, axis=1)

    def _scores(self, own: csr_array, near: Places, likeness: Matrix) -> Matrix:
        from scipy.sparse import csr_array

        weight = likeness**self.settings.sharpness
        weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
        rows = np.repeat(np.arange(near.shape[0]), near.shape[1])
        shape = (near.shape[0], self.references_.size)
        among = csr_array((weight.ravel(), (rows, near.ravel())), shape=shape)
        by_accounts = np.log((among @ self._reference_buys).toarray() + EPSILON)
        by_items = np.log(np.maximum(own @ self.item_weights_, 0) + EPSILON)
        mixed: Matrix = by_items + self.settings.accounts_weight * (by_accounts - by_items)
        mixed += (0.5 * np.log(self.lately_ + EPSILON)).astype(np.float32)
        return mixed

    def _of_neighbours(self, near: Places, place: Places) -> tuple[NDArray[np.int64], Vector]:
        """Whether each account alike bought the item within a year, and what it spent on it in its first year."""
        wanted = near * self.offered_.size + place[:, None]
        at = np.minimum(np.searchsorted(self._reference_keys, wanted), self._reference_keys.size - 1)
        has = self._reference_keys[at] == wanted
        return (has & self._reference_lately[at]).astype(np.int64), np.where(has, self._reference_spent[at], np.nan)

    def _spent(self, spent: Vector, place: Places) -> Vector:
        """The median of those alike, or where too few of them know the item, of all."""
        known = np.isfinite(spent).sum(axis=1)
        ordered = np.sort(spent, axis=1)  # unknown ones last
        low, high = np.maximum(known - 1, 0) // 2, known // 2
        high = np.minimum(high, ordered.shape[1] - 1)
        rows = np.arange(place.size)
        medians = (ordered[rows, low] + ordered[rows, high]) / 2
        return np.where(known >= LEAST_BUYERS_ALIKE, medians, self._spent_by_all[place])

    def _because(self, own: csr_array, row: Places, place: Places) -> Places:
        """The item that each account has and that speaks most for each suggested one."""
        because = np.full(row.size, -1)
        bounds = np.searchsorted(row, np.arange(own.shape[0] + 1))
        for at in range(own.shape[0]):
            these = slice(bounds[at], bounds[at + 1])
            has = own.indices[own.indptr[at] : own.indptr[at + 1]]
            if has.size and bounds[at] < bounds[at + 1]:
                weight = own.data[own.indptr[at] : own.indptr[at + 1], None]
                spoken = weight * self.item_weights_[np.ix_(has, place[these])]
                best = spoken.argmax(axis=0)
                speaks = spoken[best, np.arange(best.size)] > 0
                because[these] = np.where(speaks, self.offered_[has[best]], -1)
        return because


def ease(gram: NDArray[np.floating], *, regularisation: float) -> Matrix:
    """Steck's B from XᵀX and λ: zero on the diagonal, in single precision."""
    from scipy.linalg import lapack

    damped = np.array(gram, dtype=np.float32, order="F")
    damped[np.diag_indices_from(damped)] += np.float32(regularisation)
    factor, failed = lapack.spotrf(damped, overwrite_a=True)
    inverse, failed_too = lapack.spotri(factor, overwrite_c=True)
    assert failed == failed_too == 0, "XᵀX + λI is positive definite for λ > 0"
    inverse = np.triu(inverse) + np.triu(inverse, 1).T
    weights: Matrix = -inverse / np.diagonal(inverse)
    np.fill_diagonal(weights, 0)
    return weights


def _blocks(asked: Purchases) -> Iterator[tuple[int, Purchases]]:
    """The accounts asked for, some at a time, so that the scores of a part fit into memory."""
    for start in range(0, max(asked.accounts.size, 1), BLOCK_ACCOUNTS):
        chosen = np.zeros(asked.accounts.size, bool)
        chosen[start : start + BLOCK_ACCOUNTS] = True
        yield start, asked.of_accounts(chosen)


def _best(scores: Matrix, most: int) -> tuple[Places, Places]:
    """Row and column of the best of each row, best first; those that are ruled out (−∞) are left out."""
    count = min(most, scores.shape[1])
    best = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    found = np.take_along_axis(scores, best, axis=1)
    order = np.lexsort((best, -found), axis=1)
    best, found = np.take_along_axis(best, order, axis=1), np.take_along_axis(found, order, axis=1)
    rows, at = np.nonzero(np.isfinite(found))
    return rows, best[rows, at]


def hit_rate(
    suggested: Suggested, came: Purchases, *, asked: Purchases, after: date, until: date, most: int = 10
) -> float:
    """The share of accounts that began to buy at least one of the first `most` suggestions between two days.

    Among the accounts of `asked` that began to buy anything new then. `came`: purchases up to `until`, over any items.
    NaN when there are none.
    """
    taken = taken_up(came, asked=asked, after=after, until=until)
    first = _rank_in_account(suggested.account_at) < most
    found = first & np.isin(_keys(suggested.account_at, suggested.item_at, asked), taken.keys)
    hit = np.zeros(asked.accounts.size, bool)
    hit[suggested.account_at[found]] = True
    return float(hit[taken.accounts].mean()) if taken.accounts.size else float("nan")


def marked_taken_up(
    suggested: Suggested, came: Purchases, *, asked: Purchases, after: date, until: date
) -> NDArray[np.bool_]:
    """Which of the suggestions came true: first purchases later than `after` and not later than `until`."""
    taken = taken_up(came, asked=asked, after=after, until=until)
    return np.isin(_keys(suggested.account_at, suggested.item_at, asked), taken.keys)


@dataclass(frozen=True)
class TakenUp:
    """What accounts bought for the first time in a period: keys of (account, item), and the accounts that did."""

    keys: Places
    accounts: Places


def taken_up(came: Purchases, *, asked: Purchases, after: date, until: date) -> TakenUp:
    """First purchases later than `after` and not later than `until`, of the accounts of `asked`."""
    new = (came.first_day > day_number(after)) & (came.first_day <= day_number(until))
    if not asked.accounts.size:
        return TakenUp(np.empty(0, np.int64), np.empty(0, np.int64))
    ids = came.accounts[came.account_at[new]]
    account_at = np.minimum(np.searchsorted(asked.accounts, ids), asked.accounts.size - 1)
    known = asked.accounts[account_at] == ids
    names = came.items[came.item_at[new]][known]
    item_at = np.minimum(np.searchsorted(asked.items, names), max(asked.items.size - 1, 0))
    learned = asked.items[item_at] == names
    keys = _keys(account_at[known][learned], item_at[learned], asked)
    return TakenUp(keys, np.unique(account_at[known]))


def _keys(account_at: Places, item_at: Places, asked: Purchases) -> Places:
    keys: Places = account_at * np.int64(asked.items.size) + item_at
    return keys


def _rank_in_account(account_at: Places) -> Places:
    """0 for the first suggestion of each account, 1 for its second, ..."""
    starts = np.flatnonzero(np.append(True, account_at[1:] != account_at[:-1])) if account_at.size else account_at
    ranks: Places = np.arange(account_at.size) - np.repeat(starts, np.diff(np.append(starts, account_at.size)))
    return ranks
