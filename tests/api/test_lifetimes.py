"""How long customers stay, over the API."""

from __future__ import annotations

from datetime import date

from api_calls import CallAs, Firm
from regulars.insight.snapshots import take_snapshot


def test_lifetimes_are_those_of_a_kept_day(firm: Firm, call_as: CallAs) -> None:
    """Mission A7."""
    call = call_as(firm.people["analyst"])
    assert call("GET", "/lifetimes").status_code == 404
    take_snapshot(as_of=date(2024, 12, 9))
    found = call("GET", "/lifetimes?by=country").json()
    assert (found["lifetimes"]["as_of"], found["lifetimes"]["by"]) == ("2024-12-09", "country")
    assert (found["lifetimes"]["everyone"], found["verdicts"]) == (None, [])
    assert call("GET", "/lifetimes?as_of=2024-12-08").status_code == 404
    assert call("GET", "/lifetimes?by=shoe-size").status_code == 422
