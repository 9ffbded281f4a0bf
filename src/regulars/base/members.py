"""Members: the people of ours with a login. They are never deleted, since what they did keeps their name."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from regulars.base.access import require
from regulars.base.audit import audited
from regulars.base.models import Member, Team
from regulars.base.organisation import check_language
from regulars.base.sessions import end_sessions
from regulars.core.errors import Refusal


class WrongMember(Refusal):
    """A member cannot be made or changed like this."""


class LastOwner(Refusal):
    """Without an active owner nobody could manage the installation."""


class MemberFields(TypedDict, total=False):
    """What may be said about a member, besides role and activity."""

    email: str
    name: str
    team: Team | None
    language: str
    buddhist_years: bool
    seller_code: str


OWN_TO_CHANGE = {"name", "language", "buddhist_years"}
"""What everyone may say about themselves."""


@transaction.atomic
def create_member(
    *,
    member: Member | None,
    email: str,
    name: str,
    role: str,
    team: Team | None = None,
    language: str = "",
    seller_code: str = "",
    password: str | None = None,
    generated: bool = False,
) -> Member:
    """A new member; without a password there is no way to sign in yet. Only an owner makes an owner."""
    require_power_over(role, member=member)
    created = Member(role=_role(role), generated=generated)
    _set(created, {"email": email, "name": name, "team": team, "language": language, "seller_code": seller_code})
    created.set_password(password)
    with audited(created, verb="create_member", member=member):
        created.save()
    return created


@transaction.atomic
def change_member(*, person: Member, member: Member | None, **fields: Unpack[MemberFields]) -> Member:
    """Change what is said about `person`. Everyone may change what only they themselves see, and their name."""
    if member is None or person.pk != member.pk or set(fields) - OWN_TO_CHANGE:
        require_power_over(person.role, member=member)
    person = _locked(person)
    with audited(person, verb="change_member", member=member):
        _set(person, fields)
        person.save()
    return person


@transaction.atomic
def change_role(*, person: Member, role: str, member: Member | None) -> Member:
    """Give `person` another role. The last owner stays one."""
    require_power_over(person.role, member=member)
    require_power_over(role, member=member)
    person = _locked(person)
    if role != Member.Role.OWNER:
        _refuse_last_owner(person)
    with audited(person, verb="change_role", member=member):
        person.role = _role(role)
        person.save(update_fields=["role", "updated_at"])
    return person


@transaction.atomic
def deactivate_member(*, person: Member, member: Member | None) -> Member:
    """Take the login away, everywhere at once. The person's accounts stay theirs until somebody assigns them."""
    require_power_over(person.role, member=member)
    person = _locked(person)
    _refuse_last_owner(person)
    with audited(person, verb="deactivate_member", member=member):
        person.is_active = False
        person.save(update_fields=["is_active", "updated_at"])
    end_sessions(person)
    return person


@transaction.atomic
def activate_member(*, person: Member, member: Member | None) -> Member:
    """Give the login back."""
    require_power_over(person.role, member=member)
    person = _locked(person)
    with audited(person, verb="activate_member", member=member):
        person.is_active = True
        person.save(update_fields=["is_active", "updated_at"])
    return person


def check_new_member(*, email: str, name: str, role: str) -> None:
    """Refuse what `create_member` would refuse, for somebody who is yet to come. Raises `WrongMember`."""
    _set(Member(role=_role(role)), {"email": email, "name": name})


def _locked(person: Member) -> Member:
    """`person` as stored, with all owners locked, so that two changes at once cannot unmake the last two."""
    list(Member.objects.select_for_update().filter(role=Member.Role.OWNER).order_by("pk"))
    return Member.objects.select_for_update().get(pk=person.pk)


def require_power_over(role: str, *, member: Member | None) -> None:
    """Go on only if `member` may manage people of this role; else raise `Forbidden`."""
    require(member, "manage_members")
    if role == Member.Role.OWNER:
        require(member, "manage_owners")


def _refuse_last_owner(person: Member) -> None:
    others = Member.objects.filter(role=Member.Role.OWNER, is_active=True).exclude(pk=person.pk)
    if person.role == Member.Role.OWNER and person.is_active and not others.exists():
        raise LastOwner(
            _("%(person)s is the last active owner of this installation.") % {"person": person},
            _("Make someone else an owner first."),
        )


def _role(role: str) -> str:
    if role not in Member.Role.values:
        raise WrongMember(
            _("“%(role)s” is not a role.") % {"role": role},
            _("Choose one of: %(roles)s.") % {"roles": ", ".join(Member.Role.values)},
        )
    return role


def _set(person: Member, fields: MemberFields) -> None:
    cleaned: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value for name, value in fields.items()
    }
    if "name" in cleaned and not 0 < len(cleaned["name"]) <= 200:
        raise WrongMember(_("The name is missing or too long."), _("Use 1 to 200 letters."))
    if "email" in cleaned:
        check_email(person, cleaned["email"])
    if cleaned.get("language"):
        check_language(cleaned["language"])
    for name, value in cleaned.items():
        setattr(person, name, value)


def check_email(person: Member, email: str) -> None:
    """Refuse what is no e-mail address, or somebody else's."""
    try:
        validate_email(email)
    except ValidationError:
        raise WrongMember(
            _("“%(email)s” is not an e-mail address.") % {"email": email}, _("Correct the address.")
        ) from None
    if Member.objects.filter(email__iexact=email).exclude(pk=person.pk).exists():
        raise WrongMember(_("Someone signs in with %(email)s already.") % {"email": email}, _("Give another address."))
