"""Made-up work on growth: opportunities, reviews, playbooks, key accounts, leads, white space, value."""

from __future__ import annotations

import numpy as np
from benchmarks.made_up_work.firm import COUNTS, Firm, insert, where


def opportunities(firm: Firm) -> None:
    from regulars.plan.models import BusinessCase, CaseOption, Opportunity, OpportunityStep

    count = COUNTS["opportunities"]
    places, opened = firm.places(count), firm.between(0, 500, count)
    is_open = opened < 150
    state = np.where(is_open, "open", firm.some(["won", "lost"], count, [1, 2]))
    amount = firm.between(100_000, 9_000_000, count)
    stage = firm.some(["talk", "need", "offer", "decision"], count)
    ids = insert(
        Opportunity,
        account_id=firm.accounts[places],
        title=firm.text(count, 4),
        stage=stage,
        state=state,
        amount_minor=where(firm.chance.random(count) < 0.9, amount),
        currency="EUR",
        expected_on=firm.days(opened - 200),
        next_step="call again",
        next_step_on=where(is_open, firm.days(firm.between(-40, 20, count))),
        owner_id=firm.owners[places],
        source=firm.some(["own", "suggestion", "white_space", "goal", "review"], count),
        opened_on=firm.days(opened),
        closed_on=where(~is_open, firm.days(np.maximum(opened - 90, 0))),
        reason=np.where(state == "lost", "price", ""),
    )
    for key, later in (("talk", 0), ("offer", 20)):
        insert(OpportunityStep, opportunity_id=ids, state="open", stage=key, on=firm.days(opened - later))
    closed = {"state": state[~is_open], "stage": stage[~is_open], "on": firm.days(opened[~is_open] - 90)}
    insert(OpportunityStep, opportunity_id=ids[~is_open], **closed)
    cases = insert(BusinessCase, opportunity_id=ids[::5], currency="EUR", written_on=firm.days(opened[::5]))
    for level in ("basic", "better"):
        money = {"cost_once_minor": firm.between(100_000, 900_000, len(cases)), "benefit_yearly_minor": 500_000}
        insert(CaseOption, case_id=cases, level=level, name=level, **money)


