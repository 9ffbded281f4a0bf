"""The kinds of events that an endpoint may be told of. `api.webhooks` finds them and says what they carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.base.tokens import ApiScope


class WebhookEvent(StrEnum):
    """What may have happened."""

    ACCOUNT_CREATED = "account.created"
    ACCOUNT_CHANGED = "account.changed"
    CONTACT_CREATED = "contact.created"
    CONTACT_CHANGED = "contact.changed"
    INTERACTION_RECORDED = "interaction.recorded"
    INTERACTION_CHANGED = "interaction.changed"
    INTERACTION_WITHDRAWN = "interaction.withdrawn"
    SIGNAL_RECORDED = "signal.recorded"
    SIGNAL_WITHDRAWN = "signal.withdrawn"
    SIGNAL_RESTORED = "signal.restored"
    ACTION_DONE = "action.done"
    ACTION_NOT_USEFUL = "action.not_useful"
    ACTION_SNOOZED = "action.snoozed"
    ACTION_REASSIGNED = "action.reassigned"
    ACTION_REOPENED = "action.reopened"
    HANDOVER_DRAFTED = "handover.drafted"
    HANDOVER_SENT = "handover.sent"
    HANDOVER_RETURNED = "handover.returned"
    HANDOVER_ACCEPTED = "handover.accepted"
    HANDOVER_CLOSED = "handover.closed"
    HANDOVER_DISCARDED = "handover.discarded"
    HANDOVER_CHANGED = "handover.changed"
    PROMISE_MADE = "promise.made"
    PROMISE_KEPT = "promise.kept"
    PROMISE_BROKEN = "promise.broken"
    PROMISE_RENEGOTIATED = "promise.renegotiated"
    PROMISE_WITHDRAWN = "promise.withdrawn"
    PROMISE_CHANGED = "promise.changed"
    ISSUE_OPENED = "issue.opened"
    ISSUE_CHANGED = "issue.changed"
    ISSUE_ESCALATED = "issue.escalated"
    ISSUE_SOLVED = "issue.solved"
    ISSUE_REOPENED = "issue.reopened"
    ISSUE_CLOSED = "issue.closed"
    EFFORT_ANSWERED = "effort.answered"
    REVIEW_SCHEDULED = "review.scheduled"
    REVIEW_MOVED = "review.moved"
    REVIEW_CANCELLED = "review.cancelled"
    REVIEW_FINISHED = "review.finished"
    REVIEW_REOPENED = "review.reopened"
    REVIEW_CHANGED = "review.changed"
    OPPORTUNITY_OPENED = "opportunity.opened"
    OPPORTUNITY_CHANGED = "opportunity.changed"
    OPPORTUNITY_MOVED = "opportunity.moved"
    OPPORTUNITY_WON = "opportunity.won"
    OPPORTUNITY_LOST = "opportunity.lost"
    OPPORTUNITY_REOPENED = "opportunity.reopened"
    LEAD_RECEIVED = "lead.received"
    LEAD_CHANGED = "lead.changed"
    LEAD_CONTACTED = "lead.contacted"
    LEAD_QUALIFIED = "lead.qualified"
    LEAD_REJECTED = "lead.rejected"
    LEAD_WON = "lead.won"
    LEAD_LOST = "lead.lost"
    LEAD_REOPENED = "lead.reopened"
    REFERRAL_MADE = "referral.made"
    REFERRAL_BECAME_CUSTOMER = "referral.became_customer"
    REFERRAL_THANKED = "referral.thanked"
    REFERRAL_CHANGED = "referral.changed"
    REFERRAL_WITHDRAWN = "referral.withdrawn"
    KEY_ACCOUNT_APPOINTED = "key_account.appointed"
    KEY_ACCOUNT_ENDED = "key_account.ended"
    KEY_ACCOUNT_RESTORED = "key_account.restored"
    WIN_BACK_OPENED = "win_back.opened"
    WIN_BACK_CHANGED = "win_back.changed"
    WIN_BACK_WON = "win_back.won"
    WIN_BACK_PARTED = "win_back.parted"
    WIN_BACK_REOPENED = "win_back.reopened"
    WIN_BACK_WITHDRAWN = "win_back.withdrawn"
    PLAY_STARTED = "play.started"
    PLAY_CHANGED = "play.changed"
    PLAY_ENDED = "play.ended"
    PLAY_RESUMED = "play.resumed"
    PROJECT_PROPOSED = "project.proposed"
    PROJECT_CHANGED = "project.changed"
    PROJECT_STARTED = "project.started"
    PROJECT_MEASURED = "project.measured"
    PROJECT_CONFIRMED = "project.confirmed"
    PROJECT_FINISHED = "project.finished"
    PROJECT_STOPPED = "project.stopped"
    PROJECT_RESUMED = "project.resumed"
    VALUE_PROOF_NOTED = "value_proof.noted"
    VALUE_PROOF_CHANGED = "value_proof.changed"
    VALUE_PROOF_TAKEN_BACK = "value_proof.taken_back"
    VALUE_PROOF_RESTORED = "value_proof.restored"
    SALES_PLAN_ACCEPTED = "sales_plan.accepted"
    SALES_PLAN_REOPENED = "sales_plan.reopened"
    LIVE_ORDER_RECEIVED = "live_order.received"
    LIVE_ORDER_CHANGED = "live_order.changed"
    LIVE_ORDER_PAID = "live_order.paid"
    LIVE_ORDER_FOLLOWED_UP = "live_order.followed_up"
    LIVE_ORDER_CLOSED = "live_order.closed"
    LIVE_ORDER_REOPENED = "live_order.reopened"
    CHECK_IN_ASKED = "check_in.asked"
    CHECK_IN_ANSWERED = "check_in.answered"
    BONUS_GIVEN = "bonus.given"
    BONUS_TAKEN_BACK = "bonus.taken_back"
    IMPORT_FINISHED = "import.finished"
    IMPORT_UNDONE = "import.undone"
    SNAPSHOT_TAKEN = "snapshot.taken"


TEST_EVENT = "webhook.test"
"""Sent by hand to any endpoint."""

LABELS: dict[WebhookEvent, Promise] = {
    WebhookEvent.ACCOUNT_CREATED: _("An account was made"),
    WebhookEvent.ACCOUNT_CHANGED: _("An account was changed, assigned, tagged or merged"),
    WebhookEvent.CONTACT_CREATED: _("A contact was made"),
    WebhookEvent.CONTACT_CHANGED: _("A contact was changed"),
    WebhookEvent.INTERACTION_RECORDED: _("A call, visit, mail, meeting or note was recorded"),
    WebhookEvent.INTERACTION_CHANGED: _("A recorded call, visit, mail, meeting or note was corrected"),
    WebhookEvent.INTERACTION_WITHDRAWN: _("A recorded call, visit, mail, meeting or note was withdrawn"),
    WebhookEvent.SIGNAL_RECORDED: _("A signal of risk or potential was noted"),
    WebhookEvent.SIGNAL_WITHDRAWN: _("A signal was withdrawn"),
    WebhookEvent.SIGNAL_RESTORED: _("A withdrawn signal counts again"),
    WebhookEvent.ACTION_DONE: _("An action was done"),
    WebhookEvent.ACTION_NOT_USEFUL: _("An action was dismissed as not useful"),
    WebhookEvent.ACTION_SNOOZED: _("An action was put off"),
    WebhookEvent.ACTION_REASSIGNED: _("An action was given to another member"),
    WebhookEvent.ACTION_REOPENED: _("An action was reopened"),
    WebhookEvent.HANDOVER_DRAFTED: _("A hand-over was drafted"),
    WebhookEvent.HANDOVER_SENT: _("A hand-over was sent"),
    WebhookEvent.HANDOVER_RETURNED: _("A hand-over was returned, with what is missing"),
    WebhookEvent.HANDOVER_ACCEPTED: _("A hand-over was accepted"),
    WebhookEvent.HANDOVER_CLOSED: _("A hand-over was closed after the first weeks"),
    WebhookEvent.HANDOVER_DISCARDED: _("A hand-over was discarded"),
    WebhookEvent.HANDOVER_CHANGED: _("A hand-over was written, recalled, drafted again or looked at"),
    WebhookEvent.PROMISE_MADE: _("A promise was made"),
    WebhookEvent.PROMISE_KEPT: _("A promise was kept"),
    WebhookEvent.PROMISE_BROKEN: _("A promise was broken"),
    WebhookEvent.PROMISE_RENEGOTIATED: _("Another day was agreed on for a promise"),
    WebhookEvent.PROMISE_WITHDRAWN: _("A promise was withdrawn"),
    WebhookEvent.PROMISE_CHANGED: _("The last word on a promise was taken back, or somebody else keeps it"),
    WebhookEvent.ISSUE_OPENED: _("A problem of a customer was taken down"),
    WebhookEvent.ISSUE_CHANGED: _("A problem was changed, given to others, paused or taken up again"),
    WebhookEvent.ISSUE_ESCALATED: _("Help was called for with a problem"),
    WebhookEvent.ISSUE_SOLVED: _("A problem was solved"),
    WebhookEvent.ISSUE_REOPENED: _("A solved problem came back"),
    WebhookEvent.ISSUE_CLOSED: _("The customer agreed that a problem is solved"),
    WebhookEvent.EFFORT_ANSWERED: _("A customer said how much trouble it was"),
    WebhookEvent.REVIEW_SCHEDULED: _("A review got its time"),
    WebhookEvent.REVIEW_MOVED: _("A review was moved to another time or person"),
    WebhookEvent.REVIEW_CANCELLED: _("A review was cancelled"),
    WebhookEvent.REVIEW_FINISHED: _("A review was finished"),
    WebhookEvent.REVIEW_REOPENED: _("A finished review was opened again"),
    WebhookEvent.REVIEW_CHANGED: _("A review was invited to, or its last step was taken back"),
    WebhookEvent.OPPORTUNITY_OPENED: _("An opportunity was opened"),
    WebhookEvent.OPPORTUNITY_CHANGED: _("An opportunity was changed"),
    WebhookEvent.OPPORTUNITY_MOVED: _("An opportunity came to another stage"),
    WebhookEvent.OPPORTUNITY_WON: _("An opportunity was won"),
    WebhookEvent.OPPORTUNITY_LOST: _("An opportunity was lost"),
    WebhookEvent.OPPORTUNITY_REOPENED: _("A closed opportunity was opened again"),
    WebhookEvent.LEAD_RECEIVED: _("A lead came in"),
    WebhookEvent.LEAD_CHANGED: _("A lead was changed, given to somebody, or its last step was taken back"),
    WebhookEvent.LEAD_CONTACTED: _("Somebody got in touch with a lead"),
    WebhookEvent.LEAD_QUALIFIED: _("A lead was found to fit"),
    WebhookEvent.LEAD_REJECTED: _("A lead was found not to fit"),
    WebhookEvent.LEAD_WON: _("A lead became a customer"),
    WebhookEvent.LEAD_LOST: _("A lead was lost"),
    WebhookEvent.LEAD_REOPENED: _("A closed lead was taken up again"),
    WebhookEvent.REFERRAL_MADE: _("A customer recommended us to somebody"),
    WebhookEvent.REFERRAL_BECAME_CUSTOMER: _("Somebody who was recommended became a customer"),
    WebhookEvent.REFERRAL_THANKED: _("A customer was thanked for a recommendation"),
    WebhookEvent.REFERRAL_CHANGED: _("Thanks for a recommendation were taken back"),
    WebhookEvent.REFERRAL_WITHDRAWN: _("A recommendation was withdrawn"),
    WebhookEvent.KEY_ACCOUNT_APPOINTED: _("A key account was appointed"),
    WebhookEvent.KEY_ACCOUNT_ENDED: _("A key account is none any more"),
    WebhookEvent.KEY_ACCOUNT_RESTORED: _("A former key account is one again"),
    WebhookEvent.WIN_BACK_OPENED: _("A customer is lost: winning it back begins"),
    WebhookEvent.WIN_BACK_CHANGED: _("Reasons of a loss, an offer or an answer were noted"),
    WebhookEvent.WIN_BACK_WON: _("A lost customer is won back"),
    WebhookEvent.WIN_BACK_PARTED: _("We parted well from a lost customer"),
    WebhookEvent.WIN_BACK_REOPENED: _("Winning a customer back was taken up again"),
    WebhookEvent.WIN_BACK_WITHDRAWN: _("A customer was not lost after all"),
    WebhookEvent.PLAY_STARTED: _("A playbook was started on an account"),
    WebhookEvent.PLAY_CHANGED: _("A step of a playbook was done, left out or opened again"),
    WebhookEvent.PLAY_ENDED: _("A playbook ended"),
    WebhookEvent.PLAY_RESUMED: _("A playbook goes on"),
    WebhookEvent.PROJECT_PROPOSED: _("A joint project was proposed"),
    WebhookEvent.PROJECT_CHANGED: _("A joint project was changed"),
    WebhookEvent.PROJECT_STARTED: _("A joint project was started"),
    WebhookEvent.PROJECT_MEASURED: _("A joint project was measured"),
    WebhookEvent.PROJECT_CONFIRMED: _("The customer answered what a joint project saved"),
    WebhookEvent.PROJECT_FINISHED: _("A joint project was finished"),
    WebhookEvent.PROJECT_STOPPED: _("A joint project was stopped"),
    WebhookEvent.PROJECT_RESUMED: _("A joint project goes on"),
    WebhookEvent.VALUE_PROOF_NOTED: _("A proof of value was noted"),
    WebhookEvent.VALUE_PROOF_CHANGED: _("A proof of value was changed"),
    WebhookEvent.VALUE_PROOF_TAKEN_BACK: _("A proof of value was taken back"),
    WebhookEvent.VALUE_PROOF_RESTORED: _("A proof of value was put back"),
    WebhookEvent.SALES_PLAN_ACCEPTED: _("A sales plan was accepted"),
    WebhookEvent.SALES_PLAN_REOPENED: _("An accepted sales plan was opened again"),
    WebhookEvent.LIVE_ORDER_RECEIVED: _("A live order was sent, or its source said something new of it"),
    WebhookEvent.LIVE_ORDER_CHANGED: _("A live order was given to a customer, or a follow-up was taken back"),
    WebhookEvent.LIVE_ORDER_PAID: _("Somebody noted that a live order was paid, or a part of it"),
    WebhookEvent.LIVE_ORDER_FOLLOWED_UP: _("A live order was followed up"),
    WebhookEvent.LIVE_ORDER_CLOSED: _("A live order was closed or cancelled by hand"),
    WebhookEvent.LIVE_ORDER_REOPENED: _("A live order was opened again"),
    WebhookEvent.CHECK_IN_ASKED: _("A customer was asked how a sale went"),
    WebhookEvent.CHECK_IN_ANSWERED: _("A customer said how a sale went"),
    WebhookEvent.BONUS_GIVEN: _("A customer was given a bonus"),
    WebhookEvent.BONUS_TAKEN_BACK: _("A bonus was not given after all"),
    WebhookEvent.IMPORT_FINISHED: _("An import is in force"),
    WebhookEvent.IMPORT_UNDONE: _("An import was undone"),
    WebhookEvent.SNAPSHOT_TAKEN: _("New figures were computed"),
}

GROUPS: dict[Promise, tuple[str, ...]] = {
    _("Accounts and people"): ("account", "contact", "interaction", "signal"),
    _("Leads and recommendations"): ("lead", "referral"),
    _("Hand-overs and promises"): ("handover", "promise"),
    _("Live orders"): ("live_order",),
    _("Problems of customers"): ("issue", "check_in", "effort"),
    _("Reviews"): ("review",),
    _("Opportunities, projects, value"): ("opportunity", "project", "value_proof"),
    _("Key accounts and lost customers"): ("key_account", "bonus", "win_back"),
    _("Today and playbooks"): ("action", "play"),
    _("Figures, plan, imports"): ("snapshot", "sales_plan", "import"),
}
"""What the kinds of records belong to, as it is shown to who chooses."""

_SCOPES = {
    "account": ApiScope.ACCOUNTS_READ,
    "contact": ApiScope.ACCOUNTS_READ,
    "interaction": ApiScope.ACCOUNTS_READ,
    "signal": ApiScope.ACCOUNTS_READ,
    "handover": ApiScope.ACCOUNTS_READ,
    "promise": ApiScope.ACCOUNTS_READ,
    "issue": ApiScope.ACCOUNTS_READ,
    "effort": ApiScope.ACCOUNTS_READ,
    "review": ApiScope.ACCOUNTS_READ,
    "opportunity": ApiScope.ACCOUNTS_READ,
    "lead": ApiScope.ACCOUNTS_READ,
    "referral": ApiScope.ACCOUNTS_READ,
    "key_account": ApiScope.ACCOUNTS_READ,
    "win_back": ApiScope.ACCOUNTS_READ,
    "project": ApiScope.ACCOUNTS_READ,
    "value_proof": ApiScope.ACCOUNTS_READ,
    "check_in": ApiScope.ACCOUNTS_READ,
    "bonus": ApiScope.ACCOUNTS_READ,
    "live_order": ApiScope.ORDERS_READ,
    "action": ApiScope.ACTIONS_READ,
    "play": ApiScope.ACTIONS_READ,
    "import": ApiScope.IMPORTS_READ,
    "snapshot": ApiScope.INSIGHT_READ,
    "sales_plan": ApiScope.INSIGHT_READ,
}


def scope_of(event: str) -> ApiScope:
    """The scope that a token needs to read what the event carries."""
    return _SCOPES[kind_of(event)]


def kind_of(event: str) -> str:
    """What the event is about: the first part of its name."""
    return event.partition(".")[0]


def grouped(events: Iterable[str]) -> Iterator[tuple[str, list[WebhookEvent]]]:
    """The events under the name of their group, in the sequence of `WebhookEvent`; groups without any are left out."""
    wanted = set(events)
    for name, kinds in GROUPS.items():
        found = [event for kind in kinds for event in WebhookEvent if event in wanted and kind_of(event) == kind]
        if found:
            yield str(name), found
