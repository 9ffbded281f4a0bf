"""A process that answers requests, once all of it is loaded."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

from django.apps import apps
from django.template.loader import get_template
from django.urls import get_resolver

LOADED_BY_SOME_PAGES: Final = (
    "deltalake",
    "duckdb",
    "ibis.backends.duckdb",
    "pyarrow.compute",
    "scipy.optimize",
    "scipy.stats",
)
"""A command does without them; the first page that needs one would wait for it, and it would not be set apart."""
SEARCHED_AFTER: Final = (10_000, 10, 50)
"""Of new things a search of the newest, of such searches one of those that stayed, and of these one of everything."""


def settle() -> None:
    """Load every page with all it needs, and leave what is loaded out of the search for memory that nobody needs.

    There are a million things by then that stay. Looking through them again and again takes a quarter of a second each
    time, which falls upon whoever waits for a page just then. A page of many rows makes a hundred thousand more, which
    are gone with it: hence everything is searched after millions of new things, not after seventy thousand.
    """
    assert get_resolver().url_patterns
    for name in LOADED_BY_SOME_PAGES:
        import_module(name)
    for template in _templates():
        get_template(template)
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else the engine of the warehouse says at the end that it was left behind
    gc.set_threshold(*SEARCHED_AFTER)


def _templates() -> Iterator[str]:
    """The names of all pages and parts of ours."""
    for config in apps.get_app_configs():
        root = Path(config.path) / "templates"
        if config.name.startswith("regulars."):
            yield from (str(one.relative_to(root)) for one in sorted(root.rglob("*.html")))