def reviews(firm: Firm) -> None:
    from regulars.plan.models import (
        Review,
        ReviewAnswer,
        ReviewEntry,
        ReviewMinutes,
        ReviewProblem,
        ReviewRecommendation,
        ReviewStep,
    )

    coming = firm.free(COUNTS["reviews"] // 2, Review.objects.filter(state__in=Review.COMING))
    held = firm.places(COUNTS["reviews"] - len(coming))
    places = np.concatenate([coming, held])
    is_held = np.arange(len(places)) >= len(coming)
    count = len(places)
    ago = np.where(is_held, firm.between(1, 800, count), -firm.between(0, 360, count) + 10)
    state = np.where(is_held, "finished", firm.some(["proposed", "scheduled", "invited"], count, [8, 3, 1]))
    ids = insert(
        Review,
        account_id=firm.accounts[places],
        state=state,
        due_on=firm.days(ago),
        scheduled_at=where(state != "proposed", firm.times(ago)),
        owner_id=firm.owners[places],
        level=firm.some([1, 2, 3], count),
        held_on=where(is_held, firm.days(ago)),
        finished_on=where(is_held, firm.days(ago - 1)),
    )
    steps = {"owner_id": firm.owners[places], "on": firm.days(ago + 20), "scheduled_at": firm.times(ago)}
    insert(ReviewStep, review_id=ids, state=np.where(is_held, "scheduled", state), **steps)
    done = ids[is_held]
    insert(ReviewMinutes, review_id=done, said=firm.text(len(done), 20), member_id=firm.owners[held])
    for area in ("about_us", "needs", "competitors"):
        asked = {"asked": "What do you think of it?", "text": firm.text(len(done), 15)}
        insert(ReviewAnswer, review_id=done, key=f"usual.{area}", area=area, **asked)
    insert(ReviewProblem, review_id=done[::3], side="theirs", text=firm.text(len(done[::3]), 8))
    insert(ReviewRecommendation, review_id=done, kind="product", text=firm.text(len(done), 8))
    insert(ReviewEntry, review_id=done, name="said", value=firm.text(len(done), 20))


def plays(firm: Firm) -> None:
    from regulars.plan.models import Play, Playbook, PlayStep
    from regulars.plan.recipes import SHIPPED

    keys = sorted(SHIPPED)
    books = {key: Playbook.objects.get_or_create(key=key)[0].pk for key in keys}
    count = COUNTS["plays"]
    chosen, places = firm.between(0, len(keys), count), firm.places(count)
    ago = firm.between(0, 400, count)
    pairs = chosen * len(firm.accounts) + places
    first = np.zeros(count, bool)
    first[np.unique(pairs, return_index=True)[1]] = True
    busy = np.array(list(Play.objects.filter(state="running").values_list("account_id", flat=True)), np.int64)
    running = (ago < 60) & first & ~np.isin(firm.accounts[places], busy)
    state = np.where(running, "running", firm.some(["finished", "reached", "stopped"], count, [3, 2, 1]))
    ids = insert(
        Play,
        account_id=firm.accounts[places],
        playbook_id=[books[keys[one]] for one in chosen],
        state=state,
        causes="[]",
        started_on=firm.days(ago),
        ended_on=where(~running, firm.days(np.maximum(ago - 30, 0))),
    )
    recipes = [SHIPPED[keys[one]] for one in chosen]
    steps = [(number, position) for number, recipe in enumerate(recipes) for position in range(len(recipe.steps))]
    at = np.array(steps, np.int64)
    play, position = at[:, 0], at[:, 1]
    is_open = running[play] & (position * 15 >= ago[play])
    insert(
        PlayStep,
        play_id=ids[play],
        position=position + 1,
        key=[recipes[one].steps[step].key for one, step in steps],
        role=[recipes[one].steps[step].role for one, step in steps],
        due_on=firm.days(ago[play] - position * 15),
        member_id=firm.owners[places][play],
        state=np.where(is_open, "open", "done"),
        settled_on=where(~is_open, firm.days(np.maximum(ago[play] - position * 15, 0))),
    )


def key_accounts(firm: Firm) -> None:
    from regulars.facts.models import ToldSign, WalletEstimate
    from regulars.plan.models import DossierFact, KeyAccount, KeyPlanEntry

    count = COUNTS["key_accounts"]
    key, owner = firm.accounts[:count], firm.owners[:count]
    insert(
        KeyAccount, account_id=key, manager_id=owner, since=firm.days(firm.between(10, 900, count)), exception="size"
    )
    for kind in ("goal", "milestone", "action", "action", "visit"):
        ahead = firm.between(-60, 200, count)
        entry = {"kind": kind, "text": firm.text(count, 8), "due_on": firm.days(-ahead)}
        insert(KeyPlanEntry, account_id=key, owner_id=owner, state=np.where(ahead < -30, "done", "open"), **entry)
    estimated = {"estimated_on": firm.days(firm.between(0, 400, 5_000)), "currency": "EUR", "source": "their report"}
    minor = firm.between(1_000_000, 900_000_000, 5_000)
    insert(WalletEstimate, account_id=firm.accounts[firm.places(5_000)], yearly_minor=minor, **estimated)
    told = {"sign": firm.some(["reputation", "demanding", "innovator"], 500), "reason": "known in the trade"}
    insert(ToldSign, account_id=firm.accounts[firm.places(500)], told_on=firm.days(firm.between(0, 400, 500)), **told)
    facts = COUNTS["facts"]
    noted = {
        "topic": firm.some(["history", "strategy", "market"], facts),
        "text": firm.text(facts, 15),
        "source": "a talk",
    }
    on, expires = firm.between(0, 500, facts), firm.between(-30, 300, facts)
    of = firm.accounts[firm.places(facts)]
    insert(DossierFact, account_id=of, on=firm.days(on), expires_on=firm.days(-expires), **noted)


def leads(firm: Firm) -> None:
    from regulars.facts.models import Lead, LeadStep
    from regulars.plan.models import Referral, ReferralAsk

    count = COUNTS["leads"]
    ago = firm.between(0, 500, count)
    ended = firm.some(["won", "lost", "unqualified"], count, [1, 2, 3])
    state = np.where(ago < 45, firm.some(["new", "qualified", "contacted"], count), ended)
    closed, won = ago >= 45, state == "won"
    ids = insert(
        Lead,
        name=[f"Prospect {number}" for number in range(count)],
        email=[f"lead{number}@prospect.example" for number in range(count)],
        channel=firm.some(["form", "import", "api", "referral", "hand"], count),
        country=firm.some(["DE", "NP", "GB", "TH"], count),
        wishes=firm.text(count, 15),
        state=state,
        owner_id=firm.some(firm.members, count),
        points=firm.between(0, 60, count),
        fit=firm.some(["yes", "no", "open"], count),
        came_at=firm.times(ago),
        answered_at=where(closed, firm.times(ago - 1)),
        qualified_at=where(won | (state == "lost"), firm.times(ago - 3)),
        closed_at=where(closed, firm.times(ago - 30)),
        reason=np.where(state == "lost", "price", np.where(state == "unqualified", "criteria", "")),
        account_id=where(won, firm.accounts[firm.places(count)]),
        answers="{}",
        routed="{}",
    )
    insert(LeadStep, lead_id=ids, kind="came", at=firm.times(ago))
    insert(LeadStep, lead_id=ids[closed], kind="contacted", at=firm.times(ago[closed] - 5))
    brought, places = ids[::10], firm.places(len(ids[::10]))
    on = firm.days(ago[::10])
    asks = insert(ReferralAsk, account_id=firm.accounts[places], on=on, state="named", settled_on=on)
    insert(Referral, account_id=firm.accounts[places], ask_id=asks, lead_id=brought, on=on)


def white_space(firm: Firm) -> None:
    from regulars.facts.models import AccountGoal, Offering, Supply

    offerings = insert(
        Offering,
        name=[f"Offering {number}" for number in range(12)],
        categories=[f'["Category {number}", "Category {number + 12}"]' for number in range(12)],
        products="[]",
        name_words="[]",
    )
    count = COUNTS["supplies"]
    insert(
        Supply,
        account_id=firm.accounts[firm.places(count)],
        offering_id=firm.some(offerings, count),
        state=firm.some(["us", "competitor", "in_house", "none"], count),
        said_on=firm.days(firm.between(0, 500, count)),
    )
    goals = COUNTS["goals"]
    said = {"text": firm.text(goals, 10), "noted_on": firm.days(firm.between(0, 500, goals))}
    insert(AccountGoal, account_id=firm.accounts[firm.places(goals)], **said)


def value(firm: Firm, contacts: dict[int, int]) -> None:
    from regulars.plan.models import JointProject, PerceivedValue, ProjectMeasurement, ValueProof

    count = COUNTS["proofs"]
    of = firm.accounts[firm.places(count)]
    on = firm.days(firm.between(0, 700, count))
    said = {"words": firm.text(count, 20), "what": firm.some(["service", "advice", "delivery", "price"], count)}
    insert(
        ValueProof,
        account_id=of,
        said_on=on,
        consent=firm.some(["none", "anonymous", "by_name"], count),
        contact_id=[contacts.get(int(one)) for one in of],
        order_figures="{}",
        **said,
    )
    insert(PerceivedValue, account_id=of, score=firm.between(3, 11, count), on=on)
    projects = COUNTS["projects"]
    places, ago = firm.places(projects), firm.between(0, 500, projects)
    ids = insert(
        JointProject,
        account_id=firm.accounts[places],
        title=firm.text(projects, 4),
        goal=firm.text(projects, 10),
        measure="scrap a month",
        baseline=firm.between(10, 100, projects),
        baseline_on=firm.days(ago),
        currency="EUR",
        state=firm.some(["proposed", "running", "finished"], projects),
        owner_id=firm.owners[places],
    )
    for later in (30, 60):
        insert(ProjectMeasurement, project_id=ids, on=firm.days(ago - later), value=firm.between(5, 90, projects))
