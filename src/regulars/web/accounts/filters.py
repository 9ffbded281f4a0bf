"""What the list of accounts can be narrowed by: the fields, their conditions, and the words on their chips."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.access import Scope, account_scope, visible_departments, visible_members
from regulars.base.formats import day, money, number, percent
from regulars.base.models import Team
from regulars.facts.custom_fields import visible_custom_fields
from regulars.facts.models import Account, CustomField, Interaction, Tag
from regulars.insight.sentences import STEADY
from regulars.plan.causes import CAUSES
from regulars.plan.models import Action
from regulars.web.desk import Desk

NOBODY, MYSELF = "nobody", "me"
CUSTOM = "custom_"
"""Before the key of a field of our own; such a filter is named like its column."""

BUYERS = (
    ("regular", gettext_lazy("Regular buyers")),
    ("chance", gettext_lazy("Chance buyers")),
    ("new", gettext_lazy("New customers")),
    ("none", gettext_lazy("Without an order")),
)
CLASSES = (
    ("A", gettext_lazy("A: four fifths of sales")),
    ("B", gettext_lazy("B: the next 15%")),
    ("C", gettext_lazy("C: the rest")),
)
PROTECTIONS = (
    ("4", gettext_lazy("Highest protection")),
    ("3", gettext_lazy("High protection or more")),
    ("2", gettext_lazy("Raised protection or more")),
)
TRENDS = (
    ("less", gettext_lazy("Buys less than the year before")),
    ("same", gettext_lazy("Buys about as much")),
    ("more", gettext_lazy("Buys more than the year before")),
)
REACHES = (
    ("email", gettext_lazy("With an e-mail address")),
    ("phone", gettext_lazy("With a phone number")),
    ("neither", gettext_lazy("Without e-mail and phone")),
)

Choices = list[tuple[str, Any]]


class Select(forms.Select):
    """One that is put together here: Django's own draws a template for each of two hundred members."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = self.format_value(value)
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, SELECTED if str(key) in chosen else "", label) for key, label in self.choices),
        )
        return format_html(
            '<select name="{}"{}>{}</select>', name, flatatt(self.build_attrs(self.attrs, attrs)), options
        )


SELECTED = SafeString(" selected")


def _choice(label: Any, choices: Any = ()) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=[("", gettext_lazy("Any")), *choices], widget=Select)


def _amount(label: Any) -> forms.FloatField:
    return forms.FloatField(
        label=label, required=False, widget=forms.NumberInput({"step": "any", "inputmode": "decimal"})
    )


def _count(label: Any, *, most: int) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=most)


