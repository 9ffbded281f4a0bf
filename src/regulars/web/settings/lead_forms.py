"""Forms for the firm's web site, for marketing: make one, look at it, copy the lines that show it there."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.mail.links import link_to
from regulars.facts.lead_criteria import criteria
from regulars.facts.lead_forms import close_form, open_form, save_form, visible_forms
from regulars.facts.models import LeadForm
from regulars.web.frame import Toast, show_next
from regulars.web.middleware import POLICY
from regulars.web.settings.pages import carried_out, desk_for, show

PAGE = "settings_lead_form"


class FormForm(forms.Form):
    """What a form says, and which web sites may show it."""

    name = forms.CharField(
        label=gettext_lazy("Name among you"),
        max_length=100,
        help_text=gettext_lazy("Leads say by which form they came, so make one for each campaign if you like."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    title = forms.CharField(
        label=gettext_lazy("Heading"), max_length=200, required=False, help_text=gettext_lazy("Empty: the usual one.")
    )
    intro = forms.CharField(
        label=gettext_lazy("What stands above"), max_length=2000, required=False, widget=forms.Textarea({"rows": 3})
    )
    thanks = forms.CharField(
        label=gettext_lazy("What is said when it was sent"),
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 2}),
    )
    privacy_url = forms.URLField(
        label=gettext_lazy("Address of your privacy notice"),
        required=False,
        max_length=200,
        assume_scheme="https",
        widget=forms.URLInput({"dir": "ltr"}),
    )
    origins = forms.CharField(
        label=gettext_lazy("Web sites that may show it, one in each line"),
        help_text=gettext_lazy("For example https://www.example.com. Without any it can only be opened by itself."),
        max_length=4000,
        required=False,
        widget=forms.Textarea({"rows": 3, "dir": "ltr", "spellcheck": "false"}),
    )


@require_safe
def forms_page(request: HttpRequest) -> HttpResponse:
    """All forms, with how many leads came by each."""
    desk = desk_for(request, PAGE)
    found = visible_forms(desk.member).annotate(count=Count("leads"))
    return show(request, PAGE, "lead_forms", {"found": found})


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new form."""
    desk = desk_for(request, PAGE)
    initial = {"language": desk.organisation.language, "name": _("Web site")}
    form = FormForm(request.POST if request.method == "POST" else None, initial=initial)
    made: list[LeadForm] = []
    if form.is_bound and carried_out(form, lambda said: made.append(save_form(member=desk.member, **_said(said)))):
        show_next(request, Toast(text=_("Made. Copy the lines below into your web site.")))
        return redirect("settings_lead_form_one", uid=made[0].uid)
    context = {
        "form": form,
        "heading": _("Make a form"),
        "sub": _("It asks for name, firm, a way to answer, country and wishes, and your own questions."),
        "submit": _("Make it"),
        "back": reverse(PAGE),
    }
    return show(request, PAGE, "form", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Change it, see what strangers see, copy what shows it elsewhere."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(visible_forms(desk.member), uid=uid)
    initial = {name: getattr(found, name) for name in FormForm.base_fields} | {"origins": "\n".join(found.origins)}
    given = FormForm(request.POST if request.method == "POST" else None, initial=initial)
    if given.is_bound and carried_out(given, lambda said: save_form(member=desk.member, form=found, **_said(said))):
        show_next(request, Toast(text=_("Saved.")))
        return redirect("settings_lead_form_one", uid=uid)
    address = link_to(reverse("lead_form", args=[found.token]))
    context = {
        "form": given,
        "found": found,
        "address": address,
        "snippet": _snippet(found, address),
        "preview": reverse("lead_form", args=[found.token]) + "?preview",
        "questions": [one for one in criteria() if one.on_form],
    }
    response = show(request, PAGE, "lead_form", context, status=422 if given.errors else 200)
    response.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"  # the preview
    return response


def _said(said: dict[str, Any]) -> Any:
    return said | {"origins": said["origins"].splitlines()}


def _snippet(found: LeadForm, address: str) -> str:
    """What shows the form on another web site: one frame, no script."""
    title = escape(found.title or found.name)
    return f'<iframe src="{address}" title="{title}" width="100%" height="820" loading="lazy"></iframe>'


@require_POST
def close(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take no more leads by a form."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(visible_forms(desk.member), uid=uid)
    close_form(form=found, member=desk.member)
    undo = reverse("settings_lead_form_open", args=[uid])
    show_next(request, Toast(text=_("“%(name)s” is closed.") % {"name": found.name}, undo=undo))
    return redirect(PAGE)


@require_POST
def reopen(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take leads by it again."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(visible_forms(desk.member), uid=uid)
    open_form(form=found, member=desk.member)
    show_next(request, Toast(text=_("“%(name)s” is open again.") % {"name": found.name}))
    return redirect(PAGE)
