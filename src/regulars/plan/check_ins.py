"""Check-ins: after a sale the customer is asked how it went, and can tell us of a problem by a link, without a login.

Whoever is not content is to tell us rather than leave (B2). What is wrong opens an issue; a link may do so a few times,
so that nobody who has it can flood the queue. How often a customer is asked is a threshold of the firm.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.formats import day as day_text
from regulars.base.models import Member, Team
from regulars.base.organisation import organisation
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account, require_account
from regulars.facts.issues import LONGEST_TITLE, Given, open_issue
from regulars.facts.letters import write_to_contact
from regulars.facts.models import Account, Contact, Issue
from regulars.plan.customer_links import (
    Draft,
    in_language_of,
    key_of,
    letter,
    pk_of_key,
    stale_link,
    with_link,
)
from regulars.plan.issue_rules import due_time
from regulars.plan.models import CheckIn, CheckInAnswer
from regulars.plan.seen import seen_with_account
from regulars.plan.thresholds import plan_thresholds

LONGEST_WORDS: Final = 2000
MOST_PROBLEMS: Final = 5
"""So many problems may be told by one link."""


class WrongCheckIn(Refusal):
    """Nobody can be asked like this."""


class AskedLately(WrongCheckIn):
    """The customer was asked a short while ago."""


class WrongAnswer(Refusal):
    """This is no answer."""


def visible_check_ins(member: Member | None) -> QuerySet[CheckIn]:
    """Those of the accounts that `member` may see, the newest first."""
    return CheckIn.objects.filter(seen_with_account(member)).order_by("-on", "-pk")


def check_ins_of(account: Account, *, member: Member | None) -> QuerySet[CheckIn]:
    """How often the account was asked, with what it answered; the newest first."""
    found = visible_check_ins(member).filter(of_account(account)).select_related("contact", "member")
    return found.prefetch_related("answers__issue")


def asked_lately(account: Account, *, on: date) -> CheckIn | None:
    """The last time that it was asked, if that is so short ago that it is to be left in peace."""
    since = on - timedelta(days=plan_thresholds().after_sale_again_days)
    return CheckIn.objects.filter(of_account(account), on__gt=since).order_by("-on", "-pk").first()


def drafted_check_in(contact: Contact, *, sold_on: date | None = None) -> Draft:
    """The letter as it is proposed, in the language of the contact."""
    firm = organisation().name
    with in_language_of(contact):
        lines = [
            _("you bought from us on %(day)s. Did everything go as it should?") % {"day": day_text(sold_on)}
            if sold_on
            else _("you bought from us lately. Did everything go as it should?"),
            "",
            _("If anything is not right, we want to hear of it and put it right. Here you can tell us: {link}"),
            _("If all is well, one click there tells us so. You can also simply answer this mail."),
        ]
        return Draft(subject=_("How did it go?"), text=letter(contact, firm, lines))


@transaction.atomic
def ask_how_it_went(
    *,
    contact: Contact,
    on: date,
    member: Member | None,
    subject: str,
    text: str,
    sold_on: date | None = None,
) -> CheckIn:
    """Ask the contact by mail how it went. `{link}` in the text becomes the link to tell us of a problem.

    Raises `AskedLately` where the account was asked within the days of the threshold, `WrongCheckIn` for a sale of a
    day to come, `CannotWrite` for somebody without an address.
    """
    require_account(contact.account, member=member)
    account = Account.objects.select_for_update().get(pk=contact.account_id)
    before = asked_lately(account, on=on)
    if before is not None:
        raise AskedLately(
            _("%(account)s was asked on %(day)s.") % {"account": account, "day": day_text(before.on)},
            _("Leave them in peace, or call them."),
        )
    if sold_on is not None and sold_on > on:
        raise WrongCheckIn(_("That sale lies in the future."), _("Give the day of a sale that was."))
    made = CheckIn(account=account, contact=contact, member=member, on=on, sold_on=sold_on)
    with audited(made, verb="ask_how_it_went", member=member, account_id=account.pk):
        made.save()
    text = with_link(text, f"/how-it-went/{key_of(made)}/")
    once = f"check-in:{made.uid}"
    write_to_contact(contact=contact, subject=subject, text=text, member=member, related=made, once=once)
    return made


def check_in_of_key(key: str) -> CheckIn:
    """What the link is about. Raises `StaleLink` for one that is wrong or old, or told of enough."""
    found = CheckIn.objects.select_related("account__merged_into", "contact__account", "member")
    asked = found.filter(pk=pk_of_key(key, CheckIn)).first()
    if asked is None or asked.answers.filter(went_well=False).count() >= MOST_PROBLEMS:
        raise stale_link()
    return asked


@transaction.atomic
def answer_check_in(
    *, key: str, went_well: bool, at: datetime, words: str = "", about: str = Issue.About.OTHER
) -> CheckInAnswer:
    """Keep what the customer says; what is wrong opens an issue. The same said twice is kept once."""
    asked = check_in_of_key(key)
    CheckIn.objects.select_for_update(of=("self",)).get(pk=asked.pk)
    asked = check_in_of_key(key)  # somebody may have answered while this one waited
    words = words.strip()[:LONGEST_WORDS]
    if not went_well and not words:
        raise WrongAnswer(_("We would like to put it right."), _("Tell us in a few words what is not right."))
    same = asked.answers.filter(went_well=went_well, words=words).first()
    if same is not None:
        return same
    made = CheckInAnswer(check_in=asked, went_well=went_well, words=words, answered_at=at)
    made.issue = None if went_well else _opened(asked, words=words, about=about, at=at)
    with audited(made, verb="answer_check_in", member=None, account_id=asked.account_id):
        made.save()
    return made


def _opened(asked: CheckIn, *, words: str, about: str, at: datetime) -> Issue:
    account = asked.account.merged_into or asked.account
    contact = asked.contact if asked.contact.account_id == account.pk else None
    known = [one for one in (account.owner, asked.member) if one is not None and one.is_active]
    service = Team.objects.filter(kind=Team.Kind.SERVICE).order_by("pk").first()
    return open_issue(
        account=account,
        title=Truncator(words.partition("\n")[0]).chars(min(LONGEST_TITLE, 120)),
        text=words,
        about=about,
        contact=contact,
        at=at,
        due_at=due_time(account, at=at),
        given=Given(owner=known[0]) if known else Given(team=service),
        came_by=Issue.CameBy.CHECK_IN,
        member=None,
    )
