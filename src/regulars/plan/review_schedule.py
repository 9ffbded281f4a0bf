"""The schedule of reviews: whose review is due when, and who holds it on which day, solved for a year at once.

Only proposals come of it. What was scheduled, accepted or moved by somebody stays where it is and takes its place.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import numpy as np
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import ngettext

from regulars.base.access import Permission, require, visible_members
from regulars.base.audit import record_change, record_changes
from regulars.base.formats import number
from regulars.base.models import Member, Organisation
from regulars.base.organisation import organisation
from regulars.core.scheduling import Places, Wanted, assigned, spread_due
from regulars.core.working_time import WorkingTime
from regulars.facts.accounts import visible_accounts
from regulars.facts.models import Account
from regulars.insight.models import Protection
from regulars.plan.issue_rules import working_time
from regulars.plan.models import LevelChoice, Review, ReviewCapacity, ReviewStep, WinBack
from regulars.plan.review_rules import A_WEEK, AHEAD_DAYS, MINUTES, every_days

WEEKS: Final = 52
"""So far ahead reviews are spread."""
LEVEL_COUNTS: Final = {None: 1.0, 1: 1.0, 2: 1.5, 3: 2.0}
"""A review is worth the sales of a year, times this for the opportunity level."""
BETWEEN: Final = timedelta(minutes=90)
"""Between the beginnings of two reviews of one person lies this much at least."""
VERY_MANY: Final = 10_000
KEPT_FOR: Final = timedelta(minutes=10)
"""With very many customers, their levels are counted anew so often."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An account whose review is to be placed."""

    account_id: int
    owner_id: int
    level: int | None
    interval_days: int
    value: float
    last_on: date | None
    """When it was reviewed last. None: never."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """How many reviews a week are due, by level and protection, and how many fit."""

    due_a_week: float
    a_week: int
    accounts: int
    people: int

    @property
    def fits(self) -> bool:
        return self.due_a_week <= self.a_week

    def sentence(self) -> str:
        """Both in one sentence."""
        said = {"due": number(self.due_a_week, digits=0 if self.due_a_week >= 10 else 1), "fit": number(self.a_week)}
        said["accounts"] = number(self.accounts)
        if self.fits:
            fitting = ngettext(
                "For %(accounts)s customer, %(due)s reviews a week are due by level and protection; %(fit)s fit.",
                "For %(accounts)s customers, %(due)s reviews a week are due by level and protection; %(fit)s fit.",
                self.accounts,
            )
            return fitting % said
        too_many = ngettext(
            "For %(accounts)s customer, %(due)s reviews a week are due by level and protection, and %(fit)s fit: the "
            "most valuable customers come first, the others wait.",
            "For %(accounts)s customers, %(due)s reviews a week are due by level and protection, and %(fit)s fit: the "
            "most valuable customers come first, the others wait.",
            self.accounts,
        )
        return too_many % said


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What came of planning the year."""

    placed: int
    left_out: int
    """Due within the year, without a place."""

    def sentence(self) -> str:
        text = ngettext("%(count)s review is proposed.", "%(count)s reviews are proposed.", self.placed)
        text %= {"count": number(self.placed)}
        if not self.left_out:
            return text
        more = ngettext(
            "%(count)s less valuable customer does not fit into the year.",
            "%(count)s less valuable customers do not fit into the year.",
            self.left_out,
        )
        return text + " " + more % {"count": number(self.left_out)}


# Who holds how many


def capacities(members: Iterable[Member], firm: Organisation) -> dict[int, int]:
    """How many reviews each member holds in a week."""
    listed = [one.pk for one in members]
    own = dict(ReviewCapacity.objects.filter(member__in=listed).values_list("member_id", "a_week"))
    usual = int(A_WEEK.of(firm))
    return {pk: own.get(pk, usual) for pk in listed}


