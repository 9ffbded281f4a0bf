"""Webhooks, for who connects another program: which are told what, did it arrive, and if not, why?"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.formats import number
from regulars.base.organisation import zone
from regulars.base.webhooks import endpoints
from regulars.base.webhooks.deliveries import resend, send_test, visible_deliveries
from regulars.base.webhooks.events import LABELS, TEST_EVENT, WebhookEvent, grouped
from regulars.base.webhooks.models import WebhookDelivery, WebhookEndpoint
from regulars.core.errors import Refusal
from regulars.facts.accounts import visible_accounts
from regulars.web.desk import Desk
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show

PAGE = "settings_webhooks"
DELIVERIES_A_PAGE = 25


class GroupedCheckboxes(forms.CheckboxSelectMultiple):
    """Check boxes under the names of their groups; a group opens, and those that hold something chosen are open."""

    template_name = "web/settings/grouped_checkboxes.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["groups"] = [
            {
                "name": group,
                "options": options,
                "chosen": sum(one["selected"] for one in options),
                "said": _("%(chosen)s of %(all)s")
                % {"chosen": number(sum(one["selected"] for one in options)), "all": number(len(options))},
            }
            for group, options, _place in context["widget"]["optgroups"]
        ]
        return context


class ChangeForm(forms.Form):
    """What may be changed of a webhook."""

    name = forms.CharField(
        label=gettext_lazy("Which program is told"), max_length=100, help_text=gettext_lazy("For example: web shop.")
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("What it is told"),
        widget=GroupedCheckboxes,
        choices=lambda: [
            (name, [(event.value, str(LABELS[event])) for event in events]) for name, events in grouped(WebhookEvent)
        ],
        help_text=gettext_lazy("As far as you may see it yourself."),
    )


class AddForm(ChangeForm):
    """A new webhook."""

    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=2000,
        help_text=gettext_lazy("Where messages are sent, beginning with https://. The other program names it."),
        widget=forms.URLInput({"dir": "ltr", "autocapitalize": "none", "spellcheck": "false"}),
    )
    field_order = ("name", "url", "events")


class LogFilter(forms.Form):
    """Which messages the log shows. Every field may be empty."""

    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    event = forms.ChoiceField(label=gettext_lazy("Event"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        states = [(state.value, capfirst(str(state.label))) for state in WebhookDelivery.State]
        events = [(event.value, event.value) for event in WebhookEvent]
        self.fields["state"].choices = [("", _("All states")), *states]  # type: ignore[attr-defined]
        self.fields["event"].choices = [("", _("All events")), *events, (TEST_EVENT, TEST_EVENT)]  # type: ignore[attr-defined]

    def condition(self) -> Q:
        """The condition on messages; a choice that is none of those offered is left out."""
        self.is_valid()
        return Q(**{name: value for name, value in self.cleaned_data.items() if value})


@require_safe
def webhooks(request: HttpRequest) -> HttpResponse:
    """All webhooks, and how they are."""
    desk = desk_for(request, PAGE)
    waiting = Count("deliveries", filter=Q(deliveries__state=WebhookDelivery.State.WAITING))
    context = {"webhooks": endpoints.visible_endpoints(desk.member).annotate(waiting=waiting)}
    return show(request, PAGE, "webhooks", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new webhook. Its secret is on the answer, and nowhere else."""
    desk = desk_for(request, PAGE)
    form = AddForm(request.POST if request.method == "POST" else None)
    made: list[tuple[WebhookEndpoint, str]] = []
    if form.is_bound and carried_out(form, partial(_make, made, desk)):
        return _secret(request, *made[0])
    context = {
        "form": form,
        "heading": _("Add a webhook"),
        "sub": _("Regulars then sends a signed message to another program whenever something happens here."),
        "submit": _("Add it and show the secret"),
        "back": reverse(PAGE),
    }
    return show(request, PAGE, "form", context, status=422 if form.errors else 200)


def _make(made: list[tuple[WebhookEndpoint, str]], desk: Desk, said: dict[str, Any]) -> None:
    made.append(endpoints.add_endpoint(member=desk.member, **said))


