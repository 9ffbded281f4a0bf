"""Suggestions computed for all accounts, at night: what goes with what, what is due again, and how right it would be.

Some accounts at a time are written into the two tables of `affinity.py`, so that memory does not grow with the firm;
one transaction then puts both in force, with the record of the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _
from django_tasks import TaskResultStatus

from regulars.base.jobs import job
from regulars.base.locks import exclusive
from regulars.base.models import Job, Organisation
from regulars.base.organisation import organisation, today
from regulars.base.warehouse import Table, open_engine
from regulars.core.adoption import AdoptionChance, choose_settings, learn_chance
from regulars.core.affinity import Affinity, AffinitySettings, NothingToSuggest
from regulars.core.purchases import YEAR_DAYS, Purchases, bought_together, purchases
from regulars.core.replenishment import DueChance, NoRhythm, Replenishment, first_due, learn_due_chance
from regulars.facts.history import HISTORY
from regulars.insight.affinity import DUE, KEPT_AN_ACCOUNT, KINDS, PRODUCT, SUGGESTIONS, latest_run
from regulars.insight.days import day_for_new_figures
from regulars.insight.histories import OpenHistory, basis_in_force, open_history
from regulars.insight.models import Snapshot, SuggestionRun

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    Progress = Callable[[str, float], None]

HORIZON_DAYS = 91
"""A chance is for the next quarter."""
MOST_LEARNED = 200_000
"""Of a firm with more accounts so many are learned from; what goes with what is then counted in the engine, of all."""
ACCOUNTS_AT_ONCE = 50_000
ACTIVE_DAYS = 2 * YEAR_DAYS
"""An account that bought nothing for two years gets no suggestions."""


@job(retries=3, pause_seconds=300)
def suggest_again() -> None:
    """Compute the suggestions when the history, its merges or the day changed; nothing before there are orders."""
    if Organisation.objects.exists() and HISTORY.version_in_force() >= 0 and _is_due():
        compute_suggestions()


def _is_due() -> bool:
    run, basis = latest_run(), basis_in_force()
    on = day_for_new_figures(today(organisation()))
    told = None if run is None else (run.as_of, run.history_version, run.basis)
    return told != (on, basis.history_version, basis.fingerprint)


@transaction.atomic
def suggestions_are_needed() -> bool:
    """Whether there are figures, but suggestions were never computed: the first ones do not wait for the night."""
    failed = Job.objects.filter(task_path=suggest_again.module_path, status=TaskResultStatus.FAILED)
    return latest_run() is None and Snapshot.objects.filter(current=True).exists() and not failed.exists()


def compute_suggestions(*, as_of: date | None = None, progress: Progress | None = None) -> SuggestionRun:
    """Compute the suggestions of all accounts and put them in force, in place of the earlier ones.

    One process at a time; raises `Busy`. With too little to learn from there are none, and the record says so.
    """
    tell = progress or _nobody
    with exclusive("suggestions", wait_seconds=60):
        basis = basis_in_force()
        on = as_of or day_for_new_figures(today(organisation()))
        tell(_("Reading the order history"), 0.0)
        with open_history(basis, as_of=on) as history:
            written = _Written()
            record: dict[str, Any] = {}
            for number, kind in enumerate(KINDS):
                tell(_("Looking for what goes with what"), 0.1 + 0.5 * number)
                record[kind] = _suggest(history, kind, written)
            tell(_("Looking for what is due again"), 0.9)
            record["due_again"] = written.due
        run = SuggestionRun(
            as_of=on,
            history_version=basis.history_version,
            basis=basis.fingerprint,
            horizon_days=HORIZON_DAYS,
            accounts=written.accounts,
            record=record,
        )
        versions = written.ended()
        with transaction.atomic():
            run.save()
            for table, version in versions:
                table.put_in_force(version)
    tell(_("Suggestions computed"), 1.0)
    return run


def _nobody(_text: str, _share: float) -> None:
    """Nobody wants to know how far it is."""


class _Written:
    """The two tables while they are written: the first rows replace what was there, the others are added."""

    def __init__(self) -> None:
        self.accounts = 0
        self.due = 0
        self._versions: dict[str, int] = {}

    def add(self, table: Table, rows: pa.Table) -> None:
        with open_engine() as engine:
            engine.register("rows", rows)
            if table.name not in self._versions:
                table.writable()
                self._versions[table.name] = table.replace(engine, "SELECT * FROM rows")
            elif rows.num_rows:
                self._versions[table.name] = table.append(engine, "SELECT * FROM rows")

    def ended(self) -> list[tuple[Table, int]]:
        """Both tables with the versions that hold the rows; an empty one, too, is written anew."""
        for table in (SUGGESTIONS, DUE):
            if table.name not in self._versions:
                self.add(table, _no_rows(table))
        return [(table, self._versions[table.name]) for table in (SUGGESTIONS, DUE)]


def _no_rows(table: Table) -> pa.Table:
    with open_engine() as engine:
        nothing = ", ".join(f"NULL::{kind} AS {name}" for name, kind in table.columns.items())
        return engine.arrow(f"SELECT {nothing} WHERE false")


def _suggest(history: OpenHistory, kind: str, written: _Written) -> dict[str, Any]:
    """Learn and write the suggestions of one kind; what is due again with the products."""
    bought = history.engine.kept(purchases(history.lines, as_of=history.as_of, by=kind))
    items = _items(history, bought)
    accounts = _active_accounts(history, bought)
    if not items.size or not accounts.size:
        return {"problem": "no_items"}
    learned = _Learned.of(history, bought, kind, items)
    for low, high in pairwise([*accounts[::ACCOUNTS_AT_ONCE].tolist(), int(accounts[-1]) + 1]):
        part = bought.filter(bought.account >= low, bought.account < high)
        asked = Purchases.of(history.arrow(part), items=items)
        asked = asked.of_accounts(np.isin(asked.accounts, accounts))
        if learned.affinity is not None:
            rows = learned.suggested(asked, history)
            written.add(SUGGESTIONS, rows)
        if learned.rhythm is not None:
            due = learned.due(asked, history)
            written.due += due.num_rows
            written.add(DUE, due)
        if kind == PRODUCT:
            written.accounts += asked.accounts.size
    return learned.record


def _items(history: OpenHistory, bought: ir.Table) -> np.ndarray[Any, np.dtype[np.object_]]:
    """The items with most buyers in the last year: those that can be suggested, at most so many."""
    recent = bought.filter(bought.last_day > history.as_of - timedelta(days=YEAR_DAYS))
    counted = recent.group_by("item").aggregate(buyers=recent.count())
    most = counted.order_by(counted.buyers.desc(), counted["item"]).limit(AffinitySettings().most_items)
    return np.unique(np.array(history.arrow(most.select("item"))["item"].to_pylist(), dtype=object))


def _active_accounts(history: OpenHistory, bought: ir.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    recent = bought.filter(bought.last_day > history.as_of - timedelta(days=ACTIVE_DAYS))
    return np.sort(history.arrow(recent.select("account").distinct())["account"].to_numpy())


@dataclass(frozen=True, kw_only=True)
class _Learned:
    """What one kind of item taught."""

    kind: str
    items: Any
    affinity: Affinity | None
    chance: AdoptionChance | None
    rhythm: Replenishment | None
    due_chance: DueChance | None
    margins: Any
    record: dict[str, Any]

    @classmethod
    def of(cls, history: OpenHistory, bought: ir.Table, kind: str, items: Any) -> _Learned:
        every = _every(history, bought)
        whole = Purchases.of(history.arrow(_part(bought, every)), items=items)
        affinity, chance, problem = None, None, ""
        past = Purchases.of(history.arrow(_part(_earlier(history, kind), every)), items=items)
        try:
            settings, chance = _tried(history, past, whole)
            together = _together(history, bought, items, settings) if every > 1 else None
            affinity = Affinity(settings).fit(whole, as_of=history.as_of, together=together)
        except NothingToSuggest:
            problem = "nothing_to_suggest"
        record = {"items": int(items.size), "problem": problem} | (chance.as_json() if chance else {})
        return cls(
            kind=kind,
            items=items,
            affinity=affinity,
            chance=chance,
            rhythm=_rhythm(whole) if kind == PRODUCT else None,
            due_chance=_due_chance(history, past, whole) if kind == PRODUCT else None,
            margins=_margins(history, kind, items),
            record=record,
        )

    def suggested(self, asked: Purchases, history: OpenHistory) -> pa.Table:
        """Rows of the table `suggestions`."""
        import pyarrow as pa

        assert self.affinity is not None
        found = self.affinity.suggest(asked, most=KEPT_AN_ACCOUNT)
        unknown = np.full(found.score.size, np.nan)
        chance = self.chance.of(found, asked, as_of=history.as_of) if self.chance else unknown
        because = np.where(found.because_at >= 0, self.items[found.because_at], None)
        return pa.table(
            {
                "account_id": asked.accounts[found.account_at],
                "kind": pa.repeat(pa.scalar(self.kind), found.score.size),
                "place": _places(found.account_at),
                "item": pa.array(self.items[found.item_at], pa.string()),
                "alike_buying": found.alike_buying,
                "alike": found.alike,
                "because": pa.array(because, pa.string()),
                "chance": pa.array(chance, pa.float64(), from_pandas=True),
                "first_year_sales": pa.array(
                    found.first_year_sales / history.minor_per_unit, pa.float64(), from_pandas=True
                ),
                "margin_share": pa.array(self.margins[found.item_at], pa.float64(), from_pandas=True),
            }
        )

    def due(self, asked: Purchases, history: OpenHistory) -> pa.Table:
        """Rows of the table `due_again`."""
        import pyarrow as pa

        assert self.rhythm is not None
        every = self.rhythm.due(asked, as_of=history.as_of, horizon_days=HORIZON_DAYS)
        learned = self.due_chance is not None
        every = self.due_chance.of(every, asked, as_of=history.as_of) if self.due_chance else every.weighed()
        found = first_due(every, most=KEPT_AN_ACCOUNT)
        days = {"last_bought": found.last_day, "due_on": found.due_day}
        days |= {"due_from": found.from_day, "due_until": found.until_day}
        return pa.table(
            {
                "account_id": asked.accounts[found.account_at],
                "place": _places(found.account_at),
                "item": pa.array(self.items[found.item_at], pa.string()),
                "order_days": found.order_days,
                "gap_days": found.gap_days,
                "chance": pa.array(found.chance if learned else np.full(found.chance.size, np.nan), from_pandas=True),
                **{
                    name: pa.array(values.astype("int32"), pa.int32()).cast(pa.date32())
                    for name, values in days.items()
                },
            }
        )


def _every(history: OpenHistory, bought: ir.Table) -> int:
    """Each account is learned from, or every second, third ... of them."""
    (counted,) = history.rows(bought.aggregate(accounts=bought.account.nunique()))
    return max(1, -(-int(counted["accounts"]) // MOST_LEARNED))


def _part(bought: ir.Table, every: int) -> ir.Table:
    return bought if every == 1 else bought.filter(bought.account % every == 0)


def _origin(history: OpenHistory) -> date:
    return history.as_of - timedelta(days=HORIZON_DAYS)


def _earlier(history: OpenHistory, kind: str) -> ir.Table:
    return purchases(history.lines, as_of=_origin(history), by=kind)


def _tried(history: OpenHistory, past: Purchases, whole: Purchases) -> tuple[AffinitySettings, AdoptionChance | None]:
    """Settings and chance from what came in the last quarter; without an earlier history the default, and no chance."""
    try:
        settings = choose_settings([(past, _origin(history))], whole, horizon_days=HORIZON_DAYS)
        chance = learn_chance(
            past, whole, origin=_origin(history), horizon_days=HORIZON_DAYS, settings=settings, most=KEPT_AN_ACCOUNT
        )
        return settings, chance
    except NothingToSuggest:
        return AffinitySettings(), None


def _due_chance(history: OpenHistory, past: Purchases, whole: Purchases) -> DueChance | None:
    return learn_due_chance(past, whole, origin=_origin(history), horizon_days=HORIZON_DAYS)


def _together(history: OpenHistory, bought: ir.Table, items: Any, settings: AffinitySettings) -> Any:
    """XᵀX of all accounts, counted in the engine."""
    import ibis
    import pyarrow as pa

    known = bought.semi_join(history.engine.given(pa.table({"item": pa.array(items, pa.string())})), "item")
    age_days = ibis.literal(history.as_of, "date").delta(known.last_day, unit="day")
    weight = (age_days * (-np.log(2) / (settings.half_life_days or np.inf))).exp()
    rows = history.arrow(bought_together(known.select("account", "item", weight=weight)))
    together = np.zeros((items.size, items.size), np.float32)
    at = [np.searchsorted(items, rows[name].to_numpy(zero_copy_only=False)) for name in ("item", "other")]
    together[at[0], at[1]] = rows["together"].to_numpy()
    return together


def _rhythm(whole: Purchases) -> Replenishment | None:
    try:
        return Replenishment().fit(whole)
    except NoRhythm:
        return None


def _margins(history: OpenHistory, kind: str, items: Any) -> Any:
    """Margin as a share of the sales of each item whose cost is known, in two years; NaN: never known."""
    lines = history.lines
    since = history.as_of - timedelta(days=ACTIVE_DAYS)
    sold = lines.filter(
        lines.kind == "sale", lines.cost.notnull(), lines[kind].notnull(), lines.business_date > since,
        lines.business_date <= history.as_of,
    )  # fmt: skip
    sums = sold.group_by(item=sold[kind].cast("string")).aggregate(net=sold.net.sum(), cost=sold.cost.sum())
    margins = np.full(items.size, np.nan)
    for row in history.rows(sums):
        at = int(np.searchsorted(items, row["item"]))
        if at < items.size and items[at] == row["item"] and row["net"] > 0:
            margins[at] = 1 - float(row["cost"]) / float(row["net"])
    return margins


def _places(account_at: Any) -> Any:
    starts = np.flatnonzero(np.append(True, account_at[1:] != account_at[:-1])) if account_at.size else account_at
    return np.arange(account_at.size) - np.repeat(starts, np.diff(np.append(starts, account_at.size))) + 1
