"""The house as an executable contract: what import-linter checks, and what it cannot see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from django.apps import apps
from django.db import models

CHECKOUT = Path(__file__).parents[2]
STAGES = ["core", "base", "facts", "insight", "plan", "engage", "measure", "web", "api", "cli", "config"]


def stage(model: type[models.Model]) -> int:
    """Place of the model's stage in the loop; what others made lies below everything."""
    package, _, rest = model.__module__.partition(".")
    return STAGES.index(rest.split(".")[0]) if package == "regulars" else -1


def test_no_relation_points_up_the_layers_not_even_by_a_string() -> None:
    up = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if not field.auto_created and isinstance(field.related_model, type)
        if stage(field.related_model) > stage(model) >= 0  # libraries know none of ours but the user
    ]
    assert up == []


def test_every_model_of_ours_is_in_a_stage_of_the_house() -> None:
    ours = [model for model in apps.get_models() if model.__module__.startswith("regulars.")]
    stages = {STAGES[stage(model)] for model in ours}
    assert stages <= {"base", "facts", "insight", "plan", "engage", "measure", "web"}


def test_imports_go_one_way() -> None:
    """The contracts of pyproject.toml, checked by import-linter."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    checked = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, timeout=300)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_records_and_migrations_agree() -> None:
    code = (
        "from django.core.management import execute_from_command_line as run; run(['x', 'makemigrations', '--check'])"
    )
    checked = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_no_module_is_named_for_nothing() -> None:
    empty_words = {"utils", "helpers", "services", "managers", "common", "misc"}
    assert [path for path in (CHECKOUT / "src").rglob("*.py") if path.stem in empty_words] == []