def _secret(request: HttpRequest, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
    back = reverse("settings_webhook", args=[endpoint.uid])
    return show(request, PAGE, "webhook_secret", {"webhook": endpoint, "secret": secret, "back": back})


@require_safe
def webhook(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One webhook: what it is told, and the log of its messages."""
    desk = desk_for(request, PAGE)
    found = _found(desk, uid)
    chosen = LogFilter(request.GET)
    told = visible_deliveries(desk.member).filter(chosen.condition(), endpoint=found).prefetch_related("attempts")
    page = Paginator(told, DELIVERIES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "webhook": found,
        "groups": [(name, [(one, LABELS[one]) for one in events]) for name, events in grouped(found.events)],
        "filter": chosen,
        "narrowed": any(chosen.cleaned_data.values()),
        "page": page,
        "messages": _with_accounts(list(page.object_list), desk),
        "zone": zone(desk.organisation),
        "now": timezone.now(),
    }
    return show(request, PAGE, "webhook", context)


def _with_accounts(told: list[WebhookDelivery], desk: Desk) -> list[WebhookDelivery]:
    """The messages, each with the name of the account that it is about, as far as the member sees that."""
    concerned = visible_accounts(desk.member).filter(pk__in={one.account_id for one in told if one.account_id})
    names = dict(concerned.values_list("pk", "name"))
    for one in told:
        one.account_name = names.get(one.account_id or 0, "")  # type: ignore[attr-defined]
    return told


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Another name, or other events."""
    desk = desk_for(request, PAGE)
    found = _found(desk, uid)
    form = ChangeForm(
        request.POST if request.method == "POST" else None, initial={"name": found.name, "events": found.events}
    )
    if form.is_bound and carried_out(
        form, lambda said: endpoints.change_endpoint(endpoint=found, member=desk.member, **said)
    ):
        show_next(request, Toast(text=_("%(name)s is changed.") % {"name": form.cleaned_data["name"]}))
        return redirect("settings_webhook", uid=uid)
    context = {
        "form": form,
        "heading": found.name,
        "sub": _("It is told of other events from now on. Another address is another webhook: add one."),
        "submit": _("Save"),
        "back": reverse("settings_webhook", args=[uid]),
    }
    return show(request, PAGE, "form", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """A new secret, after asking."""
    desk = desk_for(request, PAGE)
    found = _found(desk, uid)
    if request.method == "POST":
        made = endpoints.rotate_secret(endpoint=found, at=timezone.now(), member=desk.member)
        return _secret(request, *made)
    context = {
        "form": forms.Form(),
        "heading": _("Make a new secret for “%(name)s”?") % {"name": found.name},
        "sub": _("For a day messages carry both signatures: give the new secret to the other program before it ends."),
        "submit": _("Make it and show it"),
        "back": reverse("settings_webhook", args=[uid]),
    }
    return show(request, PAGE, "form", context)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Tell the program nothing any more, after asking: the secret and the log cannot be brought back."""
    desk = desk_for(request, PAGE)
    found = _found(desk, uid)
    if request.method == "POST":
        endpoints.remove_endpoint(endpoint=found, member=desk.member)
        show_next(request, Toast(text=_("%(name)s is removed.") % {"name": found}))
        return redirect(PAGE)
    context = {
        "form": forms.Form(),
        "heading": _("Remove “%(name)s”?") % {"name": found.name},
        "sub": _("The program is told nothing any more, and the log goes. This cannot be undone; a pause can."),
        "submit": _("Remove"),
        "grave": True,
        "back": reverse("settings_webhook", args=[uid]),
    }
    return show(request, PAGE, "form", context)


@require_POST
def test(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Send a message that says nothing but that it is a test."""
    done = _("A test message is on its way; it is in the log in a few seconds.")
    return _act(
        request, uid, lambda found, desk: send_test(endpoint=found, at=timezone.now(), member=desk.member), done
    )


@require_POST
def pause(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Send nothing until it is resumed."""
    done = _("Nothing is sent until you resume it. What happens meanwhile is sent then.")
    undo = reverse("settings_webhook_resume", args=[uid])
    return _act(
        request, uid, lambda found, desk: endpoints.pause_endpoint(endpoint=found, member=desk.member), done, undo=undo
    )


@require_POST
def resume(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Send again, beginning with what waits."""
    done = _("Messages are sent again, beginning with those that wait.")
    return _act(request, uid, lambda found, desk: endpoints.resume_endpoint(endpoint=found, member=desk.member), done)


@require_POST
def send_again(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Send one message again, as it was."""
    desk = desk_for(request, PAGE)
    delivery = visible_deliveries(desk.member).filter(uid=uid).select_related("endpoint").first()
    if delivery is None:
        raise Http404
    return _act(
        request,
        delivery.endpoint.uid,
        lambda _found, desk: resend(delivery=delivery, at=timezone.now(), member=desk.member),
        _("The message is on its way again."),
    )


def _act(
    request: HttpRequest, uid: uuid.UUID, verb: Callable[[WebhookEndpoint, Desk], Any], done: str, *, undo: str = ""
) -> HttpResponse:
    desk = desk_for(request, PAGE)
    found = _found(desk, uid)
    try:
        verb(found, desk)
    except Refusal as refusal:
        show_next(request, Toast(text=str(refusal)))
    else:
        show_next(request, Toast(text=done, undo=undo))
    return redirect("settings_webhook", uid=uid)


def _found(desk: Desk, uid: uuid.UUID) -> WebhookEndpoint:
    visible: QuerySet[WebhookEndpoint] = endpoints.visible_endpoints(desk.member)
    found = visible.filter(uid=uid).first()
    if found is None:
        raise Http404
    return found
