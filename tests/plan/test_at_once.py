"""Two people do the same at the same time: the second one waits, sees what the first did, and is told so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from regulars.base.models import Member, Organisation
from regulars.core.errors import Refusal
from regulars.facts.models import Account, ToldSign
from regulars.facts.told_signs import tell_sign
from regulars.plan.models import CreditShare, LevelChoice, Play, ReferralAsk, Review, VisitChoice
from regulars.plan.opportunity_levels import choose_level
from regulars.plan.plays import start_play
from regulars.plan.referrals import ask_for_names
from regulars.plan.results import share_results
from regulars.plan.reviews import schedule_review
from regulars.plan.working_hours import decide_visits

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="SQLite has one writer at a time: there, everybody waits anyway"
    ),
]
ON, AT = date(2024, 12, 9), datetime(2024, 12, 9, 12, tzinfo=UTC)


def at_once(do: Callable[[], object]) -> None:
    """Another process does it, and has not finished when we do it, too."""
    begun = threading.Event()

    def other() -> None:
        with transaction.atomic():
            do()
            begun.set()
            time.sleep(0.3)
        connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    assert begun.wait(20)
    try:
        do()
    except Refusal:
        pass  # told in words, which is all that is asked for
    finally:
        thread.join()


DEEDS: dict[type[Any], Callable[[Account, Member], object]] = {
    CreditShare: lambda account, member: share_results(account=account, person=member, share_bps=6_000, member=member),
    LevelChoice: lambda account, member: choose_level(account=account, level=3, reason="x", on=ON, member=member),
    ToldSign: lambda account, member: tell_sign(account=account, sign="reputation", reason="x", on=ON, member=member),
    VisitChoice: lambda account, member: decide_visits(account=account, visits=3, member=member),
    ReferralAsk: lambda account, member: ask_for_names(account=account, on=ON, member=member),
    Play: lambda account, member: start_play(account=account, playbook="unpaid", on=ON, member=member),
    Review: lambda account, member: schedule_review(account=account, at=AT, on=ON, member=member),
}


@pytest.mark.parametrize("model", DEEDS, ids=lambda model: model.__name__)
def test_what_two_do_at_once_is_done_once(model: type[Any]) -> None:
    Organisation.objects.create(name="Muster", base_currency="EUR")
    member = Member.objects.create(email="olga@firm.example", name="Olga", role="owner")
    account = Account.objects.create(name="Harbour Gifts", owner=member)
    at_once(lambda: DEEDS[model](account, member))
    standing = model.objects.filter(ended_at=None) if model is LevelChoice else model.objects.all()
    assert standing.count() == 1
