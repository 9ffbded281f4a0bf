"""Which pages there are: those without an id in their address, and one example of every kind that they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from django.urls.resolvers import RoutePattern
from playwright.sync_api import Page

NOT_LOOKED_AT = ("/api/", "/static/", "/sign-out/")
"""The page of the API is a work of others; signing out would end the walk."""


def plain_addresses() -> list[str]:
    """The addresses of the installation that need no id."""
    return [where for where in _walk(get_resolver(), "/") if not where.startswith(NOT_LOOKED_AT)]


def _walk(resolver: URLResolver, before: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        if not isinstance(entry.pattern, RoutePattern) or entry.pattern.converters:
            continue
        where = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, where)
        elif isinstance(entry, URLPattern):
            yield where


def all_pages(page: Page) -> tuple[list[str], list[str]]:
    """What whoever is signed in there may look at: every address that needs no id, and of others the first linked.

    Besides, the addresses that ended in an error of the server.
    """
    waiting = plain_addresses()
    known = {_kind(where) for where in waiting}
    found, broken = [], []
    while waiting:
        where = waiting.pop(0)
        answer = page.request.get(where, max_redirects=0)
        if answer.status >= 500:
            broken.append(where)
        if answer.status != 200 or "<html" not in answer.text()[:1000]:  # a part of a page is looked at within it
            continue
        found.append(where)
        for linked in re.findall(r'href="(/[^"#?]*)', answer.text()):
            kind = _kind(linked)
            if kind not in known and not linked.startswith(NOT_LOOKED_AT):
                known.add(kind)
                waiting.append(linked)
    return found, broken


def _kind(where: str) -> str:
    """Addresses of the same route are alike."""
    try:
        return resolve(where).route
    except Resolver404:
        return where
