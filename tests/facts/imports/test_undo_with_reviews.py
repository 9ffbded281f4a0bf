"""An import is undone: proposed reviews go with the accounts that it made, those with answers keep theirs (B6, C13)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from regulars.base.models import Member
from regulars.facts.imports.runs import run_import, stage_import
from regulars.facts.imports.undo import undo_import
from regulars.facts.models import Account
from regulars.plan.models import Review, ReviewAnswer

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date(2024, 12, 31)


def test_a_proposed_review_goes_and_one_with_answers_stays(organisation: object, owner: Member, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        "Order ID,Date,Customer ID,Customer,Product,Quantity,Amount\nA1,2024-03-01,K1,One,P1,1,5.00\n"
        "A2,2024-03-02,K2,Two,P1,1,5.00\n"
    )
    with stage_import(paths=[file], as_of=TODAY) as staged:
        brought = run_import(staged)
    for account in Account.objects.all():
        review = Review.objects.create(account=account, owner=owner, due_on=TODAY)
        review.steps.create(state=review.state, on=TODAY, owner=owner)
    ReviewAnswer.objects.create(
        review=Review.objects.get(account__external_id="K2"), key="best", area="about_us", asked="?", text="Fast"
    )
    undo_import(import_=brought)
    assert [one.external_id for one in Account.objects.all()] == ["K2"]
    assert Review.objects.get().answers.get().text == "Fast"
