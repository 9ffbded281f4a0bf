"""Sites: the places of an account - branches, plants, shops, delivery addresses."""

from __future__ import annotations

import uuid
from typing import TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.audit import audited, fields_of, record_change, removed_entry
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import account_of_removed, require_account, seen_by
from regulars.facts.models import Account, Site


class WrongSite(Refusal):
    """A site cannot be made or changed like this."""


class SiteFields(TypedDict, total=False):
    """What a member may say about a site."""

    name: str
    street: str
    city: str
    postcode: str
    country: str


def visible_sites(member: Member | None) -> QuerySet[Site]:
    """The sites of the accounts that `member` may see."""
    return Site.objects.filter(seen_by(member, at="account__"), account__merged_into=None)


@transaction.atomic
def add_site(*, account: Account, member: Member | None, **fields: Unpack[SiteFields]) -> Site:
    """A new site with a name."""
    require_account(account, member=member)
    site = Site(account=account.merged_into or account)
    _set(site, fields)
    with audited(site, verb="add_site", member=member):
        site.save()
    return site


@transaction.atomic
def change_site(*, site: Site, member: Member | None, **fields: Unpack[SiteFields]) -> Site:
    """Change what is said about a site."""
    require_account(site.account, member=member)
    site = Site.objects.select_for_update().get(pk=site.pk)
    with audited(site, verb="change_site", member=member):
        _set(site, fields)
        site.save()
    return site


@transaction.atomic
def remove_site(*, site: Site, member: Member | None) -> None:
    """The account has this place no longer; the audit trail keeps what it was, for `restore_site`."""
    require_account(site.account, member=member)
    before = {**fields_of(site), "uid": str(site.uid)}
    record_change(member=member, verb="remove_site", record=site, before=before, after={})
    site.delete()


@transaction.atomic
def restore_site(*, uid: uuid.UUID, member: Member | None) -> Site:
    """Put back a place that was removed, as it was. It keeps its `uid`."""
    entry = removed_entry(Site, uid, verb="remove_site")
    account = account_of_removed(entry, member=member)
    if Site.objects.filter(uid=uid).exists():
        raise WrongSite(_("This is there again already."), _("There is nothing left to do."))
    restored = Site(**{**entry.before, "uid": uid, "account_id": account.pk})
    with audited(restored, verb="restore_site", member=member):
        restored.save()
    return restored


def _set(site: Site, fields: SiteFields) -> None:
    for name, value in fields.items():
        setattr(site, name, str(value).strip())
    try:
        site.clean_fields(exclude=["account"])
    except ValidationError as problem:
        raise WrongSite(" ".join(problem.messages), _("Correct it; nothing was changed.")) from None
