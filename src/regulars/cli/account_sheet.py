"""All about one account, as it is shown: tables and words for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

from regulars.cli.account_figures import account_json
from regulars.cli.interactions import interaction_json, show_interactions
from regulars.cli.language import _
from regulars.cli.output import Column, in_minor, indented, money, say, show_facts, show_table
from regulars.cli.session import Session
from regulars.cli.today import account_title, made_up_or_not

if TYPE_CHECKING:
    from regulars.core.lifetime.alive_curve import AliveCurve
    from regulars.facts.accounts import OrderLine
    from regulars.facts.models import Account
    from regulars.insight.forecasts import AccountForecast
    from regulars.insight.portfolio_figures import Month
    from regulars.insight.sentences import Sentence

MONTHS_SHOWN = 12

Products = dict[tuple[str, str], str]
"""Names of products by source and code."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """All about one account, read for showing it."""

    account: Account
    score: Any
    """Its figures. None: no order yet, or none were computed."""
    sentences: Sequence[Sentence]
    forecast: AccountForecast | None
    """What is to be expected of it from the day of the figures on."""
    actions: list[dict[str, Any]]
    talks: list[Any]
    months: Sequence[Month]
    last_lines: Sequence[OrderLine]
    products: Products


def sheet_json(sheet: Sheet, session: Session) -> dict[str, Any]:
    return {
        **account_json(sheet.account, sheet.score, session),
        "as_of": session.day,
        "sentences": [
            {"figure": sentence.key, "text": sentence.text, "effect": sentence.effect} for sentence in sheet.sentences
        ],
        "forecast": _forecast_json(sheet.forecast),
        "contacts": [_contact_json(contact) for contact in sheet.account.contacts.order_by("pk")],
        "sites": [_site_json(site) for site in sheet.account.sites.order_by("pk")],
        "actions": sheet.actions,
        "interactions": [interaction_json(talk) for talk in sheet.talks],
        "months": [
            {"month": month.month, "sales": money(month.sales, session.currency), "orders": month.orders}
            for month in sheet.months
        ],
        "last_lines": [_line_json(line, sheet.products) for line in sheet.last_lines],
    }


def show_sheet(sheet: Sheet) -> None:
    say(account_title(sheet.account), style="bold")
    show_facts(_who(sheet.account))
    _show_sentences(sheet.sentences)
    _show_forecast(sheet.forecast)
    _show_actions(sheet.actions)
    _show_contacts(sheet.account)
    _show_sites(sheet.account)
    show_interactions(sheet.talks)
    _show_lines(sheet.last_lines, sheet.products)
    _show_months(sheet.months)


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


def _show_forecast(found: AccountForecast | None) -> None:
    if found is None:
        return
    from regulars.insight.forecast_sentences import told_account, told_ahead

    say()
    say(_("What is to be expected"), style="bold")
    for sentence in (*(told_ahead(ahead, found.currency) for ahead in found.ahead), *told_account(found)):
        indented(sentence)


def _forecast_json(found: AccountForecast | None) -> dict[str, Any] | None:
    """Amounts with their currency; unknown as null. The curve has the chance at the end of each of its days."""
    if found is None:
        return None
    amounts = ("sales", "sales_low", "sales_high")
    ahead = [asdict(one) for one in found.ahead]
    worth = found.worth and asdict(found.worth)
    return {
        "as_of": found.as_of,
        "forecast": found.forecast,
        "probability_alive": found.probability_alive,
        "ahead": [one | {name: money(one[name], found.currency) for name in amounts} for one in ahead],
        "worth": worth and worth | {name: money(worth[name], found.currency) for name in ("sales", "margin")},
        "stays_days": found.stays_days,
        "curve": found.curve and _curve_json(found.curve),
    }


def _curve_json(curve: AliveCurve) -> list[dict[str, Any]]:
    days = zip(curve.days, curve.chances.tolist(), curve.ordered.tolist(), strict=True)
    return [
        {"day": day, "chance": None if isnan(chance) else chance, "ordered": ordered} for day, chance, ordered in days
    ]


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
