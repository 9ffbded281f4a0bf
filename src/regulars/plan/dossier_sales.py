"""The chapters of a dossier on what the account buys: figures, months, products, orders."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.access import Permission, may
from regulars.base.formats import day, money, month, number, percent, short_month
from regulars.base.models import Member
from regulars.core.calendar import months_before
from regulars.core.money import exponent
from regulars.facts.models import Account
from regulars.facts.orders import Bought, orders_of_account, product_names, products_of_account
from regulars.insight.account_months import months_of_account
from regulars.insight.models import Score
from regulars.insight.portfolio_figures import Month
from regulars.insight.protection import protection_of
from regulars.insight.sentences import sentences
from regulars.plan import dossier_blocks as blocks
from regulars.plan.dossier_blocks import Block, Chapter

MONTHS_DRAWN = 36
PRODUCTS_DRAWN = 15
PRODUCTS_LISTED = 80
CHANGES_LISTED = 25
ORDERS_LISTED = 150


def figures_chapter(account: Account, *, on: date, member: Member | None, currency: str) -> Chapter:
    """What its figures say, each with its sentence."""
    score = Score.objects.filter(account=account).first()
    found: list[Block] = []
    if score is None:
        found.append(blocks.words(_("There are no figures yet: no order, or none were computed.")))
    else:
        found.append(blocks.figures(_key_figures(score, currency)))
        told = sentences(score, currency=currency)
        seen = [one.text for one in told if one.key != "margin" or may(member, Permission.SEE_COST)]
        found += [blocks.heading(_("What the figures say")), blocks.said(seen)]
    protection = protection_of(account, on=on, currency=currency)
    if protection.sentences:
        found.append(blocks.heading(_("How well it is to be protected")))
        found.append(blocks.said(one.text for one in protection.sentences))
    return Chapter(title=_("Figures"), blocks=found)


def _key_figures(score: Score, currency: str) -> list[dict[str, str]]:
    unknown = _("not known")
    expected, alive = score.expected_value_365, score.probability_alive
    return [
        blocks.figure(_("Sales of the last 12 months"), money(score.sales_12m, currency), _change(score)),
        blocks.figure(_("Share of our sales"), percent(score.share_of_firm) if score.share_of_firm else unknown),
        blocks.figure(_("Days with an order, last 12 months"), number(score.orders_12m)),
        blocks.figure(_("Expected in the coming year"), money(expected, currency) if expected is not None else unknown),
        blocks.figure(_("Chance that it is still a customer"), percent(alive) if alive is not None else unknown),
        blocks.figure(_("Sales since the first order"), money(score.sales_total, currency)),
    ]


def _change(score: Score) -> str:
    if score.trend is None:
        return ""
    return _("%(change)s against the year before") % {"change": percent(score.trend, signed=True)}


def months_chapter(account: Account, *, as_of: date, currency: str) -> Chapter:
    """Month by month, and by years."""
    found = sorted(months_of_account(account, as_of=as_of), key=lambda one: one.month)
    if not found:
        return Chapter(title=_("Months and years"), blocks=[])
    drawn = _every_month(found, as_of)
    top = money(max(one[1] for one in drawn), currency)
    made: list[Block] = [
        blocks.quiet(_("Net sales of each month; the line at the top is %(amount)s.") % {"amount": top}),
        blocks.upright([(sales, _tick(at, on)) for at, (on, sales) in enumerate(drawn)], top=top),
        blocks.heading(_("By years")),
        blocks.sheet(
            [_("Year"), _("Net sales"), _("Days with an order"), _("Change")],
            _years(found, currency),
            numbers=(1, 2, 3),
        ),
        blocks.heading(_("By months")),
        blocks.sheet(
            [_("Month"), _("Net sales"), _("Days with an order")],
            [(month(one.month), money(one.sales, currency), number(one.orders)) for one in reversed(found)][:60],
            numbers=(1, 2),
        ),
    ]
    return Chapter(title=_("Months and years"), blocks=made)


def _every_month(found: list[Month], as_of: date) -> list[tuple[date, float]]:
    known = {one.month: one.sales for one in found}
    first = max(months_before(as_of.replace(day=1), MONTHS_DRAWN - 1), found[0].month)
    months = [on for ahead in range(MONTHS_DRAWN) if (on := months_before(first, -ahead)) <= as_of]
    return [(on, known.get(on, 0.0)) for on in months]


def _tick(at: int, on: date) -> str:
    """Every half year has its label."""
    return short_month(on) if at % 6 == 0 else ""


def _years(found: list[Month], currency: str) -> list[tuple[str, ...]]:
    sales: dict[int, float] = {}
    orders: dict[int, int] = {}
    for one in found:
        sales[one.month.year] = sales.get(one.month.year, 0.0) + one.sales
        orders[one.month.year] = orders.get(one.month.year, 0) + one.orders
    incomplete = found[-1].month.year
    told: list[tuple[str, ...]] = []
    for year in sorted(sales, reverse=True):
        before = sales.get(year - 1, 0.0)
        # A year that is not over, or not known whole, is compared with nothing.
        comparable = before > 0 and year != incomplete and year - 1 != found[0].month.year
        change = percent(sales[year] / before - 1, signed=True) if comparable else ""
        told.append((str(year), money(sales[year], currency), number(orders[year]), change))
    return told


def products_chapter(account: Account, *, as_of: date, currency: str) -> Chapter:
    """What it buys, what is new, and what it no longer buys."""
    bought = products_of_account(account, as_of=as_of)
    names = product_names({(one.source, one.product) for one in bought})
    units = 10 ** exponent(currency)
    made: list[Block] = []
    now = [one for one in bought if one.net_12m_minor > 0]
    if now:
        made += [
            blocks.quiet(_("Net sales of the last 12 months, the largest first.")),
            blocks.bars(
                (_name(one, names), one.net_12m_minor / units, money(one.net_12m_minor / units, currency))
                for one in now[:PRODUCTS_DRAWN]
            ),
        ]
    new = [one for one in now if one.net_previous_12m_minor <= 0]
    dropped = [one for one in bought if one.net_12m_minor <= 0 < one.net_previous_12m_minor]
    for title, part in (
        (_("New in the last 12 months"), new[:CHANGES_LISTED]),
        (_("No longer bought"), dropped[:CHANGES_LISTED]),
        (_("All products of the last two years"), bought[:PRODUCTS_LISTED]),
    ):
        if part:
            made += [blocks.heading(title), _product_sheet(part, names, units, currency)]
    return Chapter(title=_("Products"), blocks=made)


def _product_sheet(part: list[Bought], names: dict[tuple[str, str], str], units: int, currency: str) -> Block:
    return blocks.sheet(
        [_("Product"), _("Last 12 months"), _("The 12 months before"), _("Last bought")],
        [
            (
                _name(one, names),
                _amount(one.net_12m_minor / units, currency),
                _amount(one.net_previous_12m_minor / units, currency),
                day(one.last_bought),
            )
            for one in part
        ],
        numbers=(1, 2, 3),
    )


def _amount(amount: float, currency: str) -> str:
    return money(amount, currency) if amount else "–"


def _name(one: Bought, names: dict[tuple[str, str], str]) -> str:
    return names.get((one.source, one.product)) or one.product


def orders_chapter(account: Account, *, as_of: date) -> Chapter:
    """Its orders and returns, the newest first."""
    found = [one for one in orders_of_account(account, limit=ORDERS_LISTED) if one.business_date <= as_of]
    if not found:
        return Chapter(title=_("Orders"), blocks=[])
    rows = []
    for one in found:
        lines = ngettext("%(count)s line", "%(count)s lines", one.line_count) % {"count": number(one.line_count)}
        amount = money(one.net_minor / 10 ** exponent(one.currency), one.currency)
        rows.append((day(one.business_date), one.order_id, lines, amount))
    told = ngettext("The last order.", "The last %(count)s orders.", len(found)) % {"count": number(len(found))}
    return Chapter(
        title=_("Orders"),
        blocks=[
            blocks.quiet(told),
            blocks.sheet([_("Date"), _("Number"), _("Lines"), _("Net")], rows, numbers=(2, 3), widths=(2, 3, 2, 2)),
        ],
    )