@transaction.atomic
def set_capacity(*, holder: Member, a_week: int | None, member: Member | None) -> None:
    """Say how many reviews somebody holds in a week; None: as many as is usual. Others' need the right to assign."""
    require(member, Permission.WRITE)
    if member is not None and holder.pk != member.pk:
        require(member, Permission.ASSIGN)
    before = ReviewCapacity.objects.filter(member=holder).values_list("a_week", flat=True).first()
    if a_week is None:
        ReviewCapacity.objects.filter(member=holder).delete()
    else:
        assert 0 <= a_week <= 40, "a form or schema checks this"
        ReviewCapacity.objects.update_or_create(member=holder, defaults={"a_week": a_week})
    record_change(
        member=member, verb="set_capacity", record=holder, before={"a_week": before}, after={"a_week": a_week}
    )


def holders(member: Member | None) -> list[Member]:
    """Who looks after accounts that `member` may see: those whose reviews are planned."""
    theirs = visible_accounts(member).filter(owner=OuterRef("pk")).order_by()
    return list(visible_members(member).filter(Exists(theirs), is_active=True))


def load_of(member: Member | None, *, of: Iterable[Member] | None = None) -> Load:
    """How many reviews are due in a week for the accounts of these members, and how many fit."""
    firm = organisation()
    people = list(holders(member) if of is None else of)
    counted = _counted_levels(member, people)
    groups = [(every_days(level, protection, firm), accounts) for (level, protection), accounts in counted.items()]
    return Load(
        due_a_week=sum(accounts * 7 / days for days, accounts in groups),
        a_week=sum(capacities(people, firm).values()),
        accounts=sum(accounts for _days, accounts in groups),
        people=len(people),
    )


def _counted_levels(member: Member | None, people: Iterable[Member]) -> Counter[tuple[int | None, int | None]]:
    """How many customers of these people there are by opportunity level in force and protection level.

    Where there are very many, what was counted some minutes ago is as good: one more or less is not seen.
    """
    whose = ",".join(str(one.pk) for one in people)
    key = "review-load-" + hashlib.sha256(f"{member.pk if member else ''}:{whose}".encode()).hexdigest()
    kept: Counter[tuple[int | None, int | None]] | None = cache.get(key)
    if kept is not None:
        return kept
    customers = _customers(member, people)
    as_computed = customers.values_list("opportunity_level__level", "protection__level").annotate(count=Count("pk"))
    counted = Counter({(level, protection): count for level, protection, count in as_computed})
    # Few levels were chosen by somebody: these are moved from what was computed to what was chosen.
    chosen = dict(LevelChoice.objects.filter(ended_at=None).values_list("account_id", "level"))
    moved = customers.filter(pk__in=list(chosen)) if chosen else Account.objects.none()
    for pk, computed, protection in moved.values_list("pk", "opportunity_level__level", "protection__level"):
        counted[computed, protection] -= 1
        counted[chosen[pk], protection] += 1
    counted = +counted
    if counted.total() >= VERY_MANY:
        cache.set(key, counted, KEPT_FOR.total_seconds())
    return counted


def waiting_accounts(member: Member | None, *, of: Iterable[Member]) -> QuerySet[Account]:
    """Customers of these members without a coming review, the one that is worth most first."""
    found = _customers(member, of).exclude(pk__in=_with_coming_review())
    return found.order_by(F("protection__worth").desc(nulls_last=True), "pk")


def count_waiting(member: Member | None, *, of: Iterable[Member]) -> int:
    """How many `waiting_accounts` there are: all customers, as counted for the load, without those to be reviewed."""
    people = list(of)
    reviewed = _customers(member, people).filter(pk__in=_with_coming_review()).count()
    return max(_counted_levels(member, people).total() - reviewed, 0)


def waiting_ids(waiting: QuerySet[Account], begin: int, end: int, *, count: int) -> list[int]:
    """The ids of these of `waiting_accounts`, of which there are `count`.

    Very many are not sorted: they are met in the sequence of what accounts are worth. Those of whom that is not known
    come last, so a part that is full without them is the same.
    """
    if count >= VERY_MANY:
        met = Protection.objects.filter(Exists(waiting.order_by().filter(pk=OuterRef("account"))))
        ids = list(met.order_by("-worth", "account").values_list("account_id", flat=True)[begin:end])
        if len(ids) == end - begin:
            return ids
    return list(waiting.values_list("pk", flat=True)[begin:end])


