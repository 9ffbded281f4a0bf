"""Tokens of the API: a program acts as the member whose token it holds, within the token's scopes.

The key is shown once, when it is made; what is kept is its SHA-256, which is enough for a key of 256 random bits.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, may, require
from regulars.base.audit import record_change
from regulars.base.models import ApiToken, Member
from regulars.core.errors import Refusal

KEY_PREFIX = "regulars_"
USE_NOTED_EVERY = timedelta(minutes=1)
"""The last use is noted no more often: a write for every read would make writers wait."""


class ApiScope(StrEnum):
    """What a token may be used for, at most; its member's role decides within that."""

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    IMPORTS_READ = "imports:read"
    IMPORTS_WRITE = "imports:write"
    INSIGHT_READ = "insight:read"
    INSIGHT_WRITE = "insight:write"
    ACTIONS_READ = "actions:read"
    ACTIONS_WRITE = "actions:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


class NoSuchToken(Refusal):
    """There is no such token that this member may see."""


class WrongToken(Refusal):
    """A token cannot be made like this."""


def visible_tokens(member: Member | None) -> QuerySet[ApiToken]:
    """The member's own tokens; for who manages members, those of all."""
    tokens = ApiToken.objects.select_related("member").order_by("pk")
    if may(member, Permission.MANAGE_MEMBERS):
        return tokens
    return tokens.filter(member=member) if member is not None and member.is_active else tokens.none()


@transaction.atomic
def create_token(
    *, person: Member, name: str, scopes: Iterable[str], expires_at: datetime | None = None, member: Member | None
) -> tuple[ApiToken, str]:
    """A token that acts as `person`, and its key, which cannot be shown again.

    Everyone makes tokens of their own; whoever manages members, for others too - for owners only an owner.
    """
    _require_power_over(person, member)
    wanted = set(scopes)
    _refuse_unusable(name=name, scopes=wanted, expires_at=expires_at)
    if not person.is_active:
        raise WrongToken(_("%(person)s is no longer active.") % {"person": person}, _("Choose an active member."))
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        member=person,
        name=name.strip(),
        fingerprint=fingerprint_of(key),
        scopes=[scope for scope in ApiScope if scope in wanted],
        expires_at=expires_at,
    )
    said = {"person": person.pk, "name": token.name, "scopes": token.scopes, "expires_at": expires_at}
    record_change(member=member, verb="create_token", record=token, before={}, after=said)
    return token, key


@transaction.atomic
def revoke_token(*, token: ApiToken, member: Member | None) -> ApiToken:
    """From now on the key opens nothing. Revoking again changes nothing."""
    _require_power_over(token.member, member)
    token = ApiToken.objects.select_for_update(of=("self",)).select_related("member").get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at", "updated_at"])
        after = {"revoked_at": token.revoked_at}
        record_change(member=member, verb="revoke_token", record=token, before={"revoked_at": None}, after=after)
    return token


def token_of(key: str, *, at: datetime) -> ApiToken | None:
    """The token that a key belongs to, if it is in force at that moment; notes that it was used."""
    in_force = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=at)) & Q(member__is_active=True)
    token = ApiToken.objects.select_related("member").filter(in_force, fingerprint=fingerprint_of(key)).first()
    if token is not None and (token.last_used_at is None or token.last_used_at <= at - USE_NOTED_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)
    return token


def find_token(uid: object, *, member: Member | None) -> ApiToken:
    """The visible token with this uid, or of this name where it is the only one in force."""
    tokens = visible_tokens(member)
    text = str(uid)
    found = [token for token in tokens if str(token.uid) == text]
    found = found or list(tokens.filter(name=text, revoked_at=None)[:2])
    if len(found) != 1:
        raise NoSuchToken(
            _("There is no token “%(token)s”, or several of that name.") % {"token": text},
            _("Give its id, which the list of tokens shows."),
        )
    return found[0]


def fingerprint_of(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _require_power_over(person: Member, member: Member | None) -> None:
    if member is not None and member.pk == person.pk and member.is_active:
        return
    require(member, Permission.MANAGE_MEMBERS)
    if person.role == Member.Role.OWNER:
        require(member, Permission.MANAGE_OWNERS)


def _refuse_unusable(*, name: str, scopes: set[str], expires_at: datetime | None) -> None:
    if not 0 < len(name.strip()) <= 100:
        raise WrongToken(_("A token needs a name of at most 100 letters."), _("Say what it is for, such as: web shop."))
    unknown = scopes - set(ApiScope)
    if unknown or not scopes:
        sentence = _("There is no scope “%(scope)s”.") % {"scope": min(unknown)} if unknown else _("No scope is given.")
        raise WrongToken(sentence, _("Use some of: %(scopes)s.") % {"scopes": ", ".join(ApiScope)})
    if expires_at is not None and expires_at <= timezone.now():
        raise WrongToken(_("The day on which it expires lies not in the future."), _("Choose a later day."))
