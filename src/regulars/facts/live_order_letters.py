"""What there is to write to a customer about a live order, in the language of who reads it; changed before it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from regulars.base.formats import day, money
from regulars.base.models import Member
from regulars.base.organisation import organisation
from regulars.core.money import from_minor
from regulars.facts.letters import language_of, write_to_contact
from regulars.facts.live_order_feed import WrongLiveOrder
from regulars.facts.live_order_states import is_late, is_overdue, owed_minor
from regulars.facts.live_orders import follow_up
from regulars.facts.models import Contact, Letter, LiveOrder, LiveOrderFollowUp


@dataclass(frozen=True, kw_only=True)
class Suggested:
    """A letter to begin with, in `language`."""

    subject: str
    text: str
    language: str


def suggested_letter(*, order: LiveOrder, contact: Contact, member: Member, on: date) -> Suggested:
    """What to write now: that it is late, that it is unpaid, that a quote or basket waits, or how it stands."""
    language = language_of(contact)
    with translation.override(language):
        subject, says = _about(order, on)
        lines = [
            _("Dear %(name)s,") % {"name": contact.name},
            says,
            _("Kind regards"),
        ]
        text = "\n\n".join(lines) + f"\n{member.name}\n{organisation().name}"
    return Suggested(subject=subject, text=text, language=language)


def _about(order: LiveOrder, on: date) -> tuple[str, str]:
    said = {
        "order": order.number,
        "placed": day(order.placed_on),
        "amount": money(from_minor(order.amount_minor, order.currency), order.currency, exact=True),
        "owed": money(from_minor(owed_minor(order), order.currency), order.currency, exact=True),
        "due": day(order.due_on) if order.due_on else "",
        "promised": day(order.promised_on) if order.promised_on else "",
        "expected": day(order.expected_on) if order.expected_on else "",
    }
    if is_late(order, on=on):
        return _("Your order %(order)s comes later") % said, _late(order, on, said)
    if is_overdue(order, on=on):
        text = _(
            "Was everything right with your order %(order)s? %(owed)s were due on %(due)s, and we have not seen the "
            "payment yet. If something was wrong with the order or the invoice, tell me, and I take care of it. If the "
            "payment is on its way, there is nothing to do."
        )
        return _("Your order %(order)s") % said, text % said
    if order.stage == LiveOrder.Stage.QUOTE:
        text = _(
            "On %(placed)s you got our quote %(order)s of %(amount)s. What is still open for you? I am glad to explain "
            "or change it."
        )
        return _("Our quote of %(placed)s") % said, text % said
    if order.stage == LiveOrder.Stage.BASKET:
        text = _(
            "On %(placed)s you chose something with us and have not ordered it. Did something not work, or is there a "
            "question? Answer this mail, and I help you with it."
        )
        return _("What you chose on %(placed)s") % said, text % said
    return _("Your order %(order)s") % said, _("This is how your order %(order)s of %(placed)s stands:") % said


def _late(order: LiveOrder, on: date, said: dict[str, str]) -> str:
    sorry = _("We promised you order %(order)s for %(promised)s, and we do not keep that day. I am sorry.") % said
    if order.expected_on is not None and order.expected_on >= on:
        when = _("It is expected on %(expected)s now. If that is too late for you, tell me, and we find a way.") % said
    else:
        when = _("I am finding out when it comes, and tell you as soon as I know.")
    return f"{sorry} {when}"


@transaction.atomic
def write_about(
    *,
    order: LiveOrder,
    contact: Contact,
    subject: str,
    text: str,
    on: date,
    member: Member,
    follow_ups_seen: int,
    next_on: date | None = None,
) -> Letter:
    """Send a letter about an order, and note the follow-up with it.

    `follow_ups_seen`: how many there were when the letter was begun. Pressed twice it goes out once, and who writes
    while a colleague has done so is told.

    Raises `CannotWrite` for who cannot be reached, `WrongLiveOrder` for an order that is closed.
    """
    locked = LiveOrder.objects.select_for_update().get(pk=order.pk)
    if locked.follow_ups.count() != follow_ups_seen:
        raise WrongLiveOrder(
            _("This order was followed up in the meantime."), _("Look at what was done, then write if it is needed.")
        )
    made = follow_up(order=order, kind=LiveOrderFollowUp.Kind.MAIL, on=on, member=member, said=subject, next_on=next_on)
    once = f"order-{order.uid}-{follow_ups_seen}"
    return write_to_contact(contact=contact, subject=subject, text=text, member=member, related=made.order, once=once)
