"""Fields and tags of our own, for the head of sales now and then: what do we note about accounts, under which words?"""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.formats import number
from regulars.facts.custom_fields import (
    change_custom_field,
    create_custom_field,
    restore_custom_field,
    retire_custom_field,
)
from regulars.facts.models import CustomField, Tag
from regulars.facts.tags import counted_tags, join_tags, remove_tag, rename_tag
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import carried_out, desk_for, show, taking_back, typed

PAGE = "settings_fields"
TAGS_A_PAGE = 50


class ChangeForm(forms.Form):
    """What can be changed of a field: key and type stay as they are."""

    label = forms.CharField(label=gettext_lazy("Label"), max_length=200)
    choices = forms.CharField(
        label=gettext_lazy("Choices, one in each line"), required=False, widget=forms.Textarea({"rows": 4})
    )
    confidential = forms.BooleanField(
        label=gettext_lazy("Confidential"),
        required=False,
        help_text=gettext_lazy("Only owners and heads of sales see and change it."),
    )

    def clean_choices(self) -> list[str]:
        return str(self.cleaned_data["choices"]).splitlines()


class FieldForm(ChangeForm):
    """A new field of accounts."""

    type = forms.ChoiceField(
        label=gettext_lazy("What it holds"),
        help_text=gettext_lazy("This cannot be changed later."),
    )
    key = forms.SlugField(
        label=gettext_lazy("Key for files and programs"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("Latin letters, digits and _. Left empty, it is made of the label."),
    )
    field_order = ("label", "type", "choices", "key", "confidential")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        types = [(one.value, capfirst(str(one.label))) for one in CustomField.Type]
        self.fields["type"].choices = types  # type: ignore[attr-defined]


class JoinForm(forms.Form):
    """Into which tag another one goes."""

    into = forms.ModelChoiceField(Tag.objects.none(), label=gettext_lazy("Join it into"), to_field_name="name")

    def __init__(self, *args: Any, tag: Tag, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["into"].queryset = Tag.objects.exclude(pk=tag.pk).order_by("name")  # type: ignore[attr-defined]


class RenameForm(forms.Form):
    """Another name for a tag."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)


@require_safe
def fields(request: HttpRequest) -> HttpResponse:
    """The fields that the firm added to its accounts, and the tags in use."""
    desk_for(request, PAGE)
    page = Paginator(counted_tags(), TAGS_A_PAGE).get_page(request.GET.get("page"))
    return show(
        request,
        PAGE,
        "fields_and_tags",
        {"custom_fields": CustomField.objects.order_by("retired", "label"), "page": page},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def add_field(request: HttpRequest) -> HttpResponse:
    """A new field of all accounts."""
    desk = desk_for(request, PAGE)
    form = FieldForm(request.POST if request.method == "POST" else None)
    if form.is_bound and carried_out(form, lambda said: create_custom_field(member=desk.member, **said)):
        text = _("The field “%(label)s” is on every account now.") % {"label": form.cleaned_data["label"]}
        show_next(request, Toast(text=text))
        return redirect(PAGE)
    sub = _("It is on every account at once, empty until somebody fills it or a file brings it.")
    return _form(request, form, heading=_("Add a field"), submit=_("Add"), sub=sub)


@require_http_methods(["GET", "HEAD", "POST"])
def field(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Change what a field is called, who sees it, what is offered."""
    desk = desk_for(request, PAGE)
    found = get_object_or_404(CustomField, uid=uid)
    initial = {"label": found.label, "confidential": found.confidential, "choices": "\n".join(found.choices)}
    form = ChangeForm(typed(request) if request.method == "POST" else None, initial=initial)
    if found.type != CustomField.Type.CHOICE:
        del form.fields["choices"]
    if form.is_bound and carried_out(form, lambda said: change_custom_field(field=found, member=desk.member, **said)):
        undo = taking_back(form, request.path)
        show_next(request, Toast(text=_("%(name)s is changed.") % {"name": form.cleaned_data["label"]}, undo=undo))
        return redirect(PAGE)
    sub = _("%(type)s; its key for files and programs is %(key)s.") % {
        "type": capfirst(str(found.get_type_display())),
        "key": found.key,
    }
    return _form(request, form, heading=found.label, submit=_("Save"), sub=sub, removal=_removal(found))


def _removal(found: CustomField) -> dict[str, Any]:
    """What is offered below the form: to retire the field, or to bring it back."""
    if found.retired:
        return {
            "heading": _("This field is retired"),
            "text": _("No form or list shows it. What accounts said in it is kept."),
            "label": _("Bring it back"),
            "address": reverse("settings_field_restore", args=[found.uid]),
            "gentle": True,
        }
    return {
        "heading": _("Retire this field"),
        "text": _("It goes from forms, lists and pages. What accounts say in it is kept, and it can be brought back."),
        "label": _("Retire"),
        "address": reverse("settings_field_retire", args=[found.uid]),
    }


@require_POST
def retire_field(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Take the field out of use."""
    desk = desk_for(request, PAGE)
    found = retire_custom_field(field=get_object_or_404(CustomField, uid=uid), member=desk.member)
    undo = reverse("settings_field_restore", args=[uid])
    show_next(request, Toast(text=_("“%(name)s” is retired.") % {"name": found.label}, undo=undo))
    return redirect(PAGE)


@require_POST
def restore_field(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Bring the field back into use."""
    desk = desk_for(request, PAGE)
    found = restore_custom_field(field=get_object_or_404(CustomField, uid=uid), member=desk.member)
    show_next(request, Toast(text=_("“%(name)s” is in use again.") % {"name": found.label}))
    return redirect(PAGE)


# Tags. They have a number and no uid: a word that is on many accounts.


def _tag(name: str) -> Tag:
    found = Tag.objects.filter(name=name).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def tag(request: HttpRequest) -> HttpResponse:
    """Rename the tag that the address names, join it into another one, or remove it."""
    desk = desk_for(request, PAGE)
    found = _tag(request.GET.get("tag", ""))
    form = RenameForm(typed(request) if request.method == "POST" else None, initial={"name": found.name})
    before = found.name
    if form.is_bound and carried_out(form, lambda said: rename_tag(tag=found, member=desk.member, **said)):
        undo = "" if "undo" in request.GET else _address("settings_tag", found.name, undo="1", name=before)
        show_next(request, Toast(text=_("%(name)s is changed.") % {"name": found.name}, undo=undo))
        return redirect(PAGE)
    return _tag_page(request, found, form, JoinForm(tag=found))


@require_POST
def join(request: HttpRequest) -> HttpResponse:
    """Join the tag into another one."""
    desk = desk_for(request, PAGE)
    found = _tag(request.GET.get("tag", ""))
    form = JoinForm(request.POST, tag=found)
    if carried_out(form, partial(_joined, request, found, desk.member)):
        return redirect(PAGE)
    return _tag_page(request, found, RenameForm(initial={"name": found.name}), form)


def _joined(request: HttpRequest, found: Tag, member: Any, said: dict[str, Any]) -> None:
    name = found.name
    count = join_tags(tag=found, into=said["into"], member=member)
    text = ngettext(
        "%(count)s account that had “%(tag)s” has “%(into)s” now.",
        "%(count)s accounts that had “%(tag)s” have “%(into)s” now.",
        count,
    ) % {"count": number(count), "tag": name, "into": said["into"]}
    show_next(request, Toast(text=text))


@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Take the tag off all accounts."""
    desk = desk_for(request, PAGE)
    found = _tag(request.GET.get("tag", ""))
    name = found.name
    remove_tag(tag=found, member=desk.member)
    show_next(request, Toast(text=_("The tag “%(name)s” is removed.") % {"name": name}))
    return redirect(PAGE)


def _tag_page(request: HttpRequest, found: Tag, form: RenameForm, joining: JoinForm) -> HttpResponse:
    context = {
        "form": form,
        "joining": joining,
        "heading": found.name,
        "accounts": found.accounts.count(),
        "others": Tag.objects.exclude(pk=found.pk).exists(),
        "address": _address("settings_tag", found.name),
        "join_address": _address("settings_tag_join", found.name),
        "remove_address": _address("settings_tag_remove", found.name),
        "back": reverse(PAGE),
    }
    return show(request, PAGE, "tag", context, status=422 if form.errors or joining.errors else 200)


def _address(route: str, tag_name: str, **more: str) -> str:
    return f"{reverse(route)}?{urlencode({'tag': tag_name, **more})}"


def _form(request: HttpRequest, form: forms.Form, **context: Any) -> HttpResponse:
    return show(
        request, PAGE, "form", {"form": form, "back": reverse(PAGE), **context}, status=422 if form.errors else 200
    )
