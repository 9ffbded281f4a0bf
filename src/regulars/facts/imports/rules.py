"""Which order lines are returns, fees or neither: rules that the firm sees and edits. The first that fits decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.base.warehouse import Engine, open_engine, quoted
from regulars.core.errors import Refusal
from regulars.facts.imports.default_rules import DEFAULT_RULES
from regulars.facts.models import ClassificationRule
from regulars.facts.rates import in_base

Test = ClassificationRule.Test

TEXT_FIELDS: Final = (
    *("order_id", "status", "document", "seller", "department", "channel", "currency"),
    *("product", "product_name", "category", "account_key", "account_name", "account_email"),
)
"""Staged columns that a rule may test as text."""

UNCATEGORISED: Final = "product_without_category"
"""Fits where the product code or the product name fits, in lines without a category."""

NUMBER_FIELDS: Final = ("quantity", "net_amount", "quantity_without_amount", "amount_without_product")
"""What a rule may test for being negative."""

ORDER_AMOUNT_LINES: Final = ("shipping", "discount", "refund")
"""Numbers of the lines made of amounts of a whole order. Their kind is known: rules about numbers pass them by."""


class WrongRule(Refusal):
    """A rule that could never decide anything, or cannot be carried out."""


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
        ordinary = f"line_no NOT IN ({', '.join(map(quoted, ORDER_AMOUNT_LINES))})"
        return [
            f"CASE WHEN {_number(rule.field, columns)} < 0 AND {ordinary} THEN {place} END"
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


def _number(field: str, columns: Sequence[str]) -> str:
    """SQL: what a rule about a number tests, in lines that have `columns`; NULL where there is nothing to test."""
    quantity = "quantity" if "quantity" in columns else "NULL"
    products = [name for name in ("product", "product_name") if name in columns]
    return {
        "quantity": quantity,
        "net_amount": "net_minor",
        "quantity_without_amount": f"CASE WHEN net_minor = 0 THEN {quantity} END",
        # A history that knows no products at all says nothing by not naming one.
        "amount_without_product": f"CASE WHEN coalesce({', '.join(products)}) IS NULL THEN net_minor END"
        if products
        else "NULL",
    }[field]


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
    """The rules in their sequence. Where there has never been one, the defaults are made first."""
    if not ClassificationRule.objects.exists():
        restore_default_rules(member=None)
    return list(ClassificationRule.objects.filter(active=True))


def preview_rules(engine: Engine) -> list[dict[str, Any]]:
    """For each rule that decided on staged lines: rule, kind, lines, orders, net_minor (base currency).

    Lines that no rule decided on but that are not sales (shipping, discount, refund of a whole order) have the rule "".
    Needs `conversions` (see `facts.rates`).
    """
    rows = engine.rows(
        f"""SELECT coalesce(line.rule, '') AS rule, line.kind, count(*), count(DISTINCT line.order_id),
                   sum({in_base("line.net_minor", "rate.factor")})::BIGINT
        FROM staged AS line
        LEFT JOIN conversions AS rate ON rate.currency = line.currency AND rate.business_date = line.business_date
        WHERE line.kind <> 'sale' OR line.rule IS NOT NULL GROUP BY ALL ORDER BY count(*) DESC, rule"""
    )
    return [dict(zip(("rule", "kind", "lines", "orders", "net_minor"), row, strict=True)) for row in rows]


# Verbs


def add_rule(
    *,
    member: Member | None,
    name: str,
    field: str,
    test: str,
    kind: str,
    pattern: str = "",
    source: str = "",
    before: ClassificationRule | None = None,
) -> ClassificationRule:
    """Add a rule, before another one or at the end. Raises `WrongRule`."""
    require(member, Permission.CONFIGURE)
    rule = ClassificationRule(
        name=name.strip(), field=field, test=test, pattern=pattern.strip(), kind=kind, source=source
    )
    _check(rule)
    with transaction.atomic():
        rules = list(ClassificationRule.objects.select_for_update())
        at = rules.index(before) if before else len(rules)
        rule.position = len(rules) + 1
        with audited(rule, verb="add_rule", member=member):
            rule.save()
        _put_in_sequence([*rules[:at], rule, *rules[at:]])
    return rule


def change_rule(*, member: Member | None, rule: ClassificationRule, **changes: Any) -> ClassificationRule:
    """Change name, field, test, pattern, kind, source or active. Raises `WrongRule`."""
    require(member, Permission.CONFIGURE)
    unknown = set(changes) - {"name", "field", "test", "pattern", "kind", "source", "active"}
    assert not unknown, f"a rule has no {unknown}"
    with audited(rule, verb="change_rule", member=member):
        for name, value in changes.items():
            setattr(rule, name, value.strip() if isinstance(value, str) else value)
        _check(rule)
        rule.save()
    return rule


def move_rule(
    *, member: Member | None, rule: ClassificationRule, before: ClassificationRule | None = None
) -> ClassificationRule:
    """Put a rule before another one, or at the end: the first rule that fits decides."""
    require(member, Permission.CONFIGURE)
    with audited(rule, verb="move_rule", member=member):
        rules = [other for other in ClassificationRule.objects.select_for_update() if other != rule]
        at = rules.index(before) if before else len(rules)
        _put_in_sequence([*rules[:at], rule, *rules[at:]])
    return rule


def remove_rule(*, member: Member | None, rule: ClassificationRule) -> None:
    """Remove a rule. Where no rule is left, the next import brings the defaults back: switch rules off to have none."""
    require(member, Permission.CONFIGURE)
    with audited(rule, verb="remove_rule", member=member):
        rule.delete()


def restore_default_rules(*, member: Member | None) -> list[ClassificationRule]:
    """Put the default rules in the place of all rules."""
    require(member, Permission.CONFIGURE)
    with transaction.atomic():
        for rule in ClassificationRule.objects.all():
            remove_rule(member=member, rule=rule)
        rules = [rule.record(position) for position, rule in enumerate(DEFAULT_RULES, start=1)]
        for rule in rules:
            with audited(rule, verb="restore_default_rules", member=member):
                rule.save()
    return rules


def _put_in_sequence(rules: Sequence[ClassificationRule]) -> None:
    for position, rule in enumerate(rules, start=1):
        if rule.position != position:
            rule.position = position
            rule.save(update_fields=["position", "updated_at"])


def _check(rule: ClassificationRule) -> None:
    """Raise `WrongRule` for a rule that could never decide anything, or not be carried out."""
    is_number = rule.test == Test.NEGATIVE
    fields = NUMBER_FIELDS if is_number else (*TEXT_FIELDS, UNCATEGORISED)
    if rule.test not in Test.values:
        raise WrongRule(
            _("There is no test “%(test)s”.") % {"test": rule.test},
            _("Choose one of: %(tests)s.") % {"tests": ", ".join(Test.values)},
        )
    if rule.field not in fields:
        raise WrongRule(
            _("The test “%(test)s” cannot be made on “%(field)s”.") % {"test": rule.test, "field": rule.field},
            _("Choose one of: %(fields)s.") % {"fields": ", ".join(fields)},
        )
    if rule.kind not in ClassificationRule.Kind.values:
        raise WrongRule(
            _("There is no kind “%(kind)s”.") % {"kind": rule.kind},
            _("Choose one of: %(kinds)s.") % {"kinds": ", ".join(ClassificationRule.Kind.values)},
        )
    if not rule.name:
        raise WrongRule(_("A rule needs a name."), _("Say in a few words which lines it is about."))
    if not is_number and not rule.pattern:
        raise WrongRule(_("The rule does not say what to compare with."), _("Give a text, a list or an expression."))
    if rule.test == Test.MATCHES:
        _check_expression(rule.pattern)


def _check_expression(pattern: str) -> None:
    with open_engine() as engine:
        problem = engine.attempt(f"SELECT regexp_matches('', {quoted(pattern)}, 'i')")
    if problem:
        raise WrongRule(
            _("“%(pattern)s” is no regular expression: %(problem)s") % {"pattern": pattern, "problem": problem},
            _("Correct it, or use the tests “contains” or “starts with”."),
        )
