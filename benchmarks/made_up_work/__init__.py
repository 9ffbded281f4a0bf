"""Half a year and more of made-up account work for a firm of 100,000 accounts. For benchmarks only.

`account_work.py` calls it in an installation that has its accounts, orders and figures. The same seed makes the same
records. Large customers have more of everything: the largest has hundreds of talks, most small ones have none.
"""

from __future__ import annotations

from benchmarks.made_up_work import care, growth
from benchmarks.made_up_work.firm import COUNTS, Firm, people


def make(seed: int = 1) -> dict[str, int]:
    """All of it. Returns how many of what were asked for."""
    from django.db import transaction

    with transaction.atomic():
        people()
        firm = Firm(seed)
        contacts = care.contacts(firm)
        care.talks(firm, contacts)
        for some in (care.issues, care.promises, care.signals, care.handovers, care.losses, care.changes):
            some(firm)
        for more in (growth.opportunities, growth.reviews, growth.plays, growth.key_accounts, growth.leads):
            more(firm)
        growth.white_space(firm)
        growth.value(firm, contacts)
    return COUNTS
