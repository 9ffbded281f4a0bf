"""Leads come in, are judged, go to somebody, are answered, lost and taken up again (mission D1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.models import Member, Team
from regulars.core.errors import Refusal
from regulars.facts.lead_criteria import (
    WrongCriterion,
    criteria,
    judge_lead,
    judgement_sentences,
    retire_criterion,
    save_criterion,
    set_points_needed,
    told_of,
)
from regulars.facts.lead_files import WrongLeadFile, read_lead_file
from regulars.facts.lead_forms import (
    SendAgain,
    WrongForm,
    check_stamp,
    first_time,
    form_of_token,
    save_form,
    stamp,
)
from regulars.facts.lead_likeness import alike_accounts, look_for_customers
from regulars.facts.lead_routes import WrongRoute, save_route, why_there
from regulars.facts.leads import (
    NoSuchLead,
    Origin,
    WrongLead,
    assign_lead,
    change_lead,
    contact_lead,
    lose_lead,
    qualify_lead,
    reject_lead,
    reopen_lead,
    take_back_lead_step,
    take_lead,
    unanswered,
    visible_leads,
)
from regulars.facts.models import Account, Contact, Lead

pytestmark = pytest.mark.django_db
AT = datetime(2024, 12, 9, 10, 0, tzinfo=UTC)
HAND = Origin(channel="hand")


def person(role: str, name: str, team: Team | None = None) -> Member:
    return Member.objects.create(email=f"{name.lower()}@firm.example", name=name, role=role, team=team)


@pytest.fixture
def seller(organisation: Any) -> Member:
    return person("new_business_seller", "Nina")


@pytest.fixture
def marketer(organisation: Any) -> Member:
    return person("marketer", "Mark")


def came(name: str = "Alpine Gifts", *, member: Member | None = None, origin: Origin = HAND, **said: Any) -> Lead:
    said.setdefault("email", f"{name.replace(' ', '').lower()}@example.com")
    return take_lead(origin=origin, at=AT, member=member, name=name, **said).lead


def kinds(lead: Lead) -> list[str]:
    return list(lead.steps.filter(taken_back_at=None).order_by("pk").values_list("kind", flat=True))


def test_a_lead_that_comes_goes_to_a_seller_of_new_business_and_says_why(seller: Member, owner: Member) -> None:
    """D1."""
    lead = came()
    assert (lead.state, lead.owner) == (Lead.State.NEW, seller)
    assert kinds(lead) == ["came", "routed"]
    assert why_there(lead) == "It went to Nina."
    assert {entry.verb for entry in history_of(lead)} == {"take_lead"}


def test_leads_are_shared_by_load_and_rules_come_first(seller: Member, owner: Member) -> None:
    other = person("new_business_seller", "Otto")
    assert [came(f"Firm {number}").owner for number in range(4)] == [seller, other, seller, other]
    team = Team.objects.create(name="South", kind="new_business")
    south = person("new_business_seller", "Sara", team)
    save_route(member=owner, name="Austria", countries=["Austria"], team=team)
    lead = came("Wiener Laden", country="Österreich")
    assert lead.owner == came("Grazer Laden", country="AT").owner == south
    assert why_there(lead) == "By the rule “Austria” it went to Sara."
    with pytest.raises(WrongRoute, match="team and a person"):
        save_route(member=owner, name="x", team=team, member_of_ours=seller)


def test_where_nobody_sells_a_lead_waits_and_says_so(organisation: Any) -> None:
    lead = came()
    assert lead.owner is None
    assert "nobody's yet" in why_there(lead)


def test_a_lead_that_was_given_back_says_who_gave_it_back(seller: Member, owner: Member) -> None:
    lead = came()
    assert why_there(assign_lead(lead=lead, owner=seller, at=AT, member=owner)) == "Olga Owner gave it to Nina."
    assert why_there(assign_lead(lead=lead, owner=None, at=AT, member=seller)) == "It is nobody's: Nina gave it back."


def test_criteria_decide_and_what_is_not_known_is_asked(seller: Member, marketer: Member) -> None:
    save_criterion(member=marketer, name="A firm", about="kind", fits=["firm"], points=20, must=True)
    asked = save_criterion(
        member=marketer,
        name="Soon",
        about="question",
        question="When do you need it?",
        answers=["This month", "Some day"],
        fits=["This month"],
        points=30,
        on_form=True,
    )
    set_points_needed(points=50, member=marketer)
    open_yet = came("Alpine")
    assert (open_yet.fit, open_yet.points, open_yet.state) == ("open", 20, "new")
    judgement = judge_lead(open_yet, criteria(), needed=50)
    sentences = judgement_sentences(told_of(open_yet, criteria(), judgement), judgement)
    assert sentences == [
        "20 points of 50 so far; with what is not known yet it may be 50.",
        "Ask about: Soon.",
    ]
    fits = came("Bergen", answers={str(asked.uid): "This month"})
    assert (fits.fit, fits.state, fits.qualified_at) == ("yes", "qualified", AT)
    found = change_lead(lead=open_yet, at=AT, member=seller, answers={str(asked.uid): "This month"})
    assert (found.fit, found.state) == ("yes", "qualified")
    private = came("Carla", kind="person")
    assert (private.fit, private.state, private.owner) == ("no", "new", None)
    assert "does not fit" in why_there(private)
    retire_criterion(criterion=asked, member=marketer)
    assert [one.name for one in criteria()] == ["A firm"]


def test_a_criterion_needs_a_name_a_question_and_answers_that_there_are(marketer: Member, seller: Member) -> None:
    with pytest.raises(WrongCriterion, match="name"):
        save_criterion(member=marketer, about="kind")
    with pytest.raises(WrongCriterion, match="question"):
        save_criterion(member=marketer, name="x", about="question")
    with pytest.raises(WrongCriterion, match="none of the answers"):
        save_criterion(member=marketer, name="x", about="question", question="x?", answers=["a"], fits=["b"])
    with pytest.raises(Forbidden):
        save_criterion(member=seller, name="x", about="kind")


def test_countries_are_understood_by_name_and_code(marketer: Member, seller: Member) -> None:
    save_criterion(member=marketer, name="Near", about="country", fits=["Germany", "Nepal"], points=60)
    assert came("One", country="DE").fit == "yes"
    assert came("Two", country="नेपाल").fit == "yes"
    assert came("Three", country="Chile").fit == "no"
    assert came("Four").fit == "open"


def test_who_asks_again_while_the_lead_is_open_is_the_same_lead(seller: Member) -> None:
    lead = came(wishes="Lamps")
    again = take_lead(
        origin=HAND, at=AT + timedelta(days=1), member=None, name="X", email=lead.email.upper(), wishes="And candles"
    )
    assert (again.lead, again.new) == (lead, False)
    assert kinds(lead) == ["came", "routed", "asked_again"]
    lead.refresh_from_db()
    assert (lead.name, lead.wishes) == ("Alpine Gifts", "Lamps"), "what a stranger sends changes nothing"
    lose_lead(lead=lead, at=AT, member=seller, reason="timing")
    assert take_lead(origin=HAND, at=AT, member=None, name="X", email=lead.email).new


def test_the_same_number_of_another_program_is_the_same_lead_whatever_became_of_it(seller: Member) -> None:
    origin = Origin(channel="api", system="web shop", external_id="17")
    first = came(origin=origin)
    lose_lead(lead=first, at=AT, member=None, reason="price")
    again = take_lead(origin=origin, at=AT, member=None, name="Other", email="other@example.com")
    assert (again.lead, again.new) == (first, False)


def test_what_another_program_sends_twice_at_once_is_one_lead(seller: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = Origin(channel="api", system="web shop", external_id="17")
    first = came(origin=origin)
    looked = iter([None, first])  # the first look finds nothing: the other one is stored a moment later
    monkeypatch.setattr("regulars.facts.leads._known_there", lambda _origin: next(looked))
    again = take_lead(origin=origin, at=AT, member=None, name="Alpine", email="other@example.com")
    assert (again.lead, again.new, Lead.objects.count()) == (first, False, 1)


def test_a_lead_needs_a_name_and_a_way_to_answer(seller: Member) -> None:
    with pytest.raises(WrongLead, match="no name"):
        came("", email="a@b.example")
    with pytest.raises(WrongLead, match="no way to answer"):
        came("Alpine", email="")
    with pytest.raises(WrongLead, match="e-mail"):
        came("Alpine", email="nonsense")
    assert came("", person="Eva", email="eva@b.example").kind == Account.Kind.PERSON


def test_a_lead_that_is_a_customer_already_says_which(seller: Member) -> None:
    account = Account.objects.create(name="Alpine Gifts GmbH", city="Linz")
    Contact.objects.create(account=account, name="Eva", email="eva@alpine.example")
    by_name = came("ALPINE GIFTS", email="new@elsewhere.example", city="Linz")
    assert by_name.perhaps == account
    assert "the same name apart from spelling and legal form" in alike_accounts(by_name)[0].reasons
    assert came("Unknown", email="eva@alpine.example").perhaps == account
    assert came("Quite different", email="x@y.example").perhaps is None


def test_a_lead_goes_from_new_to_talks_and_every_step_can_be_taken_back(seller: Member) -> None:
    lead = came()
    assert list(unanswered(visible_leads(seller))) == [lead]
    lead = contact_lead(lead=lead, at=AT + timedelta(hours=2), member=seller, said="Called")
    assert (lead.state, lead.answered_at) == ("new", AT + timedelta(hours=2))
    assert not unanswered(visible_leads(seller)).exists()
    lead = qualify_lead(lead=lead, at=AT, member=seller)
    assert lead.state == "contacted", "there was a talk already"
    lead = lose_lead(lead=lead, at=AT, member=seller, reason="other", said="Moved away")
    assert (lead.state, lead.reason_said) == ("lost", "Moved away")
    with pytest.raises(WrongLead, match="lost"):
        contact_lead(lead=lead, at=AT, member=seller)
    lead = take_back_lead_step(lead=lead, member=seller)
    assert (lead.state, lead.reason, lead.closed_at) == ("contacted", "", None)
    lead = take_back_lead_step(lead=take_back_lead_step(lead=lead, member=seller), member=seller)
    assert (lead.state, lead.answered_at, lead.qualified_at) == ("new", None, None)
    with pytest.raises(WrongLead, match="nothing to take back"):
        take_back_lead_step(lead=lead, member=seller)


def test_losing_and_putting_aside_need_a_reason_of_their_own(seller: Member) -> None:
    lead = came()
    for wrong in ("", "criteria"):
        with pytest.raises(WrongLead, match="reason"):
            lose_lead(lead=lead, at=AT, member=seller, reason=wrong)
    with pytest.raises(WrongLead, match="reason"):
        reject_lead(lead=lead, at=AT, member=seller, reason="price")
    with pytest.raises(WrongLead, match="reason"):
        reject_lead(lead=lead, at=AT, member=seller, reason="other")
    lead = reject_lead(lead=lead, at=AT, member=seller, reason="spam")
    assert lead.state == "unqualified"
    assert reopen_lead(lead=lead, at=AT, member=seller).state == "new"


def test_sellers_see_their_own_and_nobodys_and_marketing_sees_all(seller: Member, marketer: Member) -> None:
    other, service = person("new_business_seller", "Otto"), person("service", "Sven")
    manager = person("account_manager", "Anna")
    mine, theirs = came("Mine"), came("Theirs")
    assert (mine.owner, theirs.owner) == (seller, other)
    theirs_now_nobodys = came("Nobodys")
    assign_lead(lead=theirs_now_nobodys, owner=None, at=AT, member=marketer)
    assert set(visible_leads(seller)) == {mine, theirs_now_nobodys}
    assert set(visible_leads(marketer)) == set(visible_leads(service)) == {mine, theirs, theirs_now_nobodys}
    assert set(visible_leads(manager)) == set()
    with pytest.raises(NoSuchLead):
        contact_lead(lead=theirs, at=AT, member=seller)
    with pytest.raises(Forbidden):
        contact_lead(lead=theirs, at=AT, member=person("analyst", "Ari"))
    assert assign_lead(lead=theirs_now_nobodys, owner=seller, at=AT, member=seller).owner == seller
    with pytest.raises(Forbidden):
        assign_lead(lead=mine, owner=other, at=AT, member=seller)
    with pytest.raises(WrongLead, match="cannot work"):
        assign_lead(lead=mine, owner=marketer, at=AT, member=marketer)


def test_who_sells_keeps_what_they_take_down(seller: Member) -> None:
    other = person("new_business_seller", "Otto")
    assert came("A", member=other).owner == other
    assert came("B", member=other).owner == other


# Forms


def test_a_form_is_known_by_its_address_and_takes_web_sites_that_are_some(marketer: Member, seller: Member) -> None:
    form = save_form(member=marketer, name="Site", origins=["https://Shop.example.com/", "http://localhost:8000"])
    assert form.origins == ["https://shop.example.com", "http://localhost:8000"]
    assert form_of_token(form.token) == form
    for wrong in ("shop.example.com", "https://a.example; script-src *", "https://a.example/path", "https://*"):
        with pytest.raises(WrongForm, match="web site"):
            save_form(member=marketer, form=form, origins=[wrong])
    with pytest.raises(Forbidden):
        save_form(member=seller, name="Mine")


def test_a_form_that_is_sent_within_seconds_or_a_day_later_or_with_a_forged_stamp_is_sent_again() -> None:
    given = stamp("x", at=AT)
    mark = check_stamp(given, "x", at=AT + timedelta(seconds=20))
    assert (first_time(mark), first_time(mark)) == (True, False)
    for at, token, text in (
        (AT + timedelta(seconds=1), "x", given),
        (AT + timedelta(days=2), "x", given),
        (AT + timedelta(seconds=20), "y", given),
        (AT + timedelta(seconds=20), "x", given[:-2]),
        (AT + timedelta(seconds=20), "x", ""),
    ):
        with pytest.raises(SendAgain):
            check_stamp(text, token, at=at)


# Files

FAIR = """Company;Contact;E-mail;Phone;Country;Message
Alpine Gifts;Eva Gruber;eva@alpine.example;;Austria;Lamps
;Paul Only;;+43 1 234567;Austria;
No way;;;;;
Alpine Gifts;Eva Gruber;EVA@alpine.example;;Austria;Again
"""


def test_a_file_of_leads_is_taken_in_and_rows_that_cannot_be_are_kept(marketer: Member, seller: Member) -> None:
    read = read_lead_file(name="fair.csv", content=FAIR.encode("cp1252"), at=AT, member=marketer, said_source="Fair")
    assert (read.taken, read.known) == (2, 1)
    assert [(one["line"], one["reason"]) for one in read.rejected] == [(4, "There is no way to answer.")]
    first, second = Lead.objects.order_by("pk")
    assert (first.name, first.person, first.wishes, first.said_source) == (
        "Alpine Gifts",
        "Eva Gruber",
        "Lamps",
        "Fair",
    )
    assert (second.name, second.kind, second.channel) == ("Paul Only", "person", "import")
    assert read.rejected[0]["row"][0] == "No way"


def test_customers_among_the_leads_of_a_file_are_found_afterwards(marketer: Member, seller: Member) -> None:
    account = Account.objects.create(name="Alpine Gifts GmbH", email="office@alpine.example")
    read = read_lead_file(name="fair.csv", content=FAIR.encode("cp1252"), at=AT, member=marketer)
    marked = Lead.objects.filter(perhaps__isnull=False)
    assert not marked.exists(), "nobody waits at the page while all accounts are looked through for each row"
    assert look_for_customers.call(file_id=read.pk) == 1
    assert marked.get().perhaps == account
    assert look_for_customers.call(file_id=read.pk) == 0


def test_a_customer_is_known_by_its_phone_however_many_numbers_end_alike(seller: Member) -> None:
    Account.objects.bulk_create(Account(name=f"Firm {place}", phone=f"+43 1 2{place:03} 567") for place in range(300))
    account = Account.objects.create(name="Alpine", phone="+43 (1) 98 74 567", city="Wien")
    alike = alike_accounts(came("Quite different", email="x@y.example", phone="+43 1 9874567", city="Wien"))
    assert [one.account for one in alike] == [account]


@pytest.mark.parametrize("content", [b"", b"a,b\n", b"\x00\x01\x02", b"Colour,Shape\nred,round\n"])
def test_what_is_no_list_of_leads_is_refused(content: bytes, marketer: Member) -> None:
    with pytest.raises(WrongLeadFile):
        read_lead_file(name="x.csv", content=content, at=AT, member=marketer)


def test_only_marketing_and_heads_read_files(seller: Member) -> None:
    with pytest.raises(Refusal, match="role"):
        read_lead_file(name="x.csv", content=FAIR.encode(), at=AT, member=seller)
