"""`regulars dependence`: shares, and what if an account leaves (mission E14)."""

from __future__ import annotations

from pathlib import Path

from command_line import Regulars


def test_it_tells_on_whom_the_firm_depends_and_what_if(regulars: Regulars, tmp_path: Path) -> None:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    assert regulars("dependence").code == 2
    file = tmp_path / "orders.csv"
    lines = [
        f"{month}-{number},2024-{month:02}-05,K{number},Firm {number},P1,1,{amount}"
        for month in range(1, 13)
        for number, amount in ((1, 600), (2, 300), (3, 100))
    ]
    file.write_text("\n".join(["order,date,customer number,customer,product,quantity,amount", *lines]))
    regulars("import", file, "--yes")
    regulars("score", "--as-of", "2024-12-31")
    told = regulars("dependence")
    assert told.code == 0, told.err
    assert "Critical: one customer brings 60" in told.out
    data = regulars("dependence", "--json").data
    assert [round(one["share"], 3) for one in data["largest"]] == [0.6, 0.3, 0.1]
    refused = regulars("dependence", "K1")
    assert refused.code == 2
    assert "no costs" in refused.err
