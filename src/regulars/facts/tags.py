"""Tags: the words that accounts can be marked with. `accounts.tag` and `untag` put them on and take them off."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import require
from regulars.base.audit import audited, record_change
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.models import Tag


class WrongTag(Refusal):
    """A tag cannot be changed like this."""


def counted_tags() -> QuerySet[Tag]:
    """All tags by name, with the number of accounts that have each as `accounts_now`."""
    return Tag.objects.annotate(accounts_now=Count("accounts")).order_by("name")


@transaction.atomic
def rename_tag(*, tag: Tag, name: str, member: Member | None) -> Tag:
    """Call a tag otherwise, on all accounts that have it. For a name that exists, use `join_tags`."""
    require(member, "configure")
    name = name.strip()
    if not 0 < len(name) <= 100:
        raise WrongTag(_("The name is missing or too long."), _("Use 1 to 100 letters."))
    if Tag.objects.filter(name=name).exclude(pk=tag.pk).exists():
        raise WrongTag(_("There is a tag “%(name)s” already.") % {"name": name}, _("Join the two instead."))
    with audited(tag, verb="rename_tag", member=member):
        tag.name = name
        tag.save()
    return tag


@transaction.atomic
def join_tags(*, tag: Tag, into: Tag, member: Member | None) -> int:
    """Replace `tag` by `into` on all accounts that have it; it is gone then. Returns how many accounts had it."""
    require(member, "configure")
    if tag.pk == into.pk:
        raise WrongTag(_("A tag cannot be joined with itself."), _("Choose another tag."))
    accounts = list(tag.accounts.values_list("pk", flat=True))
    into.accounts.add(*accounts)
    before = {"name": tag.name, "accounts": accounts}
    record_change(member=member, verb="join_tags", record=tag, before=before, after={"name": into.name})
    tag.delete()
    return len(accounts)


@transaction.atomic
def remove_tag(*, tag: Tag, member: Member | None) -> int:
    """Take a tag off all accounts, and forget it. Returns how many accounts had it; the audit trail keeps which."""
    require(member, "configure")
    accounts = list(tag.accounts.values_list("pk", flat=True))
    before = {"name": tag.name, "accounts": accounts}
    record_change(member=member, verb="remove_tag", record=tag, before=before, after={})
    tag.delete()
    return len(accounts)
