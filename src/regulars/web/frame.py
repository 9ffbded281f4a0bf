"""What the frame of every page shows: theme, direction, navigation, and what just happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.base.access import Permission, may
from regulars.base.models import Member
from regulars.plan.results import SELLERS

THEMES = {"light": _("Light"), "dark": _("Dark"), "": _("As the device")}
THEME_COOKIE = "regulars_theme"


@dataclass(frozen=True, kw_only=True)
class Place:
    """An entry of the navigation; where permissions or roles are named, one of them is needed to see it."""

    name: str
    label: str | Promise
    icon: str
    permissions: tuple[Permission, ...] = ()
    roles: tuple[str, ...] = ()
    at_the_thumb: bool = False
    """On phones in the bar; the others are behind *More*."""
    covers: tuple[str, ...] = ()
    """Where pages begin that belong to it and lie elsewhere: on them, too, it is the current one."""
    begins_group: bool = False
    """What one does every day, what one leads by, what is set up: a gap stands between them."""


SETTINGS_OPENED_BY = (Permission.CONFIGURE, Permission.MANAGE_MEMBERS, Permission.SEE_AUDIT, Permission.MANAGE_LEADS)
"""Each of these has something to set; who has none has no settings."""

NAVIGATION = (
    Place(name="today", label=_("Today"), icon="sun", at_the_thumb=True),
    Place(
        name="accounts",
        label=_("Accounts"),
        icon="building",
        at_the_thumb=True,
        covers=("/key-accounts/", "/win-back/"),
    ),
    Place(name="leads", label=_("Leads"), icon="users", covers=("/referrals/",)),
    Place(name="handovers", label=_("Hand-overs"), icon="share", permissions=(Permission.WRITE,)),
    Place(name="reviews", label=_("Reviews"), icon="calendar"),
    Place(
        name="opportunities",
        label=_("Opportunities"),
        icon="coin",
        covers=("/white-space/", "/value-proofs/", "/projects/", "/pitch/"),
    ),
    Place(name="issues", label=_("Issues"), icon="bell"),
    Place(name="live_orders", label=_("Live orders"), icon="clock"),
    Place(name="playbooks", label=_("Playbooks"), icon="list-check", covers=("/plays/",), begins_group=True),
    Place(
        name="plan", label=_("Plan"), icon="chart-bar", permissions=(Permission.SEE_INCENTIVES,), roles=tuple(SELLERS)
    ),
    Place(name="portfolio", label=_("Portfolio"), icon="chart-dots"),
    Place(name="imports", label=_("Imports"), icon="file-import", permissions=(Permission.IMPORT,), begins_group=True),
    Place(
        name="settings",
        label=_("Settings"),
        icon="settings",
        permissions=SETTINGS_OPENED_BY,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Toast:
    """One sentence on what just happened; `undo` is the address that takes it back."""

    text: str
    undo: str = ""


def show_next(request: HttpRequest, toast: Toast) -> None:
    """Show the toast on the page that this browser sees next."""
    request.session["toast"] = asdict(toast)


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context of the base template. It costs no query."""
    signed_in = hasattr(request, "user") and request.user.is_authenticated
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
        "theme": theme if theme in THEMES else "",
        "themes": THEMES,
        "places": list(_places(request)) if signed_in else [],
        "toast": request.session.pop("toast", None) if signed_in and request.session.get("toast") else None,
    }


def _is_open(place: Place, member: Member) -> bool:
    if not place.permissions and not place.roles:
        return True
    return member.role in place.roles or any(may(member, one) for one in place.permissions)


def _places(request: HttpRequest) -> Iterator[dict[str, Any]]:
    """The entries of the navigation that the member may use, with their addresses."""
    assert isinstance(request.user, Member)
    for place in NAVIGATION:
        if not _is_open(place, request.user):
            continue
        address = reverse(place.name)
        yield {"place": place, "address": address, "current": request.path.startswith((address, *place.covers))}
