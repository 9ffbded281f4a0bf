"""Which order lines are returns, fees or neither: rules that the firm sees and edits. The first active one that fits decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from regulars.base.warehouse import Engine, quoted
from regulars.facts.models import ClassificationRule

Test = ClassificationRule.Test

TEXT_FIELDS: Final = (
    *("order_id", "status", "document", "seller", "department", "channel", "currency"),
    *("product", "product_name", "category", "account_name", "account_email"),
)
"""Staged columns that a rule may test as text."""

UNCATEGORISED: Final = "product_without_category"
"""Fits where the product code or the product name fits, in lines without a category."""

NUMBER_FIELDS: Final = {
    "quantity": "quantity",
    "net_amount": "net",
    "quantity_without_amount": "CASE WHEN net = 0 THEN quantity END",
    "amount_without_product": "CASE WHEN product IS NULL AND product_name IS NULL THEN net END",
}
"""What a rule may test for being negative, as SQL over a line."""


@dataclass(frozen=True)
class Hits:
    """A table of the texts of one column that fit a text rule: `value`, `place` of the first rule that fits."""

    table: str
    column: str
    only_if: str = "true"


class CompiledRules:
    """The rules for one part of an import, as SQL over its lines."""

    def __init__(self, rules: Sequence[ClassificationRule], names: Sequence[str]) -> None:
        """`names`: source and export of the part; a rule for another source does not count."""
        self.rules = [rule for rule in rules if rule.active and rule.source in {"", *names}]

    def make_hits(self, engine: Engine, prefix: str, relation: str, columns: Sequence[str]) -> list[Hits]:
        """One table for each column of `relation` (one text column a field) in which a text rule fits anything."""
        found = []
        for field in (*TEXT_FIELDS, UNCATEGORISED):
            for column in ("product", "product_name") if field == UNCATEGORISED else (field,):
                if column in columns:
                    only_if = "category IS NULL" if field == UNCATEGORISED and "category" in columns else "true"
                    hits = Hits(f"{prefix}_{field}_{column}", column, only_if)
                    if self._make(engine, field, hits, relation):
                        found.append(hits)
        return found

    def place(self, hits: Sequence[tuple[str, Hits]]) -> str:
        """SQL: the place of the first rule that fits, NULL if none does. `hits`: alias of each joined table."""
        found = [f"CASE WHEN {one.only_if} THEN {alias}.place END" for alias, one in hits]
        found += [
            f"CASE WHEN {NUMBER_FIELDS[rule.field]} < 0 THEN {place} END"
            for place, rule in enumerate(self.rules)
            if rule.test == Test.NEGATIVE
        ]
        return f"least({', '.join(found)})" if found else "NULL::INTEGER"

    def kind(self, place: str) -> str:
        return self._chosen(place, [rule.kind for rule in self.rules], "'sale'")

    def name(self, place: str) -> str:
        return self._chosen(place, [rule.name for rule in self.rules], "NULL")

    def _chosen(self, place: str, values: Sequence[str], otherwise: str) -> str:
        if not values:
            return otherwise
        cases = " ".join(f"WHEN {number} THEN {quoted(value)}" for number, value in enumerate(values))
        return f"CASE {place} {cases} ELSE {otherwise} END"

    def _make(self, engine: Engine, field: str, hits: Hits, relation: str) -> bool:
        tests = [
            f"WHEN {fits(rule, 'folded')} THEN {place}"
            for place, rule in enumerate(self.rules)
            if rule.field == field and rule.test != Test.NEGATIVE
        ]
        if not tests:
            return False
        engine.run(
            f"""CREATE OR REPLACE TABLE {hits.table} AS
            SELECT value, place FROM (
              SELECT value, CASE {" ".join(tests)} END AS place FROM (
                SELECT DISTINCT {hits.column} AS value, upper({hits.column}) AS folded FROM {relation}))
            WHERE place IS NOT NULL"""
        )
        return bool(engine.value(f"SELECT count(*) FROM {hits.table}"))


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
