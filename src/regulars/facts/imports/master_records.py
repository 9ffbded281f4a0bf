"""Accounts, contacts, products and rates from files: compared with what is there, then written, undoable.

A value in the file counts, an empty cell says nothing: it never empties a field. Every field that an import changes is
noted with its value before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.ids import reserve_ids
from regulars.base.models import Department, Member, Team
from regulars.base.warehouse import Engine
from regulars.facts.imports.staged import REJECTED_COLUMNS
from regulars.facts.models import Account, Contact, ExchangeRate, Import, Product, Tag

BATCH = 500
CHANGES = "changes.jsonl"
FOUND = "found.json"
Row = dict[str, Any]
M = TypeVar("M", Account, Contact, Product)

MODELS: dict[str, type[models.Model]] = {
    "product": Product,
    "exchangerate": ExchangeRate,
    "account": Account,
    "contact": Contact,
}
"""What a file may bring, in the sequence in which it must be written."""

ACCOUNT_COLUMNS = {
    "account_name": "name",
    "trade": "trade",
    "size": "size",
    "account_email": "email",
    "account_phone": "phone",
    "account_street": "street",
    "account_city": "city",
    "account_postcode": "postcode",
    "account_region": "region",
    "account_country": "country",
    "language": "language",
}
CONTACT_COLUMNS = {
    "contact_name": "name",
    "contact_role": "role",
    "level": "level",
    "language": "language",
    "contact_email": "email",
    "contact_phone": "phone",
    "contact_mobile": "mobile",
}
PRODUCT_COLUMNS = {"product_name": "name", "category": "category", "unit_cost": "cost", "currency": "currency"}
PRIVATE_PERSON = {"person", "private", "privat", "privatperson", "individual", "consumer", "b2c", "particulier"}


@dataclass(frozen=True)
class Change:
    """A field of a record that an import set."""

    model: str
    id: int
    field: str
    before: Any
    after: Any


@dataclass
class RecordPlan:
    """What the files of an import would make and change."""

    new: dict[str, list[Any]] = field(default_factory=dict)
    changed: dict[str, dict[int, Any]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    tags: list[tuple[int, str]] = field(default_factory=list)
    found: dict[str, set[int]] = field(default_factory=dict)
    """Ids of the records that were there already."""
    notes: list[str] = field(default_factory=list)

    def add(self, record: models.Model) -> None:
        self.new.setdefault(_kind(record), []).append(record)

    def update(self, record: models.Model, values: dict[str, Any]) -> None:
        """Set the fields of `record` that differ from `values`."""
        self.found.setdefault(_kind(record), set()).add(record.pk)
        before = {name: getattr(record, name) for name, value in values.items() if getattr(record, name) != value}
        for name, old in before.items():
            setattr(record, name, values[name])
            self.changes.append(Change(_kind(record), record.pk, name, old, values[name]))
        if before:
            self.changed.setdefault(_kind(record), {})[record.pk] = record

    def put(self, record: models.Model, values: dict[str, Any]) -> None:
        """Set the fields of a record that this plan makes, or update one that is there."""
        if record.created_at is not None:  # type: ignore[attr-defined]
            self.update(record, values)
            return
        for name, value in values.items():
            setattr(record, name, value)

    def counts(self) -> dict[str, dict[str, int]]:
        """Per kind of record: created, changed, unchanged."""
        return {
            kind: {
                "created": len(self.new.get(kind, [])),
                "changed": len(self.changed.get(kind, {})),
                "unchanged": len(self.found.get(kind, set()) - self.changed.get(kind, {}).keys()),
            }
            for kind in sorted({*self.new, *self.found})
        }

    def new_accounts(self) -> list[Account]:
        """The accounts that would be made, with their ids: order lines of the same import find them."""
        return self.new.get("account", [])

    def rates(self) -> list[ExchangeRate]:
        """The rates that would be made or changed."""
        return [*self.new.get("exchangerate", []), *self.changed.get("exchangerate", {}).values()]


def plan_products(engine: Engine, table: str, source: str, plan: RecordPlan) -> None:
    """Products by their code."""
    rows = _rows(engine, table)
    known = _known(Product, source, (row["product"] for row in rows))
    for row in rows:
        if row["product"] not in known:
            known[row["product"]] = Product(source=source, external_id=row["product"])
            plan.add(known[row["product"]])
        plan.put(known[row["product"]], _filled(row, PRODUCT_COLUMNS))


def plan_rates(engine: Engine, table: str, plan: RecordPlan) -> None:
    """Rates by currency and day."""
    known = {(rate.currency, rate.valid_from): rate for rate in ExchangeRate.objects.all()}
    for row in _rows(engine, table):
        key = (row["currency"], row["valid_from"])
        if key not in known:
            known[key] = ExchangeRate(currency=key[0], valid_from=key[1])
            plan.add(known[key])
        plan.put(known[key], {"rate": Decimal(row["rate"])})


def plan_accounts(engine: Engine, table: str, source: str, plan: RecordPlan) -> None:
    """Accounts by customer number. Parents may come later in the file; owners, teams, departments must be known."""
    rows = _rows(engine, table)
    known = _known(Account, source, [*(row["account_id"] for row in rows), *(row.get("parent") for row in rows)])
    missing = [number for number in dict.fromkeys(row["account_id"] for row in rows) if number not in known]
    for number, identity in zip(missing, reserve_ids(Account, len(missing)), strict=True):
        known[number] = Account(id=identity, source=source, external_id=number, name=number)
        plan.add(known[number])
    made = {known[number].pk for number in missing}
    find = _Finder(plan)
    contacts = set(Contact.objects.filter(source=source).values_list("external_id", flat=True))
    for row in rows:
        account = known[row["account_id"]]
        values = _filled(row, ACCOUNT_COLUMNS) | find.references(row) | _parent(row, account, known, plan)
        if not row.get("kind"):
            if account.pk in made and row.get("contact_name") and row.get("contact_name") == values.get("name"):
                values["kind"] = Account.Kind.PERSON  # called by a person's name, since there is no firm
        else:
            person = row["kind"].strip().casefold() in PRIVATE_PERSON
            values["kind"] = Account.Kind.PERSON if person else Account.Kind.FIRM
        custom = {name.removeprefix("custom."): row[name] for name in row if name.startswith("custom.") and row[name]}
        if custom:
            values["custom"] = account.custom | custom
        plan.put(account, values)
        plan.tags.extend((account.pk, tag.strip()) for tag in (row.get("tags") or "").split(",") if tag.strip())
        if row.get("contact_name"):
            _plan_contact_of(account, row, contacts, plan)


def plan_contacts(engine: Engine, table: str, source: str, plan: RecordPlan) -> None:
    """Contacts by number, else e-mail, else name at their account; the account by number, else by name."""
    rows = _rows(engine, table)
    for row in rows:
        parts = (row.get("first_name"), row.get("last_name"))
        row["contact_name"] = row.get("contact_name") or " ".join(part for part in parts if part)
        row["number"] = _contact_number(row)
    find_account = _account_finder(rows, source, plan)
    known = _known(Contact, source, (row["number"] for row in rows))
    left_out: list[tuple[Any, ...]] = []
    for row in rows:
        account_id = find_account(row)
        if account_id is None or not row["contact_name"]:
            left_out.append(_rejected_contact(row, table))
            continue
        if row["number"] not in known:
            known[row["number"]] = Contact(source=source, external_id=row["number"])
            plan.add(known[row["number"]])
        plan.put(known[row["number"]], _filled(row, CONTACT_COLUMNS) | {"account_id": account_id})
    engine.load(table.replace("records_", "rejected_", 1), left_out)


def _rejected_contact(row: Row, table: str) -> tuple[Any, ...]:
    """The row of a contact without name or without a known customer, as `REJECTED_COLUMNS` has it."""
    field, reason = "contact_name", "missing"
    if row["contact_name"]:
        field = "account_id" if row.get("account_id") else "account_name"
        reason = "unknown_customer" if row.get(field) else "missing"
    rejected = {"_raw": table.removeprefix("records_"), "_file": row["_file"], "_row": row["_row"]}
    rejected |= {"field": field, "reason": reason, "value": row.get(field)}
    return tuple(rejected.get(name) for name in REJECTED_COLUMNS)


def write_plan(plan: RecordPlan, import_: Import) -> None:
    """Write it all. Call it in the transaction that puts the import in force."""
    for kind, model in MODELS.items():
        new = plan.new.get(kind, [])
        for record in new:
            record.made_by_import_id = import_.pk
        if model is Account:
            _make_accounts(new)
        else:
            model._default_manager.bulk_create(new, batch_size=BATCH)
        changed = list(plan.changed.get(kind, {}).values())
        if changed:
            names = sorted({model._meta.get_field(one.field).name for one in plan.changes if one.model == kind})
            for record in changed:
                record.updated_at = timezone.now()
            model._default_manager.bulk_update(changed, [*names, "updated_at"], batch_size=BATCH)
    if plan.tags:
        _tag(plan.tags)


def keep_for_undo(plan: RecordPlan, folder: Path) -> None:
    """Write the changed fields with their values before, and which records were found."""
    with (folder / CHANGES).open("w", encoding="utf-8") as out:
        for change in plan.changes:
            out.write(json.dumps(vars(change), cls=DjangoJSONEncoder, ensure_ascii=False) + "\n")
    (folder / FOUND).write_text(json.dumps({kind: sorted(ids) for kind, ids in plan.found.items()}))


def found_records(folder: Path) -> dict[str, list[int]]:
    """Ids of the records, by kind, that an import found there already: it stands behind them, too."""
    file = folder / FOUND
    return dict(json.loads(file.read_text())) if file.exists() else {}


def take_back_changes(folder: Path) -> tuple[int, int]:
    """Give changed fields their value from before, unless somebody changed them since: (restored, left alone)."""
    restored = left = 0
    with (folder / CHANGES).open(encoding="utf-8") as lines:
        for line in lines:
            change = Change(**json.loads(line))
            model = MODELS[change.model]
            target: Any = model._meta.get_field(change.field)
            after, before = target.to_python(change.after), target.to_python(change.before)
            was = {change.field: before, "updated_at": timezone.now()}
            done = model._default_manager.filter(pk=change.id, **{change.field: after}).update(**was)
            restored, left = restored + done, left + (1 - done)
    return restored, left


def members_by_name() -> dict[str, int]:
    """Ids of members by their code in the order history, e-mail and name, case folded."""
    found: dict[str, int] = {}
    for member in Member.objects.filter(is_active=True):
        for called in (member.name, member.email, member.seller_code):
            if called:
                found[called.casefold()] = member.pk
    return found


class _Finder:
    """Members, teams and departments by what a file calls them."""

    def __init__(self, plan: RecordPlan) -> None:
        self.plan = plan
        self.unknown: set[tuple[str, str]] = set()
        self.known = {
            "owner": members_by_name(),
            "team": {team.name.casefold(): team.pk for team in Team.objects.all()},
            "department": {department.name.casefold(): department.pk for department in Department.objects.all()},
        }

    def references(self, row: Row) -> dict[str, int]:
        found = {}
        for name, known in self.known.items():
            said = (row.get(name) or "").strip()
            if said and said.casefold() in known:
                found[f"{name}_id"] = known[said.casefold()]
            elif said and (name, said) not in self.unknown:
                self.unknown.add((name, said))
                self.plan.notes.append(_UNKNOWN[name]() % {"name": said})
        return found


_UNKNOWN = {
    "owner": lambda: _("“%(name)s” is not a member of ours: the owner is left empty."),
    "team": lambda: _("“%(name)s” is not a team of ours: the team is left empty."),
    "department": lambda: _("“%(name)s” is not a department of ours: the department is left empty."),
}


def _parent(row: Row, account: Account, known: dict[str, Account], plan: RecordPlan) -> dict[str, int]:
    number = row.get("parent")
    if not number:
        return {}
    parent = known.get(number)
    if parent is None or parent is account:
        plan.notes.append(
            _("Customer %(number)s: the parent %(parent)s is not known; left empty.")
            % {"number": row["account_id"], "parent": number}
        )
        return {}
    return {"parent_id": parent.pk}


def _plan_contact_of(account: Account, row: Row, known: set[str | None], plan: RecordPlan) -> None:
    """The person named in a row of a customer list."""
    number = f"{account.external_id}/{row['contact_name']}"[:200]
    if number in known:
        return
    known.add(number)
    plan.add(
        Contact(
            source=account.source,
            external_id=number,
            account_id=account.pk,
            name=row["contact_name"],
            role=row.get("contact_role") or "",
            email=row.get("account_email") or "",
            phone=row.get("account_phone") or "",
        )
    )


def _account_finder(rows: list[Row], source: str, plan: RecordPlan) -> Any:
    numbers = {account.external_id: account.pk for account in plan.new_accounts() if account.source == source}
    existing = _known(Account, source, (row.get("account_id") for row in rows))
    numbers |= {number: account.pk for number, account in existing.items()}
    wanted = {row["account_name"] for row in rows if row.get("account_name") and not row.get("account_id")}
    names = {account.name.casefold(): account.pk for account in plan.new_accounts()}
    for batch in _batched(wanted):
        found = Account.objects.filter(name__in=batch, merged_into=None).values_list("name", "id")
        names |= {name.casefold(): identity for name, identity in found}

    def find(row: Row) -> int | None:
        return numbers.get(row.get("account_id")) or names.get((row.get("account_name") or "").casefold())

    return find


def _make_accounts(accounts: list[Account]) -> None:
    """A child may stand before its parent: make all, then point."""
    parents = [(account, account.parent_id) for account in accounts if account.parent_id]
    for account, _parent_id in parents:
        account.parent_id = None
    Account.objects.bulk_create(accounts, batch_size=BATCH)
    for account, parent_id in parents:
        account.parent_id = parent_id
    Account.objects.bulk_update([account for account, _parent_id in parents], ["parent"], batch_size=BATCH)


def _tag(tags: list[tuple[int, str]]) -> None:
    ids = {name: Tag.objects.get_or_create(name=name)[0].pk for name in {name for _account, name in tags}}
    through = Account.tags.through
    through._default_manager.bulk_create(
        [through(account_id=account, tag_id=ids[name]) for account, name in dict.fromkeys(tags)],
        ignore_conflicts=True,
        batch_size=BATCH,
    )


def _rows(engine: Engine, table: str) -> list[Row]:
    names = list(engine.columns(table))
    rows = engine.rows(f"SELECT * FROM {table} ORDER BY _file, _row")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _known(model: type[M], source: str, numbers: Iterable[str | None]) -> dict[str, M]:
    """Records of `source` by external id, for those of `numbers` that exist."""
    wanted = {number for number in numbers if number}
    return {
        str(record.external_id): record
        for batch in _batched(wanted)
        for record in model._default_manager.filter(source=source, external_id__in=batch)
    }


def _batched(values: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(values)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _kind(record: models.Model) -> str:
    return str(record._meta.model_name)


def _filled(row: Row, columns: dict[str, str]) -> dict[str, Any]:
    return {target: row[name] for name, target in columns.items() if row.get(name) not in (None, "")}


def _contact_number(row: Row) -> str:
    account = row.get("account_id") or row.get("account_name") or ""
    number: str = row.get("contact_id") or row.get("contact_email") or f"{account}/{row['contact_name']}"
    return number[:200]
