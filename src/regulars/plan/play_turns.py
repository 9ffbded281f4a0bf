"""What happens to plays by itself, with every refresh of the list of the day.

Before the proposals are made: plays whose end has come stop, and those that a signal, a level or a state asks for
start. After it: those that a proposal asks for start, and a step that answers the cause of a proposal stands under it,
so that the same is not asked for twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import F, Min, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from regulars.base.audit import record_changes
from regulars.base.models import Member, Organisation
from regulars.base.organisation import zone
from regulars.core.working_time import WorkingTime
from regulars.facts.accounts import seen_by
from regulars.facts.models import Account, Issue, Signal
from regulars.insight.models import Protection, Score
from regulars.plan.models import Action, KeyAccount, Play, Playbook, PlayStep, WinBack
from regulars.plan.play_making import Doers, close_asking, firm_works, home_of, play_of
from regulars.plan.playbooks import KnownPlaybook, known_playbooks, playbook_row
from regulars.plan.thresholds import plan_thresholds

RECENT: Final = timedelta(days=30)
"""What happened longer ago starts nothing by itself any more: who has just imported years is not flooded."""
AHEAD: Final = timedelta(days=3)
"""A step that is due so soon is what is to be done when its cause is on the list today."""
HOME: Final = Coalesce(F("account__merged_into_id"), F("account_id"))
BATCH: Final = 500
NOT_GONE: Final = ("outranked", "merged", "switched_off", "contacted", "step_elsewhere")
"""An action that closed itself for one of these says nothing of its cause."""
CLOSED: Final = ("account_id", "cause", "closed_on", "figures")


class Event(NamedTuple):
    """Something that asks for a play."""

    on: date
    account_id: int
    trigger: str
    signal: UUID | None = None


def begin_turn(on: date) -> None:
    """Before the proposals are made."""
    _stop_what_is_over(on)
    known = [one for one in known_playbooks() if one.active and one.by_itself]
    _Starting.now(on).start(known, list(events(known, since=on - RECENT, until=on)))


def finish_turn(on: date, *, new: Iterable[int]) -> int:
    """After the proposals were made, those of the cause "play" about the accounts `new` a moment ago.

    Returns how many of the new ones it took back: their step stands with another proposal.
    """
    _stop_what_is_over(on)  # a proposal that closed itself a moment ago may end what answered it
    known = [one for one in known_playbooks() if one.active and one.by_itself]
    pending = Action.objects.filter(state__in=Action.PENDING).exclude(cause="play")
    asked = pending.order_by("-expected_money", "pk").values_list("proposed_on", "account_id", "cause")
    _Starting.now(on).start(known, [Event(day, account, f"cause:{cause}") for day, account, cause in asked])
    _find_doers()
    return _put_under_proposals(on, set(new))


# What asks for a play


def events(known: Iterable[KnownPlaybook], *, since: date, until: date) -> Iterator[Event]:
    """What asked for one of these playbooks in this time, without the causes of proposals; the newest signals first."""
    listed = list(known)
    columns = ("observed_on", "account_id", "kind", "uid")
    seen = _signals(listed, since, until).order_by("-strength", "-observed_on", "pk")
    for day, account, kind, uid in seen.values_list(*columns):
        yield Event(day, account, f"signal:{kind}", uid)
    yield from other_events(listed, since=since, until=until)


def first_signals(
    known: Iterable[KnownPlaybook], *, member: Member | None, since: date, until: date
) -> Iterator[tuple[int, str, date]]:
    """Of the signals that asked for one of these playbooks in this time: account, kind, and the day of the first.

    Those of accounts that the member sees; who sees all is given those of accounts that were merged too.
    """
    signals = _signals(known, since, until).filter(seen_by(member, at="account__")).order_by()
    yield from signals.values_list("account_id", "kind").annotate(Min("observed_on")).iterator()


def other_events(known: Iterable[KnownPlaybook], *, since: date, until: date) -> Iterator[Event]:
    """What else than signals asked for one of these playbooks in this time: levels that rose, and states."""
    listed = list(known)
    levels = [one.recipe.level for one in listed if one.recipe.level is not None]
    if levels:
        risen = Protection.objects.filter(level__gte=min(levels), since__gte=since, since__lte=until)
        higher = risen.filter(level__gt=F("level_before")).order_by("-stake", "pk")
        for account, level, day in higher.values_list("account_id", "level", "since"):
            yield from (Event(day, account, f"level:{one}") for one in set(levels) if day and one <= level)
    states = {state for one in listed for state in one.recipe.states}
    if "key_account" in states:
        appointed = KeyAccount.objects.filter(until=None, since__gte=since, since__lte=until).annotate(home=HOME)
        for day, account in appointed.order_by("since", "pk").values_list("since", "home"):
            yield Event(day, account, "state:key_account")
    if "lost" in states:
        lost = WinBack.objects.filter(state=WinBack.State.OPEN, lost_on__gte=since, lost_on__lte=until)
        for day, account in lost.annotate(home=HOME).order_by("-expected_money", "pk").values_list("lost_on", "home"):
            yield Event(day, account, "state:lost")


def _signals(known: Iterable[KnownPlaybook], since: date, until: date) -> QuerySet[Signal]:
    """Those of accounts that were merged too: who reads them looks at the accounts anyway."""
    kinds = {kind for one in known for kind in one.recipe.signals}
    return Signal.objects.filter(kind__in=kinds, withdrawn_at=None, observed_on__gte=since, observed_on__lte=until)


@dataclass
class _Starting:
    """Who has how many plays, and what was answered; enough to say which events start one."""

    on: date
    most: int
    doers: Doers
    working: WorkingTime
    running: dict[int, list[Play]] = field(default_factory=lambda: defaultdict(list))
    """By account."""
    load: Counter[int | None] = field(default_factory=Counter)
    """How many run on the accounts of each member; None: of accounts that nobody looks after."""
    rows: dict[str, Playbook] = field(default_factory=lambda: {row.key: row for row in Playbook.objects.all()})
    made: list[tuple[Play, list[PlayStep]]] = field(default_factory=list)

    @classmethod
    def now(cls, on: date) -> _Starting:
        made = cls(on=on, most=plan_thresholds().plays_per_member, doers=Doers.now(), working=firm_works(on))
        for play in _running():
            made.running[home_of(play).pk].append(play)
            made.load[home_of(play).owner_id] += 1
        return made

    def start(self, known: Sequence[KnownPlaybook], asked: Sequence[Event]) -> None:
        """Start what is asked for: once an account, playbook and event, until a member has enough."""
        answering: dict[str, list[KnownPlaybook]] = defaultdict(list)
        for one in sorted(known, key=lambda one: one.shipped):  # what the firm wrote itself goes first
            for trigger in one.recipe.triggers:
                answering[trigger].append(one)
        wanted = [event for event in asked if event.trigger in answering]
        latest = _latest({event.account_id for event in wanted})
        accounts = _accounts({event.account_id for event in wanted})
        for event in wanted:
            account = accounts.get(event.account_id)
            if account is None:
                continue
            if any(event.trigger in _triggers_of(play) for play in self.running[event.account_id]):
                continue
            for playbook in answering[event.trigger][:1]:
                day = latest.get((event.account_id, playbook.key))
                if (day is None or day < event.on) and self.load[account.owner_id] < self.most:
                    self._begin(playbook, account, event)
                    latest[event.account_id, playbook.key] = self.on
        self._store()

    def _begin(self, playbook: KnownPlaybook, account: Account, event: Event) -> None:
        if any(play.playbook.key == playbook.key for play in self.running[account.pk]):
            return
        if playbook.key not in self.rows:
            self.rows[playbook.key] = playbook_row(playbook.key)
        play, steps = play_of(
            playbook,
            row=self.rows[playbook.key],
            account=account,
            on=self.on,
            member=None,
            doers=self.doers,
            working=self.working,
            trigger=event.trigger,
            signal=event.signal,
        )
        self.made.append((play, steps))
        self.running[account.pk].append(play)
        self.load[account.owner_id] += 1

    def _store(self) -> None:
        """With an entry in the audit trail each, from which other programs are told."""
        Play.objects.bulk_create([play for play, _steps in self.made], batch_size=BATCH)
        PlayStep.objects.bulk_create([step for _play, steps in self.made for step in steps], batch_size=BATCH)
        _note("start_play", [play for play, _steps in self.made], "trigger", "started_on")
        self.made.clear()


def _note(verb: str, plays: Sequence[Play], *named: str) -> None:
    nothing: dict[str, Any] = {}
    changes = [(play, nothing, {name: getattr(play, name) for name in named}) for play in plays]
    record_changes(member=None, verb=verb, changes=changes)


def _triggers_of(play: Play) -> set[str]:
    return {play.trigger, *(f"cause:{cause}" for cause in play.causes)}


def _latest(accounts: set[int]) -> dict[tuple[int, str], date]:
    """When each playbook was last started on each of these accounts."""
    found: dict[tuple[int, str], date] = {}
    listed = sorted(accounts)
    for start in range(0, len(listed), BATCH):
        some = listed[start : start + BATCH]
        plays = Play.objects.filter(Q(account__in=some) | Q(account__merged_into__in=some)).annotate(home=HOME)
        columns = ("home", "playbook__key", "started_on")
        for home, key, day in plays.order_by("started_on", "pk").values_list(*columns):
            found[home, key] = day
    return found


def _accounts(ids: set[int]) -> dict[int, Account]:
    found: dict[int, Account] = {}
    listed = sorted(ids)
    for start in range(0, len(listed), BATCH):
        some = Account.objects.filter(merged_into=None).select_related("owner")
        found |= some.in_bulk(listed[start : start + BATCH])
    return found


def _running() -> list[Play]:
    plays = Play.objects.filter(state=Play.State.RUNNING).order_by("pk")
    return list(plays.select_related("playbook", "account__owner", "account__merged_into__owner"))


# What ends it


def _stop_what_is_over(on: date) -> None:
    plays = _running()
    if not plays:
        return
    over = _Over.of(plays)
    recipes = {one.key: one.recipe for one in known_playbooks()}
    for play in plays:
        end = next((key for key in ("withdrawn", *recipes[play.playbook.key].stops) if over.holds(key, play)), "")
        if end:
            play.state, play.ended_on, play.end = Play.State.REACHED, on, end
    _end([play for play in plays if play.end], on)


def _end(plays: list[Play], on: date) -> None:
    """Store those that came to their end, and take what is asked for them off the list of the day."""
    for start in range(0, len(plays), BATCH):
        some = plays[start : start + BATCH]
        for play in some:
            play.updated_at = timezone.now()
        Play.objects.bulk_update(some, ["state", "ended_on", "end", "updated_at"])
        PlayStep.objects.filter(play__in=some, state=PlayStep.State.OPEN).update(action=None)
    _note("end_play", plays, "state", "ended_on", "end")
    if plays:
        close_asking({home_of(play).pk for play in plays}, on=on, plays={str(play.uid) for play in plays})


@dataclass(kw_only=True)
class _Over:
    """What the ends of plays are judged by, read once for all of them."""

    last_orders: dict[int, date]
    win_backs: dict[int, list[WinBack]]
    solved: dict[int, date]
    """When the last problem of an account was solved that has no open one."""
    withdrawn: set[UUID]
    gone: dict[tuple[int, str], date]
    """When the latest action of an account and cause closed because its cause was gone."""

    @classmethod
    def of(cls, plays: Sequence[Play]) -> _Over:
        accounts = sorted({home_of(play).pk for play in plays})
        signals = sorted({play.source_uid for play in plays if play.source_uid is not None})
        made = cls(last_orders={}, win_backs=defaultdict(list), solved={}, withdrawn=set(), gone={})
        for start in range(0, len(accounts), BATCH):
            made._read(accounts[start : start + BATCH])
        for start in range(0, len(signals), BATCH):
            some = Signal.objects.filter(uid__in=signals[start : start + BATCH], withdrawn_at__isnull=False)
            made.withdrawn |= set(some.values_list("uid", flat=True))
        return made

    def _read(self, accounts: list[int]) -> None:
        scores = Score.objects.filter(account__in=accounts, last_order__isnull=False)
        self.last_orders |= {account: day for account, day in scores.values_list("account_id", "last_order") if day}
        about = Q(account__in=accounts) | Q(account__merged_into__in=accounts)
        for work in WinBack.objects.filter(about).annotate(home=HOME).order_by("pk"):
            self.win_backs[work.home].append(work)
        where = zone(Organisation.objects.first())
        issues = Issue.objects.filter(account__in=accounts)
        unsolved = set(issues.filter(state__in=Issue.LIVE).order_by().values_list("account_id", flat=True))
        for account, at in issues.order_by("solved_at", "pk").values_list("account_id", "solved_at"):
            if at is not None and account not in unsolved:
                self.solved[account] = at.astimezone(where).date()
        closed = Action.objects.filter(account__in=accounts, state=Action.State.CLOSED).exclude(cause="play")
        for account, cause, day, figures in closed.order_by("closed_on", "pk").values_list(*CLOSED):
            if day is not None and figures.get("closed", {}).get("key") not in NOT_GONE:
                self.gone[account, cause] = day

    def holds(self, end: str, play: Play) -> bool:
        """Has this come since the play was started?"""
        home, since = home_of(play).pk, play.started_on
        if end == "withdrawn":
            return play.source_uid in self.withdrawn
        if end == "ordered":
            return (day := self.last_orders.get(home)) is not None and day > since
        if end == "solved":
            return (day := self.solved.get(home)) is not None and day >= since
        if end == "cause_gone":
            days = [self.gone[home, cause] for cause in play.causes if (home, cause) in self.gone]
            return bool(days) and max(days) > since
        works = self.win_backs.get(home, [])
        if end == "lost":
            return any(one.state == WinBack.State.OPEN and one.lost_on >= since for one in works)
        still = any(one.state == WinBack.State.OPEN for one in works)
        return end == "won_back" and not still and any(one.settled_on and one.settled_on >= since for one in works)


# Whose it is, and where it stands


def _current_steps() -> list[PlayStep]:
    open_steps = PlayStep.objects.filter(state=PlayStep.State.OPEN, play__state=Play.State.RUNNING)
    related = ("action", "play__account__owner", "play__account__merged_into__owner")
    current: dict[int, PlayStep] = {}
    for step in open_steps.select_related(*related).order_by("play_id", "position"):
        current.setdefault(step.play_id, step)
    return list(current.values())


def _find_doers() -> None:
    """The steps to be done now follow who looks after the account."""
    doers, changed = Doers.now(), []
    for step in _current_steps():
        doer = doers.of(step, home_of(step.play))
        if doer != step.member_id:
            step.member_id = doer
            changed.append(step)
    PlayStep.objects.bulk_update(changed, ["member"], batch_size=BATCH)


def _put_under_proposals(on: date, new: set[int]) -> int:
    steps = _current_steps()
    accounts = sorted({home_of(step.play).pk for step in steps})
    pending: dict[tuple[int, str], Action] = {}
    for start in range(0, len(accounts), BATCH):
        some = Action.objects.filter(account__in=accounts[start : start + BATCH], state__in=Action.PENDING)
        pending |= {(one.account_id, one.cause): one for one in some}
    changed, covered = [], []
    for step in steps:
        home = home_of(step.play).pk
        answered = (pending.get((home, cause)) for cause in step.play.causes)
        under = next((one for one in answered if one and one.member_id == step.member_id), None)
        under = under if step.due_on <= on + AHEAD else None
        asking = pending.get((home, "play"))
        if under is not None and asking is not None and asking.figures.get("step") == str(step.uid):
            covered.append(asking)
        if step.action_id != (under.pk if under else None):
            step.action = under
            changed.append(step)
    PlayStep.objects.bulk_update(changed, ["action"], batch_size=BATCH)
    return _take_back(covered, new, on)


def _take_back(covered: list[Action], new: set[int], on: date) -> int:
    """Nobody has seen what was proposed a moment ago; what stood before says why it is gone."""
    for action in covered:
        if action.account_id not in new:
            action.state, action.closed_on, action.snoozed_until = Action.State.CLOSED, on, None
            action.figures = action.figures | {"closed": {"key": "step_elsewhere"}}
            action.save()
    unseen = [one.pk for one in covered if one.account_id in new]
    Action.objects.filter(pk__in=unseen).delete()
    return len(unseen)
