"""Members, for owners and heads of sales when somebody comes, changes or leaves: who may sign in, and as what?"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, may
from regulars.base.invitations import visible_invitations
from regulars.base.members import activate_member, change_member, change_role, deactivate_member
from regulars.base.models import Member, Team
from regulars.base.organisation import zone
from regulars.facts.models import Account
from regulars.plan.leaving import hand_over_and_deactivate
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show, taking_back, typed
from regulars.web.settings.teams import team_choices, team_of

PAGE = "settings_members"
MEMBERS_A_PAGE = 50
KEEP, NOBODY = "keep", "nobody"


class Filter(forms.Form):
    """Which members the list shows. Every field may be empty."""

    q = forms.CharField(label=gettext_lazy("Search"), required=False)
    role = forms.ChoiceField(label=gettext_lazy("Role"), required=False)
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[
            ("", gettext_lazy("Active")),
            ("gone", gettext_lazy("No longer active")),
            ("all", gettext_lazy("Active or not")),
        ],
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].choices = [("", _("All roles")), *role_choices(None)]  # type: ignore[attr-defined]

    def condition(self) -> Q:
        """The condition on members; a choice that is none of those offered is left out."""
        self.is_valid()
        said = self.cleaned_data
        condition = Q() if said.get("state") == "all" else Q(is_active=said.get("state") != "gone")
        if said.get("q"):
            condition &= Q(name__icontains=said["q"]) | Q(email__icontains=said["q"]) | Q(seller_code=said["q"])
        if said.get("role"):
            condition &= Q(role=said["role"])
        return condition


def role_choices(member: Member | None) -> list[tuple[str, str]]:
    """The roles that `member` may give; all of them for None."""
    return [
        (role.value, capfirst(str(role.label)))
        for role in Member.Role
        if role != Member.Role.OWNER or may(member, Permission.MANAGE_OWNERS)
    ]


class MemberForm(forms.Form):
    """What may be said about a member."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    email = forms.EmailField(label=gettext_lazy("E-mail"), help_text=gettext_lazy("With it the member signs in."))
    role = forms.ChoiceField(label=gettext_lazy("Role"))
    team = forms.ChoiceField(label=gettext_lazy("Team"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    seller_code = forms.CharField(
        label=gettext_lazy("Code in the order history"),
        help_text=gettext_lazy("How your order files call this person, if they name sellers."),
        max_length=100,
        required=False,
    )

    def __init__(self, *args: Any, member: Member, **options: Any) -> None:
        super().__init__(*args, **options)
        languages = [("", _("As the organisation or the browser has it")), *settings.LANGUAGES]
        for name, choices in (("role", role_choices(member)), ("team", team_choices()), ("language", languages)):
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_team(self) -> Team | None:
        return team_of(self.cleaned_data["team"])


class LeavingForm(forms.Form):
    """Who looks after the accounts of somebody who leaves."""

    heir = forms.ChoiceField(label=gettext_lazy("Who looks after these accounts from now on?"))

    def __init__(self, *args: Any, person: Member, **options: Any) -> None:
        super().__init__(*args, **options)
        colleagues = Member.objects.filter(is_active=True).exclude(pk=person.pk).order_by("name")
        self.heirs = {str(one.uid): one for one in colleagues}
        self.fields["heir"].choices = [  # type: ignore[attr-defined]
            *((uid, one.name) for uid, one in self.heirs.items()),
            (NOBODY, _("Nobody for now")),
            (KEEP, _("Leave them with this person’s name")),
        ]


@require_safe
def members(request: HttpRequest) -> HttpResponse:
    """Everybody with a login, and who is invited."""
    desk = desk_for(request, PAGE)
    chosen = Filter(request.GET)
    found = Member.objects.filter(chosen.condition()).select_related("team").order_by("-is_active", "name", "pk")
    page = Paginator(found, MEMBERS_A_PAGE).get_page(request.GET.get("page"))
    accounts = _looked_after(page)
    context = {
        "filter": chosen,
        "page": page,
        "rows": [(one, accounts.get(one.pk, 0)) for one in page],
        "zone": zone(desk.organisation),
        "now": timezone.now(),
        "invitations": visible_invitations(desk.member),
    }
    return show(request, PAGE, "members", context)


def _looked_after(people: Iterable[Member]) -> dict[int, int]:
    """How many customers each of these people looks after."""
    theirs = Account.objects.filter(owner__in=list(people), merged_into=None).order_by()
    return dict(theirs.values("owner").annotate(count=Count("pk")).values_list("owner", "count"))


@require_http_methods(["GET", "HEAD", "POST"])
def member(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One member: what is said about them, and whether they may sign in."""
    desk = desk_for(request, PAGE)
    person = get_object_or_404(Member.objects.select_related("team"), uid=uid)
    initial = _said(person)
    form = MemberForm(typed(request) if request.method == "POST" else None, initial=initial, member=desk.member)
    if form.is_bound and carried_out(form, partial(_change, person, desk.member)):
        undo = taking_back(form, request.path)
        show_next(request, Toast(text=_("%(name)s is changed.") % {"name": form.cleaned_data["name"]}, undo=undo))
        return redirect(PAGE)
    context = {
        "form": form,
        "person": person,
        "heading": initial["name"],
        "may_change": person.role != Member.Role.OWNER or may(desk.member, Permission.MANAGE_OWNERS),
        "accounts": _accounts_of(person).count(),
        "zone": zone(desk.organisation),
    }
    return show(request, PAGE, "member", context, status=422 if form.errors else 200)


def _said(person: Member) -> dict[str, Any]:
    said = {name: getattr(person, name) for name in ("name", "email", "role", "language", "seller_code")}
    return {**said, "team": person.team.uid if person.team else ""}


@transaction.atomic
def _change(person: Member, by: Member, said: dict[str, Any]) -> None:
    said = dict(said)
    role = said.pop("role")
    if role != person.role:
        change_role(person=person, role=role, member=by)
    change_member(person=person, member=by, **said)


def _accounts_of(person: Member) -> QuerySet[Account]:
    return Account.objects.filter(owner=person, merged_into=None)


@require_http_methods(["GET", "HEAD", "POST"])
def deactivate(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take the login away, after asking who looks after the accounts."""
    desk = desk_for(request, PAGE)
    person = get_object_or_404(Member, uid=uid, is_active=True)
    accounts = _accounts_of(person).count()
    form = LeavingForm(request.POST if request.method == "POST" else None, person=person, initial={"heir": KEEP})
    if form.is_bound and carried_out(form, partial(_let_go, person, form, desk.member)):
        undo = reverse("settings_member_activate", args=[uid]) if form.cleaned_data["heir"] == KEEP else ""
        show_next(request, Toast(text=_("%(name)s can no longer sign in.") % {"name": person}, undo=undo))
        return redirect(PAGE)
    context = {
        "form": form,
        "heading": _("Take away the login of %(name)s?") % {"name": person},
        "sub": _("Sessions and API tokens of this person end at once. What they did keeps their name."),
        "looked_after": ngettext(
            "%(name)s looks after one account.", "%(name)s looks after %(count)s accounts.", accounts
        )
        % {"name": person, "count": accounts},
        "submit": _("Take the login away"),
        "grave": True,
        "back": reverse("settings_member", args=[uid]),
    }
    return show(request, PAGE, "leaving", context, status=422 if form.errors else 200)


def _let_go(person: Member, form: LeavingForm, by: Member, said: dict[str, Any]) -> None:
    if said["heir"] == KEEP:
        deactivate_member(person=person, member=by)
    else:
        hand_over_and_deactivate(person=person, heir=form.heirs.get(said["heir"]), member=by)


@require_POST
def activate(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Give the login back."""
    desk = desk_for(request, PAGE)
    person = get_object_or_404(Member, uid=uid)
    activate_member(person=person, member=desk.member)
    show_next(request, Toast(text=_("%(name)s can sign in again.") % {"name": person}))
    return redirect(PAGE)
