"""Imports in the browser: from a dropped file to the portfolio, corrected, taken back; and who may do it."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from regulars.base.models import AuditEntry, Job, Member, Organisation
from regulars.base.worker import run_worker
from regulars.facts.history import HISTORY, HISTORY_LOCK
from regulars.facts.imports.uploads import uploads_root
from regulars.facts.models import Account, ClassificationRule, ExchangeRate, Import, SavedMapping, Upload
from regulars.insight.models import Snapshot

pytestmark = pytest.mark.django_db

Signer = Callable[[Member], Client]

ORDERS = """Order No,Date,Customer,Item,Qty,Amount
1,2024-01-31,Alpha,Cup,2,20.00
1,2024-01-31,Alpha,=Plate,1,15.50
2,2024-02-01,Beta,Cup,-1,-10.00
3,31.31.2024,Gamma,Cup,1,10.00
"""
IMPORTERS = {"owner", "sales_head"}


def send(browser: Client, **files: str | bytes) -> HttpResponse:
    """Choose files and press the button: `send(browser, orders_csv="…")`."""
    chosen = [
        SimpleUploadedFile(name.replace("_", "."), content if isinstance(content, bytes) else content.encode())
        for name, content in files.items()
    ]
    answer: Any = browser.post("/imports/upload/", {"files": chosen})
    return answer  # type: ignore[no-any-return]


def examined(browser: Client, **files: str | bytes) -> str:
    """The address of an upload that was examined."""
    where = send(browser, **files).headers["Location"]
    run_worker(once=True)
    return where


def imported(browser: Client, **files: str | bytes) -> Import:
    where = examined(browser, **files)
    assert browser.post(f"{where}import/").headers["Location"] == where
    run_worker(once=True)
    made = Upload.objects.latest("pk").made
    assert made is not None
    return made


def content_of(answer: Any) -> bytes:
    """A file that was sent; it is closed at its end."""
    return b"".join(answer.streaming_content)


def page(browser: Client, where: str) -> str:
    answer = browser.get(where)
    assert answer.status_code == 200, where
    return str(answer.content.decode())


# From a file to the portfolio


def test_dropped_files_are_read_shown_imported_and_end_in_the_portfolio(browser: Client) -> None:
    """E1, A6: value from one order file, before any configuration."""
    where = send(browser, orders_csv=ORDERS).headers["Location"]
    waiting = page(browser, where)
    assert "Waiting for its turn" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    run_worker(once=True)
    seen = page(browser, where)
    for said in ("3 order lines from January 2024 to February 2024 over €25.50.", "“31.31.2024”", "Import</button>"):
        assert said in seen
    assert "every 1s" not in seen
    assert not Import.objects.exists()
    browser.post(f"{where}import/")
    assert "<progress" in page(browser, where)
    run_worker(once=True)
    assert browser.get(where).headers["Location"] == "/portfolio/"
    part = browser.get(where, headers={"HX-Request": "true"})
    assert part.headers["HX-Redirect"] == "/portfolio/", "a part of a page cannot be redirected, the browser can"
    assert Snapshot.objects.filter(current=True).exists()
    assert "Your portfolio is ready." in page(browser, "/portfolio/")


def test_a_later_import_ends_with_its_report(browser: Client) -> None:
    imported(browser, orders_csv=ORDERS)
    made = imported(browser, more_csv=ORDERS.replace("\n1,", "\n11,"))
    where = f"/imports/files/{Upload.objects.latest('pk').uid}/"
    assert browser.get(where).headers["Location"] == f"/imports/{made.uid}/"
    report = page(browser, f"/imports/{made.uid}/")
    assert "1 row was left out" in report
    assert "more.csv" in page(browser, "/imports/")


def test_a_first_import_without_orders_says_so_before_it_is_made(browser: Client) -> None:
    accounts = "Customer ID,Company,City\nK1,Firm 1,Bath\nK2,Firm 2,Bonn\n"
    assert "None of these files brings orders" in page(browser, examined(browser, customers_csv=accounts))


def test_several_files_come_in_together(browser: Client) -> None:
    customers = "Customer No,Name,City\nK1,Alpha Ltd,Bonn\n"
    orders = "Order No,Date,Customer No,Amount\n1,2024-01-31,K1,10\n"
    imported(browser, orders_csv=orders, customers_csv=customers)
    assert Account.objects.get().name == "Alpha Ltd"
    assert Account.objects.get().city == "Bonn"


def test_the_first_visit_of_the_imports_says_how_to_begin(browser: Client) -> None:
    assert browser.get("/imports/").headers["Location"] == "/imports/first/"
    assert "Shopify" in page(browser, "/imports/first/")


# What is refused


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xd8\xff\xe0 a photograph", "it looks like a picture"),
        (b"%PDF-1.7", "it looks like a PDF document"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_table_is_refused_by_its_content_whatever_its_name(
    browser: Client, content: bytes, said: str
) -> None:
    answer = send(browser, orders_csv=ORDERS, photo_csv=content)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "photo.csv" in shown
    assert said in shown
    assert 'id="upload"' in shown, "other files can be chosen at once"
    assert list(uploads_root().iterdir()) == []
    assert not Upload.objects.exists()


def test_files_beyond_the_limit_are_refused_and_leave_nothing(browser: Client, settings: Settings) -> None:
    settings.UPLOAD_LIMIT_BYTES = 1_000_000
    answer = send(browser, small_csv=ORDERS, large_csv="a,b\n" + "1,2\n" * 400_000)
    assert answer.status_code == 422
    assert "large.csv is too large: the files of one upload may have 1 MB together." in answer.content.decode()
    assert list(uploads_root().iterdir()) == []


def test_an_upload_without_a_file_or_with_too_many_is_refused(browser: Client, settings: Settings) -> None:
    assert "No file was chosen." in send(browser).content.decode()
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 1
    assert "too many files" in send(browser, a_csv=ORDERS, b_csv=ORDERS).content.decode()


def test_an_upload_needs_the_token_of_the_form(owner: Member) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    assert send(careful, orders_csv=ORDERS).status_code == 403
    assert not Upload.objects.exists()
    assert list(uploads_root().iterdir()) == []
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page(careful, "/imports/first/"))
    assert token
    chosen = SimpleUploadedFile("orders.csv", ORDERS.encode())
    answer = careful.post("/imports/upload/", {"csrfmiddlewaretoken": token[1], "files": chosen})
    assert answer.status_code == 302


def test_the_address_of_a_refusal_can_be_loaded_again(browser: Client) -> None:
    assert browser.get("/imports/upload/").headers["Location"] == "/imports/"


def test_a_name_of_a_file_is_only_a_text(browser: Client) -> None:
    where = examined(browser, **{"<script>x_csv": ORDERS})
    assert "<script>x" not in page(browser, where)
    assert "&lt;script&gt;x.csv" in page(browser, where)


# Which column is which


def fields(browser: Client, where: str) -> dict[str, str]:
    """What the form of the mapping would send as it stands."""
    shown = page(browser, where).partition('id="mapping"')[2].partition("</form>")[0]
    selects = re.findall(r'<select id="[^"]+" name="([^"]+)">(.*?)</select>', shown, re.DOTALL)
    said = {name: next(iter(re.findall(r'value="([^"]*)" selected', inside)), "") for name, inside in selects}
    return said | {"source": "", "0.currency": ""}


def test_a_changed_column_changes_the_sample_and_asks_for_a_new_check(browser: Client) -> None:
    where = examined(browser, orders_csv=ORDERS)
    form = fields(browser, where)
    assert form["0.column.5"] == "net_amount"
    answer = browser.post(f"{where}mapping/", form | {"0.column.4": "net_amount"})
    assert answer.headers["Location"] == where
    changed = page(browser, where)
    assert "Let all rows be checked again" in changed
    assert "€2.00" in changed
    after = fields(browser, where)
    assert (after["0.column.4"], after["0.column.5"]) == ("net_amount", ""), "a field moves to where it was put last"
    browser.post(f"{where}mapping/", after | {"do": "check"})
    run_worker(once=True)
    assert "3 order lines" in page(browser, where)
    browser.post(f"{where}mapping/", fields(browser, where) | {"0.column.5": "net_amount", "0.column.4": "quantity"})
    assert fields(browser, where) == form, "and back"


def test_a_list_of_unknown_words_is_mapped_by_hand_and_remembered(browser: Client) -> None:
    odd = "Chit,When,Worth,Who\n1,2024-01-31,10,Alpha\n2,2024-02-28,11,Alpha\n"
    where = examined(browser, odd_csv=odd)
    assert "The columns could not be understood." in page(browser, where)
    form = fields(browser, where)
    chosen = ("order_id", "business_date", "net_amount", "account_name")
    form |= {f"0.column.{place}": field for place, field in enumerate(chosen)}
    browser.post(f"{where}mapping/", form)
    browser.post(f"{where}mapping/keep/", {"group": "0", "name": "Chits"})
    browser.post(f"{where}mapping/", form | {"do": "check"})
    run_worker(once=True)
    assert "2 order lines" in page(browser, where)
    assert SavedMapping.objects.get().name == "Chits"
    again = examined(browser, again_csv=odd)
    assert "2 order lines" in page(browser, again)
    browser.post(f"/imports/mappings/{SavedMapping.objects.get().uid}/name/", {"name": "Notes"})
    assert "Notes" in page(browser, "/imports/mappings/")
    empty = browser.post(f"/imports/mappings/{SavedMapping.objects.get().uid}/name/", {"name": " "})
    assert empty.status_code == 422
    browser.post(f"/imports/mappings/{SavedMapping.objects.get().uid}/forget/")
    assert "Nothing is saved yet" in page(browser, "/imports/mappings/")


def test_the_sequence_of_day_and_month_and_the_currency_can_be_said(browser: Client) -> None:
    orders = "Order No,Date,Customer,Amount\n1,03/04/2024,Alpha,10\n2,05/06/2024,Alpha,11\n"
    where = examined(browser, orders_csv=orders)
    form = fields(browser, where) | {"0.date_order": "mdy", "0.currency": "usd"}
    browser.post(f"{where}mapping/", form)
    shown = page(browser, where)
    assert "4 Mar 2024" in shown or "Mar 4, 2024" in shown or "3 Apr 2024" not in shown
    assert "$10.00" in shown


def test_missing_rates_can_be_typed_in(browser: Client) -> None:
    imported(browser, orders_csv=ORDERS)
    usd = "Order No,Date,Customer,Amount,Currency\n7,2024-01-31,Alpha,10,USD\n8,2024-03-05,Alpha,10,USD\n"
    where = examined(browser, usd_csv=usd)
    shown = page(browser, where)
    assert "There is no exchange rate into EUR" in shown
    assert "Count in USD" not in shown, "there is a history in euro already"
    assert browser.post(f"{where}currency/").status_code == 404
    wrong = browser.post(f"{where}rates/", {"USD.2024-01": "much"})
    assert wrong.status_code == 422
    assert 'value="much"' in wrong.content.decode()
    browser.post(f"{where}rates/", {"USD.2024-01": "0,9", "USD.2024-03": "0.8"})
    run_worker(once=True)
    browser.post(f"{where}import/")
    run_worker(once=True)
    assert [float(rate.rate) for rate in ExchangeRate.objects.order_by("valid_from")] == [0.9, 0.9, 0.8]
    assert Upload.objects.latest("pk").made is not None


def test_the_first_file_may_say_in_which_currency_the_books_are(browser: Client) -> None:
    usd = "Order No,Date,Customer,Amount,Currency\n7,2024-01-31,Alpha,10,USD\n"
    where = examined(browser, usd_csv=usd)
    assert "Count in USD" in page(browser, where)
    browser.post(f"{where}currency/")
    run_worker(once=True)
    assert Organisation.objects.get().base_currency == "USD"
    assert "$10.00" in page(browser, where)


# Work that goes on, and what is left lying


def test_work_that_was_broken_off_says_so_and_can_be_begun_again(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = examined(browser, orders_csv=ORDERS)
    browser.post(f"{where}import/")
    with monkeypatch.context() as broken:
        broken.setattr("regulars.plan.intake.refresh", lambda **_options: 1 / 0)
        run_worker(once=True)
    shown = page(browser, where)
    assert "The files are imported, but the figures could not be computed." in shown
    browser.post(f"{where}again/")
    run_worker(once=True)
    assert browser.get(where).headers["Location"] == "/portfolio/"
    assert Import.objects.count() == 1, "it was not imported twice"


def test_a_job_that_waits_while_nobody_works_says_so(browser: Client) -> None:
    where = send(browser, orders_csv=ORDERS).headers["Location"]
    Job.objects.update(enqueued_at="2020-01-01T00:00Z")
    assert "Nobody is doing the work." in page(browser, where)


def test_uploads_wait_for_their_member_until_they_are_thrown_away(
    browser: Client, django_capture_on_commit_callbacks: Any
) -> None:
    where = examined(browser, orders_csv=ORDERS)
    assert where in page(browser, "/imports/")
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"{where}discard/")
    assert not Upload.objects.exists()
    assert list(uploads_root().iterdir()) == []
    assert browser.get(where).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_an_import_that_another_is_in_the_way_of_says_so_and_is_made_later(
    browser: Client, hold_lock: Callable[[str], subprocess.Popen[str]]
) -> None:
    where = examined(browser, orders_csv=ORDERS)
    browser.post(f"{where}import/")
    other = hold_lock(HISTORY_LOCK)
    run_worker(once=True)
    other.kill()
    other.wait()
    assert "Another process is changing the order history right now." in page(browser, where)
    browser.post(f"{where}import/")
    run_worker(once=True)
    assert Import.objects.filter(state=Import.State.DONE).count() == 1


# Rejected rows, corrected; taking back


def test_rejected_rows_are_downloaded_corrected_and_only_they_come_in_again(browser: Client) -> None:
    made = imported(browser, orders_csv=ORDERS.replace("31.31.2024,Gamma,Cup", "31.31.2024,Gamma,=HYPERLINK(1)"))
    shown = page(browser, f"/imports/{made.uid}/")
    assert "Line 5" in shown
    answer = browser.get(f"/imports/{made.uid}/rejected.csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    text = content_of(answer).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["Item"] == "'=HYPERLINK(1)", "a spreadsheet runs nothing"
    again = imported(browser, corrected_csv=text.replace("31.31.2024", "2024-03-31", 1))
    assert again.report["history"] == {"added": 1, "changed": 0, "removed": 0, "unchanged": 0}
    assert again.report["lines_rejected"] == 0
    assert content_of(browser.get(f"/imports/{made.uid}/rejected.xlsx")).startswith(b"PK")


def test_taking_back_says_first_what_will_go(browser: Client) -> None:
    made = imported(browser, orders_csv=ORDERS)
    asked = page(browser, f"/imports/{made.uid}/undo/")
    assert "3 order lines that it brought go." in asked
    assert "2 accounts that it made go" in asked
    assert Import.objects.get().state == Import.State.DONE, "asking changes nothing"
    browser.post(f"/imports/{made.uid}/undo/now/")
    assert "Being taken back" in page(browser, f"/imports/{made.uid}/")
    run_worker(once=True)
    assert "Taken back on" in page(browser, f"/imports/{made.uid}/")
    assert not Account.objects.exists()
    assert HISTORY.version_in_force() >= 0
    assert browser.get(f"/imports/{made.uid}/undo/").status_code == 302
    assert browser.post(f"/imports/{made.uid}/undo/now/").status_code == 422


# Rules


def test_rules_are_added_at_the_top_moved_switched_off_and_removed(browser: Client) -> None:
    page(browser, "/imports/rules/")
    before = ClassificationRule.objects.count()
    rule = {"name": "Samples", "field": "product", "test": "equals", "pattern": "S1", "kind": "other"}
    assert browser.post("/imports/rules/", rule).status_code == 302
    made = ClassificationRule.objects.first()
    assert made is not None
    assert (made.name, ClassificationRule.objects.count()) == ("Samples", before + 1)
    browser.post(f"/imports/rules/{made.uid}/down/")
    assert ClassificationRule.objects.all()[1] == made
    browser.post(f"/imports/rules/{made.uid}/up/")
    assert ClassificationRule.objects.all()[0] == made
    browser.post(f"/imports/rules/{made.uid}/off/")
    made.refresh_from_db()
    assert not made.active
    browser.post(f"/imports/rules/{made.uid}/remove/")
    assert not ClassificationRule.objects.filter(pk=made.pk).exists()
    ClassificationRule.objects.all().delete()
    browser.post("/imports/rules/restore/")
    assert ClassificationRule.objects.count() == before
    assert AuditEntry.objects.filter(verb="add_rule").exists()


def test_a_rule_that_could_decide_nothing_is_refused_and_kept_in_the_form(browser: Client) -> None:
    rule = {"name": "Odd", "field": "product", "test": "matches", "pattern": "(", "kind": "other"}
    answer = browser.post("/imports/rules/", rule)
    assert answer.status_code == 422
    assert "is no regular expression" in answer.content.decode()
    assert 'value="Odd"' in answer.content.decode()


def test_the_rules_say_how_many_lines_they_decided_on(browser: Client) -> None:
    imported(browser, orders_csv=ORDERS)
    shown = page(browser, "/imports/rules/")
    row = shown.partition("<b><bdi>Returned quantity</bdi></b>")[2].partition("</tr>")[0]
    assert '<td class="figure">1</td>' in row


# Who may


@pytest.mark.parametrize("role", [role.value for role in Member.Role])
def test_only_roles_that_may_import_reach_these_pages(role: str, members: dict[str, Member], signed_in: Signer) -> None:
    client = signed_in(members[role])
    allowed = role in IMPORTERS
    made = Import.objects.create(content="order_lines", source="shop", state=Import.State.DONE)
    own = Upload.objects.create(member=members[role], state=Upload.State.REFUSED)
    saved = SavedMapping.objects.create(name="Shop", content="order_lines", source="shop", headings="x", mapping={})
    pages = {
        "/imports/": 200,
        "/imports/first/": 200,
        "/imports/mappings/": 200,
        "/imports/rules/": 200,
        f"/imports/{made.uid}/": 200,
        f"/imports/{made.uid}/undo/": 200,
        f"/imports/{made.uid}/rejected.csv": 422,
        f"/imports/files/{own.uid}/": 200,
    }
    assert {where: client.get(where).status_code for where in pages} == {
        where: status if allowed else 403 for where, status in pages.items()
    }
    changes = {
        "/imports/upload/": 422,
        f"/imports/mappings/{saved.uid}/forget/": 302,
        f"/imports/files/{own.uid}/mapping/": 302,
        f"/imports/files/{own.uid}/import/": 422,
        f"/imports/files/{own.uid}/again/": 302,
        "/imports/rules/restore/": 302,
        f"/imports/{made.uid}/undo/now/": 302,
    }
    assert {where: client.post(where).status_code for where in changes} == {
        where: status if allowed else 403 for where, status in changes.items()
    }
    assert SavedMapping.objects.exists() != allowed
    assert Job.objects.exists() == allowed


def test_an_upload_of_a_colleague_answers_like_one_that_does_not_exist(
    members: dict[str, Member], signed_in: Signer
) -> None:
    theirs = Upload.objects.create(member=members["sales_head"], state=Upload.State.REFUSED)
    client = signed_in(members["owner"])
    verbs = ("", "mapping/", "mapping/keep/", "import/", "again/", "discard/", "rates/", "currency/")
    for verb in verbs:
        ask = client.get if not verb else client.post
        assert ask(f"/imports/files/{theirs.uid}/{verb}").status_code == 404, verb
        assert ask(f"/imports/files/{uuid.uuid4()}/{verb}").status_code == 404, verb
    assert client.get(reverse("import", args=[uuid.uuid4()])).status_code == 404
    assert Upload.objects.exists()


def test_a_list_of_many_imports_costs_as_many_queries_as_one_of_few(
    browser: Client, django_assert_max_num_queries: Any, owner: Member
) -> None:
    counted = []
    for many in (1, 30):
        for _number in range(many):
            Import.objects.create(content="order_lines", source="shop", state=Import.State.DONE, member=owner)
            Upload.objects.create(member=owner, state=Upload.State.READY)
        with django_assert_max_num_queries(20) as queries:
            page(browser, "/imports/")
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_nothing_of_a_page_is_inline(browser: Client, tmp_path: Path) -> None:
    where = examined(browser, orders_csv=ORDERS)
    for address in ("/imports/", "/imports/first/", "/imports/rules/", "/imports/mappings/", where):
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page(browser, address)), address


def test_files_that_are_not_needed_stay_left_out_when_the_form_is_sent(browser: Client) -> None:
    where = examined(
        browser,
        lines_csv="Order No,Date,Customer,SellerID,Amount\n1,2024-01-31,Alpha,S1,10\n2,2024-01-31,Beta,S2,10\n",
        notes_csv="Weather,Mood\nsun,good\nrain,bad\n",
    )
    before = Upload.objects.get().report["files"]
    browser.post(f"{where}mapping/", fields(browser, where) | {"1.currency": "", "do": "check"})
    assert Upload.objects.get().wishes == {}
    run_worker(once=True)
    assert Upload.objects.get().report["files"] == before
