"""Playbooks of the demo: what was run in the months before, and what two customers just caused to start."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from regulars.cli.language import _

if TYPE_CHECKING:
    from regulars.facts.models import Account
    from regulars.plan.models import Play

RUNS: Final = (
    ("price_attack", 210, 5, "finished"),
    ("price_attack", 160, 2, "stopped"),
    ("price_attack", 120, 5, "finished"),
    ("delivery_failed", 190, 4, "finished"),
    ("delivery_failed", 130, 4, "finished"),
    ("champion_left", 150, 5, "finished"),
    ("champion_left", 20, 1, "running"),
    ("unpaid", 100, 2, "stopped"),
    ("praise", 110, 3, "finished"),
    ("expands", 30, 2, "running"),
    ("key_account", 25, 1, "running"),
)
"""Which playbook, how many days ago it was started, how many of its steps were settled, how it stands."""
OUTCOMES: Final = (
    _("Reached, spoke openly"),
    _("Met the manager of the shop"),
    _("Sent it in writing"),
    _("They need time until next week"),
    _("Agreed"),
)
STOPPED: Final = _("The customer wants no more talks about it for now")
SEEN: Final = (("competitor_quoted", _("A wholesaler in Leeds offers the same candles")), ("praise", ""))


def run_playbooks(day: date) -> None:
    """Run some on the largest accounts, and note what starts two more with the next refresh."""
    from regulars.facts.models import Account
    from regulars.facts.signals import record_signal

    largest = Account.objects.filter(merged_into=None, score__rank__isnull=False, owner__isnull=False)
    accounts = list(largest.select_related("owner").order_by("score__rank")[2 : 2 + len(RUNS) + len(SEEN)])
    for account, run in zip(accounts, RUNS, strict=False):
        _run(account, *run, day=day)
    for account, (kind, said) in zip(accounts[len(RUNS) :], SEEN, strict=False):
        record_signal(
            account=account, kind=kind, observed_on=day - timedelta(days=1), member=account.owner, said=str(said)
        )


def _run(account: Account, playbook: str, days_ago: int, settled: int, end: str, *, day: date) -> None:
    from regulars.plan.plays import start_play, stop_play

    start = day - timedelta(days=days_ago)
    play = start_play(account=account, playbook=playbook, on=start, member=account.owner)
    on = _go_on(play, settled, until=day)
    if end == "stopped":
        stop_play(play=play, on=on, reason=str(STOPPED), member=account.owner)


def _go_on(play: Play, settled: int, *, until: date) -> date:
    """Settle the first steps on the days on which they are due; the third one of every fourth run is left out."""
    from regulars.facts.models import Interaction
    from regulars.plan.play_making import current_step
    from regulars.plan.plays import do_step, skip_step

    on = play.started_on
    for number in range(settled):
        step = current_step(play)
        if step is None:
            break
        on = min(max(on, step.due_on), until)
        said: dict[str, Any] = {"step": step, "on": on, "member": step.member}
        if number == 2 and play.pk % 4 == 0:
            play = skip_step(reason=str(_("Was clear already")), **said)
        else:
            kind = Interaction.Kind.VISIT if number % 3 == 2 else Interaction.Kind.CALL
            play = do_step(outcome=str(OUTCOMES[(play.pk + number) % len(OUTCOMES)]), kind=kind, **said)
    return on
