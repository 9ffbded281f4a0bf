"""What an import would do, as it is shown before it is done: how the files are read, what is new, sums to compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regulars.cli.import_report import named
from regulars.cli.language import _, ngettext
from regulars.cli.output import Column, in_minor, say, show_facts, show_table

if TYPE_CHECKING:
    from regulars.facts.imports.raw_tables import RawTable
    from regulars.facts.imports.runs import DryRun, Part, StagedImport

MONTHS_SHOWN = 12


def show_reading(staged: StagedImport) -> None:
    """How each group of files is read: which heading holds which field, and what was decided on the way."""
    for part in staged.parts:
        _show_part(staged, part)
    for text in staged.report.notes:
        say(f"  {text}", style="dim")


def _show_part(staged: StagedImport, part: Part) -> None:
    from regulars.facts.imports.mapping import FIELDS

    names = named([file.name for file in part.raw.files])
    read_as = part.mapping.content.replace("_", " ") or _("not understood, left out")
    known = f" ({part.mapping.export})" if part.mapping.export else ""
    say(f"{names}: {read_as}{known}", style="bold")
    if not part.mapping.content or not part.mapping.columns:
        return
    example = _example(staged, part.raw)
    meanings = FIELDS.get(part.mapping.content, {})
    rows = [
        [str(meanings.get(name, name)), heading, example.get(heading, "")]
        for name, heading in part.mapping.columns.items()
    ]
    show_table(
        [
            Column(heading=_("Field"), flexible=True),
            Column(heading=_("Column")),
            Column(heading=_("For example"), rank=1, flexible=True, style="dim"),
        ],
        rows,
    )


def _example(staged: StagedImport, raw: RawTable) -> dict[str, str]:
    """For each heading the cell of the first row."""
    columns = ", ".join(raw.columns)
    first = staged.engine.rows(f"SELECT {columns} FROM {raw.name} WHERE _row <= 20 LIMIT 1")
    cells = first[0] if first else [None] * len(raw.headings)
    return {heading: (cell or "")[:40] for heading, cell in zip(raw.headings, cells, strict=True)}


def show_dry_run(report: DryRun, currency: str) -> None:
    """What would happen: lines, accounts and records; totals by month; lines by rule; what is left out."""
    from regulars.facts.imports.totals import months_of

    say()
    difference = report.history
    show_facts(
        {
            _("rows read"): f"{report.lines_read:,}",
            _("order lines"): f"{report.lines_accepted:,}" if report.lines_accepted else "",
            _("new"): f"{difference.added:,}" if difference else "",
            _("changed"): f"{difference.changed:,}" if difference and difference.changed else "",
            _("removed"): f"{difference.removed:,}" if difference and difference.removed else "",
            _("as they are"): f"{difference.unchanged:,}" if difference and difference.unchanged else "",
            _("new accounts"): f"{report.accounts_new:,}" if report.accounts_new else "",
            _("known accounts"): f"{report.accounts_known:,}" if report.accounts_known else "",
            **{
                _records_called(name): ", ".join(f"{count:,} {what}" for what, count in counts.items())
                for name, counts in report.records.items()
            },
            _("rejected rows"): f"{report.lines_rejected:,}" if report.lines_rejected else "",
            _("without customer"): _without_customer(report, currency),
        }
    )
    if report.months:
        _show_months(months_of(report.to_json()), currency)
    if report.rules:
        _show_rules(report.rules, currency)


def _records_called(kind: str) -> str:
    from regulars.facts.imports.master_records import MODELS

    return str(MODELS[kind]._meta.verbose_name_plural)


def _without_customer(report: DryRun, currency: str) -> str:
    nobody = report.without_customer
    if not nobody.get("lines"):
        return ""
    amount = in_minor(nobody["net_minor"], currency)
    lines = ngettext("{lines:,} line", "{lines:,} lines", nobody["lines"]).format(lines=nobody["lines"])
    return _("{lines} over {amount}: kept and counted, not part of any account").format(lines=lines, amount=amount)


def _show_months(months: list[dict[str, Any]], currency: str) -> None:
    from regulars.facts.imports.totals import differs_from_file, sum_of

    amounts = ["sale_minor", "return_minor", "fee_minor", "other_minor"]
    earlier = len(months) - MONTHS_SHOWN
    shown = months[-MONTHS_SHOWN:]
    if earlier > 0:
        label = ngettext("{count} earlier month", "{count} earlier months", earlier).format(count=earlier)
        shown = [sum_of(label, months[:earlier]), *shown]
    if len(months) > 1:
        shown.append(sum_of(_("together"), months))
    headings = [_("Sales"), _("Returns"), _("Fees"), _("Other")]
    differs = differs_from_file(months)
    say()
    show_table(
        [
            Column(heading=_("Month")),
            Column(heading=_("Orders"), justify="right", rank=2),
            Column(heading=_("Lines"), justify="right", rank=3),
            *(Column(heading=heading, justify="right", rank=1) for heading in headings),
            Column(heading=_("All"), justify="right"),
            *([Column(heading=_("In the file"), justify="right")] if differs else []),
        ],
        [
            [
                month["month"] or _("no date"),
                f"{month['orders']:,}",
                f"{month['lines']:,}",
                *(in_minor(month[name], currency) for name in amounts),
                in_minor(month["net_minor"], currency),
                *([in_minor(month["file_net_minor"], currency)] if differs else []),
            ]
            for month in shown
        ],
        title=_("By month, to compare with your own totals"),
    )


def _show_rules(rules: list[dict[str, Any]], currency: str) -> None:
    say()
    show_table(
        [
            Column(heading=_("Rule")),
            Column(heading=_("Kind")),
            Column(heading=_("Lines"), justify="right"),
            Column(heading=_("Amount"), justify="right", rank=1),
        ],
        [
            [
                str(rule["rule"] or _("amounts of whole orders")),
                str(rule["kind"]),
                f"{rule['lines']:,}",
                in_minor(rule["net_minor"], currency),
            ]
            for rule in rules
        ],
        title=_("Lines that are not plain sales, by rule"),
    )
