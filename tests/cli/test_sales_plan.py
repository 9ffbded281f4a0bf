"""The sales plan and pay on the command line (C3)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from command_line import Regulars
from regulars.base.models import Member
from regulars.facts.models import Account
from regulars.plan.incentives import put_in_force, write_scheme
from regulars.plan.targets import propose_plan


def test_it_tells_targets_what_came_and_what_was_earned(regulars: Regulars, tmp_path: Path) -> None:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    assert regulars("plan").code == 2
    file = tmp_path / "orders.csv"
    days = [(year, month) for year in (2022, 2023, 2024) for month in range(1, 13)]
    lines = [f"{year}-{month},{year}-{month:02}-05,K1,Harbour,P1,1,100" for year, month in days]
    file.write_text("\n".join(["order,date,customer number,customer,product,quantity,amount", *lines]))
    regulars("import", file, "--yes")
    regulars("score", "--as-of", "2024-12-31")
    sam = Member.objects.create(email="sam@x.example", name="Sam", role=Member.Role.ACCOUNT_MANAGER)
    Account.objects.update(owner=sam)
    propose_plan(begins=date(2024, 1, 1), stretch_bps=0, as_of=date(2024, 12, 31), member=None)
    assert regulars("pay", "Sam").code == 2
    put_in_force(scheme=write_scheme(member=None, name="Keep", kept_bps=100), on=date(2024, 1, 1), member=None)
    told = regulars("plan")
    assert told.code == 0, told.err
    assert "Sam" in told.out
    data = regulars("plan", "--json").data
    assert [(one["person"], float(one["kept"]["came"])) for one in data["people"]] == [("Sam", 1200.0)]
    paid = regulars("pay", "Sam", "--json").data
    assert (float(paid["total"]), len(paid["months"])) == (12.0, 12)
    assert "Keep" in regulars("pay", "Sam").out
