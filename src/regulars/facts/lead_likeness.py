"""Is a lead perhaps a customer already? The same comparison that finds accounts that are there twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Case, Q, Value, When

from regulars.facts.duplicates import FREE_MAIL, PROPOSED_FROM, folded_name, known_from, weigh
from regulars.facts.models import Account, Contact, Lead
from regulars.facts.search import phone_digits

MOST_COMPARED: Final = 100
MOST_SHOWN: Final = 3
LEAST_LETTERS: Final = 4
LAST_DIGITS: Final = 3
"""People write phone numbers in groups; fewer than three digits hardly stand at the end."""


@dataclass(frozen=True, kw_only=True)
class Alike:
    """An account that may be the lead; `score` is from 0 to 1, `reasons` say why."""

    account: Account
    score: float
    reasons: list[str]


def alike_accounts(lead: Lead) -> list[Alike]:
    """The accounts that the lead may be, likeliest first. Whoever looks decides what of them may be seen."""
    candidates = _candidates(lead)
    if not candidates:
        return []
    accounts, people = Account.objects.filter(pk__in=candidates), Contact.objects.filter(account__in=candidates)
    known = known_from(accounts, people, also=[_as_row(lead)])
    own, others = known[0], known[1:]
    found = [(weigh(own, other), other.account_id) for other in others]
    best = sorted((one for one in found if one[0].score >= PROPOSED_FROM), key=lambda one: (-one[0].score, one[1]))
    named = Account.objects.select_related("owner").in_bulk([pk for _weighed, pk in best[:MOST_SHOWN]])
    return [
        Alike(account=named[pk], score=weighed.score, reasons=weighed.reasons()) for weighed, pk in best[:MOST_SHOWN]
    ]


def _as_row(lead: Lead) -> tuple[object, ...]:
    """The lead as if it were an account; there is none with the id 0."""
    return (0, lead.name, lead.kind, lead.email, lead.phone, "", lead.city, "", lead.country, None)


def _candidates(lead: Lead) -> set[int]:
    """Accounts that share something that a database finds quickly; what they really share is weighed afterwards."""
    words = _telling_words(lead.name)
    shared = sum((Case(When(name__icontains=word, then=1), default=0) for word in words), start=Value(0))
    accounts = Account.objects.filter(merged_into=None)
    people = Contact.objects.filter(account__merged_into=None).order_by("pk")
    found: set[int] = set()
    if words:
        alike = accounts.filter(reduce(or_, (Q(name__icontains=word) for word in words)))
        found |= set(alike.order_by(shared.desc(), "pk").values_list("pk", flat=True)[:MOST_COMPARED])
    ways = _same_way(lead, "email", "phone")
    if ways:
        found |= set(accounts.filter(ways).order_by("pk").values_list("pk", flat=True)[:MOST_COMPARED])
        of_people = _same_way(lead, "email", "phone", "mobile")
        found |= set(people.filter(of_people).values_list("account_id", flat=True)[:MOST_COMPARED])
    return found


def _same_way(lead: Lead, email: str, *phones: str) -> Q:
    """The same e-mail address or firm's domain, or a phone number that ends alike in any notation."""
    wanted = Q()
    if lead.email:
        wanted |= Q(**{f"{email}__iexact": lead.email})
    domain = lead.email.rpartition("@")[2].casefold()
    if domain and domain not in FREE_MAIL:
        wanted |= Q(**{f"{email}__iendswith": f"@{domain}"})
    digits = phone_digits(lead.phone)
    if digits:
        for phone in phones:
            wanted |= Q(**{f"{phone}__endswith": digits[-LAST_DIGITS:]})
    return wanted


def _telling_words(name: str) -> Sequence[str]:
    """The two longest words of a name that say more than the legal form, as they are spelled."""
    meaning = set(folded_name(name).split())
    words = [word for word in name.split() if len(word) >= LEAST_LETTERS and folded_name(word) in meaning]
    return sorted(words, key=len, reverse=True)[:2]
