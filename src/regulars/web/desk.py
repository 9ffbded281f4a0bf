"""Who sits at the browser, for which firm, on which day: what every page asks first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.http import HttpRequest

from regulars.base.access import Permission, Scope, account_scope, may
from regulars.base.models import Member, Organisation
from regulars.base.organisation import organisation, today
from regulars.insight.days import day_of_work
from regulars.insight.models import Snapshot


@dataclass
class Desk:
    """The member signed in, the firm, the day that pages are about."""

    member: Member

    @cached_property
    def organisation(self) -> Organisation:
        return organisation()

    @property
    def currency(self) -> str:
        return self.organisation.base_currency

    @cached_property
    def figures_of(self) -> date | None:
        """The day of the figures in force; None: nothing was computed yet."""
        return Snapshot.objects.filter(current=True).values_list("as_of", flat=True).first()

    @cached_property
    def day(self) -> date:
        """Today; where the figures are much older (an old export, the demo), the day of the figures."""
        return day_of_work(today(self.organisation))

    @property
    def sees_everyone(self) -> bool:
        return account_scope(self.member) == Scope.ALL

    @property
    def may_write(self) -> bool:
        return may(self.member, Permission.WRITE)

    @property
    def may_export(self) -> bool:
        return may(self.member, Permission.EXPORT)

    @property
    def may_merge(self) -> bool:
        return may(self.member, Permission.MERGE)

    @property
    def may_import(self) -> bool:
        return may(self.member, Permission.IMPORT)

    @property
    def sees_cost(self) -> bool:
        return may(self.member, Permission.SEE_COST)


def desk_of(request: HttpRequest) -> Desk:
    """The desk of who is signed in."""
    assert isinstance(request.user, Member), "the page must require a sign-in"
    return Desk(member=request.user)
