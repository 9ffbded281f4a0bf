"""What people type about projects, proofs, worth and pitches."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.access import visible_members
from regulars.base.formats import named_currency
from regulars.base.models import Member
from regulars.core.money import to_minor
from regulars.facts.accounts import of_account
from regulars.facts.models import Account, Contact, Issue
from regulars.plan.customer_links import LONGEST_SUBJECT, LONGEST_TEXT
from regulars.plan.joint_projects import LONGEST_TEXT as LONGEST_WORDS
from regulars.plan.joint_projects import LONGEST_TITLE, LONGEST_UNIT, ProjectFields
from regulars.plan.models import JointProject, ValueProof
from regulars.plan.perceived_value import LEAST, MOST
from regulars.plan.value_proofs import LONGEST_EVIDENCE
from regulars.plan.value_proofs import LONGEST_WORDS as LONGEST_QUOTE

_DAY: dict[str, Any] = {"widget": forms.DateInput({"type": "date"}, format="%Y-%m-%d")}
_FIGURE: dict[str, Any] = {"max_digits": 18, "decimal_places": 4, "widget": forms.NumberInput({"step": "any"})}
BETTER = (("less", gettext_lazy("less is better")), ("more", gettext_lazy("more is better")))


def _people(account: Account, label: Any, *, help_text: Any = "") -> forms.ModelChoiceField[Contact]:
    people = account.contacts.filter(active=True).order_by("name", "pk")
    return forms.ModelChoiceField(
        label=label, queryset=people, required=False, to_field_name="uid", empty_label=_("–"), help_text=help_text
    )


class ProjectForm(forms.Form):
    """What a customer and we improve together."""

    title = forms.CharField(
        label=gettext_lazy("Project"),
        max_length=LONGEST_TITLE,
        help_text=gettext_lazy("For example: fewer broken lamps, faster unloading"),
    )
    goal = forms.CharField(label=gettext_lazy("What it is to bring the customer"), max_length=LONGEST_WORDS)
    measure = forms.CharField(label=gettext_lazy("What is measured"), max_length=LONGEST_TITLE)
    unit = forms.CharField(label=gettext_lazy("Unit"), max_length=LONGEST_UNIT, required=False)
    better = forms.ChoiceField(label=gettext_lazy("Which way is better"), choices=BETTER)
    baseline = forms.DecimalField(label=gettext_lazy("Where it starts"), **_FIGURE)
    baseline_on = forms.DateField(label=gettext_lazy("Measured on"), **_DAY)
    target = forms.DecimalField(label=gettext_lazy("Where it is to end"), required=False, **_FIGURE)

    def __init__(self, *args: Any, account: Account, member: Member, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["owner"] = forms.ModelChoiceField(
            label=_("Who of ours leads it"),
            queryset=visible_members(member),
            required=False,
            to_field_name="uid",
            empty_label=_("Yourself"),
        )
        self.fields["contact"] = _people(account, _("Who of theirs leads it"))

    def said(self, member: Member) -> ProjectFields:
        """What was typed, as the verbs take it."""
        said: Any = dict(self.cleaned_data)
        said["lower_is_better"] = said.pop("better") == "less"
        said["owner"] = said["owner"] or member
        return said  # type: ignore[no-any-return]


def typed_project(project: JointProject) -> dict[str, Any]:
    """What stands in the form when a project is changed."""
    texts = {name: getattr(project, name) for name in ("title", "goal", "measure", "unit", "baseline_on")}
    figures = {"baseline": project.baseline.normalize(), "target": project.target and project.target.normalize()}
    people = {"owner": project.owner.uid, "contact": project.contact and project.contact.uid}
    return texts | figures | people | {"better": "less" if project.lower_is_better else "more"}


class MeasureForm(forms.Form):
    """What was measured."""

    value = forms.DecimalField(label=gettext_lazy("Measured"), **_FIGURE)
    on = forms.DateField(label=gettext_lazy("On"), **_DAY)
    saved = forms.DecimalField(
        max_digits=15, decimal_places=3, required=False, widget=forms.NumberInput({"step": "any"})
    )
    said = forms.CharField(label=gettext_lazy("Words"), max_length=LONGEST_WORDS, required=False)

    def __init__(self, *args: Any, project: JointProject, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = project.currency
        self.fields["saved"].label = _("Saved since the last time (%(currency)s)") % {
            "currency": named_currency(project.currency)
        }
        if project.unit:
            self.fields["value"].label = _("Measured (%(unit)s)") % {"unit": project.unit}

    def said_of_it(self) -> dict[str, Any]:
        """What was typed, as the verb takes it."""
        said: dict[str, Any] = dict(self.cleaned_data)
        saved = said.pop("saved")
        return said | {"saved_minor": None if saved is None else to_minor(saved, self.currency)}


class WordsForm(forms.Form):
    """How it ended, or why it is stopped."""

    words = forms.CharField(label=gettext_lazy("How it ended, or why"), max_length=LONGEST_WORDS, required=False)


class ProofForm(forms.Form):
    """What a customer said that it values."""

    words = forms.CharField(
        label=gettext_lazy("In its own words"), max_length=LONGEST_QUOTE, widget=forms.Textarea({"rows": 4})
    )
    what = forms.ChoiceField(label=gettext_lazy("What it values"), choices=ValueProof.What.choices)
    said_on = forms.DateField(label=gettext_lazy("Said on"), **_DAY)
    consent = forms.ChoiceField(label=gettext_lazy("May we quote it?"), choices=ValueProof.Consent.choices)
    consent_from = forms.CharField(
        label=gettext_lazy("Who of theirs allowed it"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Needed if it may be quoted"),
    )
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"),
        max_length=LONGEST_EVIDENCE,
        required=False,
        help_text=gettext_lazy("What shows that it is so: a figure, a letter, a visit"),
    )

    def __init__(self, *args: Any, account: Account, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["contact"] = _people(account, _("Who said it"))
        self.fields["issue"] = forms.ModelChoiceField(
            label=_("A problem that we solved"),
            queryset=Issue.objects.filter(account=account).order_by("-opened_at", "-pk"),
            required=False,
            to_field_name="uid",
            empty_label=_("–"),
        )
        self.fields["project"] = forms.ModelChoiceField(
            label=_("A joint project"),
            queryset=JointProject.objects.filter(of_account(account)).order_by("-pk"),
            required=False,
            to_field_name="uid",
            empty_label=_("–"),
        )
        self.order_fields(
            ["words", "what", "contact", "said_on", "consent", "consent_from", "evidence", "issue", "project"]
        )


def typed_proof(proof: ValueProof) -> dict[str, Any]:
    """What stands in the form when a proof is changed."""
    texts = {name: getattr(proof, name) for name in ("words", "what", "said_on", "consent", "consent_from", "evidence")}
    related = {name: getattr(proof, name) for name in ("contact", "issue", "project")}
    return texts | {name: one and one.uid for name, one in related.items()}


class WorthForm(forms.Form):
    """What a customer says we are worth to it."""

    score = forms.TypedChoiceField(
        label=gettext_lazy("From 0, nothing, to 10, it could not do without us"),
        coerce=int,
        choices=[(str(one), str(one)) for one in range(LEAST, MOST + 1)],
    )
    on = forms.DateField(label=gettext_lazy("Said on"), **_DAY)
    said = forms.CharField(label=gettext_lazy("Words"), max_length=LONGEST_WORDS, required=False)

    def __init__(self, *args: Any, account: Account, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["contact"] = _people(account, _("Who said it"))


class LetterForm(forms.Form):
    """A letter with a link for the contact."""

    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=LONGEST_SUBJECT)
    text = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea({"rows": 12}),
        help_text=gettext_lazy("{link} becomes the link by which they answer without a password."),
    )


class ProspectForm(forms.Form):
    """Whom a pitch is for, as far as that is known."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, required=False)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), required=False, choices=[("", gettext_lazy("not known")), *Account.Kind.choices]
    )
    trade = forms.CharField(label=gettext_lazy("Kind of business"), max_length=100, required=False)
    size = forms.CharField(
        label=gettext_lazy("Size"), max_length=50, required=False, help_text=gettext_lazy("For example: 20 people")
    )
    region = forms.CharField(label=gettext_lazy("Region"), max_length=100, required=False)
    country = forms.CharField(label=gettext_lazy("Country"), max_length=100, required=False)
    wanted = forms.ChoiceField(
        label=gettext_lazy("What it looks for"),
        required=False,
        choices=[("", gettext_lazy("not known")), *ValueProof.What.choices],
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the reader"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        language: Any = self.fields["language"]
        language.choices = settings.LANGUAGES
