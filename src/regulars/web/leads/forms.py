"""What is typed about leads."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.access import Permission, may
from regulars.base.models import Member
from regulars.facts.lead_criteria import criteria, questions
from regulars.facts.lead_routes import possible_owners
from regulars.facts.leads import LONGEST_REASON, LONGEST_WORDS, LeadFields
from regulars.facts.models import Account, Lead, LeadCriterion
from regulars.plan.handovers import possible_receivers
from regulars.web.desk import Desk

MOST_PROMISES = 3
_ANSWER = "answer_"


def _text(label: Any, length: int, *, required: bool = False, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=required, **options)


def _long(label: Any, help_text: Any = "", length: int = LONGEST_WORDS) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=length, widget=forms.Textarea({"rows": 3})
    )


def answer_field(criterion: LeadCriterion) -> forms.Field:
    """The field of a question of the firm's own."""
    label = criterion.question or criterion.name
    if not criterion.answers:
        return forms.CharField(label=label, max_length=200, required=False)
    choices = [("", _("Choose …")), *((one, one) for one in criterion.answers)]
    return forms.ChoiceField(label=label, choices=choices, required=False)


class LeadFieldsForm(forms.Form):
    """What is known of a lead, with the firm's own questions."""

    name = _text(gettext_lazy("Firm"), 300, help_text=gettext_lazy("Empty for a private person"))
    person = _text(gettext_lazy("Whom to ask for"), 200)
    role = _text(gettext_lazy("Role there"), 100)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Account.Kind.choices)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False, max_length=254)
    phone = _text(gettext_lazy("Phone"), 50, widget=forms.TextInput({"inputmode": "tel"}))
    city = _text(gettext_lazy("City"), 100)
    country = _text(gettext_lazy("Country"), 100)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    trade = _text(gettext_lazy("Kind of business"), 100)
    size = _text(gettext_lazy("Size"), 50)
    wishes = _long(gettext_lazy("What they wish"))
    said_source = _text(gettext_lazy("Campaign, fair or list"), 200)

    def __init__(self, *args: Any, lead: Lead | None = None, **options: Any) -> None:
        self.own = questions(criteria())
        if lead is not None:
            initial = {name: getattr(lead, name) for name in LeadFieldsForm.base_fields}
            initial |= {f"{_ANSWER}{one.pk}": lead.answers.get(str(one.uid), "") for one in self.own}
            options.setdefault("initial", initial)
        super().__init__(*args, **options)
        language: Any = self.fields["language"]
        language.choices = [("", _("not known")), *settings.LANGUAGES]
        kind: Any = self.fields["kind"]
        kind.choices = [(key, capfirst(str(label))) for key, label in Account.Kind.choices]
        for one in self.own:
            self.fields[f"{_ANSWER}{one.pk}"] = answer_field(one)

    def answers(self) -> list[forms.BoundField]:
        """The firm's own questions."""
        return [self[f"{_ANSWER}{one.pk}"] for one in self.own]

    def said(self) -> LeadFields:
        """What was typed, as the verbs take it."""
        said: Any = {name: value for name, value in self.cleaned_data.items() if not name.startswith(_ANSWER)}
        said["answers"] = {str(one.uid): self.cleaned_data.get(f"{_ANSWER}{one.pk}", "") for one in self.own}
        return said  # type: ignore[no-any-return]


class ContactedForm(forms.Form):
    """What was said when we got in touch."""

    said = _long(gettext_lazy("What was said, if you like"))


class QualifyForm(forms.Form):
    """Why it fits, whatever the criteria say."""

    said = _text(gettext_lazy("Why, if you like"), LONGEST_REASON)


class NoteForm(forms.Form):
    """Something to keep in mind."""

    said = forms.CharField(
        label=gettext_lazy("To keep in mind"), max_length=LONGEST_WORDS, widget=forms.Textarea({"rows": 3})
    )


class _ReasonForm(forms.Form):
    reasons: tuple[str, ...] = ()

    reason = forms.ChoiceField(label=gettext_lazy("Reason"))
    said = _text(gettext_lazy("In words"), LONGEST_REASON)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        reason: Any = self.fields["reason"]
        labels = dict(Lead.Reason.choices)
        reason.choices = [(key, capfirst(str(labels[key]))) for key in self.reasons]


class RejectForm(_ReasonForm):
    """Why it does not fit."""

    reasons = tuple(str(one) for one in Lead.NOT_FITTING)


class LoseForm(_ReasonForm):
    """Why it became nothing."""

    reasons = tuple(str(one) for one in Lead.LOSING)


class AssignForm(forms.Form):
    """To whom it goes."""

    owner = forms.ModelChoiceField(
        label=gettext_lazy("To whom"), queryset=Member.objects.none(), required=False, to_field_name="uid"
    )
    said = _text(gettext_lazy("Why, if you like"), LONGEST_REASON)

    def __init__(self, *args: Any, desk: Desk, **options: Any) -> None:
        super().__init__(*args, **options)
        owner: Any = self.fields["owner"]
        gives = may(desk.member, Permission.MANAGE_LEADS) or may(desk.member, Permission.ASSIGN)
        owner.queryset = possible_owners() if gives else possible_owners().filter(pk=desk.member.pk)
        owner.empty_label = _("Nobody")


class WinForm(forms.Form):
    """What goes along when a lead becomes a customer."""

    account = forms.UUIDField(widget=forms.HiddenInput, required=False)
    keep = forms.BooleanField(
        label=gettext_lazy("I look after this customer from now on: nothing is handed over"), required=False
    )
    receiver = forms.ModelChoiceField(
        label=gettext_lazy("Who looks after the customer from now on"),
        queryset=Member.objects.none(),
        required=False,
        to_field_name="uid",
    )
    work = _long(gettext_lazy("Work and orders to expect"), gettext_lazy("What comes next, how often, how much"), 4000)
    cares_about = _long(gettext_lazy("What the customer cares about"), "", 4000)

    def __init__(self, *args: Any, desk: Desk, lead: Lead, **options: Any) -> None:
        options.setdefault("initial", {"work": lead.wishes, "account": ""})
        super().__init__(*args, **options)
        receiver: Any = self.fields["receiver"]
        receiver.queryset = possible_receivers().exclude(pk=(lead.owner or desk.member).pk)
        receiver.empty_label = _("Choose later")
        for place in range(MOST_PROMISES):
            self.fields[f"promise_{place}"] = _text(_("What we promised"), 500)
            self.fields[f"due_{place}"] = forms.DateField(
                label=_("Due on"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
            )

    def promise_fields(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Pairs of what was promised, and until when."""
        return [(self[f"promise_{place}"], self[f"due_{place}"]) for place in range(MOST_PROMISES)]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for place in range(MOST_PROMISES):
            if said.get(f"promise_{place}") and not said.get(f"due_{place}"):
                self.add_error(f"due_{place}", _("Say until when."))
        return said
