"""Value in the browser: projects confirmed, words asked for and quoted, pitches, ratings (B8, B9, C4, E8)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member, Team
from regulars.facts.effort import key_of as effort_key
from regulars.facts.issues import open_issue, solve_issue
from regulars.facts.models import Account, Contact, EffortAnswer, Lead, ServiceRating
from regulars.facts.ratings import Rateable, rate_service, rating_key
from regulars.facts.signals import SignalSource
from regulars.plan.models import JointProject, PerceivedValue, ProofAsk, Review, SignOff, ValueProof
from regulars.plan.review_letters import summary_of
from regulars.plan.value_proofs import note_proof

AT = datetime(2024, 12, 9, 10, tzinfo=UTC)
ON = date(2024, 12, 9)
PROJECT = {
    "title": "Less scrap",
    "goal": "Fewer broken lamps",
    "measure": "Scrap a month",
    "unit": "%",
    "better": "less",
    "baseline": "8",
    "baseline_on": "2024-11-01",
    "target": "4",
}

Signer = Callable[[Member], Client]


@pytest.fixture
def eva(scored: Any, owner: Member) -> Contact:
    account: Account = scored("Harbour Gifts", owner=owner)
    return Contact.objects.create(account=account, name="Eva", email="eva@harbour.example", language="th")


@pytest.fixture
def stranger(organisation: Any, signed_in: Signer) -> Client:
    far = Member.objects.create(
        email="far@example.com", name="Far", role="account_manager", team=Team.objects.create(name="Far away")
    )
    return signed_in(far)


def page(client: Client, where: str, status: int = 200) -> str:
    answer = client.get(where)
    assert answer.status_code == status, where
    return str(answer.content.decode())


def undo(browser: Client, shown: str) -> None:
    found = re.search(r'class="toast".*?action="([^"]+)"', shown, re.DOTALL)
    assert found, "there is nothing to undo"
    assert browser.post(found[1]).status_code == 302


def link_in(where: str) -> str:
    found = re.search(rf"/{where}/[^\s\"&<]+/", OutgoingMail.objects.latest("pk").text)
    assert found
    return found[0]


def letter_of(browser: Client, where: str) -> dict[str, str]:
    shown = browser.get(where).context["form"].initial
    return {"subject": shown["subject"], "text": shown["text"]}


def test_a_project_is_agreed_measured_confirmed_by_its_customer_and_finished(browser: Client, eva: Contact) -> None:
    home = f"/accounts/{eva.account.uid}/value/"
    assert "There is no project" in page(browser, home)
    where = f"/accounts/{eva.account.uid}/projects/new/"
    assert browser.post(where, PROJECT | {"target": "9"}).status_code == 422
    assert browser.post(where, PROJECT | {"contact": str(eva.uid)}).status_code == 302
    project = JointProject.objects.get()
    at = f"/projects/{project.uid}/"
    assert browser.post(f"{at}measure/", {"value": "5", "on": "2024-12-09"}).status_code == 422, "it is not started"
    browser.post(f"{at}start/")
    measured = {"value": "5", "on": "2024-12-09", "saved": "1200.50", "said": "By hand"}
    assert browser.post(f"{at}measure/", measured).status_code == 302
    shown = page(browser, at)
    assert "€1,200.50" in shown
    assert "75% of the way" in shown
    letter = letter_of(browser, f"{at}ask/?contact={eva.uid}")
    assert browser.post(f"{at}ask/?contact={eva.uid}", letter | {"text": "no link"}).status_code == 422
    assert browser.post(f"{at}ask/?contact={eva.uid}", letter).status_code == 302
    customer, link = Client(), link_in("sign-off")
    asked = customer.get(link)
    assert asked.headers["Content-Language"] == "th"
    assert SignOff.objects.get().answer == "", "opening the link is no answer"
    assert customer.post(link, {}).status_code == 422
    answer = {"agrees": "yes", "words": "Thank you all"}
    assert browser.get(link).status_code == 200, "ours may look at the question"
    ours = browser.post(link, answer)
    assert ours.status_code == 422, "and do not answer it in the customer's place"
    assert "Thank you all" in ours.content.decode()
    assert SignOff.objects.get().answer == ""
    assert customer.post(link, answer).status_code == 200
    assert SignOff.objects.get().answer == "agrees"
    assert customer.get(link).status_code == 410
    assert "Thank you all" in page(browser, at)
    assert browser.post(f"{at}finish/", {"words": "Done"}).status_code == 302
    undo(browser, page(browser, at))
    assert JointProject.objects.get().state == "running"
    assert browser.post(f"{at}stop/", {"words": ""}).status_code == 422
    assert "confirmed by the customer" in page(browser, "/projects/")
    assert browser.post(f"{at}edit/", PROJECT | {"title": "Less waste"}).status_code == 302
    assert browser.post(f"{at}edit/", PROJECT | {"baseline": "20"}).status_code == 422


def test_what_was_measured_and_asked_by_mistake_is_taken_back(browser: Client, eva: Contact) -> None:
    browser.post(f"/accounts/{eva.account.uid}/projects/new/", PROJECT)
    at = f"/projects/{JointProject.objects.get().uid}/"
    browser.post(f"{at}start/")
    browser.post(f"{at}measure/", {"value": "5", "on": "2024-12-09"})
    where = f"{at}ask/?contact={eva.uid}"
    browser.post(where, letter_of(browser, where))
    undo(browser, page(browser, at))
    assert Client().get(link_in("sign-off")).status_code == 410
    browser.post(f"{at}measure/", {"value": "1", "on": "2024-12-09"})
    undo(browser, page(browser, at))
    assert "taken back" in page(browser, at)


def test_a_customer_is_asked_what_it_values_and_its_answer_is_kept(browser: Client, eva: Contact) -> None:
    where = f"/accounts/{eva.account.uid}/value/ask/"
    assert browser.post(where, letter_of(browser, where)).status_code == 302
    home = page(browser, f"/accounts/{eva.account.uid}/value/")
    assert "has not answered yet" in home
    customer, link = Client(), link_in("worth")
    assert customer.get(link).headers["Content-Language"] == "th"
    said = {"score": "9", "what": "advice", "words": "They tell us what sells", "consent": "anonymous"}
    assert customer.post(link, said | {"score": "11"}).status_code == 422
    assert customer.post(link, said).status_code == 200
    assert customer.post(link, said).status_code == 410
    home = page(browser, f"/accounts/{eva.account.uid}/value/")
    assert "They tell us what sells" in home
    assert "9 of 10" in home
    proof = ValueProof.objects.get()
    changed = {"what": "service", "said_on": "2024-12-09", "consent": "none", "words": "Put into its mouth"}
    assert browser.post(f"/value-proofs/{proof.uid}/", changed).status_code == 302
    proof.refresh_from_db()
    assert (proof.words, proof.consent, proof.what) == ("They tell us what sells", "none", "service")


def test_worth_is_noted_drawn_and_taken_back(browser: Client, eva: Contact) -> None:
    home, where = f"/accounts/{eva.account.uid}/value/", f"/accounts/{eva.account.uid}/value/worth/"
    for score, on in ((9, "2024-06-03"), (6, "2024-12-09")):
        assert browser.post(where, {"score": str(score), "on": on}).status_code == 302
    assert browser.post(where, {"score": "6", "on": "2025-12-09"}).status_code == 422
    shown = page(browser, home)
    assert "That is 3 less" in shown
    assert "data-chart" in shown
    browser.post(where, {"score": "1", "on": "2024-12-09"})
    undo(browser, page(browser, home))
    assert PerceivedValue.objects.filter(taken_back_at=None).count() == 2
    part = browser.get(home, headers={"HX-Request": "true"})
    assert b"<nav" not in part.content
    assert b'id="value"' in part.content


def test_the_library_keeps_back_names_and_words_that_may_not_be_read(
    browser: Client, stranger: Client, eva: Contact, owner: Member
) -> None:
    eva.account.trade = "Gift shop"
    eva.account.save()

    def proof(words: str, consent: str, **said: Any) -> ValueProof:
        said |= {"consent_from": "Eva"} if consent != "none" else {}
        return note_proof(account=eva.account, on=ON, member=owner, what="repair", words=words, consent=consent, **said)

    proof("Harbour Gifts waits a day", "anonymous")
    proof("Kept secret", "none")
    own = page(browser, "/value-proofs/")
    assert "Harbour Gifts waits a day" in own
    assert "Kept secret" in own
    theirs = page(stranger, "/value-proofs/")
    assert "Harbour" not in theirs
    assert "waits a day" in theirs
    assert "Kept secret" not in theirs
    assert "waits a day" in page(stranger, "/value-proofs/?q=waits&what=repair&kind=firm&trade=Gift+shop")
    assert "waits a day" not in page(stranger, "/value-proofs/?q=harbour"), "a hit would tell the name"
    assert "waits a day" in page(browser, "/value-proofs/?q=harbour")
    assert "Nothing of this kind" in page(browser, "/value-proofs/?what=price")
    named = proof("Eva says so", "by_name", evidence="Invoice 7")
    assert "Harbour Gifts" in page(stranger, "/value-proofs/")
    assert stranger.get(f"/value-proofs/{named.uid}/").status_code == 404
    assert stranger.post(f"/value-proofs/{named.uid}/take-back/").status_code == 404
    browser.post(f"/value-proofs/{named.uid}/take-back/")
    assert "Eva says so" not in page(stranger, "/value-proofs/")
    undo(browser, page(browser, f"/value-proofs/{named.uid}/"))
    assert "Eva says so" in page(stranger, "/value-proofs/")


def test_a_library_of_many_costs_as_many_queries_as_one_of_few(browser: Client, eva: Contact, owner: Member) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as counted:
            page(browser, "/value-proofs/")
        return len(counted)

    for place in range(2):
        note_proof(account=eva.account, on=ON, member=owner, what="repair", words=f"Yes {place}")
    few = asked()
    for place in range(12):
        other = Account.objects.create(name=f"Other {place}")
        note_proof(account=other, on=ON, member=None, what="price", words="No", consent="anonymous", consent_from="Ida")
    assert asked() == few


def test_a_pitch_is_made_for_an_account_and_for_a_prospect_described_and_printed(
    browser: Client, stranger: Client, eva: Contact, owner: Member
) -> None:
    like = Account.objects.create(name="Lantern Shop", kind="firm", country="Germany")
    note_proof(account=like, on=ON, member=None, what="price", words="Fair", consent="by_name", consent_from="Ida")
    shown = page(browser, f"/accounts/{eva.account.uid}/pitch/")
    assert "Fair" in shown
    assert "Similar: the same kind of customer." in shown
    assert "Say what you know" in page(stranger, "/pitch/")
    described = page(stranger, "/pitch/?country=Germany&name=Castle&language=ur")
    assert "Lantern Shop" in described
    found = re.search(r'href="(/pitch\.pdf\?[^"]+)"', described)
    assert found
    printed = stranger.get(found[1].replace("&amp;", "&"))
    assert printed.headers["Content-Type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF")
    assert "castle.pdf" in printed.headers["Content-Disposition"]
    assert browser.get(f"/accounts/{eva.account.uid}/pitch.pdf?language=hi&wanted=price").status_code == 200
    assert stranger.get(f"/accounts/{eva.account.uid}/pitch.pdf").status_code == 404


def test_with_the_effort_the_customer_rates_who_solved_it_and_may_leave_that_out(
    browser: Client, eva: Contact, owner: Member
) -> None:
    def solved() -> str:
        made = open_issue(account=eva.account, title="Broken", at=AT, due_at=AT, member=owner, contact=eva)
        return f"/effort/{effort_key(solve_issue(issue=made, solution='Sent two', at=AT, member=owner))}/"

    customer, link = Client(), solved()
    assert owner.name in page(customer, link)
    assert customer.post(link, {"score": "1", "courtesy": "9"}).status_code == 422
    assert not EffortAnswer.objects.exists()
    assert customer.post(link, {"score": "1", "courtesy": "7", "competence": "6"}).status_code == 200
    rating = ServiceRating.objects.get()
    assert (rating.member, rating.courtesy, rating.competence) == (owner, 7, 6)
    assert customer.post(solved(), {"score": "2"}).status_code == 200
    assert ServiceRating.objects.count() == 1


def test_one_of_ours_rates_nobody(browser: Client, eva: Contact, owner: Member) -> None:
    rateable = Rateable(member=owner, source=SignalSource(kind="plan.review", uid=eva.uid))
    assert browser.post(f"/rate/{rating_key(rateable)}/", {"courtesy": "7"}).status_code == 422
    made = open_issue(account=eva.account, title="Broken", at=AT, due_at=AT, member=owner, contact=eva)
    link = f"/effort/{effort_key(solve_issue(issue=made, solution='Sent two', at=AT, member=owner))}/"
    assert 'name="courtesy"' in page(Client(), link)
    assert 'name="courtesy"' not in page(browser, link)
    assert browser.post(link, {"score": "1", "courtesy": "7"}).status_code == 200
    assert not ServiceRating.objects.exists()


def test_the_page_of_an_account_costs_as_many_queries_for_much_as_for_little(
    browser: Client, eva: Contact, owner: Member
) -> None:
    home = f"/accounts/{eva.account.uid}/value/"

    def asked() -> int:
        with CaptureQueriesContext(connection) as counted:
            page(browser, home)
        return len(counted)

    def more() -> None:
        project = JointProject.objects.create(
            account=eva.account, title="Scrap", baseline=8, baseline_on=ON, currency="EUR", owner=owner
        )
        project.measurements.create(on=ON, value=5)
        note_proof(account=eva.account, on=ON, member=owner, what="repair", words="Yes", contact=eva)
        PerceivedValue.objects.create(account=eva.account, contact=eva, score=5, on=ON)
        ProofAsk.objects.create(account=eva.account, contact=eva, asked_on=ON)

    more()
    few = asked()
    for _place in range(4):
        more()
    assert asked() == few


def test_a_colleague_reads_ratings_first_then_who_leads_reads_the_mean(
    browser: Client, members: dict[str, Member], signed_in: Signer
) -> None:
    anna = members["service"]
    for place in range(5):
        rateable = Rateable(member=anna, source=SignalSource(kind="plan.review", uid=anna.uid), occasion=place)
        rated = {"courtesy": "7", "competence": "6", "words": "Very kind"}
        assert Client().post(f"/rate/{rating_key(rateable)}/", {}).status_code == 422
        assert Client().post(f"/rate/{rating_key(rateable)}/", rated).status_code == 200
        assert Client().post(f"/rate/{rating_key(rateable)}/", rated).status_code == 410
    before = page(browser, "/service-ratings/")
    assert "5 answers wait" in before
    assert "of 7 by" not in before
    own = page(signed_in(anna), "/my-rating/")
    assert "Very kind" in own
    assert own.count("new</span>") == 5
    assert "new</span>" not in page(signed_in(anna), "/my-rating/")
    after = page(browser, "/service-ratings/")
    assert "7 of 7 by 5 answers" in after
    assert "Very kind" not in after
    assert "Very kind" not in page(signed_in(members["account_manager"]), "/my-rating/")


def test_foreign_records_answer_like_absent_ones(
    stranger: Client, browser: Client, eva: Contact, owner: Member
) -> None:
    browser.post(f"/accounts/{eva.account.uid}/projects/new/", PROJECT)
    project = JointProject.objects.get()
    ask = ProofAsk.objects.create(account=eva.account, contact=eva, asked_on=ON)
    worth = PerceivedValue.objects.create(account=eva.account, score=5, on=ON)
    asked = SignOff.objects.create(project=project, contact=eva, asked_on=ON, measured_on=ON, value=5)
    for where in (f"/projects/{project.uid}/", f"/projects/{project.uid}/edit/", f"/projects/{project.uid}/ask/"):
        assert stranger.get(where).status_code == 404
    for where in (
        f"/projects/{project.uid}/start/",
        f"/projects/questions/{asked.uid}/take-back/",
        f"/value-proofs/questions/{ask.uid}/take-back/",
        f"/value-proofs/worth/{worth.uid}/take-back/",
        f"/accounts/{eva.account.uid}/value/worth/",
    ):
        assert stranger.post(where).status_code == 404
    assert browser.post(f"/projects/{project.uid}/dance/").status_code == 404


def test_false_links_open_nothing_and_asking_is_limited(db: None, settings: Any) -> None:
    customer = Client()
    for where in ("sign-off", "worth", "rate"):
        assert customer.get(f"/{where}/x/").status_code == 410
        assert customer.post(f"/{where}/x/").status_code == 410
    settings.ACCOUNT_RATE_LIMITS = {"customer_answer": "1/m/ip"}
    assert {customer.post("/rate/x/").status_code for _ in range(3)} == {410, 429}


def test_a_rated_issue_is_not_rated_twice(eva: Contact, owner: Member) -> None:
    rateable = Rateable(member=owner, source=SignalSource(kind="facts.issue", uid=eva.uid))
    rate_service(rateable=rateable, courtesy=7, competence=None, words="", at=AT)
    assert rateable.is_rated


def test_the_timeline_tells_what_was_valued_measured_and_confirmed(
    browser: Client, eva: Contact, owner: Member
) -> None:
    browser.post(f"/accounts/{eva.account.uid}/projects/new/", PROJECT)
    project = JointProject.objects.get()
    browser.post(f"/projects/{project.uid}/start/")
    browser.post(f"/projects/{project.uid}/measure/", {"value": "5", "on": "2024-12-09"})
    SignOff.objects.create(
        project=project, contact=eva, asked_on=ON, measured_on=ON, value=5, answer="agrees", answered_at=AT
    )
    note_proof(account=eva.account, on=ON, member=owner, what="repair", words="Within a day")
    browser.post(f"/accounts/{eva.account.uid}/value/worth/", {"score": "9", "on": "2024-12-09"})
    shown = page(browser, f"/accounts/{eva.account.uid}/timeline/?kind=value").casefold()
    for told in ("measured: 5 %", "asked about a project: that is right", "Within a day", "worth 9 of 10"):
        assert told.casefold() in shown


def test_the_letter_after_a_review_asks_how_its_holder_was_until_that_is_answered(eva: Contact, owner: Member) -> None:
    review = Review.objects.create(account=eva.account, due_on=ON, held_on=ON, owner=owner, contact=eva, state="held")
    link = re.search(r"/rate/\S+", summary_of(review, member=owner).text)
    assert link
    assert "lang=th" in link[0]
    assert Client().post(link[0], {"courtesy": "7"}).status_code == 200
    assert ServiceRating.objects.get().member == owner
    assert "/rate/" not in summary_of(review, member=owner).text


def test_a_lead_leads_to_the_words_of_customers_like_it(browser: Client, eva: Contact, owner: Member) -> None:
    eva.account.trade = "Gift shop"
    eva.account.save()
    note_proof(
        account=eva.account, on=ON, member=owner, what="repair", words="At once", consent="by_name", consent_from="Eva"
    )
    lead = Lead.objects.create(name="Café & Söhne", trade="Gift shop", country="DE", language="de", came_at=AT)
    shown = page(browser, f"/leads/{lead.uid}/")
    found = re.search(r'href="(/pitch/[^"]+)"', shown)
    assert found
    assert "At once" in page(browser, found[1].replace("&amp;", "&"))
