"""Taking live orders in as a shop or an ERP system tells them: each by its source and its id there, however often.

What a source says replaces what it said before, field by field: what did not change there leaves alone what people
noted here since. What is older than what is known changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, Scope, account_scope, require
from regulars.base.audit import fields_of, record_change
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.core.money import UnknownCurrency, exponent
from regulars.facts.accounts import NoSuchAccount, require_account, seen_by
from regulars.facts.live_order_states import settle, told_payment
from regulars.facts.models import Account, Contact, LiveOrder

MOST_MINOR: Final = 10**15
LONGEST: Final = {"source": 64, "external_id": 200, "number": 200, "customer": 200, "customer_name": 300}
LONGEST_URL: Final = 500
FIRST_YEAR, LAST_YEAR = 1970, 2200
CLOCKS_DIFFER: Final = timedelta(days=1)
_NOT_AUDITED: Final = {"told", "amount_base", "owed_base"}
_REOPENS: Final = {"stage", "payment", "paid_minor"}
"""What the source has to say anew so that an order that we closed by hand runs again."""

Outcome = Literal["new", "changed", "unchanged", "older"]


class WrongLiveOrder(Refusal):
    """An order cannot be taken in or changed like this. `field` is what is wrong."""

    def __init__(self, sentence: str, way_out: str = "", *, field: str = "") -> None:
        super().__init__(sentence, way_out)
        self.field = field


class LiveOrderFields(TypedDict, total=False):
    """What a source may say. Texts of the customer: number, name and e-mail; or the account itself."""

    number: str
    account: Account | None
    customer: str
    customer_name: str
    customer_email: str
    placed_on: date
    stage: str
    promised_on: date | None
    expected_on: date | None
    due_on: date | None
    payment: str
    currency: str
    amount_minor: int
    paid_minor: int
    url: str


@dataclass(frozen=True, kw_only=True)
class Taken:
    """The order, and what was new about it. `older`: newer things were known, nothing was changed."""

    order: LiveOrder
    outcome: Outcome


@transaction.atomic
def upsert_live_order(
    *,
    source: str,
    external_id: str,
    on: date,
    member: Member | None,
    changed_at: datetime | None = None,
    generated: bool = False,
    **fields: Unpack[LiveOrderFields],
) -> Taken:
    """Take in what a source says of an order now; fields that it does not name stay. `on` is the business date.

    Raises `WrongLiveOrder` for what cannot be, and `NoSuchAccount` for an order of a customer that the member does not
    see. Who sees all accounts may send orders of customers that nobody knows yet.
    """
    require(member, Permission.WRITE)
    source, external_id = _named(source, "source"), _named(external_id, "external_id")
    said = _checked(fields, external_id)
    _refuse_no_time(changed_at, "changed_at")
    if changed_at is not None and changed_at > timezone.now() + CLOCKS_DIFFER:
        raise WrongLiveOrder(
            _("The time of the change lies ahead."), _("Set the clock of the system that sends it."), field="changed_at"
        )
    order = _known(source, external_id) or _new(source, external_id, said, on)
    if order.pk is not None:
        _refuse_foreign(order, member)
        if changed_at is not None and order.changed_at is not None and changed_at < order.changed_at:
            return Taken(order=order, outcome="older")
    told = _told(said)
    differing = {name for name, value in told.items() if name not in order.told or order.told[name] != value}
    if order.pk is not None and not differing:
        if changed_at is not None and changed_at != order.changed_at:
            order.changed_at = changed_at
            order.save(update_fields=["changed_at", "updated_at"])
        return Taken(order=order, outcome="unchanged")
    before = _noted(order)
    is_new = order.pk is None
    called_before = _called(order)
    told = {**order.told, **told}
    _apply(order, said, told, differing)
    _find_customer(order, said, differing, called_before)
    _refuse_foreign(order, member)
    order.told, order.changed_at = told, changed_at or order.changed_at
    order.generated = order.generated or generated
    if order.closed == LiveOrder.Closed.BY_HAND and differing & _REOPENS:
        order.closed, order.closed_on, order.closed_by, order.closed_said = LiveOrder.Closed.NONE, None, None, ""
    saved = order if not is_new else _made(order, on=on)
    if saved is None:  # somebody else sent the same order at the same moment
        named: dict[str, Any] = {"source": source, "external_id": external_id, "on": on, "changed_at": changed_at}
        return upsert_live_order(**named, member=member, generated=generated, **fields)
    settle(saved, on=on)
    saved.save()
    note_change(saved, before, verb="take_live_order", member=member)
    return Taken(order=saved, outcome="new" if is_new else "changed")


def note_change(order: LiveOrder, before: Mapping[str, Any], *, verb: str, member: Member | None) -> None:
    """Write the audit trail of a change; what the source said literally, and what follows from rates, is left out."""
    after = _noted(order)
    changed = [name for name in after if before.get(name) != after[name]]
    if changed:
        record_change(
            member=member,
            verb=verb,
            record=order,
            before={name: before[name] for name in changed if name in before},
            after={name: after[name] for name in changed},
            account_id=order.account_id,
        )


def _noted(order: LiveOrder) -> dict[str, Any]:
    return {name: value for name, value in fields_of(order).items() if name not in _NOT_AUDITED}


def noted_before(order: LiveOrder) -> dict[str, Any]:
    """What `note_change` compares with, taken before a change."""
    return _noted(order)


def _known(source: str, external_id: str) -> LiveOrder | None:
    locked = LiveOrder.objects.select_for_update(of=("self",)).select_related("account__merged_into")
    return locked.filter(source=source, external_id=external_id).first()


def _new(source: str, external_id: str, said: LiveOrderFields, on: date) -> LiveOrder:
    for name, remedy in (
        ("currency", _("Use the three letters of ISO 4217, such as EUR.")),
        ("amount_minor", _("Say what the order comes to.")),
    ):
        if name not in said:
            raise WrongLiveOrder(_("The amount or its currency is missing."), remedy, field=name)
    return LiveOrder(
        source=source, external_id=external_id, number=external_id, placed_on=said.get("placed_on", on), told={}
    )


def _made(order: LiveOrder, *, on: date) -> LiveOrder | None:
    """The order with its row; None if there is one since a moment ago."""
    try:
        with transaction.atomic():
            order.save()
    except IntegrityError:
        return None
    return order


def _refuse_foreign(order: LiveOrder, member: Member | None) -> None:
    """Who does not see all accounts sends orders of own accounts only; foreign and absent answer alike."""
    if order.account is not None:
        require_account(order.account, member=member)
    elif member is not None and account_scope(member) != Scope.ALL:
        raise NoSuchAccount(
            _("There is no account “%(wanted)s”.")
            % {"wanted": order.customer or order.customer_name or order.customer_email},
            _("Give its customer number, its name or a part of its name."),
        )


# What is said


def _checked(fields: LiveOrderFields, external_id: str) -> LiveOrderFields:
    """The fields as they are kept. Texts are trimmed; what cannot be is refused."""
    said = LiveOrderFields(**fields)
    for name in ("number", "customer", "customer_name", "customer_email", "url"):
        if name in said:
            said[name] = _text(str(said[name] or ""), name)
    if "number" in said:
        said["number"] = said["number"] or external_id
    if "customer_email" in said:
        said["customer_email"] = said["customer_email"].casefold()
    if said.get("url"):
        _refuse_no_address(said["url"])
    if "currency" in said:
        said["currency"] = said["currency"].strip().upper()
        try:
            exponent(said["currency"])
        except UnknownCurrency as unknown:
            raise WrongLiveOrder(unknown.sentence, unknown.way_out, field="currency") from None
    for name in ("amount_minor", "paid_minor"):
        if not 0 <= int(said.get(name, 0)) <= MOST_MINOR:  # type: ignore[call-overload]  # both are whole numbers
            raise WrongLiveOrder(
                _("This amount cannot be."), _("Give an amount that is not below zero, as a number."), field=name
            )
    for name in ("placed_on", "promised_on", "expected_on", "due_on"):
        _refuse_no_time(said.get(name), name)
    _refuse_unknown(said.get("stage", LiveOrder.Stage.ORDERED), LiveOrder.Stage.values, "stage")
    _refuse_unknown(said.get("payment", ""), LiveOrder.Payment.values, "payment")
    return said


def _refuse_no_time(value: object, field: str) -> None:
    if isinstance(value, date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise WrongLiveOrder(_("This day cannot be."), _("Write days as 2026-03-31."), field=field)


def _refuse_unknown(value: str, known: list[str], field: str) -> None:
    if value not in known:
        raise WrongLiveOrder(
            _("“%(value)s” is not known here.") % {"value": value[:60]},
            _("Use one of: %(known)s.") % {"known": ", ".join(one for one in known if one)},
            field=field,
        )


def _named(text: str, field: str) -> str:
    text = _text(text, field)
    if not text:
        raise WrongLiveOrder(
            _("Source or id of the order is missing."), _("Say which order it is, and where."), field=field
        )
    return text


def _text(text: str, field: str) -> str:
    text = re.sub(r"\s+", " ", text.replace("\x00", " ")).strip()
    most = LONGEST.get(field, LONGEST_URL if field == "url" else 254)
    if len(text) > most and field in {"source", "external_id", "number", "customer", "url"}:
        raise WrongLiveOrder(_("This is too long."), _("Give at most %(most)s signs.") % {"most": most}, field=field)
    return text[:most]


def _refuse_no_address(url: str) -> None:
    try:
        URLValidator(schemes=["http", "https"])(url)
    except ValidationError:
        raise WrongLiveOrder(
            _("This is no web address."), _("Give one that begins with https://"), field="url"
        ) from None


def _told(said: LiveOrderFields) -> dict[str, Any]:
    """What was said as it is kept to compare with: plain JSON."""
    told: dict[str, Any] = {}
    for name, value in said.items():
        if isinstance(value, Account):
            told[name] = str(value.uid)
        else:
            told[name] = value.isoformat() if isinstance(value, date) else value
    return told


def _apply(order: LiveOrder, said: LiveOrderFields, told: Mapping[str, Any], differing: set[str]) -> None:
    """Take over what the source says anew. What we noted of the payment stays until the source says it otherwise."""
    as_told = (order.payment, order.paid_minor) == told_payment(order.told, order.amount_minor or 0)
    for name, value in said.items():
        if name in differing and name not in {"account", "payment", "paid_minor"}:
            setattr(order, name, value)
    if as_told or differing & {"payment", "paid_minor"}:
        order.payment, order.paid_minor = told_payment(told, order.amount_minor)
    order.paid_minor = min(order.paid_minor, order.amount_minor)


# Whose it is


def _find_customer(order: LiveOrder, said: LiveOrderFields, differing: set[str], called_before: str) -> None:
    """The account that was named, else the one that number, e-mail or name fit.

    Whose it is by hand stays so until the source calls its customer otherwise.
    """
    if "account" in differing:
        given = said["account"]
        order.account = given and (given.merged_into or given)
    elif order.account is None or _called(order) != called_before:
        order.account = match_customer(order)
    _find_contact(order)


def _called(order: LiveOrder) -> str:
    """How the source calls the customer: by what it is found."""
    return order.customer or order.customer_email or order.customer_name


def _find_contact(order: LiveOrder) -> None:
    if order.account is None:
        order.contact = None
    elif order.customer_email:
        contacts = Contact.objects.filter(account=order.account, email__iexact=order.customer_email)
        order.contact = contacts.order_by("pk").first()


def match_customer(order: LiveOrder) -> Account | None:
    """By number in the same source, as the import of orders does; by a number or e-mail that only one has; by name."""
    ways: list[Q] = []
    if order.customer:
        ways += [Q(source=order.source, external_id=order.customer), Q(external_id=order.customer)]
    if order.customer_email:
        ways += [Q(source=order.source, external_id=order.customer_email)]
        ways += [Q(contacts__email__iexact=order.customer_email), Q(email__iexact=order.customer_email)]
    if order.customer_name and not order.customer:
        ways += [Q(source=order.source, external_id=order.customer_name.lower())]
        ways += [Q(name__iexact=order.customer_name)]
    for way in ways:
        found = Account.objects.filter(way).select_related("merged_into").order_by("pk").distinct()[:20]
        homes = {(one.merged_into or one).pk: one.merged_into or one for one in found}
        if len(homes) == 1:
            return next(iter(homes.values()))
    return None


def match_unknown(*, on: date) -> int:
    """Give orders of customers that nobody knew to accounts that came since. Returns how many.

    Each in a transaction of its own: most find nobody, and nothing is to wait for that.
    """
    waiting = LiveOrder.objects.filter(account=None)
    named = waiting.exclude(customer="", customer_name="", customer_email="").order_by("pk")
    return sum(_match(order, on=on) for order in list(named) if match_customer(order) is not None)


@transaction.atomic
def _match(order: LiveOrder, *, on: date) -> int:
    locked = LiveOrder.objects.select_for_update(of=("self",)).filter(pk=order.pk, account=None).first()
    account = match_customer(locked) if locked is not None else None
    if locked is None or account is None:
        return 0
    before = noted_before(locked)
    locked.account = account
    _find_contact(locked)
    settle(locked, on=on)
    locked.save()
    note_change(locked, before, verb="match_live_order", member=None)
    return 1


def sees(member: Member | None) -> Q:
    """The condition that `member` sees an order: by its account; one whose customer is not known, who sees them all."""
    return seen_by(member, at="account__")
