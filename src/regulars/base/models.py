"""The organisation, its people, and the records that every stage needs."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

import uuid_utils.compat
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

new_uid = uuid_utils.compat.uuid7
"""A UUIDv7: the id of a record in URLs and in the API; sorts by time of making."""


class Record(models.Model):
    """A record with a bigint inside and a UUIDv7 outside."""

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        abstract = True


class Organisation(Record):
    """The firm that runs this installation. There is one; `base.organisation.organisation()` gives it."""

    name = models.CharField(_("name"), max_length=200)
    base_currency = models.CharField(_("base currency"), max_length=3, default="EUR")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    week_start = models.PositiveSmallIntegerField(_("first day of the week (1 Monday … 7 Sunday)"), default=1)
    language = models.CharField(_("language"), max_length=8, default="en")
    fiscal_year_start = models.PositiveSmallIntegerField(_("first month of the fiscal year"), default=1)
    # A country as NP, or a part of one as DE-BY; empty: every working day is worked.
    holidays_of = models.CharField(_("public holidays of"), max_length=40, blank=True, default="")
    service_address = models.EmailField(_("address to which customers write of problems"), blank=True, default="")
    owners_need_second_factor = models.BooleanField(_("owners need a second factor"), default=False)
    thresholds = models.JSONField(_("thresholds that differ from the defaults"), default=dict, blank=True)

    def __str__(self) -> str:
        return self.name


class Department(Record):
    """A part of the firm; departments nest."""

    name = models.CharField(_("name"), max_length=200)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["parent", "name"], name="department_once"),
            models.UniqueConstraint(fields=["name"], condition=models.Q(parent=None), name="top_department_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Team(Record):
    """People who share a queue. New business and account growth are separate teams (mission A5)."""

    class Kind(models.TextChoices):
        NEW_BUSINESS = "new_business", _("new business")
        GROWTH = "growth", _("growth")
        SERVICE = "service", _("service")
        OTHER = "other", _("other")

    name = models.CharField(_("name"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.GROWTH)
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="teams")

    def __str__(self) -> str:
        return self.name


class MemberManager(BaseUserManager["Member"]):
    def get_by_natural_key(self, username: str | None) -> Member:
        return self.get(email__iexact=username or "")


class Member(AbstractBaseUser, Record):
    """Someone of ours with a login."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        SALES_HEAD = "sales_head", _("sales head")
        ACCOUNT_MANAGER = "account_manager", _("account manager")
        NEW_BUSINESS_SELLER = "new_business_seller", _("new-business seller")
        SERVICE = "service", _("service")
        MARKETER = "marketer", _("marketer")
        ANALYST = "analyst", _("analyst (read only)")

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    role = models.CharField(_("role"), max_length=24, choices=Role.choices, default=Role.ACCOUNT_MANAGER)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="members")
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    buddhist_years = models.BooleanField(_("years of the Buddhist calendar in Thai"), default=False)
    seller_code = models.CharField(
        _("code of this person in the order history"), max_length=100, blank=True, default=""
    )
    is_active = models.BooleanField(_("active"), default=True)
    generated = models.BooleanField(_("made up for the demo"), default=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["name"]

    objects: ClassVar[MemberManager] = MemberManager()

    def __str__(self) -> str:
        return self.name


class Invitation(Record):
    """A login offered by mail to someone new. `invitations.py` has its verbs; the key in the link is not kept."""

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=200)
    role = models.CharField(_("role"), max_length=24, choices=Member.Role.choices)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+")
    language = models.CharField(_("language"), max_length=8)
    invited_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    fingerprint = models.CharField(_("SHA-256 of the key"), max_length=64, unique=True, editable=False)
    sent_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("expires"))
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    key: str = ""
    """The key, known only to the verb that made it."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"), condition=models.Q(accepted_at=None, withdrawn_at=None), name="invited_once"
            ),
        ]

    def __str__(self) -> str:
        return self.email


class ApiToken(Record):
    """A key with which a program acts as a member, within scopes. `tokens.py` has its verbs; the key is not kept."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="tokens")
    name = models.CharField(_("name"), max_length=100)
    fingerprint = models.CharField(_("SHA-256 of the key"), max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    expires_at = models.DateTimeField(_("expires"), null=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    def __str__(self) -> str:
        return self.name


class AnsweredRequest(models.Model):
    """The answer to a request that carried an idempotency key: the same request again is given the same answer."""

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(Member, models.PROTECT, related_name="+")
    key = models.CharField(_("idempotency key"), max_length=255)
    fingerprint = models.CharField(_("SHA-256 of the request"), max_length=64)
    answer = models.JSONField(_("answer"), encoder=DjangoJSONEncoder)
    at = models.DateTimeField(_("at"), db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["member", "key"], name="answered_once")]

    def __str__(self) -> str:
        return self.key


class NeverEdited(models.QuerySet["AuditEntry"]):
    """Rows that are added and read, and nothing else."""

    def update(self, **changes: Any) -> NoReturn:
        raise TypeError("The audit trail is never edited.")

    def delete(self) -> NoReturn:
        raise TypeError("The audit trail is never deleted.")


class AuditEntry(models.Model):
    """One change: who, when, what, before, after. Written by the verbs in the change's transaction; never edited."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("at"), db_index=True)
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    verb = models.CharField(_("verb"), max_length=64)
    subject = models.CharField(_("kind of record"), max_length=64)
    subject_id = models.BigIntegerField(_("record"), null=True)
    account_id = models.BigIntegerField(_("account concerned"), null=True, db_index=True)
    before = models.JSONField(_("before"), encoder=DjangoJSONEncoder, default=dict)
    after = models.JSONField(_("after"), encoder=DjangoJSONEncoder, default=dict)

    objects = NeverEdited.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject", "subject_id"], name="audit_subject")]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject} {self.subject_id}"

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("The audit trail is never edited.")
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise TypeError("The audit trail is never deleted.")


class TableVersion(models.Model):
    """The version of a warehouse table that is in force.

    A writer first adds versions to the Delta table, which nobody reads, and then, in the same transaction as its
    working records, moves this pointer: the one moment at which all of a change becomes visible, or none of it.
    """

    table = models.CharField(max_length=64, primary_key=True)
    version = models.BigIntegerField()
    # Its folder in the warehouse; empty: named as the table. A restored backup brings a folder of its own.
    folder = models.CharField(max_length=128, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.table}@{self.version}"


class Job(DBTaskResult[..., Any]):
    """Machine work that waits, runs or is done. `jobs.py` has its verbs."""

    objects: ClassVar[models.Manager[Job]] = models.Manager()  # type: ignore[assignment]

    class Meta:
        proxy = True

    @property
    def attempt(self) -> int:
        """How often a worker has begun it since somebody asked for it."""
        return len(self.worker_ids)


class JobFailure(models.Model):
    """One attempt at a job that failed, kept with its reason."""

    id = models.BigAutoField(primary_key=True)
    job_id = models.UUIDField(_("job"), db_index=True)
    path = models.CharField(_("what was to be done"), max_length=300)
    attempt = models.PositiveIntegerField(_("attempt"))
    at = models.DateTimeField(_("at"), db_index=True)
    reason = models.TextField(_("reason"))
    traceback = models.TextField(_("where in the program"), blank=True, default="")
    again_at = models.DateTimeField(_("tried again at"), null=True)

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class Worker(models.Model):
    """A running worker. It says now and then that it lives; its row is gone when it stops as it should."""

    id = models.CharField(max_length=64, primary_key=True)
    machine = models.CharField(_("machine"), max_length=200)
    process = models.PositiveIntegerField(_("process"))
    started_at = models.DateTimeField(_("started"))
    seen_at = models.DateTimeField(_("last seen"))

    def __str__(self) -> str:
        return f"{self.machine} {self.process}"


class ScheduleRun(models.Model):
    """The last moment at which a periodic job was due and was put in the queue."""

    name = models.CharField(max_length=64, primary_key=True)
    due_at = models.DateTimeField(_("due"))

    def __str__(self) -> str:
        return f"{self.name} {self.due_at}"
