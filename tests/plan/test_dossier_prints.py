"""The printed dossier: what is in it, who may have it printed and fetch it, and that each is noted (mission E13)."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone, translation
from pypdf import PdfReader

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.models import Job, Member
from regulars.core.errors import Refusal
from regulars.facts.contacts import create_contact
from regulars.facts.interactions import record_interaction
from regulars.facts.issues import open_issue
from regulars.facts.models import Account
from regulars.facts.signals import record_signal
from regulars.plan.dossier import note_fact
from regulars.plan.dossier_document import dossier_document, dossier_pdf
from regulars.plan.dossier_prints import (
    KEPT_FOR,
    NoSuchPrint,
    ask_for_dossier,
    dossier_for_file,
    fetch_dossier,
    make_dossier,
    prints_of,
)
from regulars.plan.models import DossierPrint
from regulars.plan.promises import make_promise

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)


@pytest.fixture
def account(old_firm: Account, owner: Member) -> Account:
    """One with orders, people, talks and promises."""
    account = old_firm
    anna = create_contact(account=account, member=None, name="Anna Lund", role="Buyer")
    record_interaction(account=account, member=owner, kind="call", on=AS_OF, contacts=[anna], text="Asked for samples")
    make_promise(account=account, text="Send #samples [now]", due_on=AS_OF, on=AS_OF, member=owner)
    record_signal(account=account, kind="praise", observed_on=AS_OF, member=owner, said="Best packing of all")
    note = {"source": "visit", "known_on": AS_OF, "on": AS_OF, "member": owner, "account": account}
    note_fact(topic="history", text="Founded in 1987", **note)  # type: ignore[arg-type]
    note_fact(topic="finances", text="Looks for a buyer", confidential=True, **note)  # type: ignore[arg-type]
    note_fact(topic="interests", text="Sails on Sundays", contact=anna, **note)  # type: ignore[arg-type]
    return account


def read(made: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(made)).pages)


def everything(document: Any) -> str:
    if isinstance(document, dict):
        return " ".join(everything(one) for one in document.values())
    return " ".join(everything(one) for one in document) if isinstance(document, list) else str(document)


def test_the_dossier_tells_all_that_is_known_with_source_and_day(account: Account, owner: Member) -> None:
    """E13"""
    told = read(dossier_pdf(account, on=AS_OF, member=owner))
    for words in (
        account.name,
        "Founded in 1987",
        "visit, 9 Dec 2024",
        "Looks for a buyer",
        "confidential",
        "Anna Lund",
        "Sails on Sundays",
        "Send #samples [now]",
        "Best packing of all",
        "Asked for samples",
        "What we do not know",
    ):
        assert words in told, words


def test_it_tells_each_member_what_that_one_may_know(account: Account, owner: Member) -> None:
    """E13"""
    service = Member.objects.create(email="s@example.com", name="S", role="service")
    assert "Looks for a buyer" in everything(dossier_document(account, on=AS_OF, member=owner))
    told = everything(dossier_document(account, on=AS_OF, member=service))
    assert "Looks for a buyer" not in told
    assert "Founded in 1987" in told
    stranger = Member.objects.create(email="n@example.com", name="N", role="new_business_seller")
    with pytest.raises(Refusal):
        dossier_document(account, on=AS_OF, member=stranger)


@pytest.mark.parametrize("language", ["en", "ne", "hi", "bn", "th", "ur"])
def test_it_can_be_printed_in_every_language(account: Account, owner: Member, language: str) -> None:
    with translation.override(language):
        made = dossier_pdf(account, on=AS_OF, member=owner)
    assert str(PdfReader(io.BytesIO(made)).trailer["/Root"]["/Lang"]) == language  # type: ignore[index]


def test_a_job_makes_it_in_the_language_of_who_asks_and_nobody_else_fetches_it(account: Account, owner: Member) -> None:
    """E13: each printing and each fetching is in the audit trail"""
    with translation.override("th"):
        asked = ask_for_dossier(account=account, on=AS_OF, member=owner)
        assert ask_for_dossier(account=account, on=AS_OF, member=owner) == asked
    assert Job.objects.filter(task_path__endswith="make_dossier").count() == 1
    with pytest.raises(NoSuchPrint):
        fetch_dossier(uid=asked.uid, member=owner)
    make_dossier.func(print_id=asked.pk)
    [ready] = prints_of(account, member=owner)
    assert (ready.state, ready.language, ready.done_percent) == (DossierPrint.State.READY, "th", 100)
    fetched = fetch_dossier(uid=asked.uid, member=owner)
    assert fetched.content is not None
    assert len(PdfReader(io.BytesIO(bytes(fetched.content))).pages) == ready.pages
    other = Member.objects.create(email="o@example.com", name="O", role="owner")
    with pytest.raises(NoSuchPrint):
        fetch_dossier(uid=asked.uid, member=other)
    verbs = [entry.verb for entry in history_of(account)]
    assert verbs.count("print_dossier") == 1
    assert verbs.count("fetch_dossier") == 1


def test_who_may_no_longer_see_the_account_cannot_fetch_what_was_printed(account: Account) -> None:
    seller = Member.objects.create(email="n@example.com", name="N", role="new_business_seller")
    Account.objects.filter(pk=account.pk).update(owner=seller)
    account.refresh_from_db()
    asked = ask_for_dossier(account=account, on=AS_OF, member=seller)
    make_dossier.func(print_id=asked.pk)
    assert fetch_dossier(uid=asked.uid, member=seller).pages
    Account.objects.filter(pk=account.pk).update(owner=None)
    with pytest.raises(Refusal):
        fetch_dossier(uid=asked.uid, member=seller)
    Member.objects.filter(pk=seller.pk).update(is_active=False)
    seller.refresh_from_db()
    with pytest.raises((Forbidden, Refusal)):
        ask_for_dossier(account=account, on=AS_OF, member=seller)


def test_a_newer_printing_takes_the_place_of_the_older_and_old_ones_are_removed(
    account: Account, owner: Member
) -> None:
    first = ask_for_dossier(account=account, on=AS_OF, member=owner)
    make_dossier.func(print_id=first.pk)
    DossierPrint.objects.filter(pk=first.pk).update(created_at=timezone.now() - KEPT_FOR - timedelta(hours=1))
    assert not prints_of(account, member=owner).exists()
    second = ask_for_dossier(account=account, on=AS_OF, member=owner)
    assert list(DossierPrint.objects.all()) == [second]


def test_one_that_fails_says_so_and_is_tried_again(
    account: Account, owner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask_for_dossier(account=account, on=AS_OF, member=owner)
    with monkeypatch.context() as broken:
        broken.setattr("regulars.plan.dossier_document.TEMPLATE", "plan/printing/nothing.typ")
        with pytest.raises(Exception, match="No such file"):
            make_dossier.func(print_id=asked.pk)
    asked.refresh_from_db()
    assert asked.state == DossierPrint.State.FAILED
    make_dossier.func(print_id=asked.pk)
    asked.refresh_from_db()
    assert asked.state == DossierPrint.State.READY


def test_the_command_line_writes_it_to_a_file_and_that_is_noted_too(account: Account) -> None:
    assert dossier_for_file(account=account, on=AS_OF, member=None).startswith(b"%PDF")
    assert "print_dossier" in {entry.verb for entry in history_of(account)}


def test_issues_stand_in_it_with_their_solution(account: Account, owner: Member) -> None:
    at = timezone.now()
    open_issue(account=account, title="Boxes crushed", text="All of pallet 3", at=at, due_at=at, member=owner)
    assert "Boxes crushed" in everything(dossier_document(account, on=AS_OF, member=owner))
