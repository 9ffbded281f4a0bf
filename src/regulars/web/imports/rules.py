"""Which order lines are returns, fees or neither: rules in a sequence, of which the first that fits decides."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, may, require
from regulars.core.errors import Refusal
from regulars.facts.imports.rules import (
    NUMBER_FIELDS,
    TEXT_FIELDS,
    UNCATEGORISED,
    active_rules,
    add_rule,
    change_rule,
    move_rule,
    remove_rule,
    restore_default_rules,
)
from regulars.facts.models import ClassificationRule, Import
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

IMPORTS_COUNTED = 50

FIELD_LABELS = {
    "order_id": gettext_lazy("Order number"),
    "status": gettext_lazy("State of the order"),
    "document": gettext_lazy("Kind of document"),
    "seller": gettext_lazy("Seller"),
    "department": gettext_lazy("Department"),
    "channel": gettext_lazy("Channel"),
    "currency": gettext_lazy("Currency"),
    "product": gettext_lazy("Product code"),
    "product_name": gettext_lazy("Product name"),
    "category": gettext_lazy("Category"),
    "account_key": gettext_lazy("Customer number"),
    "account_name": gettext_lazy("Customer"),
    "account_email": gettext_lazy("E-mail"),
    UNCATEGORISED: gettext_lazy("Product code or name, where there is no category"),
    "quantity": gettext_lazy("Quantity"),
    "net_amount": gettext_lazy("Amount"),
    "quantity_without_amount": gettext_lazy("Quantity, where the amount is zero"),
    "amount_without_product": gettext_lazy("Amount, where no product is named"),
}


class RuleForm(forms.Form):
    """A new rule."""

    name = forms.CharField(label=gettext_lazy("What the rule is called"), max_length=200)
    field = forms.ChoiceField(label=gettext_lazy("Look at"))
    test = forms.ChoiceField(label=gettext_lazy("Whether it"))
    pattern = forms.CharField(
        label=gettext_lazy("This text"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Capital and small letters are the same. Not needed for “is negative”."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Then the line is a"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: Any = self.fields
        names = (*TEXT_FIELDS, UNCATEGORISED, *NUMBER_FIELDS)
        fields["field"].choices = [(name, FIELD_LABELS[name]) for name in names]
        fields["test"].choices = ClassificationRule.Test.choices
        fields["kind"].choices = [(key, capfirst(label)) for key, label in ClassificationRule.Kind.choices]
        fields["field"].initial, fields["kind"].initial = "product", "other"


@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: HttpRequest) -> HttpResponse:
    """The rules in their sequence; a new one goes to the top, before those that might decide earlier."""
    desk = desk_of(request)
    require(desk.member, Permission.IMPORT)
    form = RuleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            active_rules()  # makes the defaults where there has never been a rule
            top = ClassificationRule.objects.first()
            add_rule(member=desk.member, before=top, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            show_next(request, Toast(text=_("Added. It counts from the next import on.")))
            return redirect("imports_rules")
    return _page(request, desk, form)


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Switch a rule on or off, move it up or down, or remove it."""
    desk = desk_of(request)
    require(desk.member, Permission.IMPORT)
    rule = ClassificationRule.objects.filter(uid=uid).first()
    if rule is None or verb not in VERBS:
        raise Http404
    VERBS[verb](desk, rule)
    return redirect("imports_rules")


@require_POST
def restore(request: HttpRequest) -> HttpResponse:
    """Put the rules back that Regulars comes with."""
    desk = desk_of(request)
    restore_default_rules(member=desk.member)
    show_next(request, Toast(text=_("The rules are those that Regulars comes with.")))
    return redirect("imports_rules")


def _page(request: HttpRequest, desk: Desk, form: RuleForm) -> HttpResponse:
    active_rules()
    found = list(ClassificationRule.objects.all())
    lines = _lines_by_rule({(rule.name, rule.source) for rule in found})
    rows = [
        {
            "rule": rule,
            "field": FIELD_LABELS.get(rule.field, rule.field),
            "test": _("is one of") if rule.test == ClassificationRule.Test.EQUALS else rule.get_test_display(),
            "lines": lines[rule.name, rule.source],
        }
        for rule in found
    ]
    context = {
        "desk": desk,
        "rows": rows,
        "form": form,
        "may_change": may(desk.member, Permission.CONFIGURE),
    }
    return render(request, "web/imports/rules.html", context, status=422 if form.errors else 200)


def _lines_by_rule(known: set[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """How many lines each rule, by name and source, decided on in the latest imports, as their reports say.

    Where a rule for one source is called as one for all, it was the former.
    """
    counted: Counter[tuple[str, str]] = Counter()
    latest = Import.objects.filter(state=Import.State.DONE).order_by("-pk")[:IMPORTS_COUNTED]
    for source, said in latest.values_list("source", "report__rules"):
        for rule in said or []:
            own = (rule["rule"], source)
            counted[own if own in known else (rule["rule"], "")] += rule["lines"]
    return counted


def _up(desk: Desk, rule: ClassificationRule) -> None:
    sequence = list(ClassificationRule.objects.all())
    at = sequence.index(rule)
    move_rule(member=desk.member, rule=rule, before=sequence[max(at - 1, 0)])


def _down(desk: Desk, rule: ClassificationRule) -> None:
    sequence = list(ClassificationRule.objects.all())
    after = sequence[sequence.index(rule) + 2 :]
    move_rule(member=desk.member, rule=rule, before=after[0] if after else None)


def _on(desk: Desk, rule: ClassificationRule) -> None:
    change_rule(member=desk.member, rule=rule, active=True)


def _off(desk: Desk, rule: ClassificationRule) -> None:
    change_rule(member=desk.member, rule=rule, active=False)


def _remove(desk: Desk, rule: ClassificationRule) -> None:
    remove_rule(member=desk.member, rule=rule)


VERBS = {"on": _on, "off": _off, "up": _up, "down": _down, "remove": _remove}