def _with_coming_review() -> QuerySet[Review, Any]:
    return Review.objects.filter(state__in=Review.COMING).order_by().values("account_id")


# Planning


@transaction.atomic
def plan_reviews(*, on: date, member: Member | None, of: Iterable[Member] | None = None, weeks: int = WEEKS) -> Planned:
    """Propose a time for every review that is due within the weeks and fits, for the accounts of these members.

    Earlier proposals are placed anew; without a place they stay, without a time. Planning for others needs the right to
    assign accounts.
    """
    require(member, Permission.WRITE)
    firm = organisation()
    people = list(holders(member) if of is None else of)
    if any(member is not None and one.pk != member.pk for one in people):
        require(member, Permission.ASSIGN)
    by_holder: dict[int, list[Candidate]] = defaultdict(list)
    for one in _candidates(member, people, firm):
        by_holder[one.owner_id].append(one)
    proposed = _proposals(people)
    fixed = _fixed(people)
    a_week = capacities(people, firm)
    placed: list[tuple[Candidate, date, datetime | None]] = []
    left_out = 0
    for holder in people:
        found = _placed(
            by_holder[holder.pk], proposed, _slots(fixed[holder.pk], a_week[holder.pk], on, weeks, firm), on, weeks
        )
        placed += [one for one in found if one[2] is not None or one[0].account_id in proposed]
        left_out += sum(1 for _one, _due, at in found if at is None)
    _keep(placed, proposed, on, firm, member)
    times = sum(1 for _one, _due, at in placed if at is not None)
    after = {"placed": times, "left_out": left_out, "people": [one.pk for one in people]}
    record_change(member=member, verb="plan_reviews", record=firm, before={}, after=after)
    return Planned(placed=times, left_out=left_out)


@transaction.atomic
def accept_proposals(*, reviews: QuerySet[Review], on: date, member: Member | None) -> int:
    """Let all these proposed times stand. Returns how many; those without a time, or whose day has passed, are left."""
    require(member, Permission.WRITE)
    zone = working_time(organisation(), year=on.year).zone
    start = datetime.combine(on, time(), tzinfo=zone)
    standing = reviews.filter(state=Review.State.PROPOSED, scheduled_at__gte=start).order_by("pk")
    chosen = list(Review.objects.filter(pk__in=standing.values("pk")).select_for_update())
    for one in chosen:
        one.state, one.updated_at = Review.State.SCHEDULED, timezone.now()
    Review.objects.bulk_update(chosen, ["state", "updated_at"], batch_size=500)
    ReviewStep.objects.bulk_create([_step(one, on, member) for one in chosen], batch_size=500)
    scheduled = [(one, {"state": Review.State.PROPOSED.value}, {"state": one.state}) for one in chosen]
    record_changes(member=member, verb="accept_review", changes=scheduled)
    after = {"reviews": [one.pk for one in chosen]}
    record_change(member=member, verb="accept_proposals", record=organisation(), before={}, after=after)
    return len(chosen)


@transaction.atomic
def discard_proposals(*, reviews: QuerySet[Review], member: Member | None) -> int:
    """Take all these proposals back; nothing that somebody accepted or scheduled. Returns how many."""
    require(member, Permission.WRITE)
    proposed = Review.objects.filter(pk__in=reviews.filter(state=Review.State.PROPOSED).order_by().values("pk"))
    count = proposed.count()
    proposed.delete()
    after = {"reviews": count}
    record_change(member=member, verb="discard_proposals", record=organisation(), before={}, after=after)
    return count


# Who is due


