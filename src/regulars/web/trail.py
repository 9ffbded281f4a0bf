"""The audit trail in words: what was done, to which record, and for each field what it said before and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.access import Permission, may
from regulars.base.formats import day, moment, number
from regulars.base.models import AuditEntry, Member, Organisation
from regulars.base.organisation import organisation, zone
from regulars.base.thresholds import declared_thresholds
from regulars.facts.models import Account, CustomField, ExchangeRate, Import
from regulars.plan.causes import CAUSES
from regulars.plan.models import Action

VERBS: Final[dict[str, str | Promise]] = {
    "accept_handover": gettext_lazy("Hand-over accepted"),
    "accept_invitation": gettext_lazy("Invitation accepted"),
    "accept_proposals": gettext_lazy("Proposed reviews accepted"),
    "accept_review": gettext_lazy("Time of a review accepted"),
    "activate_contact": gettext_lazy("Contact is there again"),
    "activate_member": gettext_lazy("Login given back"),
    "add_plan_entry": gettext_lazy("Put into the plan"),
    "add_review_question": gettext_lazy("Question of reviews added"),
    "add_rule": gettext_lazy("Rule added"),
    "add_site": gettext_lazy("Place added"),
    "add_webhook": gettext_lazy("Webhook added"),
    "answer_review": gettext_lazy("Answer in a review noted"),
    "answer_what_if": gettext_lazy("Answer of a lost customer noted"),
    "asked_again": gettext_lazy("Customer asked again"),
    "answer_effort": gettext_lazy("Customer said how much trouble it was"),
    "appoint_key_account": gettext_lazy("Key account appointed"),
    "ask_for_backtest": gettext_lazy("Trial of the forecasts asked for"),
    "ask_for_backup": gettext_lazy("Backup asked for"),
    "ask_for_refresh": gettext_lazy("Computing of the lists asked for"),
    "assign_mail": gettext_lazy("Mail given to an account"),
    "assign_owner": gettext_lazy("Given into other hands"),
    "break_promise": gettext_lazy("Promise not kept"),
    "call_off": gettext_lazy("Customer told that a review does not take place"),
    "cancel_mail": gettext_lazy("Mail cancelled"),
    "cancel_review": gettext_lazy("Review cancelled"),
    "change_account": gettext_lazy("Account changed"),
    "change_contact": gettext_lazy("Contact changed"),
    "change_custom_field": gettext_lazy("Field of ours changed"),
    "change_department": gettext_lazy("Department changed"),
    "change_fact": gettext_lazy("Fact of a dossier corrected"),
    "change_interaction": gettext_lazy("Note changed"),
    "change_member": gettext_lazy("Member changed"),
    "change_opportunity": gettext_lazy("Opportunity changed"),
    "change_organisation": gettext_lazy("Organisation changed"),
    "change_problem": gettext_lazy("Known problem changed"),
    "change_review_question": gettext_lazy("Question of reviews worded anew"),
    "change_role": gettext_lazy("Role changed"),
    "change_rule": gettext_lazy("Rule changed"),
    "change_site": gettext_lazy("Place changed"),
    "change_team": gettext_lazy("Team changed"),
    "change_thresholds": gettext_lazy("Figures of causes changed"),
    "change_view": gettext_lazy("View changed"),
    "change_webhook": gettext_lazy("Webhook changed"),
    "choose_level": gettext_lazy("Opportunity level set"),
    "close_feed": gettext_lazy("Calendar address closed"),
    "close_handover": gettext_lazy("Hand-over closed"),
    "confirm_email": gettext_lazy("E-mail confirmed"),
    "confirm_fact": gettext_lazy("Fact of a dossier said to be true still"),
    "confirm_mail": gettext_lazy("Mail said to be sent"),
    "correct_review": gettext_lazy("Review corrected"),
    "create_account": gettext_lazy("Account made"),
    "create_contact": gettext_lazy("Contact added"),
    "create_custom_field": gettext_lazy("Field of ours added"),
    "create_department": gettext_lazy("Department added"),
    "create_member": gettext_lazy("Member added"),
    "create_organisation": gettext_lazy("Organisation founded"),
    "create_team": gettext_lazy("Team added"),
    "create_token": gettext_lazy("API token made"),
    "deactivate_contact": gettext_lazy("Contact has left"),
    "deactivate_member": gettext_lazy("Login taken away"),
    "close_issue": gettext_lazy("Issue closed"),
    "declare_loss": gettext_lazy("Loss declared"),
    "declare_lost": gettext_lazy("Lost customer to be won back"),
    "describe_part": gettext_lazy("Part of a contact noted"),
    "describe_service": gettext_lazy("Service profile said"),
    "discard_proposals": gettext_lazy("Proposed reviews taken back"),
    "drop_level_choice": gettext_lazy("Computed opportunity level in force again"),
    "end_fact": gettext_lazy("Fact of a dossier no longer true"),
    "end_loss": gettext_lazy("No longer lost"),
    "escalate_issue": gettext_lazy("Help called for an issue"),
    "delete_view": gettext_lazy("View removed"),
    "discard_handover": gettext_lazy("Hand-over discarded"),
    "discard_upload": gettext_lazy("Uploaded files thrown away"),
    "download_backup": gettext_lazy("Backup taken out of the house"),
    "end_goal": gettext_lazy("Goal of a customer ended"),
    "end_session": gettext_lazy("Session ended"),
    "estimate_wallet": gettext_lazy("Spending in all estimated"),
    "fetch_dossier": gettext_lazy("Dossier fetched"),
    "finish_check": gettext_lazy("First weeks looked at"),
    "finish_review": gettext_lazy("Review finished"),
    "forget_mapping": gettext_lazy("Mapping of columns forgotten"),
    "ignore_mail": gettext_lazy("Mail left aside"),
    "end_key_account": gettext_lazy("Key account ended"),
    "import": gettext_lazy("Files imported"),
    "invite_member": gettext_lazy("Member invited"),
    "join_tags": gettext_lazy("Tags joined"),
    "keep_promise": gettext_lazy("Promise kept"),
    "let_in_again": gettext_lazy("Let in again after too many attempts"),
    "lose_opportunity": gettext_lazy("Opportunity lost"),
    "make_promise": gettext_lazy("Promise noted"),
    "mark_different": gettext_lazy("Said to be no duplicate"),
    "mark_done": gettext_lazy("Action done"),
    "mark_invited": gettext_lazy("Customer invited to a review"),
    "mark_not_useful": gettext_lazy("Action dismissed"),
    "mark_won_back": gettext_lazy("Won back"),
    "merge_accounts": gettext_lazy("Two accounts made one"),
    "move_opportunity": gettext_lazy("Opportunity moved to another stage"),
    "move_plan_entry": gettext_lazy("Line of the plan moved"),
    "move_review": gettext_lazy("Review moved"),
    "move_rule": gettext_lazy("Rule moved"),
    "note_fact": gettext_lazy("Fact noted in the dossier"),
    "note_reasons": gettext_lazy("Reasons of a loss noted"),
    "note_review_problem": gettext_lazy("Problem noted in a review"),
    "offer_what_if": gettext_lazy("Offer to a lost customer noted"),
    "open_feed": gettext_lazy("Calendar address made"),
    "open_handover": gettext_lazy("Hand-over drafted"),
    "part_well": gettext_lazy("Parted well"),
    "pause_webhook": gettext_lazy("Webhook paused"),
    "note_goal": gettext_lazy("Goal of a customer noted"),
    "note_on_issue": gettext_lazy("Noted on an issue"),
    "note_problem": gettext_lazy("Known problem noted"),
    "open_opportunity": gettext_lazy("Opportunity opened"),
    "open_issue": gettext_lazy("Issue taken down"),
    "pause_issue": gettext_lazy("Issue waits"),
    "pin_forecast": gettext_lazy("Forecast pinned"),
    "plan_reviews": gettext_lazy("Reviews of the year proposed"),
    "print_dossier": gettext_lazy("Dossier printed"),
    "propose_review": gettext_lazy("Review proposed"),
    "reassign": gettext_lazy("Action given to another"),
    "recall_handover": gettext_lazy("Sending of a hand-over taken back"),
    "recommend_in_review": gettext_lazy("Recommended in a review"),
    "record_interaction": gettext_lazy("Talk noted"),
    "record_offering": gettext_lazy("Offering written down"),
    "record_rate": gettext_lazy("Exchange rate recorded"),
    "record_signal": gettext_lazy("Signal noted"),
    "record_stage": gettext_lazy("Stage of opportunities written down"),
    "record_supplier": gettext_lazy("Supplier recorded"),
    "remove_backup": gettext_lazy("Backup removed"),
    "remove_department": gettext_lazy("Department removed"),
    "remove_rate": gettext_lazy("Exchange rate removed"),
    "remove_rule": gettext_lazy("Rule removed"),
    "remove_site": gettext_lazy("Place removed"),
    "remove_stage": gettext_lazy("Stage of opportunities removed"),
    "remove_supplier": gettext_lazy("Supplier removed"),
    "remove_tag": gettext_lazy("Tag removed"),
    "remove_team": gettext_lazy("Team removed"),
    "remove_webhook": gettext_lazy("Webhook removed"),
    "rename_mapping": gettext_lazy("Mapping of columns renamed"),
    "rename_tag": gettext_lazy("Tag renamed"),
    "renegotiate_promise": gettext_lazy("Promise agreed anew"),
    "print_case": gettext_lazy("Business case printed"),
    "promise_solution": gettext_lazy("Day promised for an issue"),
    "reopen_opportunity": gettext_lazy("Opportunity opened again"),
    "reopen_issue": gettext_lazy("Issue came back"),
    "reopen": gettext_lazy("Action opened again"),
    "reopen_plan_entry": gettext_lazy("Line of the plan opened again"),
    "reopen_review": gettext_lazy("Review opened again"),
    "reopen_win_back": gettext_lazy("To be won back again"),
    "resend_invitation": gettext_lazy("Invitation sent again"),
    "resend_mail": gettext_lazy("Mail put in the queue again"),
    "resend_webhook": gettext_lazy("Message of a webhook sent again"),
    "restore": gettext_lazy("Restored from a backup"),
    "restore_custom_field": gettext_lazy("Field of ours brought back"),
    "restore_default_rules": gettext_lazy("Usual rules restored"),
    "restore_estimate": gettext_lazy("Estimate holds again"),
    "restore_fact": gettext_lazy("Fact of a dossier put back"),
    "restore_handover": gettext_lazy("Hand-over drafted again"),
    "restore_interaction": gettext_lazy("Note put back"),
    "restore_key_account": gettext_lazy("Key account again"),
    "restore_level_choice": gettext_lazy("Opportunity level set again"),
    "restore_mail": gettext_lazy("Mail no longer left aside"),
    "restore_offering": gettext_lazy("Offering offered again"),
    "restore_review_question": gettext_lazy("Question of reviews asked again"),
    "restore_sign": gettext_lazy("Sign of a key account stands again"),
    "restore_supply": gettext_lazy("Word on who supplies it counts again"),
    "restore_signal": gettext_lazy("Signal counts again"),
    "restore_site": gettext_lazy("Place put back"),
    "restore_view": gettext_lazy("View put back"),
    "resume_goal": gettext_lazy("Goal of a customer stands again"),
    "resume_issue": gettext_lazy("Issue taken up again"),
    "resume_loss": gettext_lazy("Lost after all"),
    "resume_webhook": gettext_lazy("Webhook resumed"),
    "retire_custom_field": gettext_lazy("Field of ours retired"),
    "retire_offering": gettext_lazy("Offering no longer offered"),
    "retire_review_question": gettext_lazy("Question of reviews left out"),
    "retry_job": gettext_lazy("Job tried again"),
    "return_handover": gettext_lazy("Hand-over returned"),
    "revoke_token": gettext_lazy("API token revoked"),
    "rotate_webhook_secret": gettext_lazy("New secret made for a webhook"),
    "save_view": gettext_lazy("View kept"),
    "schedule_review": gettext_lazy("Review scheduled"),
    "send_handover": gettext_lazy("Hand-over sent"),
    "send_mail": gettext_lazy("Mail put in the outbox"),
    "send_review_summary": gettext_lazy("Letter about a review sent"),
    "set_capacity": gettext_lazy("Reviews a week set"),
    "set_dependence_assumptions": gettext_lazy("Costs and margin said"),
    "set_elasticity": gettext_lazy("Said how a customer takes a rise of prices"),
    "settle_plan_entry": gettext_lazy("Line of the plan settled"),
    "settle_problem": gettext_lazy("Known problem solved, or back"),
    "solve_issue": gettext_lazy("Issue solved"),
    "snooze": gettext_lazy("Action put off"),
    "stop_webhook": gettext_lazy("Webhook stopped"),
    "tag": gettext_lazy("Tagged"),
    "take_back_fact": gettext_lazy("Fact of a dossier taken back"),
    "take_back_issue_step": gettext_lazy("Last step of an issue taken back"),
    "take_back_lost": gettext_lazy("Was not lost"),
    "take_back_review_step": gettext_lazy("Last step of a review taken back"),
    "take_back_step": gettext_lazy("Last word on a promise taken back"),
    "tell_sign": gettext_lazy("Sign of a key account told"),
    "undo_check": gettext_lazy("Look at first weeks taken back"),
    "undo_import": gettext_lazy("Import undone"),
    "undo_merge": gettext_lazy("Merge taken back"),
    "tell_supply": gettext_lazy("Said who supplies it"),
    "told_customer": gettext_lazy("Customer told about an issue"),
    "transfer_issue": gettext_lazy("Issue given to others"),
    "unpin_forecast": gettext_lazy("Forecast unpinned"),
    "untag": gettext_lazy("Tag taken off"),
    "upload": gettext_lazy("Files handed over"),
    "withdraw_different": gettext_lazy("May be a duplicate after all"),
    "withdraw_estimate": gettext_lazy("Estimate taken back"),
    "withdraw_interaction": gettext_lazy("Note taken back"),
    "withdraw_invitation": gettext_lazy("Invitation withdrawn"),
    "withdraw_loss": gettext_lazy("Loss withdrawn"),
    "withdraw_promise": gettext_lazy("Promise withdrawn"),
    "withdraw_proposed_review": gettext_lazy("Proposed review withdrawn"),
    "withdraw_review_answer": gettext_lazy("Answer in a review withdrawn"),
    "withdraw_review_problem": gettext_lazy("Problem of a review withdrawn"),
    "withdraw_review_recommendation": gettext_lazy("Recommendation withdrawn"),
    "withdraw_sign": gettext_lazy("Sign of a key account taken back"),
    "withdraw_supply": gettext_lazy("Word on who supplies it withdrawn"),
    "withdraw_signal": gettext_lazy("Signal withdrawn"),
    "win_opportunity": gettext_lazy("Opportunity won"),
    "write_case": gettext_lazy("Business case written"),
    "write_handover": gettext_lazy("Hand-over changed"),
}
"""What the verbs of all stages are called here; a new one shows its own name until it stands here."""

_OF_AN_IMPORT: Final[dict[str, str | Promise]] = {
    "import": gettext_lazy("Changed by an import"),
    "undo_import": gettext_lazy("Changed by undoing an import"),
}
"""What an import did to another record."""

KINDS: Final[dict[str, str | Promise]] = {
    "base.apitoken": gettext_lazy("API token"),
    "base.department": gettext_lazy("department"),
    "base.invitation": gettext_lazy("invitation"),
    "base.job": gettext_lazy("job"),
    "base.member": gettext_lazy("member"),
    "base.organisation": gettext_lazy("organisation"),
    "base.team": gettext_lazy("team"),
    "facts.account": gettext_lazy("account"),
    "facts.accountmerge": gettext_lazy("merge"),
    "facts.classificationrule": gettext_lazy("classification rule"),
    "facts.accountgoal": gettext_lazy("goal of a customer"),
    "facts.contact": gettext_lazy("contact"),
    "facts.contactpart": gettext_lazy("part of a contact"),
    "facts.customfield": gettext_lazy("field of ours"),
    "facts.effortanswer": gettext_lazy("answer of a customer"),
    "facts.exchangerate": gettext_lazy("exchange rate"),
    "facts.import": gettext_lazy("import"),
    "facts.interaction": gettext_lazy("call, visit or mail"),
    "facts.issue": gettext_lazy("issue"),
    "facts.knownproblem": gettext_lazy("known problem"),
    "facts.serviceprofile": gettext_lazy("service profile"),
    "facts.loss": gettext_lazy("loss"),
    "facts.notduplicates": gettext_lazy("pair of accounts"),
    "facts.offering": gettext_lazy("offering"),
    "facts.signal": gettext_lazy("signal"),
    "facts.site": gettext_lazy("site"),
    "facts.supply": gettext_lazy("who supplies what"),
    "facts.tag": gettext_lazy("tag"),
    "facts.savedmapping": gettext_lazy("mapping of columns"),
    "facts.toldsign": gettext_lazy("sign of a key account"),
    "facts.upload": gettext_lazy("upload"),
    "facts.walletestimate": gettext_lazy("estimate of its spending"),
    "insight.accountelasticity": gettext_lazy("how a customer takes a rise of prices"),
    "insight.backtestrequest": gettext_lazy("trial of the forecasts"),
    "insight.dependenceassumptions": gettext_lazy("costs and margin"),
    "insight.pinnedforecast": gettext_lazy("pinned forecast"),
    "insight.supplierterms": gettext_lazy("supplier"),
    "mail.incomingmail": gettext_lazy("mail that came in"),
    "mail.outgoingmail": gettext_lazy("mail"),
    "plan.dossierfact": gettext_lazy("fact of a dossier"),
    "web.savedview": gettext_lazy("view"),
    "plan.action": gettext_lazy("action"),
    "plan.calendarfeed": gettext_lazy("address of a calendar"),
    "plan.businesscase": gettext_lazy("business case"),
    "plan.caseoption": gettext_lazy("way of a business case"),
    "plan.handover": gettext_lazy("hand-over"),
    "plan.handovercheck": gettext_lazy("look at the first weeks"),
    "plan.keyaccount": gettext_lazy("key account"),
    "plan.keyplanentry": gettext_lazy("line of a plan"),
    "plan.levelchoice": gettext_lazy("opportunity level"),
    "plan.opportunity": gettext_lazy("opportunity"),
    "plan.opportunitystage": gettext_lazy("stage of opportunities"),
    "plan.promise": gettext_lazy("promise"),
    "plan.review": gettext_lazy("review"),
    "plan.reviewanswer": gettext_lazy("answer in a review"),
    "plan.reviewminutes": gettext_lazy("what came of a review"),
    "plan.reviewproblem": gettext_lazy("problem named in a review"),
    "plan.reviewquestion": gettext_lazy("question of reviews"),
    "plan.reviewrecommendation": gettext_lazy("recommendation"),
    "plan.whatif": gettext_lazy("offer to a lost customer"),
    "plan.winback": gettext_lazy("lost customer"),
}
"""What the records are called here."""

_SAYS_NOTHING: Final = frozenset(
    {"uid", "account_id", "source", "external_id", "made_by_import_id", "generated", "figures", "interaction_id",
     "seen_on", "stake", "expected_money", "moved", "filled", "merged_into_id", "reassigned", "contacts", "first",
     "second", "closed_by_id", "source_kind", "source_uid", "recorded_by_id", "withdrawn_by_id"}
)  # fmt: skip
"""What says nothing to who reads about an account, or stands there in other words."""

LONGEST_VALUE: Final = 300


def verbs() -> list[tuple[str, str]]:
    """All verbs to choose from, by their words."""
    return sorted(((verb, str(words)) for verb, words in VERBS.items()), key=lambda one: one[1])


def kinds() -> list[tuple[str, str]]:
    """All kinds of records to choose from, by their words."""
    return sorted(((subject, capfirst(str(words))) for subject, words in KINDS.items()), key=lambda one: one[1])


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field. An empty text: nothing was there."""

    label: str
    before: str
    after: str


