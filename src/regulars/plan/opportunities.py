"""Opportunities: opened, moved from stage to stage, won or lost with a reason; each has a next step on a day.

Winning and losing are signals of the account; what was won of an offering is noted in its white space.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final, TypedDict, Unpack

from babel.numbers import is_currency
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.base.organisation import organisation
from regulars.core.errors import Refusal
from regulars.core.money import convert_minor, from_minor, to_minor
from regulars.facts.accounts import of_account, require_account, visible_accounts
from regulars.facts.models import Account, ExchangeRate, Offering, Signal, Supply
from regulars.facts.offerings import mapped_products, offerings, tell_supply, withdraw_supply
from regulars.facts.signals import SignalSource, record_signal, withdraw_signal
from regulars.insight.affinity import CATEGORY, Suggestion
from regulars.insight.protection import protect
from regulars.plan.handovers import open_handover
from regulars.plan.models import Handover, Opportunity, OpportunityStep
from regulars.plan.opportunity_stages import known_stage, stages
from regulars.plan.seen import seen_with_account

LONGEST_TITLE: Final = 200
LONGEST_WORDS: Final = 500


class WrongOpportunity(Refusal):
    """This cannot be done with the opportunity."""


class NoSuchOpportunity(Refusal):
    """There is no such opportunity that this member may see."""


class OpportunityFields(TypedDict, total=False):
    """What can be said of an opportunity."""

    title: str
    offering: Offering | None
    amount_minor: int | None
    currency: str
    expected_on: date | None
    next_step: str
    next_step_on: date | None
    owner: Member


def visible_opportunities(member: Member | None) -> QuerySet[Opportunity]:
    """Those of accounts that `member` may see, and those that the member follows up; the next step due first."""
    seen = seen_with_account(member)
    if member is not None and member.is_active:
        seen |= Q(owner=member)
    return Opportunity.objects.filter(seen).order_by("next_step_on", "pk")


def open_opportunities(account: Account, *, member: Member | None) -> QuerySet[Opportunity]:
    """What the account may buy and has not decided on."""
    return visible_opportunities(member).filter(of_account(account), state=Opportunity.State.OPEN)


def home_of(opportunity: Opportunity) -> Account:
    """The account that it belongs to now."""
    return opportunity.account.merged_into or opportunity.account


@transaction.atomic
def open_opportunity(
    *,
    account: Account,
    on: date,
    member: Member | None,
    stage: str = "",
    source: str = Opportunity.Source.OWN,
    source_said: str = "",
    record: SignalSource | None = None,
    **said: Unpack[OpportunityFields],
) -> Opportunity:
    """Open an opportunity, in the first stage if none is named, followed up by `owner`, else `member`, else the owner.

    Raises `WrongOpportunity` without a title, for an amount below nothing, and where nobody would follow it up.
    """
    require_account(account, member=member)
    account = account.merged_into or account
    owner = said.pop("owner", None) or member or account.owner
    if owner is None:
        raise WrongOpportunity(_("Nobody would follow it up."), _("Say who does."))
    made = Opportunity(
        account=account,
        stage=known_stage(stage).key if stage else stages()[0].key,
        owner=owner,
        source=source,
        source_said=source_said.strip()[:LONGEST_TITLE],
        source_kind=record.kind if record else "",
        source_uid=record.uid if record else None,
        opened_on=on,
        currency=organisation().base_currency,
    )
    with audited(made, verb="open_opportunity", member=member):
        _set(made, said)
        made.save()
    _step(made, on=on, member=member)
    return made


@transaction.atomic
def change_opportunity(
    *, opportunity: Opportunity, on: date, member: Member | None, **said: Unpack[OpportunityFields]
) -> Opportunity:
    """Change what is said of it: amount, day, next step, who follows it up."""
    found = _open(opportunity, member)
    amount = (found.amount_minor, found.currency)
    with audited(found, verb="change_opportunity", member=member, account_id=found.account_id):
        _set(found, said)
        found.save()
    if (found.amount_minor, found.currency) != amount:
        _step(found, on=on, member=member)
    return found


@transaction.atomic
def move_opportunity(*, opportunity: Opportunity, stage: str, on: date, member: Member | None) -> Opportunity:
    """It has come to another stage."""
    found = _open(opportunity, member)
    to = known_stage(stage)
    if found.stage == to.key:
        return found
    with audited(found, verb="move_opportunity", member=member, account_id=found.account_id):
        found.stage = to.key
        found.save()
    _step(found, on=on, member=member)
    return found


@transaction.atomic
def win_opportunity(
    *,
    opportunity: Opportunity,
    on: date,
    member: Member | None,
    said: str = "",
    amount_minor: int | None = None,
    hand_over: bool = False,
) -> Opportunity:
    """The customer has said yes, for `amount_minor` if that is another amount now.

    `hand_over` opens its hand-over, where none is under way, for who keeps the customer from now on. The signal counts
    at once; of its offering it is noted that we sell it.
    """
    found = _open(opportunity, member)
    if amount_minor is not None:
        _refuse_negative(amount_minor)
    with audited(found, verb="win_opportunity", member=member, account_id=found.account_id):
        found.state, found.closed_on, found.closing_words = Opportunity.State.WON, on, _short(said)
        found.amount_minor = found.amount_minor if amount_minor is None else amount_minor
        found.save()
    _step(found, on=on, member=member, said=said)
    _record_signal(found, "opportunity_won", on=on, member=member)
    home, source = home_of(found), SignalSource.of(found)
    if found.offering is not None:
        tell_supply(
            account=home, offering=found.offering, state="us", on=on, member=None, source=found.title, record=source
        )
    under_way = Handover.objects.filter(of_account(home), state__in=Handover.UNDER_WAY).exists()
    if hand_over and not under_way and _sees(home, member):
        open_handover(account=home, origin=Handover.Origin.WON, on=on, member=member, work=found.title)
    return found


@transaction.atomic
def lose_opportunity(
    *, opportunity: Opportunity, reason: str, on: date, member: Member | None, said: str = ""
) -> Opportunity:
    """The customer has said no, and why."""
    found = _open(opportunity, member)
    if reason not in Opportunity.Reason.values:
        raise WrongOpportunity(_("The reason is missing."), _("Say why it was lost: the next offer will need it."))
    with audited(found, verb="lose_opportunity", member=member, account_id=found.account_id):
        found.state, found.closed_on = Opportunity.State.LOST, on
        found.reason, found.closing_words = reason, _short(said)
        found.save()
    _step(found, on=on, member=member, said=said)
    if reason == Opportunity.Reason.COMPETITOR:
        _record_signal(found, "tender_lost", on=on, member=member)
    return found


@transaction.atomic
def reopen_opportunity(*, opportunity: Opportunity, on: date, member: Member | None) -> Opportunity:
    """It was not decided after all: its end is taken back, with the signal and what was noted because of it."""
    found = _locked(opportunity, member)
    if found.state == Opportunity.State.OPEN:
        raise WrongOpportunity(_("It is open."), _("There is nothing to take back."))
    source = SignalSource.of(found)
    with audited(found, verb="reopen_opportunity", member=member, account_id=found.account_id):
        found.state, found.closed_on, found.reason, found.closing_words = Opportunity.State.OPEN, None, "", ""
        if found.stage not in {one.key for one in stages()}:
            found.stage = stages()[-1].key
        found.save()
    _step(found, on=on, member=member)
    came_of_it = {"source_kind": source.kind, "source_uid": source.uid, "withdrawn_at": None}
    for signal in Signal.objects.filter(**came_of_it):
        withdraw_signal(signal=signal, member=None, reason=_("Noted by mistake"))
    for supply in Supply.objects.filter(**came_of_it):
        withdraw_supply(supply=supply, member=None)
    protect([home_of(found).pk], on=on)
    return found


@transaction.atomic
def open_from_suggestion(
    *, account: Account, suggestion: Suggestion, on: date, member: Member | None, next_step_on: date | None = None
) -> Opportunity:
    """Open an opportunity for what accounts like this one buy, with what they spent on it in a year as its amount."""
    found = Opportunity.objects.filter(
        of_account(account.merged_into or account), state=Opportunity.State.OPEN, title__iexact=suggestion.name
    ).first()
    if found is not None:
        raise WrongOpportunity(
            _("“%(title)s” is an opportunity of this account already.") % {"title": found.title}, _("Go on with it.")
        )
    currency, spent = organisation().base_currency, suggestion.first_year_sales
    return open_opportunity(
        account=account,
        on=on,
        member=member,
        source=Opportunity.Source.SUGGESTION,
        title=suggestion.name[:LONGEST_TITLE],
        offering=offering_of(suggestion),
        amount_minor=None if spent is None else to_minor(str(round(max(spent, 0.0), 2)), currency),
        next_step=_("Show it to them, and ask"),
        next_step_on=next_step_on,
    )


def offering_of(suggestion: Suggestion) -> Offering | None:
    """The firm's offering that a suggested product or category belongs to, if any."""
    wanted = list(offerings())
    mapped = mapped_products(wanted)
    for one in wanted:
        held = mapped[one.pk]
        if suggestion.item in (held.categories if suggestion.kind == CATEGORY else held.codes):
            return one
    return None


# Money


def rates_to_base(base: str) -> dict[str, Decimal]:
    """What one unit of each foreign currency was worth last, in units of the base currency."""
    known = ExchangeRate.objects.order_by("currency", "valid_from").values_list("currency", "rate")
    return {**dict(known), base: Decimal(1)}


def in_base(opportunity: Opportunity, *, base: str, rates: dict[str, Decimal]) -> float | None:
    """Its amount in units of the base currency. None: no amount, or no rate of its currency is known."""
    if opportunity.amount_minor is None or opportunity.currency not in rates:
        return None
    rate = rates[opportunity.currency]
    minor = convert_minor(opportunity.amount_minor, rate=rate, from_currency=opportunity.currency, to_currency=base)
    return float(from_minor(minor, base))


def open_for_writing(opportunity: Opportunity, member: Member | None) -> Opportunity:
    """The open opportunity, locked, for who may write there. Raises a `Refusal` otherwise."""
    return _open(opportunity, member)


def pass_on_opportunities(*, person: Member, heir: Member, member: Member | None) -> None:
    """Who leaves follows up nothing any more; the heir does."""
    for one in Opportunity.objects.filter(owner=person, state=Opportunity.State.OPEN):
        with audited(one, verb="reassign", member=member, account_id=one.account_id):
            one.owner = heir
            one.save(update_fields=["owner", "updated_at"])


