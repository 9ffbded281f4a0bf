"""The audit trail."""

from __future__ import annotations

import pytest
from django.db import transaction

from regulars.base.audit import audited, history_of, record_changes
from regulars.base.models import AuditEntry, Member, Organisation, Team


def test_a_change_notes_only_the_fields_that_differ(organisation: Organisation, owner: Member) -> None:
    with audited(organisation, verb="rename", member=owner):
        organisation.name = "Neuer Druck"
        organisation.save()
    entry = history_of(organisation).get()
    assert (entry.verb, entry.member, entry.before, entry.after) == (
        "rename",
        owner,
        {"name": "Muster Druck"},
        {"name": "Neuer Druck"},
    )


def test_a_change_inside_a_json_field_is_seen(organisation: Organisation) -> None:
    with audited(organisation, verb="set", member=None):
        organisation.thresholds["x"] = 1
        organisation.save()
    assert history_of(organisation).get().after == {"thresholds": {"x": 1}}


def test_nothing_changed_is_nothing_noted(organisation: Organisation) -> None:
    with audited(organisation, verb="save", member=None):
        organisation.save()
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_a_new_record_is_noted_with_what_was_said_about_it() -> None:
    team = Team(name="North")
    with audited(team, verb="create_team", member=None):
        team.save()
    entry = history_of(team).get()
    assert entry.before == {}
    assert entry.after["name"] == "North"


@pytest.mark.django_db
def test_a_deleted_record_is_noted_with_all_that_it_was() -> None:
    team = Team.objects.create(name="North")
    key = team.pk
    with audited(team, verb="delete_team", member=None):
        team.delete()
    entry = AuditEntry.objects.get(subject="base.team", subject_id=key)
    assert entry.before["name"] == "North"
    assert entry.after == {}


def rename_and_fail(organisation: Organisation) -> None:
    with audited(organisation, verb="rename", member=None):
        organisation.name = "X"
        organisation.save()
        raise ZeroDivisionError


@transaction.atomic
def rename_in_a_failing_change(organisation: Organisation) -> None:
    with audited(organisation, verb="rename", member=None):
        organisation.name = "X"
        organisation.save()
    raise ZeroDivisionError


def test_a_failed_change_leaves_no_entry(organisation: Organisation) -> None:
    with pytest.raises(ZeroDivisionError):
        rename_and_fail(organisation)
    assert not AuditEntry.objects.exists()
    organisation.refresh_from_db()
    assert organisation.name == "Muster Druck"


def test_a_change_undone_from_outside_takes_its_entry_along(organisation: Organisation) -> None:
    with pytest.raises(ZeroDivisionError):
        rename_in_a_failing_change(organisation)
    assert not AuditEntry.objects.exists()


def test_a_password_is_never_kept(owner: Member) -> None:
    with audited(owner, verb="set_password", member=owner):
        owner.set_password("secret")
        owner.save()
    assert not AuditEntry.objects.exists()


def test_entries_are_neither_edited_nor_deleted(organisation: Organisation) -> None:
    record_changes(member=None, verb="look", changes=[(organisation, {}, {"a": 1}), (organisation, {}, {"a": 2})])
    entry = AuditEntry.objects.earliest("pk")
    entry.verb = "other"
    for attempt in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(verb="other"),
    ):
        with pytest.raises(TypeError, match="never"):
            attempt()
    assert [one.after for one in history_of(organisation)] == [{"a": 2}, {"a": 1}]
