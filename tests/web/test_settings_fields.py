"""Fields, tags and rates of the firm in the browser."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from django.test import Client

from regulars.base.models import AuditEntry
from regulars.facts.models import Account, CustomField, ExchangeRate, Tag


def undo(client: Client) -> None:
    found = re.search(r'class="toast".*?action="([^"]+)"', client.get("/settings/").content.decode())
    assert found, "there is nothing to undo"
    client.post(found[1].replace("&amp;", "&"))


def test_a_field_with_choices_is_added_changed_and_changed_back(browser: Client) -> None:
    said = {"label": "Kind of shop", "type": "choice", "choices": "Museum\nMarket\n", "confidential": "on"}
    assert browser.post("/settings/fields/add/", said).status_code == 302
    field = CustomField.objects.get()
    assert (field.key, field.choices, field.confidential) == ("kind_of_shop", ["Museum", "Market"], True)
    browser.post(f"/settings/fields/{field.uid}/", {"label": "Shop", "choices": "Museum\nMarket\nKiosk"})
    field.refresh_from_db()
    assert (field.label, field.choices, field.confidential) == ("Shop", ["Museum", "Market", "Kiosk"], False)
    undo(browser)
    field.refresh_from_db()
    assert (field.label, field.choices, field.confidential) == ("Kind of shop", ["Museum", "Market"], True)


def test_a_choice_that_accounts_have_is_not_taken_away(browser: Client) -> None:
    field = CustomField.objects.create(key="shop", label="Shop", type="choice", choices=["Museum", "Market"])
    Account.objects.create(name="A", custom={"shop": "Market"})
    answer = browser.post(f"/settings/fields/{field.uid}/", {"label": "Shop", "choices": "Museum"})
    assert answer.status_code == 422
    assert "1 account has “Market”." in answer.content.decode()
    assert browser.post(f"/settings/fields/{field.uid}/", {"label": "Shop", "choices": "Market"}).status_code == 302


def test_a_field_that_cannot_be_is_refused_with_what_was_typed(browser: Client) -> None:
    answer = browser.post("/settings/fields/add/", {"label": "Kind of shop", "type": "choice"})
    assert answer.status_code == 422
    assert "Choices belong to a field of type choice" in answer.content.decode()
    assert 'value="Kind of shop"' in answer.content.decode()


def test_a_retired_field_leaves_forms_and_pages_and_comes_back_with_its_values(browser: Client) -> None:
    field = CustomField.objects.create(key="taste", label="Taste in music")
    account = Account.objects.create(name="A", custom={"taste": "Baroque"})
    pages = [f"/accounts/{account.uid}/", f"/accounts/{account.uid}/edit/"]
    assert browser.post(f"/settings/fields/{field.uid}/retire/").status_code == 302
    assert not any("Baroque" in browser.get(page).content.decode() for page in pages)
    said = {"name": "A", "kind": "firm", "seen_at": "", "city": "Bath"}
    assert browser.post(pages[1], said).status_code == 302
    assert ">retired<" in browser.get("/settings/fields/").content.decode()
    assert "Bring it back" in browser.get(f"/settings/fields/{field.uid}/").content.decode()
    browser.post(f"/settings/fields/{field.uid}/restore/")
    assert all("Baroque" in browser.get(page).content.decode() for page in pages)
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {"retire_custom_field", "restore_custom_field"}


def test_a_tag_is_renamed_on_all_its_accounts_and_back(browser: Client) -> None:
    tag = Tag.objects.create(name="V I P & co")
    Account.objects.create(name="A").tags.add(tag)
    browser.post(f"/settings/tag/?tag={quote(tag.name)}", {"name": "VIP"})
    assert [one.name for one in Account.objects.get().tags.all()] == ["VIP"]
    undo(browser)
    assert Tag.objects.get().name == "V I P & co"


def test_a_name_that_is_taken_leads_to_joining(browser: Client) -> None:
    first, second = Account.objects.create(name="A"), Account.objects.create(name="B")
    vip, key = Tag.objects.create(name="VIP"), Tag.objects.create(name="key")
    first.tags.add(vip)
    second.tags.add(vip, key)
    assert "Join the two instead." in browser.post("/settings/tag/?tag=VIP", {"name": "key"}).content.decode()
    assert browser.post("/settings/tag/join/?tag=VIP", {"into": "VIP"}).status_code == 422
    assert browser.post("/settings/tag/join/?tag=VIP", {"into": "key"}).status_code == 302
    assert {one.name: [tag.name for tag in one.tags.all()] for one in Account.objects.all()} == {
        "A": ["key"],
        "B": ["key"],
    }
    assert sorted(AuditEntry.objects.get(verb="join_tags").before["accounts"]) == [first.pk, second.pk]


def test_a_removed_tag_is_off_all_accounts_and_the_trail_keeps_which(browser: Client) -> None:
    account = Account.objects.create(name="A")
    account.tags.add(Tag.objects.create(name="VIP"))
    browser.post("/settings/tag/remove/?tag=VIP")
    assert not Tag.objects.exists()
    assert AuditEntry.objects.get(verb="remove_tag").before == {"name": "VIP", "accounts": [account.pk]}
    assert browser.get("/settings/tag/?tag=VIP").status_code == 404


def test_rates_are_added_corrected_removed_and_brought_back(browser: Client) -> None:
    said = {"currency": "USD", "valid_from": "2026-01-01", "rate": "0.92"}
    assert browser.post("/settings/rates/", said).status_code == 302
    browser.post("/settings/rates/", {**said, "rate": "0.93"})
    rate = ExchangeRate.objects.get()
    assert str(rate.rate) == "0.9300000000"
    page = browser.get("/settings/rates/").content.decode()
    assert ">0.93<" in page
    assert "USD: no rate from 5 Feb 2026 on." in page or "USD: no rate from Feb 5, 2026 on." in page
    browser.post(f"/settings/rates/{rate.uid}/remove/")
    assert not ExchangeRate.objects.exists()
    undo(browser)
    assert str(ExchangeRate.objects.get().rate) == "0.9300000000"


def test_pasted_rates_are_all_taken_or_none(browser: Client) -> None:
    bad = browser.post("/settings/rates/paste/", {"text": "USD;2026-01-01;0.92\nnonsense"})
    assert bad.status_code == 422
    assert "Line 2 is not a rate" in bad.content.decode()
    assert "nonsense</textarea>" in bad.content.decode()
    assert not ExchangeRate.objects.exists()
    browser.post("/settings/rates/paste/", {"text": "USD;2026-01-01;0.92\nGBP;2026-01-01;1,15"})
    assert ExchangeRate.objects.count() == 2


def test_the_number_of_queries_does_not_grow_with_fields_tags_and_rates(
    browser: Client, django_assert_max_num_queries: Any
) -> None:
    browser.post("/settings/rates/paste/", {"text": "\n".join(f"USD;2026-01-{day:02};0.9" for day in range(1, 31))})
    browser.get("/settings/")
    for number in range(30):
        Tag.objects.create(name=f"tag {number}")
        CustomField.objects.create(key=f"field_{number}", label=f"Field {number}")
    with django_assert_max_num_queries(7):
        browser.get("/settings/fields/")
    with django_assert_max_num_queries(8):
        browser.get("/settings/rates/")