class Change:
    """One entry of the trail in words. What is not asked for costs no query."""

    def __init__(self, entry: AuditEntry, words: _Words) -> None:
        self.entry, self._words = entry, words
        self.at: datetime = entry.at
        self.by: Member | None = entry.member
        """None: Regulars itself."""
        self.verb: str = entry.verb

    @property
    def what(self) -> str:
        """What was done."""
        by_import = _OF_AN_IMPORT.get(self.verb) if self.entry.subject != "facts.import" else None
        return str(by_import or VERBS.get(self.verb) or capfirst(self.verb.replace("_", " ")))

    @property
    def who(self) -> str:
        """Who did it."""
        return self.by.name if self.by else _("Regulars itself")

    @property
    def kind(self) -> str:
        """The kind of the record."""
        return str(KINDS.get(self.entry.subject) or self.entry.subject.rpartition(".")[2])

    @cached_property
    def record(self) -> str:
        """What the record is called now; as it was called, where it is gone."""
        model = _model(self.entry.subject)
        named = self._words.name_of(model, self.entry.subject_id)
        return named or ("" if model is Organisation else _name_in(self.entry))

    @cached_property
    def account(self) -> Account | None:
        """The account concerned, if it is still there."""
        found = self._words.record(Account, self.entry.account_id)
        return found if isinstance(found, Account) else None

    @cached_property
    def differences(self) -> list[Difference]:
        """The fields that differ."""
        return list(self._words.differences(self.entry))


