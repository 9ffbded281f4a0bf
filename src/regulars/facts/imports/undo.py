"""Taking a whole import back, also when others came after it.

The history is a ledger of imports: each line carries the import that wrote it, each import keeps the lines it replaced
(`before.parquet`) and the keys of the lines it found there just so (`confirmed.parquet`). Undoing an import takes away
what nobody else stands behind: a line stays when another import confirmed it, else it gives way to what it had
replaced, as far back as it takes when that was written by an import that is itself undone. Lines that a later import
overwrote stay as they are. The outcome is the state that the imports in force would have made without the undone ones.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import record_change
from regulars.base.locks import exclusive
from regulars.base.models import Member
from regulars.base.warehouse import Engine, open_engine, quoted
from regulars.core.errors import Refusal
from regulars.facts.history import HISTORY, HISTORY_LOCK, KEY
from regulars.facts.imports.master_records import MODELS, found_records, take_back_changes
from regulars.facts.imports.order_lines import BEFORE, CONFIRMED
from regulars.facts.imports.runs import Progress, import_folder, recover
from regulars.facts.models import Account, Import, Product

_SAME_KEY = " AND ".join(f"line.{name} = other.{name}" for name in KEY)
_LINE = ", ".join(HISTORY.columns)


class CannotUndo(Refusal):
    """An import that is not in force."""


@dataclass
class UndoReport:
    """What became of everything that the import had made or changed."""

    lines_removed: int = 0
    lines_restored: int = 0
    records_removed: int = 0
    records_kept: int = 0
    fields_restored: int = 0
    fields_kept: int = 0


def undo_import(*, import_: Import, member: Member | None = None, progress: Progress | None = None) -> UndoReport:
    """Restore the state before the import, updates included. What was changed by hand since is left, and counted."""
    require(member, Permission.IMPORT)
    tell = progress or (lambda _text, _share: None)
    recover()
    report = UndoReport()
    with exclusive(HISTORY_LOCK, wait_seconds=2), open_engine() as engine:
        import_.refresh_from_db()
        demand_in_force(import_)
        version = HISTORY.version_in_force()
        after = version
        if import_.content == Import.Content.ORDER_LINES:
            tell(_("Restoring the history"), None)
            after = _restore_history(engine, import_, report)
        tell(_("Restoring accounts and contacts"), None)
        with transaction.atomic():
            if after != version:
                HISTORY.put_in_force(after)
            report.fields_restored, report.fields_kept = take_back_changes(import_folder(import_))
            _remove_records(engine, import_, after, report)
            import_.state = Import.State.UNDONE
            import_.undone_at = timezone.now()
            import_.save()
            record_change(member=member, verb="undo_import", record=import_, before={}, after=asdict(report))
    return report


def demand_in_force(import_: Import) -> None:
    """Raise `CannotUndo` for an import that is not in force."""
    if import_.state != Import.State.DONE:
        raise CannotUndo(
            _("Import %(number)d is not in force: %(state)s.")
            % {"number": import_.pk, "state": import_.get_state_display()},
            _("See the list of imports with: regulars imports"),
        )


def _restore_history(engine: Engine, import_: Import, report: UndoReport) -> int:
    """The version of the history without the import's lines, not yet in force."""
    assert import_.history_before is not None
    if _nothing_happened_since(import_):
        if import_.history_after == import_.history_before:
            return import_.history_before
        mine = f"SELECT * FROM {HISTORY.relation()} WHERE import_id = {import_.pk}"
        lost = _lines_of(BEFORE, [import_.pk])
        report.lines_restored = engine.value(f"SELECT count(*) FROM ({lost})")
        report.lines_removed = engine.value(
            f"SELECT count(*) FROM ({mine}) AS line ANTI JOIN ({lost}) AS other ON {_SAME_KEY}"
        )
        HISTORY.writable()
        return HISTORY.restore(max(import_.history_before, 0))
    _open_lines(engine, import_)
    _trace_back(engine)
    return _write_traced(engine, report)


def _nothing_happened_since(import_: Import) -> bool:
    """Whether the version before the import is still the state before it."""
    others = Import.objects.filter(content=Import.Content.ORDER_LINES)
    later = others.filter(pk__gt=import_.pk, state=Import.State.DONE)
    undone_since = others.filter(pk__lt=import_.pk, state=Import.State.UNDONE, undone_at__gt=import_.finished_at)
    untouched = HISTORY.version_in_force() == import_.history_after
    return untouched and not later.exists() and not undone_since.exists()


