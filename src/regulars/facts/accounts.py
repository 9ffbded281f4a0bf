"""Accounts: who sees which, finding one, making and changing them, and their lines in the order history."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Case, Q, QuerySet, When
from django.utils.translation import gettext as _

from regulars.base.access import Scope, account_scope, require
from regulars.base.audit import audited, record_change
from regulars.base.models import AuditEntry, Department, Member, Team
from regulars.base.warehouse import identifier, shared_engine
from regulars.core.errors import Refusal
from regulars.facts.custom_fields import validated_custom
from regulars.facts.history import HISTORY
from regulars.facts.models import Account, Tag


class NoSuchAccount(Refusal):
    """There is no account by that name or number that this member may see."""


class WrongAccount(Refusal):
    """An account cannot be made or changed like this."""


class AccountFields(TypedDict, total=False):
    """What a member may say about an account."""

    name: str
    kind: str
    parent: Account | None
    team: Team | None
    department: Department | None
    trade: str
    size: str
    email: str
    phone: str
    street: str
    city: str
    postcode: str
    region: str
    country: str
    language: str
    custom: Mapping[str, Any]


# Reading


def visible_accounts(member: Member | None) -> QuerySet[Account]:
    """The accounts that `member` may see; None is Regulars itself and sees all. Merged accounts never."""
    return Account.objects.filter(seen_by(member), merged_into=None)


def seen_by(member: Member | None, *, at: str = "") -> Q:
    """The condition that `member` sees the account that is found at the path `at` ("account__"), merged or not.

    A condition on the joined account, since `account__in=visible_accounts(member)` has the database list them all.
    """
    scope = account_scope(member)
    if member is None or scope == Scope.ALL:
        return Q()
    if scope == Scope.NONE:
        return Q(pk__in=[])
    own = Q(**{f"{at}owner": member})
    if scope != Scope.TEAM or member.team_id is None:
        return own
    colleagues = Member.objects.filter(team=member.team_id).values("pk")
    of_team = own | Q(**{f"{at}team": member.team_id}) | Q(**{f"{at}owner__in": colleagues})
    # Within a CASE each account met is looked at. As it is, a database collects the team's accounts from three indexes
    # first, which takes long for a large team and forbids to walk along the index that a list is sorted by.
    return Q(Case(When(of_team, then=True), default=False))


def require_account(account: Account, *, member: Member | None, permission: str = "write") -> None:
    """Refuse unless `member` may do this and sees the account. Forbidden and absent answer alike."""
    require(member, permission)
    seen = account.merged_into or account
    if member is not None and not visible_accounts(member).filter(pk=seen.pk).exists():
        raise _no_such(account.external_id or str(account.uid))


def lock_home(account: Account) -> Account:
    """The account that it is now, locked: who does the same at the same time waits, and sees what was done."""
    return Account.objects.select_for_update(of=("self",)).get(pk=account.merged_into_id or account.pk)


def account_of_removed(entry: AuditEntry, *, member: Member | None) -> Account:
    """The account that a removed record goes back to, merged or not; absent for who may not write there."""
    account = Account.objects.select_related("merged_into").filter(pk=entry.account_id or 0).first()
    if account is None:
        raise _no_such(f"#{entry.account_id}")
    require_account(account, member=member)
    return account.merged_into or account


def find_account(wanted: str | int | uuid.UUID, *, member: Member | None = None) -> Account:
    """The one visible account with this uid, id (an int, or "#12"), customer number, name, or part of a name.

    One that was merged gives the account it is part of now. Raises `NoSuchAccount` for none, and for several.
    """
    for condition in _conditions(wanted):
        found = Account.objects.filter(condition).select_related("merged_into").order_by("name", "pk")
        seen = {one.pk: one for one in (account.merged_into or account for account in found[:50])}
        visible = [seen[pk] for pk in visible_accounts(member).filter(pk__in=seen).values_list("pk", flat=True)]
        if len(visible) == 1:
            return visible[0]
        if visible:
            raise _several(str(wanted), visible)
    raise _no_such(str(wanted))


def _conditions(wanted: str | int | uuid.UUID) -> list[Q]:
    if isinstance(wanted, int):
        return [Q(pk=wanted)]
    try:
        return [Q(uid=uuid.UUID(str(wanted)))]
    except ValueError:
        text = str(wanted).strip()
    if text.startswith("#") and text[1:].isdecimal():
        return [Q(pk=int(text[1:]))]
    return [Q(external_id=text), Q(name__iexact=text), Q(name__icontains=text)] if text else []


def _no_such(wanted: str) -> NoSuchAccount:
    return NoSuchAccount(
        _("There is no account “%(wanted)s”.") % {"wanted": wanted},
        _("Give its customer number, its name or a part of its name."),
    )


def _several(wanted: str, found: list[Account]) -> NoSuchAccount:
    some = ", ".join(f"{account.name} (#{account.pk})" for account in found[:5])
    return NoSuchAccount(
        _("“%(wanted)s” fits several accounts: %(some)s.") % {"wanted": wanted, "some": some},
        _("Give the number with the # sign."),
    )


def account_family(account: Account) -> list[int]:
    """The ids by which the order history knows this account: its own and those of the accounts merged into it."""
    return [account.pk, *Account.objects.filter(merged_into=account).order_by("pk").values_list("pk", flat=True)]


def of_account(account: Account, at: str = "account") -> Q:
    """The condition that a record, or what lies `at` it, belongs to the account or to one that was merged into it.

    Said by ids: for those a database looks into an index, for an either-or over two tables it reads all records.
    """
    return Q(**{f"{at}__in": Account.objects.filter(Q(pk=account.pk) | Q(merged_into=account)).values("pk")})


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    """One line of the order history. `net_minor` counts minor units of `currency`, `*_base_minor` of the base one."""

    source: str
    order_id: str
    line_no: str
    business_date: date
    product: str | None
    category: str | None
    quantity: float | None
    currency: str
    net_minor: int
    net_base_minor: int
    cost_base_minor: int | None
    discount_base_minor: int | None
    seller: str | None
    department: str | None
    channel: str | None
    kind: str


ORDER_LINE_COLUMNS = list(OrderLine.__dataclass_fields__)


def lines_of_account(account: Account, *, limit: int = 100, offset: int = 0) -> list[OrderLine]:
    """The account's order lines, newest first, with those of the accounts merged into it."""
    family = ", ".join(str(one) for one in account_family(account))
    columns = ", ".join(identifier(name) for name in ORDER_LINE_COLUMNS)
    with shared_engine() as engine:
        rows = engine.rows(
            f"SELECT {columns} FROM {HISTORY.relation()} WHERE account_id IN ({family}) "
            "ORDER BY business_date DESC, source, order_id DESC, line_no LIMIT ? OFFSET ?",
            [limit, offset],
        )
    return [OrderLine(**dict(zip(ORDER_LINE_COLUMNS, row, strict=True))) for row in rows]


