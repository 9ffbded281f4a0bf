"""One account's order lines out of ten million, by the verb that the account page calls.

    python benchmarks/account_lines.py [--lines 10000000] [--accounts 800000]

Prints the median and the slowest of fifty accounts, and the ratio to reading the same accounts from a file that is not
clustered by account.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

LINES = """
SELECT 'shop' AS source, 'A' || i // 3 AS order_id, (i % 3 + 1)::VARCHAR AS line_no,
  (hash(i // 3) % {accounts} + 1)::BIGINT AS account_id,
  DATE '2021-01-01' + (hash(i // 3 + 7) % 1500)::INT AS business_date,
  'P' || (hash(i * 31) % 5000) AS product, 'Category ' || (hash(i * 31) % 40) AS category,
  (hash(i * 17) % 20 + 1)::DOUBLE AS quantity, 'EUR' AS currency, (hash(i * 13) % 100000)::BIGINT AS net_minor,
  (hash(i * 13) % 100000)::BIGINT AS net_base_minor, NULL::BIGINT AS cost_base_minor,
  NULL::BIGINT AS discount_base_minor,
  NULL::VARCHAR AS seller, NULL::VARCHAR AS department, NULL::VARCHAR AS channel, 'sale' AS kind, 1::BIGINT AS import_id
FROM range({lines}) AS t(i)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--accounts", type=int, default=800_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"REGULARS_HOME": home, "DJANGO_SETTINGS_MODULE": "regulars.config.settings"}
        os.environ.pop("DATABASE_URL", None)
        measure(Path(home), options.lines, options.accounts)


def measure(home: Path, lines: int, accounts: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from regulars.base.warehouse import open_engine
    from regulars.facts.accounts import lines_of_account
    from regulars.facts.history import HISTORY
    from regulars.facts.models import Account

    call_command("migrate", verbosity=0)
    chosen = random.Random(7).sample(range(1, accounts + 1), 50)
    Account.objects.bulk_create([Account(pk=pk, name=f"Firm {pk}", external_id=str(pk)) for pk in chosen])
    scattered = home / "scattered.parquet"
    with open_engine(file=home / "work.duckdb") as engine:
        query = LINES.format(lines=lines, accounts=accounts)
        HISTORY.writable()
        HISTORY.put_in_force(HISTORY.append(engine, query))
        engine.run(f"COPY ({query}) TO '{scattered}' (FORMAT parquet)")
        ours, plain, found = [], [], 0
        for account in Account.objects.all():
            started = time.perf_counter()
            found += len(lines_of_account(account, limit=1000))
            ours.append(time.perf_counter() - started)
            started = time.perf_counter()
            engine.rows(f"SELECT * FROM '{scattered}' WHERE account_id = {account.pk}")
            plain.append(time.perf_counter() - started)
    assert found
    print(
        f"{lines:,} lines, {accounts:,} accounts: median {statistics.median(ours) * 1000:.1f} ms, "
        f"slowest {max(ours) * 1000:.1f} ms; a file in the sequence of the import: "
        f"{statistics.median(plain) * 1000:.1f} ms ({statistics.median(plain) / statistics.median(ours):.1f} times)"
    )


if __name__ == "__main__":
    main()
