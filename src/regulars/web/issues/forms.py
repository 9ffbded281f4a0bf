"""The forms of issues."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.access import visible_members
from regulars.base.models import Member, Team
from regulars.facts.issues import LONGEST_TITLE, LONGEST_WORDS, Given
from regulars.facts.models import Account, Contact, Issue, KnownProblem, ServiceProfile
from regulars.facts.service_profiles import LONGEST

_FEW_LINES = forms.Textarea({"rows": 3})
_DAY = forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class HandsField(forms.ChoiceField):
    """A colleague or a team, as `Given`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.people: dict[str, Given] = {}

    def offer(self, member: Member, *, nobody: str) -> None:
        """All colleagues that the member sees, and all teams: allies need not be of one's own."""
        teams = {f"team-{one.uid}": one for one in Team.objects.order_by("name")}
        people = {f"member-{one.uid}": one for one in visible_members(member)}
        self.people = {key: Given(team=team) for key, team in teams.items()}
        self.people |= {key: Given(owner=one) for key, one in people.items()}
        self.choices = [
            ("", nobody),
            (_("Teams"), [(key, one.name) for key, one in teams.items()]),
            (_("People"), [(key, one.name) for key, one in people.items()]),
        ]

    def clean(self, value: Any) -> Given | None:
        return self.people.get(super().clean(value))


class CaptureForm(forms.Form):
    """What is wrong, as it is heard."""

    title = forms.CharField(label=gettext_lazy("What is wrong?"), max_length=LONGEST_TITLE)
    text = forms.CharField(
        label=gettext_lazy("In their words"), required=False, max_length=LONGEST_WORDS, widget=_FEW_LINES
    )
    about = forms.ChoiceField(label=gettext_lazy("About"))
    contact = forms.ModelChoiceField(
        label=gettext_lazy("Who told us"), queryset=Contact.objects.none(), required=False, to_field_name="uid"
    )
    hands = HandsField(label=gettext_lazy("Who solves it"), required=False)
    complaint = forms.BooleanField(label=gettext_lazy("They complain"), required=False)
    known_problem = forms.ModelChoiceField(
        queryset=KnownProblem.objects.all(), required=False, to_field_name="uid", widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, account: Account, member: Member, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["about"].choices = [(key, capfirst(str(label))) for key, label in Issue.About.choices]
        fields["about"].initial = Issue.About.OTHER
        fields["contact"].queryset = account.contacts.filter(active=True).order_by("name")
        fields["contact"].empty_label = _("Somebody else")
        fields["hands"].offer(member, nobody=_("Myself"))


class WordsForm(forms.Form):
    """Words about what is done."""

    said = forms.CharField(label=gettext_lazy("In a few words"), max_length=LONGEST_WORDS, widget=_FEW_LINES)


class MaybeWordsForm(forms.Form):
    """Words that need not be."""

    said = forms.CharField(
        label=gettext_lazy("In a few words"), required=False, max_length=LONGEST_WORDS, widget=forms.TextInput
    )


class SolveForm(forms.Form):
    """What solved it."""

    said = forms.CharField(label=gettext_lazy("What solved it"), max_length=LONGEST_WORDS, widget=_FEW_LINES)
    praised = forms.BooleanField(label=gettext_lazy("They were glad and said so"), required=False)


class PauseForm(forms.Form):
    """For what it waits."""

    said = forms.CharField(label=gettext_lazy("What it waits for"), max_length=300)
    until = forms.DateField(
        label=gettext_lazy("Take it up again on"),
        required=False,
        widget=_DAY,
        help_text=gettext_lazy("Without a day it waits until somebody takes it up."),
    )


class PromiseForm(forms.Form):
    """For which day the solution was promised."""

    on = forms.DateField(label=gettext_lazy("Promised for"), widget=_DAY)


class TransferForm(forms.Form):
    """Into whose hands, and why."""

    hands = HandsField(label=gettext_lazy("To whom"))
    said = forms.CharField(label=gettext_lazy("What they should know"), required=False, max_length=LONGEST_WORDS)

    def __init__(self, *args: Any, member: Member, **options: Any) -> None:
        super().__init__(*args, **options)
        hands: Any = self.fields["hands"]
        hands.offer(member, nobody=_("Choose …"))


class ProblemForm(forms.Form):
    """A known problem."""

    title = forms.CharField(label=gettext_lazy("What goes wrong"), max_length=200)
    signs = forms.CharField(
        label=gettext_lazy("How customers describe it"),
        required=False,
        max_length=LONGEST_WORDS,
        widget=_FEW_LINES,
        help_text=gettext_lazy("In their words: by these it is found while somebody types."),
    )
    workaround = forms.CharField(
        label=gettext_lazy("What helps meanwhile"), required=False, max_length=LONGEST_WORDS, widget=_FEW_LINES
    )
    ally = forms.ModelChoiceField(
        label=gettext_lazy("Team that knows about it"),
        queryset=Team.objects.order_by("name"),
        required=False,
        to_field_name="uid",
    )


class ProfileForm(forms.Form):
    """What matters to a customer when something is wrong."""

    prefers = forms.ChoiceField(
        label=gettext_lazy("It prefers"), required=False, choices=ServiceProfile.Prefers.choices
    )
    cares_about = forms.CharField(
        label=gettext_lazy("What it cares about"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 2}),
    )
