"""Customers that we had before they had a number: won as a lead, or taken down by hand.

Their first order comes with a number and a name. Where the name fits one of them and nobody else, the orders go to it,
and it takes the number: what was promised to it and what it ordered stand in one account. Where it fits several, or
somebody who has a number already, a new account is made, and people decide (`facts/duplicates.py`).
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.warehouse import Engine
from regulars.facts.imports.master_records import RecordPlan
from regulars.facts.models import Account

_PLAIN = "lower(trim(regexp_replace({name}, '\\s+', ' ', 'g')))"


def without_number() -> QuerySet[Account]:
    """Accounts that no export has named yet."""
    return Account.objects.filter(external_id=None, merged_into=None)


def number_customers(engine: Engine, plan: RecordPlan) -> None:
    """Of the new ones in `customers`: those that are accounts without a number become known, and are given theirs."""
    waiting = without_number()
    if not waiting.exists():
        return
    engine.run("CREATE OR REPLACE TABLE unnumbered (id BIGINT, name VARCHAR)")
    engine.load("unnumbered", waiting.values_list("pk", "name"))
    ours, theirs = _PLAIN.format(name="unnumbered.name"), _PLAIN.format(name="customers.account_name")
    found = engine.rows(
        f"""SELECT any_value(unnumbered.id), any_value(customers.source), any_value(customers.account_key)
        FROM unnumbered JOIN customers ON {ours} = {theirs}
        GROUP BY {ours} HAVING count(*) = 1 AND any_value(customers.is_new AND customers.account_id IS NULL)"""
    )
    numbers = {pk: (source, key) for pk, source, key in found}
    for account in without_number().filter(pk__in=numbers):
        source, key = numbers[account.pk]
        if not _told_apart(account.name):
            continue
        plan.update(account, {"source": source, "external_id": key})
        plan.notes.append(
            _("%(name)s was there without a number. The orders of customer %(number)s go to it.")
            % {"name": account.name, "number": key}
        )
        engine.run(
            "UPDATE customers SET account_id = ?, is_new = false WHERE source = ? AND account_key = ?",
            [account.pk, source, key],
        )


def _told_apart(name: str) -> bool:
    """Whether nobody with a number is called the same."""
    return not Account.objects.filter(name__iexact=name, external_id__isnull=False, merged_into=None).exists()
