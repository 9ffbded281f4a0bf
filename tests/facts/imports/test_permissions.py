"""Who may import, undo and change the rules: those whose role says so, and Regulars itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from regulars.base.access import Forbidden, Permission, may
from regulars.base.models import Member
from regulars.facts.imports.rules import active_rules, add_rule, change_rule, move_rule, remove_rule
from regulars.facts.imports.runs import run_import, stage_import
from regulars.facts.imports.undo import undo_import
from regulars.facts.models import Import

pytestmark = pytest.mark.django_db

ORDERS = "Order ID,Date,Customer ID,Product,Quantity,Amount\nA1,2024-03-01,K1,P1,1,10.00\nA2,2024-03-02,K2,P1,1,11.00\n"


def colleague(role: str) -> Member:
    return Member.objects.create(email=f"{role}@example.com", name=role, role=role)


@pytest.mark.parametrize("role", Member.Role.values)
def test_only_roles_that_may_import_do(organisation: Any, tmp_path: Path, role: str) -> None:
    member = colleague(role)
    file = tmp_path / "orders.csv"
    file.write_text(ORDERS)
    with stage_import(paths=[file], as_of=date(2024, 12, 31)) as staged:
        if may(member, Permission.IMPORT):
            import_ = run_import(staged, member=member)
            undo_import(import_=import_, member=member)
            assert import_.member == member
        else:
            with pytest.raises(Forbidden):
                run_import(staged, member=member)
            assert not Import.objects.exists()


@pytest.mark.parametrize("role", Member.Role.values)
def test_only_roles_that_may_configure_change_rules(organisation: Any, role: str) -> None:
    member, rule = colleague(role), active_rules()[0]
    if may(member, Permission.CONFIGURE):
        change_rule(member=member, rule=rule, active=False)
        return
    with pytest.raises(Forbidden):
        add_rule(member=member, name="Samples", field="product", test="equals", pattern="S", kind="other")
    for verb in (change_rule, move_rule, remove_rule):
        with pytest.raises(Forbidden):
            verb(member=member, rule=rule)
