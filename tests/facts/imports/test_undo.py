"""Taking an import back when other records have come to point to what it made."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from regulars.base.models import Member
from regulars.facts.imports.runs import run_import, stage_import
from regulars.facts.imports.undo import undo_import
from regulars.facts.interactions import record_interaction
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account, Contact, FoundPair, Import, NotDuplicates

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNTS = "Customer ID,Company,Contact name,Contact e-mail\n" + "".join(
    f"K{number},Firm {number},Ada {number},ada{number}@firm.example\n" for number in range(4)
)


@pytest.fixture
def brought(organisation: Any, tmp_path: Path) -> Import:
    """An import that made four accounts, each with a contact."""
    file = tmp_path / "customers.csv"
    file.write_text(ACCOUNTS)
    with stage_import(paths=[file], as_of=date(2024, 12, 31)) as staged:
        return run_import(staged)


def account(number: int) -> Account:
    return Account.objects.get(external_id=f"K{number}")


def test_pairs_that_look_alike_or_were_told_apart_do_not_keep_the_accounts(brought: Import) -> None:
    FoundPair.objects.create(first=account(0), second=account(1), score=0.9)
    NotDuplicates.objects.create(first=account(2), second=account(3))
    undo_import(import_=brought)
    assert not Account.objects.exists()
    assert not FoundPair.objects.exists()
    assert not NotDuplicates.objects.exists()


def test_what_a_merge_or_a_talk_names_is_kept(brought: Import, owner: Member) -> None:
    merge_accounts(kept=account(0), merged=account(1), member=owner)
    contact = Contact.objects.get(account=account(2))
    talk = record_interaction(
        account=account(2), kind="call", on=date(2024, 12, 1), outcome="Reached", contacts=[contact], member=owner
    )
    undo_import(import_=brought)
    assert set(Account.objects.values_list("external_id", flat=True)) == {"K0", "K1", "K2"}
    assert list(talk.contacts.all()) == [contact]


def first_order(tmp_path: Path, *customers: tuple[str, str]) -> Import:
    """An import of an order of each: by number and name."""
    file = tmp_path / "orders.csv"
    lines = [f"O-{number},2024-12-02,{number},{name},P1,1,9.00\n" for number, name in customers]
    file.write_text("Order,Date,Customer no.,Customer,SKU,Quantity,Net\n" + "".join(lines))
    with stage_import(paths=[file], as_of=date(2024, 12, 31)) as staged:
        return run_import(staged)


def test_the_first_order_goes_to_the_account_that_was_won_and_undoing_takes_its_number_again(
    organisation: Any, tmp_path: Path
) -> None:
    """A1: what was promised to a new customer and its orders stand in one account."""
    won = Account.objects.create(name="Quayside  Lanterns")
    made = first_order(tmp_path, ("77", "QUAYSIDE Lanterns"), ("78", "Somebody Else"))
    won.refresh_from_db()
    assert won.external_id == "77"
    assert Account.objects.count() == 2
    assert made.report["notes"] == [
        "Quayside  Lanterns was there without a number. The orders of customer 77 go to it."
    ]
    undo_import(import_=made)
    assert list(Account.objects.values_list("pk", "external_id")) == [(won.pk, None)]


def test_a_name_that_fits_several_is_left_to_people(organisation: Any, tmp_path: Path) -> None:
    for name in ("Twin", "Twin", "Also There", "Ordered Twice"):
        Account.objects.create(name=name)
    Account.objects.create(name="Also There", source="till", external_id="5")
    first_order(tmp_path, ("1", "Twin"), ("2", "Also there"), ("3", "Ordered Twice"), ("4", "Ordered Twice"))
    assert Account.objects.filter(external_id=None).count() == 4
