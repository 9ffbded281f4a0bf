"""Playbooks as they are shipped, and what a firm makes of them (issue §10, mission B10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.utils import translation

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.models import Member
from regulars.facts.signal_kinds import KINDS
from regulars.plan.causes import CAUSES
from regulars.plan.models import Playbook
from regulars.plan.playbooks import (
    MOST_STEPS,
    NoSuchPlaybook,
    WrongPlaybook,
    add_playbook,
    known_playbook,
    known_playbooks,
    reset_playbook,
    switch_playbook,
    trigger_choices,
    trigger_label,
    undo_playbook,
    write_playbook,
)
from regulars.plan.recipes import SHIPPED, Recipe, RecipeStep
from regulars.plan.recipes.recipe import STOPS

pytestmark = pytest.mark.django_db
OWN = Recipe(
    name="Trade fair",
    about="",
    triggers=("signal:interest_shown",),
    steps=(RecipeStep(what="Send what was asked for"), RecipeStep(what="Call", after_workdays=3)),
)


def test_every_shipped_recipe_can_be_started_and_followed() -> None:
    """B10"""
    assert {"price_attack", "champion_left", "delivery_failed", "first_weeks", "silent_regular"} <= set(SHIPPED)
    choices = {key for _title, some in trigger_choices() for key, _label in some}
    for key, recipe in SHIPPED.items():
        assert recipe.triggers, key
        assert set(recipe.triggers) <= choices, key
        assert set(recipe.stops) <= set(STOPS), key
        assert 2 <= len(recipe.steps) <= MOST_STEPS, key
        assert len({step.key for step in recipe.steps}) == len(recipe.steps), key
        assert all(len(str(step.what)) <= 300 for step in recipe.steps), key
    assert len({name for recipe in SHIPPED.values() for name in recipe.causes}) == sum(
        len(recipe.causes) for recipe in SHIPPED.values()
    ), "each cause is answered by one"


def test_what_starts_a_play_is_named_as_elsewhere() -> None:
    assert trigger_label("signal:praise") == KINDS["praise"].label
    assert trigger_label("cause:lost") == CAUSES["lost"].name
    assert trigger_label("level:4") == "highest protection, or higher"
    assert trigger_label("state:key_account") == "becomes a key account"


def test_a_playbook_is_switched_off_and_on_and_that_is_noted(owner: Member) -> None:
    assert known_playbook("praise").active
    switch_playbook(key="praise", member=owner, active=False)
    assert not known_playbook("praise").active
    switch_playbook(key="praise", member=owner, active=True, by_itself=False)
    known = known_playbook("praise")
    assert known.active
    assert not known.by_itself
    assert [entry.verb for entry in history_of(Playbook.objects.get(key="praise"))] == ["switch_playbook"] * 2


def test_a_changed_step_is_the_firms_own_and_the_others_stay_in_every_language(owner: Member) -> None:
    shipped = known_playbook("praise").recipe
    first = replace(shipped.steps[0], what="Send flowers")
    write_playbook(key="praise", recipe=replace(shipped, steps=(first, *shipped.steps[1:])), member=owner)
    known = known_playbook("praise")
    assert known.changed
    assert [step.key for step in known.recipe.steps] == ["", "praise.proof", "praise.recommend"]
    with translation.override("th"):
        assert str(known_playbook("praise").recipe.steps[0].what) == "Send flowers"
        assert str(known_playbook("praise").recipe.steps[1].what) == str(shipped.steps[1].what)


def test_a_change_is_taken_back_and_put_back_and_a_shipped_one_is_as_shipped_again(owner: Member) -> None:
    shipped = known_playbook("praise").recipe
    assert not known_playbook("praise").can_undo
    write_playbook(key="praise", recipe=replace(shipped, name="Applause"), member=owner)
    assert str(known_playbook("praise")) == "Applause"
    undo_playbook(key="praise", member=owner)
    assert not known_playbook("praise").changed
    undo_playbook(key="praise", member=owner)
    assert str(known_playbook("praise")) == "Applause"
    reset_playbook(key="praise", member=owner)
    assert known_playbook("praise").recipe == shipped


def test_a_firm_adds_its_own_under_a_short_name_of_its_own(owner: Member) -> None:
    made = add_playbook(recipe=OWN, member=owner)
    assert (made.key, made.shipped, made.changed) == ("trade-fair", False, False)
    assert add_playbook(recipe=OWN, member=owner).key == "trade-fair-2"
    assert add_playbook(recipe=replace(OWN, name="व्यापार मेला"), member=owner).key == "own"
    assert [one.key for one in known_playbooks()][-3:] == ["trade-fair", "trade-fair-2", "own"]
    with pytest.raises(WrongPlaybook):
        reset_playbook(key=made.key, member=owner)
    with pytest.raises(WrongPlaybook):
        undo_playbook(key=made.key, member=owner)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(OWN, name=" "),
        replace(OWN, steps=()),
        replace(OWN, steps=(RecipeStep(what="Call"),) * (MOST_STEPS + 1)),
        replace(OWN, steps=(RecipeStep(what=" "),)),
        replace(OWN, steps=(RecipeStep(what="Call", role="nobody"),)),
        replace(OWN, steps=(RecipeStep(what="Call", after_workdays=-1),)),
        replace(OWN, triggers=("signal:nothing",)),
        replace(OWN, triggers=("cause:play",)),
        replace(OWN, stops=("never",)),
    ],
)
def test_what_cannot_be_followed_is_refused(owner: Member, wrong: Recipe) -> None:
    with pytest.raises(WrongPlaybook):
        add_playbook(recipe=wrong, member=owner)
    assert not Playbook.objects.exists()


def test_only_who_sets_up_the_firm_changes_playbooks(owner: Member) -> None:
    seller = Member.objects.create(email="s@example.com", name="S", role=Member.Role.ACCOUNT_MANAGER)
    changes: tuple[Callable[[], object], ...] = (
        lambda: add_playbook(recipe=OWN, member=seller),
        lambda: switch_playbook(key="praise", member=seller, active=False),
        lambda: write_playbook(key="praise", recipe=OWN, member=seller),
    )
    for change in changes:
        with pytest.raises(Forbidden):
            change()
    with pytest.raises(NoSuchPlaybook):
        switch_playbook(key="nothing", member=owner, active=False)
