"""All that is known of an account and its people, by topic: what was noted for the dossier and what Regulars keeps
anyway, each with its source and its day. Completeness, and what to ask next, follow from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from django.utils.translation import gettext as _

from regulars.base.models import Member
from regulars.facts.accounts import of_account
from regulars.facts.models import Account, Contact, Interaction
from regulars.plan.dossier import standing_facts
from regulars.plan.dossier_records import Item, told_by_records
from regulars.plan.dossier_topics import ACCOUNT_TOPICS, PERSON_TOPICS, Topic, topic_of
from regulars.plan.models import DossierFact, KeyAccount

SHARE_OF_PEOPLE = 0.5
"""So much of completeness is what we know of the people; the rest is what we know of the firm."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known under one topic."""

    topic: Topic
    items: Sequence[Item]
    on: date

    @property
    def is_known(self) -> bool:
        """Is there something that need not be asked again?"""
        return any(not one.has_expired(self.on) for one in self.items)

    @property
    def has_expired(self) -> bool:
        return bool(self.items) and not self.is_known


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The account itself, or one person there."""

    contact: Contact | None
    topics: Sequence[Known]
    asks: Member | None
    """Who of ours could ask: who spoke with this person last, else who looks after the account."""
    last_talk: date | None = None

    @property
    def name(self) -> str:
        return self.contact.name if self.contact else ""

    @property
    def share(self) -> float:
        """The part of the weight of all topics of which something is known."""
        whole = sum(one.topic.weight for one in self.topics)
        return sum(one.topic.weight for one in self.topics if one.is_known) / whole if whole else 1.0


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A topic of which nothing is known, or nothing that still holds. `question` is what to ask."""

    topic: Topic
    contact: Contact | None
    question: str
    asks: Member | None
    expired: bool

    @property
    def key(self) -> str:
        """The same for the same gap, for who makes a question of it."""
        return f"{self.topic.key}:{self.contact.uid if self.contact else ''}"


Gap = tuple[Subject, Known]
"""Who or what it is about, and the topic of which nothing is known that still holds."""


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """All that is known."""

    account: Account
    on: date
    firm: Subject
    people: Sequence[Subject]
    gone: Sequence[Subject] = field(default_factory=tuple)
    """People who have left: kept, and not asked for."""

    @property
    def share(self) -> float:
        """Completeness: the firm counts half, its people half; without anybody known, that half is missing."""
        people = sum(one.share for one in self.people) / len(self.people) if self.people else 0.0
        return (1 - SHARE_OF_PEOPLE) * self.firm.share + SHARE_OF_PEOPLE * people

    @property
    def missing(self) -> list[Missing]:
        """What to ask next, the weightiest first; of the firm before its people."""
        return [asked(one) for one in self.gaps]

    @cached_property
    def gaps(self) -> list[Gap]:
        """The same, not yet in words: a customer with hundreds of people has thousands, of which a page shows few."""
        subjects = (self.firm, *self.people)
        found = [(one, known) for one in subjects for known in one.topics if known.topic.weight and not known.is_known]
        return sorted(found, key=lambda gap: -gap[1].topic.weight)

    @property
    def expired_count(self) -> int:
        return sum(one.has_expired for subject in (self.firm, *self.people) for one in subject.topics)


def dossier_of(account: Account, *, on: date, member: Member | None) -> Dossier:
    """What `member` may know of the account on a day."""
    contacts = list(account.contacts.select_related("part").order_by("-active", "name", "pk"))
    items = _noted(standing_facts(account, member=member).select_related("member"))
    for key, told in told_by_records(account, contacts, on=on, member=member).items():
        items[key] += told
    last, manager = _last_talks(account), _manager(account)
    people = [_subject(one, PERSON_TOPICS, items, on=on, asks=manager, last=last) for one in contacts]
    return Dossier(
        account=account,
        on=on,
        firm=_subject(None, ACCOUNT_TOPICS, items, on=on, asks=manager, last=last),
        people=[one for one in people if one.contact and one.contact.active],
        gone=[one for one in people if one.contact and not one.contact.active],
    )


def missing_facts(account: Account, *, on: date, member: Member | None) -> list[Missing]:
    """What we do not know of the account and its people, the weightiest first: questions for the next review."""
    return dossier_of(account, on=on, member=member).missing


Items = Mapping[tuple[int | None, str], list[Item]]
Last = Mapping[int, tuple[date, Member | None]]


def _noted(facts: Iterable[DossierFact]) -> defaultdict[tuple[int | None, str], list[Item]]:
    found: defaultdict[tuple[int | None, str], list[Item]] = defaultdict(list)
    for one in facts:
        topic = topic_of(one.topic, person=one.contact_id is not None)
        found[one.contact_id, topic.key].append(Item.of(one))
    return found


def _subject(
    contact: Contact | None, topics: Iterable[Topic], items: Items, *, on: date, asks: Member | None, last: Last
) -> Subject:
    key = contact.pk if contact else None
    spoke = last.get(contact.pk) if contact else None
    return Subject(
        contact=contact,
        topics=[Known(topic=one, items=items.get((key, one.key), []), on=on) for one in topics],
        asks=(spoke[1] if spoke else None) or asks,
        last_talk=spoke[0] if spoke else None,
    )


def _last_talks(account: Account) -> dict[int, tuple[date, Member | None]]:
    """By contact: when somebody spoke with it last, and who of those still with us."""
    through = Interaction.contacts.through.objects.filter(interaction__account=account)
    talks = through.order_by("interaction__on", "interaction_id")
    # Thousands with a large customer: only what is used is read of them.
    rows = list(talks.values_list("contact_id", "interaction__on", "interaction__member"))
    ours = Member.objects.filter(is_active=True).in_bulk({who for _contact, _on, who in rows if who is not None})
    found: dict[int, tuple[date, Member | None]] = {}
    for contact, on, who in rows:
        known = found.get(contact)
        found[contact] = (on, ours.get(who) or (known[1] if known else None))
    return found


def _manager(account: Account) -> Member | None:
    appointed = KeyAccount.objects.filter(of_account(account), until=None).select_related("manager").first()
    return appointed.manager if appointed else account.owner


def asked(gap: Gap) -> Missing:
    """What to ask where nothing is known."""
    subject, known = gap
    question = str(known.topic.question)
    if subject.contact is not None:
        question = _("%(name)s: %(question)s") % {"name": subject.contact.name, "question": question}
    return Missing(
        topic=known.topic,
        contact=subject.contact,
        question=question,
        asks=subject.asks,
        expired=known.has_expired,
    )
