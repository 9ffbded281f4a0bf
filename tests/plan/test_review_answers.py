"""Reviews are written down, finished with a recommendation, corrected, opened again (missions A4, B5, B7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.base.audit import history_of
from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member, Team
from regulars.core.errors import Refusal
from regulars.facts.issues import open_issue
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account, AccountGoal, Contact, Interaction, Issue, Signal
from regulars.plan.dossier import note_fact
from regulars.plan.models import DossierFact, Promise, Review, ReviewAnswer, ReviewArea, ReviewEntry, ReviewQuestion
from regulars.plan.promises import keep_promise, renegotiate_promise
from regulars.plan.review_finish import finish_review, promises_of_review, reopen_review
from regulars.plan.review_forms import Typed, WrongForm, keep_typed
from regulars.plan.review_letters import send_summary
from regulars.plan.review_question_bank import SHIPPED
from regulars.plan.review_questions import (
    WrongQuestion,
    add_question,
    leave_out_shipped_question,
    questions_for,
    retire_question,
    word_shipped_question,
)
from regulars.plan.reviews import NoSuchReview, WrongReview, cancel_review

AS_OF = date(2024, 12, 9)
AT = datetime(2024, 12, 9, 11, tzinfo=UTC)
Scored = Callable[..., Account]
pytestmark = pytest.mark.django_db
ADVICE = {"recommendation.1.kind": "advice", "recommendation.1.text": "Order in full boxes"}


@pytest.fixture
def firm(scored: Scored, owner: Member) -> Account:
    return scored("Harbour Gifts", owner=owner)


@pytest.fixture
def ada(firm: Account) -> Contact:
    return Contact.objects.create(account=firm, name="Ada Quist", email="ada@harbour.example", level="owner")


@pytest.fixture
def review(firm: Account, ada: Contact, owner: Member) -> Review:
    return Review.objects.create(account=firm, due_on=AS_OF, owner=owner, contact=ada)


def write(review: Review, member: Member | None, **said: str) -> None:
    fields = {name.replace("__", "."): text for name, text in said.items()}
    versions = dict(review.entries.values_list("name", "version"))
    typed = [Typed(name=name, value=text, version=versions.get(name, 0)) for name, text in fields.items()]
    keep_typed(review=review, typed=typed, member=member, on=AS_OF)


def finished(review: Review, member: Member | None, **said: str) -> Review:
    write(review, member, **{**ADVICE, **said})
    return finish_review(review=review, at=AT, member=member)


def signals(account: Account) -> list[str]:
    return list(Signal.objects.filter(account=account, withdrawn_at=None).order_by("pk").values_list("kind", flat=True))


# Writing down


def test_the_first_word_makes_it_a_review_that_is_being_held(review: Review, owner: Member) -> None:
    write(review, owner, said="A good talk")
    review.refresh_from_db()
    assert review.state == Review.State.HELD
    assert [step.state for step in review.steps.all()] == ["held"]
    assert review.version == 1


def test_two_devices_do_not_write_over_each_other(review: Review, owner: Member) -> None:
    first = keep_typed(review=review, typed=[Typed(name="said", value="A")], member=owner, on=AS_OF, device="phone")
    assert (first[0].version, first[0].clash) == (1, False)
    other = keep_typed(review=review, typed=[Typed(name="said", value="B")], member=owner, on=AS_OF, device="desk")
    assert other[0].clash
    assert (other[0].value, other[0].version, other[0].by) == ("A", 1, owner.name)
    assert ReviewEntry.objects.get().value == "A"
    joined = Typed(name="said", value="A and B", version=1)
    assert not keep_typed(review=review, typed=[joined], member=owner, on=AS_OF, device="desk")[0].clash
    assert ReviewEntry.objects.get().value == "A and B"


def test_what_is_sent_again_because_the_answer_was_lost_is_kept_once(review: Review, owner: Member) -> None:
    typed = [Typed(name="said", value="A good talk")]
    keep_typed(review=review, typed=typed, member=owner, on=AS_OF, device="phone")
    again = keep_typed(review=review, typed=typed, member=owner, on=AS_OF, device="phone")
    assert (again[0].clash, again[0].version) == (False, 1)
    further = [Typed(name="said", value="A good talk, and long")]  # typed on while the answer was missing
    assert not keep_typed(review=review, typed=further, member=owner, on=AS_OF, device="phone")[0].clash
    assert ReviewEntry.objects.get().value == "A good talk, and long"


def test_only_fields_of_the_form_are_kept(review: Review, owner: Member) -> None:
    for name in ("state", "answer.about_us.x.signals", "promise.9.text", "answer.secrets.x.text", "x" * 500):
        with pytest.raises(WrongForm, match="no field"):
            keep_typed(review=review, typed=[Typed(name=name, value="x")], member=owner, on=AS_OF)
    assert not ReviewEntry.objects.exists()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.sampled_from(["phone", "desk"]), st.booleans(), st.text(max_size=40)), max_size=8))
def test_whatever_two_devices_type_a_word_is_kept_or_shown_to_who_typed_it(
    review: Review, owner: Member, edits: list[tuple[str, bool, str]]
) -> None:
    ReviewEntry.objects.all().delete()
    seen = {"phone": 0, "desk": 0}
    stored, version = "", 0
    for device, looked, text in edits:
        if looked:
            seen[device] = version
        typed = [Typed(name="said", value=text, version=seen[device])]
        kept = keep_typed(review=review, typed=typed, member=owner, on=AS_OF, device=device)[0]
        if kept.clash:
            assert (kept.value, kept.version) == (stored, version), (
                "a clash changes nothing, and shows what stands there"
            )
        else:
            assert kept.value == text.replace("\r\n", "\n").replace("\0", "")
            stored, version = kept.value, kept.version
            seen[device] = version
    entry = ReviewEntry.objects.first()
    assert (entry.value if entry else "") == stored


def test_a_review_of_a_foreign_account_is_not_there_and_readers_write_nothing(review: Review, owner: Member) -> None:
    stranger = Member.objects.create(
        email="far@x.example", name="Far", role="account_manager", team=Team.objects.create(name="Far away")
    )
    with pytest.raises(NoSuchReview):
        write(review, stranger, said="x")
    analyst = Member.objects.create(email="a@x.example", name="Analyst", role="analyst")
    with pytest.raises(Refusal):
        write(review, analyst, said="x")
    cancel_review(review=review, on=AS_OF, member=owner, reason="They moved")
    with pytest.raises(WrongReview, match="cancelled"):
        write(review, owner, said="x")


# Finishing


def test_no_review_is_finished_without_a_recommendation(review: Review, owner: Member) -> None:
    write(review, owner, said="A good talk")
    with pytest.raises(WrongForm) as refused:
        finish_review(review=review, at=AT, member=owner)
    assert "ends with a recommendation" in refused.value.fields["recommendation.1.text"]
    review.refresh_from_db()
    assert review.state == Review.State.HELD
    assert not Interaction.objects.exists()


def test_finishing_makes_signals_issues_promises_goals_and_proposes_the_next(
    review: Review, firm: Account, ada: Contact, owner: Member
) -> None:
    done = finished(
        review,
        owner,
        said="A good talk",
        answer__competitors__others__text="Blue Wholesale sent an offer",
        answer__competitors__others__signal="competitor_quoted",
        answer__needs__plans__text="A second shop in May",
        theirs__1__text="Boxes arrive crushed",
        theirs__1__issue="on",
        theirs__2__text="Invoices are hard to read",
        ours__1__text="They pay late",
        promise__1__text="Send samples",
        promise__1__due_on="2024-12-20",
        promise__2__text="Ask the carrier",
        fact__1__text="Wants to open a second shop",
        fact__1__kind="goal",
        fact__2__text="Closed on Mondays",
        how="call",
    )
    assert (done.state, done.held_on, done.finished_on) == (Review.State.FINISHED, AS_OF, AS_OF)
    assert signals(firm) == ["competitor_quoted"]
    signal = Signal.objects.get()
    assert (signal.source_kind, signal.said) == ("plan.reviewanswer", "Blue Wholesale sent an offer")
    assert signal.source_uid == ReviewAnswer.objects.get(key="others").uid
    assert [(one.title, one.contact) for one in Issue.objects.all()] == [("Boxes arrive crushed", ada)]
    assert sorted(done.problems.values_list("side", "text")) == [
        ("ours", "They pay late"),
        ("theirs", "Boxes arrive crushed"),
        ("theirs", "Invoices are hard to read"),
    ]
    assert [(one.text, one.due_on, one.owner) for one in promises_of_review(done)] == [
        ("Ask the carrier", AS_OF + timedelta(days=7), owner),
        ("Send samples", date(2024, 12, 20), owner),
    ]
    assert [(goal.text, goal.noted_on) for goal in AccountGoal.objects.all()] == [
        ("Wants to open a second shop", AS_OF)
    ]
    known = DossierFact.objects.order_by("pk").values_list("topic", "text", "source", "on")
    assert list(known) == [("other", "Closed on Mondays", "review of 9 Dec 2024", AS_OF)]
    talk = Interaction.objects.get()
    assert (talk.kind, talk.on, talk.text, list(talk.contacts.all())) == ("call", AS_OF, "Review: A good talk", [ada])
    coming = Review.objects.exclude(pk=review.pk).get()
    assert coming.state == Review.State.PROPOSED
    assert coming.due_on > AS_OF
    assert "finish_review" in {entry.verb for entry in history_of(done)}


def test_correcting_changes_only_what_differs(review: Review, firm: Account, owner: Member) -> None:
    finished(
        review,
        owner,
        answer__about_us__well__text="Fast",
        answer__about_us__well__signal="praise",
        answer__needs__plans__text="None",
        promise__1__text="Send samples",
        promise__2__text="Call in May",
        theirs__1__text="Boxes crushed",
        theirs__1__issue="on",
    )
    praise, talk = Signal.objects.get(), Interaction.objects.get()
    samples = Promise.objects.get(text="Send samples")
    renegotiate_promise(promise=samples, due_on=AS_OF + timedelta(days=30), on=AS_OF, member=owner, reason="Late")
    write(
        review,
        owner,
        answer__needs__plans__text="A second shop",
        answer__needs__plans__signal="new_site",
        promise__2__text="Call in June",
        theirs__1__text="Boxes arrive crushed",
    )
    finish_review(review=review, at=AT, member=owner)
    assert signals(firm) == ["praise", "new_site"]
    assert Signal.objects.filter(pk=praise.pk, withdrawn_at=None).exists()
    assert Interaction.objects.get().pk == talk.pk
    assert sorted(Promise.objects.values_list("text", "state")) == [
        ("Call in June", "open"),
        ("Call in May", "withdrawn"),
        ("Send samples", "renegotiated"),
    ]
    assert Issue.objects.count() == 1
    assert review.problems.get().text == "Boxes arrive crushed"
    assert Review.objects.count() == 2


def test_an_answer_that_changes_withdraws_its_former_signal(review: Review, firm: Account, owner: Member) -> None:
    said = {"answer__about_us__well__text": "Slow", "answer__about_us__well__signal": "complaint"}
    finished(review, owner, **said)
    assert signals(firm) == ["complaint"]
    write(
        review, owner, answer__about_us__well__text="Slow last year, fine now", answer__about_us__well__signal="praise"
    )
    finish_review(review=review, at=AT, member=owner)
    assert signals(firm) == ["praise"]
    write(review, owner, answer__about_us__well__text="")
    finish_review(review=review, at=AT, member=owner)
    assert signals(firm) == []
    assert not ReviewAnswer.objects.exists()


def test_a_letter_that_is_sent_twice_at_once_goes_out_once(
    review: Review, ada: Contact, owner: Member, scored: Scored
) -> None:
    finished(review, owner)
    text = {"subject": "Our talk", "text": "Dear Ada, thank you."}
    first = send_summary(review=review, contact=ada, member=owner, **text)
    assert send_summary(review=review, contact=ada, member=owner, **text) == first
    more = send_summary(review=review, contact=ada, member=owner, subject="Our talk", text="And one thing more.")
    assert more != first
    OutgoingMail.objects.filter(pk=first.mail_id).update(state="failed")
    assert send_summary(review=review, contact=ada, member=owner, **text) != first, "one that never arrived goes again"
    stranger = Contact.objects.create(account=scored("Other", owner=owner), name="Tom", email="tom@other.example")
    with pytest.raises(WrongReview, match="another customer"):
        send_summary(review=review, contact=stranger, member=owner, **text)


def test_opening_it_again_takes_back_what_nobody_went_on_with(review: Review, firm: Account, owner: Member) -> None:
    finished(
        review,
        owner,
        answer__about_us__well__text="Fast",
        answer__about_us__well__signal="praise",
        promise__1__text="Send samples",
        promise__2__text="Call in May",
        theirs__1__text="Boxes crushed",
        theirs__1__issue="on",
    )
    keep_promise(promise=Promise.objects.get(text="Send samples"), on=AS_OF, member=owner)
    with pytest.raises(WrongReview, match="reason"):
        reopen_review(review=review, at=AT, member=owner, reason=" ")
    again = reopen_review(review=review, at=AT, member=owner, reason="It was another firm")
    assert (again.state, again.held_on) == (Review.State.HELD, None)
    assert Review.objects.count() == 1
    assert signals(firm) == ["promise_kept"]
    assert dict(Promise.objects.values_list("text", "state")) == {"Send samples": "kept", "Call in May": "withdrawn"}
    assert not Interaction.objects.exists()
    assert Issue.objects.count() == 1
    finish_review(review=again, at=AT, member=owner)
    assert Issue.objects.count() == 1
    assert "praise" in signals(firm)


def test_it_is_not_opened_again_once_the_next_has_its_time(review: Review, owner: Member) -> None:
    finished(review, owner)
    Review.objects.exclude(pk=review.pk).update(state=Review.State.SCHEDULED)
    with pytest.raises(WrongReview, match="next review"):
        reopen_review(review=review, at=AT, member=owner, reason="Mistake")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"held_on": "2024-12-24"}, "held_on"),
        ({"held_on": "soon"}, "held_on"),
        ({"how": "dream"}, "how"),
        ({"contact": "0192f000-0000-7000-8000-000000000000"}, "contact"),
        ({"promise__1__text": "x", "promise__1__due_on": "2024-12-01"}, "promise.1.due_on"),
        ({"promise__1__text": "x", "promise__1__owner": "somebody"}, "promise.1.owner"),
        ({"recommendation__1__kind": "magic"}, "recommendation.1.kind"),
        ({"answer__needs__x__text": "x", "answer__needs__x__signal": "mood"}, "answer.needs.x.signal"),
    ],
)
def test_what_is_wrong_is_said_by_field(review: Review, owner: Member, said: dict[str, str], field: str) -> None:
    fields = {name.replace("__", "."): text for name, text in said.items()}
    write(review, owner, **{**ADVICE, **fields})
    with pytest.raises(WrongForm) as refused:
        finish_review(review=review, at=AT, member=owner)
    assert list(refused.value.fields) == [field]
    assert not Promise.objects.exists()


def test_a_review_of_an_account_that_was_merged_goes_on_with_the_other(
    review: Review, scored: Scored, firm: Account, owner: Member
) -> None:
    into = scored("Harbour Gifts Ltd", owner=owner)
    merge_accounts(kept=into, merged=firm, member=owner)
    review = Review.objects.get(pk=review.pk)
    finished(review, owner, answer__about_us__well__text="Fast", answer__about_us__well__signal="praise")
    assert signals(into) == ["praise"]


# Questions


def asked(review: Review) -> dict[str, str]:
    return {one.key: one.text for one in questions_for(review, on=AS_OF)}


def test_questions_cover_the_three_areas_and_what_is_not_known(review: Review, firm: Account) -> None:
    found = questions_for(review, on=AS_OF)
    assert {one.area for one in found} == set(ReviewArea)
    unknown = {one.key for one in found if one.unknown}
    assert {"unknown-preferences", "unknown-aims", "unknown-competitors"} <= unknown
    assert "unknown-level-executive" not in unknown  # Ada is the owner
    note_fact(account=firm, topic="aims", text="Grow", source="visit", known_on=AS_OF, on=AS_OF, member=firm.owner)
    assert "unknown-aims" not in asked(review)
    assert "others-before" in asked(review)  # nobody reviewed it before


def test_questions_fit_the_account_and_its_language(review: Review, firm: Account, ada: Contact, owner: Member) -> None:
    add_question(
        area="needs", texts={"en": "Which season matters most?", "th": "ฤดูไหนสำคัญ"}, member=owner, trade="gift shop"
    )
    add_question(area="needs", texts={"en": "For persons?"}, member=owner, kind="person")
    assert "Which season matters most?" not in asked(review).values()
    firm.trade = "Gift shops"
    firm.save()
    assert "Which season matters most?" in asked(review).values()
    assert "For persons?" not in asked(review).values()
    ada.language = "th"
    ada.save()
    own = next(one for one in questions_for(Review.objects.get(), on=AS_OF) if one.key.startswith("own-"))
    assert (own.text, own.language, own.gloss) == ("ฤดูไหนสำคัญ", "th", "Which season matters most?")


def test_a_problem_of_years_ago_is_not_called_one_since_we_last_spoke(review: Review, firm: Account) -> None:
    issue = open_issue(account=firm, title="Broken", at=AT - timedelta(days=800), due_at=AT, member=None)
    assert "us-issue" not in asked(review)
    Issue.objects.filter(pk=issue.pk).update(opened_at=AT - timedelta(days=30))
    assert "us-issue" in asked(review)


def test_the_firm_words_and_leaves_out_what_came_with_regulars(review: Review, owner: Member) -> None:
    word_shipped_question(key="us-better", texts={"en": "What would you change?"}, member=owner)
    assert asked(review)["us-better"] == "What would you change?"
    leave_out_shipped_question(key="us-better", member=owner)
    assert "us-better" not in asked(review)
    leave_out_shipped_question(key="us-better", member=owner, retired=False)
    assert asked(review)["us-better"] == "What would you change?"
    own = add_question(area="about_us", texts={"en": "Own?"}, member=owner)
    assert "Own?" in asked(review).values()
    retire_question(question=own, member=owner)
    assert "Own?" not in asked(review).values()
    with pytest.raises(WrongQuestion, match="what to ask"):
        add_question(area="about_us", texts={"en": " ", "xx": "?"}, member=owner)
    analyst = Member.objects.create(email="a@x.example", name="Analyst", role="analyst")
    with pytest.raises(Refusal):
        add_question(area="about_us", texts={"en": "Own?"}, member=analyst)
    assert ReviewQuestion.objects.count() == 2


def test_what_was_told_in_one_review_is_not_asked_in_the_next(review: Review, firm: Account, owner: Member) -> None:
    """The answer to what we did not know is a fact of the dossier at once."""
    firsts = asked(review)
    area, key = "needs", "unknown-aims"
    answers = {f"answer.{area}.{key}.text": "A second shop", "answer.about_us.us-better.text": "Nothing"}
    finished(review, owner, **answers)
    assert [(one.topic, one.text) for one in DossierFact.objects.all()] == [("aims", "A second shop")]
    following = Review.objects.exclude(pk=review.pk).get()
    found = asked(following)
    assert key in firsts
    assert key not in found
    assert "others-before" not in found
    about_us = [one for one in found if one in SHIPPED and SHIPPED[one].area == ReviewArea.ABOUT_US]
    assert about_us[-1] == "us-better" or "us-better" not in about_us
