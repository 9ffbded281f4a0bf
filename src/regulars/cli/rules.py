"""`rule`: which order lines are returns, fees or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, say, show_table
from regulars.cli.session import open_session
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from regulars.facts.models import ClassificationRule

PANEL = _("Facts: what happened")


class NoSuchRule(Refusal):
    """There is no rule of that number."""


def add_commands(app: typer.Typer) -> None:
    rule = typer.Typer(no_args_is_help=True, help=_("Which order lines are returns, fees or neither."))
    rule.command("list", help=_("List the rules in their sequence; the first that fits decides."))(list_rules)
    rule.command("add", help=_("Add a rule."))(add)
    rule.command("change", help=_("Change a rule, switch it off or on."))(change)
    rule.command("move", help=_("Move a rule to another place."))(move)
    rule.command("remove", help=_("Remove a rule."))(remove)
    rule.command("restore-defaults", help=_("Put the rules back that Regulars comes with."))(restore_defaults)
    app.add_typer(rule, name="rule", rich_help_panel=PANEL)


_NUMBER = typer.Argument(metavar="NUMBER", help=_("Number of the rule."))
_BEFORE = _("Before this rule (else: at the end); the first rule that fits decides.")
_TESTS = "equals, starts_with, contains, matches, negative"
_KINDS = "sale, return, fee, other"


def list_rules(context: typer.Context) -> None:
    session = open_session(context)
    from regulars.facts.imports.rules import active_rules
    from regulars.facts.models import ClassificationRule

    active_rules()  # makes the defaults where there has never been a rule
    rules = list(ClassificationRule.objects.all())
    if session.options.json:
        emit_json([_rule_json(rule) for rule in rules])
        return
    show_table(
        [
            Column(heading=_("No."), justify="right"),
            Column(heading=_("Rule"), flexible=True),
            Column(heading=_("Where"), rank=1, flexible=True),
            Column(heading=_("Kind")),
            Column(heading=_("Active"), rank=1),
        ],
        [
            [
                str(rule.pk),
                rule.name,
                _where(rule),
                rule.kind,
                _("yes") if rule.active else _("no"),
            ]
            for rule in rules
        ],
    )


_PATTERN_SHOWN = 40


def _where(rule: ClassificationRule) -> str:
    """What the rule looks at; a long pattern is cut (`--json` has all of it)."""
    pattern = rule.pattern if len(rule.pattern) <= _PATTERN_SHOWN else rule.pattern[: _PATTERN_SHOWN - 1] + "…"
    where = f"{rule.field} {rule.get_test_display()} {pattern}".strip()
    return _("{where}, only from {source}").format(where=where, source=rule.source) if rule.source else where


def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=_("What the rule is called."))],
    field: Annotated[str, typer.Option(help=_("Field of the line: product, order_id, status, quantity, …"))],
    test: Annotated[str, typer.Option(help=_TESTS)],
    kind: Annotated[str, typer.Option(help=_KINDS)],
    pattern: Annotated[str, typer.Option(help=_("What the field is compared with."))] = "",
    source: Annotated[str, typer.Option(help=_("Only for lines of this source."))] = "",
    before: Annotated[int | None, typer.Option(metavar="NUMBER", help=_BEFORE)] = None,
) -> None:
    session = open_session(context)
    from regulars.facts.imports.rules import add_rule

    made = add_rule(
        member=session.member,
        name=name,
        field=field,
        test=test,
        pattern=pattern,
        kind=kind,
        source=source,
        before=None if before is None else _find_rule(before),
    )
    _tell(context, made, _("Added as rule {number}. It counts from the next import on."))


def change(
    context: typer.Context,
    number: Annotated[int, _NUMBER],
    name: Annotated[str | None, typer.Option(help=_("What the rule is called."))] = None,
    field: Annotated[str | None, typer.Option(help=_("Field of the line."))] = None,
    test: Annotated[str | None, typer.Option(help=_TESTS)] = None,
    kind: Annotated[str | None, typer.Option(help=_KINDS)] = None,
    pattern: Annotated[str | None, typer.Option(help=_("What the field is compared with."))] = None,
    source: Annotated[str | None, typer.Option(help=_("Only for lines of this source."))] = None,
    active: Annotated[bool | None, typer.Option("--on/--off", help=_("Switch it on or off."))] = None,
) -> None:
    session = open_session(context)
    from regulars.facts.imports.rules import change_rule

    wished: dict[str, Any] = {
        "name": name, "field": field, "test": test, "kind": kind, "pattern": pattern, "source": source, "active": active
    }  # fmt: skip
    changes = {field: value for field, value in wished.items() if value is not None}
    changed = change_rule(rule=_find_rule(number), member=session.member, **changes)
    _tell(context, changed, _("Rule {number} is changed. It counts from the next import on."))


def move(
    context: typer.Context,
    number: Annotated[int, _NUMBER],
    before: Annotated[int | None, typer.Option(metavar="NUMBER", help=_BEFORE)] = None,
) -> None:
    session = open_session(context)
    from regulars.facts.imports.rules import move_rule

    moved = move_rule(
        rule=_find_rule(number), before=None if before is None else _find_rule(before), member=session.member
    )
    _tell(context, moved, _("Rule {number} is moved."))


def remove(context: typer.Context, number: Annotated[int, _NUMBER]) -> None:
    session = open_session(context)
    from regulars.facts.imports.rules import remove_rule

    rule = _find_rule(number)
    remove_rule(rule=rule, member=session.member)
    if session.options.json:
        emit_json({"removed": number})
    else:
        say(_("Rule {number} is removed.").format(number=number))


def restore_defaults(context: typer.Context) -> None:
    session = open_session(context)
    from regulars.facts.imports.rules import restore_default_rules

    restore_default_rules(member=session.member)
    list_rules(context)


def _find_rule(number: int) -> ClassificationRule:
    from regulars.facts.models import ClassificationRule

    found = ClassificationRule.objects.filter(pk=number).first()
    if found is None:
        raise NoSuchRule(_("There is no rule {number}.").format(number=number), _("See them with: regulars rule list"))
    return found


def _tell(context: typer.Context, rule: ClassificationRule, sentence: str) -> None:
    if context.obj.json:
        emit_json(_rule_json(rule))
    else:
        say(sentence.format(number=rule.pk))


def _rule_json(rule: ClassificationRule) -> dict[str, Any]:
    return {
        "number": rule.pk,
        "position": rule.position,
        "name": rule.name,
        "field": rule.field,
        "test": rule.test,
        "pattern": rule.pattern,
        "kind": rule.kind,
        "source": rule.source or None,
        "active": rule.active,
    }
