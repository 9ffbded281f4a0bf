"""The kinds of events that an endpoint may be told of. `api.webhooks` finds them and says what they carry."""

from __future__ import annotations

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
    WebhookEvent.IMPORT_FINISHED: _("An import is in force"),
    WebhookEvent.IMPORT_UNDONE: _("An import was undone"),
    WebhookEvent.SNAPSHOT_TAKEN: _("New figures were computed"),
}

_SCOPES = {
    "account": ApiScope.ACCOUNTS_READ,
    "contact": ApiScope.ACCOUNTS_READ,
    "interaction": ApiScope.ACCOUNTS_READ,
    "signal": ApiScope.ACCOUNTS_READ,
    "action": ApiScope.ACTIONS_READ,
    "import": ApiScope.IMPORTS_READ,
    "snapshot": ApiScope.INSIGHT_READ,
}


def scope_of(event: str) -> ApiScope:
    """The scope that a token needs to read what the event carries."""
    return _SCOPES[event.partition(".")[0]]
