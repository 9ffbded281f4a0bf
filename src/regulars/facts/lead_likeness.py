"""Is a lead perhaps a customer already? The same comparison that finds accounts that are there twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from regulars.facts.duplicates import FREE_MAIL, PROPOSED_FROM, folded_name, known_from, weigh
from regulars.facts.models import Account, Contact, Lead
from regulars.facts.search import phone_digits, search_accounts, search_contacts

MOST_COMPARED: Final = 300
MOST_SHOWN: Final = 3
LEAST_LETTERS: Final = 4


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
    """Accounts that share something that a database finds quickly."""
    wanted = Q(email__iexact=lead.email) if lead.email else Q(pk__in=[])
    domain = lead.email.rpartition("@")[2].casefold()
    if domain and domain not in FREE_MAIL:
        wanted |= Q(email__iendswith=f"@{domain}")
    for word in _telling_words(lead.name):
        wanted |= Q(name__icontains=word)
    unmerged = Account.objects.filter(merged_into=None)
    found = set(unmerged.filter(wanted).order_by("pk").values_list("pk", flat=True)[:MOST_COMPARED])
    if lead.email:
        people = Contact.objects.filter(email__iexact=lead.email, account__merged_into=None)
        found |= set(people.values_list("account_id", flat=True)[:MOST_COMPARED])
    if phone_digits(lead.phone):
        found |= {one.pk for one in search_accounts(lead.phone, member=None, most=20)}
        found |= {one.account_id for one in search_contacts(lead.phone, member=None, most=20)}
    return found


def _telling_words(name: str) -> Sequence[str]:
    """The two longest words of a name that say more than the legal form, as they are spelled."""
    meaning = set(folded_name(name).split())
    words = [word for word in name.split() if len(word) >= LEAST_LETTERS and folded_name(word) in meaning]
    return sorted(words, key=len, reverse=True)[:2]
