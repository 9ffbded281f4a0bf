"""Recommendations: asked for after proven value, given as names or by a link, followed to the sales, thanked for.

A customer is asked at the right moment only: after a promise that was kept, a problem that was solved without trouble,
or praise, and never while something is wrong (`plan/causes/referral.py`).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.core.errors import Refusal
from regulars.facts.accounts import lock_home, of_account, require_account
from regulars.facts.leads import Origin, Taken, take_lead
from regulars.facts.models import Account, Contact, Lead, Signal
from regulars.facts.signals import SignalSource, record_signal, withdraw_signal
from regulars.plan.models import Referral, ReferralAsk, ReferralLink
from regulars.plan.seen import seen_with_account

MOST_NAMES: Final = 5
"""Asked for at once: few enough to think of each."""
VALID: Final = timedelta(days=90)
LONGEST_WORDS = 500
LONGEST_THANKS = 300
_SALT: Final = "regulars.plan.referrals"


class WrongReferral(Refusal):
    """A recommendation cannot be asked for, noted or thanked for like this."""


class StaleAsk(Refusal):
    """The link to the names opens nothing any more."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """Somebody whom a customer named."""

    name: str = ""
    person: str = ""
    email: str = ""
    phone: str = ""
    wishes: str = ""


def visible_asks(member: Member | None) -> QuerySet[ReferralAsk]:
    """Those of the accounts that `member` may see, newest first."""
    return ReferralAsk.objects.filter(seen_with_account(member)).order_by("-on", "-pk")


def visible_links(member: Member | None) -> QuerySet[ReferralLink]:
    """Those of the accounts that `member` may see, newest first."""
    return ReferralLink.objects.filter(seen_with_account(member)).order_by("-pk")


def visible_referrals(member: Member | None) -> QuerySet[Referral]:
    """What the accounts that `member` may see brought, newest first."""
    return Referral.objects.filter(seen_with_account(member)).order_by("-on", "-pk")


# Asking


@transaction.atomic
def ask_for_names(
    *,
    account: Account,
    on: date,
    member: Member | None,
    contact: Contact | None = None,
    ground: str = ReferralAsk.Ground.OTHER,
    said: str = "",
) -> ReferralAsk:
    """Note that the customer is asked whom else we could help. One that is open already is gone on with."""
    require_account(account, member=member)
    account = lock_home(account)
    known = ReferralAsk.objects.filter(of_account(account), state=ReferralAsk.State.OPEN).order_by("-pk").first()
    if known is not None:
        return known
    if contact is not None and contact.account_id != account.pk:
        raise WrongReferral(
            _("%(contact)s is not a person of this account.") % {"contact": contact}, _("Choose another.")
        )
    made = ReferralAsk(
        account=account, contact=contact, member=member, on=on, ground=ground, said=said.strip()[:LONGEST_WORDS]
    )
    with audited(made, verb="ask_for_names", member=member):
        made.save()
    return made


def decline_ask(*, ask: ReferralAsk, on: date, member: Member | None, said: str = "") -> ReferralAsk:
    """They would rather not. They are not asked again for a while."""
    return _settle(ask, ReferralAsk.State.DECLINED, on=on, member=member, said=said, verb="decline_ask")


def withdraw_ask(*, ask: ReferralAsk, on: date, member: Member | None) -> ReferralAsk:
    """They were not asked after all; the link opens nothing any more."""
    return _settle(ask, ReferralAsk.State.WITHDRAWN, on=on, member=member, said="", verb="withdraw_ask")


@transaction.atomic
def reopen_ask(*, ask: ReferralAsk, member: Member | None) -> ReferralAsk:
    """Take back that they declined, or that they were not asked."""
    found = _locked_ask(ask, member, ReferralAsk.State.DECLINED, ReferralAsk.State.WITHDRAWN)
    with audited(found, verb="reopen_ask", member=member, account_id=found.account_id):
        found.state, found.settled_on = ReferralAsk.State.OPEN, None
        found.save()
    return found


@transaction.atomic
def _settle(
    ask: ReferralAsk, state: ReferralAsk.State, *, on: date, member: Member | None, said: str, verb: str
) -> ReferralAsk:
    found = _locked_ask(ask, member, ReferralAsk.State.OPEN)
    with audited(found, verb=verb, member=member, account_id=found.account_id):
        found.state, found.settled_on = state, on
        found.said = said.strip()[:LONGEST_WORDS] or found.said
        found.save()
    return found


def _locked_ask(ask: ReferralAsk, member: Member | None, *states: str) -> ReferralAsk:
    require(member, Permission.WRITE)
    if not visible_asks(member).filter(pk=ask.pk).exists():
        raise WrongReferral(_("There is no such question."), _("It may belong to others."))
    found = ReferralAsk.objects.select_for_update(of=("self",)).select_related("account__merged_into").get(pk=ask.pk)
    if found.state not in states:
        raise WrongReferral(
            _("This cannot be done: %(state)s.") % {"state": found.get_state_display()},
            _("Look at it again: somebody else may have gone on with it."),
        )
    return found


def key_of(ask: ReferralAsk) -> str:
    """The key in the link by which the customer gives names, without a login."""
    return signing.dumps(ask.pk, salt=_SALT)


def ask_of_key(key: str) -> ReferralAsk:
    """The question that a link belongs to. Raises `StaleAsk` for one that is wrong, old, or answered."""
    try:
        pk = signing.loads(key, salt=_SALT, max_age=VALID)
    except signing.BadSignature:
        raise _stale() from None
    found = ReferralAsk.objects.filter(pk=pk).select_related("account__merged_into", "contact", "member").first()
    if found is None or found.state != ReferralAsk.State.OPEN:
        raise _stale()
    return found


# Names


@transaction.atomic
def give_names(
    *, ask: ReferralAsk, names: Sequence[Named], at: datetime, member: Member | None, may_name: bool = False
) -> list[Referral]:
    """Make leads of who was named, by a member at the customer's table or (None) by the customer itself.

    `may_name`: we may say who recommended us. Raises `WrongReferral` without a name, `WrongLead` for one that cannot be
    reached; then nothing is kept.
    """
    found = _locked_ask(ask, member, ReferralAsk.State.OPEN)
    given = [one for one in names[:MOST_NAMES] if one.name.strip() or one.person.strip()]
    if not given:
        raise WrongReferral(_("There is no name."), _("Give at least one, with a phone number or an e-mail address."))
    on = today(organisation(), at)
    made = [_named(found, one, at=at, on=on, member=member, may_name=may_name) for one in given]
    with audited(found, verb="give_names", member=member, account_id=found.account_id):
        found.state, found.settled_on = ReferralAsk.State.NAMED, on
        found.save()
    return [one for one in made if one is not None]


def _named(
    ask: ReferralAsk, one: Named, *, at: datetime, on: date, member: Member | None, may_name: bool
) -> Referral | None:
    taken = take_lead(
        origin=Origin(channel=Lead.Channel.REFERRAL),
        at=at,
        member=member,
        name=one.name,
        person=one.person,
        email=one.email,
        phone=one.phone,
        wishes=one.wishes,
        kind=Account.Kind.FIRM if one.name.strip() else Account.Kind.PERSON,
        language=ask.account.language,
    )
    return _refer(taken, home_of(ask), contact=ask.contact, ask=ask, link=None, on=on, member=member, named=may_name)


# Links


@transaction.atomic
def make_link(*, account: Account, on: date, member: Member | None, contact: Contact | None = None) -> ReferralLink:
    """The link of an account, or of one of its people: one that is open is given again."""
    require_account(account, member=member)
    account = lock_home(account)
    known = ReferralLink.objects.filter(of_account(account), contact=contact, closed_on=None).order_by("-pk").first()
    if known is not None:
        return known
    made = ReferralLink(account=account, contact=contact, token=secrets.token_urlsafe(8), made_by=member, made_on=on)
    with audited(made, verb="make_referral_link", member=member):
        made.save()
    return made


@transaction.atomic
def close_link(*, link: ReferralLink, on: date, member: Member | None) -> ReferralLink:
    """Whoever comes by it from now on is nobody's recommendation."""
    require(member, Permission.WRITE)
    if not visible_links(member).filter(pk=link.pk).exists():
        raise WrongReferral(_("There is no such link."), _("It may belong to others."))
    found = ReferralLink.objects.select_for_update().get(pk=link.pk)
    with audited(found, verb="close_referral_link", member=member, account_id=found.account_id):
        found.closed_on = on
        found.save()
    return found


