"""Causes in the browser: switched, their figures changed within bounds, how they are received."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from regulars.base.models import AuditEntry, Job, Organisation
from regulars.base.thresholds import Unit, declared_thresholds
from regulars.plan.models import Action
from regulars.web.settings.causes import FIGURES, GROUPS, thresholds_of


def own_values() -> dict[str, Any]:
    return dict(Organisation.objects.get().thresholds)


def undo(client: Client) -> None:
    found = re.search(r'class="toast".*?action="([^"]+)"', client.get("/settings/causes/").content.decode())
    assert found, "there is nothing to undo"
    client.post(found[1].replace("&amp;", "&"))


def test_every_figure_is_on_exactly_one_page() -> None:
    listed = [one.name for group in [*GROUPS, FIGURES] for one in thresholds_of(group)]
    assert sorted(listed) == sorted(one.name for one in declared_thresholds() if one.unit != Unit.SWITCH)


def test_a_cause_is_switched_off_and_on_again_by_undo(browser: Client) -> None:
    browser.post("/settings/causes/declining/switch/", {"on": "no"})
    assert own_values() == {"propose_declining": False}
    undo(browser)
    assert own_values() == {"propose_declining": True}
    assert AuditEntry.objects.filter(verb="change_thresholds").count() == 2


def test_a_share_is_typed_per_cent_and_an_empty_field_is_the_usual_value(browser: Client) -> None:
    browser.post("/settings/causes/gone_silent/", {"silent_gaps": "2.5", "silent_pause_chance": "12.5"})
    assert own_values() == {"silent_gaps": 2.5, "silent_pause_chance": 0.125}
    page = browser.get("/settings/causes/gone_silent/").content.decode()
    assert 'value="12.5"' in page
    assert "2 changed" in browser.get("/settings/causes/").content.decode()
    browser.post("/settings/causes/gone_silent/", {"silent_gaps": "", "silent_pause_chance": "12.5"})
    assert own_values() == {"silent_pause_chance": 0.125}


def test_undo_gives_the_former_figures_back(browser: Client) -> None:
    browser.post("/settings/causes/list/", {"actions_per_day": "9"})
    browser.post("/settings/causes/list/", {"actions_per_day": "12", "digest_size": "80"})
    undo(browser)
    assert own_values() == {"actions_per_day": 9}


def test_everything_as_usual_forgets_the_own_figures_of_this_cause_alone(browser: Client) -> None:
    browser.post("/settings/causes/list/", {"actions_per_day": "9"})
    browser.post("/settings/causes/declining/", {"declining_share": "40"})
    browser.post("/settings/causes/declining/", {"declining_share": "40", "usual": "1"})
    assert own_values() == {"actions_per_day": 9}


def test_a_figure_out_of_bounds_is_said_beside_its_field_and_nothing_is_kept(browser: Client) -> None:
    answer = browser.post("/settings/causes/gone_silent/", {"silent_gaps": "99", "silent_least_days": "1.5"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "less than or equal to 20" in page
    assert 'value="99"' in page
    assert own_values() == {}


def test_how_a_cause_is_received_is_said_in_a_sentence(browser: Client, scored: Any, proposed: Any) -> None:
    for number in range(12):
        state = Action.State.DONE if number == 0 else Action.State.NOT_USEFUL
        proposed(scored(f"Firm {number}"), state=state)
    page = browser.get("/settings/causes/").content.decode()
    assert "Of 12 decisions, 1 were to do it: 8%" in page
    assert "Most of these are dismissed." in page


def test_a_cause_that_does_not_exist_is_not_found(browser: Client) -> None:
    assert browser.get("/settings/causes/astrology/").status_code == 404
    assert browser.post("/settings/causes/astrology/switch/", {"on": "no"}).status_code == 404
    assert own_values() == {}


def test_lists_are_computed_when_asked_for(browser: Client) -> None:
    assert browser.post("/settings/causes/compute/").headers["Location"] == "/settings/jobs/"
    assert Job.objects.get().task_path == "regulars.plan.daily.nightly"
    assert "Figures and lists of the day" in browser.get("/settings/jobs/").content.decode()
