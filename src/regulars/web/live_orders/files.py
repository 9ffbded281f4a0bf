"""Files of live orders, for who feeds them in without a program that sends them: read in, see what was not taken."""

from __future__ import annotations

import uuid

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from regulars.base.access import Permission, require
from regulars.base.formats import number
from regulars.base.organisation import zone
from regulars.core.errors import Refusal
from regulars.facts.live_order_files import (
    WrongLiveOrderFile,
    read_live_order_file,
    rejected_headings,
    rejected_rows,
    visible_live_order_files,
)
from regulars.facts.models import LiveOrderFile
from regulars.facts.small_files import MOST_BYTES
from regulars.plan.issue_rules import moment_of_work
from regulars.web.csv_files import csv_answer
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.live_orders.listing import frame_of

FILES_A_PAGE = 20


class FileForm(forms.Form):
    """The file, and where it is from."""

    file = forms.FileField(
        label=gettext_lazy("CSV file with headings"),
        widget=forms.ClearableFileInput({"accept": ".csv,.txt,.tsv,text/csv"}),
        help_text=gettext_lazy(
            "For example: order number, customer number, order date, status, promised date, due date, payment status, "
            "amount, currency."
        ),
    )
    source = forms.SlugField(
        label=gettext_lazy("Shop or system that it is from"),
        max_length=64,
        help_text=gettext_lazy(
            "Always the same name for the same system, best that of its imports: then customers and orders are found."
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def files(request: HttpRequest) -> HttpResponse:
    """What was read so far, and a new file."""
    desk = desk_of(request)
    require(desk.member, Permission.IMPORT)
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if request.method == "POST" and form.is_valid():
        try:
            read = _read(form, desk)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            show_next(request, Toast(text=_told(read)))
            return redirect("live_order_files")
    page = Paginator(visible_live_order_files(desk.member), FILES_A_PAGE).get_page(request.GET.get("page"))
    context = {**frame_of(desk, tab="files"), "form": form, "page": page, "zone": zone(desk.organisation)}
    return render(request, "web/live_orders/files.html", context, status=422 if form.errors else 200)


@require_safe
def rejected(request: HttpRequest, uid: uuid.UUID) -> StreamingHttpResponse:
    """The rows that were not taken, with line, column, reason and what to do: to be corrected and read again."""
    desk = desk_of(request)
    require(desk.member, Permission.IMPORT)
    found = visible_live_order_files(desk.member).filter(uid=uid).first()
    if found is None:
        raise Http404
    return csv_answer("not-taken.csv", rejected_headings(found), rejected_rows(found))


def _read(form: FileForm, desk: Desk) -> LiveOrderFile:
    given = form.cleaned_data["file"]
    if given.size > MOST_BYTES:
        raise WrongLiveOrderFile(_("The file is too large."), _("Give smaller files, or use the API."))
    return read_live_order_file(
        name=given.name,
        content=given.read(),
        at=moment_of_work(),
        on=desk.day,
        member=desk.member,
        source=form.cleaned_data["source"],
    )


def _told(read: LiveOrderFile) -> str:
    new = ngettext("%(count)s new order.", "%(count)s new orders.", read.new) % {"count": number(read.new)}
    changed = _("Changed: %(count)s.") % {"count": number(read.changed)}
    left = _("Not taken: %(count)s.") % {"count": number(len(read.rejected))}
    return " ".join([new, changed, left])
