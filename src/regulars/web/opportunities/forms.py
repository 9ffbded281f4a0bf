"""What is typed about an opportunity, its end, and its business case."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.access import visible_members
from regulars.base.models import Member
from regulars.core.money import from_minor, to_minor
from regulars.facts.models import Offering
from regulars.facts.offerings import offerings
from regulars.plan.business_cases import BASIC, BETTER, MOST_YEARS, OptionFields
from regulars.plan.models import BusinessCase, Opportunity
from regulars.plan.opportunities import LONGEST_TITLE, LONGEST_WORDS, OpportunityFields
from regulars.plan.opportunity_stages import stages
from regulars.web.desk import Desk

USUAL_STEP_DAYS = 7
_DAY: dict[str, Any] = {"widget": forms.DateInput({"type": "date"}, format="%Y-%m-%d"), "required": False}


def amount_field(label: Any, *, required: bool = False, help_text: Any = "") -> forms.DecimalField:
    """An amount of money, from nothing on."""
    return forms.DecimalField(
        label=label,
        help_text=help_text,
        required=required,
        min_value=0,
        max_digits=15,
        decimal_places=2,
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )


def typed_amount(minor: int | None, currency: str) -> Decimal | None:
    """A recorded amount as it is typed."""
    return None if minor is None else from_minor(minor, currency)


def minor_of(amount: Decimal | None, currency: str) -> int | None:
    """A typed amount as it is recorded."""
    return None if amount is None else to_minor(amount, currency)


class OpportunityForm(forms.Form):
    """What an account may buy, how much it is about, and what is done next."""

    title = forms.CharField(label=gettext_lazy("What it is about"), max_length=LONGEST_TITLE)
    offering = forms.ModelChoiceField(
        label=gettext_lazy("Which offering"), queryset=Offering.objects.none(), required=False, to_field_name="uid"
    )
    stage = forms.ChoiceField(label=gettext_lazy("Stage"))
    amount = amount_field(gettext_lazy("Amount"))
    expected_on = forms.DateField(label=gettext_lazy("Decision expected on"), **_DAY)
    next_step = forms.CharField(label=gettext_lazy("Next step"), max_length=300, required=False)
    next_step_on = forms.DateField(label=gettext_lazy("Next step on"), **_DAY)
    owner = forms.ModelChoiceField(
        label=gettext_lazy("Who follows it up"),
        queryset=Member.objects.none(),
        required=False,
        to_field_name="uid",
    )

    def __init__(self, *args: Any, desk: Desk, opportunity: Opportunity | None = None, **options: Any) -> None:
        """`opportunity`: the one that is changed; its stage is changed by moving it, not here."""
        initial = options.pop("initial", None) or {}
        self.currency = opportunity.currency if opportunity else desk.currency
        if opportunity is None:
            initial = {"next_step_on": desk.day + timedelta(days=USUAL_STEP_DAYS)} | initial
        else:
            initial = _as_typed(opportunity) | initial
        options["initial"] = initial
        super().__init__(*args, **options)
        offering: Any = self.fields["offering"]
        offering.queryset = offerings()
        offering.empty_label = _("None of the list")
        keeper: Any = self.fields["owner"]
        kept_by = opportunity.owner if opportunity else desk.member  # who it is when nobody is chosen: named once
        keeper.queryset = visible_members(desk.member).exclude(pk=kept_by.pk)
        keeper.empty_label = opportunity.owner.name if opportunity else _("Myself")
        self.fields["amount"].label = _("Amount of the first year, in %(currency)s") % {"currency": self.currency}
        if opportunity is not None:
            del self.fields["stage"]
        else:
            stage: Any = self.fields["stage"]
            stage.choices = [(one.key, one.name) for one in stages()]

    def said(self) -> OpportunityFields:
        """What was typed, as the verbs take it."""
        typed = self.cleaned_data
        said: OpportunityFields = {
            "title": typed["title"],
            "offering": typed["offering"],
            "amount_minor": minor_of(typed["amount"], self.currency),
            "expected_on": typed["expected_on"],
            "next_step": typed["next_step"],
            "next_step_on": typed["next_step_on"] if typed["next_step"] else None,
        }
        if typed["owner"] is not None:
            said["owner"] = typed["owner"]
        return said


def _as_typed(opportunity: Opportunity) -> dict[str, Any]:
    initial = {name: getattr(opportunity, name) for name in ("title", "expected_on", "next_step", "next_step_on")}
    initial["amount"] = typed_amount(opportunity.amount_minor, opportunity.currency)
    initial["offering"] = opportunity.offering and opportunity.offering.uid
    return initial


class WonForm(forms.Form):
    """For how much, and what comes next."""

    amount = amount_field(gettext_lazy("Amount"))
    said = forms.CharField(label=gettext_lazy("What decided it"), required=False, max_length=LONGEST_WORDS)
    hand_over = forms.BooleanField(
        label=gettext_lazy("Write its hand-over now"),
        help_text=gettext_lazy("For a new customer, or where a colleague delivers what was agreed."),
        required=False,
    )

    def __init__(self, *args: Any, opportunity: Opportunity, may_hand_over: bool, **options: Any) -> None:
        options["initial"] = {"amount": typed_amount(opportunity.amount_minor, opportunity.currency)}
        options["auto_id"] = "won_%s"
        super().__init__(*args, **options)
        self.fields["amount"].label = _("Amount of the first year, in %(currency)s") % {
            "currency": opportunity.currency
        }
        if not may_hand_over:
            del self.fields["hand_over"]


class LostForm(forms.Form):
    """Why it was lost."""

    reason = forms.ChoiceField(label=gettext_lazy("Why"), choices=[("", "…"), *Opportunity.Reason.choices])
    said = forms.CharField(label=gettext_lazy("In their words"), required=False, max_length=LONGEST_WORDS)

    def __init__(self, *args: Any, **options: Any) -> None:
        options["auto_id"] = "lost_%s"
        super().__init__(*args, **options)


class CaseForm(forms.Form):
    """A business case: where the customer stands, and the two ways to go."""

    situation = forms.CharField(
        label=gettext_lazy("Where the customer stands today"),
        help_text=gettext_lazy("Its goals and what troubles it, in its own words."),
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 4}),
    )
    years = forms.IntegerField(label=gettext_lazy("Years that are looked at"), min_value=1, max_value=MOST_YEARS)
    recommendation = forms.CharField(
        label=gettext_lazy("What we recommend, and why"),
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 3}),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the customer"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, currency: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = currency
        for level in (BASIC, BETTER):
            self.fields |= _option_fields(level, currency)

    def way(self, level: str) -> list[forms.BoundField]:
        """The fields of one way."""
        return [self[name] for name in self.fields if name.startswith(f"{level}_")]

    @property
    def ways(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(_("The basic way"), self.way(BASIC)), (_("The better way"), self.way(BETTER))]

    def options_said(self) -> dict[str, OptionFields]:
        """What was typed of the two ways, as the verb takes it."""
        typed = self.cleaned_data
        return {
            level: {
                "name": typed[f"{level}_name"],
                "text": typed[f"{level}_text"],
                "cost_once_minor": minor_of(typed[f"{level}_cost_once"], self.currency) or 0,
                "cost_yearly_minor": minor_of(typed[f"{level}_cost_yearly"], self.currency) or 0,
                "benefit_yearly_minor": minor_of(typed[f"{level}_benefit_yearly"], self.currency),
                "benefit_said": typed[f"{level}_benefit_said"],
            }
            for level in (BASIC, BETTER)
        }


def _option_fields(level: str, currency: str) -> dict[str, forms.Field]:
    words = {"currency": currency}
    said: dict[str, forms.Field] = {
        "name": forms.CharField(label=_("What it is"), max_length=200),
        "text": forms.CharField(
            label=_("What the customer gets"), required=False, max_length=2000, widget=forms.Textarea({"rows": 2})
        ),
        "cost_once": amount_field(_("Cost once, in %(currency)s") % words),
        "cost_yearly": amount_field(_("Cost a year, in %(currency)s") % words),
        "benefit_yearly": amount_field(
            _("What it brings a year, in %(currency)s") % words, help_text=_("Empty: nobody can say.")
        ),
        "benefit_said": forms.CharField(label=_("Where that comes from"), required=False, max_length=500),
    }
    return {f"{level}_{name}": one for name, one in said.items()}


def case_as_typed(case: BusinessCase) -> dict[str, Any]:
    """A written case as the form has it."""
    said = ("situation", "years", "recommendation", "language")
    initial: dict[str, Any] = {name: getattr(case, name) for name in said}
    for one in case.options.all():
        initial |= {f"{one.level}_{name}": getattr(one, name) for name in ("name", "text", "benefit_said")}
        for name in ("cost_once", "cost_yearly", "benefit_yearly"):
            initial[f"{one.level}_{name}"] = typed_amount(getattr(one, f"{name}_minor"), case.currency)
    return initial
