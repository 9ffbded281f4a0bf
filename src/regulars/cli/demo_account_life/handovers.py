"""Hand-overs and promises of the demo: its newest customers, on their way from the seller to the account managers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from regulars.cli.language import _

if TYPE_CHECKING:
    from regulars.base.models import Member
    from regulars.facts.models import Account

WORK = (
    _("A first order is delivered; two more are expected before the season, each somewhat larger."),
    _("Orders every four weeks, mostly the same articles; new ones only after samples."),
    _("One large order a year in autumn, small ones in between."),
)
CARES_ABOUT = (
    _("Deliveries on the day that was said, and a call before anything is late."),
    _("One person who knows the order, and invoices without surprises."),
    _("Good packing: what is broken cannot be sold in time."),
)
PROMISES = (
    (_("Send samples of the new articles"), 4),
    (_("Call after the first delivery"), 1),
    (_("Have the invoice addressed to the new office"), -3),
    (_("Look for a smaller packing unit"), 12),
    (_("Send the price list of the coming season"), -1),
    (_("Confirm the date of delivery in writing"), 2),
)


def hand_over_the_newest(day: date) -> None:
    """Make four of the newest customers the seller's, and hand them over: drafted, sent, returned, accepted."""
    from regulars.base.models import Member
    from regulars.facts.accounts import assign_owner
    from regulars.facts.models import Account

    seller = Member.objects.filter(role=Member.Role.NEW_BUSINESS_SELLER, is_active=True).order_by("pk").first()
    newest = Account.objects.filter(merged_into=None, score__first_order__isnull=False, owner__isnull=False)
    accounts = list(newest.select_related("owner").order_by("-score__first_order", "pk")[:4])
    if seller is None or len(accounts) < 4:
        return
    for place, account in enumerate(accounts):
        keeper = account.owner
        assert keeper is not None
        assign_owner(accounts=[account], owner=seller, member=None)
        _promise(account, seller, place, day=day)
        _hand_over(account, seller, keeper, place, day=day)


def _promise(account: Account, seller: Member, place: int, *, day: date) -> None:
    from regulars.plan.promises import make_promise

    for text, days in PROMISES[place : place + 2]:
        due_on = day + timedelta(days=days)
        make_promise(
            account=account,
            text=text,
            due_on=due_on,
            on=min(day, due_on) - timedelta(days=14),
            member=seller,
            source=_("first visit"),
        )


def _hand_over(account: Account, seller: Member, keeper: Member, place: int, *, day: date) -> None:
    from regulars.plan import handovers

    before = day - timedelta(days=5)
    made = handovers.open_handover(
        account=account,
        origin="won",
        on=before,
        member=seller,
        receiver=keeper,
        work=WORK[place % len(WORK)],
        cares_about=CARES_ABOUT[place % len(CARES_ABOUT)],
    )
    if place == 0:
        return
    handovers.send_handover(handover=made, on=before, member=seller)
    if place == 2:
        reason = _("Who decides there, and who is to be called when something is late?")
        handovers.return_handover(handover=made, on=day, member=keeper, reason=reason)
    if place == 3:
        accepted = handovers.accept_handover(handover=made, on=before, member=keeper)
        first = accepted.checks.order_by("day").first()
        assert first is not None
        told = _("The first delivery was complete; they want the next one a week earlier.")
        handovers.finish_check(check=first, on=day - timedelta(days=1), member=keeper, said=told)