def is_below(account: Account, *, top: Account) -> bool:
    """Is `top` the account itself or one of its parents, at any distance?"""
    at: int | None = account.pk
    seen: set[int] = set()
    while at is not None and at not in seen:
        if at == top.pk:
            return True
        seen.add(at)
        at = Account.objects.filter(pk=at).values_list("parent_id", flat=True).first()
    return False


# Verbs


@transaction.atomic
def create_account(
    *, member: Member | None, owner: Member | None = None, tags: Iterable[str] = (), **fields: Unpack[AccountFields]
) -> Account:
    """A new account with a name; `owner` defaults to the member who makes it, if that one looks after accounts."""
    require(member, "write")
    account = Account(owner=owner or (None if account_scope(member) == Scope.ALL else member))
    _set(account, fields, member=member)
    with audited(account, verb="create_account", member=member):
        account.save()
    _tag(account, tags)
    return account


@transaction.atomic
def change_account(*, account: Account, member: Member | None, **fields: Unpack[AccountFields]) -> Account:
    """Change what is said about an account; of `custom` only the keys given, an empty value clears one."""
    require_account(account, member=member)
    account = Account.objects.select_for_update(of=("self",)).get(pk=account.pk)
    with audited(account, verb="change_account", member=member, account_id=account.pk):
        _set(account, fields, member=member)
        account.save()
    return account


