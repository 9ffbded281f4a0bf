"""What customers value in their words: noted, asked for, quoted as they allowed, brought to prospects (B8, B9)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest
from django.utils import translation
from pypdf import PdfReader

from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member, Team
from regulars.core.errors import Refusal
from regulars.core.similar_customers import Profile
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account, Contact, Issue, Signal
from regulars.facts.signals import standing
from regulars.plan.customer_links import StaleLink
from regulars.plan.models import JointProject, PerceivedValue, SignOff, ValueProof
from regulars.plan.perceived_value import (
    WrongValue,
    keep_perceived_value,
    perceived_by,
    standing_of,
    take_back_perceived_value,
)
from regulars.plan.pitch import pitch_for, profile_of, why_similar
from regulars.plan.pitch_document import pitch_pdf
from regulars.plan.value_proofs import (
    NoSuchProof,
    WrongProof,
    answer_ask,
    ask_for_proof,
    ask_of_key,
    change_proof,
    drafted_ask,
    library,
    note_proof,
    proofs_of,
    quoted_words,
    restore_proof,
    take_back_proof,
    withdraw_ask,
)

ON = date(2024, 12, 9)
AT = datetime(2024, 12, 9, 10, tzinfo=UTC)
NAMED: dict[str, Any] = {"consent": "by_name", "consent_from": "Eva"}
UNNAMED: dict[str, Any] = {"consent": "anonymous", "consent_from": "Eva"}


@pytest.fixture
def eva(owner: Member) -> Contact:
    account = Account.objects.create(name="Harbour Gifts", owner=owner, trade="Gift shop", size="20", country="Germany")
    return Contact.objects.create(account=account, name="Eva Stein", email="eva@harbour.example", language="th")


@pytest.fixture
def far() -> Member:
    return Member.objects.create(
        email="far@example.com", name="Far", role="account_manager", team=Team.objects.create(name="Far away")
    )


def noted(account: Account, member: Member | None, words: str = "They repair within a day", **said: Any) -> ValueProof:
    return note_proof(account=account, on=ON, member=member, **{"what": "repair", "words": words, **said})


def signals() -> list[str]:
    return list(standing(Signal.objects.all()).values_list("kind", flat=True))


def test_a_proof_is_noted_taken_back_and_put_back_with_its_signal(eva: Contact, owner: Member) -> None:
    made = noted(eva.account, owner, contact=eva)
    assert (made.consent_on, signals()) == (None, ["value_confirmed"])
    take_back_proof(proof=made, on=ON, member=owner)
    assert (signals(), list(library(owner))) == ([], [])
    with pytest.raises(WrongProof, match="before"):
        take_back_proof(proof=made, on=ON, member=owner)
    restore_proof(proof=made, on=ON, member=owner)
    assert (signals(), library(owner).get()) == (["value_confirmed"], made)


@pytest.mark.parametrize(
    "wrong",
    [
        {"words": " "},
        {"what": "weather"},
        {"consent": "by_name"},
        {"consent": "perhaps", "consent_from": "Eva"},
        {"said_on": date(2025, 1, 1)},
    ],
)
def test_a_proof_without_words_or_consent_from_nobody_is_refused(
    eva: Contact, owner: Member, wrong: dict[str, Any]
) -> None:
    with pytest.raises(WrongProof):
        noted(eva.account, owner, **wrong)


def test_evidence_belongs_to_the_same_account_even_after_a_merge(eva: Contact, owner: Member) -> None:
    other = Account.objects.create(name="Other", owner=owner)
    issue = Issue.objects.create(account=other, title="Broken", opened_at=AT, due_at=AT)
    with pytest.raises(WrongProof, match="another account"):
        noted(eva.account, owner, issue=issue)
    JointProject.objects.create(account=other, baseline=8, baseline_on=ON, owner=owner)
    merge_accounts(kept=eva.account, merged=other, member=owner)
    made = noted(eva.account, owner, issue=Issue.objects.get(), project=JointProject.objects.get())
    assert proofs_of(eva.account, member=owner).get() == made


def test_only_what_may_be_quoted_is_read_by_others_and_without_a_name_if_so_agreed(
    eva: Contact, owner: Member, far: Member
) -> None:
    words = "At Harbour Gifts we say: they repair within a day. Eva Stein"
    secret = noted(eva.account, owner, words=words, contact=eva)
    assert list(library(far)) == []
    change_proof(proof=secret, on=ON, member=owner, **UNNAMED)
    found = library(far).get()
    assert found.consent_on == ON
    assert "repair within a day" in quoted_words(found)
    assert not re.search("Harbour|Eva|Stein", quoted_words(found))
    change_proof(proof=secret, on=ON, member=owner, **NAMED)
    assert quoted_words(library(far).get()) == words
    change_proof(proof=secret, on=ON, member=owner, consent="none")
    assert list(library(far)) == []
    assert ValueProof.objects.get().consent_on is None
    with pytest.raises(NoSuchProof):
        change_proof(proof=secret, on=ON, member=far, what="price")


def test_the_customer_is_asked_in_its_language_and_answers_once(eva: Contact, owner: Member) -> None:
    draft = drafted_ask(eva)
    ask = ask_for_proof(contact=eva, on=ON, member=owner, subject=draft.subject, text=draft.text)
    mail = OutgoingMail.objects.get()
    assert (mail.to_address, mail.language) == ("eva@harbour.example", "th")
    key = re.search(r"/worth/([^/\s]+)/", mail.text)
    assert key
    with pytest.raises(WrongProof, match="lately"):
        ask_for_proof(contact=eva, on=ON, member=owner, subject="x", text="{link}")
    said: dict[str, Any] = {"what": "advice", "words": "They tell us what we need", "consent": "anonymous"}
    with pytest.raises(WrongValue):
        answer_ask(key=key[1], score=11, at=AT, **said)
    answer_ask(key=key[1], score=9, at=AT, **said)
    made = ValueProof.objects.get()
    assert (made.by_link, made.contact, made.consent, made.consent_from) == (True, eva, "anonymous", "Eva Stein")
    assert PerceivedValue.objects.get().score == 9
    with pytest.raises(StaleLink, match="answered already"):
        answer_ask(key=key[1], score=1, at=AT, **said)
    with pytest.raises(WrongProof, match="own words"):
        change_proof(proof=made, on=ON, member=owner, words="They are the best")
    with pytest.raises(WrongProof):
        withdraw_ask(ask=ask, member=owner)


def test_a_question_that_was_taken_back_opens_nothing(eva: Contact, owner: Member) -> None:
    ask = ask_for_proof(contact=eva, on=ON, member=owner, subject="x", text="{link}")
    key = re.search(r"/worth/([^/\s]+)/", OutgoingMail.objects.get().text)
    assert key
    withdraw_ask(ask=ask, member=owner)
    with pytest.raises(StaleLink):
        ask_of_key(key[1])
    ask_for_proof(contact=eva, on=ON, member=owner, subject="x", text="{link}")


def test_worth_that_fell_by_two_is_a_signal_and_is_told(eva: Contact, owner: Member) -> None:
    first = {"account": eva.account, "today": ON, "member": owner}
    keep_perceived_value(score=9, on=date(2024, 6, 3), **first)  # type: ignore[arg-type]
    made = keep_perceived_value(score=7, on=ON, **first)  # type: ignore[arg-type]
    assert signals() == ["value_fallen"]
    found = standing_of(list(perceived_by(eva.account, member=owner)))
    assert found is not None
    assert found.sentence == (
        "On 9 Dec 2024 it said that we are worth 7 of 10 to it. That is 2 less than on 3 Jun 2024."
    )
    take_back_perceived_value(perceived=made, on=ON, member=owner)
    assert signals() == []
    with pytest.raises(WrongValue, match="before"):
        take_back_perceived_value(perceived=made, on=ON, member=owner)
    with pytest.raises(WrongValue, match="0 to 10"):
        keep_perceived_value(score=-1, on=ON, **first)  # type: ignore[arg-type]


def test_a_pitch_quotes_the_most_similar_first_and_counts_those_without_consent(
    eva: Contact, owner: Member, far: Member
) -> None:
    like = Profile(kind="firm", trade="Gift shop", size="20", country="Germany")
    other = Account.objects.create(name="Far Foods", trade="Food", size="900", country="Spain")
    bakery = Account.objects.create(name="Bakery", trade="Gift shop", size="15", country="Germany")
    noted(other, None, words="Cheap", **NAMED)
    noted(bakery, None, words="Bakery says nothing aloud")
    noted(eva.account, owner, words="Eva Stein likes it", **UNNAMED)
    noted(eva.account, owner, words="They advise us", what="advice", contact=eva, **NAMED)
    pitch = pitch_for(prospect="Lantern", profile=like, member=far)
    assert [one.words for one in pitch.quotes] == ["They advise us", "Cheap", "… likes it"]
    assert [one.who for one in pitch.quotes][:2] == ["Eva Stein, Harbour Gifts", "Far Foods"]
    assert pitch.quotes[2].who == "firm, Gift shop, 20, Germany"
    assert pitch.others == "What more customers like you value: speed of repair (1)."
    assert why_similar(pitch.quotes[0].likeness) == (
        "Similar: the same business, the same kind of customer, the same size and the same country."
    )
    own = pitch_for(prospect="", profile=profile_of(eva.account), member=owner, leave_out=eva.account)
    assert [one.words for one in own.quotes] == ["Cheap"]
    assert pitch_for(prospect="", profile=Profile(), member=owner).quotes == []


def test_a_project_is_evidence_for_strangers_only_as_far_as_the_customer_confirmed_it(
    eva: Contact, owner: Member
) -> None:
    project = JointProject.objects.create(
        account=eva.account, title="Scrap", measure="Scrap", unit="%", baseline=8, baseline_on=ON, owner=owner,
        currency="EUR",
    )  # fmt: skip
    noted(eva.account, owner, project=project, evidence="Invoice 7", **UNNAMED)
    like = profile_of(eva.account)
    assert pitch_for(prospect="", profile=like, member=owner).quotes[0].evidence == ()
    SignOff.objects.create(
        project=project, contact=eva, asked_on=ON, measured_on=ON, value=5, saved_minor=120_000, answer="agrees"
    )
    assert pitch_for(prospect="", profile=like, member=owner).quotes[0].evidence == (
        "Scrap: from 8 to 5 %, confirmed by the customer",
        "€1,200 saved, confirmed by the customer",
    )


def test_what_was_measured_together_names_nobody_who_is_not_to_be_named(eva: Contact, owner: Member) -> None:
    project = JointProject.objects.create(
        account=eva.account, title="Scrap", measure="Scrap at Harbour Gifts", unit="%", baseline=8, baseline_on=ON,
        owner=owner, currency="EUR",
    )  # fmt: skip
    SignOff.objects.create(project=project, contact=eva, asked_on=ON, measured_on=ON, value=5, answer="agrees")
    proof = noted(eva.account, owner, project=project, **UNNAMED)
    like = profile_of(eva.account)
    [told] = pitch_for(prospect="", profile=like, member=owner).quotes[0].evidence
    assert told == "Scrap at …: from 8 to 5 %, confirmed by the customer"
    change_proof(proof=proof, on=ON, member=owner, consent="by_name")
    [_since, *named] = ["", *pitch_for(prospect="", profile=like, member=owner).quotes[0].evidence]
    assert named == ["Scrap at Harbour Gifts: from 8 to 5 %, confirmed by the customer"]


def test_readers_note_nothing(eva: Contact) -> None:
    reader = Member.objects.create(email="read@example.com", name="Read", role="marketer")
    with pytest.raises(Refusal, match="role"):
        noted(eva.account, reader)


@pytest.mark.parametrize("language", ["en", "ne", "hi", "ur", "bn", "th"])
def test_a_pitch_is_one_page_in_every_language_and_tells_nothing_of_likeness(
    eva: Contact, owner: Member, language: str
) -> None:
    for place in range(5):
        account = Account.objects.create(name=f"Firm {place}", trade="Gift shop", size="20", country="Germany")
        noted(account, None, words=f"{place} " + "They repair within a day. " * 30, **NAMED)
    with translation.override(language):
        pitch = pitch_for(prospect="Lantern", profile=profile_of(eva.account), member=owner)
        assert len(pitch.quotes) == 5
        printed = pitch_pdf(pitch, member=owner)
    pages = PdfReader(BytesIO(printed)).pages
    assert len(pages) == 1
    text = pages[0].extract_text()
    assert "repair" in text
    assert owner.email in text
    assert str(pitch.quotes[0].likeness.value) not in text
