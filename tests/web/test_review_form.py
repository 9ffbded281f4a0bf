"""Reviews are prepared, written down field by field, finished, corrected and written about (missions A4, B5, B7)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member, Team
from regulars.facts.models import Account, Contact, Signal
from regulars.plan.models import Opportunity, Promise, Review, ReviewEntry, ReviewQuestion, ReviewRecommendation
from regulars.plan.promises import make_promise

AS_OF = date(2024, 12, 9)
ADVICE = {"recommendation.1.kind": "advice", "recommendation.1.text": "Order in full boxes"}
Signer = Callable[[Member], Client]


@pytest.fixture
def firm(scored: Callable[..., Any], owner: Member) -> Account:
    made: Account = scored("Harbour Gifts", owner=owner, language="th")
    return made


@pytest.fixture
def review(firm: Account, owner: Member) -> Review:
    ada = Contact.objects.create(account=firm, name="Ada Quist", email="ada@harbour.example", language="en")
    return Review.objects.create(account=firm, due_on=AS_OF, owner=owner, contact=ada)


def page_of(browser: Client, review: Review, part: str = "") -> str:
    return browser.get(f"/reviews/{review.uid}/{part}").content.decode()


def send(browser: Client, review: Review, *fields: tuple[str, str, str], device: str = "phone") -> Any:
    said = {"device": device, "fields": [{"name": name, "value": text, "mark": mark} for name, text, mark in fields]}
    return browser.post(f"/reviews/{review.uid}/form/save/", json.dumps(said), content_type="application/json")


def form_of(page: str) -> dict[str, str]:
    """All hidden fields of the form: over which version one types."""
    return dict(re.findall(r'name="((?:v|asked)\.[^"]+)" value="([^"]*)"', page))


def finish(browser: Client, review: Review, **said: str) -> Any:
    known = form_of(page_of(browser, review, "form/"))
    return browser.post(f"/reviews/{review.uid}/form/", {**known, **ADVICE, **said, "finish": "1"})


def test_the_preparation_tells_what_was_promised_and_what_to_ask(
    browser: Client, review: Review, firm: Account, owner: Member
) -> None:
    make_promise(account=firm, text="Send samples", due_on=date(2024, 12, 1), on=date(2024, 11, 1), member=owner)
    page = page_of(browser, review)
    assert "Of what we promised: 1 is overdue." in page
    assert "Send samples" in page
    assert "If you could change one thing about working with us" in page
    assert "we do not know it" in page
    assert "No problem was taken down since then." in page
    part = browser.get(f"/reviews/{review.uid}/orders/", headers={"HX-Request": "true"}).content.decode()
    assert "No order since" in part
    assert "<html" not in part


def test_a_field_is_kept_as_soon_as_it_is_typed(browser: Client, review: Review) -> None:
    answer = send(browser, review, ("said", "A good talk", "0.0")).json()["fields"][0]
    assert (answer["name"], answer["clash"]) == ("said", False)
    assert answer["mark"].startswith("1.")
    assert ReviewEntry.objects.get().value == "A good talk"
    assert "A good talk" in page_of(browser, review, "form/")
    clash = send(browser, review, ("said", "A bad talk", "0.0"), device="desk").json()["fields"][0]
    assert (clash["clash"], clash["value"]) == (True, "A good talk")
    assert send(browser, review, ("state", "finished", "0.0")).status_code == 422
    broken = browser.post(f"/reviews/{review.uid}/form/save/", "[", content_type="application/json")
    assert broken.status_code == 400


def test_without_a_script_the_form_is_sent_as_a_whole_and_nothing_is_overwritten(
    browser: Client, review: Review
) -> None:
    known = form_of(page_of(browser, review, "form/"))
    send(browser, review, ("said", "A good talk", "0.0"))  # meanwhile, on the phone
    sent = {**known, "said": "A long talk", "theirs.1.text": "Boxes arrive crushed", "keep": "1"}
    refused = browser.post(f"/reviews/{review.uid}/form/", sent)
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "A good talk" in page
    assert "A long talk" in page
    assert set(ReviewEntry.objects.values_list("value", flat=True)) == {"A good talk", "Boxes arrive crushed"}
    sent = {**form_of(page), "said": "A good, long talk", "theirs.1.text": "Boxes arrive crushed", "keep": "1"}
    assert browser.post(f"/reviews/{review.uid}/form/", sent).status_code == 302
    assert ReviewEntry.objects.get(name="said").value == "A good, long talk"


def test_without_a_recommendation_it_is_not_finished_and_nothing_typed_is_lost(browser: Client, review: Review) -> None:
    refused = finish(browser, review, **{"recommendation.1.text": "", "said": "A good talk"})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "A review ends with a recommendation" in page
    assert "A good talk" in page
    review.refresh_from_db()
    assert review.state == Review.State.HELD


def test_a_finished_review_is_written_about_in_the_language_of_who_was_met(
    browser: Client, review: Review, firm: Account
) -> None:
    said = {
        "answer.about_us.us-well.text": "You deliver fast",
        "answer.about_us.us-well.signal": "praise",
        "theirs.1.text": "Boxes arrive crushed",
        "theirs.1.issue": "on",
        "ours.1.text": "They pay late",
        "promise.1.text": "Send samples",
        "promise.1.due_on": "2024-12-20",
    }
    done = finish(browser, review, **said)
    assert done.headers["Location"] == f"/reviews/{review.uid}/summary/"
    page = page_of(browser, review, "summary/")
    draft = page.split("<textarea")[1].split("</textarea>")[0]
    for words in ("Dear Ada Quist,", "Boxes arrive crushed (we are on to it)", "Send samples – by 20 Dec 2024"):
        assert words in draft
    assert "Order in full boxes" in draft
    assert "They pay late" not in draft  # our problems with them stay in the house
    assert "They pay late" in page
    contact = review.contact
    assert contact is not None
    letter = {"contact": str(contact.uid), "subject": "Our talk", "text": "Dear Ada, thank you."}
    assert browser.post(f"/reviews/{review.uid}/summary/", letter).status_code == 302
    mail = OutgoingMail.objects.get()
    assert (mail.subject, mail.language, mail.text.strip()) == ("Our talk", "en", "Dear Ada, thank you.")
    assert "The letter" in page_of(browser, review, "summary/")
    tab = browser.get(f"/accounts/{firm.uid}/reviews/").content.decode()
    assert "You deliver fast" in tab
    assert "Order in full boxes" in tab
    timeline = browser.get(f"/accounts/{firm.uid}/timeline/?kind=reviews").content.decode()
    assert "Review: finished" in timeline


def test_it_is_corrected_and_opened_again(browser: Client, review: Review) -> None:
    finish(browser, review, **{"answer.about_us.us-well.text": "Fast", "answer.about_us.us-well.signal": "praise"})
    assert "Save the correction" in page_of(browser, review, "form/")
    known = form_of(page_of(browser, review, "form/"))
    same = {**ADVICE, "answer.about_us.us-well.text": "Slow", "answer.about_us.us-well.signal": "complaint"}
    assert browser.post(f"/reviews/{review.uid}/form/", {**known, **same, "finish": "1"}).status_code == 302
    assert list(Signal.objects.filter(withdrawn_at=None).values_list("kind", flat=True)) == ["complaint"]
    assert browser.post(f"/reviews/{review.uid}/reopen/", {"reason": " "}).status_code == 422
    assert browser.post(f"/reviews/{review.uid}/reopen/", {"reason": "Another firm"}).status_code == 302
    assert not Signal.objects.filter(withdrawn_at=None).exists()
    assert "Slow" in page_of(browser, review, "form/")


def test_a_recommendation_is_followed_up_once(browser: Client, review: Review, firm: Account) -> None:
    finish(browser, review)
    assert "Follow it up" in page_of(browser, review, "summary/")
    where = f"/reviews/recommendations/{review.recommendations.get().uid}/follow-up/"
    for _twice in range(2):
        assert browser.post(where).status_code == 302
    opened = Opportunity.objects.get()
    assert (opened.account, opened.title, opened.source) == (firm, "Order in full boxes", "review")
    assert "To the opportunity" in page_of(browser, review, "summary/")


def test_the_firm_words_its_questions(browser: Client, review: Review) -> None:
    made = browser.post("/settings/review-questions/add/", {"area": "needs", "text_en": "Which season matters most?"})
    assert made.status_code == 302
    assert "Which season matters most?" in page_of(browser, review)
    own = ReviewQuestion.objects.get()
    where = f"/settings/review-questions/own/{own.uid}/"
    assert browser.post(where, {"area": "needs", "text_en": "Which month?"}).status_code == 302
    assert "Which month?" in page_of(browser, review)
    assert browser.post(where, {"area": "needs"}).status_code == 422
    assert browser.post(f"/settings/review-questions/{own.uid}/leave-out/").status_code == 302
    assert "Which month?" not in page_of(browser, review)
    shipped = "/settings/review-questions/shipped/us-better/"
    assert browser.post(shipped, {"text_en": "What would you change?"}).status_code == 302
    assert "What would you change?" in page_of(browser, review)
    assert browser.post("/settings/review-questions/us-better/leave-out/").status_code == 302
    assert "What would you change?" not in page_of(browser, review)
    assert "left out" in browser.get("/settings/review-questions/").content.decode()
    assert browser.get("/settings/review-questions/shipped/unheard-of/").status_code == 404


def test_questions_are_asked_in_the_language_of_the_customer_and_glossed(browser: Client, review: Review) -> None:
    Contact.objects.update(language="th")
    page = page_of(browser, review)
    assert 'lang="th"' in page
    assert "If you could change one thing" in page  # for who asks


@pytest.mark.parametrize("role", [role.value for role in Member.Role])
def test_readers_prepare_and_only_writers_hold(
    role: str, members: dict[str, Member], signed_in: Signer, scored: Any
) -> None:
    account = scored("Own", owner=members[role])
    review = Review.objects.create(account=account, due_on=AS_OF, owner=members[role])
    writes = role in {"owner", "sales_head", "account_manager", "new_business_seller", "service"}
    client = signed_in(members[role])
    assert client.get(f"/reviews/{review.uid}/").status_code == 200
    assert client.get(f"/accounts/{account.uid}/reviews/").status_code == 200
    assert client.get(f"/reviews/{review.uid}/form/").status_code == (200 if writes else 403)
    assert send(client, review, ("said", "x", "0.0")).status_code == (200 if writes else 422)
    done = client.post(f"/reviews/{review.uid}/form/", {**ADVICE, "finish": "1"})
    assert done.status_code == (422 if writes else 403)  # without the hidden versions nothing was typed
    assert client.get("/settings/review-questions/").status_code == (200 if role in {"owner", "sales_head"} else 403)


def test_a_foreign_review_answers_like_one_that_does_not_exist(review: Review, signed_in: Signer) -> None:
    stranger = Member.objects.create(
        email="far@x.example", name="Far", role="account_manager", team=Team.objects.create(name="Far away")
    )
    client = signed_in(stranger)
    for part in ("", "form/", "summary/", "orders/"):
        assert client.get(f"/reviews/{review.uid}/{part}").status_code == 404
    assert send(client, review, ("said", "x", "0.0")).status_code == 404
    assert client.post(f"/reviews/{review.uid}/reopen/", {"reason": "x"}).status_code == 404
    told = ReviewRecommendation.objects.create(review=review, kind="advice", text="x")
    assert client.post(f"/reviews/recommendations/{told.uid}/follow-up/").status_code == 404
    assert not ReviewEntry.objects.exists()


def test_the_preparation_asks_as_many_questions_of_the_database_however_much_there_is(
    browser: Client, review: Review, firm: Account, owner: Member, django_assert_max_num_queries: Any
) -> None:
    page_of(browser, review)
    for number in range(10):
        make_promise(account=firm, text=f"Promise {number}", due_on=AS_OF, on=AS_OF, member=owner)
    with django_assert_max_num_queries(60):
        assert "Promise 9" in page_of(browser, review)
    assert Promise.objects.count() == 10


def test_the_worker_of_the_form_comes_from_above_the_forms_and_is_asked_for_anew(browser: Client) -> None:
    answer = browser.get("/reviews/worker.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert b'addEventListener("fetch"' in answer.content


def test_pages_for_strangers_and_a_finished_review_forget_the_kept_form(browser: Client, review: Review) -> None:
    assert 'data-forget=""' in Client().get("/sign-in/").content.decode()
    assert 'id="sign-out"' in page_of(browser, review)
    assert "data-forget" not in page_of(browser, review, "form/")
    finish(browser, review)
    assert f'data-forget="{review.uid}"' in page_of(browser, review, "summary/")
