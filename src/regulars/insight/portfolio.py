"""The portfolio: the whole firm by the current snapshot, or as of any date; for who sees some accounts, those."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from django.core.cache import cache

from regulars.base.access import Permission, Scope, account_scope, may
from regulars.base.models import Member
from regulars.facts.accounts import visible_accounts
from regulars.insight.histories import basis_in_force, open_history
from regulars.insight.models import Snapshot
from regulars.insight.portfolio_figures import Portfolio, portfolio_of_accounts
from regulars.insight.snapshots import compute, current_snapshot, kept_scores, kept_snapshot

KEPT_SECONDS = 3600
MOST_DATES = 60


def portfolio(as_of: date | None = None, *, member: Member | None = None) -> Portfolio | None:
    """The firm by the current snapshot (None before there is one), or as of a date, by all that is known today.

    A member who does not see all accounts gets the portfolio of those it sees; margins need the right to see costs.
    """
    if as_of is None:
        snapshot = current_snapshot()
        return portfolio_at(snapshot, member=member) if snapshot else None
    basis = basis_in_force()
    kept = kept_snapshot(as_of, basis)
    if kept is not None:
        return portfolio_at(kept, member=member)
    if account_scope(member) == Scope.ALL:
        return _without_secrets(compute(as_of=as_of, basis=basis).portfolio, member)
    with open_history(basis, as_of=as_of) as history:
        scores = compute(as_of=as_of, basis=basis).scores
        return _without_secrets(portfolio_of_accounts(history, scores, _seen(member)), member)


def portfolio_at(snapshot: Snapshot, *, member: Member | None) -> Portfolio:
    """The portfolio of a snapshot, as far as the member sees its accounts."""
    if account_scope(member) == Scope.ALL:
        return _without_secrets(Portfolio.from_json(snapshot.portfolio), member)
    accounts = _seen(member)
    key = f"portfolio:{snapshot.uid}:{fingerprint(accounts)}"
    found: Portfolio | None = cache.get(key)
    if found is None:
        with open_history(basis_in_force(), as_of=snapshot.as_of) as history:
            found = portfolio_of_accounts(history, kept_scores(snapshot), accounts)
        cache.set(key, found, KEPT_SECONDS)
    return _without_secrets(found, member)


def kept_dates() -> list[date]:
    """The dates of which a snapshot is kept, newest first."""
    dates = Snapshot.objects.order_by("-as_of").values_list("as_of", flat=True).distinct()
    return list(dates[:MOST_DATES])


def snapshot_of(as_of: date) -> Snapshot | None:
    """The snapshot that is shown of a date: the one in force, else the newest."""
    return Snapshot.objects.filter(as_of=as_of).order_by("-current", "-pk").first()


def fingerprint(accounts: Sequence[int]) -> str:
    """The same for the same accounts."""
    return hashlib.sha256(",".join(map(str, accounts)).encode()).hexdigest()[:20]


def _seen(member: Member | None) -> list[int]:
    return list(visible_accounts(member).order_by("pk").values_list("pk", flat=True))


def _without_secrets(found: Portfolio, member: Member | None) -> Portfolio:
    return found if may(member, Permission.SEE_COST) else replace(found, margin_12m=None, cost_known=None)
