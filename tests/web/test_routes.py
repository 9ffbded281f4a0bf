"""Every address, every role: who gets what, and under which protection."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from regulars.base.models import Member, Team
from regulars.facts.models import Account
from regulars.plan.models import Action
from regulars.web.urls import urlpatterns

Signer = Callable[[Member], Client]

OPEN = {"welcome", "sign_in", "choose_password", "theme", "health", "invitation", "effort_answer"}
OPEN |= {"calendar_feed"}
OPEN |= {"lead_form", "referral_names", "referral_link"}
OPEN |= {"account_login", "account_inactive", "openid_connect_login", "openid_connect_callback"}
OPEN |= {"account_reset_password", "account_reset_password_done", "account_reset_password_from_key"}
OPEN |= {"sign_off_answer", "worth_answer", "rate_answer", "check_in_answer"}
"""Pages that need no sign-in."""

ROLES = [role.value for role in Member.Role]
WRITERS = {"owner", "sales_head", "account_manager", "new_business_seller", "service"}
EXPORTERS = {"owner", "sales_head", "marketer", "analyst"}
SEE_EVERYTHING = {"owner", "sales_head", "service", "marketer", "analyst"}


def routes() -> dict[str, URLPattern]:
    """The named addresses of the pages."""
    return {one.name: one for one in urlpatterns if one.name}


def address(name: str, uid: uuid.UUID) -> str:
    values = {
        "uid": uid,
        "verb": "done",
        "suffix": "csv",
        "cause": "declining",
        "file": "none",
        "uidb64": "MQ",
        "token": "x",
        "moment": 1,
        "number": 1,
        "cards": "sheet",
    }
    values |= {"which": "us-better", "month": "2024-01"}
    values |= {"uidb36": "1", "key": "x", "pk": 1, "provider_id": "x"}
    wanted = {key: values[key] for key in routes()[name].pattern.converters}
    return reverse(name, kwargs=wanted)


@pytest.mark.parametrize("name", sorted(routes()))
def test_a_page_needs_a_sign_in_unless_it_is_made_for_strangers(name: str, owner: Member) -> None:
    where = address(name, uuid.uuid4())
    for answer in (Client().get(where), Client().post(where)):
        to_sign_in = answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in/")
        assert to_sign_in == (name not in OPEN), f"{name}: {answer.status_code}"


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reaches_what_it_may(
    role: str, members: dict[str, Member], signed_in: Signer, scored: Any, proposed: Any
) -> None:
    member = members[role]
    account = scored("Own", owner=member)
    client = signed_in(member)
    expected = {
        "/today/": 200,
        "/today/digest/": 200,
        "/today/?whose=everyone": 200,
        "/accounts/": 200,
        "/design/": 200,
        "/accounts.csv": 200 if role in EXPORTERS else 403,
        "/portfolio/lifetimes/": 200,
        "/portfolio/lifetimes.csv": 200 if role in EXPORTERS else 403,
        "/portfolio/dependence/": 200 if role in SEE_EVERYTHING else 403,
        "/portfolio/dependence.csv": 200 if role in EXPORTERS else 403,
        "/portfolio/dependence/what-if/": 200 if role in {"owner", "sales_head", "analyst"} else 403,
        "/portfolio/dependence/what-if.csv": 200 if role in {"owner", "sales_head", "analyst"} else 403,
        f"/portfolio/dependence/{account.uid}/elasticity/": 200 if role in {"owner", "sales_head", "service"} else 403,
        "/key-accounts/": 200,
        "/key-accounts/assignment/": 200 if role in SEE_EVERYTHING else 403,
        "/portfolio/how-right/": 200,
        "/portfolio/how-right.csv": 404 if role in EXPORTERS else 403,  # nothing was tried yet
        "/portfolio/forecast/": 200,
        "/win-back/": 200,
        "/playbooks/": 200,
        "/playbooks/running/": 200,
        "/playbooks/praise/": 200,
        f"/accounts/{account.uid}/plays/": 200,
        f"/accounts/{account.uid}/loss/": 200,
        f"/accounts/{account.uid}/value/": 200,
        f"/accounts/{account.uid}/value/ask/": 200 if role in WRITERS else 403,
        f"/accounts/{account.uid}/value-proofs/new/": 200 if role in WRITERS else 403,
        f"/accounts/{account.uid}/projects/new/": 200 if role in WRITERS else 403,
        f"/accounts/{account.uid}/pitch/": 200,
        f"/accounts/{account.uid}/pitch.pdf": 200,
        "/projects/": 200,
        "/value-proofs/": 200,
        "/pitch/": 200,
        "/pitch.pdf": 200,
        "/my-rating/": 200,
        "/service-ratings/": 200 if role in {"owner", "sales_head"} else 403,
        f"/accounts/{account.uid}/": 200,
        f"/accounts/{account.uid}/forecast/": 200,
        f"/accounts/{account.uid}/dossier/": 200,
        f"/accounts/{account.uid}/dossier/new/": 200 if role in WRITERS else 403,
        f"/accounts/{account.uid}/issues/": 200,
        f"/accounts/{account.uid}/check-in/": 200,
        f"/accounts/{account.uid}/bonuses/": 200,
        f"/accounts/{account.uid}/reviews/": 200,
        "/settings/review-questions/": 200 if role in {"owner", "sales_head"} else 403,
        "/reviews/": 200,
        "/reviews/?whose=everyone&month=2025-01": 200,
        "/reviews/start/": 200,
        "/reviews/worker.js": 200,
        "/reviews/start/?show=waiting": 200,
        f"/accounts/{account.uid}/review/": 200 if role in WRITERS else 403,
        f"/accounts/{account.uid}/level/": 200,
        "/profile/calendar/": 200,
        "/opportunities/": 200,
        "/white-space/": 200,
        "/white-space.csv": 200 if role in EXPORTERS else 403,
        f"/accounts/{account.uid}/growth/": 200,
        f"/accounts/{account.uid}/opportunities/new/": 200 if role in WRITERS else 403,
        "/settings/offerings/": 200 if role in {"owner", "sales_head"} else 403,
        "/settings/stages/": 200 if role in {"owner", "sales_head"} else 403,
        "/live-orders/": 200,
        "/live-orders/?show=late": 200,
        "/live-orders.csv": 200 if role in EXPORTERS else 403,
        "/live-orders/files/": 200 if role in {"owner", "sales_head"} else 403,
        "/issues/": 200,
        "/issues/new/": 200 if role in WRITERS else 403,
        "/issues/dissatisfied/": 200,
        "/issues/problems/": 200,
        "/issues/effort/": 200,
    }
    assert {where: client.get(where).status_code for where in expected} == expected
    done = client.post(f"/today/{proposed(account).uid}/done/", {"outcome": "Reached"})
    assert done.status_code == (302 if role in WRITERS else 422)
    assert Action.objects.get().state == (Action.State.DONE if role in WRITERS else Action.State.OPEN)
    logged = client.post(f"/accounts/{account.uid}/log/", {"kind": "call", "on": "2024-12-09", "outcome": "Reached"})
    assert logged.status_code == (302 if role in WRITERS else 422)
    assert account.interactions.count() == (2 if role in WRITERS else 0)


@pytest.mark.parametrize("role", ROLES)
def test_a_foreign_account_answers_like_one_that_does_not_exist(
    role: str, members: dict[str, Member], signed_in: Signer, scored: Any, proposed: Any
) -> None:
    stranger = Member.objects.create(
        email="far@example.com", name="Far", role="account_manager", team=Team.objects.create(name="Far away")
    )
    foreign = scored("Foreign firm", owner=stranger)
    action = proposed(foreign)
    client = signed_in(members[role])
    status = 200 if role in SEE_EVERYTHING else 404
    answer = client.get(f"/accounts/{foreign.uid}/")
    assert answer.status_code == status
    assert ("Foreign firm" in client.get("/accounts/").content.decode()) == (status == 200)
    assert ("Foreign firm" in client.get("/today/?whose=everyone").content.decode()) == (status == 200)
    if status == 404:
        absent = client.get(f"/accounts/{uuid.uuid4()}/")
        assert _without_tokens(absent) == _without_tokens(answer)
        assert client.get(f"/accounts/{foreign.uid}/forecast/").status_code == 404
        assert client.get(f"/accounts/{foreign.uid}/growth/").status_code == 404
        assert client.post(f"/accounts/{foreign.uid}/goals/", {"kind": "goal", "text": "x"}).status_code == 404
        assert client.post(f"/today/{action.uid}/done/", {"outcome": "Reached"}).status_code == 404
        assert client.post(f"/accounts/{foreign.uid}/log/", {"kind": "call", "on": "2024-12-09"}).status_code == 404
        assert Action.objects.get().state == Action.State.OPEN


def _without_tokens(answer: Any) -> str:
    """The page without what differs from request to request: the token of its forms, and its own address."""
    page = re.sub(r'value="[A-Za-z0-9]{64}"', "", answer.content.decode())
    return re.sub(r"[0-9a-f-]{36}", "", page)


def test_every_answer_forbids_scripts_and_styles_that_are_not_files_of_ours(
    browser: Client, scored: Any, proposed: Any
) -> None:
    account: Account = scored()
    proposed(account)
    pages = ["/today/", "/accounts/", f"/accounts/{account.uid}/", "/design/", "/sign-in/", "/nowhere/", "/health"]
    for where in pages:
        answer = browser.get(where)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        page = answer.content.decode()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page), where
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page), where


def test_static_files_are_named_by_their_content_and_kept_for_ever(browser: Client) -> None:
    page = browser.get("/design/").content.decode()
    style = re.search(r'href="(/static/web/css/tokens\.[0-9a-f]{12}\.css)"', page)
    assert style
    answer = Client().get(style[1])
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    answer.close()


def test_health_says_that_it_answers_and_nothing_else(db: None) -> None:
    assert Client().get("/health").json() == {"status": "ok"}


def test_urdu_is_written_from_right_to_left_and_remembered(browser: Client) -> None:
    assert '<html lang="ur" dir="rtl"' in browser.get("/today/?lang=ur").content.decode()
    assert '<html lang="ur" dir="rtl"' in browser.get("/today/").content.decode()
    assert '<html lang="ur"' in browser.get("/today/?lang=klingon").content.decode()


def test_a_theme_is_remembered_and_leads_back_to_the_page(browser: Client) -> None:
    answer = browser.post("/theme/", {"theme": "dark", "next": "/accounts/?q=x"})
    assert answer.headers["Location"] == "/accounts/?q=x"
    assert 'data-theme="dark"' in browser.get("/today/").content.decode()
    for elsewhere in ("https://evil.example/", "//evil.example/", "no-page", "<b>", ""):
        away = browser.post("/theme/", {"theme": "light", "next": elsewhere})
        assert away.headers["Location"] == "/today/"


def test_a_page_that_breaks_says_so_in_words_and_leads_back(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_said: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("regulars.web.today.todays_list", breaks)
    browser.raise_request_exception = False
    answer = browser.get("/today/?lang=ur")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert 'dir="rtl"' in page
    assert 'href="/today/"' in page


def test_a_form_of_a_page_from_before_the_sign_in_says_what_to_do(owner: Member) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner)
    answer = strict.post("/settings/organisation/", {"name": "Other"})
    assert answer.status_code == 403
    assert "This page was open for too long" in answer.content.decode()
