"""The places of an account: made, changed and removed by those who may see it, each noted in the audit trail."""

from __future__ import annotations

from typing import Any

import pytest

from regulars.base.models import AuditEntry, Member
from regulars.facts.accounts import NoSuchAccount
from regulars.facts.models import Account, Site
from regulars.facts.sites import WrongSite, add_site, change_site, remove_site, visible_sites

pytestmark = pytest.mark.django_db


def test_a_site_is_made_changed_and_removed_and_the_trail_tells(owner: Any) -> None:
    account = Account.objects.create(name="Alpha")
    site = add_site(account=account, member=owner, name="Plant 2", city=" Bonn ")
    assert (site.name, site.city) == ("Plant 2", "Bonn")
    assert change_site(site=site, member=owner, city="Köln").city == "Köln"
    remove_site(site=site, member=owner)
    assert not Site.objects.exists()
    trail = AuditEntry.objects.filter(subject="facts.site").order_by("pk")
    assert list(trail.values_list("verb", flat=True)) == ["add_site", "change_site", "remove_site"]
    assert (trail[1].before, trail[1].after) == ({"city": "Bonn"}, {"city": "Köln"})


def test_a_site_needs_a_name(owner: Any) -> None:
    with pytest.raises(WrongSite):
        add_site(account=Account.objects.create(name="Alpha"), member=owner, city="Bonn")
    assert not Site.objects.exists()


def test_sites_of_accounts_that_one_may_not_see_are_out_of_reach(owner: Any) -> None:
    manager = Member.objects.create(email="m@example.com", name="M", role=Member.Role.ACCOUNT_MANAGER)
    own, foreign = (
        Account.objects.create(name="Own", owner=manager),
        Account.objects.create(name="Foreign", owner=owner),
    )
    sites = [add_site(account=account, member=owner, name="Shop") for account in (own, foreign)]
    assert list(visible_sites(manager)) == [sites[0]]
    with pytest.raises(NoSuchAccount):  # foreign and absent answer alike
        change_site(site=sites[1], member=manager, name="Mine")
    assert Site.objects.get(pk=sites[1].pk).name == "Shop"
