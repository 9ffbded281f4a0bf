"""Finding what one half remembers: accounts, contacts and orders by what people know of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

import phonenumbers
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Replace

from regulars.base.models import Member
from regulars.base.warehouse import shared_engine
from regulars.facts.accounts import visible_accounts
from regulars.facts.contacts import visible_contacts
from regulars.facts.history import HISTORY
from regulars.facts.models import Account, Contact

Found = TypeVar("Found", Account, Contact)

LEAST_DIGITS = 6
"""Fewer are no phone number."""

_PHONE: Final = re.compile(r"[+\d(][\d\s().\-/]*")
_ORDER_NUMBER: Final = re.compile(r"#?\s*(?=[^\s]*\d)([\w][\w.\-/]{2,49})")
_BETWEEN_DIGITS: Final = (" ", "-", "(", ")", "/", ".", "\u00a0")


@dataclass(frozen=True, kw_only=True)
class FoundOrder:
    """An order by its number. Money counts minor units of `currency`."""

    account: Account
    order_id: str
    business_date: date
    net_minor: int
    currency: str
    line_count: int


def search_accounts(text: str, *, member: Member | None, most: int) -> list[Account]:
    """Accounts by a part of the name, customer number, e-mail or phone; those that begin with the text first."""
    wanted = Q(name__icontains=text) | Q(external_id__iexact=text) | Q(email__iexact=text)
    accounts = visible_accounts(member)
    digits = phone_digits(text)
    if digits:
        accounts, wanted = _with_digits(accounts, "phone"), wanted | Q(phone_digits__contains=digits)
    return list(_best_first(accounts.filter(wanted), text)[:most])


def search_contacts(text: str, *, member: Member | None, most: int) -> list[Contact]:
    """Contacts by a part of the name or e-mail, or by phone in any notation, with their accounts."""
    wanted = Q(name__icontains=text) | Q(email__icontains=text)
    contacts = visible_contacts(member).select_related("account")
    digits = phone_digits(text)
    if digits:
        contacts = _with_digits(_with_digits(contacts, "phone"), "mobile")
        wanted |= Q(phone_digits__contains=digits) | Q(mobile_digits__contains=digits)
    return list(_best_first(contacts.filter(wanted), text)[:most])


def search_orders(text: str, *, member: Member | None, most: int) -> list[FoundOrder]:
    """Orders with exactly this number, newest first. A text that cannot be an order number is not looked up."""
    number = order_number(text)
    if number is None:
        return []
    with shared_engine() as engine:
        rows = engine.rows(
            "SELECT order_id, account_id, min(business_date), sum(net_minor), min(currency), count(*) "
            f"FROM {HISTORY.relation()} WHERE order_id IN (?, ?) AND account_id IS NOT NULL "
            "GROUP BY source, order_id, account_id ORDER BY 3 DESC LIMIT ?",
            [number, number.upper(), most],
        )
    accounts = _seen_by_history_id({row[1] for row in rows}, member)
    return [
        FoundOrder(
            account=accounts[account_id],
            order_id=order_id,
            business_date=day,
            net_minor=int(net_minor),
            currency=currency,
            line_count=line_count,
        )
        for order_id, account_id, day, net_minor, currency, line_count in rows
        if account_id in accounts
    ]


def phone_digits(text: str) -> str:
    """The digits by which a phone number is found in any notation; empty: the text is none.

    Without the country's code where it is given, since the number may be stored without; and without leading zeros.
    """
    if not _PHONE.fullmatch(text) or sum(letter.isdecimal() for letter in text) < LEAST_DIGITS:
        return ""
    international = "+" + text[2:] if text.startswith("00") else text
    try:
        known = phonenumbers.parse(international.replace("(0)", ""))
    except phonenumbers.NumberParseException:
        return "".join(letter for letter in text if letter.isdecimal()).lstrip("0")
    return str(known.national_number)


def order_number(text: str) -> str | None:
    """The order number that the text may be: one word with a digit, a # sign before it or not."""
    fits = _ORDER_NUMBER.fullmatch(text.strip())
    return fits[1] if fits else None


def _with_digits(found: QuerySet[Found], field: str) -> QuerySet[Found]:
    """With what stands in a field of phone numbers, without what people write between digits."""
    plain: Replace | F = F(field)
    for sign in _BETWEEN_DIGITS:
        plain = Replace(plain, Value(sign), Value(""))
    return found.annotate(**{f"{field}_digits": plain})


def _best_first(found: QuerySet[Found], text: str) -> QuerySet[Found]:
    begins = Case(When(name__istartswith=text, then=0), default=1, output_field=IntegerField())
    return found.order_by(begins, "name", "pk")


def _seen_by_history_id(ids: Iterable[int], member: Member | None) -> dict[int, Account]:
    """Accounts by the id under which the history knows them, those merged into others as what they are part of now."""
    named = {one.pk: one.merged_into_id or one.pk for one in Account.objects.filter(pk__in=list(ids))}
    seen = visible_accounts(member).in_bulk(named.values())
    return {known: seen[now] for known, now in named.items() if now in seen}
