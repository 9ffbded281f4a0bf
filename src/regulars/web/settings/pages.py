"""The pages of the settings: one list, from which the navigation, the start page and the access checks are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.base.access import Permission, may, require
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.web.desk import Desk, desk_of


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page: the name of its address, what it is called, what it is for, and who may open it."""

    name: str
    label: str | Promise
    text: str | Promise
    icon: str
    permission: Permission | None = None
    """None: everybody; it then shows one's own."""


PAGES = (
    Page(
        name="settings_organisation",
        label=_("Organisation"),
        text=_("Name, currency, time zone, language, week and fiscal year."),
        icon="building",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_teams",
        label=_("Departments and teams"),
        text=_("How the firm is divided, and who shares a list."),
        icon="git-merge",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_members",
        label=_("Members"),
        text=_("Who signs in, with which role; invitations."),
        icon="users",
        permission=Permission.MANAGE_MEMBERS,
    ),
    Page(
        name="settings_causes",
        label=_("Causes of actions"),
        text=_("What puts an account on the list of the day, from which figures on, and how it is received."),
        icon="list-check",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_playbooks",
        label=_("Playbooks"),
        text=_("What to do, step by step, when something happens to a customer."),
        icon="note",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_fields",
        label=_("Fields and tags"),
        text=_("What you note about accounts beyond what every firm notes."),
        icon="tag",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_review_questions",
        label=_("Questions of reviews"),
        text=_("What you ask your customers in reviews, in which words, in which language."),
        icon="list-check",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_leads",
        label=_("Leads"),
        text=_("What makes a lead fit, and to whom leads go."),
        icon="filter",
        permission=Permission.MANAGE_LEADS,
    ),
    Page(
        name="settings_lead_form",
        label=_("Lead forms"),
        text=_("Forms for your web site by which strangers become leads."),
        icon="external-link",
        permission=Permission.MANAGE_LEADS,
    ),
    Page(
        name="settings_rates",
        label=_("Exchange rates"),
        text=_("What foreign currencies are worth in yours, from day to day."),
        icon="coin",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_dependence",
        label=_("Costs and suppliers"),
        text=_("What would be missing if a large customer left: fixed costs, margin, discounts of suppliers."),
        icon="building",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_offerings",
        label=_("Offerings"),
        text=_("What you sell, as you talk about it with customers; which products belong to it."),
        icon="columns",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_bonuses",
        label=_("Bonuses"),
        text=_("What your key accounts and VIPs get, how often a year, and what it costs you."),
        icon="coin",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_stages",
        label=_("Stages of opportunities"),
        text=_("Through which steps a sale goes, and how likely what reaches each is won."),
        icon="arrows-sort",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_jobs",
        label=_("Jobs"),
        text=_("What the machine does by itself, what waits, and what failed."),
        icon="clock",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_audit",
        label=_("Changes"),
        text=_("Who changed what, when, from what to what."),
        icon="history",
        permission=Permission.SEE_AUDIT,
    ),
    Page(
        name="settings_inbox",
        label=_("Mail of strangers"),
        text=_("Mail that came in from somebody who is no contact yet: who is it?"),
        icon="mail",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_mail",
        label=_("Outbox"),
        text=_("The mails that were sent or wait to be sent, and which did not arrive."),
        icon="mail",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_tokens",
        label=_("API tokens"),
        text=_("Keys with which other programs work here in your name."),
        icon="key",
    ),
    Page(
        name="settings_webhooks",
        label=_("Webhooks"),
        text=_("Other programs that are told at once what happens here."),
        icon="webhook",
        permission=Permission.CONFIGURE,
    ),
    Page(
        name="settings_backup",
        label=_("Backup"),
        text=_("Everything in one file, to keep in a safe place."),
        icon="database",
        permission=Permission.CONFIGURE,
    ),
)
"""In the sequence of the navigation."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A page that the member may open, with its address."""

    page: Page
    address: str
    current: bool = False


def entries_for(member: Member, *, current: str = "") -> list[Entry]:
    """The pages that `member` may open; those without an address are left out."""
    found = []
    for page in PAGES:
        if page.permission is not None and not may(member, page.permission):
            continue
        try:
            address = reverse(page.name)
        except NoReverseMatch:
            continue
        found.append(Entry(page=page, address=address, current=page.name == current))
    return found


def desk_for(request: HttpRequest, name: str) -> Desk:
    """The desk of who asks for the page `name` or for something on it, if their role allows it."""
    desk = desk_of(request)
    page = next(one for one in PAGES if one.name == name)
    if page.permission is not None:
        require(desk.member, page.permission)
    return desk


def show(
    request: HttpRequest, name: str, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """The page `name`, made from `template` within the frame of the settings."""
    desk = desk_for(request, name)
    entries = entries_for(desk.member, current=name)
    frame = {
        "desk": desk,
        "page_of_settings": next(one for one in PAGES if one.name == name),
        "entries": entries if len(entries) > 1 else [],
        **(context or {}),
    }
    return render(request, f"web/settings/{template}.html", frame, status=status)


def carried_out(
    form: forms.Form, verb: Callable[[dict[str, Any]], Any], *, but: tuple[type[Refusal], ...] = ()
) -> bool:
    """Whether the form was in order and the verb did its work. A refusal is shown with the form, as it was typed.

    `but`: refusals that come after the work was done, and are the caller's to tell.
    """
    if not form.is_valid():
        return False
    try:
        verb(form.cleaned_data)
    except but:
        raise
    except Refusal as refusal:
        form.add_error(None, ValidationError(str(refusal)))
        return False
    return True


# Taking back


def typed(request: HttpRequest) -> QueryDict:
    """What was typed into the form; where a change is taken back, the former values that the address carries."""
    return request.GET if "undo" in request.GET else request.POST


def taking_back(form: forms.Form, address: str) -> str:
    """The address that gives the changed record back what stood in `form` before; empty when this was an undo."""
    if "undo" in form.data:
        return ""
    query = QueryDict(mutable=True)
    query["undo"] = "1"
    for name in form.fields:
        before = form.get_initial_for_field(form.fields[name], name)
        if before not in (None, "", False):
            query[name] = "on" if before is True else str(before)
    return f"{address}?{query.urlencode()}"
