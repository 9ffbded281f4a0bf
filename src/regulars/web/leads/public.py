"""Forms for strangers: on the firm's own web site, or by the link that a customer gave to them. No login, no script.

Who sends one is nobody here, so there is no session that another site could misuse, and a frame on another site gets no
cookies: instead of the token of a session the form carries a signed stamp of its own (`facts/lead_forms.py`).
"""

from __future__ import annotations

from typing import Any

from allauth.core.ratelimit import consume_or_429
from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from regulars.base.organisation import organisation
from regulars.core.errors import Refusal
from regulars.facts.lead_criteria import criteria, questions
from regulars.facts.lead_forms import check_stamp, first_time, form_of_token, stamp
from regulars.facts.leads import LeadFields, Origin, take_lead
from regulars.facts.models import Account, Lead, LeadForm
from regulars.plan.issue_rules import moment_of_work
from regulars.plan.models import ReferralLink
from regulars.plan.referrals import came_by_link, link_of_token
from regulars.web.leads.forms import answer_field
from regulars.web.middleware import POLICY

LONGEST_WISHES = 3000
_QUESTION = "question_"


_AUTOCOMPLETE = {
    "name": "organization",
    "person": "name",
    "email": "email",
    "phone": "tel",
    "country": "country-name",
}


class PublicForm(forms.Form):
    """What a stranger tells us of themselves. `website` is a trap: people do not see it."""

    name = forms.CharField(label=gettext_lazy("Firm"), max_length=300, required=False)
    person = forms.CharField(label=gettext_lazy("Your name"), max_length=200)
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254, required=False)
    phone = forms.CharField(
        label=gettext_lazy("Phone"), max_length=50, required=False, widget=forms.TextInput({"type": "tel"})
    )
    country = forms.CharField(label=gettext_lazy("Country"), max_length=100, required=False)
    wishes = forms.CharField(
        label=gettext_lazy("What can we do for you?"),
        max_length=LONGEST_WISHES,
        required=False,
        widget=forms.Textarea({"rows": 4}),
    )
    website = forms.CharField(required=False)
    stamp = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.own = [one for one in questions(criteria()) if one.on_form]
        for one in self.own:
            self.fields[f"{_QUESTION}{one.pk}"] = answer_field(one)
        for name, value in _AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = value
        self.fields["website"].widget.attrs |= {"tabindex": "-1", "autocomplete": "off"}

    def renew(self, stamp: str) -> None:
        """Show it again with a new stamp, and with all that was typed."""
        self.data = {**dict(self.data.items()), "stamp": stamp}

    def questions(self) -> list[forms.BoundField]:
        """The firm's own questions."""
        return [self[f"{_QUESTION}{one.pk}"] for one in self.own]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not self.errors and not said.get("email") and not said.get("phone"):
            self.add_error("email", _("Give an e-mail address or a phone number, so that we can answer."))
        return said

    def said(self) -> LeadFields:
        """What was typed, as the verb takes it."""
        said = self.cleaned_data
        answers = {str(one.uid): said.get(f"{_QUESTION}{one.pk}", "") for one in self.own}
        return {
            "name": said["name"],
            "person": said["person"],
            "kind": Account.Kind.FIRM if said["name"].strip() else Account.Kind.PERSON,
            "email": said["email"],
            "phone": said["phone"],
            "country": said["country"],
            "wishes": said["wishes"],
            "answers": answers,
        }


@csrf_exempt
@xframe_options_exempt  # the policy below says who may frame it, which this older header cannot
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, token: str) -> HttpResponse:
    """A form that marketing made, for the firm's web site."""
    found = form_of_token(token)
    with translation.override(_language(request, found)):
        if found is None:
            return _told(request, None, _("This form is closed."), _("Please call us or write to us."), status=410)
        return _answered(request, token, found, None)


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The form that one comes to by the link of a customer; one whose link is closed may still write to us."""
    link = link_of_token(token)
    found = LeadForm.objects.filter(closed=False).order_by("pk").first()
    with translation.override(_language(request, found)):
        return _answered(request, token, found, link)


def _language(request: HttpRequest, found: LeadForm | None) -> str:
    """The one that was asked for, else the first that the browser names and we speak, else that of the form."""
    asked = request.GET.get("lang", "")
    if asked in dict(settings.LANGUAGES):
        return asked
    for named, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "").lower()):
        spoken = named.partition("-")[0]
        if spoken in dict(settings.LANGUAGES):
            return spoken
    return found.language if found is not None else translation.get_language() or "en"


def _answered(request: HttpRequest, token: str, found: LeadForm | None, link: ReferralLink | None) -> HttpResponse:
    at = moment_of_work()
    if request.method != "POST":
        return _shown(request, PublicForm(initial={"stamp": stamp(token, at=at)}), found, link)
    too_often: HttpResponse | None = consume_or_429(request, action="lead")
    if too_often is not None:
        return too_often
    given = PublicForm(request.POST)
    if not given.is_valid():
        return _shown(request, given, found, link, status=422)
    if given.cleaned_data["website"]:  # a program: it is thanked like everybody, and tries no further
        return _thanked(request, found)
    try:
        mark = check_stamp(given.cleaned_data["stamp"], token, at=at)
        if first_time(mark):
            _taken(given, found, link)
    except Refusal as refusal:
        given.add_error(None, str(refusal))
        given.renew(stamp(token, at=at))
        return _shown(request, given, found, link, status=422)
    return _thanked(request, found)


def _taken(given: PublicForm, found: LeadForm | None, link: ReferralLink | None) -> None:
    at = moment_of_work()
    channel = Lead.Channel.REFERRAL if link is not None else Lead.Channel.FORM
    said = given.said()
    said["language"] = translation.get_language() or ""
    if found is not None:
        said["said_source"] = found.name
    taken = take_lead(origin=Origin(channel=channel, form=found), at=at, member=None, **said)
    if link is not None:
        came_by_link(link=link, taken=taken, at=at)


def _shown(
    request: HttpRequest, given: PublicForm, found: LeadForm | None, link: ReferralLink | None, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": given,
        "firm": organisation(),
        "lead_form": found,
        "from_whom": (link.contact.name if link.contact else link.account.name) if link else "",
        "preview": "preview" in request.GET,
    }
    return _framed(render(request, "web/leads/public.html", context, status=status), found)


def _thanked(request: HttpRequest, found: LeadForm | None) -> HttpResponse:
    more = found.thanks if found is not None and found.thanks else _("We have it, and will be in touch soon.")
    return _told(request, found, _("Thank you!"), more)


def _told(request: HttpRequest, found: LeadForm | None, said: str, more: str, *, status: int = 200) -> HttpResponse:
    context = {"said": said, "more": more, "firm": organisation()}
    return _framed(render(request, "web/leads/told.html", context, status=status), found)


def _framed(response: HttpResponse, found: LeadForm | None) -> HttpResponse:
    """Only the sites that the form names may show it within their own pages."""
    allowed = " ".join(["'self'", *(found.origins if found is not None else [])])
    response.headers["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {allowed}")
    response.headers["Content-Language"] = translation.get_language() or "en"
    return response
