"""Tags of the firm: renamed, joined, removed by who may configure."""

from __future__ import annotations

from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.models import Member
from regulars.facts.custom_fields import WrongCustomField, change_custom_field
from regulars.facts.models import Account, CustomField, Tag
from regulars.facts.tags import WrongTag, counted_tags, join_tags, remove_tag, rename_tag


def test_tags_are_counted(organisation: Any) -> None:
    Account.objects.create(name="A").tags.add(Tag.objects.create(name="vip"))
    Tag.objects.create(name="asleep")
    assert [(one.name, vars(one)["accounts_now"]) for one in counted_tags()] == [("asleep", 0), ("vip", 1)]


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_tag_keeps_a_name(owner: Member, name: str) -> None:
    tag = Tag.objects.create(name="vip")
    with pytest.raises(WrongTag, match="missing or too long"):
        rename_tag(tag=tag, name=name, member=owner)


def test_a_tag_is_not_joined_with_itself(owner: Member) -> None:
    tag = Tag.objects.create(name="vip")
    with pytest.raises(WrongTag, match="with itself"):
        join_tags(tag=tag, into=tag, member=owner)
    assert Tag.objects.exists()


def test_who_may_not_configure_changes_no_tag_and_no_field(organisation: Any) -> None:
    seller = Member.objects.create(email="s@firm.example", name="S", role="account_manager")
    first, second = Tag.objects.create(name="vip"), Tag.objects.create(name="key")
    field = CustomField.objects.create(key="shop", label="Shop")
    with pytest.raises(Forbidden):
        rename_tag(tag=first, name="other", member=seller)
    with pytest.raises(Forbidden):
        join_tags(tag=first, into=second, member=seller)
    with pytest.raises(Forbidden):
        remove_tag(tag=first, member=seller)
    with pytest.raises(Forbidden):
        change_custom_field(field=field, label="Open", confidential=False, member=seller)


def test_a_field_keeps_a_label_and_one_with_choices_keeps_some(owner: Member) -> None:
    field = CustomField.objects.create(key="shop", label="Shop", type="choice", choices=["Museum"])
    with pytest.raises(WrongCustomField, match="no label"):
        change_custom_field(field=field, label=" ", confidential=False, member=owner)
    with pytest.raises(WrongCustomField, match="No choice is left"):
        change_custom_field(field=field, label="Shop", confidential=False, choices=[" "], member=owner)
