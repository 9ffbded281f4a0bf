"""`accounts`, `account` and `assign`: who the customers are, what their orders say, who looks after them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.account_figures import account_json, show_accounts
from regulars.cli.account_sheet import Products, Sheet, sheet_json, show_sheet
from regulars.cli.interactions import interactions_of
from regulars.cli.language import _
from regulars.cli.output import emit_json, money, note, say
from regulars.cli.session import Session, find_member, open_session

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from regulars.facts.accounts import OrderLine
    from regulars.facts.models import Account
    from regulars.insight.forecasts import AccountForecast
    from regulars.insight.sentences import Sentence

PANEL = _("Facts: what happened")
NOBODY = "nobody"


class SortedBy(StrEnum):
    SALES = "sales"
    RISK = "risk"
    SILENCE = "silence"
    SHARE = "share"
    TREND = "trend"
    NAME = "name"


class Pareto(StrEnum):
    A = "A"
    B = "B"
    C = "C"


class BuyerKind(StrEnum):
    REGULAR = "regular"
    CHANCE = "chance"
    NEW = "new"


_SORTED_BY: dict[SortedBy, tuple[str, bool]] = {
    SortedBy.SALES: ("sales_12m", True),
    SortedBy.RISK: ("value_at_risk", True),
    SortedBy.SILENCE: ("silence_days", True),
    SortedBy.SHARE: ("share_of_firm", True),
    SortedBy.TREND: ("trend", False),
}


def add_commands(app: typer.Typer) -> None:
    app.command("accounts", help=_("List the accounts with their figures."), rich_help_panel=PANEL)(accounts)
    app.command("account", help=_("All about one account."), rich_help_panel=PANEL)(account)
    app.command("assign", help=_("Give an account to a member of ours."), rich_help_panel=PANEL)(assign)


# regulars accounts


def accounts(
    context: typer.Context,
    search: Annotated[str, typer.Argument(help=_("Part of the name, or the customer number."))] = "",
    sort: Annotated[SortedBy, typer.Option(help=_("What stands first."))] = SortedBy.SALES,
    pareto: Annotated[
        Pareto | None,
        typer.Option(case_sensitive=False, help=_("Only A (four fifths of sales), B (the next 15 in a hundred) or C.")),
    ] = None,
    buyer: Annotated[
        BuyerKind | None, typer.Option(case_sensitive=False, help=_("Only regular, chance or new buyers."))
    ] = None,
    owner: Annotated[str, typer.Option(help=_("Only accounts of this member."))] = "",
    limit: Annotated[int, typer.Option(min=1, help=_("At most so many."))] = 20,
) -> None:
    session = open_session(context)
    chosen = _chosen(session, search=search, owner=owner)
    conditions = {name: value.value for name, value in (("pareto", pareto), ("buyer", buyer)) if value}
    rows = list(_scored(session, chosen, sort=sort, conditions=conditions, limit=limit))
    if session.options.json:
        emit_json([account_json(one, score, session) for one, score in rows])
        return
    if not rows:
        say(_("No account fits."))
        return
    show_accounts(rows)
    total = chosen.count()
    if total > len(rows) and not session.options.quiet:
        note(
            _("{shown} of {total:,} accounts. More: --limit; fewer: --pareto A, --buyer regular.").format(
                shown=len(rows), total=total
            )
        )


def _chosen(session: Session, *, search: str, owner: str) -> QuerySet[Account]:
    from django.db.models import Q

    from regulars.facts.accounts import visible_accounts

    found = visible_accounts(session.acting)
    if search:
        found = found.filter(Q(name__icontains=search) | Q(external_id=search) | Q(email__iexact=search))
    return found.filter(owner=find_member(owner)) if owner else found


def _scored(
    session: Session, chosen: QuerySet[Account], *, sort: SortedBy, conditions: dict[str, str], limit: int
) -> Iterator[tuple[Account, Any]]:
    """Accounts with their figures (None: no order yet) in the wanted sequence."""
    if session.options.as_of:
        yield from _scored_then(session.options.as_of, chosen, sort=sort, conditions=conditions, limit=limit)
        return
    from django.db.models import F

    found = chosen.select_related("score", "owner")
    if conditions:
        found = found.filter(**{f"score__{name}": value for name, value in conditions.items()})
    if sort is SortedBy.NAME:
        found = found.order_by("name", "pk")
    else:
        column, descending = _SORTED_BY[sort]
        by = F(f"score__{column}")
        found = found.order_by(by.desc(nulls_last=True) if descending else by.asc(nulls_last=True), "pk")
    for one in found[:limit]:
        yield one, getattr(one, "score", None)


def _scored_then(
    as_of: date, chosen: QuerySet[Account], *, sort: SortedBy, conditions: dict[str, str], limit: int
) -> Iterator[tuple[Account, Any]]:
    """The same as of an earlier date, from the kept snapshot of that day or computed anew."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from regulars.insight.models import Score
    from regulars.insight.snapshots import scores_as_of

    visible = chosen.select_related("owner")
    scores = scores_as_of(as_of)
    scores = scores.filter(pc.is_in(scores["account_id"], pa.array(visible.values_list("pk", flat=True), pa.int64())))
    for name, value in conditions.items():
        scores = scores.filter(pc.equal(scores[name], value))
    if sort is SortedBy.NAME:
        named = visible.in_bulk(scores["account_id"].to_pylist())
        rows = sorted(scores.to_pylist(), key=lambda row: named[row["account_id"]].name)[:limit]
    else:
        column, descending = _SORTED_BY[sort]
        rows = scores.sort_by([(column, "descending" if descending else "ascending")]).slice(0, limit).to_pylist()
        named = visible.in_bulk([row["account_id"] for row in rows])
    for row in rows:
        yield named[row["account_id"]], Score(**row)


