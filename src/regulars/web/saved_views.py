"""Views of the list of accounts, kept for oneself, a team or everyone; chosen columns; where the list starts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, may, require
from regulars.base.audit import audited
from regulars.base.models import Member, Team
from regulars.core.errors import Refusal
from regulars.web.models import ListPreference, SavedView

UNCHANGED: Final[Any] = object()


class NoSuchView(Refusal):
    """There is no saved view by this name that the member may see, or change."""


class WrongView(Refusal):
    """A view cannot be kept like this."""


def visible_views(member: Member) -> QuerySet[SavedView]:
    """One's own, those shared with one's team, and those shared with everyone; by name."""
    shared = Q(audience=SavedView.Audience.EVERYONE)
    if member.team_id is not None:
        shared |= Q(audience=SavedView.Audience.TEAM, team=member.team_id)
    return SavedView.objects.filter(shared | Q(member=member), deleted_at=None).order_by("name", "pk")


def may_change_view(view: SavedView, *, member: Member) -> bool:
    """Its maker, and for a shared one who leads others."""
    return view.member_id == member.pk or (
        view.audience != SavedView.Audience.MYSELF and may(member, Permission.ASSIGN)
    )


@transaction.atomic
def save_view(
    *,
    name: str,
    query: str,
    member: Member,
    columns: Sequence[str] = (),
    audience: str = SavedView.Audience.MYSELF,
    team: Team | None = None,
) -> SavedView:
    """Keep a cut of the list under a name; only who leads others may share it."""
    require(member, Permission.READ)
    made = SavedView(member=member, query=query, columns=list(columns))
    with audited(made, verb="save_view", member=member):
        _name(made, name)
        _share(made, audience, team, member=member)
        made.save()
    return made


@transaction.atomic
def change_view(
    *,
    view: SavedView,
    member: Member,
    name: str = UNCHANGED,
    query: str = UNCHANGED,
    columns: Sequence[str] = UNCHANGED,
    audience: str = UNCHANGED,
    team: Team | None = None,
) -> SavedView:
    """Rename a view, let it show something else, or share it with others; `team` goes with `audience`."""
    view = _locked(view.uid, member)
    with audited(view, verb="change_view", member=member):
        if name is not UNCHANGED:
            _name(view, name)
        if query is not UNCHANGED:
            view.query = query
        if columns is not UNCHANGED:
            view.columns = list(columns)
        if audience is not UNCHANGED:
            _share(view, audience, team, member=member)
        view.save()
    return view


@transaction.atomic
def delete_view(*, view: SavedView, member: Member) -> None:
    """Put a view away; `restore_view` brings it back."""
    view = _locked(view.uid, member)
    with audited(view, verb="delete_view", member=member):
        view.deleted_at = timezone.now()
        view.save()


@transaction.atomic
def restore_view(*, uid: uuid.UUID, member: Member) -> SavedView:
    """Bring back a view that was deleted."""
    view = _locked(uid, member)
    with audited(view, verb="restore_view", member=member):
        view.deleted_at = None
        view.save()
    return view


def preference_of(member: Member) -> ListPreference:
    """How the member likes the list; as it comes, where nothing was chosen."""
    return ListPreference.objects.filter(member=member).first() or ListPreference(member=member)


@transaction.atomic
def choose_columns(*, columns: Sequence[str], member: Member) -> None:
    """The columns that the member's list shows from now on."""
    ListPreference.objects.update_or_create(member=member, defaults={"columns": list(columns)})


@transaction.atomic
def start_with(*, view: str, member: Member) -> None:
    """The view that the member's list starts with: a preset's key, a uid; empty: all accounts."""
    ListPreference.objects.update_or_create(member=member, defaults={"start": view})


def _locked(uid: uuid.UUID, member: Member) -> SavedView:
    found = SavedView.objects.select_for_update(of=("self",)).filter(uid=uid).first()
    if found is None or not may_change_view(found, member=member):
        raise NoSuchView(_("There is no such view, or it is not yours."), _("Keep the list as a view of your own."))
    return found


def _name(view: SavedView, name: str) -> None:
    view.name = name.strip()
    if not view.name or len(view.name) > 100:
        raise WrongView(_("A view needs a name of at most 100 letters."), _("Write a name, and try again."))
    same = SavedView.objects.filter(member=view.member, name__iexact=view.name, deleted_at=None).exclude(pk=view.pk)
    if same.exists():
        raise WrongView(_("You have a view “%(name)s” already.") % {"name": view.name}, _("Choose another name."))


def _share(view: SavedView, audience: str, team: Team | None, *, member: Member) -> None:
    if audience not in SavedView.Audience.values or (audience == SavedView.Audience.TEAM and team is None):
        raise WrongView(_("A view is for yourself, for a team, or for everyone."), _("Choose who sees it."))
    if audience != SavedView.Audience.MYSELF and (audience, team) != (view.audience, view.team):
        require(member, Permission.ASSIGN)
    view.audience = audience
    view.team = team if audience == SavedView.Audience.TEAM else None
