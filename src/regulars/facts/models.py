"""What happened, as working records. Order lines are not here: they live in the warehouse, see `history.py`."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.base.models import Department, Member, Record, Team


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


class Tag(models.Model):
    name = models.CharField(_("name"), max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name


class CustomField(Record):
    """A field that the firm added to its accounts; the values are in `Account.custom` by `key`."""

    class Type(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        DATE = "date", _("date")
        CHOICE = "choice", _("choice")
        YES_NO = "yes_no", _("yes or no")

    key = models.SlugField(_("key"), max_length=64, unique=True)
    label = models.CharField(_("label"), max_length=200)
    type = models.CharField(_("type"), max_length=8, choices=Type.choices, default=Type.TEXT)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    confidential = models.BooleanField(_("confidential"), default=False)
    retired = models.BooleanField(_("retired"), default=False)

    def __str__(self) -> str:
        return self.label


class Account(Imported):
    """The customer: a firm or a private person.

    An account that was merged into another keeps its row, with `merged_into` set: order history names accounts by the
    id they had when the line was imported, and readers follow this pointer. So a merge never rewrites history.
    """

    class Kind(models.TextChoices):
        FIRM = "firm", _("firm")
        PERSON = "person", _("private person")

    name = models.CharField(_("name"), max_length=300)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.FIRM)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", db_index=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", db_index=False
    )
    owner = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="accounts", db_index=False)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="accounts", db_index=False)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="accounts", db_index=False
    )
    trade = models.CharField(_("kind of business"), max_length=100, blank=True, default="")
    size = models.CharField(_("size"), max_length=50, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=50, blank=True, default="")
    street = models.CharField(_("street"), max_length=300, blank=True, default="")
    city = models.CharField(_("city"), max_length=100, blank=True, default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="")
    region = models.CharField(_("region"), max_length=100, blank=True, default="")
    country = models.CharField(_("country"), max_length=100, blank=True, default="")
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    custom = models.JSONField(_("fields of our own"), default=dict, blank=True)
    tags = models.ManyToManyField(Tag, blank=True, related_name="accounts")
    generated = models.BooleanField(_("name made up for the demo"), default=False)

    class Meta(Imported.Meta):
        # Most of these point nowhere in most accounts: only those that do are indexed.
        indexes: ClassVar = [
            models.Index(fields=["name"], name="account_name"),
            *(
                models.Index(fields=[field], condition=models.Q(**{f"{field}__isnull": False}), name=f"account_{field}")
                for field in ("parent", "merged_into", "owner", "team", "department")
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Site(Record):
    """A place of an account: branch, plant, shop, delivery address."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="sites")
    name = models.CharField(_("name"), max_length=200)
    street = models.CharField(_("street"), max_length=300, blank=True, default="")
    city = models.CharField(_("city"), max_length=100, blank=True, default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="")
    country = models.CharField(_("country"), max_length=100, blank=True, default="")

    def __str__(self) -> str:
        return self.name


class Contact(Imported):
    """A person at an account."""

    class Level(models.TextChoices):
        UNKNOWN = "", _("not known")
        OWNER = "owner", pgettext_lazy("level of a contact", "owner")
        EXECUTIVE = "executive", _("executive")
        MIDDLE = "middle", _("middle management")
        DAILY_USER = "daily_user", _("daily user")
        FINANCE = "finance", _("finance")

    account = models.ForeignKey(Account, models.PROTECT, related_name="contacts")
    name = models.CharField(_("name"), max_length=200)
    role = models.CharField(_("role"), max_length=100, blank=True, default="")
    level = models.CharField(_("level"), max_length=16, choices=Level.choices, blank=True, default=Level.UNKNOWN)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=50, blank=True, default="")
    mobile = models.CharField(_("mobile"), max_length=50, blank=True, default="")
    channel = models.CharField(_("preferred channel"), max_length=16, blank=True, default="")
    active = models.BooleanField(_("still there"), default=True, db_default=True)
    generated = models.BooleanField(_("made up for the demo"), default=False)

    class Meta(Imported.Meta):
        pass

    def __str__(self) -> str:
        return self.name


class Interaction(Imported):
    """A call, visit, mail, meeting or note: who of ours with whom at the account, when, about what."""

    class Kind(models.TextChoices):
        CALL = "call", _("call")
        VISIT = "visit", _("visit")
        MAIL = "mail", _("mail")
        MEETING = "meeting", _("meeting")
        NOTE = "note", _("note")

    account = models.ForeignKey(Account, models.PROTECT, related_name="interactions")
    contacts = models.ManyToManyField(Contact, blank=True, related_name="interactions")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="interactions")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    on = models.DateField(_("date"))
    text = models.TextField(_("text"), blank=True, default="")
    outcome = models.CharField(_("outcome"), max_length=100, blank=True, default="")

    class Meta(Imported.Meta):
        indexes: ClassVar = [models.Index(fields=["account", "-on"], name="interaction_account_on")]

    def __str__(self) -> str:
        return f"{self.kind} {self.on}"


class Product(Imported):
    """Something we sell; `external_id` is the code that stands in the order history."""

    name = models.CharField(_("name"), max_length=300, blank=True, default="")
    category = models.CharField(_("category"), max_length=200, blank=True, default="")
    cost = models.DecimalField(_("cost of one"), max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="")

    class Meta(Imported.Meta):
        pass

    def __str__(self) -> str:
        return self.name or self.external_id or ""


class ExchangeRate(Record):
    """From `valid_from` on, one unit of `currency` is `rate` units of the base currency."""

    currency = models.CharField(_("currency"), max_length=3)
    valid_from = models.DateField(_("valid from"))
    rate = models.DecimalField(_("rate"), max_digits=20, decimal_places=10)
    made_by_import = models.ForeignKey(Import, models.PROTECT, null=True, related_name="+", editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["currency", "valid_from"], name="rate_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.valid_from} {self.rate}"


class AccountMerge(Record):
    """One merge of a duplicate into another account, with all that moved, so that it can be taken back."""

    kept = models.ForeignKey(Account, models.PROTECT, related_name="+")
    merged = models.ForeignKey(Account, models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    moved = models.JSONField(_("ids of the records that moved, by kind"), default=dict)
    filled = models.JSONField(_("empty fields of the kept account that were filled"), default=dict)
    undone_at = models.DateTimeField(_("undone"), null=True)

    def __str__(self) -> str:
        return f"{self.merged_id} → {self.kept_id}"


class NotDuplicates(models.Model):
    """Two accounts that a member said are different: not proposed again."""

    first = models.ForeignKey(Account, models.CASCADE, related_name="+")
    second = models.ForeignKey(Account, models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["first", "second"], name="different_once")]

    def __str__(self) -> str:
        return f"{self.first_id} ≠ {self.second_id}"


class FoundPair(models.Model):
    """Two accounts that the last search found to look like one. `duplicates.py` searches, and says why."""

    first = models.ForeignKey(Account, models.CASCADE, related_name="+")
    second = models.ForeignKey(Account, models.CASCADE, related_name="+")
    score = models.FloatField(_("likeness, from 0 to 1"), db_index=True)
    evidence = models.JSONField(_("what speaks for and against it: sentence, and what to put into it"), default=list)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["first", "second"], name="found_once")]

    def __str__(self) -> str:
        return f"{self.first_id} = {self.second_id}"
