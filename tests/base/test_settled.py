"""A process that answers has loaded every page and searches what stays no more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ASKED = """
import gc, sys, regulars.config.wsgi
print(gc.get_freeze_count() > 50_000, "regulars.web.today" in sys.modules, "duckdb" in sys.modules)
from django.template import engines
cached = engines["django"].engine.template_loaders[0].get_template_cache
print("web/base.html" in cached, "web/issues/effort.html" in cached)
"""


def test_a_process_that_answers_has_loaded_every_page_and_set_it_apart(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", ASKED],
        env=os.environ | {"REGULARS_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "regulars.config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["True"] * 5