def told_changes(entries: Iterable[AuditEntry], *, member: Member | None, whole: bool = False) -> list[Change]:
    """The entries in words, in the language in force; fields that `member` may not see are left out.

    `whole`: with the fields that only tell how Regulars keeps its books. The number of queries does not depend on how
    many entries there are: one for each kind of record that they name.
    """
    listed = list(entries)
    words = _Words(listed, member=member, left_out=frozenset() if whole else _SAYS_NOTHING)
    return [Change(entry, words) for entry in listed]


class _Words:
    """Names and meanings for many entries, each kind read once and only when somebody asks."""

    def __init__(self, entries: Iterable[AuditEntry], *, member: Member | None, left_out: frozenset[str]) -> None:
        self.member, self.left_out = member, left_out
        self.wanted: dict[type[models.Model], set[int]] = defaultdict(set)
        self.found: dict[type[models.Model], Mapping[int, models.Model]] = {}
        for entry in entries:
            self._want(entry)

    def _want(self, entry: AuditEntry) -> None:
        model = _model(entry.subject)
        pointed = [(model, entry.subject_id), (Account, entry.account_id)]
        pointed += [(_target(model, key), value) for side in (entry.before, entry.after) for key, value in side.items()]
        for target, value in pointed:
            if target is not None and isinstance(value, int):
                self.wanted[target].add(value)

    def record(self, model: type[models.Model] | None, key: int | None) -> models.Model | None:
        if model is None or key is None:
            return None
        if model not in self.found:
            self.found[model] = model._default_manager.in_bulk(sorted(self.wanted[model]))
        return self.found[model].get(key)

    def name_of(self, model: type[models.Model] | None, key: int | None) -> str:
        record = self.record(model, key)
        return "" if record is None else _short(_called(record))

    @cached_property
    def fields(self) -> dict[str, CustomField]:
        """The fields that the firm added and `member` may see, by key."""
        sees_all = may(self.member, Permission.SEE_CONFIDENTIAL)
        return {one.key: one for one in CustomField.objects.all() if sees_all or not one.confidential}

    @cached_property
    def meanings(self) -> dict[str, str]:
        return {one.name: capfirst(str(one.meaning)) for one in declared_thresholds()}

    @cached_property
    def zone(self) -> tzinfo:
        return zone(organisation())

    def differences(self, entry: AuditEntry) -> Iterable[Difference]:
        model = _model(entry.subject)
        for key in {**entry.before, **entry.after}:
            before, after = entry.before.get(key), entry.after.get(key)
            if key in self.left_out:
                continue
            if isinstance(before, dict) or isinstance(after, dict):
                yield from self._inner(key, before or {}, after or {})
                continue
            said = [self._value(model, key, value) for value in (before, after)]
            if said[0] != said[1]:
                yield Difference(label=_label(model, key), before=said[0], after=said[1])

    def _inner(self, name: str, before: Any, after: Any) -> Iterable[Difference]:
        """Values by key, such as fields of our own or thresholds: those that differ."""
        if not isinstance(before, dict) or not isinstance(after, dict):
            return
        for key in {**before, **after}:
            if before.get(key) == after.get(key):
                continue
            if name != "custom":
                label, said = self.meanings.get(key, key), [_plain(side.get(key)) for side in (before, after)]
            elif key in self.fields:
                field = self.fields[key]
                label, said = field.label, [own_value(field, side.get(key)) for side in (before, after)]
            else:
                continue
            yield Difference(label=label, before=said[0], after=said[1])

    def _value(self, model: type[models.Model] | None, key: str, value: Any) -> str:
        if value in (None, ""):
            return ""
        target = _target(model, key)
        if target is not None and isinstance(value, int):
            return self.name_of(target, value) or f"#{value}"
        field = _field(model, key)
        if field is not None and getattr(field, "flatchoices", None) and isinstance(value, str):
            return str(dict(field.flatchoices).get(value, value))
        if isinstance(value, str) and isinstance(field, models.DecimalField):
            return number(Decimal(value), digits=field.decimal_places)
        if isinstance(value, str) and isinstance(field, models.DateTimeField):
            return moment(datetime.fromisoformat(value), self.zone)
        if isinstance(value, str) and isinstance(field, models.DateField):
            return day(date.fromisoformat(value[:10]))
        return _plain(value)


