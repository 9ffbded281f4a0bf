"""A joint project starts somewhere, is measured, ends, and the customer confirms what it brought (C4)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account, Contact, Signal
from regulars.plan.customer_links import LetterWithoutLink, StaleLink, key_of
from regulars.plan.joint_projects import (
    NoSuchProject,
    WrongProject,
    _better,
    change_project,
    finish_project,
    measure_project,
    progress_of,
    projects_of,
    propose_project,
    resume_project,
    start_project,
    stop_project,
    take_back_measurement,
    visible_projects,
)
from regulars.plan.models import JointProject, ProofAsk, SignOff
from regulars.plan.sign_offs import (
    CannotAsk,
    WrongSignOff,
    answer_sign_off,
    ask_for_sign_off,
    drafted_question,
    reached_as_asked,
    sign_off_of_key,
    withdraw_question,
)

ON = date(2024, 12, 9)
AT = datetime(2024, 12, 9, 10, tzinfo=UTC)
PROJECT: dict[str, Any] = {
    "title": "Less scrap",
    "goal": "Fewer broken lamps",
    "measure": "Scrap a month",
    "unit": "%",
    "baseline": Decimal("8"),
    "target": Decimal("4"),
}


@pytest.fixture
def eva(owner: Member) -> Contact:
    account = Account.objects.create(name="Harbour Gifts", owner=owner)
    return Contact.objects.create(account=account, name="Eva", email="eva@harbour.example", language="hi")


@pytest.fixture
def project(eva: Contact, owner: Member) -> JointProject:
    made = propose_project(account=eva.account, on=ON, member=owner, contact=eva, **PROJECT)
    return start_project(project=made, on=ON, member=owner)


def measured(project: JointProject, value: str, *, member: Member, day: int = 9, **said: Any) -> Any:
    on = date(2024, 12, day)
    return measure_project(project=project, value=Decimal(value), on=on, today=on, member=member, **said)


def asked(project: JointProject, eva: Contact, member: Member) -> SignOff:
    draft = drafted_question(project, eva)
    return ask_for_sign_off(project=project, contact=eva, on=ON, member=member, subject=draft.subject, text=draft.text)


def test_progress_is_the_way_to_the_goal_by_what_counts(project: JointProject, owner: Member) -> None:
    assert progress_of(project).newest is None
    measured(project, "7", member=owner, saved_minor=10_050)
    wrong = measured(project, "1", member=owner, day=10, saved_minor=99)
    take_back_measurement(measurement=wrong, member=owner)
    measured(project, "5", member=owner, day=11, saved_minor=20_000)
    found = progress_of(JointProject.objects.get())
    assert (found.change, found.share, found.saved_minor) == (Decimal(3), 0.75, 30_050)
    with pytest.raises(WrongProject, match="before"):
        take_back_measurement(measurement=wrong, member=owner)


@given(st.decimals(-99, 99, places=2), st.decimals(-99, 99, places=2), st.booleans())
def test_better_is_above_zero_in_either_direction(start: Decimal, value: Decimal, lower: bool) -> None:
    project = JointProject(baseline=start, lower_is_better=lower)
    assert (_better(project, value) > 0) == (value < start if lower else value > start)


def test_a_project_goes_from_proposed_to_finished_and_each_step_is_taken_back(eva: Contact, owner: Member) -> None:
    made = propose_project(account=eva.account, on=ON, member=owner, **PROJECT)
    with pytest.raises(WrongProject, match="proposed"):
        measured(made, "5", member=owner)
    start_project(project=made, on=ON, member=owner)
    assert resume_project(project=made, on=ON, member=owner).state == "proposed"
    start_project(project=made, on=ON, member=owner)
    with pytest.raises(WrongProject, match="Nothing was measured"):
        finish_project(project=made, on=ON, member=owner)
    measured(made, "5", member=owner)
    done = finish_project(project=made, on=ON, member=owner, outcome="Half")
    assert (done.state, done.ended_on, done.outcome) == ("finished", ON, "Half")
    assert resume_project(project=made, on=ON, member=owner).state == "running"
    with pytest.raises(WrongProject, match="measured already"):
        resume_project(project=made, on=ON, member=owner)
    with pytest.raises(WrongProject, match="reason"):
        stop_project(project=made, on=ON, member=owner, reason=" ")
    assert stop_project(project=made, on=ON, member=owner, reason="Sold the plant").state == "stopped"


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "},
        {"target": Decimal("9")},
        {"target": Decimal("8")},
        {"lower_is_better": False},
        {"baseline": Decimal(10) ** 14},
        {"baseline_on": ON + timedelta(days=1)},
    ],
)
def test_a_project_without_words_or_with_a_goal_that_is_no_better_is_refused(
    eva: Contact, owner: Member, wrong: dict[str, Any]
) -> None:
    with pytest.raises(WrongProject):
        propose_project(account=eva.account, on=ON, member=owner, **(PROJECT | wrong))
    assert not JointProject.objects.exists()


def test_the_customer_confirms_the_figures_it_was_shown_once(
    project: JointProject, eva: Contact, owner: Member
) -> None:
    with pytest.raises(CannotAsk, match="Nothing was measured"):
        asked(project, eva, owner)
    measured(project, "5", member=owner, saved_minor=30_000)
    with pytest.raises(LetterWithoutLink):
        ask_for_sign_off(project=project, contact=eva, on=ON, member=owner, subject="x", text="no place")
    question = asked(project, eva, owner)
    mail = OutgoingMail.objects.get()
    assert (mail.to_address, mail.language) == ("eva@harbour.example", "hi")
    key = re.search(r"/sign-off/([^/\s]+)/", mail.text)
    assert key
    with pytest.raises(CannotAsk, match="already"):
        asked(project, eva, owner)
    measured(project, "4", member=owner, day=10, saved_minor=1)
    shown = " ".join(reached_as_asked(sign_off_of_key(key[1])))
    assert "5 %" in shown
    assert "300.00" in shown
    with pytest.raises(WrongSignOff):
        answer_sign_off(key=key[1], agrees=False, words="", at=AT)
    answer_sign_off(key=key[1], agrees=True, words="Thanks", at=AT)
    question.refresh_from_db()
    assert (question.answer, question.words, question.value) == ("agrees", "Thanks", Decimal(5))
    assert Signal.objects.get().kind == "value_confirmed"
    with pytest.raises(StaleLink, match="answered already"):
        answer_sign_off(key=key[1], agrees=True, words="", at=AT)
    with pytest.raises(WrongProject, match="confirmed"):
        change_project(project=project, on=ON, member=owner, baseline=Decimal(20))
    assert change_project(project=project, on=ON, member=owner, title="Less waste").title == "Less waste"


def test_who_does_not_agree_says_why_and_is_asked_again(project: JointProject, eva: Contact, owner: Member) -> None:
    measured(project, "5", member=owner)
    answer_sign_off(key=key_of(asked(project, eva, owner)), agrees=False, words="It was 6", at=AT)
    assert not Signal.objects.exists()
    assert asked(project, eva, owner).answer == ""


def test_a_link_opens_nothing_that_was_taken_back_and_no_other_page(
    project: JointProject, eva: Contact, owner: Member
) -> None:
    wrong = measured(project, "1", member=owner)
    first = asked(project, eva, owner)
    take_back_measurement(measurement=wrong, member=owner)
    with pytest.raises(StaleLink):
        sign_off_of_key(key_of(first))
    measured(project, "5", member=owner)
    second = asked(project, eva, owner)
    withdraw_question(sign_off=second, member=owner)
    with pytest.raises(StaleLink):
        sign_off_of_key(key_of(second))
    ask = ProofAsk.objects.create(pk=second.pk, account=eva.account, contact=eva, asked_on=ON)
    with pytest.raises(StaleLink):
        sign_off_of_key(key_of(ask))


def test_a_foreign_project_is_absent_and_readers_change_nothing(project: JointProject, eva: Contact) -> None:
    far = Member.objects.create(email="far@example.com", name="Far", role="account_manager")
    reader = Member.objects.create(email="read@example.com", name="Read", role="analyst")
    assert not visible_projects(far).exists()
    with pytest.raises(NoSuchProject):
        measured(project, "5", member=far)
    assert visible_projects(reader).exists()
    with pytest.raises(Refusal, match="role"):
        measured(project, "5", member=reader)


def test_a_merge_takes_projects_along_and_gives_them_back(project: JointProject, owner: Member) -> None:
    kept = Account.objects.create(name="Harbour", owner=owner)
    merge = merge_accounts(kept=kept, merged=project.account, member=owner)
    assert projects_of(kept, member=owner).get() == project
    measured(project, "5", member=owner)
    answer_sign_off(key=key_of(asked(project, Contact.objects.get(), owner)), agrees=True, words="", at=AT)
    assert Signal.objects.get().account == kept
    undo_merge(merge=merge, member=owner)
    assert projects_of(project.account, member=owner).get() == project
    assert not projects_of(kept, member=owner).exists()
