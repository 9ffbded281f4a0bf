"""Files handed over in the browser: kept, examined, imported, thrown away; and a preview of a changed mapping."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from regulars.base.access import Forbidden
from regulars.base.models import Job, Member
from regulars.base.worker import run_worker
from regulars.facts.imports.saved_mappings import NoName, forget_mapping, rename_mapping, save_mapping
from regulars.facts.imports.unreadable import EmptyFile, NotATable
from regulars.facts.imports.uploads import (
    BeingWorkedOn,
    NoFile,
    NothingToImport,
    TooManyUploads,
    add_rates,
    discard_upload,
    examine_again,
    folder_of,
    keep_upload,
    looks_of,
    preview_upload,
    read_as,
    receiving,
    rejected_of,
    tidy_uploads,
    uploads_root,
    visible_uploads,
)
from regulars.facts.imports.wishes import LEFT_OUT, HowToRead, Wishes
from regulars.facts.models import ExchangeRate, Import, SavedMapping, Upload
from regulars.insight.models import Snapshot
from regulars.plan.intake import begin_import, begin_undo

pytestmark = pytest.mark.django_db

ORDERS = """Order No,Date,Customer,Item,Qty,Amount
1,2024-01-31,Alpha,Cup,2,20.00
1,2024-01-31,Alpha,Plate,1,15.50
2,2024-02-01,Beta,Cup,-1,-10.00
3,31.31.2024,Gamma,Cup,1,10.00
"""


def upload(member: Member, **files: str | bytes) -> Upload:
    """An upload of files: `upload(owner, orders_csv="…")`."""
    with receiving() as incoming:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            incoming.target(name.replace("_", ".")).write_bytes(data)
        return keep_upload(incoming=incoming, member=member)


def examined(member: Member, **files: str | bytes) -> Upload:
    made = upload(member, **files)
    run_worker(once=True)
    made.refresh_from_db()
    return made


def test_an_examination_says_what_an_import_would_do_and_changes_nothing(owner: Member) -> None:
    made = examined(owner, orders_csv=ORDERS)
    assert made.state == Upload.State.READY
    assert made.report["lines_accepted"] == 3
    assert made.report["lines_rejected"] == 1
    assert made.report["accounts_new"] == 2
    assert [row.line for row in rejected_of(made, limit=5)] == [5]
    assert not Import.objects.exists()


def test_an_import_puts_the_files_in_force_computes_the_figures_and_drops_the_files(owner: Member) -> None:
    made = examined(owner, orders_csv=ORDERS)
    begin_import(upload=made, member=owner)
    with pytest.raises(BeingWorkedOn):
        begin_import(upload=made, member=owner)
    run_worker(once=True)
    made.refresh_from_db()
    assert made.state == Upload.State.DONE
    assert made.made is not None
    assert made.made.report["lines_accepted"] == 3
    assert Snapshot.objects.filter(current=True).exists()
    assert not folder_of(made).exists()
    begin_undo(import_=made.made, member=owner)
    run_worker(once=True)
    made.made.refresh_from_db()
    assert made.made.state == Import.State.UNDONE


def test_sample_rows_are_shown_as_they_will_be_read_and_follow_the_mapping(owner: Member) -> None:
    made = examined(owner, orders_csv=ORDERS)
    (shown,) = preview_upload(made)
    assert [row.values["net_minor"] for row in shown.rows if row.values] == [2000, 1550, -1000]
    assert shown.rows[0].values["business_date"] == dt.date(2024, 1, 31)
    assert shown.rows[2].values["kind"] == "return"
    assert "31.31.2024" in shown.rows[3].problem
    key = shown.look.key
    read_as(upload=made, how=HowToRead(groups={key: Wishes(columns={"net_amount": "Qty"})}), member=owner)
    made.refresh_from_db()
    (changed,) = preview_upload(made)
    assert [row.values["net_minor"] for row in changed.rows if row.values] == [200, 100, -100]
    with pytest.raises(NothingToImport):
        begin_import(upload=made, member=owner)


def test_what_the_columns_lack_is_said_instead_of_a_preview(owner: Member) -> None:
    made = examined(owner, odd_csv="Chit,When,Worth\n1,2024-01-31,10\n2,2024-02-01,11\n")
    assert made.state == Upload.State.REFUSED
    assert made.refusal["sentence"]
    (look,) = looks_of(made)
    assert look.examples("Worth") == ["10", "11"]
    columns = {"order_id": "Chit", "business_date": "When", "net_amount": "Worth", "account_name": "Chit"}
    wished = HowToRead(groups={look.key: Wishes(content="order_lines", columns=columns)})
    read_as(upload=made, how=wished, member=owner)
    made.refresh_from_db()
    assert [row.values["net_minor"] for row in preview_upload(made)[0].rows] == [1000, 1100]
    examine_again(upload=made, member=owner)
    run_worker(once=True)
    made.refresh_from_db()
    assert made.state == Upload.State.READY
    assert made.report["lines_accepted"] == 2


def test_a_group_of_files_may_be_left_out(owner: Member) -> None:
    made = examined(owner, orders_csv=ORDERS, customers_csv="Customer No,Name,City\nK1,Alpha,Bonn\n")
    left_out = next(look for look in looks_of(made) if "City" in look.headings)
    read_as(upload=made, how=HowToRead(groups={left_out.key: Wishes(content=LEFT_OUT)}), member=owner)
    examine_again(upload=made, member=owner)
    run_worker(once=True)
    made.refresh_from_db()
    assert {file["name"]: file["content"] for file in made.report["files"]}["customers.csv"] == ""


def test_missing_rates_are_named_and_come_in_with_the_import(owner: Member) -> None:
    made = examined(owner, orders_csv="Order No,Date,Customer,Amount,Currency\n1,2024-01-31,Alpha,10,USD\n")
    assert made.state == Upload.State.REFUSED
    assert made.refusal["missing_rates"][0]["currency"] == "USD"
    add_rates(upload=made, rates=[("USD", dt.date(2024, 1, 31), Decimal("0.92"))], member=owner)
    run_worker(once=True)
    made.refresh_from_db()
    assert made.state == Upload.State.READY
    assert made.report["months"][0]["net_minor"] == 920
    begin_import(upload=made, member=owner)
    run_worker(once=True)
    assert ExchangeRate.objects.get().rate == Decimal("0.92")


@pytest.mark.parametrize(
    ("content", "refusal"),
    [(b"\xff\xd8\xff\xe0 a photograph", NotATable), (b"", EmptyFile), (b"%PDF-1.7", NotATable)],
)
def test_what_is_no_table_is_refused_by_its_content_and_leaves_nothing(
    owner: Member, content: bytes, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal, match=r"photo\.csv"):
        upload(owner, orders_csv=ORDERS, photo_csv=content)
    assert not Upload.objects.exists()
    assert list(uploads_root().iterdir()) == []
    assert not Job.objects.exists()


def test_an_upload_without_a_file_is_refused(owner: Member) -> None:
    with pytest.raises(NoFile):
        upload(owner)


def test_uploads_do_not_pile_up_without_end(owner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regulars.facts.imports.uploads.MOST_UPLOADS", 1)
    upload(owner, orders_csv=ORDERS)
    with pytest.raises(TooManyUploads):
        upload(owner, orders_csv=ORDERS)


def test_uploads_belong_to_their_member_alone(owner: Member) -> None:
    made = upload(owner, orders_csv=ORDERS)
    head = Member.objects.create(email="head@example.com", name="Head", role="sales_head")
    seller = Member.objects.create(email="seller@example.com", name="Seller", role="new_business_seller")
    assert list(visible_uploads(owner)) == [made]
    assert not visible_uploads(head).exists()
    with pytest.raises(Forbidden):
        visible_uploads(seller)
    with pytest.raises(Forbidden):
        upload(seller, orders_csv=ORDERS)


def test_what_was_thrown_away_or_forgotten_for_a_week_leaves_nothing(owner: Member) -> None:
    thrown, kept, old = (examined(owner, orders_csv=ORDERS) for _number in range(3))
    discard_upload(upload=thrown, member=owner)
    Upload.objects.filter(pk=old.pk).update(updated_at=timezone.now() - dt.timedelta(days=8))
    assert tidy_uploads.call() == 1
    assert list(Upload.objects.all()) == [kept]


def test_a_name_is_kept_as_far_as_a_file_system_takes_it(owner: Member, tmp_path: Path) -> None:
    with receiving() as incoming:
        path = incoming.target("Ä" * 300 + ".csv")
        path.write_text(ORDERS)
        assert path.suffix == ".csv"
        keep_upload(incoming=incoming, member=owner)


def test_a_job_that_was_given_up_can_be_begun_again(owner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    made = upload(owner, orders_csv=ORDERS)
    with pytest.raises(BeingWorkedOn):
        discard_upload(upload=made, member=owner)
    with monkeypatch.context() as broken:
        broken.setattr("regulars.facts.imports.uploads.stage_import", None)
        run_worker(once=True)
    examine_again(upload=made, member=owner)
    run_worker(once=True)
    made.refresh_from_db()
    assert made.state == Upload.State.READY


def test_a_saved_mapping_keeps_its_name_until_it_is_forgotten(owner: Member) -> None:
    mapping = look_mapping(owner)
    saved = save_mapping(["Order No", "Date"], mapping, name="Webshop")
    assert saved is not None
    again = save_mapping(["Order No", "Date"], mapping)
    assert again is not None
    assert again.name == "Webshop", "an import does not call it something else"
    assert rename_mapping(saved=saved, name=" Shop ", member=owner).name == "Shop"
    with pytest.raises(NoName):
        rename_mapping(saved=saved, name=" ", member=owner)
    forget_mapping(saved=saved, member=owner)
    assert not SavedMapping.objects.exists()


def look_mapping(owner: Member) -> Any:
    return looks_of(examined(owner, orders_csv=ORDERS))[0].mapping
