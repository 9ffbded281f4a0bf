"""How fast account work is in a firm of 100,000 accounts: every page for who works on it, and what the night computes.

    python benchmarks/account_work.py [--lines 1000000] [--keep FOLDER] [--on postgres] [--only issues] [--rounds 12]

The firm of `web.py` gets account work from `made_up_work/` (300,000 talks, 60,000 signals, 30,000 promises,
20,000 issues, ...). Every address of `web/urls.py` that shows something is asked in this process, one after the other,
by a sales head, an account manager and a service colleague: for lists as they open and some pages on, for pages of one
record for large and small customers. Printed as Markdown: queries, p50 and p95, and p95 of processor time, which tells
what a busy machine hides. Bar: p95 of 300 ms. Documents and exports are apart. `--keep` keeps the firm.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.made_up_work import make
from benchmarks.web import BAR_MS, _database, _environment, _folder, _make

if TYPE_CHECKING:
    from django.db.models import Model
    from django.test import Client

ROLES: Final = ("sales_head", "account_manager", "service")
BACKEND: Final = "django.contrib.auth.backends.ModelBackend"
DOCUMENTS: Final = (".pdf", ".csv", ".xlsx", ".ics")
"""Made to be taken away, not waited for with every click."""
NOT_ASKED: Final = ("sign_in", "welcome", "choose_password", "theme", "two_factor", "account_login", "invitation")
VARIANTS: Final = {
    "today": ("whose=everyone", "whose=everyone&page=3"),
    "accounts": ("sort=-risk", "q=hotel", "page=30"),
    "handovers": ("whose=everyone",),
    "issues": ("whose=everyone", "whose=everyone&state=waiting", "whose=everyone&page=5"),
    "leads": ("whose=everyone", "whose=everyone&state=lost", "whose=everyone&q=prospect+77"),
    "leads_flow": ("by=channel",),
    "opportunities": ("whose=everyone", "whose=everyone&show=ended", "whose=everyone&stage=offer"),
    "plays_running": ("whose=everyone", "whose=everyone&page=9"),
    "playbooks": ("whose=everyone",),
    "projects": ("show=all",),
    "referrals": ("page=2",),
    "reviews": ("whose=everyone",),
    "reviews_start": ("show=waiting",),
    "search": ("q=hotel", "q=prospect+77"),
    "value_proofs": ("q=paper", "what=service"),
    "white_space": ("whose=everyone", "whose=everyone&state=unknown", "whose=everyone&page=3"),
    "win_backs": ("show=all", "show=won"),
    "account_timeline": ("kind=talks", "page=3"),
}
"""How lists are asked for, beside as they open."""


@dataclass
class Measured:
    """What was seen of one address."""

    ms: list[float] = field(default_factory=list)
    processor_ms: list[float] = field(default_factory=list)
    queries: int = 0
    bytes: int = 0
    refused: set[int] = field(default_factory=set)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=115_000, help="of the generator; some never order")
    parser.add_argument("--rounds", type=int, default=12, help="how often each role asks for each address")
    parser.add_argument("--only", default="", help="addresses whose name holds this, or one of these with commas")
    parser.add_argument("--no-night", action="store_true", help="leave the night out")
    parser.add_argument("--on", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--keep", type=Path, help="where the installation is kept, or lies already")
    wanted = parser.parse_args()
    with _folder(wanted.keep) as folder, _database(wanted.on, folder) as url:
        environment = _environment(folder / wanted.on, url)
        _make(environment, folder, wanted.lines, wanted.accounts)
        os.environ.update(environment)
        import django
        from django.core.management import call_command

        django.setup()
        logging.disable(logging.ERROR)  # what is not shown to somebody is told at the end
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        _add_work()
        if not wanted.no_night:
            print_night()
        print_pages(wanted.only, wanted.rounds)


def _add_work() -> None:
    from regulars.facts.models import Issue

    if Issue.objects.exists():
        return
    started = time.perf_counter()
    made = make()
    said = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in made.items())
    print(f"Made up in {time.perf_counter() - started:.0f} s: {said}.\n")


# The night


def print_night() -> None:
    """What each part of the refresh takes; the second time little has changed, as in most nights."""
    import regulars.plan.daily as daily

    parts = [name for name in vars(daily) if name in PARTS]
    taken: list[dict[str, float]] = []
    for _night in range(2):
        now: dict[str, float] = {}
        originals = {name: getattr(daily, name) for name in parts}
        try:
            for name in parts:
                setattr(daily, name, _timed(originals[name], name, now))
            daily.refresh()
        finally:
            for name, original in originals.items():
                setattr(daily, name, original)
        taken.append(now)
    print("| part of the night | first, s of processor | again, s of processor |\n|---|---|---|")
    for name in parts:
        print(f"| {PARTS[name]} | {taken[0].get(name, 0):.1f} | {taken[1].get(name, 0):.1f} |")
    print(f"| **all** | **{sum(taken[0].values()):.1f}** | **{sum(taken[1].values()):.1f}** |\n", flush=True)


PARTS: Final = {
    "take_snapshot": "figures of all accounts (only if orders came)",
    "learn_weights": "weights of signals (once a week)",
    "protect_all": "protection levels",
    "level_all": "opportunity levels",
    "refresh_lost": "who is lost",
    "draft_for_first_orders": "hand-overs of first orders",
    "refresh_actions": "actions and playbooks",
}


def _timed(part: Callable[..., Any], name: str, taken: dict[str, float]) -> Callable[..., Any]:
    def run(*given: Any, **named: Any) -> Any:
        started = time.process_time()
        try:
            return part(*given, **named)
        finally:
            taken[name] = time.process_time() - started

    return run


# The pages


def print_pages(only: str, rounds: int) -> None:
    """Ask for everything; slowest first."""
    clients = _clients()
    seen: dict[str, Measured] = {}
    for label, addresses in _addresses(only, rounds):
        seen[label] = one = _measured(clients, addresses)
        if one.ms and _p95(one.ms) > BAR_MS:
            print(f"{label}: {_p95(one.ms):.0f} ms, {_p95(one.processor_ms):.0f} of processor", file=sys.stderr)
    pages = {label: one for label, one in seen.items() if one.ms and not label.endswith(DOCUMENTS)}
    documents = {label: one for label, one in seen.items() if one.ms and label.endswith(DOCUMENTS)}
    _print_table(pages, f"pages, {len(pages)} addresses")
    _print_table(documents, "documents and exports, no bar")
    missed = [label for label, one in pages.items() if _p95(one.ms) > BAR_MS]
    print(f"{len(pages) - len(missed)} of {len(pages)} pages within {BAR_MS} ms.")
    broken = sorted(label for label, one in seen.items() if 500 in one.refused)
    if broken:
        print(f"\nBroken: {', '.join(broken)}.")
    refused = sorted(label for label, one in seen.items() if not one.ms)
    if refused:
        print(f"\nNot shown to any of the three, or only by sending something: {', '.join(refused)}.")


def _clients() -> dict[str, Client]:
    from django.conf import settings
    from django.test import Client

    from regulars.base.models import Member
    from regulars.base.settled import settle

    settle()  # as a process that answers does
    settings.ALLOWED_HOSTS = ["*"]
    found = {}
    for role in ROLES:
        found[role] = Client(raise_request_exception=False)
        found[role].force_login(_busiest(Member.objects.filter(role=role)), backend=BACKEND)
    return found


def _busiest(members: Any) -> Any:
    from django.db.models import Count

    return members.annotate(count=Count("accounts")).order_by("-count", "pk")[0]


def _addresses(only: str, rounds: int) -> Iterator[tuple[str, list[str]]]:
    """Every named address with what is asked for it, once a round."""
    from django.urls import reverse

    from regulars.web.urls import urlpatterns

    chance = random.Random(1)
    uids = _uids()
    for one in urlpatterns:
        name = getattr(one, "name", None)
        if (
            not name
            or not any(part in name for part in only.split(","))
            or name.startswith(NOT_ASKED)
            or _only_by_sending(one)
        ):
            continue
        converters = one.pattern.converters
        places = [at for at in uids if str(one.pattern).startswith(at)] if "uid" in converters else [""]
        choices = uids[max(places, key=len)] if "uid" in converters and places else []
        label = "/" + str(one.pattern)
        if set(converters) - {"uid"} or ("uid" in converters and not choices):
            continue
        for variant in ("", *VARIANTS.get(name, ())):
            query = f"?{variant}" if variant else ""
            times = 1 if label.endswith(DOCUMENTS) else rounds
            given = [{"uid": chance.choice(choices)} if choices else {} for _round in range(times)]
            yield label + query, [reverse(name, kwargs=kwargs) + query for kwargs in given]


def _only_by_sending(pattern: Any) -> bool:
    return "require_POST" in getattr(pattern.callback, "__qualname__", "")


def _uids() -> dict[str, list[Any]]:
    """By the beginning of an address, the records that it may be about: of large customers and of small ones."""
    from regulars.base.models import Member
    from regulars.facts.models import Account, Contact, Interaction, Issue, KnownProblem, Lead, Offering, Signal, Site
    from regulars.plan import models as plan

    accounts = (
        Account.objects.filter(merged_into=None).order_by("-score__sales_12m", "pk").values_list("uid", flat=True)
    )
    own = accounts.filter(owner=_busiest(Member.objects.filter(role="account_manager")))
    mixed = [*accounts[:30], *accounts.order_by("uid")[:20], *own[:30]]
    of: dict[str, type[Model]] = {
        "accounts/people/": Contact,
        "accounts/places/": Site,
        "accounts/signals/": Signal,
        "accounts/talks/": Interaction,
        "accounts/facts/": plan.DossierFact,
        "handovers/": plan.Handover,
        "key-accounts/": plan.KeyAccount,
        "issues/": Issue,
        "issues/problems/": KnownProblem,
        "leads/": Lead,
        "opportunities/": plan.Opportunity,
        "plays/": plan.Play,
        "projects/": plan.JointProject,
        "value-proofs/": plan.ValueProof,
        "win-back/": plan.WinBack,
        "reviews/": plan.Review,
        "referrals/asks/": plan.ReferralAsk,
        "plan/people/": Member,
        "plan/time/": Member,
        "settings/members/": Member,
        "settings/offerings/": Offering,
    }
    found = {
        at: list(model._base_manager.order_by("uid").values_list("uid", flat=True)[:60]) for at, model in of.items()
    }
    return found | {"accounts/": mixed, "portfolio/dependence/": mixed[:30]}


def _measured(clients: dict[str, Client], addresses: list[str]) -> Measured:
    """Each role asks; the first answer of each warms what is kept and is not counted."""
    seen = Measured()
    for client in clients.values():
        for number, address in enumerate([addresses[0], *addresses]):
            _ask(client, address, seen, counts=number > 0)
    return seen


def _ask(client: Client, address: str, seen: Measured, *, counts: bool) -> None:
    from django.db import connection

    queries = 0

    def count(execute: Callable[..., Any], *given: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*given)

    with connection.execute_wrapper(count):
        started, worked = time.perf_counter(), time.process_time()
        answer = client.get(address)
        content = answer.getvalue()
        took, processor = time.perf_counter() - started, time.process_time() - worked
    if answer.status_code != 200:
        seen.refused.add(answer.status_code)
        return
    if counts:
        seen.ms.append(took * 1000)
        seen.processor_ms.append(processor * 1000)
        seen.queries = max(seen.queries, queries)
        seen.bytes = max(seen.bytes, len(content))


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def _print_table(pages: dict[str, Measured], title: str) -> None:
    if not pages:
        return
    print(f"| {title} | queries | p50, ms | p95, ms | p95 of processor, ms | kB at most |\n|---|---|---|---|---|---|")
    for label in sorted(pages, key=lambda one: -_p95(pages[one].processor_ms)):
        one = pages[label]
        p50 = sorted(one.ms)[len(one.ms) // 2]
        p95 = f"{_p95(one.ms):.0f}" if _p95(one.ms) <= BAR_MS else f"**{_p95(one.ms):.0f}**"
        print(
            f"| `{label}` | {one.queries} | {p50:.0f} | {p95} | {_p95(one.processor_ms):.0f} | {one.bytes / 1000:.0f} |"
        )
    print(flush=True)


if __name__ == "__main__":
    main()
