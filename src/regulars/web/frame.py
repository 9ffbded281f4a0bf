"""What the frame of every page shows: theme, direction, navigation, and what just happened."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

THEMES = {"light": _("Light"), "dark": _("Dark"), "": _("As the device")}
THEME_COOKIE = "regulars_theme"
NAVIGATION = (
    ("today", _("Today"), "sun"),
    ("accounts", _("Accounts"), "building"),
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
    match = request.resolver_match
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
        "theme": theme if theme in THEMES else "",
        "themes": THEMES,
        "navigation": NAVIGATION if signed_in else (),
        "here": (match.url_name or "").split("_")[0].removesuffix("s") if match else "",
        "toast": request.session.pop("toast", None) if signed_in and request.session.get("toast") else None,
    }
