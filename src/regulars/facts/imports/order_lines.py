"""Staged order lines into the history: whose they are, what differs from what is there, and the write.

All of it is SQL over tables of the import's engine. In comes `staged` (see `normalise`); on the way are made
`customers` (one row a customer of the file, with the account it is), `incoming` (lines in the shape of the history),
`existing` (the history's lines of the same orders) and the three views `added_lines`, `changed_lines`, `removed_lines`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regulars.base.ids import reserve_ids
from regulars.base.warehouse import Engine
from regulars.facts.history import HISTORY, KEY
from regulars.facts.imports.mapping import Mapping
from regulars.facts.models import Account
from regulars.facts.rates import find_conversions, in_base, load_rates

ACCOUNT_DETAILS = {
    "account_name": "name",
    "account_email": "email",
    "account_phone": "phone",
    "account_street": "street",
    "account_city": "city",
    "account_postcode": "postcode",
    "account_region": "region",
    "account_country": "country",
}
"""Staged columns that describe the customer, and the account's field that each fills."""

_VALUES = [name for name in HISTORY.columns if name not in {*KEY, "import_id"}]


@dataclass(frozen=True)
class Difference:
    """What an import would do to the history, in lines."""

    added: int
    changed: int
    removed: int
    unchanged: int

    @property
    def nothing(self) -> bool:
        return not (self.added or self.changed or self.removed)


def find_customers(engine: Engine, mappings: Sequence[Mapping]) -> None:
    """Make `customers`: source, account_key, account_id (NULL: a new account) and what the file says of the customer.

    Of several values of a detail the one of the latest order counts.
    """
    mapped = {
        name
        for mapping in mappings
        for name in (*mapping.columns, *mapping.instead, *mapping.lookups, *mapping.constants)
    }
    joined = any(mapping.joined_by for mapping in mappings)
    described = ", ".join(
        f"arg_max({name}, business_date) AS {name}" if joined or name in mapped else f"NULL::VARCHAR AS {name}"
        for name in (*ACCOUNT_DETAILS, "contact_name")
    )
    engine.run(
        f"""CREATE OR REPLACE TABLE found_customers AS
        SELECT source, account_key, {described} FROM staged WHERE account_key IS NOT NULL GROUP BY source, account_key"""
    )
    engine.run("CREATE OR REPLACE TABLE known_accounts (source VARCHAR, external_id VARCHAR, id BIGINT)")
    sources = [row[0] for row in engine.rows("SELECT DISTINCT source FROM found_customers")]
    engine.load(
        "known_accounts",
        Account.objects.filter(source__in=sources, external_id__isnull=False).values_list(
            "source", "external_id", "id"
        ),
    )
    engine.run(
        """CREATE OR REPLACE TABLE customers AS
        SELECT found.*, known.id AS account_id, known.id IS NULL AS is_new
        FROM found_customers AS found LEFT JOIN known_accounts AS known
          ON known.source = found.source AND known.external_id = found.account_key"""
    )


def give_ids(engine: Engine) -> int:
    """Give each new customer the id that its account will have. The number of new ones."""
    new: int = engine.value("SELECT count(*) FROM customers WHERE is_new AND account_id IS NULL")
    if new:
        engine.run("CREATE OR REPLACE TABLE reserved_ids (id BIGINT)")
        engine.load("reserved_ids", [(number,) for number in reserve_ids(Account, new)])
        engine.run(
            """CREATE OR REPLACE TABLE customers AS
            WITH numbered AS (
              SELECT *, CASE WHEN is_new THEN row_number() OVER (PARTITION BY is_new ORDER BY source, account_key) END AS place
              FROM customers
            ), ids AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM reserved_ids)
            SELECT numbered.* EXCLUDE (place) REPLACE (coalesce(numbered.account_id, ids.id) AS account_id)
            FROM numbered LEFT JOIN ids USING (place)"""
        )
    return new


def shape_lines(engine: Engine, base_currency: str) -> None:
    """Make the view `incoming`: the staged lines as the history holds them, but for `import_id`. Raises `MissingRates`."""
    load_rates(engine)
    find_conversions(engine, "staged", base_currency)
    engine.run(
        f"""CREATE OR REPLACE VIEW incoming AS
        SELECT line.source, line.order_id, line.line_no, customers.account_id, line.business_date, line.product,
               line.category, line.quantity, line.currency, line.net_minor,
               {in_base("line.net_minor", "rate.factor")} AS net_base_minor,
               {in_base("line.cost_minor", "rate.factor")} AS cost_base_minor,
               {in_base("line.discount_minor", "rate.factor")} AS discount_base_minor,
               line.seller, line.department, line.channel, line.kind
        FROM staged AS line
        LEFT JOIN customers ON customers.source = line.source AND customers.account_key = line.account_key
        LEFT JOIN conversions AS rate ON rate.currency = line.currency AND rate.business_date = line.business_date"""
    )


def compare_with_history(engine: Engine, complete_orders: bool) -> Difference:
    """Make `existing` and the views `added_lines`, `changed_lines`, `removed_lines` against the history in force.

    With `complete_orders` a line that an order of the file no longer has is removed, unless the file has it among its
    rejected rows.
    """
    engine.run(
        f"""CREATE OR REPLACE TABLE existing AS
        SELECT history.* FROM {HISTORY.relation()} AS history
        SEMI JOIN (SELECT DISTINCT source, order_id FROM staged) USING (source, order_id)"""
    )
    same_key = " AND ".join(f"incoming.{name} = existing.{name}" for name in KEY)
    differs = " OR ".join(f"incoming.{name} IS DISTINCT FROM existing.{name}" for name in _VALUES)
    engine.run(
        f"CREATE OR REPLACE VIEW added_lines AS SELECT incoming.* FROM incoming ANTI JOIN existing ON {same_key}"
    )
    engine.run(
        f"CREATE OR REPLACE VIEW changed_lines AS SELECT incoming.* FROM incoming JOIN existing ON {same_key} WHERE {differs}"
    )
    engine.run(
        f"""CREATE OR REPLACE VIEW removed_lines AS
        SELECT existing.* FROM existing
        ANTI JOIN incoming ON {same_key}
        ANTI JOIN rejected ON rejected.order_id = existing.order_id AND rejected.line_no = existing.line_no
        WHERE {"true" if complete_orders else "false"}"""
    )
    lines = engine.value("SELECT count(*) FROM staged")
    if engine.value("SELECT count(*) FROM existing") == 0:
        return Difference(added=lines, changed=0, removed=0, unchanged=0)
    added = engine.value("SELECT count(*) FROM added_lines")
    changed = engine.value("SELECT count(*) FROM changed_lines")
    removed = engine.value("SELECT count(*) FROM removed_lines")
    return Difference(added=added, changed=changed, removed=removed, unchanged=lines - added - changed)