# regulars account


def account(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, part of it, or #number."))],
    lines: Annotated[int, typer.Option(min=0, help=_("So many of the last order lines."))] = 10,
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account

    sheet = _sheet(find_account(wanted, member=session.acting), session, lines=lines)
    if session.options.json:
        emit_json(sheet_json(sheet, session))
    else:
        show_sheet(sheet)


def _sheet(one: Account, session: Session, *, lines: int) -> Sheet:
    from regulars.facts.accounts import lines_of_account
    from regulars.insight.account_months import months_of_account

    score = _score_of(one, session.options.as_of)
    last_lines = lines_of_account(one, limit=lines) if lines else []
    return Sheet(
        account=one,
        score=score,
        sentences=_sentences(score, session),
        forecast=_forecast_of(one, session),
        actions=_open_actions(one, session),
        talks=interactions_of(one, session),
        months=months_of_account(one, as_of=session.day),
        last_lines=last_lines,
        products=_product_names(last_lines),
    )


def _score_of(one: Account, as_of: date | None) -> Any:
    if as_of is None:
        return getattr(one, "score", None)
    from regulars.insight.snapshots import figures_of

    return figures_of(one, as_of)


def _sentences(score: Any, session: Session) -> list[Sentence]:
    from regulars.insight.sentences import sentences

    told = [] if score is None else sentences(score, currency=session.currency)
    return [sentence for sentence in told if session.sees_cost or sentence.key != "margin"]


def _forecast_of(one: Account, session: Session) -> AccountForecast | None:
    """By the figures in force: what was expected on an earlier day is not kept."""
    if session.options.as_of is not None:
        return None
    from regulars.insight.forecasts import forecast_of

    return forecast_of(one, member=session.acting)


def _open_actions(one: Account, session: Session) -> list[dict[str, Any]]:
    from regulars.plan.actions import visible_actions
    from regulars.plan.models import Action
    from regulars.plan.today import told

    actions = visible_actions(session.acting).filter(account=one, state__in=Action.PENDING).order_by("-expected_money")
    return [
        {
            "number": action.pk,
            "uid": action.uid,
            "cause": reason.cause,
            "state": action.state,
            "sentences": reason.sentences,
            "stake": money(action.stake, session.currency),
        }
        for action in actions
        for reason in [told(action)]
    ]


def _product_names(last_lines: Sequence[OrderLine]) -> Products:
    from regulars.facts.models import Product

    codes = {line.product for line in last_lines if line.product}
    named = Product.objects.filter(external_id__in=codes).values_list("source", "external_id", "name")
    return {(source, code or ""): name for source, code, name in named}


# regulars assign


def assign(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, part of it, or #number."))],
    to: Annotated[str, typer.Argument(metavar="MEMBER", help=_("E-mail or name; “nobody” takes it from its owner."))],
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import assign_owner, find_account

    one = find_account(wanted, member=session.acting)
    owner = None if to.casefold() == NOBODY else find_member(to)
    assign_owner(accounts=[one], owner=owner, member=session.member)
    if session.options.json:
        emit_json({"account": {"uid": one.uid, "number": one.pk, "name": one.name}, "owner": owner and owner.name})
        return
    if owner is None:
        say(_("{account} is nobody’s account now.").format(account=one.name))
    else:
        say(_("{account} is the account of {member} now.").format(account=one.name, member=owner.name))
