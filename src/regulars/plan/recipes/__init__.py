"""The recipes that come with Regulars: one for each thing that often happens to a customer (docs/guide/playbooks.md).

A firm may switch each of them off, change it, or add its own (`plan/playbooks.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from regulars.plan.recipes import growth, risks, trouble
from regulars.plan.recipes.recipe import Recipe, RecipeStep


def _named(recipe: str, steps: dict[str, RecipeStep]) -> tuple[RecipeStep, ...]:
    return tuple(replace(step, key=f"{recipe}.{name}") for name, step in steps.items())


SHIPPED: Final[dict[str, Recipe]] = {
    key: replace(recipe, steps=_named(key, steps))
    for part in (risks.RECIPES, trouble.RECIPES, growth.RECIPES)
    for key, (recipe, steps) in part.items()
}
"""Every recipe by its key. One that was shipped is never taken away: what was run of it stays readable."""

STEPS: Final[dict[str, RecipeStep]] = {step.key: step for recipe in SHIPPED.values() for step in recipe.steps}
"""Every step of them by its key."""

__all__ = ["SHIPPED", "STEPS", "Recipe", "RecipeStep"]
