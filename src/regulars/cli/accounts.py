"""`accounts`, `account` and `log`: who the customers are, what their orders say, what was talked about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _, ngettext
from regulars.cli.output import Column, emit_json, in_minor, indented, money, note, say, show_facts, show_table
from regulars.cli.session import Session, find_member, open_session
from regulars.cli.today import account_title, made_up_or_not

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from regulars.facts.accounts import OrderLine
    from regulars.facts.models import Account
    from regulars.insight.portfolio_figures import Month
    from regulars.insight.sentences import Sentence

PANEL = _("Facts: what happened")

MONEY_FIGURES = (
    "sales_12m", "sales_previous_12m", "sales_total", "margin_12m", "mean_order_value", "expected_value_90",
    "expected_value_365", "value_at_risk",
)  # fmt: skip
MONTHS_SHOWN = 12
NOBODY = "nobody"
COST_FIGURES = ("margin_12m", "cost_known")


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
    app.command("log", help=_("Record a call, visit, mail, meeting or note."), rich_help_panel=PANEL)(log)


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
    _show_accounts(rows)
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


def _show_accounts(rows: Sequence[tuple[Account, Any]]) -> None:
    show_table(
        [
            Column(heading="#", justify="right"),
            Column(heading=_("Account"), flexible=True),
            Column(heading=_("Sales 12 m"), justify="right"),
            Column(heading=_("Share"), justify="right", rank=1),
            Column(heading=_("Trend"), justify="right", rank=3),
            Column(heading="ABC", rank=4),
            Column(heading=_("Buyer"), rank=5),
            Column(heading=_("Silent"), justify="right", rank=1),
            Column(heading=_("Usual"), justify="right", rank=2),
            Column(heading=_("Alive"), justify="right", rank=2),
            Column(heading=_("At risk"), justify="right"),
            Column(heading=_("Owner"), rank=6),
        ],
        [
            [
                str(one.pk),
                one.name,
                *_cells(score),
                one.owner.name if one.owner else "",
            ]
            for one, score in rows
        ],
    )


def _cells(score: Any) -> list[str]:
    if score is None:
        return [_("no figures"), *[""] * 8]
    return [
        _whole(score.sales_12m),
        _percent(score.share_of_firm, 1),
        _percent(score.trend, 0, signed=True),
        score.pareto,
        score.buyer,
        _days(score.silence_days),
        _days(score.gap_typical_days),
        _percent(score.probability_alive, 0),
        _whole(score.value_at_risk),
    ]


UNKNOWN = "?"


def _whole(amount: float | None) -> str:
    from regulars.base.formats import number

    return UNKNOWN if amount is None else number(amount)


def _percent(share: float | None, digits: int, *, signed: bool = False) -> str:
    from regulars.base.formats import percent

    return UNKNOWN if share is None else percent(share, digits=digits, signed=signed)


def _days(days: float | None) -> str:
    return UNKNOWN if days is None else ngettext("{days} day", "{days} days", round(days)).format(days=round(days))


def account_json(one: Account, score: Any, session: Session) -> dict[str, Any]:
    return {
        "uid": one.uid,
        "number": one.pk,
        "customer_number": one.external_id,
        "name": one.name,
        "made_up": one.generated,
        "kind": one.kind,
        "owner": one.owner.email if one.owner else None,
        "city": one.city or None,
        "country": one.country or None,
        "figures": figures_json(score, session) if score is not None else None,
    }


def figures_json(score: Any, session: Session) -> dict[str, Any]:
    """The figures by name; money with its currency; unknown, and cost to who may not see it, as null."""
    from regulars.insight.models import Score

    names = [field.name for field in Score._meta.fields if field.name not in {"account", "snapshot"}]
    figures = {name: getattr(score, name) for name in names}
    if not session.sees_cost:
        figures |= dict.fromkeys(COST_FIGURES)
    return figures | {name: money(figures[name], session.currency) for name in MONEY_FIGURES}


# regulars account


def account(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, part of it, or #number."))],
    lines: Annotated[int, typer.Option(min=0, help=_("So many of the last order lines."))] = 10,
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account, lines_of_account
    from regulars.insight.account_months import months_of_account

    one = find_account(wanted, member=session.acting)
    score = _score_of(one, session.options.as_of)
    sentences = _sentences(score, session)
    last_lines = lines_of_account(one, limit=lines) if lines else []
    actions = _open_actions(one, session)
    products = _product_names(last_lines)
    if session.options.json:
        emit_json(
            {
                **account_json(one, score, session),
                "as_of": session.day,
                "sentences": [
                    {"figure": sentence.key, "text": sentence.text, "effect": sentence.effect} for sentence in sentences
                ],
                "contacts": [_contact_json(contact) for contact in one.contacts.order_by("pk")],
                "sites": [_site_json(site) for site in one.sites.order_by("pk")],
                "actions": actions,
                "interactions": [_interaction_json(talk) for talk in _interactions(one, session)],
                "months": [
                    {"month": month.month, "sales": money(month.sales, session.currency), "orders": month.orders}
                    for month in months_of_account(one, as_of=session.day)
                ],
                "last_lines": [_line_json(line, products) for line in last_lines],
            }
        )
        return
    say(account_title(one), style="bold")
    show_facts(_who(one))
    _show_sentences(sentences)
    _show_actions(actions)
    _show_contacts(one)
    _show_sites(one)
    _show_interactions(_interactions(one, session))
    _show_lines(last_lines, products)
    _show_months(months_of_account(one, as_of=session.day))


def _score_of(one: Account, as_of: date | None) -> Any:
    if as_of is None:
        return getattr(one, "score", None)
    from regulars.insight.snapshots import figures_of

    return figures_of(one, as_of)


def _sentences(score: Any, session: Session) -> list[Sentence]:
    from regulars.insight.sentences import sentences

    told = [] if score is None else sentences(score, currency=session.currency)
    return [sentence for sentence in told if session.sees_cost or sentence.key != "margin"]


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


def _who(one: Account) -> dict[str, str]:
    address = ", ".join(
        part for part in (one.street, f"{one.postcode} {one.city}".strip(), one.region, one.country) if part
    )
    return {
        _("customer number"): one.external_id or "",
        _("kind"): str(one.get_kind_display()),
        _("belongs to"): str(one.parent or ""),
        _("looked after by"): str(one.owner or ""),
        _("team"): str(one.team or ""),
        _("department"): str(one.department or ""),
        _("business"): one.trade,
        _("address"): address,
        _("phone"): one.phone,
        _("e-mail"): one.email,
        _("tags"): ", ".join(tag.name for tag in one.tags.all()),
        **{key: str(value) for key, value in one.custom.items()},
    }


_SIGNS = {"raises": "+", "lowers": "−", "unknown": "?"}


def _show_sentences(sentences: Iterable[Sentence]) -> None:
    say()
    shown = False
    for sentence in sentences:
        indented(f"{_SIGNS.get(sentence.effect, '·')} {sentence.text}")
        shown = True
    if not shown:
        say(_("There are no figures: no order yet, or none were computed. Compute them with: regulars score"))


def _show_actions(actions: list[dict[str, Any]]) -> None:
    for action in actions:
        say()
        say(_("Action {number}: {cause}").format(number=action["number"], cause=action["cause"]), style="bold")
        indented(" ".join(action["sentences"]))


def _show_contacts(one: Account) -> None:
    contacts = list(one.contacts.order_by("pk"))
    if not contacts:
        return
    say()
    show_table(
        [
            Column(heading=_("Contact"), flexible=True),
            Column(heading=_("Role"), rank=1),
            Column(heading=_("Phone")),
            Column(heading=_("E-mail"), rank=2),
        ],
        [
            [
                made_up_or_not(contact),
                contact.role,
                contact.phone or contact.mobile,
                contact.email,
            ]
            for contact in contacts
        ],
    )


def _show_sites(one: Account) -> None:
    sites = list(one.sites.order_by("pk"))
    if sites:
        say()
        show_table(
            [Column(heading=_("Site")), Column(heading=_("Address"), flexible=True)],
            [[site.name, _address(site)] for site in sites],
        )


def _address(site: Any) -> str:
    return ", ".join(part for part in (site.street, f"{site.postcode} {site.city}".strip(), site.country) if part)


def _interactions(one: Account, session: Session) -> list[Any]:
    from regulars.facts.interactions import visible_interactions

    return list(visible_interactions(session.acting).filter(account=one).select_related("member")[:10])


def _show_interactions(talks: list[Any]) -> None:
    if not talks:
        return
    say()
    show_table(
        [
            Column(heading=_("Date")),
            Column(heading=_("What")),
            Column(heading=_("By"), rank=1),
            Column(heading=_("Outcome"), flexible=True),
        ],
        [
            [
                talk.on.isoformat(),
                str(talk.get_kind_display()),
                str(talk.member or ""),
                ": ".join(part for part in (talk.outcome, talk.text) if part),
            ]
            for talk in talks
        ],
    )


def _show_months(months: Sequence[Month]) -> None:
    from regulars.base.formats import number

    if not months:
        return
    say()
    show_table(
        [
            Column(heading=_("Month")),
            Column(heading=_("Net sales"), justify="right"),
            Column(heading=_("Orders"), justify="right"),
        ],
        [
            [f"{month.month:%Y-%m}" + ("" if month.complete else "…"), number(month.sales), number(month.orders)]
            for month in months[-MONTHS_SHOWN:]
        ],
        title=_("Last months with orders"),
    )


Products = dict[tuple[str, str], str]
"""Names of products by source and code."""


def _product_names(last_lines: Sequence[OrderLine]) -> Products:
    from regulars.facts.models import Product

    codes = {line.product for line in last_lines if line.product}
    named = Product.objects.filter(external_id__in=codes).values_list("source", "external_id", "name")
    return {(source, code or ""): name for source, code, name in named}


def _show_lines(last_lines: Sequence[OrderLine], products: Products) -> None:
    if not last_lines:
        return
    say()
    show_table(
        [
            Column(heading=_("Date")),
            Column(heading=_("Order"), rank=2),
            Column(heading=_("Product"), flexible=True),
            Column(heading=_("Quantity"), justify="right", rank=1),
            Column(heading=_("Net"), justify="right"),
            Column(heading=_("Kind"), rank=3),
        ],
        [
            [
                line.business_date.isoformat(),
                line.order_id,
                products.get((line.source, line.product or "")) or line.product or "",
                "" if line.quantity is None else f"{line.quantity:g}",
                f"{in_minor(line.net_minor, line.currency)} {line.currency}",
                line.kind,
            ]
            for line in last_lines
        ],
        title=_("Last order lines"),
    )


def _contact_json(contact: Any) -> dict[str, Any]:
    return {
        "uid": contact.uid,
        "name": contact.name,
        "made_up": contact.generated,
        "role": contact.role or None,
        "level": contact.level or None,
        "phone": contact.phone or None,
        "mobile": contact.mobile or None,
        "email": contact.email or None,
    }


def _site_json(site: Any) -> dict[str, Any]:
    return {"uid": site.uid, "name": site.name, "address": _address(site) or None}


def _interaction_json(talk: Any) -> dict[str, Any]:
    return {
        "uid": talk.uid,
        "on": talk.on,
        "kind": talk.kind,
        "member": talk.member.email if talk.member else None,
        "outcome": talk.outcome or None,
        "text": talk.text or None,
    }


def _line_json(line: OrderLine, products: Products) -> dict[str, Any]:
    from regulars.core.money import from_minor

    return {
        "source": line.source,
        "order": line.order_id,
        "line": line.line_no,
        "date": line.business_date,
        "product": line.product,
        "product_name": products.get((line.source, line.product or "")) or None,
        "category": line.category,
        "quantity": line.quantity,
        "net": {"amount": float(from_minor(line.net_minor, line.currency)), "currency": line.currency},
        "kind": line.kind,
    }


# regulars log


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


def log(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, part of it, or #number."))],
    kind: Annotated[str, typer.Option(help="call, visit, mail, meeting, note")] = "call",
    outcome: Annotated[str, typer.Option(help=_("What came of it."))] = "",
    text: Annotated[str, typer.Option(help=_("What was said."))] = "",
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.facts.interactions import record_interaction

    one = find_account(wanted, member=session.acting)
    talk = record_interaction(account=one, kind=kind, on=session.day, member=session.member, text=text, outcome=outcome)
    if session.options.json:
        emit_json({"account": {"uid": one.uid, "number": one.pk, "name": one.name}, **_interaction_json(talk)})
        return
    say(_("Noted: {what} with {account} on {day}.").format(what=talk.get_kind_display(), account=one.name, day=talk.on))