def own_value(field: CustomField, value: Any) -> str:
    """What an account says in a field that the firm added, as people write it."""
    if field.type == CustomField.Type.DATE and isinstance(value, str) and value:
        return day(date.fromisoformat(value))
    return _plain(value)


def _plain(value: Any) -> str:
    if value in (None, ""):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return number(value, digits=2)
    return _short(", ".join(map(_plain, value)) if isinstance(value, list) else value)


def _called(record: models.Model) -> Any:
    """What a record is called here. The organisation is the only one of its kind, so it needs no name."""
    match record:
        case Action():
            return CAUSES[record.cause].name if record.cause in CAUSES else record.cause
        case ExchangeRate():
            return record.currency
        case Import():
            return ", ".join(str(file["name"]) for file in record.files if "name" in file) or record.source
        case Organisation():
            return ""
        case _:
            return record


def _name_in(entry: AuditEntry) -> str:
    """What a record that is gone was called, as far as the entry tells."""
    said = {**entry.after, **entry.before}
    return next((_short(said[key]) for key in ("name", "label", "currency") if said.get(key)), "")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _model(subject: str) -> type[models.Model] | None:
    try:
        return apps.get_model(subject)
    except (LookupError, ValueError):
        return None


def _field(model: type[models.Model] | None, key: str) -> Any:
    if model is None:
        return None
    try:
        return model._meta.get_field(key.removesuffix("_id"))
    except FieldDoesNotExist:
        return None


def _target(model: type[models.Model] | None, key: str) -> type[models.Model] | None:
    """The kind of record that a field points to."""
    if key in {"member", "person"}:
        return Member
    field = _field(model, key)
    return field.related_model if isinstance(field, models.ForeignKey) else None


def _label(model: type[models.Model] | None, key: str) -> str:
    if key == "tags":
        return capfirst(_("tags"))
    field = _field(model, key)
    return capfirst(str(getattr(field, "verbose_name", "") or key.replace("_", " ")))
