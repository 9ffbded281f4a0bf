"""Key accounts of the demo: three of the largest are appointed, with people, talks, a plan; others could be one."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from regulars.cli.language import _
from regulars.cli.made_up import person

if TYPE_CHECKING:
    from regulars.base.models import Member
    from regulars.facts.models import Account, Contact

PEOPLE = (("executive", "decision_maker"), ("daily_user", "champion"), ("finance", ""), ("middle", "critic"))
"""Further people at the first key account: their levels and parts."""
PLAN = (
    ("goal", _("They buy their whole spring range from us, not only the candles"), 300),
    ("milestone", _("Their buyer has seen the new catalogue and says what is missing in it"), 45),
    ("action", _("Agree with their warehouse on one delivery a week"), 9),
    ("action", _("Ask their finance how they want the invoices"), -4),
)
SOURCES = (
    _("their buyer at the autumn fair"),
    _("their annual report, page 12"),
    _("what their warehouse takes in a year"),
)


def appoint_the_largest(day: date) -> None:
    """Appoint three key accounts: one well known, one that hangs by a thread, one whose champion has left."""
    from regulars.base.models import Member
    from regulars.facts.models import Account
    from regulars.plan.key_accounts import appoint_key_account

    head = Member.objects.filter(role=Member.Role.SALES_HEAD, is_active=True).order_by("pk").first()
    largest = Account.objects.filter(merged_into=None, owner__is_active=True, score__sales_12m__gt=0)
    accounts = list(largest.select_related("owner").order_by("-score__sales_12m", "pk")[:9])
    if head is None or len(accounts) < 9:
        return
    for place, account in enumerate(accounts[:3]):
        manager = account.owner
        assert manager is not None, "only owned accounts are asked for"
        since = day - timedelta(days=200 - 30 * place)
        appoint_key_account(account=account, manager=manager, on=since, member=None)
    first, thread, left = accounts[:3]
    _well_known(first, head, day=day)
    _by_a_thread(thread, day=day)
    _champion_left(left, head, day=day)
    _could_be(accounts[3:], day=day)


def _well_known(account: Account, head: Member, *, day: date) -> None:
    from regulars.facts.told_signs import tell_sign
    from regulars.plan.key_plans import add_plan_entry

    manager = account.owner
    assert manager is not None, "it was asked for"
    known = [_known(account), *_meet(account, PEOPLE)]
    for place, contact in enumerate(known):
        for days in (12 + 9 * place, 70 + 9 * place, 130):
            _talk(account, manager, contact, "call" if place else "visit", day - timedelta(days=days))
    _talk(account, head, known[1], "visit", day - timedelta(days=60))
    start = day - timedelta(days=60)
    for kind, text, days in PLAN:
        due_on = day + timedelta(days=days)
        add_plan_entry(account=account, kind=kind, text=text, owner=manager, due_on=due_on, on=start, member=None)
    visit = _("Annual visit: what do they want to reach next year?")
    due_on = day + timedelta(days=110)
    add_plan_entry(account=account, kind="visit", text=visit, owner=head, due_on=due_on, on=start, member=None)
    reason = _("Others in the trade ask from whom they buy")
    tell_sign(account=account, sign="reputation", reason=reason, on=day - timedelta(days=90), member=manager)


def _by_a_thread(account: Account, *, day: date) -> None:
    """One of ours speaks with one of theirs, less and less; the birthday is near."""
    from regulars.facts.contact_parts import describe_part

    assert account.owner is not None, "it was asked for"
    contact = _known(account)
    for days in (40, 200, 215, 230):
        _talk(account, account.owner, contact, "call", day - timedelta(days=days))
    birthday = day + timedelta(days=2)
    describe_part(
        contact=contact,
        part="sponsor",
        member=None,
        birth_month=birthday.month,
        birth_day=birthday.day,
        birthday_agreed_on=day - timedelta(days=400),
    )


def _champion_left(account: Account, head: Member, *, day: date) -> None:
    from regulars.facts.contacts import deactivate_contact

    assert account.owner is not None, "it was asked for"
    [champion, other] = _meet(account, (("middle", "champion"), ("executive", "decision_maker")))
    for contact, days in ((champion, 80), (champion, 150), (other, 30), (_known(account), 25)):
        _talk(account, account.owner, contact, "visit", day - timedelta(days=days))
    _talk(account, head, other, "meeting", day - timedelta(days=30))
    deactivate_contact(contact=champion, member=None, on=day - timedelta(days=8))


def _could_be(accounts: list[Account], *, day: date) -> None:
    """What is known of others: how much more they spend elsewhere, and that one teaches us to improve."""
    from regulars.facts.told_signs import tell_sign
    from regulars.facts.wallet_estimates import estimate_wallet

    for place, (account, source) in enumerate(zip(accounts[2:5], SOURCES, strict=True)):
        on = day - timedelta(days=30 * (place + 1))
        yearly = Decimal(900_000 - 200_000 * place)
        estimate_wallet(account=account, yearly=yearly, source=source, estimated_on=on, on=on, member=account.owner)
    reason = _("Measures every delivery, and tells us what others do better")
    tell_sign(
        account=accounts[1], sign="demanding", reason=reason, on=day - timedelta(days=50), member=accounts[1].owner
    )


def _meet(account: Account, levels: tuple[tuple[str, str], ...]) -> list[Contact]:
    """Make up further people there, with their parts."""
    from regulars.facts.contact_parts import describe_part
    from regulars.facts.contacts import create_contact

    met = []
    for level, part in levels:
        someone = person(f"{account.external_id}:{level}:{part}", account.name)
        contact = create_contact(account=account, member=None, name=someone.name, level=level, email=someone.email)
        contact.generated = True
        contact.save(update_fields=["generated"])
        describe_part(contact=contact, part=part, member=None)
        met.append(contact)
    return met


def _known(account: Account) -> Contact:
    """The one whom the demo made up for every account."""
    found = account.contacts.order_by("pk").first()
    assert found is not None, "every account of the demo has a contact"
    return found


def _talk(account: Account, member: Member, contact: Contact, kind: str, on: date) -> None:
    from regulars.facts.interactions import record_interaction

    record_interaction(account=account, kind=kind, on=on, member=member, contacts=[contact])
