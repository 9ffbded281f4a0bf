"""All about one account: what its figures mean, what it bought, who is there, what was talked about."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.core.money import from_minor
from regulars.facts.accounts import NoSuchAccount, OrderLine, find_account, lines_of_account
from regulars.facts.interactions import record_interaction, visible_interactions
from regulars.facts.models import Account, Interaction, Product
from regulars.insight.account_months import months_of_account
from regulars.insight.models import Score
from regulars.insight.sentences import Sentence, sentences
from regulars.plan.actions import visible_actions
from regulars.plan.models import Action
from regulars.plan.today import told
from regulars.web.charts import bars_of_months
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

LINES_A_PAGE = 25
EVENTS_SHOWN = 30
MONTHS_SHOWN = 24


class LogForm(forms.Form):
    """A call, visit, mail, meeting or note."""

    kind = forms.ChoiceField(label=gettext_lazy("What"))
    on = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    outcome = forms.CharField(label=gettext_lazy("What came of it"), max_length=100, required=False)
    text = forms.CharField(
        label=gettext_lazy("What was said"), required=False, widget=forms.Textarea({"rows": 3}), max_length=20_000
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kinds = [(kind.value, capfirst(str(kind.label))) for kind in Interaction.Kind]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if not said.get("outcome") and not said.get("text"):
            raise forms.ValidationError(_("Say in a few words what came of it or what was said."))
        return said


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something on the timeline of an account."""

    on: date
    what: str
    text: str
    by: Member | None = None


@require_safe
def account(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The page of one account. One that was merged leads to the account it is part of now."""
    desk = desk_of(request)
    found = _account(desk, uid)
    if found.uid != uid:
        return redirect("account", uid=found.uid)
    return _page(request, desk, found, LogForm(initial={"kind": Interaction.Kind.CALL, "on": desk.day}))


@require_POST
def log(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Record a call or another contact; a refusal keeps what was typed."""
    desk = desk_of(request)
    found = _account(desk, uid)
    form = LogForm(request.POST)
    if form.is_valid():
        try:
            record_interaction(account=found, member=desk.member, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            show_next(request, Toast(text=_("Noted with %(account)s.") % {"account": found}))
            return redirect("account", uid=found.uid)
    return _page(request, desk, found, form)


def _account(desk: Desk, uid: uuid.UUID) -> Account:
    try:
        return find_account(uid, member=desk.member)
    except NoSuchAccount as absent:
        raise Http404(str(absent)) from None


def _page(request: HttpRequest, desk: Desk, found: Account, form: LogForm) -> HttpResponse:
    found = Account.objects.select_related("score", "owner", "team", "department", "parent").get(pk=found.pk)
    score: Score | None = getattr(found, "score", None)
    page = _page_number(request)
    lines = lines_of_account(found, limit=LINES_A_PAGE + 1, offset=(page - 1) * LINES_A_PAGE)
    months = months_of_account(found, as_of=desk.figures_of or desk.day)
    context = {
        "desk": desk,
        "account": found,
        "score": score,
        "sentences": _sentences(score, desk),
        "chart": bars_of_months(months[-MONTHS_SHOWN:], currency=desk.currency),
        "reasons": [told(action) for action in _open_actions(desk, found)],
        "contacts": found.contacts.order_by("pk"),
        "events": _events(desk, found),
        "lines": _told_lines(lines[:LINES_A_PAGE]),
        "page": page,
        "has_older": len(lines) > LINES_A_PAGE,
        "form": form,
    }
    return render(request, "web/account/page.html", context, status=422 if form.errors else 200)


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("lines", "")
    return max(1, min(int(text), 1_000_000)) if text.isascii() and text.isdecimal() else 1


def _sentences(score: Score | None, desk: Desk) -> list[Sentence]:
    told_all = [] if score is None else sentences(score, currency=desk.currency)
    return [sentence for sentence in told_all if desk.sees_cost or sentence.key != "margin"]


def _open_actions(desk: Desk, found: Account) -> QuerySet[Action]:
    return visible_actions(desk.member).filter(account=found, state__in=Action.PENDING).order_by("-expected_money")


def _events(desk: Desk, found: Account) -> list[Event]:
    """Contacts with the account, and what became of its actions, newest first."""
    talks = visible_interactions(desk.member).filter(account=found).select_related("member")[:EVENTS_SHOWN]
    events = [
        Event(
            on=talk.on,
            what=str(talk.get_kind_display()),
            text=": ".join(part for part in (talk.outcome, talk.text) if part),
            by=talk.member,
        )
        for talk in talks
    ]
    # What was done stands there as its interaction already.
    ended = visible_actions(desk.member).filter(account=found, state=Action.State.NOT_USEFUL)
    for action in ended.select_related("closed_by").order_by("-closed_on", "-pk")[:EVENTS_SHOWN]:
        dismissed = _("%(cause)s, not useful") % {"cause": told(action).cause}
        on = action.closed_on or action.proposed_on
        events.append(Event(on=on, what=dismissed, text=action.reason, by=action.closed_by))
    return sorted(events, key=lambda event: event.on, reverse=True)[:EVENTS_SHOWN]


def _told_lines(lines: list[OrderLine]) -> list[dict[str, Any]]:
    """The lines with the names of their products and exact amounts."""
    codes = {line.product for line in lines if line.product}
    named = Product.objects.filter(external_id__in=codes).values_list("source", "external_id", "name")
    names = {(source, code): name for source, code, name in named}
    return [
        {
            "line": line,
            "product": names.get((line.source, line.product)) or line.product or "",
            "net": from_minor(line.net_minor, line.currency),
        }
        for line in lines
    ]
