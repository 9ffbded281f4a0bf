"""Made-up work for customers who are there: people, talks, issues, promises, signals, hand-overs, losses."""

from __future__ import annotations

import numpy as np
from benchmarks.made_up_work.firm import COUNTS, Firm, insert, where


def contacts(firm: Firm) -> dict[int, int]:
    """One contact of each account that has any."""
    from regulars.facts.models import Contact, ContactPart, Site

    places = firm.places(COUNTS["contacts"])
    levels = ["", "owner", "executive", "middle", "daily_user", "finance"]
    ids = insert(
        Contact,
        account_id=firm.accounts[places],
        name=[f"Person {number}" for number in range(len(places))],
        level=firm.some(levels, len(places)),
        email=[f"person{number}@customer.example" for number in range(len(places))],
        language=firm.some(["", "en", "de", "ne", "ur"], len(places)),
        active=firm.some([True, False], len(places), [19, 1]),
    )
    insert(
        ContactPart,
        contact_id=ids[::4],
        part=firm.some(["sponsor", "decision_maker", "champion", "critic"], len(ids[::4])),
    )
    of = firm.accounts[firm.places(COUNTS["sites"])]
    insert(Site, account_id=of, name=[f"Plant {number}" for number in range(len(of))])
    return dict(zip(firm.accounts[places].tolist(), ids.tolist(), strict=True))


def talks(firm: Firm, contacts: dict[int, int]) -> None:
    from regulars.facts.models import Interaction

    count = COUNTS["interactions"]
    places = firm.places(count)
    ids = insert(
        Interaction,
        account_id=firm.accounts[places],
        member_id=np.where(firm.chance.random(count) < 0.8, firm.owners[places], firm.some(firm.members, count)),
        kind=firm.some(["call", "visit", "mail", "meeting", "note"], count, [5, 2, 4, 1, 1]),
        on=firm.days(firm.between(0, 900, count)),
        text=firm.text(count, 12),
    )
    met = [
        (talk, contacts[account])
        for talk, account in zip(ids, firm.accounts[places], strict=True)
        if account in contacts
    ]
    pairs = np.array(met, np.int64)
    insert(Interaction.contacts.through, interaction_id=pairs[:, 0], contact_id=pairs[:, 1])


def issues(firm: Firm) -> None:
    from regulars.facts.models import EffortAnswer, Issue, IssueStep, KnownProblem

    known = insert(KnownProblem, title=firm.text(200), workaround=firm.text(200, 20), signs=firm.text(200, 10))
    count = COUNTS["issues"]
    places, ago = firm.places(count), firm.between(0, 700, count)
    live = ago < 20
    state = np.where(live, firm.some(["open", "waiting", "reopened"], count, [6, 2, 1]), "solved")
    state = np.where(~live & (ago > 60), "closed", state)
    ids = insert(
        Issue,
        account_id=firm.accounts[places],
        title=firm.text(count),
        text=firm.text(count, 30),
        about=firm.some(["delivery", "quality", "wrong_goods", "invoice", "information", "other"], count),
        complaint=firm.chance.random(count) < 0.2,
        known_problem_id=where(firm.chance.random(count) < 0.2, firm.some(known, count)),
        state=state,
        owner_id=firm.some(firm.service, count),
        opened_by_id=firm.some(firm.service, count),
        opened_at=firm.times(ago),
        due_at=firm.times(ago - 3),
        waits_for=np.where(state == "waiting", "parts", ""),
        paused_at=where(state == "waiting", firm.times(ago)),
        solution=np.where(live, "", "sent again"),
        solved_at=where(~live, firm.times(ago - firm.between(0, 9, count))),
        closed_at=where(state == "closed", firm.times(ago - 10)),
        times_reopened=firm.some([0, 1, 2], count, [18, 1, 1]),
        times_transferred=firm.some([0, 1, 2], count, [8, 3, 1]),
        times_asked=firm.some([0, 1, 2], count, [8, 3, 1]),
    )
    for kind, later in (("opened", 0), ("noted", 1), ("told", 1)):
        said = firm.text(count, 10)
        insert(
            IssueStep,
            issue_id=ids,
            kind=kind,
            at=firm.times(ago - later),
            said=said,
            member_id=firm.some(firm.service, count),
        )
    insert(IssueStep, issue_id=ids[~live], kind="solved", at=firm.times(ago[~live] - 2))
    answered = ~live & (firm.chance.random(count) < 0.4)
    asked = int(answered.sum())
    scores = firm.some(range(1, 8), asked, [8, 6, 4, 2, 2, 1, 1])
    insert(EffortAnswer, issue_id=ids[answered], score=scores, answered_at=firm.times(ago[answered] - 4))


