"""Five names: the same few fields at the customer's table and behind the link that the customer gets."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.plan.referrals import MOST_NAMES, Named

_FIELDS = ("name", "person", "phone", "email", "wishes")


class NamesForm(forms.Form):
    """Up to five people or firms, each with a way to reach them."""

    may_name = forms.BooleanField(label=gettext_lazy("You may say who recommended you"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for place in range(MOST_NAMES):
            self.fields[f"person_{place}"] = forms.CharField(label=_("Name"), max_length=200, required=False)
            self.fields[f"name_{place}"] = forms.CharField(label=_("Firm"), max_length=300, required=False)
            self.fields[f"phone_{place}"] = forms.CharField(
                label=_("Phone"), max_length=50, required=False, widget=forms.TextInput({"inputmode": "tel"})
            )
            self.fields[f"email_{place}"] = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
            self.fields[f"wishes_{place}"] = forms.CharField(
                label=_("What could help them"), max_length=300, required=False
            )

    def rows(self) -> list[dict[str, forms.BoundField]]:
        """The fields of each name."""
        return [{field: self[f"{field}_{place}"] for field in _FIELDS} for place in range(MOST_NAMES)]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for place in range(MOST_NAMES):
            named = said.get(f"name_{place}") or said.get(f"person_{place}")
            ways = said.get(f"phone_{place}") or said.get(f"email_{place}")
            if named and not ways and f"email_{place}" not in self.errors:
                self.add_error(f"phone_{place}", _("Give a phone number or an e-mail address."))
            if ways and not named:
                self.add_error(f"person_{place}", _("Who is it?"))
        return said

    def named(self) -> list[Named]:
        """Who was named."""
        said = self.cleaned_data
        rows = [{field: said.get(f"{field}_{place}", "") for field in _FIELDS} for place in range(MOST_NAMES)]
        return [Named(**row) for row in rows if row["name"] or row["person"]]