def _candidates(member: Member | None, people: Iterable[Member], firm: Organisation) -> Iterator[Candidate]:
    """The customers of these people, as they compete for times."""
    last = _last_held()
    chosen = dict(LevelChoice.objects.filter(ended_at=None).values_list("account_id", "level"))
    rows = _customers(member, people).values_list(
        "pk", "owner_id", "opportunity_level__level", "protection__level", "protection__worth", "score__sales_12m"
    )
    days: dict[tuple[int | None, int | None], int] = {}
    for pk, owner, computed, protection, worth, sales in rows.iterator(chunk_size=20_000):
        level = chosen.get(pk, computed)
        key = (level, protection)
        if key not in days:
            days[key] = every_days(level, protection, firm)
        value = max(worth if worth is not None else sales or 0.0, 0.0) * LEVEL_COUNTS[level]
        yield Candidate(
            account_id=pk,
            owner_id=owner,
            level=level,
            interval_days=days[key],
            value=value,
            last_on=last.get(pk),
        )


def _customers(member: Member | None, people: Iterable[Member]) -> QuerySet[Account]:
    """The customers of these people; those that are lost have a list of their own."""
    lost = WinBack.objects.filter(state=WinBack.State.OPEN).order_by().values("account_id")
    seen = visible_accounts(member).filter(owner__in=[one.pk for one in people], merged_into=None, score__isnull=False)
    return seen.exclude(pk__in=lost).order_by()


def _last_held() -> dict[int, date]:
    home = Coalesce("account__merged_into_id", "account_id")
    held = Review.objects.filter(held_on__isnull=False).exclude(state=Review.State.CANCELLED).order_by()
    return dict(held.annotate(home=home).values("home").annotate(last=Max("held_on")).values_list("home", "last"))


def _proposals(people: Iterable[Member]) -> dict[int, Review]:
    """By account, the proposals that may be placed anew: whoever held them, they go with the customers of these people.

    After a merge there may be two; that of the account itself comes last and counts.
    """
    ids = [one.pk for one in people]
    theirs = Q(account__owner__in=ids, account__merged_into=None) | Q(account__merged_into__owner__in=ids)
    found = Review.objects.filter(theirs, state=Review.State.PROPOSED).annotate(
        home=Coalesce("account__merged_into_id", "account_id")
    )
    return {one.home: one for one in found.order_by(F("account__merged_into").desc(nulls_last=True), "pk")}


def _fixed(people: Iterable[Member]) -> dict[int, list[datetime]]:
    """By holder, the times of reviews that stay where they are."""
    times: dict[int, list[datetime]] = defaultdict(list)
    stay = Review.objects.filter(owner__in=list(people), state__in=Review.WITH_A_TIME, scheduled_at__isnull=False)
    for owner, at in stay.values_list("owner_id", "scheduled_at"):
        if at is not None:
            times[owner].append(at)
    return times


# Placing


def _placed(
    candidates: list[Candidate], proposed: Mapping[int, Review], slots: list[tuple[datetime, int]], on: date, weeks: int
) -> list[tuple[Candidate, date, datetime | None]]:
    """Each candidate due within the weeks, its due day, and its time or None; those with a fixed time are left out.

    Those that come again within the weeks take a place each time, so that the year is not filled with first ones; only
    the first time is proposed.
    """
    busy = set(
        Review.objects.filter(state__in=(*Review.WITH_A_TIME, Review.State.HELD))
        .annotate(home=Coalesce("account__merged_into_id", "account_id"))
        .values_list("home", flat=True)
    )
    open_ = [one for one in candidates if one.account_id not in busy]
    due = _due_days(open_, proposed, on)
    end = (on + timedelta(weeks=weeks)).toordinal()
    times = [(at, day) for at, first in enumerate(due) for day in range(first, end + 1, open_[at].interval_days)]
    if not times:
        return []
    wanted = Wanted(
        due=np.array([day for _at, day in times], np.int64),
        interval_days=np.array([open_[at].interval_days for at, _day in times], np.int64),
        value=np.array([open_[at].value + 1 for at, _day in times], float),
    )
    places = Places(
        day=np.array([one.date().toordinal() for one, _place in slots], np.int64),
        in_week=np.array([place for _one, place in slots], np.int64),
    )
    given: dict[int, datetime | None] = {}
    for (at, _day), place in zip(times, assigned(wanted, places).tolist(), strict=True):
        slot = slots[place][0] if place >= 0 else None
        before = given.get(at)
        given[at] = slot if before is None else before if slot is None else min(before, slot)
    return [(open_[at], date.fromordinal(due[at]), slot) for at, slot in given.items()]