def promises(firm: Firm) -> None:
    from regulars.plan.models import Promise, PromiseStep

    count = COUNTS["promises"]
    places, ahead = firm.places(count), firm.between(-700, 40, count)
    live = ahead > -15
    columns = {
        "state": np.where(live, "open", firm.some(["kept", "broken", "withdrawn"], count, [16, 2, 1])),
        "due_on": firm.days(-ahead),
        "owner_id": firm.owners[places],
    }
    ids = insert(
        Promise,
        account_id=firm.accounts[places],
        text=firm.text(count, 10),
        settled_on=where(~live, firm.days(-ahead)),
        **columns,
    )
    insert(PromiseStep, promise_id=ids, on=firm.days(-ahead + 10), **(columns | {"state": "open"}))
    insert(PromiseStep, promise_id=ids, on=firm.days(-ahead), **columns)


def signals(firm: Firm) -> None:
    from regulars.facts.models import Signal
    from regulars.facts.signal_kinds import KINDS

    count = COUNTS["signals"]
    kinds = list(KINDS.values())
    chosen = firm.between(0, len(kinds), count)
    insert(
        Signal,
        account_id=firm.accounts[firm.places(count)],
        kind=[kinds[one].key for one in chosen],
        direction=[kinds[one].direction.value for one in chosen],
        strength=[kinds[one].strength for one in chosen],
        observed_on=firm.days(firm.between(0, 700, count)),
        said=firm.text(count),
        recorded_by_id=firm.some(firm.members, count),
    )


def handovers(firm: Firm) -> None:
    from regulars.plan.models import Handover, HandoverCheck, HandoverStep

    places = firm.free(COUNTS["handovers"], Handover.objects.all())
    count = len(places)
    ago = firm.between(0, 500, count)
    state = np.where(ago < 40, firm.some(["drafted", "sent", "returned", "accepted"], count), "closed")
    ids = insert(
        Handover,
        account_id=firm.accounts[places],
        origin=firm.some(["first_order", "won", "other"], count),
        state=state,
        giver_id=firm.some(firm.members, count),
        receiver_id=firm.owners[places],
        due_on=firm.days(ago - 7),
        work=firm.text(count, 20),
        sent_on=where(state != "drafted", firm.days(ago)),
        accepted_on=where(np.isin(state, ["accepted", "closed"]), firm.days(ago)),
    )
    insert(HandoverStep, handover_id=ids, state="drafted", on=firm.days(ago))
    accepted = np.isin(state, ["accepted", "closed"])
    for day in (3, 14, 30):
        due = ago[accepted] - day
        done = where(due > 0, firm.days(due))
        insert(HandoverCheck, handover_id=ids[accepted], day=day, due_on=firm.days(due), done_on=done)


def losses(firm: Firm) -> None:
    """Those that were told; what silence tells comes with the night."""
    from regulars.facts.models import Loss
    from regulars.plan.models import WhatIf, WinBack

    places = firm.free(COUNTS["win_backs"], WinBack.objects.all())
    count = len(places)
    ago = firm.between(1, 500, count)
    is_open = firm.chance.random(count) < 0.4
    told = is_open & (np.arange(count) % 3 == 0)
    losses = np.zeros(count, np.int64)
    losses[told] = insert(Loss, account_id=firm.accounts[places][told], since=firm.days(ago[told]))
    worth, likely = firm.chance.lognormal(7, 1.5, count), firm.chance.random(count)
    ids = insert(
        WinBack,
        account_id=firm.accounts[places],
        loss_id=where(told, losses),
        since=firm.days(ago + 90),
        lost_on=firm.days(ago),
        state=np.where(is_open, "open", firm.some(["won", "parted"], count)),
        worth=worth,
        chance=likely,
        chance_cases=200,
        expected_money=worth * likely,
        reasons=firm.some(['["better_terms"]', '["our_service", "other"]', '["no_need"]'], count),
        settled_on=where(~is_open, firm.days(np.maximum(ago - 60, 0))),
        look_again_on=where(~is_open, firm.days(ago - 300)),
    )
    insert(WhatIf, win_back_id=ids[::2], text=firm.text(len(ids[::2])), offered_on=firm.days(ago[::2] - 1))


def changes(firm: Firm) -> None:
    """The audit trail of all that."""
    from regulars.base.models import AuditEntry
    from regulars.facts.models import Interaction

    count = COUNTS["changes"]
    insert(
        AuditEntry,
        at=firm.times(firm.between(0, 500, count)),
        member_id=firm.some(firm.members, count),
        verb="record_interaction",
        subject=Interaction._meta.label_lower,
        subject_id=firm.between(1, COUNTS["interactions"], count),
        account_id=firm.accounts[firm.places(count)],
        before="{}",
        after='{"kind": "call"}',
    )
