"""Files of leads, for marketing after a fair: read the list in, see what became of it, correct what was not taken."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from regulars.base.access import Permission, require
from regulars.base.formats import number
from regulars.core.errors import Refusal
from regulars.facts.lead_files import WrongLeadFile, read_lead_file, visible_lead_files
from regulars.facts.models import LeadFile
from regulars.facts.small_files import MOST_BYTES
from regulars.plan.issue_rules import moment_of_work
from regulars.web.csv_files import csv_answer
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.leads.queue import frame_of

FILES_A_PAGE = 20


class FileForm(forms.Form):
    """The file, and where it is from."""

    file = forms.FileField(
        label=gettext_lazy("CSV file with headings"),
        widget=forms.ClearableFileInput({"accept": ".csv,.txt,.tsv,text/csv"}),
        help_text=gettext_lazy("For example: company, contact, e-mail, phone, city, country, wishes."),
    )
    said_source = forms.CharField(label=gettext_lazy("Campaign, fair or list"), max_length=200, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
def files(request: HttpRequest) -> HttpResponse:
    """What was read so far, and a new file."""
    desk = desk_of(request)
    require(desk.member, Permission.MANAGE_LEADS)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if request.method == "POST" and form.is_valid():
        try:
            read = _read(form, desk)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            show_next(request, Toast(text=_told(read)))
            return redirect("lead_files")
    page = Paginator(visible_lead_files(desk.member), FILES_A_PAGE).get_page(request.GET.get("page"))
    context = {**frame_of(desk, tab="files"), "form": form, "page": page}
    return render(request, "web/leads/files.html", context, status=422 if form.errors else 200)


@require_safe
def rejected(request: HttpRequest, uid: uuid.UUID) -> StreamingHttpResponse:
    """The rows that were not taken, with line and reason: to be corrected and read again."""
    desk = desk_of(request)
    require(desk.member, Permission.MANAGE_LEADS)
    found = visible_lead_files(desk.member).filter(uid=uid).first()
    if found is None:
        raise Http404

    def rows() -> Iterator[list[Any]]:
        width = len(found.columns)
        for one in found.rejected:
            yield [*(one["row"] + [""] * width)[:width], one["line"], one["reason"]]

    return csv_answer("not-taken.csv", [*found.columns, _("Line"), _("Why it was not taken")], rows())


def _read(form: FileForm, desk: Desk) -> LeadFile:
    given = form.cleaned_data["file"]
    if given.size > MOST_BYTES:
        raise WrongLeadFile(_("The file is too large."), _("Give smaller files, or use the API."))
    return read_lead_file(
        name=given.name,
        content=given.read(),
        at=moment_of_work(),
        member=desk.member,
        said_source=form.cleaned_data["said_source"],
    )


def _told(read: LeadFile) -> str:
    new = ngettext("%(count)s new lead.", "%(count)s new leads.", read.taken) % {"count": number(read.taken)}
    known = _("Known before: %(count)s.") % {"count": number(read.known)}
    left = _("Not taken: %(count)s.") % {"count": number(len(read.rejected))}
    return " ".join([new, known, left])
