"""API tokens, for who connects a shop or a spreadsheet, and for the owner who wonders what is connected: which keys?"""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from regulars.base.access import Permission, may
from regulars.base.models import ApiToken, Member
from regulars.base.organisation import zone
from regulars.base.tokens import ApiScope, create_token, revoke_token, visible_tokens
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show

PAGE = "settings_tokens"
TOKENS_A_PAGE = 50

SCOPES: dict[str, str | Promise] = {
    ApiScope.ACCOUNTS_READ: gettext_lazy("See accounts, contacts, calls and visits"),
    ApiScope.ACCOUNTS_WRITE: gettext_lazy("Change accounts and contacts, record calls and visits"),
    ApiScope.ORDERS_READ: gettext_lazy("See orders"),
    ApiScope.ORDERS_WRITE: gettext_lazy("Send orders"),
    ApiScope.IMPORTS_READ: gettext_lazy("See imports"),
    ApiScope.IMPORTS_WRITE: gettext_lazy("Import files, undo imports"),
    ApiScope.INSIGHT_READ: gettext_lazy("See figures, scores and the portfolio"),
    ApiScope.INSIGHT_WRITE: gettext_lazy("Try forecasts, and choose which one scores"),
    ApiScope.ACTIONS_READ: gettext_lazy("See the list of the day"),
    ApiScope.ACTIONS_WRITE: gettext_lazy("Work the list of the day"),
    "webhooks:read": gettext_lazy("See webhooks"),
    "webhooks:write": gettext_lazy("Set up webhooks"),
}
"""What each scope lets a program do, in words."""
PERIODS = (
    ("90", gettext_lazy("In three months")),
    ("365", gettext_lazy("In a year")),
    ("", gettext_lazy("Never")),
    ("day", gettext_lazy("On a day that I choose")),
)


class TokenForm(forms.Form):
    """What a new token is for, and what it may be used for at most."""

    name = forms.CharField(
        label=gettext_lazy("What it is for"), max_length=100, help_text=gettext_lazy("For example: web shop.")
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What the program may do"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Never more than your own role allows. Tick as little as it needs."),
    )
    period = forms.ChoiceField(label=gettext_lazy("Expires"), choices=PERIODS, required=False, initial="365")
    day = forms.DateField(
        label=gettext_lazy("Day, if you choose one"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["scopes"].choices = [(scope.value, SCOPES.get(scope, scope.value)) for scope in ApiScope]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("period") == "day" and not said.get("day") and "day" not in self.errors:
            self.add_error("day", _("Choose a day, or another time to expire."))
        return said

    def expires_at(self, desk: Desk) -> datetime | None:
        """The moment from which on the key opens nothing; None: never."""
        period, day = self.cleaned_data["period"], self.cleaned_data["day"]
        if period == "day":
            return _end_of(day, desk)
        return timezone.now() + timedelta(days=int(period)) if period else None


def _end_of(day: date, desk: Desk) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone(desk.organisation))


@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    """One's own tokens; for who manages members, those of all."""
    desk = desk_for(request, PAGE)
    in_force_first = visible_tokens(desk.member).order_by(F("revoked_at").desc(nulls_first=True), "-pk")
    page = Paginator(in_force_first, TOKENS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "zone": zone(desk.organisation),
        "now": timezone.now(),
        "sees_all": may(desk.member, Permission.MANAGE_MEMBERS),
        "scopes": SCOPES,
    }
    return show(request, PAGE, "tokens", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new token of one's own. Its key is on the answer, and nowhere else."""
    desk = desk_for(request, PAGE)
    form = TokenForm(request.POST if request.method == "POST" else None)
    made: list[tuple[ApiToken, str]] = []
    if form.is_bound and carried_out(form, partial(_make, made, desk, form)):
        token, key = made[0]
        return show(request, PAGE, "token_made", {"token": token, "key": key, "back": reverse(PAGE)})
    context = {
        "form": form,
        "heading": _("Make a token"),
        "sub": _("A program that holds its key acts in your name, within what you tick here."),
        "submit": _("Make it and show the key"),
        "back": reverse(PAGE),
    }
    return show(request, PAGE, "form", context, status=422 if form.errors else 200)


def _make(made: list[tuple[ApiToken, str]], desk: Desk, form: TokenForm, said: dict[str, Any]) -> None:
    person: Member = desk.member
    expires_at = form.expires_at(desk)
    made.append(
        create_token(person=person, name=said["name"], scopes=said["scopes"], expires_at=expires_at, member=person)
    )


@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Let a key open nothing any more, after asking: it cannot be taken back."""
    desk = desk_for(request, PAGE)
    token = visible_tokens(desk.member).filter(uid=uid, revoked_at=None).first()
    if token is None:
        raise Http404
    if request.method == "POST":
        revoke_token(token=token, member=desk.member)
        show_next(request, Toast(text=_("The token “%(name)s” is revoked.") % {"name": token.name}))
        return redirect(PAGE)
    context = {
        "form": forms.Form(),
        "heading": _("Revoke “%(name)s”?") % {"name": token.name},
        "sub": _("The program that uses its key is refused at once. This cannot be undone; a new token can be made."),
        "submit": _("Revoke"),
        "grave": True,
        "back": reverse(PAGE),
    }
    return show(request, PAGE, "form", context)