def link_of_token(token: str) -> ReferralLink | None:
    """The open link at this address."""
    found = ReferralLink.objects.filter(token=token, closed_on=None)
    return found.select_related("account__merged_into", "contact").first()


@transaction.atomic
def came_by_link(*, link: ReferralLink, taken: Taken, at: datetime) -> Referral | None:
    """Note who sent this lead. One that was known before was nobody's recommendation, and none comes twice."""
    on = today(organisation(), at)
    # Who gives the link to others wants them to know from whom it is.
    return _refer(taken, home_of(link), contact=link.contact, ask=None, link=link, on=on, member=None, named=True)


def _refer(
    taken: Taken,
    account: Account,
    *,
    contact: Contact | None,
    ask: ReferralAsk | None,
    link: ReferralLink | None,
    on: date,
    member: Member | None,
    named: bool,
) -> Referral | None:
    if not taken.new:
        return None
    made = Referral(account=account, contact=contact, ask=ask, link=link, lead=taken.lead, may_name=named, on=on)
    with audited(made, verb="refer", member=member, account_id=account.pk):
        made.save()
    source = SignalSource.of(made)
    record_signal(
        account=account, kind="referral_given", observed_on=on, member=None, said=str(taken.lead), source=source
    )
    return made


# Thanks


@transaction.atomic
def thank(*, referral: Referral, on: date, member: Member | None, how: str) -> Referral:
    """Note that the customer was thanked, and how."""
    found = _locked_referral(referral, member)
    how = how.strip()[:LONGEST_THANKS]
    if not how:
        raise WrongReferral(_("It does not say how you said thank you."), _("A call, a letter, a gift: write it down."))
    if found.thanked_on is not None:
        raise WrongReferral(_("They were thanked for it already."), _("There is nothing left to do."))
    with audited(found, verb="thank", member=member, account_id=found.account_id):
        found.thanked_on, found.thanked_by, found.thanks = on, member, how
        found.save()
    return found


