"""Leads in the browser: queue, one lead, winning it, forms for strangers, files, criteria, flow (mission D1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from regulars.base.models import Member
from regulars.facts.lead_criteria import save_criterion
from regulars.facts.lead_forms import save_form
from regulars.facts.leads import Origin, take_lead
from regulars.facts.models import Account, Lead, LeadCriterion, LeadForm, LeadRoute
from regulars.plan.models import Handover, Promise

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 12, 9, 10, 0, tzinfo=UTC)
Signer = Callable[[Member], Client]


@pytest.fixture(autouse=True)
def at_ten() -> Any:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def seller(members: dict[str, Member]) -> Member:
    return members["new_business_seller"]


def came(name: str = "Alpine Gifts", **said: Any) -> Lead:
    said.setdefault("email", f"{name.replace(' ', '').lower()}@example.com")
    return take_lead(origin=Origin(channel="hand"), at=NOW, member=None, name=name, **said).lead


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


# The queue and one lead


def test_a_seller_takes_a_lead_down_answers_it_and_undoes(seller: Member, signed_in: Signer) -> None:
    """D1."""
    client = signed_in(seller)
    assert "No lead waits" in text_of(client.get("/leads/"))
    said = {"name": "Alpine Gifts", "kind": "firm", "person": "Eva", "email": "eva@alpine.example", "wishes": "Lamps"}
    assert client.post("/leads/new/", said).status_code == 302
    lead = Lead.objects.get()
    assert (lead.owner, lead.channel) == (seller, "hand")
    assert "Alpine Gifts" in text_of(client.get("/leads/?state=unanswered"))
    answer = client.post(f"/leads/{lead.uid}/contacted/", {"said": "Called", "back": "queue"}, follow=True)
    assert "Noted." in text_of(answer)
    lead.refresh_from_db()
    assert lead.answered_at == NOW
    client.post(f"/leads/{lead.uid}/back/")
    lead.refresh_from_db()
    assert lead.answered_at is None


def test_the_page_of_a_lead_says_why_it_fits_or_not_and_whether_it_is_known(
    browser: Client, owner: Member, seller: Member
) -> None:
    save_criterion(member=owner, name="A firm", about="kind", fits=["firm"], points=60, must=True)
    Account.objects.create(name="Alpine Gifts GmbH", owner=seller)
    lead = came()
    page = text_of(browser.get(f"/leads/{lead.uid}/"))
    assert "It fits: 60 points of 50 that are needed, and every must-have." in page
    assert "Perhaps a customer already" in page
    assert "Alpine Gifts GmbH" in page
    refused = browser.post(f"/leads/{lead.uid}/lose/", {"reason": "other", "said": ""})
    assert refused.status_code == 422
    assert "The reason is missing" in text_of(refused)


def test_a_customer_of_a_colleague_is_not_named(members: dict[str, Member], signed_in: Signer) -> None:
    Account.objects.create(name="Alpine Gifts GmbH", owner=members["owner"])
    lead = came()
    page = text_of(signed_in(members["new_business_seller"]).get(f"/leads/{lead.uid}/"))
    assert "A customer of a colleague" in page
    assert "Alpine Gifts GmbH" not in page


def test_a_lead_is_won_with_promises_and_handed_over(
    members: dict[str, Member], signed_in: Signer, seller: Member
) -> None:
    lead = came(wishes="Lamps")
    client = signed_in(seller)
    assert client.get(f"/leads/{lead.uid}/won/").status_code == 200
    said = {"receiver": str(members["account_manager"].uid), "work": "Lamps", "promise_0": "Samples", "due_0": ""}
    assert client.post(f"/leads/{lead.uid}/won/", said).status_code == 422
    answer = client.post(f"/leads/{lead.uid}/won/", said | {"due_0": "2024-12-12"})
    handover = Handover.objects.get()
    assert answer.headers["Location"] == f"/handovers/{handover.uid}/"
    assert (Promise.objects.get().text, handover.account.name) == ("Samples", "Alpine Gifts")
    assert client.get(f"/leads/{lead.uid}/won/").status_code == 404
    assert "Alpine Gifts" in text_of(client.get("/leads/?state=won&whose=all"))


def test_the_queue_asks_the_same_few_questions_however_many_leads_there_are(browser: Client, seller: Member) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert browser.get("/leads/?whose=all").status_code == 200
        return len(asked)

    came("First")
    browser.get("/leads/?whose=all")
    few = queries()
    for number in range(12):
        came(f"Further {number}")
    assert queries() == few


def test_a_foreign_lead_answers_like_one_that_is_not_there(members: dict[str, Member], signed_in: Signer) -> None:
    other = Member.objects.create(email="o@firm.example", name="Other", role="new_business_seller")
    lead = came()
    Lead.objects.update(owner=other)
    client = signed_in(members["new_business_seller"])
    for where in ("", "edit/", "won/"):
        assert client.get(f"/leads/{lead.uid}/{where}").status_code == 404
    assert client.post(f"/leads/{lead.uid}/contacted/").status_code == 404


# Forms for strangers


@pytest.fixture
def form(owner: Member) -> LeadForm:
    return save_form(member=owner, name="Site", language="en", origins=["https://shop.example.com"])


STRANGER = {"person": "Eva", "name": "Alpine", "email": "eva@alpine.example", "wishes": "Lamps", "country": "Austria"}


def opened(client: Client, where: str) -> str:
    page = client.get(where).content.decode()
    found = re.search(r'name="stamp" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_stranger_becomes_a_lead_without_login_script_or_cookie(form: LeadForm, seller: Member, at_ten: Any) -> None:
    """D1."""
    client, where = Client(enforce_csrf_checks=True), f"/forms/leads/{form.token}/"
    given = opened(client, where)
    at_ten.shift(timedelta(seconds=30))
    answer = client.post(where, {**STRANGER, "stamp": given})
    assert (answer.status_code, "Thank you!" in text_of(answer)) == (200, True)
    assert not answer.cookies
    lead = Lead.objects.get()
    assert (lead.channel, lead.form, lead.owner, lead.language) == ("form", form, seller, "en")
    client.post(where, {**STRANGER, "stamp": given})  # a second click
    assert lead.steps.count() == 2


def test_only_the_sites_that_the_form_names_may_show_it(form: LeadForm) -> None:
    answer = Client().get(f"/forms/leads/{form.token}/")
    assert "frame-ancestors 'self' https://shop.example.com" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    by_link = Client().get("/r/nonsense/")
    assert by_link.headers.get("X-Frame-Options") == "DENY"


def test_programs_are_kept_away(form: LeadForm, seller: Member, at_ten: Any) -> None:
    client, where = Client(), f"/forms/leads/{form.token}/"
    given = opened(client, where)
    too_soon = client.post(where, {**STRANGER, "stamp": given})
    assert (too_soon.status_code, "too quickly" in text_of(too_soon)) == (422, True)
    assert 'value="Eva"' in too_soon.content.decode()
    again = re.search(r'name="stamp" value="([^"]+)"', too_soon.content.decode())
    assert again is not None
    assert again[1] != given
    at_ten.shift(timedelta(seconds=30))
    trapped = client.post(where, {**STRANGER, "stamp": given, "website": "https://spam.example"})
    assert "Thank you!" in text_of(trapped)
    assert not Lead.objects.exists()
    statuses = [client.post(where, {**STRANGER, "stamp": "x"}).status_code for _ in range(25)]
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("ur-PK,en;q=0.5", "ur"), ("fr,th;q=0.7", "th"), ("fr", "en"), ("", "en"), ("*", "en"), ("x" * 3000, "en")],
)
def test_a_stranger_reads_the_form_in_the_language_of_the_browser(
    form: LeadForm, owner: Member, wanted: str, language: str
) -> None:
    """The firm's own words stay as they were typed, and say which language they are (D1)."""
    save_form(form=form, member=owner, title="Ask us")
    where = f"/forms/leads/{form.token}/"
    answer = Client().get(where, headers={"Accept-Language": wanted})
    assert answer["Content-Language"] == language
    assert '<h1 lang="en" dir="auto">Ask us</h1>' in answer.content.decode()
    assert Client().get(where + "?lang=bn", headers={"Accept-Language": wanted})["Content-Language"] == "bn"


