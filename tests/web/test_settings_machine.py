"""Jobs, changes, tokens and backups in the browser."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

import jobs_for_tests
from regulars.base.jobs import enqueue, failures_of
from regulars.base.models import ApiToken, AuditEntry, Job, Member
from regulars.base.tokens import create_token, token_of
from regulars.base.worker import run_worker
from regulars.facts.accounts import change_account, create_account
from regulars.facts.models import CustomField
from regulars.web.trail_words import KINDS, VERBS

Signer = Callable[[Member], Client]


@pytest.fixture(autouse=True)
def backups_root(settings: Settings, tmp_path: Path) -> Path:
    settings.BACKUPS_ROOT = str(tmp_path / "backups")
    return tmp_path / "backups"


# Changes


def shown(client: Client, query: str = "") -> str:
    return str(client.get(f"/settings/audit/{query}").content.decode())


def test_a_change_is_told_with_names_from_what_to_what(browser: Client, owner: Member) -> None:
    account = create_account(member=owner, name="Old name", owner=owner)
    change_account(account=account, member=owner, name="New name")
    page = re.sub(r"\s+", " ", shown(browser))
    assert re.search(r"<b>Account changed</b>.{1,300}New name.{1,60}Olga Owner", page)
    assert "Old name</bdi></del>" in page
    assert f'href="/accounts/{account.uid}/"' in page


def test_changes_are_found_by_member_verb_record_account_and_day(browser: Client, owner: Member) -> None:
    create_account(member=owner, name="Harbour")
    create_account(member=None, name="Valley")

    def found(query: str) -> set[str]:
        page = shown(browser, query)
        return {name for name in ("Harbour", "Valley") if f"<bdi>{name}</bdi>" in page}

    assert found("") == {"Harbour", "Valley"}
    assert found(f"?member={owner.uid}") == {"Harbour"}
    assert found("?member=machine") == {"Valley"}
    assert found("?account=harb") == {"Harbour"}
    assert found("?verb=create_account&kind=facts.account") == {"Harbour", "Valley"}
    assert found("?verb=create_team") == set()
    assert found("?since=2999-01-01") == set()
    assert found("?until=2000-01-01") == set()
    assert "No change fits" in shown(browser, "?until=2000-01-01")
    assert found("?since=nonsense&member=nonsense") == {"Harbour", "Valley"}


def test_confidential_fields_are_not_told_to_who_may_not_see_them(
    browser: Client, owner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regulars.base.access import ROLES, Permission, Rights

    CustomField.objects.create(key="secret", label="Their secret", confidential=True)
    account = create_account(member=owner, name="Harbour")
    change_account(account=account, member=owner, custom={"secret": "gambling"})
    assert "gambling" in shown(browser)
    rights = ROLES[Member.Role.OWNER]
    monkeypatch.setitem(
        ROLES, Member.Role.OWNER, Rights(rights.scope, rights.permissions - {Permission.SEE_CONFIDENTIAL})
    )
    assert "gambling" not in shown(browser)
    assert "gambling" not in _text(browser.get("/settings/audit.csv"))


def test_the_file_of_changes_runs_no_formula(browser: Client, owner: Member) -> None:
    create_account(member=owner, name="=1+1")
    rows = list(csv.reader(io.StringIO(_text(browser.get("/settings/audit.csv")))))
    assert rows[0][1] == "Member"
    assert any("'=1+1" in row for row in rows)
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_the_number_of_queries_does_not_grow_with_changes(
    browser: Client, owner: Member, django_assert_max_num_queries: Any
) -> None:
    for number in range(40):
        create_account(member=owner, name=f"Firm {number}", owner=owner)
    with django_assert_max_num_queries(9):
        shown(browser)


def test_every_verb_that_is_audited_is_said_in_words() -> None:
    source = Path(__file__).parents[2] / "src" / "regulars"
    verbs = {
        verb
        for stage in ("base", "facts", "insight", "plan")
        for file in (source / stage).rglob("*.py")
        for verb in re.findall(r'verb="([a-z_]+)"', file.read_text())
    }
    assert verbs <= set(VERBS)
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+", kind) for kind in KINDS)


def _text(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode("utf-8-sig")


# Jobs


@pytest.mark.django_db(transaction=True)
def test_a_failed_job_says_why_and_is_tried_again(browser: Client) -> None:
    enqueue(jobs_for_tests.fail, reason="The disk is full.")
    run_worker(once=True)
    failed = Job.objects.get()
    page = browser.get("/settings/jobs/").content.decode()
    assert failures_of(failed)[0].reason == "The disk is full."
    assert "The disk is full." in page
    assert browser.post(f"/settings/jobs/{failed.pk}/retry/").status_code == 302
    assert Job.objects.get().status == "READY"
    assert AuditEntry.objects.filter(verb="retry_job").exists()
    assert browser.post(f"/settings/jobs/{failed.pk}/retry/").status_code == 422


def test_without_a_worker_the_page_says_how_to_start_one(browser: Client) -> None:
    page = browser.get("/settings/jobs/").content.decode()
    assert "No worker is running" in page
    assert "Nothing waits." in page


# Tokens


def test_everyone_makes_tokens_of_their_own_and_sees_no_others(members: dict[str, Member], signed_in: Signer) -> None:
    create_token(person=members["owner"], name="Boss", scopes=["accounts:read"], member=None)
    client = signed_in(members["marketer"])
    answer = client.post(
        "/settings/tokens/add/", {"name": "Sheet", "scopes": ["accounts:read", "insight:read"], "period": "365"}
    )
    key = re.search(r'value="(regulars_[\w-]+)"', answer.content.decode())
    assert key
    assert "no-store" in answer.headers["Cache-Control"]
    token = ApiToken.objects.get(name="Sheet")
    assert token.expires_at is not None
    assert token_of(key[1], at=token.created_at) == token
    page = client.get("/settings/tokens/").content.decode()
    assert "Sheet" in page
    assert "Boss" not in page
    assert key[1] not in page


def test_a_token_expires_at_the_end_of_the_day_chosen_where_the_firm_is(browser: Client) -> None:
    said = {"name": "Shop", "scopes": ["accounts:read"], "period": "day", "day": "2999-06-30"}
    browser.post("/settings/tokens/add/", said)
    token = ApiToken.objects.get()
    assert token.expires_at is not None
    assert token.expires_at.isoformat() == "2999-06-30T22:00:00+00:00"
    assert browser.post("/settings/tokens/add/", {**said, "day": ""}).status_code == 422
    assert browser.post("/settings/tokens/add/", {**said, "day": "2000-01-01"}).status_code == 422
    assert browser.post("/settings/tokens/add/", {**said, "scopes": []}).status_code == 422
    assert ApiToken.objects.count() == 1


def test_a_token_is_revoked_by_its_member_or_who_manages_members_and_by_nobody_else(
    members: dict[str, Member], signed_in: Signer
) -> None:
    token, _key = create_token(person=members["service"], name="Shop", scopes=["accounts:read"], member=None)
    where = f"/settings/tokens/{token.uid}/revoke/"
    assert signed_in(members["marketer"]).post(where).status_code == 404
    assert signed_in(members["service"]).get(where).status_code == 200
    assert ApiToken.objects.filter(revoked_at=None).exists()
    assert signed_in(members["sales_head"]).post(where).status_code == 302
    assert not ApiToken.objects.filter(revoked_at=None).exists()
    assert signed_in(members["service"]).post(where).status_code == 404


# Backups


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_made_checked_downloaded_and_removed(browser: Client, backups_root: Path) -> None:
    assert "There is no backup here yet" in browser.get("/settings/backup/").content.decode()
    browser.post("/settings/backup/make/")
    assert browser.post("/settings/backup/make/").status_code == 422
    assert "A backup is being made." in browser.get("/settings/backup/").content.decode()
    run_worker(once=True)
    page = browser.get("/settings/backup/").content.decode()
    assert "Checked: it can be restored." in page
    name = next(backups_root.glob("*.zip")).stem
    answer = browser.post(f"/settings/backup/{name}/download/")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:  # type: ignore[attr-defined]
        assert "manifest.json" in archive.namelist()
    answer.close()
    assert AuditEntry.objects.filter(verb="download_backup").exists()
    assert browser.get(f"/settings/backup/{name}/remove/").status_code == 200
    browser.post(f"/settings/backup/{name}/remove/")
    assert not list(backups_root.iterdir())


def test_a_damaged_backup_says_so(browser: Client, backups_root: Path) -> None:
    from regulars.base.kept_backups import make_backup

    backups_root.mkdir()
    (backups_root / "regulars-20260101-120000.zip").write_bytes(b"half a file")
    make_backup.call(name="regulars-20260101-120000")
    assert "is no backup of Regulars, or not all of one" in browser.get("/settings/backup/").content.decode()


def test_only_owners_take_backups_out_of_the_house(
    members: dict[str, Member], signed_in: Signer, backups_root: Path
) -> None:
    backups_root.mkdir()
    (backups_root / "regulars-20260101-120000.zip").write_bytes(b"everything")
    head = signed_in(members["sales_head"])
    assert "Only owners take backups" in head.get("/settings/backup/").content.decode()
    for verb in ("download", "remove"):
        assert head.post(f"/settings/backup/regulars-20260101-120000/{verb}/").status_code == 403
    assert signed_in(members["owner"]).post("/settings/backup/none/download/").status_code == 404
    assert list(backups_root.iterdir())