@transaction.atomic
def assign_owner(*, accounts: Iterable[Account], owner: Member | None, member: Member | None) -> int:
    """Give accounts to a member of ours, or to nobody. Returns how many changed hands."""
    if owner is not None and not owner.is_active:
        raise WrongAccount(_("%(owner)s is no longer active.") % {"owner": owner}, _("Choose a member who is active."))
    changed = 0
    for account in accounts:
        require_account(account, member=member, permission="assign")
        account = Account.objects.select_for_update(of=("self",)).get(pk=account.pk)
        if account.owner_id == (owner.pk if owner else None):
            continue
        with audited(account, verb="assign_owner", member=member, account_id=account.pk):
            account.owner = owner
            account.save(update_fields=["owner", "updated_at"])
        changed += 1
    return changed


@transaction.atomic
def tag(*, account: Account, tags: Iterable[str], member: Member | None) -> None:
    """Put tags on an account; new ones are made. Those it has stay."""
    require_account(account, member=member)
    before = _tag_names(account)
    _tag(account, tags)
    _note_tags(account, before, verb="tag", member=member)


@transaction.atomic
def untag(*, account: Account, tags: Iterable[str], member: Member | None) -> None:
    """Take tags off an account. Those it does not have are no error."""
    require_account(account, member=member)
    before = _tag_names(account)
    account.tags.remove(*account.tags.filter(name__in=[one.strip() for one in tags]))
    _note_tags(account, before, verb="untag", member=member)


def _tag(account: Account, tags: Iterable[str]) -> None:
    names = {one.strip() for one in tags if one.strip()}
    account.tags.add(*(Tag.objects.get_or_create(name=name)[0] for name in sorted(names)))


def _tag_names(account: Account) -> list[str]:
    return sorted(account.tags.values_list("name", flat=True))


def _note_tags(account: Account, before: list[str], *, verb: str, member: Member | None) -> None:
    after = _tag_names(account)
    if after != before:
        record_change(
            member=member,
            verb=verb,
            record=account,
            before={"tags": before},
            after={"tags": after},
            account_id=account.pk,
        )


def _set(account: Account, fields: AccountFields, *, member: Member | None = None) -> None:
    for name, value in fields.items():
        if name not in {"custom", "parent"}:
            setattr(account, name, value.strip() if isinstance(value, str) else value)
    if "parent" in fields:
        account.parent = _checked_parent(account, fields["parent"])
    if "custom" in fields:
        checked = validated_custom(fields["custom"], member=member)
        both = {**account.custom, **checked}
        account.custom = {key: value for key, value in both.items() if value is not None}
    _refuse_invalid(account, fields)


def _checked_parent(account: Account, parent: Account | None) -> Account | None:
    if parent is None:
        return None
    parent = parent.merged_into or parent
    if account.pk is not None and is_below(parent, top=account):
        raise WrongAccount(
            _("%(parent)s lies below %(account)s, so it cannot be its parent.")
            % {"parent": parent, "account": account},
            _("Choose an account that does not belong to this one."),
        )
    return parent


def _refuse_invalid(account: Account, fields: AccountFields) -> None:
    try:
        account.clean_fields(
            exclude=[field.name for field in account._meta.fields if field.name not in {"name", *fields}]
        )
        if fields.get("email"):
            validate_email(account.email)
    except ValidationError as problem:
        labels = {one.name: str(one.verbose_name) for one in account._meta.fields}
        wrong = [labels[name] for name in getattr(problem, "error_dict", ["email"])]
        raise WrongAccount(
            _("%(fields)s: %(problem)s") % {"fields": ", ".join(wrong), "problem": " ".join(problem.messages)},
            _("Correct it; nothing was changed."),
        ) from None