def test_a_form_asks_our_own_questions_in_its_language_and_closes(
    form: LeadForm, owner: Member, seller: Member, browser: Client, at_ten: Any
) -> None:
    asked = save_criterion(
        member=owner, name="Soon", about="question", question="When?", answers=["Now", "Later"], fits=["Now"],
        points=60, on_form=True,
    )  # fmt: skip
    where = f"/forms/leads/{form.token}/"
    assert "When?" in text_of(Client().get(where))
    assert 'dir="rtl"' in Client().get(where + "?lang=ur").content.decode()
    given = opened(Client(), where)
    at_ten.shift(timedelta(seconds=30))
    Client().post(where, {**STRANGER, "stamp": given, f"question_{asked.pk}": "Now"})
    assert Lead.objects.get().state == "qualified"
    browser.post(f"/settings/lead-form/{form.uid}/close/")
    closed = Client().get(where)
    assert (closed.status_code, "closed" in text_of(closed)) == (410, True)


def test_marketing_makes_forms_criteria_and_rules(members: dict[str, Member], signed_in: Signer) -> None:
    client = signed_in(members["marketer"])
    made = {"name": "Fair", "language": "th", "origins": "https://a.example\nhttps://b.example"}
    assert client.post("/settings/lead-form/add/", made).status_code == 302
    form = LeadForm.objects.get()
    page = client.get(f"/settings/lead-form/{form.uid}/")
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert f"/forms/leads/{form.token}/" in page.content.decode()
    wrong = client.post("/settings/lead-form/add/", made | {"origins": "javascript:alert(1)"})
    assert wrong.status_code == 422
    said = {"name": "Near", "about": "country", "fits": "Nepal\nIndia", "points": "30", "position": "1"}
    assert client.post("/settings/leads/criteria/add/", said).status_code == 302
    criterion = LeadCriterion.objects.get()
    assert criterion.fits == ["Nepal", "India"]
    client.post(f"/settings/leads/criteria/{criterion.uid}/retire/")
    assert "Used no longer" in text_of(client.get("/settings/leads/"))
    assert client.post("/settings/leads/", {"points": "70"}).status_code == 302
    said = {"name": "Nepal", "countries": "Nepal", "person": str(members["service"].uid), "position": "1"}
    assert client.post("/settings/leads/rules/add/", said).status_code == 302
    route = LeadRoute.objects.get()
    assert route.member == members["service"]
    client.post(f"/settings/leads/rules/{route.uid}/remove/")
    assert not LeadRoute.objects.exists()


