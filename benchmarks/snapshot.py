"""Snapshot of all accounts, against one hand-written DuckDB query for the same columns, in one run.

    python benchmarks/snapshot.py [--lines 10000000] [--accounts 800000]

The history is generated (by arithmetic, so it is the same everywhere) and written as the product writes it. Bar: the
figures take at most twice the time of the query. Printed besides: the whole snapshot, with lifetime models, figures of
the firm, score history and records for lists.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

AS_OF = dt.date(2024, 1, 31)
RUNS = 3


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lines", type=int, default=10_000_000)
    arguments.add_argument("--accounts", type=int, default=800_000)
    wanted = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-benchmark-") as home:
        os.environ |= {"REGULARS_HOME": home, "DJANGO_SETTINGS_MODULE": "regulars.config.settings"}
        os.environ.pop("REGULARS_WAREHOUSE", None)
        import django

        django.setup()
        make_firm(wanted.lines, wanted.accounts)
        measure()


def make_firm(lines: int, accounts: int) -> None:
    from django.core.management import call_command
    from django.db import transaction

    from regulars.base.bulk_load import insert_rows
    from regulars.base.models import Organisation
    from regulars.base.warehouse import open_engine
    from regulars.facts.history import HISTORY
    from regulars.facts.models import Account

    call_command("migrate", verbosity=0)
    Organisation.objects.create(name="Benchmark", base_currency="EUR")
    HISTORY.writable()
    with open_engine() as engine:
        names = (
            f"SELECT range + 1 AS id, 'Account ' || range AS name, 'b' || range AS external_id FROM range({accounts})"
        )
        insert_rows(Account, engine.arrow(names))
        version = HISTORY.append(engine, generated_lines(lines, accounts))
    with transaction.atomic():
        HISTORY.put_in_force(version)
    print(f"{lines:,} lines, {accounts:,} accounts, as of {AS_OF}")


def generated_lines(lines: int, accounts: int) -> str:
    """Orders of four lines on average; a few accounts order much, many little; 3 % returns, 5 % without a customer."""
    return f"""
        SELECT 'generated' AS source, (n // 4)::VARCHAR AS order_id, (n % 4)::VARCHAR AS line_no,
            CASE WHEN h1 < 0.05 THEN NULL ELSE 1 + floor({accounts} * h2 ** 1.6)::BIGINT END AS account_id,
            DATE '2020-01-01' + floor(1500 * h3)::INTEGER AS business_date,
            'P' || floor(5000 * h4 ** 2)::INTEGER AS product, 'C' || (floor(5000 * h4 ** 2)::INTEGER % 60) AS category,
            1.0 AS quantity, 'EUR' AS currency, net AS net_minor, net AS net_base_minor,
            CASE WHEN n % 3 > 0 THEN net * 6 // 10 END AS cost_base_minor, 0 AS discount_base_minor,
            'S' || (floor(40 * h2)::INTEGER) AS seller, 'D' || (floor(6 * h2)::INTEGER) AS department, 'web' AS channel,
            CASE WHEN net < 0 THEN 'return' ELSE 'sale' END AS kind, NULL AS import_id
        FROM (
            SELECT n, hash(n // 4 * 8 + 1) / 2 ** 64 AS h1, hash(n // 4 * 8 + 2) / 2 ** 64 AS h2,
                hash(n // 4 * 8 + 3) / 2 ** 64 AS h3, hash(n * 8 + 4) / 2 ** 64 AS h4,
                CASE WHEN hash(n * 8 + 5) / 2 ** 64 < 0.03 THEN -1 ELSE 1 END AS sign,
                (sign * (100 + 20000 * (hash(n * 8 + 6) / 2 ** 64) ** 4))::BIGINT AS net
            FROM (SELECT range AS n FROM range({lines}))
        )
    """


def measure() -> None:
    from regulars.insight.histories import basis_in_force, open_history
    from regulars.insight.snapshots import _figures, compute, take_snapshot

    basis = basis_in_force()

    def figures() -> Any:
        with open_history(basis, as_of=AS_OF) as history:
            return _figures(history)

    by_hand, accounts = timed(hand_written)
    ours, found = timed(figures)
    compare(found, accounts)
    computed, _ = timed(lambda: compute(as_of=AS_OF))
    taken, snapshot = timed(lambda: take_snapshot(as_of=AS_OF, force=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    print(f"hand-written query      {by_hand:6.2f} s")
    print(f"figures of accounts     {ours:6.2f} s   {ours / by_hand:.2f} × the query (bar: 2)")
    print(f"all of a snapshot       {computed:6.2f} s   with lifetime models and figures of the firm")
    print(
        f"... kept, with records  {taken:6.2f} s   {found.num_rows:,} scores; notes: {snapshot.lifetime_model['notes']}"
    )
    print(f"peak memory             {peak:6.0f} MB")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result


def hand_written() -> Any:
    from regulars.base.warehouse import open_engine
    from regulars.facts.history import HISTORY

    with open_engine() as engine:
        return engine.arrow(HAND_WRITTEN.format(history=HISTORY.relation(), as_of=AS_OF))


def compare(ours: Any, by_hand: Any) -> None:
    """Both must say the same, or the comparison means nothing."""
    import numpy as np

    assert ours.num_rows == by_hand.num_rows
    for name in by_hand.column_names:
        left, right = (table[name].to_numpy(zero_copy_only=False) for table in (ours, by_hand))
        same = np.array_equal(left, right)
        assert same or np.allclose(left.astype(float), right.astype(float), equal_nan=True), name


HAND_WRITTEN = """
WITH l AS (
    SELECT account_id AS account, business_date AS d, kind = 'sale' AS sold, net_base_minor::DOUBLE AS net,
        CASE kind WHEN 'return' THEN -abs(cost_base_minor) ELSE cost_base_minor END::DOUBLE AS cost, product, category
    FROM {history} WHERE business_date <= DATE '{as_of}' AND kind IN ('sale', 'return')
), days AS (
    SELECT account, d, sum(net) AS net, sum(net) FILTER (sold) AS sale, sum(net - cost) AS margin,
        sum(net) FILTER (sold AND cost IS NOT NULL) AS costed, bool_or(sold AND net > 0) AS o
    FROM l GROUP BY ALL
), gaps AS (
    SELECT *, lag(d) OVER w AS before, d - lag(d) OVER w AS gap,
        max(d) OVER (PARTITION BY account, o) AS last_day
    FROM days WINDOW w AS (PARTITION BY account, o ORDER BY d)
), a AS (
    SELECT account, min(d) AS first_line, count(*) FILTER (o) AS order_days, min(d) FILTER (o) AS first_order,
        max(d) FILTER (o) AS last_order, quantile_cont(gap, [0.25, 0.5, 0.75]) FILTER (o) AS q,
        max(gap) FILTER (o) AS gap_longest_days, DATE '{as_of}' - max(d) FILTER (o) AS silence_days,
        avg((gap >= DATE '{as_of}' - last_day)::INTEGER) FILTER (o) AS pauses,
        count(*) FILTER (o AND (before IS NULL OR date_trunc('month', before) <> date_trunc('month', d))) AS months,
        coalesce(sum(net) FILTER (d > y1), 0) AS s12, coalesce(sum(net) FILTER (d > y2 AND d <= y1), 0) AS sp,
        sum(net) AS s, sum(margin) FILTER (d > y1) AS m12, sum(sale) FILTER (d > y1) AS sale12,
        sum(costed) FILTER (d > y1) AS costed12, sum(sale) AS sale_all, count(*) FILTER (o AND d > y1) AS orders_12m,
        sum(sale) FILTER (o AND before IS NOT NULL) AS repeat_sale
    FROM gaps, (SELECT (DATE '{as_of}' - INTERVAL 1 YEAR)::DATE AS y1, (DATE '{as_of}' - INTERVAL 2 YEAR)::DATE AS y2)
    GROUP BY account
), b AS (
    SELECT account, count(DISTINCT product) AS products, count(DISTINCT category) AS categories
    FROM l WHERE sold AND d > DATE '{as_of}' - INTERVAL 12 MONTH GROUP BY account
), f AS (
    SELECT a.*, products, categories, sum(s12) OVER () AS firm
    FROM a LEFT JOIN b ON a.account IS NOT DISTINCT FROM b.account
), r AS (
    SELECT *, rank() OVER (ORDER BY s12 DESC) AS place, greatest(s12, 0) AS bought,
        sum(greatest(s12, 0)) OVER () AS everything,
        sum(greatest(s12, 0)) OVER (ORDER BY s12 DESC, account ROWS UNBOUNDED PRECEDING) AS up_to
    FROM f WHERE account IS NOT NULL
)
SELECT account, order_days, q[2] AS gap_typical_days,
    (last_order - first_order) / nullif(order_days - 1, 0) AS gap_mean_days, q[3] - q[1] AS gap_spread_days,
    gap_longest_days, silence_days,
    CASE WHEN order_days > 3 THEN pauses END AS pauses_as_long, s12 / 100 AS sales_12m, sp / 100 AS sales_previous_12m,
    s / 100 AS sales_total, m12 / 100 AS margin_12m,
    coalesce(costed12, 0) / nullif(sale12, 0) AS cost_known, orders_12m,
    CASE WHEN first_order <= DATE '{as_of}' - INTERVAL 18 MONTH AND sp > 0 THEN s12 / sp - 1 END AS trend,
    (coalesce(sale12, 0) - s12) / nullif(sale12, 0) AS returns_12m, coalesce(products, 0) AS products_12m,
    coalesce(categories, 0) AS categories_12m, s / 100 / nullif(order_days, 0) AS mean_order_value,
    s12 / firm AS share_of_firm, place AS rank, up_to / everything AS cumulative_share,
    CASE WHEN bought > 0 AND (up_to - bought) / everything < 0.8 THEN 'A'
        WHEN bought > 0 AND (up_to - bought) / everything < 0.95 THEN 'B' ELSE 'C' END AS pareto,
    CASE WHEN order_days = 0 THEN 'none' WHEN order_days < 4 AND first_order >= DATE '{as_of}' - 90 THEN 'new'
        WHEN order_days >= 4 AND months >= 3 THEN 'regular' ELSE 'chance' END AS buyer
FROM r ORDER BY account
"""


if __name__ == "__main__":
    main()
