"""The people and places of an account, for who wants to know whom to ask for, and where to drive."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.contacts import (
    activate_contact,
    change_contact,
    create_contact,
    deactivate_contact,
    visible_contacts,
)
from regulars.facts.models import Account, Contact, Site
from regulars.facts.sites import add_site, change_site, remove_site, restore_site, visible_sites
from regulars.web.account.record import heading, opened, restored_or_absent
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

Made = TypeVar("Made")
FormClass = Callable[..., forms.ModelForm]  # type: ignore[type-arg]

CHANNELS = (
    ("", gettext_lazy("not known")),
    ("phone", gettext_lazy("phone")),
    ("mobile", gettext_lazy("mobile")),
    ("mail", gettext_lazy("e-mail")),
    ("message", gettext_lazy("text message")),
    ("visit", gettext_lazy("visit")),
)
"""How somebody likes to be reached."""
CHANNEL_LABELS = dict(CHANNELS)


class ContactForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is said about a contact."""

    class Meta:
        model = Contact
        fields = ("name", "role", "level", "channel", "phone", "mobile", "email", "language")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["channel"] = _choice(gettext_lazy("Likes to be reached by"), CHANNELS, self.instance.channel)
        self.fields["language"] = _choice(gettext_lazy("Language"), languages(), self.instance.language)
        self.fields["level"].label = _("Place in the firm")
        self.fields["phone"].widget.input_type = "tel"
        self.fields["mobile"].widget.input_type = "tel"
        self.fields["email"].widget.input_type = "email"


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is said about a place."""

    class Meta:
        model = Site
        fields = ("name", "street", "postcode", "city", "country")


def languages() -> list[tuple[str, Any]]:
    """The languages to choose from."""
    return [("", gettext_lazy("not known")), *settings.LANGUAGES]


def _choice(label: Any, choices: Any, current: str) -> forms.ChoiceField:
    """A choice that keeps what an import brought, even if it is none of those that are offered."""
    offered = list(choices)
    if current and current not in dict(offered):
        offered.append((current, current))
    return forms.ChoiceField(label=label, choices=offered, required=False)


@require_safe
def people(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Who is there and where it is."""
    desk, account = opened(request, uid)
    contacts = list(account.contacts.order_by("-active", "name", "pk"))
    context = {
        **heading(desk, account, tab="account_people"),
        "people": [(one, CHANNEL_LABELS.get(one.channel, one.channel), _language(one)) for one in contacts],
        "sites": account.sites.order_by("name", "pk"),
    }
    return render(request, "web/account/people.html", context)


def _language(contact: Contact) -> str:
    return str(dict(settings.LANGUAGES).get(contact.language, contact.language))


# Contacts


@require_http_methods(["GET", "HEAD", "POST"])
def contact_new(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Add somebody."""
    return _add(request, uid, ContactForm, create_contact, title=_("Add a contact"))


@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Correct what is said about somebody."""
    desk = desk_of(request)
    require(desk.member, Permission.WRITE)
    found = _contact(desk, uid)
    return _change(request, desk, ContactForm, change_contact, contact=found)


@require_POST
def contact_act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Say that somebody has left, or is there again."""
    desk = desk_of(request)
    found = _contact(desk, uid)
    named = {"name": found.name}
    if verb == "left":
        deactivate_contact(contact=found, member=desk.member, on=desk.day)
        back = reverse("account_contact_act", args=[uid, "back"])
        toast = Toast(text=_("%(name)s has left; nobody is told to call there any more.") % named, undo=back)
    elif verb == "back":
        activate_contact(contact=found, member=desk.member)
        toast = Toast(text=_("%(name)s is there again.") % named)
    else:
        raise Http404
    return _to_people(request, found.account, toast)


def _contact(desk: Desk, uid: uuid.UUID) -> Contact:
    found = visible_contacts(desk.member).filter(uid=uid).select_related("account").first()
    if found is None:
        raise Http404
    return found


# Sites


@require_http_methods(["GET", "HEAD", "POST"])
def site_new(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Add a place."""
    return _add(request, uid, SiteForm, add_site, title=_("Add a place"))


@require_http_methods(["GET", "HEAD", "POST"])
def site(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Correct what is said about a place."""
    desk = desk_of(request)
    require(desk.member, Permission.WRITE)
    found = _site(desk, uid)
    return _change(request, desk, SiteForm, change_site, site=found)


@require_POST
def site_act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Remove a place, or put one back."""
    desk = desk_of(request)
    if verb == "remove":
        found = _site(desk, uid)
        account = found.account
        remove_site(site=found, member=desk.member)
        back = reverse("account_site_act", args=[uid, "restore"])
        toast = Toast(text=_("%(name)s is removed.") % {"name": found.name}, undo=back)
    elif verb == "restore":
        restored = restored_or_absent(lambda: restore_site(uid=uid, member=desk.member))
        account = restored.account
        toast = Toast(text=_("%(name)s is there again.") % {"name": restored.name})
    else:
        raise Http404
    return _to_people(request, account, toast)


def _site(desk: Desk, uid: uuid.UUID) -> Site:
    found = visible_sites(desk.member).filter(uid=uid).select_related("account").first()
    if found is None:
        raise Http404
    return found


# Both


def _add(
    request: HttpRequest, uid: uuid.UUID, form_class: FormClass, verb: Callable[..., Contact | Site], *, title: str
) -> HttpResponse:
    desk, account = opened(request, uid)
    require(desk.member, Permission.WRITE)
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = _tried(form, lambda: verb(account=account, member=desk.member, **form.cleaned_data))
        if made is not None:
            return _to_people(request, account, Toast(text=_("%(name)s is noted.") % {"name": made.name}))
    return _form_page(request, desk, account, form, title=title)


def _change(
    request: HttpRequest,
    desk: Desk,
    form_class: FormClass,
    verb: Callable[..., Contact | Site],
    **named: Contact | Site,
) -> HttpResponse:
    """Change the one record that is named as the verb and the page name it."""
    [found] = named.values()
    account, title = found.account, found.name  # before the form writes what was typed into the record
    form = form_class(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if _tried(form, lambda: verb(member=desk.member, **named, **said)) is not None:
            return _to_people(request, account, Toast(text=_("Changed.")))
    return _form_page(request, desk, account, form, title=title, **named)


def _tried(form: forms.BaseForm, verb: Callable[[], Made]) -> Made | None:
    """What the verb made; None where it was refused, which the form then says."""
    try:
        return verb()
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return None


def _form_page(request: HttpRequest, desk: Desk, account: Account, form: forms.BaseForm, **shown: Any) -> HttpResponse:
    context = {**heading(desk, account, tab="account_people"), "form": form, **shown}
    return render(request, "web/account/form.html", context, status=422 if form.errors else 200)


def _to_people(request: HttpRequest, account: Account, toast: Toast) -> HttpResponse:
    show_next(request, toast)
    return redirect("account_people", uid=account.uid)
