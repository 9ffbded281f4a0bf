"""The trail of changes, for owners and heads of sales when something is not as it was: who changed it, from what?"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, require
from regulars.base.models import AuditEntry, Member
from regulars.base.organisation import zone
from regulars.facts.accounts import visible_accounts
from regulars.web.desk import Desk
from regulars.web.settings.pages import desk_for, show
from regulars.web.trail import Change, kinds, told_changes, verbs

PAGE = "settings_audit"
ENTRIES_A_PAGE = 50
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2200, 12, 31)
"""Nothing was changed before or will be after; at the end of time no zone can be computed."""
ROWS_AT_ONCE = 500


class Filter(forms.Form):
    """Which changes the list shows. Every field may be empty."""

    account = forms.CharField(label=gettext_lazy("Account"), required=False)
    member = forms.ChoiceField(label=gettext_lazy("Member"), required=False)
    verb = forms.ChoiceField(label=gettext_lazy("What was done"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Kind of record"), required=False)
    since = forms.DateField(label=gettext_lazy("From"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=gettext_lazy("To"), required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, *args: Any, desk: Desk, **options: Any) -> None:
        super().__init__(*args, **options)
        self.desk = desk
        everybody = Member.objects.order_by("name").values_list("uid", "name")
        people = [
            ("", _("Everybody")),
            ("machine", _("Regulars itself")),
            *((str(uid), name) for uid, name in everybody),
        ]
        for name, choices in (
            ("member", people),
            ("verb", [("", _("Everything")), *verbs()]),
            ("kind", [("", _("All records")), *kinds()]),
        ):
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def condition(self) -> Q:
        """The condition on entries; what is not understood is left out, and said beside its field."""
        self.is_valid()
        said = self.cleaned_data
        condition = Q()
        if said.get("member"):
            condition &= Q(member=None) if said["member"] == "machine" else Q(member__uid=said["member"])
        if said.get("verb"):
            condition &= Q(verb=said["verb"])
        if said.get("kind"):
            condition &= Q(subject=said["kind"])
        if said.get("account"):
            concerned = self._accounts(said["account"])
            itself = Q(subject="facts.account", subject_id__in=concerned)
            condition &= Q(account_id__in=concerned) | itself
        return condition & self._days(said)

    def _accounts(self, text: str) -> QuerySet[Any]:
        fits = Q(name__icontains=text) | Q(external_id=text)
        return visible_accounts(self.desk.member).filter(fits).values("pk")

    def _days(self, said: dict[str, Any]) -> Q:
        where = zone(self.desk.organisation)
        condition = Q()
        if said.get("since"):
            since = min(max(said["since"], FIRST_DAY), LAST_DAY)
            condition &= Q(at__gte=datetime.combine(since, time.min, tzinfo=where))
        if said.get("until"):
            until = min(max(said["until"], FIRST_DAY), LAST_DAY)
            condition &= Q(at__lt=datetime.combine(until + timedelta(days=1), time.min, tzinfo=where))
        return condition


@require_safe
def audit(request: HttpRequest) -> HttpResponseBase:
    """One page of changes, newest first."""
    desk = desk_for(request, PAGE)
    chosen = Filter(request.GET, desk=desk)
    page = Paginator(_found(chosen), ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "filter": chosen,
        "page": page,
        "changes": told_changes(page.object_list, member=desk.member, whole=True),
        "zone": zone(desk.organisation),
        "narrowed": any(request.GET.get(name) for name in chosen.fields),
    }
    return show(request, PAGE, "audit", context)


def _found(chosen: Filter) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(chosen.condition()).select_related("member").order_by("-at", "-id")


# As a file


@require_safe
def audit_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The filtered changes as CSV, for who may take lists out of the house."""
    desk = desk_for(request, PAGE)
    require(desk.member, Permission.EXPORT)
    found = _found(Filter(request.GET, desk=desk))
    response = StreamingHttpResponse(_csv(desk, found), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="changes-{desk.day.isoformat()}.csv"'
    return response


class _Echo:
    """What `csv.writer` writes is handed on at once."""

    def write(self, row: str) -> str:
        return row


def _csv(desk: Desk, found: QuerySet[AuditEntry]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # else Excel takes it for Latin-1
    yield writer.writerow(
        [
            _("When"),
            _("Member"),
            _("What was done"),
            _("Kind of record"),
            _("Record"),
            _("Field"),
            _("Before"),
            _("After"),
        ]
    )
    for entries in _batches(found):
        for change in told_changes(entries, member=desk.member, whole=True):
            for row in _rows(desk, change):
                yield writer.writerow([harmless(cell) for cell in row])


def _batches(found: QuerySet[AuditEntry]) -> Iterator[list[AuditEntry]]:
    batch: list[AuditEntry] = []
    for entry in found.iterator(chunk_size=ROWS_AT_ONCE):
        batch.append(entry)
        if len(batch) == ROWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _rows(desk: Desk, change: Change) -> Iterator[list[str]]:
    at = change.at.astimezone(zone(desk.organisation)).strftime("%Y-%m-%d %H:%M:%S")
    who = [at, change.who, change.what, change.kind, change.record]
    for one in change.differences:
        yield [*who, one.label, one.before, one.after]
    if not change.differences:
        yield [*who, "", "", ""]


def harmless(cell: str) -> str:
    """Texts that a spreadsheet would run as a formula are marked as texts."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell
