"""What Regulars keeps of an account and its people anyway, as a dossier tells it: by topic, with source and day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from regulars.base.formats import day_of_year, listed, money
from regulars.base.models import Member
from regulars.base.organisation import organisation, zone
from regulars.core.money import exponent
from regulars.facts.accounts import visible_accounts
from regulars.facts.custom_fields import visible_custom_fields
from regulars.facts.goals import live_goals
from regulars.facts.models import Account, Contact, ContactPart, Supply
from regulars.facts.offerings import visible_supplies
from regulars.facts.service_profiles import profile_sentences, service_profile
from regulars.facts.told_signs import standing_signs
from regulars.facts.wallet_estimates import HOLDS_FOR, estimates_of
from regulars.plan.models import DossierFact


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that is known, with where from and since when."""

    text: str
    source: str
    on: date
    expires_on: date | None = None
    confidential: bool = False
    fact: DossierFact | None = None
    """What was noted for the dossier; None: Regulars keeps it elsewhere."""

    @classmethod
    def of(cls, fact: DossierFact) -> Item:
        return cls(
            text=fact.text,
            source=fact.source,
            on=fact.on,
            expires_on=fact.expires_on,
            confidential=fact.confidential,
            fact=fact,
        )

    def has_expired(self, on: date) -> bool:
        return self.expires_on is not None and self.expires_on <= on


@dataclass(frozen=True)
class _Clock:
    """Where days are counted, and the last of them; what languages are called."""

    where: tzinfo
    on: date
    languages: Mapping[str, str] = field(default_factory=lambda: dict(settings.LANGUAGES))
    """By code, for all the people of a customer."""


Told = dict[tuple[int | None, str], list[Item]]
"""Items by contact (None: the account itself) and topic."""


def told_by_records(account: Account, contacts: Sequence[Contact], *, on: date, member: Member | None) -> Told:
    """What the records say. The number of queries does not grow with the people."""
    found: defaultdict[tuple[int | None, str], list[Item]] = defaultdict(list)
    clock = _Clock(where=zone(organisation()), on=on)
    for topic, item in _of_firm(account, contacts, member, clock):
        found[None, topic].append(item)
    for contact in contacts:
        for topic, item in _of_person(contact, clock):
            found[contact.pk, topic].append(item)
    return found


Telling = Iterator[tuple[str, Item]]


def _of_firm(account: Account, contacts: Sequence[Contact], member: Member | None, clock: _Clock) -> Telling:
    yield from _of_master_data(account, member, clock)
    deciders = [one.name for one in contacts if one.active and _part(one) == ContactPart.Part.DECIDES]
    if deciders:
        known = max(one.part.updated_at for one in contacts if _part(one) == ContactPart.Part.DECIDES)
        text = _("Decides: %(names)s") % {"names": listed(deciders)}
        yield "decisions", Item(text=text, source=_("people map"), on=_day(known, clock))
    for goal in live_goals(account, member=member).select_related("contact"):
        source = goal.source or (goal.contact.name if goal.contact else _("noted by us"))
        yield "aims", Item(text=goal.text, source=source, on=goal.noted_on)
    profile = service_profile(account)
    for sentence in profile_sentences(profile):
        assert profile is not None
        yield "preferences", Item(text=sentence, source=_("service profile"), on=_day(profile.created_at, clock))
    yield from _competitors(account, member)
    for estimate in estimates_of(account)[:1]:
        text = _("%(amount)s a year, with everyone") % {
            "amount": money(estimate.yearly_minor / 10 ** exponent(estimate.currency), estimate.currency)
        }
        expires_on = estimate.estimated_on + HOLDS_FOR
        yield "wallet", Item(text=text, source=estimate.source, on=estimate.estimated_on, expires_on=expires_on)
    for sign in standing_signs(accounts=[account.pk]):
        text = f"{sign.get_sign_display()}. {sign.reason}"
        source = sign.member.name if sign.member else _("noted by us")
        yield (
            ("reputation" if sign.sign == sign.Sign.REPUTATION else "other"),
            Item(text=text, source=source, on=sign.told_on),
        )
    for own in visible_custom_fields(member):
        value = account.custom.get(own.key)
        if value not in (None, ""):
            yield (
                "other",
                Item(
                    text=_("%(label)s: %(value)s") % {"label": own.label, "value": _value(value)},
                    source=_("customer record"),
                    on=_day(account.updated_at, clock),
                    confidential=own.confidential,
                ),
            )


def _of_master_data(account: Account, member: Member | None, clock: _Clock) -> Telling:
    kept, on = _("customer record"), _day(account.updated_at, clock)
    if account.trade:
        yield "business", Item(text=account.trade, source=kept, on=on)
    if account.size:
        yield "business", Item(text=_("Size: %(size)s") % {"size": account.size}, source=kept, on=on)
    if account.parent is not None:
        text = _("Belongs to %(name)s") % {"name": account.parent.name}
        yield "ownership", Item(text=text, source=kept, on=on)
    children = [one.name for one in visible_accounts(member).filter(parent=account).order_by("name")[:20]]
    if children:
        yield "ownership", Item(text=_("Owns %(names)s") % {"names": listed(children)}, source=kept, on=on)


def _competitors(account: Account, member: Member | None) -> Telling:
    """Of each offering and place what was said last, where it is a competitor."""
    told: set[tuple[int, str]] = set()
    for one in visible_supplies(member).filter(account=account).select_related("offering"):
        if (one.offering_id, one.place) in told:
            continue
        told.add((one.offering_id, one.place))
        if one.state == Supply.State.COMPETITOR:
            named = {"offering": one.offering.name, "supplier": one.supplier or _("a competitor")}
            text = _("%(offering)s: from %(supplier)s") % named
            yield (
                "competitors",
                Item(text=text, source=one.source or _("white space"), on=one.said_on, expires_on=one.until),
            )


def _of_person(contact: Contact, clock: _Clock) -> Telling:
    kept, on = _("customer record"), _day(contact.updated_at, clock)
    place = str(contact.get_level_display()) if contact.level else ""
    if contact.role or place:
        yield (
            "role",
            Item(
                text=pgettext("between clauses", "; ").join(one for one in (contact.role, place) if one),
                source=kept,
                on=on,
            ),
        )
    ways = [one for one in (contact.phone, contact.mobile, contact.email) if one]
    if ways:
        language = str(clock.languages.get(contact.language, contact.language))
        reach = [*ways, language] if language else ways
        yield "reach", Item(text=pgettext("between clauses", "; ").join(reach), source=kept, on=on)
    part = getattr(contact, "part", None)
    if part is not None and part.part:
        yield "part", Item(text=str(part.get_part_display()), source=_("people map"), on=_day(part.updated_at, clock))
    if part is not None and part.birth_month and part.birth_day and part.birthday_agreed_on:
        birthday = day_of_year(part.birth_month, part.birth_day)
        agreed = part.birthday_agreed_on
        yield "birthday", Item(text=birthday, source=_("told us, and agreed that we keep it"), on=agreed)


def _part(contact: Contact) -> str:
    part = getattr(contact, "part", None)
    return part.part if part is not None else ""


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def _day(at: datetime, clock: _Clock) -> date:
    """The business date of a moment; never after the day that the dossier is about (an old export, the demo)."""
    return min(at.astimezone(clock.where).date(), clock.on)
