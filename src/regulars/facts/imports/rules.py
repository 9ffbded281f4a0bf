"""Which order lines are returns, fees or neither: rules that the firm sees and edits. The first active one that fits decides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from regulars.base.warehouse import Engine, quoted
from regulars.facts.models import ClassificationRule

Test = ClassificationRule.Test

TEXT_FIELDS: Final = (
    *("order_id", "status", "document", "seller", "department", "channel", "currency"),
    *("product", "product_name", "category", "account_key", "account_name", "account_email"),
)
"""Staged columns that a rule may test as text."""

UNCATEGORISED: Final = "product_without_category"
"""Fits where the product code or the product name fits, in lines without a category."""

NUMBER_FIELDS: Final = {
    "quantity": "quantity",
    "net_amount": "net_minor",
    "quantity_without_amount": "CASE WHEN net_minor = 0 THEN quantity END",
    "amount_without_product": "CASE WHEN coalesce(product, product_name) IS NULL THEN net_minor END",
}
"""What a rule may test for being negative, as SQL over a line."""

ORDER_AMOUNT_LINES: Final = ("shipping", "discount", "refund")
"""Numbers of the lines made of amounts of a whole order. Their kind is known: rules about numbers pass them by."""


@dataclass(frozen=True)
class _Hits:
    """A table of the texts of one column that fit a text rule: `value`, `place` of the first rule that fits."""

    table: str
    column: str
    only_if: str = "true"

    @property
    def join(self) -> str:
        return f"LEFT JOIN {self.table} ON {self.table}.value = line.{self.column}"

    @property
    def place(self) -> str:
        return f"CASE WHEN {self.only_if} THEN {self.table}.place END"


class CompiledRules:
    """The rules for one part of an import, as SQL over its lines.

    Texts are tested once each, however many lines have them: so a hundred rules with regular expressions cost little.
    """

    def __init__(self, rules: Sequence[ClassificationRule], names: Sequence[str]) -> None:
        """`names`: source and export of the part; a rule for another source does not count."""
        self.rules = [rule for rule in rules if rule.active and rule.source in {"", *names}]

    def apply(self, engine: Engine, *, part: int, columns: Sequence[str]) -> None:
        """Set `kind` and `rule` of the lines of a part in `typed`; a line that no rule fits stays as it is."""
        hits = self._find_hits(engine, f"(SELECT * FROM typed WHERE _part = {part})", columns)
        places = [*(one.place for one in hits), *self._number_places(columns)]
        if not places:
            return
        kinds = " ".join(f"WHEN {place} THEN {quoted(rule.kind)}" for place, rule in enumerate(self.rules))
        names = " ".join(f"WHEN {place} THEN {quoted(rule.name)}" for place, rule in enumerate(self.rules))
        engine.run(
            f"""UPDATE typed SET kind = CASE found.place {kinds} END, rule = CASE found.place {names} END
            FROM (SELECT id, least({", ".join(places)}) AS place
                  FROM (SELECT rowid AS id, * FROM typed WHERE _part = {part} AND reason IS NULL) AS line
                  {" ".join(one.join for one in hits)}) AS found
            WHERE found.place IS NOT NULL AND found.id = typed.rowid"""
        )

    def _number_places(self, columns: Sequence[str]) -> list[str]:
        """SQL: the place of each rule about a number, where it fits."""
        absent = {name: "NULL" for name in ("quantity", "product", "product_name") if name not in columns}
        ordinary = f"line_no NOT IN ({', '.join(map(quoted, ORDER_AMOUNT_LINES))})"
        return [
            f"CASE WHEN {_with_absent(NUMBER_FIELDS[rule.field], absent)} < 0 AND {ordinary} THEN {place} END"
            for place, rule in enumerate(self.rules)
            if rule.test == Test.NEGATIVE
        ]

    def _find_hits(self, engine: Engine, relation: str, columns: Sequence[str]) -> list[_Hits]:
        """One table for each column in which a text rule fits anything."""
        found = [_Hits(f"hits_{name}", name) for name in TEXT_FIELDS if name in columns]
        only_if = "line.category IS NULL" if "category" in columns else "true"
        found += [
            _Hits(f"hits_{UNCATEGORISED}_{name}", name, only_if)
            for name in ("product", "product_name")
            if name in columns
        ]
        return [hits for hits in found if self._fill(engine, hits, relation)]

    def _fill(self, engine: Engine, hits: _Hits, relation: str) -> bool:
        field = UNCATEGORISED if UNCATEGORISED in hits.table else hits.column
        tests = [
            f"WHEN {fits(rule, 'folded')} THEN {place}"
            for place, rule in enumerate(self.rules)
            if rule.field == field and rule.test != Test.NEGATIVE
        ]
        if not tests:
            return False
        # In two steps: the engine would otherwise test every row before it looks for distinct texts.
        engine.run(
            f"""CREATE OR REPLACE TEMP TABLE distinct_texts AS
            SELECT DISTINCT {hits.column} AS value FROM {relation} WHERE {hits.column} IS NOT NULL"""
        )
        engine.run(
            f"""CREATE OR REPLACE TABLE {hits.table} AS SELECT value, place FROM (
              SELECT value, CASE {" ".join(tests)} END AS place FROM (
                SELECT value, upper(value) AS folded FROM distinct_texts))
            WHERE place IS NOT NULL"""
        )
        return bool(engine.value(f"SELECT count(*) FROM {hits.table}"))


def _with_absent(expression: str, absent: dict[str, str]) -> str:
    for name, value in absent.items():
        expression = re.sub(rf"\b{name}\b", value, expression)
    return expression


def fits(rule: ClassificationRule, folded: str) -> str:
    """SQL: true where a text, given in upper case, fits a text rule."""
    pattern = rule.pattern.strip().upper()
    match rule.test:
        case Test.EQUALS:
            choices = [choice.strip() for choice in pattern.split(",")]
            return f"{folded} IN ({', '.join(map(quoted, choices))})"
        case Test.STARTS_WITH:
            return f"starts_with({folded}, {quoted(pattern)})"
        case Test.CONTAINS:
            return f"contains({folded}, {quoted(pattern)})"
        case _:
            return f"regexp_matches({folded}, {quoted(rule.pattern)}, 'i')"


def active_rules() -> list[ClassificationRule]:
    """The rules in their sequence."""
    return list(ClassificationRule.objects.filter(active=True))
