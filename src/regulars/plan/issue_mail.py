"""Problems that customers write of: a mail to the address for problems opens an issue, an answer stands with its own.

Only mail that already stands with an account is looked at (`facts/incoming_mail.py`): a stranger's waits until somebody
says who it is.
"""

from __future__ import annotations

import re

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from regulars.base.jobs import job
from regulars.base.mail.links import link_to
from regulars.base.mail.models import IncomingMail
from regulars.base.mail.outbox import send_mail
from regulars.base.mail.parsing import without_quotes
from regulars.base.models import Team
from regulars.base.organisation import organisation
from regulars.facts.accounts import of_account
from regulars.facts.issues import Given, asked_again, note_on_issue, open_issue
from regulars.facts.models import Account, Issue, IssueMail
from regulars.plan.issue_rules import due_time

_ANSWER_SIGNS = re.compile(r"^((re|fwd?|aw|wg|sv|antw)\s*:\s*)+", re.IGNORECASE)


def is_needed() -> bool:
    """Whether a mail came in that is about a problem and was not looked at yet."""
    return _new().exists()


@job(retries=3, pause_seconds=60)
def take_in_issue_mail() -> int:
    """Open an issue for every new mail about a problem, or note it with the one that it answers. Returns how many."""
    return sum(_take_in(pk) for pk in _new().order_by("pk").values_list("pk", flat=True))


def _new() -> QuerySet[IncomingMail]:
    about_problem = Q(to_service=True) | Q(answers__related_kind=Issue._meta.label_lower)
    taken = Exists(IssueMail.objects.filter(mail=OuterRef("pk")))
    return IncomingMail.objects.filter(about_problem, ~taken, state=IncomingMail.State.TAKEN)


@transaction.atomic
def _take_in(pk: int) -> int:
    """In one transaction with the record that says so: each mail once, however often it is looked at."""
    mail = IncomingMail.objects.select_for_update(of=("self",)).select_related("answers").get(pk=pk)
    account = Account.objects.select_related("merged_into", "owner").filter(pk=mail.account_id or 0).first()
    if account is None or IssueMail.objects.filter(mail=mail).exists():
        return 0
    account = account.merged_into or account
    issue = _answered(mail, account)
    if issue is None:
        issue = _opened(mail, account)
    else:
        _go_on(mail, issue)
    IssueMail.objects.create(mail=mail, issue=issue)
    return 1


def _answered(mail: IncomingMail, account: Account) -> Issue | None:
    """The issue of this account that our letter was about, which the mail answers."""
    about = mail.answers
    if about is None or about.related_uid is None or about.related_kind != Issue._meta.label_lower:
        return None
    return Issue.objects.filter(of_account(account), uid=about.related_uid).select_related("owner").first()


def _opened(mail: IncomingMail, account: Account) -> Issue:
    contact = account.contacts.filter(pk=mail.contact_id or 0).first()
    owner = account.owner if account.owner is not None and account.owner.is_active else None
    return open_issue(
        account=account,
        title=_title(mail),
        text=_said(mail),
        contact=contact,
        at=mail.written_at,
        due_at=due_time(account, at=mail.written_at),
        given=Given(owner=owner, team=None if owner else _service_team()),
        came_by=Issue.CameBy.MAIL,
        member=None,
    )


def _go_on(mail: IncomingMail, issue: Issue) -> None:
    """While it is open they ask again, which counts as trouble; thanks for a solution must not open it again."""
    said = _said(mail) or _title(mail)
    if issue.state in Issue.LIVE:
        asked_again(issue=issue, at=mail.written_at, said=said, member=None)
        return
    note_on_issue(issue=issue, at=mail.written_at, said=said, member=None)
    owner = issue.owner
    if owner is None or not owner.is_active:
        return
    with translation.override(owner.language or organisation().language):
        words = {"what": issue.title, "said": said, "link": link_to(reverse("issue", args=[issue.uid]))}
        send_mail(
            to=owner.email,
            name=owner.name,
            subject=_("Answer on what was solved: %(what)s") % words,
            text=_(
                "The customer wrote after “%(what)s” was solved:\n\n%(said)s\n\n"
                "If it is not solved after all, reopen it:\n%(link)s"
            )
            % words,
            about=issue,
            once=f"issue-mail-{mail.uid}",
        )


def _title(mail: IncomingMail) -> str:
    return (
        _ANSWER_SIGNS.sub("", mail.subject).strip() or mail.text.strip().partition("\n")[0] or _("A mail without words")
    )


def _said(mail: IncomingMail) -> str:
    """What they wrote, and which files came with it: these stay in the mailbox."""
    names = ", ".join(str(one["name"]) for one in mail.files)
    files = _("Files in the mailbox: %(names)s") % {"names": names} if names else ""
    return "\n\n".join(part for part in (without_quotes(mail.text), files) if part)


def _service_team() -> Team | None:
    """The team whose queue it is where the account has nobody."""
    return Team.objects.filter(kind=Team.Kind.SERVICE).order_by("pk").first()
