"""The people map of an account: who there is, what part they play, who of us knows whom and how warm (E12, E22).

Warmth comes from the log of interactions alone (`core/warmth.py`): what nobody noted did not happen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from regulars.base.models import Member
from regulars.core.warmth import UNNAMED, Gap, Gaps, Person, Relation, Talk, Warmth, gaps, relations
from regulars.facts.models import Account, Contact, ContactPart, Interaction

LOOK_BACK: Final = timedelta(days=730)
"""What was said earlier keeps nobody warm."""
BEFORE: Final = timedelta(days=180)
"""Relations now are held against those so long ago."""
MOST_OF_OURS: Final = 10
"""Columns of the map: those with the warmest relations."""
LEVELS: Final = tuple(level.value for level in Contact.Level if level.value)
_LEVEL_RANK: Final = {level: rank for rank, level in enumerate(LEVELS)}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One of theirs, with the relation to each of ours, in the sequence of the columns; None: never spoke."""

    contact: Contact
    part: str
    cells: tuple[Relation | None, ...]
    birthday: tuple[int, int] | None = None
    """Month and day, of those who agreed."""

    @property
    def warmth(self) -> Warmth | None:
        """The warmest of them."""
        known = [one for one in self.cells if one is not None]
        return max(known, key=lambda one: one.strength).warmth if known else None

    @property
    def last_days(self) -> int | None:
        known = [one.last_days for one in self.cells if one is not None]
        return min(known) if known else None

    @property
    def part_label(self) -> str:
        return str(ContactPart.Part(self.part).label) if self.part else ""


@dataclass(frozen=True, kw_only=True)
class PeopleMap:
    """Contacts by ours. `unnamed`: live relations of ours in talks that do not say with whom."""

    rows: tuple[Row, ...]
    ours: tuple[Member, ...]
    gaps: Gaps
    now: float
    """All warmth together, and as it was half a year ago."""
    before: float
    unnamed_talks: int
    names: Mapping[int, str] = field(default_factory=dict)
    """Of theirs and, with a minus before the id, of ours: as the gaps name them."""

    @property
    def is_known(self) -> bool:
        """Is there anybody to speak of?"""
        return bool(self.rows)


@dataclass(kw_only=True)
class _Log:
    """What is known of the relations of one account."""

    people: list[Contact] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)


def people_map(account: Account, *, on: date) -> PeopleMap:
    """The map of one account as of a day. Who calls has looked whether the account may be seen."""
    return _mapped(_logs([account.pk], on=on)[account.pk], [account.owner_id], Member.objects.in_bulk())


def people_maps(accounts: Collection[int], *, on: date) -> dict[int, PeopleMap]:
    """The maps of several accounts, in as many queries as that of one."""
    logs = _logs(accounts, on=on)
    members = Member.objects.in_bulk()
    return {account: _mapped(logs[account], [], members) for account in accounts}


def _logs(accounts: Collection[int], *, on: date) -> dict[int, _Log]:
    found: dict[int, _Log] = defaultdict(_Log)
    contacts = Contact.objects.filter(account__in=list(accounts)).select_related("part")
    for one in contacts.order_by("name", "pk"):
        found[one.account_id].people.append(one)
    for account, contact, member, kind, day in _talks(accounts, on=on):
        found[account].talks.append(Talk(contact or UNNAMED, member, kind, (on - day).days))
    return found


def _talks(accounts: Iterable[int], *, on: date) -> Iterable[tuple[int, int | None, int, str, date]]:
    """Account, contact, one of ours, kind and day of every talk; one that names two contacts is two."""
    talks = Interaction.objects.filter(
        account__in=list(accounts), on__gt=on - LOOK_BACK, on__lte=on, member__isnull=False
    ).exclude(kind=Interaction.Kind.NOTE)
    return talks.order_by("pk").values_list("account_id", "contacts", "member_id", "kind", "on")


def _mapped(log: _Log, always: Sequence[int | None], members: Mapping[int, Member]) -> PeopleMap:
    known = relations(log.talks)
    earlier = relations(Talk(one.theirs, one.ours, one.kind, one.age_days - BEFORE.days) for one in log.talks)
    ours = _columns(known, [one for one in always if one is not None])
    people = [_person(one) for one in log.people]
    shown = [members[one] for one in ours if one in members]
    names = {one.pk: one.name for one in log.people} | {-one.pk: one.name for one in shown}
    return PeopleMap(
        rows=tuple(
            Row(
                contact=one,
                part=_part(one),
                cells=tuple(known.get((one.pk, member.pk)) for member in shown),
                birthday=_birthday(one),
            )
            for one in sorted(log.people, key=_rank)
        ),
        ours=tuple(shown),
        gaps=gaps(people, known, levels=LEVELS),
        now=sum(one.strength for one in known.values()),
        before=sum(one.strength for one in earlier.values()),
        unnamed_talks=sum(one.talks for (theirs, _ours), one in known.items() if theirs == UNNAMED),
        names=names,
    )


def _columns(known: Mapping[tuple[int, int], Relation], always: Iterable[int]) -> list[int]:
    """Those of ours with the warmest relations, and who looks after the account in any case."""
    warmth: dict[int, float] = defaultdict(float)
    for (_theirs, ours), one in known.items():
        warmth[ours] += one.strength
    ranked = sorted(warmth, key=lambda one: (-warmth[one], one))[:MOST_OF_OURS]
    return [*ranked, *(one for one in always if one not in ranked)]


def _rank(contact: Contact) -> tuple[bool, int, str]:
    return not contact.active, _LEVEL_RANK.get(contact.level, len(LEVELS)), contact.name.casefold()


def _person(contact: Contact) -> Person:
    return Person(key=contact.pk, level=contact.level, part=_part(contact), active=contact.active)


def _part(contact: Contact) -> str:
    known: ContactPart | None = getattr(contact, "part", None)
    return known.part if known is not None else ""


def _birthday(contact: Contact) -> tuple[int, int] | None:
    known: ContactPart | None = getattr(contact, "part", None)
    if known is None or known.birth_month is None or known.birth_day is None:
        return None
    return known.birth_month, known.birth_day


GRAVE: Final = (Gap.CHAMPION_GONE, Gap.NOBODY, Gap.ONE_OF_OURS, Gap.ONE_OF_THEIRS, Gap.COLD_DECIDER)
"""Without these, relations are good enough."""