class Filter(forms.Form):
    """What the list shows. Every field may be empty; what cannot be understood narrows nothing and says so."""

    q = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=200)
    owner = _choice(gettext_lazy("Looked after by"))
    cause = _choice(gettext_lazy("Reason to act"))
    protection = _choice(gettext_lazy("Protection"), PROTECTIONS)
    pareto = _choice(gettext_lazy("Class"), CLASSES)
    buyer = _choice(gettext_lazy("Buyer"), BUYERS)
    trend = _choice(gettext_lazy("Trend"), TRENDS)
    silence = _count(gettext_lazy("Silent for at least, days"), most=36_500)
    alive = _count(gettext_lazy("Chance still a customer at most, %"), most=100)
    risk = _amount(gettext_lazy("At risk at least"))
    sales_from = _amount(gettext_lazy("Sales, 12 months, from"))
    sales_to = _amount(gettext_lazy("Sales, 12 months, up to"))
    first_since = forms.DateField(
        label=gettext_lazy("First order since"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    contact = _count(gettext_lazy("No contact for at least, days"), most=36_500)
    reach = _choice(gettext_lazy("Can be reached"), REACHES)
    tag = _choice(gettext_lazy("Tag"))
    team = _choice(gettext_lazy("Team"))
    department = _choice(gettext_lazy("Department"))
    country = forms.CharField(label=gettext_lazy("Country"), required=False, max_length=100)
    city = forms.CharField(label=gettext_lazy("City"), required=False, max_length=100)

    def __init__(self, data: QueryDict | Mapping[str, str], *, desk: Desk) -> None:
        super().__init__(data)
        self.desk = desk
        self._offer("owner", self._owners())
        self._offer("cause", [(key, capfirst(str(cause.name))) for key, cause in CAUSES.items()])
        self._offer("tag", [(name, name) for name in Tag.objects.order_by("name").values_list("name", flat=True)])
        self._offer("team", [(str(one.uid), one.name) for one in self._teams()])
        self._offer("department", [(str(one.uid), one.name) for one in visible_departments(desk.member)])
        for field in self.custom_fields.values():
            if field.type == CustomField.Type.CHOICE:
                self.fields[CUSTOM + field.key] = _choice(field.label)
                self._offer(CUSTOM + field.key, [(choice, choice) for choice in field.choices])
        self.is_valid()

    @cached_property
    def custom_fields(self) -> dict[str, CustomField]:
        """The fields of our own in use that the member may see, by key."""
        return {field.key: field for field in visible_custom_fields(self.desk.member)}

    def _offer(self, name: str, choices: Choices) -> None:
        """A choice; one among nothing is not offered at all."""
        if choices:
            self.fields[name].choices = [("", _("Any")), *choices]  # type: ignore[attr-defined]
        else:
            del self.fields[name]

    def _owners(self) -> Choices:
        colleagues = [(str(one.uid), one.name) for one in visible_members(self.desk.member)]
        return [(NOBODY, _("Nobody")), (MYSELF, _("Myself")), *colleagues]

    def _teams(self) -> list[Team]:
        """All teams for who sees all accounts, else one's own."""
        if account_scope(self.desk.member) == Scope.ALL:
            return list(Team.objects.order_by("name"))
        return [self.desk.member.team] if self.desk.member.team else []

    @cached_property
    def said(self) -> dict[str, Any]:
        """What was said and understood, by field."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}

    @cached_property
    def query(self) -> dict[str, str]:
        """The same as it stands in an address."""
        return {name: str(self.data[name]).strip() for name in self.fields if name in self.said}

    def condition(self, *, leaving_out: str = "") -> Q:
        """The condition on accounts of all that was said, but for one field."""
        found = Q()
        for name, value in self.said.items():
            if name != leaving_out:
                found &= self._condition(name, value)
        return found

    def _condition(self, name: str, value: Any) -> Q:
        if name.startswith(CUSTOM):
            return Q(**{f"custom__{name.removeprefix(CUSTOM)}": value})
        return CONDITIONS[name](value, self.desk)

    def words(self, name: str) -> str:
        """What a field narrows the list to, as its chip says it."""
        value = self.said[name]
        if name in CHIPS:
            return CHIPS[name](value, self.desk)
        label = dict(self.fields[name].choices).get(value, value) if self._is_choice(name) else value  # type: ignore[attr-defined]
        if value == NOBODY:
            return _("Nobody looks after it")
        if name in SPEAKING:
            return str(label)
        return _("%(field)s: %(value)s") % {"field": self.fields[name].label, "value": label}

    def _is_choice(self, name: str) -> bool:
        return isinstance(self.fields[name], forms.ChoiceField)


def _search(text: str, _desk: Desk) -> Q:
    return Q(name__icontains=text) | Q(external_id=text) | Q(email__iexact=text) | Q(city__iexact=text)


def _owner(value: str, desk: Desk) -> Q:
    if value == NOBODY:
        return Q(owner=None)
    return Q(owner=desk.member) if value == MYSELF else Q(owner__uid=value)


def _cause(value: str, _desk: Desk) -> Q:
    pending = Action.objects.filter(cause=value, state__in=Action.PENDING)
    return Q(pk__in=pending.values("account_id"))


def _buyer(value: str, _desk: Desk) -> Q:
    return Q(score=None) | Q(score__buyer="none") if value == "none" else Q(score__buyer=value)


def _trend(value: str, _desk: Desk) -> Q:
    if value == "same":
        return Q(score__trend__gt=-STEADY, score__trend__lt=STEADY)
    return Q(score__trend__lte=-STEADY) if value == "less" else Q(score__trend__gte=STEADY)


def _contact(days: int, desk: Desk) -> Q:
    """A note is no contact."""
    since = desk.day - timedelta(days=days)
    recent = Interaction.objects.filter(account=OuterRef("pk"), on__gt=since).exclude(kind=Interaction.Kind.NOTE)
    return ~Q(Exists(recent))


def _reach(value: str, _desk: Desk) -> Q:
    if value == "neither":
        return Q(email="", phone="")
    return ~Q(**{value: ""})


CONDITIONS: dict[str, Callable[[Any, Desk], Q]] = {
    "q": _search,
    "owner": _owner,
    "cause": _cause,
    "pareto": lambda value, _desk: Q(score__pareto=value),
    "protection": lambda level, _desk: Q(protection__level__gte=int(level)),
    "buyer": _buyer,
    "trend": _trend,
    "silence": lambda days, _desk: Q(score__silence_days__gte=days),
    "alive": lambda share, _desk: Q(score__probability_alive__lte=share / 100),
    "risk": lambda amount, _desk: Q(score__value_at_risk__gte=amount),
    "sales_from": lambda amount, _desk: Q(score__sales_12m__gte=amount),
    "sales_to": lambda amount, _desk: Q(score__sales_12m__lte=amount),
    "first_since": lambda since, _desk: Q(score__first_order__gte=since),
    "contact": _contact,
    "reach": _reach,
    "tag": lambda name, _desk: Q(pk__in=Account.tags.through.objects.filter(tag__name=name).values("account_id")),
    "team": lambda uid, _desk: Q(team__uid=uid),
    "department": lambda uid, _desk: Q(department__uid=uid),
    "country": lambda name, _desk: Q(country__iexact=name),
    "city": lambda name, _desk: Q(city__iexact=name),
}

SPEAKING = {"buyer", "trend", "reach", "cause", "protection"}
"""Fields whose choices say by themselves what they are about."""


def _silence(days: int, _desk: Desk) -> str:
    return ngettext("Silent for at least %(days)s day", "Silent for at least %(days)s days", days) % {
        "days": number(days)
    }


def _no_contact(days: int, _desk: Desk) -> str:
    return ngettext("No contact for at least %(days)s day", "No contact for at least %(days)s days", days) % {
        "days": number(days)
    }


CHIPS: dict[str, Callable[[Any, Desk], str]] = {
    "q": lambda text, _desk: _("Search: “%(text)s”") % {"text": text},
    "pareto": lambda value, _desk: _("Class %(class)s") % {"class": value},
    "silence": _silence,
    "contact": _no_contact,
    "alive": lambda share, _desk: _("Chance still a customer at most %(share)s") % {"share": percent(share / 100)},
    "risk": lambda amount, desk: _("At risk at least %(money)s") % {"money": money(amount, desk.currency)},
    "sales_from": lambda amount, desk: _("Sales from %(money)s") % {"money": money(amount, desk.currency)},
    "sales_to": lambda amount, desk: _("Sales up to %(money)s") % {"money": money(amount, desk.currency)},
    "first_since": lambda since, _desk: _("First order since %(day)s") % {"day": day(since)},
}
