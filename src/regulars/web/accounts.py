"""The list of accounts: searched, filtered, sorted, page by page, or as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, require, visible_members
from regulars.base.models import Member
from regulars.facts.accounts import visible_accounts
from regulars.facts.models import Account
from regulars.insight.models import Score
from regulars.web.desk import Desk, desk_of

ACCOUNTS_A_PAGE = 50
NOBODY = "nobody"

SORTINGS = {
    "name": "name",
    "sales": "score__sales_12m",
    "trend": "score__trend",
    "silence": "score__silence_days",
    "alive": "score__probability_alive",
    "risk": "score__value_at_risk",
    "owner": "owner__name",
}
"""What the list may be sorted by, and the column that does it; a minus in front turns it round."""
USUAL_SORTING = "-sales"

COLUMNS: tuple[tuple[str, Any, bool], ...] = (
    ("name", gettext_lazy("Account"), False),
    ("sales", gettext_lazy("Sales, 12 months"), True),
    ("trend", gettext_lazy("Trend"), True),
    ("silence", gettext_lazy("Silent"), True),
    ("alive", gettext_lazy("Still a customer"), True),
    ("risk", gettext_lazy("At risk"), True),
    ("owner", gettext_lazy("Looked after by"), False),
)
"""Key of the sorting, heading, whether it holds figures."""


class Filter(forms.Form):
    """What the list shows. Every field may be empty."""

    q = forms.CharField(label=gettext_lazy("Search"), required=False)
    buyer = forms.ChoiceField(
        label=gettext_lazy("Buyer"),
        required=False,
        choices=[
            ("", gettext_lazy("All buyers")),
            ("regular", gettext_lazy("Regular buyers")),
            ("chance", gettext_lazy("Chance buyers")),
            ("new", gettext_lazy("New customers")),
            ("none", gettext_lazy("Without an order")),
        ],
    )
    pareto = forms.ChoiceField(
        label=gettext_lazy("Class"),
        required=False,
        choices=[
            ("", gettext_lazy("All classes")),
            ("A", gettext_lazy("A: the first 80% of sales")),
            ("B", gettext_lazy("B: the next 15%")),
            ("C", gettext_lazy("C: the rest")),
        ],
    )
    owner = forms.ChoiceField(label=gettext_lazy("Looked after by"), required=False)

    def __init__(self, *args: Any, member: Member, **options: Any) -> None:
        super().__init__(*args, **options)
        colleagues = [(str(one.uid), one.name) for one in visible_members(member)]
        self.fields["owner"].choices = [("", _("Everybody")), (NOBODY, _("Nobody")), *colleagues]  # type: ignore[attr-defined]

    def condition(self) -> Q:
        """The condition on accounts; a choice that is none of those offered is left out."""
        self.is_valid()
        said = self.cleaned_data
        condition = Q()
        if said.get("q"):
            text = said["q"]
            condition &= Q(name__icontains=text) | Q(external_id=text) | Q(email__iexact=text) | Q(city__iexact=text)
        if said.get("buyer"):
            condition &= _bought_nothing() if said["buyer"] == "none" else Q(score__buyer=said["buyer"])
        if said.get("pareto"):
            condition &= Q(score__pareto=said["pareto"])
        if said.get("owner"):
            condition &= Q(owner=None) if said["owner"] == NOBODY else Q(owner__uid=said["owner"])
        return condition

    @property
    def is_narrowed(self) -> bool:
        return any(self.cleaned_data.values()) if self.is_bound and self.is_valid() else False


def _bought_nothing() -> Q:
    return Q(score=None) | Q(score__buyer="none")


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """One page of the list."""
    desk = desk_of(request)
    chosen = Filter(request.GET, member=desk.member)
    found = _found(desk, chosen)
    sorting = _sorting(request)
    page = Paginator(_sorted(found, sorting), ACCOUNTS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "desk": desk,
        "filter": chosen,
        "page": page,
        "columns": [_column(request, sorting, *column) for column in COLUMNS],
        "sorting": sorting,
    }
    return render(request, "web/accounts.html", context)


def _found(desk: Desk, chosen: Filter) -> QuerySet[Account]:
    return visible_accounts(desk.member).filter(chosen.condition())


def _sorting(request: HttpRequest) -> str:
    wanted = request.GET.get("sort", "")
    return wanted if wanted.removeprefix("-") in SORTINGS else USUAL_SORTING


def _sorted(found: QuerySet[Account], sorting: str) -> QuerySet[Account]:
    """Unknown figures come last, whichever way."""
    by = F(SORTINGS[sorting.removeprefix("-")])
    first = by.desc(nulls_last=True) if sorting.startswith("-") else by.asc(nulls_last=True)
    return found.select_related("score", "owner").order_by(first, "pk")


def _column(request: HttpRequest, sorting: str, key: str, heading: Any, figures: bool) -> dict[str, Any]:
    """A heading with the address that sorts by it: largest figure first, names from A on; once more turns it round."""
    usual = f"-{key}" if figures else key
    turned = sorting.removeprefix("-") if sorting.startswith("-") else f"-{sorting}"
    wanted = request.GET.copy()
    wanted.pop("page", None)
    wanted["sort"] = turned if sorting.removeprefix("-") == key else usual
    state = "" if sorting.removeprefix("-") != key else "descending" if sorting.startswith("-") else "ascending"
    return {"heading": heading, "figures": figures, "address": f"?{wanted.urlencode()}", "state": state}


# As a file


@require_safe
def accounts_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The whole filtered list as CSV, for who may take lists out of the house."""
    desk = desk_of(request)
    require(desk.member, Permission.EXPORT)
    found = _sorted(_found(desk, Filter(request.GET, member=desk.member)), _sorting(request))
    response = StreamingHttpResponse(_csv(desk, found), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="accounts-{desk.day.isoformat()}.csv"'
    return response


class _Echo:
    """What `csv.writer` writes is handed on at once."""

    def write(self, row: str) -> str:
        return row


def _csv(desk: Desk, found: QuerySet[Account]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # else Excel takes it for Latin-1
    yield writer.writerow(_headings(desk.currency))
    for account in found.iterator(chunk_size=2000):
        yield writer.writerow(_harmless(_row(account)))


def _headings(currency: str) -> list[str]:
    in_currency = {"currency": currency}
    return [
        _("Account"), _("Customer number"), _("City"), _("Country"), _("Looked after by"), _("Class"), _("Buyer"),
        _("Sales, 12 months, %(currency)s") % in_currency, _("Trend, %"), _("Last order"), _("Days silent"),
        _("Usual gap, days"), _("Chance still a customer, %"), _("At risk, %(currency)s") % in_currency,
    ]  # fmt: skip


def _row(account: Account) -> list[Any]:
    score: Score | None = getattr(account, "score", None)
    who = [
        account.name, account.external_id or "", account.city, account.country,
        account.owner.name if account.owner else "",
    ]  # fmt: skip
    if score is None:
        return [*who, *[""] * 9]
    figures = (
        score.sales_12m, _hundredfold(score.trend), score.last_order, score.silence_days, score.gap_typical_days,
        _hundredfold(score.probability_alive), score.value_at_risk,
    )  # fmt: skip
    return [*who, score.pareto, score.buyer, *map(_plain, figures)]


def _hundredfold(share: float | None) -> float | None:
    return None if share is None else share * 100


def _plain(figure: Any) -> Any:
    return "" if figure is None else round(figure, 2) if isinstance(figure, float) else figure


def _harmless(cells: Iterable[Any]) -> list[Any]:
    """Texts that a spreadsheet would run as a formula are marked as texts."""
    return [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell for cell in cells]


_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