def _open_lines(engine: Engine, import_: Import) -> None:
    """Make `here`, the lines of the history that this undo concerns, and what `_trace_back` needs.

    They are those that the import wrote, and those that it alone still confirms though their writer is undone.
    `open_lines` holds these and the lines that the import removed, each with the import that replaced it (`over`).
    """
    undone = [import_.pk, *Import.objects.filter(state=Import.State.UNDONE).values_list("pk", flat=True)]
    active = Import.objects.filter(state=Import.State.DONE).exclude(pk=import_.pk).values_list("pk", flat=True)
    engine.run("CREATE TABLE undone (id BIGINT)")
    engine.load("undone", [(number,) for number in undone])
    engine.run(f"CREATE TABLE befores AS {_lines_of(BEFORE, undone)}")
    engine.run(f"CREATE TABLE confirms AS {_lines_of(CONFIRMED, list(active))}")
    engine.run(
        f"""CREATE TABLE here AS
        SELECT line.* FROM {HISTORY.relation()} AS line
        LEFT JOIN ({_lines_of(CONFIRMED, [import_.pk])}) AS other ON {_SAME_KEY}
        WHERE line.import_id = {import_.pk}
           OR (other.order_id IS NOT NULL AND line.import_id IN (SELECT id FROM undone))"""
    )
    engine.run(
        f"""CREATE TABLE open_lines AS
        SELECT {_LINE}, {2**62}::BIGINT AS over FROM here
        UNION ALL SELECT {_LINE}, "by" AS over FROM befores AS line
        ANTI JOIN {HISTORY.relation()} AS other ON {_SAME_KEY} WHERE line.gone AND line."by" = {import_.pk}"""
    )
    engine.run("CREATE TABLE settled AS SELECT * EXCLUDE (over), false AS gone FROM open_lines WHERE false")


def _trace_back(engine: Engine) -> None:
    """Make `settled`: for each of the open lines the line that counts now, or `gone`.

    A line counts when its writer is in force, or an import in force confirmed it before it was replaced. Of the others
    each turn looks at what they themselves had replaced.
    """
    named = ", ".join(f"found.{name} AS {name}" for name in HISTORY.columns)
    while engine.value("SELECT count(*) FROM open_lines"):
        engine.run(
            f"""CREATE OR REPLACE TABLE judged AS
            SELECT line.*, line.import_id NOT IN (SELECT id FROM undone) OR other.order_id IS NOT NULL AS counts
            FROM open_lines AS line LEFT JOIN (
              SELECT DISTINCT line.source, line.order_id, line.line_no FROM open_lines AS line
              JOIN confirms AS other ON {_SAME_KEY} AND other."by" > line.import_id AND other."by" < line.over
            ) AS other ON {_SAME_KEY}"""
        )
        engine.run("INSERT INTO settled SELECT * EXCLUDE (over, counts), false AS gone FROM judged WHERE counts")
        engine.run(
            f"""CREATE OR REPLACE TABLE stepped AS
            SELECT line.* EXCLUDE (over, counts), arg_max(other, other."by") AS found FROM judged AS line
            LEFT JOIN befores AS other ON {_SAME_KEY}
              AND (other."by" = line.import_id OR (other.gone AND other."by" < line.import_id))
            WHERE NOT line.counts GROUP BY ALL"""
        )
        engine.run("INSERT INTO settled SELECT * EXCLUDE (found), true AS gone FROM stepped WHERE found IS NULL")
        engine.run(
            f"""CREATE OR REPLACE TABLE open_lines AS
            SELECT {named}, found."by" AS over FROM stepped WHERE found IS NOT NULL"""
        )


def _write_traced(engine: Engine, report: UndoReport) -> int:
    version = HISTORY.version_in_force()
    changed = (
        f"SELECT line.* FROM settled AS line JOIN here AS other ON {_SAME_KEY} "
        "WHERE line.gone OR line.import_id <> other.import_id"
    )
    again = f"SELECT line.* FROM settled AS line ANTI JOIN here AS other ON {_SAME_KEY} WHERE NOT line.gone"
    report.lines_removed = engine.value(f"SELECT count(*) FROM ({changed}) WHERE gone")
    rows_again = engine.value(f"SELECT count(*) FROM ({again})")
    report.lines_restored = engine.value(f"SELECT count(*) FROM ({changed}) WHERE NOT gone") + rows_again
    if report.lines_removed or report.lines_restored:
        HISTORY.writable()
    if report.lines_removed or report.lines_restored > rows_again:
        version = HISTORY.merge(engine, changed, on=KEY)
    if rows_again:
        version = HISTORY.append(engine, again)
    return version


def _lines_of(name: str, imports: list[int]) -> str:
    """SQL for the kept lines of several imports, each with the import it belongs to (`by`)."""
    files = [(pk, import_folder(import_) / name) for pk, import_ in Import.objects.in_bulk(imports).items()]
    reads = [
        f'SELECT *, {pk}::BIGINT AS "by" FROM read_parquet({quoted(str(file))})' for pk, file in files if file.exists()
    ]
    if reads:
        return " UNION ALL BY NAME ".join(reads)
    columns = HISTORY.columns if name == BEFORE else dict.fromkeys(KEY, "VARCHAR")
    typed = [f"NULL::{kind} AS {column}" for column, kind in columns.items()]
    return f"""SELECT {", ".join(typed)}, NULL::BOOLEAN AS gone, NULL::BIGINT AS "by" WHERE false"""


