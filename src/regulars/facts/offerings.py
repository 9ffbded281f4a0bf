"""Offerings: what the firm sells as it talks about it, mapped to its products; and who supplies them to an account.

What follows from orders is computed (`insight/white_space.py`); recorded here is only what somebody said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.base.warehouse import shared_engine
from regulars.core.errors import Refusal
from regulars.facts.accounts import require_account, seen_by
from regulars.facts.history import HISTORY
from regulars.facts.models import Account, Offering, Product, Signal, Site, Supply
from regulars.facts.signals import SignalSource, record_signal, restore_signal, withdraw_signal

MOST_OFFERINGS: Final = 60
"""A white space with more columns says nothing to anybody."""
MOST_HINTS: Final = 40
LONGEST_SOURCE: Final = 200
NEWS_DAYS: Final = 180
"""A competitor who came in within these days is news, and a signal; one who has been there for years is not."""


class WrongOffering(Refusal):
    """An offering cannot be made or changed like this."""


class WrongSupply(Refusal):
    """This cannot be said about who supplies something."""


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """What counts as a sale of an offering: lines of these categories, or with these product codes."""

    categories: frozenset[str]
    codes: frozenset[str]


# The firm's list


def offerings() -> QuerySet[Offering]:
    """What the firm offers now, by name."""
    return Offering.objects.filter(retired=False).order_by("name", "pk")


@transaction.atomic
def record_offering(
    *,
    name: str,
    member: Member | None,
    words: str = "",
    categories: Iterable[str] = (),
    products: Iterable[str] = (),
    name_words: Iterable[str] = (),
    better: Offering | None = None,
    offering: Offering | None = None,
) -> Offering:
    """Make an offering, or change the one given. Raises `WrongOffering` for no name, a name taken, one too many."""
    require(member, Permission.CONFIGURE)
    name = name.strip()[:200]
    if not name:
        raise WrongOffering(_("It has no name."), _("Say what you call it when you talk with customers."))
    made = Offering.objects.select_for_update(of=("self",)).get(pk=offering.pk) if offering else Offering()
    if Offering.objects.filter(name__iexact=name).exclude(pk=made.pk).exists():
        raise WrongOffering(
            _("There is an offering called “%(name)s” already.") % {"name": name},
            _("Choose another name, or bring that one back if it was retired."),
        )
    if offering is None and offerings().count() >= MOST_OFFERINGS:
        raise WrongOffering(
            _("There are %(most)s offerings already.") % {"most": MOST_OFFERINGS},
            _("Put some together: customers think in few kinds of things."),
        )
    if better is not None and better.pk == made.pk:
        raise WrongOffering(_("An offering is not its own better alternative."), _("Choose another one, or none."))
    with audited(made, verb="record_offering", member=member):
        made.name, made.words, made.better = name, words.strip(), better
        made.categories, made.products = _cleaned(categories), _cleaned(products)
        made.name_words = [one.casefold() for one in _cleaned(name_words)]
        made.save()
    return made


@transaction.atomic
def retire_offering(*, offering: Offering, member: Member | None, retired: bool = True) -> Offering:
    """Offer it no longer, or again. What was said and sold of it stays."""
    require(member, Permission.CONFIGURE)
    found = Offering.objects.select_for_update(of=("self",)).get(pk=offering.pk)
    with audited(found, verb="retire_offering" if retired else "restore_offering", member=member):
        found.retired = retired
        found.save()
    return found


def unmapped_categories() -> list[str]:
    """Categories of goods that are sold and belong to no offering yet, the most sold first."""
    mapped = {name for one in Offering.objects.filter(retired=False) for name in one.categories}
    with shared_engine() as engine:
        rows = engine.rows(
            f"SELECT category FROM {HISTORY.relation()} WHERE category IS NOT NULL AND trim(category) <> '' "
            "AND kind = 'sale' GROUP BY category ORDER BY sum(net_base_minor) DESC, category LIMIT ?",
            [MOST_OFFERINGS + len(mapped)],
        )
    sold = [str(row[0]) for row in rows]
    named = Product.objects.exclude(category="").order_by("category").values_list("category", flat=True).distinct()
    further = [one for one in named[: MOST_OFFERINGS + len(mapped)] if one not in sold]
    return [one for one in (*sold, *further) if one not in mapped]


@transaction.atomic
def make_offerings_from_categories(*, member: Member | None) -> list[Offering]:
    """One offering of each category that belongs to none yet, as many as there is room for, the most sold first."""
    require(member, Permission.CONFIGURE)
    room = MOST_OFFERINGS - offerings().count()
    taken = {name.casefold() for name in Offering.objects.values_list("name", flat=True)}
    wanted = [one for one in unmapped_categories() if one.strip()[:200].casefold() not in taken][:room]
    if not wanted:
        raise WrongOffering(
            _("There is no category that belongs to no offering yet."),
            _("Import your products with their categories, or make offerings from words in their names."),
        )
    return [record_offering(name=one, categories=[one], member=member) for one in wanted]


def common_words() -> list[tuple[str, int]]:
    """Words that stand in the names of many products, with their number: hints for who has no categories."""
    counted: Counter[str] = Counter()
    for name in Product.objects.exclude(name="").values_list("name", flat=True)[:50_000]:
        counted.update({word for word in name.casefold().split() if len(word) > 3 and word.isalpha()})
    return [(word, count) for word, count in counted.most_common(MOST_HINTS) if count > 2]


def mapped_products(wanted: Sequence[Offering]) -> dict[int, Mapped]:
    """What counts as a sale of each of these offerings, by the offering's id. Two queries, whatever their number."""
    said = tuple(
        (one.pk, tuple(sorted(one.categories)), tuple(sorted(one.products)), tuple(sorted(one.name_words)))
        for one in wanted
    )
    state = Product.objects.aggregate(count=Count("pk"), changed=Max("updated_at"))
    return _mapped(said, (state["count"], state["changed"]))


