"""The verbs of an import: `stage_import` reads and says what would happen, `run_import` puts it in force.

The one moment at which an import becomes visible is the commit of the database transaction in `_write`: working
records, the pointer to the new version of the history and the import's own state change together. A process killed
before leaves nothing visible; the next import or undo then marks the dead one as failed (`recover`), and the next
writer cuts off what it had already written into the warehouse.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import record_change
from regulars.base.locks import exclusive
from regulars.base.models import Member, new_uid
from regulars.base.organisation import organisation
from regulars.base.warehouse import Engine, disk_trouble_said_plainly, open_engine, quoted
from regulars.core.errors import Refusal
from regulars.facts.history import HISTORY, HISTORY_LOCK
from regulars.facts.imports import master_records, order_lines, rejected
from regulars.facts.imports.detect import Proposal, propose_all, save_mapping
from regulars.facts.imports.mapping import Mapping
from regulars.facts.imports.normalise import stage_order_lines, stage_records
from regulars.facts.imports.order_lines import Difference
from regulars.facts.imports.proposals import missing_for_orders
from regulars.facts.imports.rules import active_rules, preview_rules
from regulars.facts.imports.sources import RawTable, SourceFile, drop_raw, read_sources
from regulars.facts.imports.staged import SKIPPED
from regulars.facts.imports.unnumbered import number_customers
from regulars.facts.models import ClassificationRule, Import
from regulars.facts.rates import load_rates

Progress = Callable[[str, float | None], None]
"""Told what is being done, and how much of it (0 … 1) where that is known."""

KINDS = ClassificationRule.Kind.values


class NotUnderstood(Refusal):
    """Files whose columns could not be mapped, with what is missing."""


class NoRows(Refusal):
    """A list with nothing in it."""


@dataclass
class Part:
    """The files of an import that have the same headings, and how they are read."""

    raw: RawTable
    proposal: Proposal
    mapping: Mapping


@dataclass
class DryRun:
    """What an import would do, or did: counts, and order lines by month, rule and currency."""

    """Money in minor units of the base currency."""

    files: list[dict[str, Any]] = field(default_factory=list)
    lines_read: int = 0
    lines_accepted: int = 0
    lines_rejected: int = 0
    lines_skipped: int = 0
    lines_repeated: int = 0
    history: Difference | None = None
    accounts_new: int = 0
    accounts_known: int = 0
    records: dict[str, dict[str, int]] = field(default_factory=dict)
    without_customer: dict[str, int] = field(default_factory=dict)
    months: list[dict[str, Any]] = field(default_factory=list)
    left_out_of_other_months: list[dict[str, Any]] = field(default_factory=list)
    """Rows of months of which nothing is taken in, and (month None) rows without a readable date."""
    rules: list[dict[str, Any]] = field(default_factory=list)
    currencies: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class StagedImport:
    """Files that are read and converted in an engine of their own; nothing else has changed yet."""

    engine: Engine
    folder: Path
    parts: list[Part]
    as_of: dt.date
    base_currency: str
    time_zone: str
    plan: master_records.RecordPlan = field(default_factory=master_records.RecordPlan)
    report: DryRun = field(default_factory=DryRun)
    history_version: int = -1

    @property
    def source(self) -> str:
        """The source that the import is listed under."""
        return self.parts[0].mapping.source

    @property
    def has_lines(self) -> bool:
        return any(part.mapping.content == Import.Content.ORDER_LINES for part in self.parts)

    @property
    def content(self) -> str:
        """The content that the import is listed under: order lines where there are any."""
        contents = [part.mapping.content for part in self.parts if part.mapping.content in Import.Content.values]
        return Import.Content.ORDER_LINES if self.has_lines else contents[0]


@contextmanager
def stage_import(
    *,
    paths: Sequence[Path],
    as_of: dt.date,
    source: str = "",
    encoding: str | None = None,
    delimiter: str | None = None,
    adjust: Callable[[RawTable, Mapping], Mapping] | None = None,
    looked: Callable[[Engine, list[Part]], None] | None = None,
    progress: Progress | None = None,
) -> Iterator[StagedImport]:
    """Read the files, find their mapping, convert every row and compare with what is there: the dry run.

    `as_of` is the day of the import: dates far beyond it are refused. `adjust` may change each proposed mapping;
    `looked` is given all files and their mappings before anything is demanded of them, and so learns of files that are
    then refused. Gives a `StagedImport` for as long as the context lasts: `report` says what would happen, `run_import`
    does it. Raises a `Refusal` for files that cannot be read or understood and for missing rates.
    """
    tell = progress or _nobody
    with ExitStack() as stack:
        with disk_trouble_said_plainly():
            recover()
            folder = Path(settings.IMPORTS_ROOT) / str(new_uid())
            (folder / "work").mkdir(parents=True)
            stack.callback(_remove_if_unused, folder)
            engine = stack.enter_context(open_engine())
            left_out: dict[str, str] = {}
            raws = read_sources(
                engine,
                paths,
                work=folder / "work",
                encoding=encoding,
                delimiter=delimiter,
                progress=tell,
                skipped=left_out.__setitem__,
            )
            tell(_("Understanding the columns"), None)
            firm = organisation()
            parts = _understood(engine, raws, source, adjust, looked)
            staged = StagedImport(engine, folder, parts, as_of, firm.base_currency, firm.time_zone)
            staged.report.notes = [
                _("%(file)s was left out: %(reason)s") % {"file": file, "reason": reason}
                for file, reason in left_out.items()
            ]
            _stage_records(staged)
            if staged.has_lines:
                tell(_("Converting the lines"), None)
                _stage_lines(staged)
            _describe(staged)
        yield staged


@disk_trouble_said_plainly()
def run_import(staged: StagedImport, *, member: Member | None = None, progress: Progress | None = None) -> Import:
    """Put a staged import in force, all of it or nothing. Returns its record, with the report.

    Raises `Busy` when another import is running, and whatever stopped it; the record then says that it failed and why.
    """
    require(member, Permission.IMPORT)
    tell = progress or _nobody
    with exclusive(HISTORY_LOCK, wait_seconds=2):
        import_ = Import.objects.create(
            uid=staged.folder.name,
            content=staged.content,
            source=staged.source,
            files=[_file_json(file) for part in staged.parts for file in part.raw.files],
            mapping={part.raw.name: part.mapping.to_json() for part in staged.parts},
            member=member,
        )
        try:
            _write(staged, import_, tell)
        except BaseException as problem:
            with suppress(DatabaseError):  # the disk may be full; then `recover` finds the record as it is
                _mark_failed(Import.objects.filter(pk=import_.pk), str(problem) or type(problem).__name__)
            raise
    for part in staged.parts:
        save_mapping(part.raw.headings, part.mapping)
    return import_


def recover() -> int:
    """Mark imports whose process has died as failed. Nothing of them is visible. Returns how many there were."""
    if not Import.objects.filter(state=Import.State.RUNNING).exists():
        return 0
    with exclusive(HISTORY_LOCK, wait_seconds=2):
        return _mark_failed(
            Import.objects.filter(state=Import.State.RUNNING),
            _("The process was interrupted before the import was in force; nothing was changed. Import again."),
        )


def _mark_failed(imports: QuerySet[Import], reason: str) -> int:
    return imports.update(state=Import.State.FAILED, reason=reason, finished_at=timezone.now())


def visible_imports(member: Member | None) -> QuerySet[Import]:
    """All imports, the newest first: they tell of the whole firm, so only who may import sees them."""
    require(member, Permission.IMPORT)
    return Import.objects.select_related("member").order_by("-pk")


def import_folder(import_: Import) -> Path:
    """Where the import keeps its rejected rows and what it replaced."""
    return Path(settings.IMPORTS_ROOT) / str(import_.uid)


def _write(staged: StagedImport, import_: Import, tell: Progress) -> None:
    engine = staged.engine
    master_records.keep_for_undo(staged.plan, staged.folder)
    rejected.keep_rejected(engine, [(part.raw, part.mapping) for part in staged.parts], staged.folder)
    for part in staged.parts:
        drop_raw(engine, part.raw)  # sorting a long history needs the room
    version = HISTORY.version_in_force()
    after = version
    if staged.has_lines:
        if version != staged.history_version:
            staged.report.history = order_lines.compare_with_history(engine, _complete_orders(staged.parts))
        tell(_("Finding the customers"), None)
        order_lines.give_ids(engine)
        difference = staged.report.history
        assert difference is not None
        tell(_("Writing the history"), None)
        after = order_lines.write_lines(engine, import_.pk, difference, staged.folder)
    tell(_("Writing accounts and contacts"), None)
    with transaction.atomic():
        master_records.write_plan(staged.plan, import_)
        if staged.has_lines:
            order_lines.write_customers(engine, import_)
        if after != version:
            HISTORY.put_in_force(after)
        import_.state = Import.State.DONE
        import_.history_before, import_.history_after = version, after
        import_.report = staged.report.to_json()
        import_.finished_at = timezone.now()
        import_.save()
        record_change(
            member=import_.member, verb="import", record=import_, before={}, after={"report": _short(staged.report)}
        )


def _understood(
    engine: Engine,
    raws: list[RawTable],
    source: str,
    adjust: Callable[[RawTable, Mapping], Mapping] | None,
    looked: Callable[[Engine, list[Part]], None] | None,
) -> list[Part]:
    """Each group of files with its mapping; all come from one source, unless their mappings say otherwise."""
    if not any(raw.rows or raw.broken for raw in raws):
        raise NoRows(
            _("There are headings, but no rows: %(headings)s.") % {"headings": ", ".join(raws[0].headings)},
            _("Export the list again, with its rows."),
        )
    parts = []
    for raw, proposal in zip(raws, propose_all(engine, raws), strict=True):
        parts.append(Part(raw, proposal, adjust(raw, proposal.mapping) if adjust else proposal.mapping))
    if looked:
        looked(engine, parts)
    for part in parts:
        if part.mapping != part.proposal.mapping:
            _demand_what_orders_need(part.mapping)
    if not any(part.mapping.content in Import.Content.values for part in parts):
        missing = list(dict.fromkeys(sentence for part in parts for sentence in _missing(part)))
        raise NotUnderstood(
            " ".join([_("The columns could not be understood."), *missing]),
            _("Say which column is which, for example: --map order_id='Order no.' --map business_date=Date"),
        )
    named = source or next((part.mapping.source for part in parts if part.mapping.source), "orders")
    return [_with(part, source=source or part.mapping.source or named) for part in parts]


def _missing(part: Part) -> list[str]:
    """What the columns lack to be order lines, those that the user named included."""
    if part.mapping == part.proposal.mapping:
        return part.proposal.missing
    return missing_for_orders(part.mapping.columns)


def _demand_what_orders_need(mapping: Mapping) -> None:
    """Refuse columns that leave order lines without number, date or amount, rather than reject every row."""
    if mapping.content != Import.Content.ORDER_LINES or mapping.joined_by:
        return
    fields = {*mapping.columns, *mapping.instead, *mapping.lookups, *mapping.constants}
    if missing := missing_for_orders(fields):
        raise NotUnderstood(" ".join(missing), _("Name the column: --map FIELD='Heading of the column'"))


def _with(part: Part, **changes: Any) -> Part:
    return replace(part, mapping=replace(part.mapping, **changes))


_SEQUENCE = [Import.Content.PRODUCTS, Import.Content.RATES, Import.Content.ACCOUNTS, Import.Content.CONTACTS]


def _stage_records(staged: StagedImport) -> None:
    planners: dict[str, Callable[[str, str], None]] = {
        Import.Content.PRODUCTS: lambda table, source: master_records.plan_products(
            staged.engine, table, source, staged.plan
        ),
        Import.Content.RATES: lambda table, source: master_records.plan_rates(staged.engine, table, staged.plan),
        Import.Content.ACCOUNTS: lambda table, source: master_records.plan_accounts(
            staged.engine, table, source, staged.plan
        ),
        Import.Content.CONTACTS: lambda table, source: master_records.plan_contacts(
            staged.engine, table, source, staged.plan
        ),
    }
    for content in _SEQUENCE:
        for part in staged.parts:
            if part.mapping.content == content:
                made = stage_records(
                    staged.engine,
                    part.raw,
                    part.mapping,
                    [(other.raw, other.mapping) for other in staged.parts if other is not part],
                    base_currency=staged.base_currency,
                    as_of=staged.as_of,
                )
                planners[content](made.lines, part.mapping.source)
                staged.report.lines_rejected += staged.engine.value(f"SELECT count(*) FROM {made.rejected}")


def _stage_lines(staged: StagedImport) -> None:
    engine, report = staged.engine, staged.report
    parts = [(part.raw, part.mapping) for part in staged.parts]
    made = stage_order_lines(
        engine,
        parts,
        rules=active_rules(),
        base_currency=staged.base_currency,
        time_zone=staged.time_zone,
        as_of=staged.as_of,
    )
    report.lines_rejected += made.rejected_rows
    report.lines_skipped = made.skipped_rows
    report.lines_repeated = made.repeated_rows
    rows = staged.engine.value("SELECT count(*) FROM typed WHERE line_no NOT IN ('shipping', 'discount', 'refund')")
    read = sum(part.raw.rows for part in staged.parts if part.mapping.content == Import.Content.ORDER_LINES)
    assert rows == read, f"{read} rows were read and {rows} converted: none may be lost or come twice"
    mappings = [mapping for _raw, mapping in parts if mapping.content == Import.Content.ORDER_LINES]
    order_lines.find_customers(engine, mappings, staged.plan.new_accounts())
    number_customers(engine, staged.plan)
    order_lines.plan_details(engine, staged.plan)
    load_rates(engine)
    engine.load("rates", [(rate.currency, rate.valid_from, rate.rate) for rate in staged.plan.rates()])
    order_lines.shape_lines(engine, staged.base_currency)
    staged.history_version = HISTORY.version_in_force()
    report.history = order_lines.compare_with_history(engine, _complete_orders(staged.parts))
    report.rules = preview_rules(engine)
    _describe_lines(engine, report)


def _describe_lines(engine: Engine, report: DryRun) -> None:
    """Counts of the staged lines; money in base minor units."""
    new, known = engine.rows("SELECT count(*) FILTER (is_new), count(*) FILTER (NOT is_new) FROM customers")[0]
    report.accounts_new, report.accounts_known = new, known
    engine.run(
        f"""CREATE OR REPLACE TABLE described AS
        SELECT strftime(line.business_date, '%Y-%m') AS month, line.kind, line.currency,
          line.account_key IS NULL AS nobody, count(*) AS lines, sum({order_lines.NET_IN_BASE})::BIGINT AS net_minor
        FROM {order_lines.STAGED_WITH_RATES} GROUP BY ALL"""
    )
    engine.run(
        """CREATE OR REPLACE TABLE described_orders AS
        SELECT strftime(min(business_date), '%Y-%m') AS month, count(account_key) = 0 AS nobody
        FROM staged GROUP BY source, order_id"""
    )
    orders: dict[str, int] = dict(engine.rows("SELECT month, count(*) FROM described_orders GROUP BY month"))
    columns = ("month", "lines", *(f"{kind}_minor" for kind in KINDS), "net_minor")
    by_kind = ", ".join(f"coalesce(sum(net_minor) FILTER (kind = '{kind}'), 0)::BIGINT" for kind in KINDS)
    months = engine.rows(
        f"""SELECT month, sum(lines)::BIGINT, {by_kind}, sum(net_minor)::BIGINT FROM described
        GROUP BY month ORDER BY month"""
    )
    in_file = _totals_of_the_file(engine)
    of_file = ("file_lines", "file_net_minor")
    report.months = [
        dict(zip(columns, month, strict=True))
        | {"orders": orders.get(month[0], 0)}
        | dict(zip(of_file, in_file.pop(month[0]), strict=True))
        for month in months
    ]
    report.left_out_of_other_months = [
        {"month": month} | dict(zip(of_file, totals, strict=True)) for month, totals in in_file.items()
    ]
    report.lines_accepted = sum(month["lines"] for month in report.months)
    lines, net = engine.rows(
        "SELECT coalesce(sum(lines), 0)::BIGINT, coalesce(sum(net_minor), 0)::BIGINT FROM described WHERE nobody"
    )[0]
    nobody = engine.value("SELECT count(*) FROM described_orders WHERE nobody")
    report.without_customer = {"lines": lines, "orders": nobody, "net_minor": net}
    report.currencies = dict(
        engine.rows("SELECT currency, sum(lines)::BIGINT FROM described GROUP BY currency ORDER BY 2 DESC")
    )


def _totals_of_the_file(engine: Engine) -> dict[str | None, tuple[int, int]]:
    """By month, lines and amount of all rows of the file, rejected ones included as far as they can be read.

    None stands for rows without a readable date. What is in a currency without a rate does not count.
    """
    base = f"line.currency IS NOT DISTINCT FROM {quoted(organisation().base_currency)} OR rate.factor IS NOT NULL"
    rows = engine.rows(
        f"""SELECT strftime(line.business_date, '%Y-%m') AS month, count(*),
          coalesce(sum({order_lines.NET_IN_BASE}) FILTER ({base}), 0)::BIGINT
        FROM {order_lines.STAGED_WITH_RATES.replace("staged AS", "typed AS", 1)}
        WHERE line.reason IS DISTINCT FROM {quoted(SKIPPED)} GROUP BY month ORDER BY month NULLS LAST"""
    )
    return {month: (lines, net) for month, lines, net in rows}


def _describe(staged: StagedImport) -> None:
    report = staged.report
    report.files = [
        _file_json(file) | {"content": part.mapping.content} for part in staged.parts for file in part.raw.files
    ]
    report.lines_read = sum(part.raw.rows + part.raw.broken for part in staged.parts)
    report.records = staged.plan.counts()
    found = dict.fromkeys(note for part in staged.parts for note in part.proposal.notes)
    report.notes = [*found, *report.notes, *staged.plan.notes]


def _file_json(file: SourceFile) -> dict[str, Any]:
    return {"name": file.name, "size_bytes": file.size_bytes, "sha256": file.sha256}


def _short(report: DryRun) -> dict[str, Any]:
    """What the audit trail tells of an import."""
    return {
        "lines": asdict(report.history) if report.history else {},
        "accounts_new": report.accounts_new,
        "rejected": report.lines_rejected,
        "records": report.records,
    }


def _complete_orders(parts: list[Part]) -> bool:
    lines = [part.mapping for part in parts if part.mapping.content == Import.Content.ORDER_LINES]
    return all(mapping.complete_orders and "line_no" not in mapping.columns for mapping in lines)


def _remove_if_unused(folder: Path) -> None:
    """A folder stays only for an import that is in force."""
    shutil.rmtree(folder / "work", ignore_errors=True)
    if not Import.objects.filter(uid=folder.name, state=Import.State.DONE).exists():
        shutil.rmtree(folder, ignore_errors=True)


def _nobody(_text: str, _share: float | None) -> None:
    return None
