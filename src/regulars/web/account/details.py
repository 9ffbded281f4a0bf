"""What is said about an account, changed by hand, and an account made by hand: for who has just heard something new."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from regulars.base.access import Permission, may, require, visible_members
from regulars.base.models import Department, Member, Team
from regulars.core.errors import Refusal
from regulars.facts.accounts import (
    NoSuchAccount,
    assign_owner,
    change_account,
    create_account,
    find_account,
    tag,
    untag,
    visible_accounts,
)
from regulars.facts.custom_fields import visible_custom_fields
from regulars.facts.models import Account, CustomField
from regulars.web.account.people import languages
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

OWN = "own_"
"""Fields that the firm added have this before their key, so that none is taken for one of ours."""
ALIKE_SHOWN = 5


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a member may say about an account. Who may assign also says who looks after it."""

    above = forms.CharField(
        label=gettext_lazy("Belongs to"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("The account above it, such as the head office: customer number or name."),
    )
    tag_names = forms.CharField(
        label=gettext_lazy("Tags"), required=False, max_length=1000, help_text=gettext_lazy("With commas between them.")
    )
    seen_at = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Account
        fields = (
            "name", "kind", "trade", "size", "phone", "email", "street", "postcode", "city", "region", "country",
            "language", "owner", "team", "department",
        )  # fmt: skip

    def __init__(self, *args: Any, desk: Desk, **options: Any) -> None:
        super().__init__(*args, **options)
        self.desk = desk
        account = self.instance
        language = account.language
        spoken = languages() + ([(language, language)] if language and language not in dict(languages()) else [])
        self.fields["language"] = forms.ChoiceField(label=_("Language"), choices=spoken, required=False)
        self.fields["phone"].widget.input_type = "tel"
        self.fields["email"].widget.input_type = "email"
        self.own = _own_fields(desk.member)
        for field in self.own:
            self.fields[OWN + field.key] = _form_field(field)
            self.initial[OWN + field.key] = _initial(account.custom.get(field.key))
        self._offer_members()
        if account.pk is not None:
            self.initial["above"] = account.parent.external_id or account.parent.name if account.parent else ""
            self.initial["tag_names"] = ", ".join(account.tags.order_by("name").values_list("name", flat=True))
            self.initial["seen_at"] = account.updated_at.isoformat()

    def _offer_members(self) -> None:
        if not may(self.desk.member, Permission.ASSIGN):
            for name in ("owner", "team", "department"):
                del self.fields[name]
            return
        owners = visible_members(self.desk.member)
        if self.instance.owner_id is not None:
            owners = Member.objects.filter(Q(pk__in=owners) | Q(pk=self.instance.owner_id)).order_by("name", "pk")
        for name, label, offered in (
            ("owner", _("Looked after by"), owners),
            ("team", _("Team"), Team.objects.order_by("name", "pk")),
            ("department", _("Department"), Department.objects.order_by("name", "pk")),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.label, field.queryset, field.empty_label = (
                label,
                offered,
                _("nobody") if name == "owner" else _("none"),
            )

    def clean_above(self) -> Account | None:
        text = self.cleaned_data["above"].strip()
        if not text:
            return None
        above: Account | None = self.instance.parent
        if above is not None and text in (above.external_id, above.name):
            return above
        try:
            return find_account(text, member=self.desk.member)
        except NoSuchAccount as absent:
            raise forms.ValidationError(str(absent)) from None

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if self.instance.pk is not None and _is_newer(self.instance.updated_at, said.get("seen_at", "")):
            sent = {name: self.data.get(name) for name in self.data}
            self.data = {**sent, "seen_at": self.instance.updated_at.isoformat()}
            raise forms.ValidationError(
                _("Somebody changed this account while you were writing. Send it again to put yours in its place.")
            )
        return said

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """The fields that the firm added."""
        return [self[OWN + field.key] for field in self.own]

    def said(self) -> dict[str, Any]:
        """What changed, as `change_account` takes it. What was not touched is left to whoever else changes it."""
        changed = set(self.changed_data)
        plain = {
            name: self.cleaned_data[name] for name in self._meta.fields or () if name in changed and name != "owner"
        }
        if "above" in changed:
            plain["parent"] = self.cleaned_data["above"]
        own = {field.key: self.cleaned_data[OWN + field.key] for field in self.own if OWN + field.key in changed}
        return {**plain, "custom": own} if own else plain

    def tags(self) -> set[str]:
        """The tags that were written."""
        return {one.strip() for one in self.cleaned_data["tag_names"].split(",") if one.strip()}


def _is_newer(updated_at: datetime, seen_at: str) -> bool:
    try:
        return updated_at > datetime.fromisoformat(seen_at)
    except (ValueError, TypeError):
        return False


def _own_fields(member: Member) -> list[CustomField]:
    return list(visible_custom_fields(member))


def _form_field(field: CustomField) -> forms.Field:
    said: dict[str, Any] = {"label": field.label, "required": False}
    if field.type == CustomField.Type.NUMBER:
        return forms.FloatField(widget=forms.NumberInput({"step": "any"}), **said)
    if field.type == CustomField.Type.DATE:
        return forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **said)
    if field.type == CustomField.Type.CHOICE:
        return forms.ChoiceField(choices=[("", _("not known")), *((one, one) for one in field.choices)], **said)
    if field.type == CustomField.Type.YES_NO:
        choices = [("", _("not known")), ("yes", _("yes")), ("no", _("no"))]
        return forms.ChoiceField(choices=choices, **said)
    return forms.CharField(max_length=2000, **said)


def _initial(value: Any) -> Any:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Change what is said about an account."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.WRITE)
    form = AccountForm(request.POST or None, desk=desk, instance=account)
    if request.method == "POST" and form.is_valid() and _tried(form, lambda: _change(form, desk, account.pk)):
        show_next(request, Toast(text=_("Changed.")))
        return redirect("account", uid=account.uid)
    context = {**heading(desk, account, tab=""), "form": form}
    return render(request, "web/account/edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make an account by hand; one that is there already is shown first."""
    desk = desk_of(request)
    require(desk.member, Permission.WRITE)
    form = AccountForm(request.POST or None, desk=desk, initial={"owner": desk.member})
    alike: list[Account] = []
    if request.method == "POST" and form.is_valid():
        alike = [] if request.POST.get("anyway") else _alike(form, desk)
        made = None if alike else _tried(form, lambda: _create(form, desk))
        if made is not None:
            show_next(request, Toast(text=_("%(name)s is noted.") % {"name": made.name}))
            return redirect("account", uid=made.uid)
    context = {"desk": desk, "form": form, "alike": alike}
    return render(request, "web/account/new.html", context, status=422 if form.errors or alike else 200)


def _tried(form: AccountForm, verb: Any) -> Account | None:
    try:
        made: Account = verb()
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return None
    return made


@transaction.atomic
def _change(form: AccountForm, desk: Desk, pk: int) -> Account:
    account = Account.objects.get(pk=pk)  # the form's own holds what was typed
    said = form.said()
    if said:
        account = change_account(account=account, member=desk.member, **said)
    if "owner" in form.changed_data:
        assign_owner(accounts=[account], owner=form.cleaned_data["owner"], member=desk.member)
    if "tag_names" in form.changed_data:
        before = set(account.tags.values_list("name", flat=True))
        tag(account=account, tags=form.tags() - before, member=desk.member)
        untag(account=account, tags=before - form.tags(), member=desk.member)
    return account


def _create(form: AccountForm, desk: Desk) -> Account:
    fields = {name: form.cleaned_data[name] for name in form._meta.fields or () if name in form.cleaned_data}
    owner = fields.pop("owner", None)
    own = {field.key: form.cleaned_data[OWN + field.key] for field in form.own}
    return create_account(
        member=desk.member, owner=owner, tags=form.tags(), parent=form.cleaned_data["above"], custom=own, **fields
    )


def _alike(form: AccountForm, desk: Desk) -> list[Account]:
    """Accounts with the same name, e-mail or phone, as far as the member sees them."""
    said = form.cleaned_data
    same = Q(name__iexact=said["name"].strip())
    if said["email"]:
        same |= Q(email__iexact=said["email"].strip())
    if said["phone"]:
        same |= Q(phone=said["phone"].strip())
    return list(visible_accounts(desk.member).filter(same).order_by("name", "pk")[:ALIKE_SHOWN])