def _due_days(candidates: list[Candidate], proposed: Mapping[int, Review], on: date) -> list[int]:
    """When each is due: as was proposed, an interval after the last one, or spread where there never was one."""
    values = np.array([one.value for one in candidates])
    first = spread_due(values, np.array([one.interval_days for one in candidates], np.int64), start=on.toordinal())
    found = []
    for one, spread in zip(candidates, first.tolist(), strict=True):
        if one.account_id in proposed:
            found.append(proposed[one.account_id].due_on.toordinal())
        elif one.last_on is not None:
            found.append((one.last_on + timedelta(days=one.interval_days)).toordinal())
        else:
            found.append(spread)
    return found


def _slots(fixed: list[datetime], a_week: int, on: date, weeks: int, firm: Organisation) -> list[tuple[datetime, int]]:
    """The free times of one person, with how many of their week are taken or come before."""
    working = working_time(firm, year=on.year)
    start = on + timedelta(days=int(AHEAD_DAYS.of(firm)))
    monday = start + timedelta(days=-start.weekday() % 7)  # the first whole week
    found: list[tuple[datetime, int]] = []
    for week in range(weeks):
        first = monday + timedelta(weeks=week)
        last = first + timedelta(days=7)
        taken = [at for at in fixed if first <= at.astimezone(working.zone).date() < last]
        place = len(taken)
        for at in _times_of_week(first, working):
            if place >= a_week:
                break
            if all(abs(at - one) >= BETWEEN for one in taken):
                found.append((at, place))
                place += 1
    return found


def _times_of_week(first: date, working: WorkingTime) -> Iterator[datetime]:
    """Times of a week at which a customer can be met, spread over its days: mornings first, then afternoons."""
    days = [first + timedelta(days=ahead) for ahead in range(7)]
    days = [one for one in days if one.isoweekday() in working.weekdays and one not in working.days_off]
    days = days[1::2] + days[0::2]  # Tuesday and Thursday first: fewer are away
    begins, length = working.begins.hour, working.ends.hour - working.begins.hour
    hours = [begins + 1, begins + length * 5 // 8, begins + length * 3 // 8, begins + length - 1]
    for hour in dict.fromkeys(min(max(one, begins), working.ends.hour - 1) for one in hours):
        for one in days:
            yield datetime.combine(one, time(hour), tzinfo=working.zone)


def _keep(
    placed: list[tuple[Candidate, date, datetime | None]],
    proposed: Mapping[int, Review],
    on: date,
    firm: Organisation,
    member: Member | None,
) -> None:
    """Write the proposals: new ones, and the new times of earlier ones."""
    minutes = int(MINUTES.of(firm))
    accounts = Account.objects.only("pk").in_bulk([one.account_id for one, _due, _at in placed])
    new, changed = [], []
    for one, due, at in placed:
        if one.account_id in proposed:
            review = proposed[one.account_id]
            review.scheduled_at, review.level, review.owner_id = at, one.level, one.owner_id
            review.updated_at = timezone.now()
            changed.append(review)
        else:
            review = Review(account=accounts[one.account_id], due_on=due, level=one.level, duration_minutes=minutes)
            review.owner_id, review.scheduled_at = one.owner_id, at
            new.append(review)
    Review.objects.bulk_create(new, batch_size=500)
    Review.objects.bulk_update(changed, ["scheduled_at", "level", "owner", "updated_at"], batch_size=500)
    ReviewStep.objects.bulk_create([_step(one, on, member) for one in new], batch_size=500)


def _step(review: Review, on: date, member: Member | None) -> ReviewStep:
    return ReviewStep(
        review=review,
        state=review.state,
        on=on,
        scheduled_at=review.scheduled_at,
        owner_id=review.owner_id,
        member=member,
    )
