"""What to tell the customer of an issue, in the language of who reads it; changed by hand before it goes."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from regulars.base.formats import day as day_text
from regulars.base.mail.links import link_to
from regulars.base.models import Organisation
from regulars.base.organisation import today
from regulars.facts.effort import key_of
from regulars.facts.models import Issue


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A short mail, in `language`; `to` is empty where no address is known."""

    to: str
    subject: str
    text: str
    language: str

    @property
    def address(self) -> str:
        """Opens the mail program with all of it."""
        return f"mailto:{quote(self.to, safe='@')}?subject={quote(self.subject)}&body={quote(self.text)}"


def letter_of(issue: Issue, firm: Organisation) -> Letter:
    """What there is to say now: that we work on it, what we wait for, or that it is solved."""
    language = language_of_issue(issue, firm)
    with translation.override(language):
        name = issue.contact.name if issue.contact else ""
        lines = [
            _("Dear %(name)s,") % {"name": name} if name else _("Good day,"),
            "",
            _where_it_stands(issue, firm),
            *_question(issue),
            "",
            _("Kind regards"),
            firm.name,
        ]
        return Letter(
            to=(issue.contact.email if issue.contact else "") or issue.account.email,
            subject=_("Your message: %(what)s") % {"what": issue.title},
            text="\n".join(lines),
            language=language,
        )


def _where_it_stands(issue: Issue, firm: Organisation) -> str:
    what = {"what": issue.title}
    if issue.state in (Issue.State.SOLVED, Issue.State.CLOSED):
        return _("“%(what)s” is solved: %(solution)s If anything is still not right, tell us.") % (
            what | {"solution": _sentence(issue.solution)}
        )
    if issue.state == Issue.State.WAITING:
        return _("We are on to “%(what)s”. To go on we still need: %(need)s") % (what | {"need": issue.waits_for})
    until = day_text(issue.promised_on or today(firm, issue.due_at))
    if issue.state == Issue.State.REOPENED:
        return _(
            "We are sorry that “%(what)s” came back. We are on to it again, and will have it solved by %(day)s."
        ) % (what | {"day": until})
    return _("We are on to “%(what)s”. You will hear from us by %(day)s at the latest.") % (what | {"day": until})


def _question(issue: Issue) -> list[str]:
    """How much trouble it was, asked once after each solution."""
    if issue.state != Issue.State.SOLVED or issue.effort_answers.filter(after_reopening=issue.times_reopened).exists():
        return []
    link = link_to(reverse("effort_answer", args=[key_of(issue)]))
    return ["", _("How much trouble was it for you? One click tells us: %(link)s") % {"link": link}]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "।", "۔")) else f"{text}."


def language_of_issue(issue: Issue, firm: Organisation) -> str:
    spoken = dict(settings.LANGUAGES)
    wanted = ((issue.contact.language if issue.contact else ""), issue.account.language, firm.language)
    return next((one for one in wanted if one in spoken), "en")
