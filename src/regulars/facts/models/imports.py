"""Imports, the files they are made of, and what they know about files; the base of all that an import makes."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record


class Worked(Record):
    """A record on which a job works; `imports/progress.py` tells how far it is."""

    job_id = models.UUIDField(_("job that works on it"), null=True, editable=False)
    doing = models.CharField(_("what is being done"), max_length=300, blank=True, default="")
    share_done = models.FloatField(_("how much of it is done, from 0 to 1"), default=0.0)

    class Meta:
        abstract = True


class Import(Worked):
    """One import of one or several files: what was read, how, what came of it. `imports/runs.py` has its verbs."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        UNDONE = "undone", _("undone")

    class Content(models.TextChoices):
        ORDER_LINES = "order_lines", _("order lines")
        ACCOUNTS = "accounts", _("accounts")
        CONTACTS = "contacts", _("contacts")
        PRODUCTS = "products", _("products")
        RATES = "rates", _("exchange rates")

    content = models.CharField(_("content"), max_length=16, choices=Content.choices)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.RUNNING)
    source = models.CharField(_("source"), max_length=64)
    files = models.JSONField(_("files: name, size, SHA-256"), default=list)
    mapping = models.JSONField(_("mapping used"), default=dict)
    report = models.JSONField(_("report"), default=dict, encoder=DjangoJSONEncoder)
    reason = models.TextField(_("why it failed"), blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    history_before = models.BigIntegerField(_("history version before"), null=True)
    history_after = models.BigIntegerField(_("history version after"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    undone_at = models.DateTimeField(_("undone"), null=True)

    def __str__(self) -> str:
        return f"{self.pk} {self.source} {self.content}"


class Upload(Worked):
    """Files that a member handed over in the browser, until they are imported or thrown away. See `imports/uploads.py`.

    They lie in a folder of their own; with them what was found in them and how the member wants them read.
    """

    class State(models.TextChoices):
        EXAMINING = "examining", _("being read")
        READY = "ready", _("ready to import")
        REFUSED = "refused", _("not understood yet")
        IMPORTING = "importing", _("being imported")
        DONE = "done", _("imported")

    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.EXAMINING)
    files = models.JSONField(_("files: name, size"), default=list)
    wishes = models.JSONField(_("how they are to be read, against what was found out"), default=dict)
    examined_with = models.JSONField(_("the wishes that the report is about"), default=dict)
    report = models.JSONField(_("what an import would do"), default=dict, encoder=DjangoJSONEncoder)
    refusal = models.JSONField(
        _("why they cannot be imported, and what to do"), default=dict, encoder=DjangoJSONEncoder
    )
    made = models.ForeignKey(Import, models.SET_NULL, null=True, related_name="+", verbose_name=_("import made of it"))

    def __str__(self) -> str:
        return ", ".join(file["name"] for file in self.files)


class SavedMapping(Record):
    """A mapping that was used, recognised again by the headings of a file."""

    name = models.CharField(_("name"), max_length=200)
    content = models.CharField(_("content"), max_length=16, choices=Import.Content.choices)
    source = models.CharField(_("source"), max_length=64)
    headings = models.CharField(_("fingerprint of the headings"), max_length=64, unique=True)
    mapping = models.JSONField(_("mapping"))

    def __str__(self) -> str:
        return self.name


class ClassificationRule(Record):
    """Says which order lines are returns, fees or neither. The first active rule that fits decides; else: sale.

    `field` names a staged column (`imports/normalise.py` lists them), `pattern` is compared in upper case.
    """

    class Test(models.TextChoices):
        EQUALS = "equals", _("is one of (comma-separated)")
        STARTS_WITH = "starts_with", _("starts with")
        CONTAINS = "contains", _("contains")
        MATCHES = "matches", _("matches the regular expression")
        NEGATIVE = "negative", _("is negative")

    class Kind(models.TextChoices):
        SALE = "sale", _("sale")
        RETURN = "return", _("return")
        FEE = "fee", _("fee or postage")
        OTHER = "other", _("other: cancelled, test, adjustment")

    position = models.PositiveIntegerField(_("position"), default=100)
    name = models.CharField(_("name"), max_length=200)
    field = models.CharField(_("field"), max_length=32)
    test = models.CharField(_("test"), max_length=16, choices=Test.choices)
    pattern = models.TextField(_("pattern"), blank=True, default="")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    source = models.CharField(_("only for this source"), max_length=64, blank=True, default="")
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Imported(Record):
    """A record that may come from an import: `(source, external_id)` names it there, once."""

    source = models.CharField(_("source"), max_length=64, default="regulars")
    external_id = models.CharField(_("id there"), max_length=200, null=True)
    made_by_import = models.ForeignKey(Import, models.PROTECT, null=True, related_name="+", editable=False)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "external_id"], name="%(class)s_once_per_source"),
        ]