def _set(opportunity: Opportunity, said: OpportunityFields) -> None:
    values: dict[str, Any] = dict(said)
    if "title" in values or not opportunity.title:
        values["title"] = str(values.get("title", "")).strip()[:LONGEST_TITLE]
        if not values["title"]:
            raise WrongOpportunity(_("It does not say what it is about."), _("Give it a title."))
    if values.get("amount_minor") is not None:
        _refuse_negative(values["amount_minor"])
    if "currency" in values:
        values["currency"] = (values["currency"] or opportunity.currency).upper()
        if not is_currency(values["currency"]):
            raise WrongOpportunity(
                _("There is no currency “%(code)s”.") % {"code": values["currency"]},
                _("Use its code of three letters."),
            )
    owner = values.get("owner")
    if owner is not None and not owner.is_active:
        raise WrongOpportunity(_("%(member)s is no longer active.") % {"member": owner}, _("Choose somebody else."))
    for name, value in values.items():
        setattr(opportunity, name, value.strip()[:300] if isinstance(value, str) else value)
    if opportunity.next_step_on is not None and not opportunity.next_step:
        raise WrongOpportunity(_("It does not say what the next step is."), _("Say it in a few words."))


def _refuse_negative(amount_minor: int) -> None:
    if not 0 <= amount_minor < 10**15:
        raise WrongOpportunity(_("This is no amount of a sale."), _("Give what it brings in its first year."))


def _short(said: str) -> str:
    return said.strip()[:LONGEST_WORDS]


def _step(opportunity: Opportunity, *, on: date, member: Member | None, said: str = "") -> None:
    OpportunityStep.objects.create(
        opportunity=opportunity,
        state=opportunity.state,
        stage=opportunity.stage,
        amount_minor=opportunity.amount_minor,
        on=on,
        said=_short(said),
        member=member,
    )


def _sees(account: Account, member: Member | None) -> bool:
    return member is None or visible_accounts(member).filter(pk=account.pk).exists()


def _record_signal(opportunity: Opportunity, kind: str, *, on: date, member: Member | None) -> None:
    """Who follows it up may no longer see the account, after it was handed over; the signal is recorded anyway."""
    account = home_of(opportunity)
    record_signal(
        account=account,
        kind=kind,
        observed_on=on,
        member=member if _sees(account, member) else None,
        said=opportunity.title,
        source=SignalSource.of(opportunity),
    )
    protect([account.pk], on=on)


def _locked(opportunity: Opportunity, member: Member | None) -> Opportunity:
    require(member, Permission.WRITE)
    if not visible_opportunities(member).filter(pk=opportunity.pk).exists():
        raise NoSuchOpportunity(_("There is no such opportunity."), _("It may belong to others."))
    locked = Opportunity.objects.select_for_update(of=("self",))
    return locked.select_related("account__merged_into", "owner", "offering").get(pk=opportunity.pk)


def _open(opportunity: Opportunity, member: Member | None) -> Opportunity:
    found = _locked(opportunity, member)
    if found.state != Opportunity.State.OPEN:
        raise WrongOpportunity(
            _("This opportunity is %(state)s.") % {"state": found.get_state_display()},
            _("Open it again first, if that was a mistake."),
        )
    return found