def _remove_records(engine: Engine, import_: Import, version: int, report: UndoReport) -> None:
    """Delete what the import made, unless something else has come to depend on it.

    What an import undone earlier had made, and was kept for the lines of this one, goes with it.
    """
    undone = models.Q(made_by_import=import_) | models.Q(made_by_import__state=Import.State.UNDONE)
    others = Import.objects.filter(state=Import.State.DONE).exclude(pk=import_.pk)
    found = [found_records(import_folder(other)) for other in others]
    for kind, model in reversed(MODELS.items()):
        made = set(model._default_manager.filter(undone).values_list("pk", flat=True))
        needed = _referred_to(model, undone) | _in_the_history(engine, model, undone, version)
        needed.update(pk for records in found for pk in records.get(kind, []))
        doomed = sorted(made - needed)
        for start in range(0, len(doomed), 500):
            _delete(model, doomed[start : start + 500])
        report.records_removed += len(doomed)
        report.records_kept += len(made & needed)


def _in_the_history(engine: Engine, model: type[models.Model], undone: models.Q, version: int) -> set[int]:
    """Ids of accounts and products that lines of the history name."""
    history = HISTORY.relation(version)
    engine.run("CREATE OR REPLACE TABLE candidate (id BIGINT, source VARCHAR, code VARCHAR)")
    if model is Account:
        engine.load("candidate", Account.objects.filter(undone).values_list("pk", "source", "external_id"))
        lines = f"(SELECT DISTINCT account_id FROM {history}) AS line ON line.account_id = candidate.id"
    elif model is Product:
        engine.load("candidate", Product.objects.filter(undone).values_list("pk", "source", "external_id"))
        lines = f"(SELECT DISTINCT source, product AS code FROM {history}) AS line USING (source, code)"
    else:
        return set()
    return {row[0] for row in engine.rows(f"SELECT candidate.id FROM candidate SEMI JOIN {lines}")}


def _referred_to(model: type[models.Model], undone: models.Q) -> set[Any]:
    """Ids of `model` that other records hold on to; the model's own records that would go as well don't count."""
    needed: set[Any] = set()
    for relation in _pointing_at(model):
        if _holds_on(relation):
            holders = relation.related_model._default_manager.all()
            if relation.related_model is model:
                holders = holders.exclude(undone)
            needed |= set(holders.values_list(relation.field.attname, flat=True))
        elif relation.on_delete is models.CASCADE:
            needed |= _whose_part_is_held(relation)
    return needed - {None}


def _whose_part_is_held(relation: Any) -> set[Any]:
    """Ids of those with a part that would go with them, and to which something else holds on: a review with answers."""
    part, owner = relation.related_model, relation.field.attname
    held = set()
    for further in _pointing_at(part):
        if further.on_delete is models.PROTECT:
            holders = further.related_model._default_manager.exclude(**{further.field.name: None})
            held |= set(
                part._default_manager.filter(pk__in=holders.values(further.field.attname)).values_list(owner, flat=True)
            )
    return held


def _pointing_at(model: type[models.Model]) -> list[Any]:
    """The relations of all that points to `model`, those without a name at this end included."""
    found = model._meta.get_fields(include_hidden=True)
    return [one for one in found if one.auto_created and not one.concrete and (one.one_to_many or one.one_to_one)]


def _holds_on(relation: Any) -> bool:
    """Whether a record that points here must keep what it points to: a merge, a talk that names its contacts."""
    owner = relation.related_model._meta.auto_created  # of a table between two models: the one that names the other
    return relation.on_delete is models.PROTECT or (bool(owner) and owner is not relation.model)


def _delete(model: type[models.Model], ids: list[int]) -> None:
    """Rows by id with what belongs to them, several hundred at once. Parents and children in one import go together."""
    for relation in _pointing_at(model):
        if relation.on_delete is models.CASCADE:
            relation.related_model._default_manager.filter(**{f"{relation.field.name}__in": ids}).delete()
        elif relation.on_delete is models.SET_NULL:  # a live order waits for its customer again
            pointing = relation.related_model._default_manager.filter(**{f"{relation.field.name}__in": ids})
            pointing.update(**{relation.field.name: None})
    for many in model._meta.many_to_many:
        through: Any = many.remote_field.through
        through._default_manager.filter(**{f"{model._meta.model_name}_id__in": ids}).delete()
    for field in model._meta.concrete_fields:
        if field.related_model is model:
            model._default_manager.filter(pk__in=ids).update(**{field.name: None})
    rows = model._default_manager.filter(pk__in=ids)
    rows._raw_delete(rows.db)
