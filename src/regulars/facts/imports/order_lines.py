"""Staged order lines into the history: whose they are, what differs from what is there, and the write.

All of it is SQL over tables of the import's engine. In comes `staged` (see `normalise`); on the way are made
`customers` (one row a customer of the file, with the account it is), `incoming` (lines in the shape of the history),
`existing` (the history's lines of the same orders) and the three views `added_lines`, `changed_lines`, `removed_lines`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regulars.base.bulk_load import insert_rows
from regulars.base.ids import reserve_ids
from regulars.base.models import Department
from regulars.base.warehouse import Engine, quoted
from regulars.facts.history import HISTORY, KEY
from regulars.facts.imports.mapping import Mapping
from regulars.facts.imports.master_records import RecordPlan, members_by_name
from regulars.facts.models import Account, Contact, Import, Product
from regulars.facts.rates import find_conversions, in_base

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

BEFORE = "before.parquet"
CONFIRMED = "confirmed.parquet"

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


def find_customers(engine: Engine, mappings: Sequence[Mapping], new_accounts: Sequence[Account]) -> None:
    """Make `customers`: source, account_key, account_id (NULL: a new account) and what the file says of the customer.

    `new_accounts` are those that other files of the same import will make. Of several values of a detail the one of the
    latest order counts.
    """
    mapped = {
        name
        for mapping in mappings
        for name in (*mapping.columns, *mapping.instead, *mapping.lookups, *mapping.constants)
    }
    joined = any(mapping.joined_by for mapping in mappings)
    described = ", ".join(
        f"arg_max({name}, business_date) AS {name}" if joined or name in mapped else f"NULL::VARCHAR AS {name}"
        for name in (*ACCOUNT_DETAILS, "contact_name", "seller", "department")
    )
    engine.run(
        f"""CREATE OR REPLACE TABLE found_customers AS
        SELECT source, account_key, {described} FROM staged
        WHERE account_key IS NOT NULL GROUP BY source, account_key"""
    )
    _load_known_accounts(engine, new_accounts)
    engine.run(
        """CREATE OR REPLACE TABLE customers AS
        SELECT found.*, known.id AS account_id, known.id IS NULL AS is_new
        FROM found_customers AS found LEFT JOIN known_accounts AS known
          ON known.source = found.source AND known.external_id = found.account_key"""
    )


def _load_known_accounts(engine: Engine, new_accounts: Sequence[Account]) -> None:
    fields = ["source", "external_id", "id", *ACCOUNT_DETAILS.values()]
    typed = ", ".join(f"{name} {'BIGINT' if name == 'id' else 'VARCHAR'}" for name in fields)
    engine.run(f"CREATE OR REPLACE TABLE known_accounts ({typed})")
    sources = [row[0] for row in engine.rows("SELECT DISTINCT source FROM found_customers")]
    known = Account.objects.filter(source__in=sources, external_id__isnull=False)
    engine.load("known_accounts", known.values_list(*fields))
    engine.load("known_accounts", [tuple(getattr(account, name) for name in fields) for account in new_accounts])


def plan_details(engine: Engine, plan: RecordPlan) -> None:
    """Fill fields of known accounts that are empty (or a name that is only the number) with what the file says."""
    fills = {
        name: f"known.{target} = '' AND found.{name} IS NOT NULL"
        for name, target in ACCOUNT_DETAILS.items()
        if target != "name"
    }
    fills["account_name"] = "known.name = known.external_id AND found.account_name <> known.name"
    chosen = ", ".join(f"CASE WHEN {test} THEN found.{name} END AS {name}" for name, test in fills.items())
    rows = engine.rows(
        f"""SELECT known.id, {chosen}
        FROM customers AS found JOIN known_accounts AS known ON known.id = found.account_id
        WHERE {" OR ".join(f"({test})" for test in fills.values())}"""
    )
    made = {account.pk for account in plan.new_accounts()}
    found = {row[0]: dict(zip(fills, row[1:], strict=True)) for row in rows if row[0] not in made}
    for batch in range(0, len(found), 500):
        for account in Account.objects.filter(pk__in=list(found)[batch : batch + 500]):
            details = {ACCOUNT_DETAILS[name]: value for name, value in found[account.pk].items() if value}
            plan.update(account, {name: _fitting(name, value) for name, value in details.items()})


def _fitting(name: str, value: str) -> str:
    return value[: _length(name)]


def _length(name: str) -> int:
    field: Any = Account._meta.get_field(name)
    return int(field.max_length)


def give_ids(engine: Engine) -> int:
    """Give each new customer the id that its account will have. The number of new ones."""
    new: int = engine.value("SELECT count(*) FROM customers WHERE is_new AND account_id IS NULL")
    if new:
        engine.run("CREATE OR REPLACE TABLE reserved_ids (id BIGINT)")
        engine.load("reserved_ids", [(number,) for number in reserve_ids(Account, new)])
        engine.run(
            """CREATE OR REPLACE TABLE customers AS
            WITH numbered AS (
              SELECT *, CASE WHEN is_new THEN
                row_number() OVER (PARTITION BY is_new ORDER BY source, account_key) END AS place
              FROM customers
            ), ids AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM reserved_ids)
            SELECT numbered.* EXCLUDE (place) REPLACE (coalesce(numbered.account_id, ids.id) AS account_id)
            FROM numbered LEFT JOIN ids USING (place)"""
        )
    return new


STAGED_WITH_RATES = """staged AS line
LEFT JOIN conversions AS rate ON rate.currency = line.currency AND rate.business_date = line.business_date"""
NET_IN_BASE = in_base("line.net_minor", "rate.factor")


def shape_lines(engine: Engine, base_currency: str) -> None:
    """Make the view `incoming`: the staged lines as the history holds them, but for `import_id`.

    The rates must be loaded. Raises `MissingRates`.
    """
    find_conversions(engine, "staged", base_currency)
    engine.run(
        f"""CREATE OR REPLACE VIEW incoming AS
        SELECT line.source, line.order_id, line.line_no, customers.account_id, line.business_date, line.product,
               line.category, line.quantity, line.currency, line.net_minor,
               {NET_IN_BASE} AS net_base_minor,
               {in_base("line.cost_minor", "rate.factor")} AS cost_base_minor,
               {in_base("line.discount_minor", "rate.factor")} AS discount_base_minor,
               line.seller, line.department, line.channel, line.kind
        FROM {STAGED_WITH_RATES}
        LEFT JOIN customers ON customers.source = line.source AND customers.account_key = line.account_key"""
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
    key = ", ".join(f"incoming.{name}" for name in KEY)
    same_key = " AND ".join(f"incoming.{name} = existing.{name}" for name in KEY)
    differs = " OR ".join(f"incoming.{name} IS DISTINCT FROM existing.{name}" for name in _VALUES)
    engine.run(
        f"CREATE OR REPLACE VIEW added_lines AS SELECT incoming.* FROM incoming ANTI JOIN existing ON {same_key}"
    )
    engine.run(
        "CREATE OR REPLACE VIEW changed_lines AS "
        f"SELECT incoming.* FROM incoming JOIN existing ON {same_key} WHERE {differs}"
    )
    engine.run(
        "CREATE OR REPLACE VIEW same_lines AS "
        f"SELECT {key} FROM incoming JOIN existing ON {same_key} WHERE NOT ({differs})"
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


def write_lines(engine: Engine, import_id: int, difference: Difference, folder: Path) -> int:
    """Write the differences into the history. Returns the new version, which is not yet in force.

    What undo needs stays in `folder`: `before.parquet` holds the lines that were changed or removed (`gone`) as they
    were, `confirmed.parquet` the keys of the lines that were there already, just as the file has them.
    """
    version = HISTORY.version_in_force()
    if difference.unchanged:
        engine.run(f"COPY (SELECT * FROM same_lines) TO {quoted(str(folder / CONFIRMED))} (FORMAT parquet)")
    if difference.nothing:
        return version
    HISTORY.writable()
    if difference.changed or difference.removed:
        same_key = " AND ".join(f"existing.{name} = changed_lines.{name}" for name in KEY)
        engine.run(
            f"""COPY (
              SELECT existing.*, false AS gone FROM existing SEMI JOIN changed_lines ON {same_key}
              UNION ALL SELECT *, true FROM removed_lines
            ) TO {quoted(str(folder / BEFORE))} (FORMAT parquet)"""
        )
        version = HISTORY.merge(
            engine,
            f"""SELECT *, {import_id}::BIGINT AS import_id, false AS gone FROM changed_lines
            UNION ALL BY NAME SELECT *, true AS gone FROM removed_lines""",
            on=KEY,
        )
    if difference.added:
        lines = "incoming" if engine.value("SELECT count(*) FROM existing") == 0 else "added_lines"
        version = HISTORY.append(engine, f"SELECT *, {import_id}::BIGINT AS import_id FROM {lines}")
    return version


def write_customers(engine: Engine, import_: Import) -> None:
    """Make the new accounts, their contacts and the new products. Call it in the transaction of the import."""
    _load_references(engine)
    details = ", ".join(
        f"coalesce(left({name}, {_length(target)}), '') AS {target}"
        for name, target in ACCOUNT_DETAILS.items()
        if target != "name"
    )
    insert_rows(
        Account,
        engine.arrow(
            f"""SELECT account_id AS id, source, account_key AS external_id,
              left(regexp_replace(
                coalesce(account_name, contact_name, account_email, account_key), '\\s+', ' ', 'g'), 300) AS name,
              {details},
              CASE WHEN coalesce(account_name, contact_name) = contact_name  -- there is no firm
                  OR account_name IS NULL AND account_email IS NOT NULL
                THEN 'person' ELSE 'firm' END AS kind,
              member.id AS owner_id, department.id AS department_id, {import_.pk}::BIGINT AS made_by_import_id,
              uuidv7()::VARCHAR AS uid
            FROM customers
            LEFT JOIN called AS member ON member.kind = 'member' AND member.name = lower(customers.seller)
            LEFT JOIN called AS department
              ON department.kind = 'department' AND department.name = lower(customers.department)
            WHERE is_new ORDER BY account_id"""
        ),
    )
    insert_rows(
        Contact,
        engine.arrow(
            f"""SELECT source, left(account_key || '/' || contact_name, 200) AS external_id, account_id,
              left(contact_name, 200) AS name, coalesce(account_email, '') AS email,
              coalesce(left(account_phone, 50), '') AS phone, {import_.pk}::BIGINT AS made_by_import_id
            FROM customers WHERE is_new AND contact_name IS NOT NULL AND account_name IS NOT NULL"""
        ),
    )
    engine.run("CREATE OR REPLACE TABLE known_products (source VARCHAR, external_id VARCHAR)")
    engine.load("known_products", Product.objects.values_list("source", "external_id"))
    insert_rows(
        Product,
        engine.arrow(
            f"""SELECT source, product AS external_id,
              coalesce(left(arg_max(product_name, business_date), 300), '') AS name,
              coalesce(left(arg_max(category, business_date), 200), '') AS category,
              {import_.pk}::BIGINT AS made_by_import_id
            FROM staged ANTI JOIN known_products AS known
              ON known.source = staged.source AND known.external_id = staged.product
            WHERE product IS NOT NULL AND length(product) <= 200 GROUP BY source, product"""
        ),
    )


def _load_references(engine: Engine) -> None:
    """`called`: members and departments by the names that order lines may call them."""
    engine.run("CREATE OR REPLACE TABLE called (kind VARCHAR, name VARCHAR, id BIGINT)")
    engine.load("called", [("member", name, identity) for name, identity in members_by_name().items()])
    departments = {name.lower(): identity for name, identity in Department.objects.values_list("name", "id")}
    engine.load("called", [("department", name, identity) for name, identity in departments.items()])
