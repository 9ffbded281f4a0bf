"""Mails about problems open issues, answers stand with theirs, each once (B1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from regulars.base.mail.models import IncomingMail, Mailbox, OutgoingMail
from regulars.base.models import Member, Team
from regulars.facts.incoming_mail import assign_mail, take_in
from regulars.facts.issues import close_issue, solve_issue
from regulars.facts.letters import write_to_contact
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account, Contact, Issue, IssueStep
from regulars.plan.issue_mail import is_needed, take_in_issue_mail

pytestmark = pytest.mark.django_db
WRITTEN_AT = datetime(2026, 3, 4, 9, tzinfo=UTC)


def came_in(subject: str = "Lamp broken", *, sender: str = "ada@acme.example", **said: Any) -> IncomingMail:
    mailbox, _new = Mailbox.objects.get_or_create(address="post@mail.example/INBOX")
    number = IncomingMail.objects.count() + 1
    made = IncomingMail.objects.create(
        mailbox=mailbox,
        number=number,
        message_id=f"<{number}@acme.example>",
        sender_address=sender,
        subject=subject,
        written_at=WRITTEN_AT + timedelta(minutes=number),
        **{"text": "It flickers.", "to_service": True, **said},
    )
    take_in.call()
    return made


@pytest.fixture
def ada(owner: Member) -> Contact:
    account = Account.objects.create(name="Acme", owner=owner)
    return Contact.objects.create(account=account, name="Ada Ace", email="ada@acme.example")


def letter_about(issue: Issue, ada: Contact, owner: Member) -> OutgoingMail:
    return write_to_contact(contact=ada, subject="Your message", text="…", member=owner, related=issue).mail


def test_a_mail_of_a_customer_to_the_address_for_problems_opens_an_issue_once(ada: Contact, owner: Member) -> None:
    assert not is_needed()
    came_in(files=[{"name": "lamp.jpg", "bytes": 1000}])
    assert is_needed()
    assert (take_in_issue_mail.call(), take_in_issue_mail.call()) == (1, 0)
    issue = Issue.objects.get()
    assert (issue.title, issue.account, issue.contact, issue.owner) == ("Lamp broken", ada.account, ada, owner)
    assert issue.text == "It flickers.\n\nFiles in the mailbox: lamp.jpg"
    assert issue.opened_at == WRITTEN_AT + timedelta(minutes=1)
    assert issue.due_at > issue.opened_at


def test_other_mail_opens_none(ada: Contact) -> None:
    came_in(to_service=False)
    assert not is_needed()


def test_that_of_a_stranger_opens_one_when_somebody_said_who_it_is(ada: Contact, owner: Member) -> None:
    mail = came_in(sender="bob@acme.example")
    assert not is_needed()
    assign_mail(mail=mail, account=ada.account, member=owner)
    assert take_in_issue_mail.call() == 1
    assert Issue.objects.get().contact == Contact.objects.get(email="bob@acme.example")


def test_an_answer_while_it_is_open_is_asking_again(ada: Contact, owner: Member) -> None:
    came_in()
    take_in_issue_mail.call()
    issue = Issue.objects.get()
    text = "Any news?\n\nOn Monday Olga wrote:\n> We are on to it."
    came_in("Re: Your message", text=text, to_service=False, answers=letter_about(issue, ada, owner))
    assert take_in_issue_mail.call() == 1
    issue = Issue.objects.get()
    assert issue.times_asked == 1
    assert issue.steps.get(kind=IssueStep.Kind.ASKED_AGAIN).said == "Any news?"


def test_thanks_for_a_solution_do_not_open_it_again_and_its_owner_hears_of_it_once(ada: Contact, owner: Member) -> None:
    came_in()
    take_in_issue_mail.call()
    issue = Issue.objects.get()
    about = letter_about(issue, ada, owner)
    solved = solve_issue(issue=issue, solution="New cable.", at=WRITTEN_AT + timedelta(hours=1), member=owner)
    close_issue(issue=solved, at=WRITTEN_AT + timedelta(hours=2), member=owner)
    came_in("Re: Your message", text="Thank you!", answers=about)
    take_in_issue_mail.call()
    take_in_issue_mail.call()
    issue = Issue.objects.get()
    assert (issue.state, issue.times_asked, issue.times_reopened) == (Issue.State.CLOSED, 0, 0)
    told = OutgoingMail.objects.get(to_address=owner.email)
    assert "Thank you!" in told.text
    assert f"/issues/{issue.uid}/" in told.text


def test_an_answer_to_the_issue_of_somebody_else_opens_its_own(ada: Contact, owner: Member) -> None:
    came_in()
    take_in_issue_mail.call()
    about = letter_about(Issue.objects.get(), ada, owner)
    other = Account.objects.create(name="Bolt", owner=owner)
    Contact.objects.create(account=other, name="Bea", email="bea@bolt.example")
    came_in("Fwd: Re: Your message", sender="bea@bolt.example", answers=about)
    take_in_issue_mail.call()
    assert Issue.objects.get(account=other).title == "Your message"


def test_after_a_merge_the_mail_goes_to_the_account_that_is_left(ada: Contact, owner: Member) -> None:
    came_in()
    kept = Account.objects.create(name="Acme Group", owner=owner)
    merge_accounts(kept=kept, merged=ada.account, member=owner)
    assert take_in_issue_mail.call() == 1
    assert Issue.objects.get().account == kept


def test_where_nobody_looks_after_the_account_it_lies_with_the_service_team(ada: Contact) -> None:
    team = Team.objects.create(name="Service", kind=Team.Kind.SERVICE)
    Account.objects.update(owner=None)
    came_in("", text="")
    take_in_issue_mail.call()
    issue = Issue.objects.get()
    assert (issue.owner, issue.team, issue.title) == (None, team, "A mail without words")
