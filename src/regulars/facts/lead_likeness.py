"""Is a lead perhaps a customer already? The same comparison that finds accounts that are there twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone

from regulars.base.jobs import job
from regulars.facts.duplicates import FREE_MAIL, PROPOSED_FROM, folded_name, known_from, weigh
from regulars.facts.models import Account, Contact, Lead
from regulars.facts.search import phone_digits

MOST_COMPARED: Final = 100
MOST_SHOWN: Final = 3
LEAST_LETTERS: Final = 4
LAST_DIGITS: Final = 3
"""People write phone numbers in groups; fewer than three digits hardly stand at the end."""
SAME_DIGITS: Final = 6
"""Numbers that end in so many equal digits are compared, however they are written."""
MOST_LOOKED_AT: Final = 20_000


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


def perhaps_account(lead: Lead) -> Account | None:
    """The account that the lead is most likely, if it is likely to be one at all."""
    alike = alike_accounts(lead)
    return alike[0].account if alike else None


@job(retries=3, pause_seconds=60)
def look_for_customers(*, file_id: int) -> int:
    """Find of which open leads of a file there may be customers already. Returns how many. Begun twice, it goes on."""
    waiting = Lead.objects.filter(file=file_id, state__in=Lead.OPEN, perhaps=None).order_by("pk")
    found = 0
    for lead in waiting:
        account = perhaps_account(lead)
        if account is not None:
            found += Lead.objects.filter(pk=lead.pk, perhaps=None).update(perhaps=account, updated_at=timezone.now())
    return found


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
    mail = _same_mail(lead)
    if mail:
        found |= set(accounts.filter(mail).order_by("pk").values_list("pk", flat=True)[:MOST_COMPARED])
        found |= set(people.filter(mail).values_list("account_id", flat=True)[:MOST_COMPARED])
    digits = phone_digits(lead.phone)
    if digits:
        found |= _same_phone(digits, accounts.order_by("pk"), "pk", "phone")
        found |= _same_phone(digits, people, "account_id", "phone", "mobile")
    return found


def _same_mail(lead: Lead) -> Q:
    """The same e-mail address or firm's domain."""
    wanted = Q()
    if lead.email:
        wanted |= Q(email__iexact=lead.email)
    domain = lead.email.rpartition("@")[2].casefold()
    if domain and domain not in FREE_MAIL:
        wanted |= Q(email__iendswith=f"@{domain}")
    return wanted


def _same_phone(digits: str, among: QuerySet[Account] | QuerySet[Contact], key: str, *phones: str) -> set[int]:
    """Whose phone number ends alike in any notation: the database looks at the last group, the rest is seen here."""
    ends = reduce(or_, (Q(**{f"{phone}__endswith": digits[-LAST_DIGITS:]}) for phone in phones))
    rows = among.filter(ends).values_list(key, *phones)[:MOST_LOOKED_AT]
    alike = [pk for pk, *numbers in rows if any(_ends_alike(number, digits) for number in numbers)]
    return set(alike[:MOST_COMPARED])


def _ends_alike(number: str, digits: str) -> bool:
    return "".join(letter for letter in number if letter.isdecimal()).endswith(digits[-SAME_DIGITS:])


def _telling_words(name: str) -> Sequence[str]:
    """The two longest words of a name that say more than the legal form, as they are spelled."""
    meaning = set(folded_name(name).split())
    words = [word for word in name.split() if len(word) >= LEAST_LETTERS and folded_name(word) in meaning]
    return sorted(words, key=len, reverse=True)[:2]
