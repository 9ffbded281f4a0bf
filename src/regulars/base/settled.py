"""A process that answers requests, once all of it is loaded."""

from __future__ import annotations

import gc

from django.urls import get_resolver


def settle() -> None:
    """Load every page, and leave what is loaded out of the search for memory that nobody needs any more.

    There are a million things by then that stay. Looking through them again and again takes a quarter of a second each
    time, which falls upon whoever waits for a page just then.
    """
    assert get_resolver().url_patterns
    gc.collect()
    gc.freeze()