Said = tuple[tuple[int, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...]


@lru_cache(maxsize=8)
def _mapped(said: Said, _products: object) -> dict[int, Mapped]:
    """Kept until an offering or a product changes: names of products are searched word by word."""
    condition = Q(pk__in=[])
    for _pk, categories, _codes, words in said:
        condition |= Q(category__in=categories)
        for word in words:
            condition |= Q(name__icontains=word)
    found = list(
        Product.objects.filter(condition, external_id__isnull=False).values_list("external_id", "name", "category")
    )
    return {
        pk: Mapped(
            categories=frozenset(categories),
            codes=frozenset(codes)
            | {
                str(code)
                for code, name, category in found
                if category in categories or any(word in name.casefold() for word in words)
            },
        )
        for pk, categories, codes, words in said
    }


# What was said of an account


def visible_supplies(member: Member | None, *, withdrawn: bool = False) -> QuerySet[Supply]:
    """What was said about accounts that `member` may see and counts, or what was withdrawn of it; the newest first."""
    seen = Supply.objects.filter(seen_by(member, at="account__"), account__merged_into=None)
    return seen.filter(withdrawn_at__isnull=not withdrawn).order_by("-said_on", "-pk")


@transaction.atomic
def tell_supply(
    *,
    account: Account,
    offering: Offering,
    state: str,
    on: date,
    member: Member | None,
    site: Site | None = None,
    supplier: str = "",
    since: date | None = None,
    until: date | None = None,
    source: str = "",
    record: SignalSource | None = None,
) -> Supply:
    """Note who supplies an offering to an account, or to one site of it, as somebody said. The newest counts.

    A competitor who came in lately is a signal, too. Raises `WrongSupply` for a state that there is not, a site of
    another account, and a contract that ends before it began.
    """
    require_account(account, member=member)
    account = account.merged_into or account
    if state not in Supply.State.values:
        raise WrongSupply(
            _("Nobody supplies it like this: %(state)s.") % {"state": state},
            _("Say one of: %(states)s.") % {"states": ", ".join(Supply.State.values)},
        )
    if site is not None and site.account_id != account.pk:
        raise WrongSupply(_("This place belongs to another account."), _("Choose a place of this account."))
    if since and until and until < since:
        raise WrongSupply(_("It would end before it began."), _("Correct one of the two days."))
    is_competitor = state == Supply.State.COMPETITOR
    made = Supply(
        account=account,
        site=site,
        place=site.name if site else "",
        offering=offering,
        state=state,
        supplier=supplier.strip()[:200] if is_competitor else "",
        since=since,
        until=until if is_competitor else None,
        source=source.strip()[:LONGEST_SOURCE],
        source_kind=record.kind if record else "",
        source_uid=record.uid if record else None,
        said_on=on,
        member=member,
    )
    with audited(made, verb="tell_supply", member=member):
        made.save()
    if is_competitor and since is not None and on - since <= timedelta(days=NEWS_DAYS):
        record_signal(
            account=account,
            kind="competitor_supplies",
            observed_on=min(since, on),
            member=member,
            said=": ".join(part for part in (offering.name, made.supplier) if part),
            source=SignalSource.of(made),
        )
    return made


@transaction.atomic
def withdraw_supply(*, supply: Supply, member: Member | None, withdrawn: bool = True) -> Supply:
    """Say that it was noted by mistake, or that it was right after all. Its signal goes with it."""
    require_account(supply.account, member=member)
    found = Supply.objects.select_for_update(of=("self",)).select_related("account").get(pk=supply.pk)
    with audited(found, verb="withdraw_supply" if withdrawn else "restore_supply", member=member):
        found.withdrawn_at = timezone.now() if withdrawn else None
        found.save()
    signals = Signal.objects.filter(source_kind=found._meta.label_lower, source_uid=found.uid)
    for signal in signals.filter(withdrawn_at__isnull=withdrawn):
        if withdrawn:
            withdraw_signal(signal=signal, member=None, reason=_("Noted by mistake"))
        else:
            restore_signal(signal=signal, member=None)
    return found


def _cleaned(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(one.strip() for one in texts if one.strip()))