def test_marketing_reads_a_file_and_gets_back_what_was_not_taken(members: dict[str, Member], signed_in: Signer) -> None:
    client = signed_in(members["marketer"])
    content = "Company,E-mail\nAlpine,eva@alpine.example\n=cmd(),\n"
    answer = client.post("/leads/files/", {"file": SimpleUploadedFile("fair.csv", content.encode())}, follow=True)
    assert "1 new lead. Known before: 0. Not taken: 1." in text_of(answer)
    where = re.search(r"/leads/files/[0-9a-f-]+/rejected.csv", answer.content.decode())
    assert where is not None
    rows = b"".join(client.get(where[0]).streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=cmd()" in rows, "no spreadsheet runs it"
    assert "There is no way to answer." in rows


def test_the_flow_of_leads_says_what_came_and_what_was_won(browser: Client, owner: Member, seller: Member) -> None:
    assert "No lead came yet" in text_of(browser.get("/leads/flow/"))
    for number in range(12):
        lead = came(f"Firm {number}")
        browser.post(f"/leads/{lead.uid}/contacted/")
        verb, said = ("won", {"keep": "on"}) if number < 3 else ("lose", {"reason": "price"})
        browser.post(f"/leads/{lead.uid}/{verb}/", said)
    page = text_of(browser.get("/leads/flow/?by=weeks"))
    assert "25% won of 12 decided" in page
    assert "Taken down by us" in page


# Who may


PAGES: dict[str, set[str]] = {
    "/leads/": {"all"},
    "/leads/flow/": {"all"},
    "/leads/new/": {"owner", "sales_head", "account_manager", "new_business_seller", "service", "marketer"},
    "/leads/files/": {"owner", "sales_head", "marketer"},
    "/leads/{lead}/": {"all"},
    "/leads/{lead}/edit/": {"owner", "sales_head", "account_manager", "new_business_seller", "service", "marketer"},
    "/leads/{lead}/won/": {"owner", "sales_head", "account_manager", "new_business_seller", "service"},
    "/settings/leads/": {"owner", "sales_head", "marketer"},
    "/settings/leads/criteria/add/": {"owner", "sales_head", "marketer"},
    "/settings/leads/rules/add/": {"owner", "sales_head", "marketer"},
    "/settings/lead-form/": {"owner", "sales_head", "marketer"},
    "/settings/lead-form/add/": {"owner", "sales_head", "marketer"},
    "/settings/lead-form/{form}/": {"owner", "sales_head", "marketer"},
    "/referrals/": {"all"},
}
WORKERS = {"owner", "sales_head", "account_manager", "new_business_seller", "service", "marketer"}


@pytest.mark.parametrize("role", [role.value for role in Member.Role])
def test_each_role_reaches_what_it_may(
    role: str, members: dict[str, Member], signed_in: Signer, form: LeadForm
) -> None:
    lead = came()
    Lead.objects.update(owner=members[role])
    client, uids = signed_in(members[role]), {"lead": lead.uid, "form": form.uid}
    expected = {where: 200 if "all" in may or role in may else 403 for where, may in PAGES.items()}
    assert {where: client.get(where.format(**uids)).status_code for where in PAGES} == expected
    status = 302 if role in WORKERS else 403
    for verb, said in (("contacted", {}), ("note", {"said": "x"}), ("qualify", {}), ("back", {})):
        assert client.post(f"/leads/{lead.uid}/{verb}/", said).status_code == status, verb
    managers = {"owner", "sales_head", "marketer"}
    closed = client.post(f"/settings/lead-form/{form.uid}/close/").status_code
    assert closed == (302 if role in managers else 403)