@transaction.atomic
def take_back_thanks(*, referral: Referral, member: Member | None) -> Referral:
    """They were not thanked yet."""
    found = _locked_referral(referral, member)
    with audited(found, verb="take_back_thanks", member=member, account_id=found.account_id):
        found.thanked_on, found.thanked_by, found.thanks = None, None, ""
        found.save()
    return found


@transaction.atomic
def withdraw_referral(*, referral: Referral, member: Member | None) -> None:
    """It was nobody's recommendation: the lead stays, the signal is withdrawn."""
    found = _locked_referral(referral, member)
    source = SignalSource.of(found)
    for signal in Signal.objects.filter(source_kind=source.kind, source_uid=source.uid, withdrawn_at=None):
        withdraw_signal(signal=signal, member=None, reason=_("Noted by mistake"))
    with audited(found, verb="withdraw_referral", member=member, account_id=found.account_id):
        found.delete()


def _locked_referral(referral: Referral, member: Member | None) -> Referral:
    require(member, Permission.WRITE)
    if not visible_referrals(member).filter(pk=referral.pk).exists():
        raise WrongReferral(_("There is no such recommendation."), _("It may belong to others."))
    return Referral.objects.select_for_update(of=("self",)).get(pk=referral.pk)


def home_of(record: ReferralAsk | ReferralLink | Referral) -> Account:
    """The account that a record belongs to now."""
    return record.account.merged_into or record.account


def _stale() -> StaleAsk:
    return StaleAsk(_("This link opens nothing any more."), _("If you know somebody for us, call us: thank you!"))
