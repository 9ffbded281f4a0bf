"""`portfolio`: on whom the firm lives, who stays, where its sales come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _, ngettext
from regulars.cli.output import Column, emit_json, indented, say, show_facts, show_table
from regulars.cli.session import Session, open_session
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from regulars.insight.forecasts import BaseForecast
    from regulars.insight.portfolio_figures import Cohort, Part, Portfolio

PANEL = _("Insight: what it means")
COHORTS_SHOWN = 8
PERIODS_SHOWN = 8
MONTHS_SHOWN = 13


class NoFigures(Refusal):
    """Nothing was computed yet."""


def add_commands(app: typer.Typer) -> None:
    app.command(
        "portfolio",
        help=_("On whom the firm lives: concentration, retention, cohorts, months."),
        rich_help_panel=PANEL,
    )(portfolio)


def portfolio(
    context: typer.Context,
    parts: Annotated[int, typer.Option(min=1, help=_("So many departments, sellers, categories."))] = 8,
) -> None:
    session = open_session(context)
    from regulars.base.access import Permission, require

    require(session.acting, Permission.READ)
    whole = the_portfolio(session)
    forecast = the_forecast(session)
    if session.options.json:
        emit_json({**portfolio_json(whole, session), "forecast": forecast and forecast.as_json()})
    else:
        show_portfolio(whole, session, parts=parts, forecast=forecast)


def the_portfolio(session: Session) -> Portfolio:
    """The portfolio of the current snapshot, or as of the date that was asked for."""
    from regulars.insight.portfolio import portfolio as whole_firm

    found = whole_firm(session.options.as_of, member=session.acting)
    if found is None:
        raise NoFigures(
            _("There are no figures yet."), _("Import an order file (regulars import FILE), or run: regulars score")
        )
    return found


def the_forecast(session: Session) -> BaseForecast | None:
    """What all accounts will buy together, from the day of a kept snapshot on; None where nothing can be said."""
    from regulars.insight.forecasts import base_forecast
    from regulars.insight.portfolio import snapshot_of
    from regulars.insight.snapshots import current_snapshot

    as_of = session.options.as_of
    snapshot = snapshot_of(as_of) if as_of else current_snapshot()
    return base_forecast(member=session.acting, snapshot=snapshot) if snapshot else None


def portfolio_json(whole: Portfolio, session: Session) -> dict[str, Any]:
    """All figures; amounts are in units of `currency`. Margins only for who may see costs."""
    found = whole.as_json()
    if not session.sees_cost:
        found["margin_12m"] = found["cost_known"] = None
    return found


def show_portfolio(whole: Portfolio, session: Session, *, parts: int = 8, forecast: BaseForecast | None = None) -> None:
    """The portfolio for people, the most important first."""
    from regulars.base.formats import day

    say(_("Portfolio as of {day}").format(day=day(whole.as_of)), style="bold")
    show_facts(_sales(whole, sees_cost=session.sees_cost))
    _show_forecast(forecast)
    _show_dependence(whole)
    _show_retention(whole)
    for title, found in (
        (_("Departments"), whole.departments),
        (_("Sellers"), whole.sellers),
        (_("Categories"), whole.categories),
    ):
        _show_parts(title, found, parts)
    _show_cohorts(whole.cohorts)
    _show_months(whole)


def _show_forecast(found: BaseForecast | None) -> None:
    if found is None:
        return
    from regulars.base.formats import money
    from regulars.insight.forecast_sentences import told_base

    say()
    say(_("What they will buy"), style="bold")
    for sentence in told_base(found):
        indented(sentence)
    if found.months:
        say()
        show_table(
            [Column(heading=_("Month")), Column(heading=_("Expected sales"), justify="right")],
            [
                [f"{one.month:%Y-%m}" + ("" if one.complete else "…"), money(one.sales, found.currency)]
                for one in found.months
            ],
        )


def _sales(whole: Portfolio, *, sees_cost: bool) -> dict[str, str]:
    from regulars.base.formats import money, number, percent

    def amount(value: float | None) -> str:
        return _("not known") if value is None else money(value, whole.currency)

    change = (
        f" ({percent(whole.sales_12m / whole.sales_previous_12m - 1, digits=0, signed=True)})"
        if whole.sales_previous_12m
        else ""
    )
    margin = amount(whole.margin_12m)
    if whole.margin_12m is not None and whole.cost_known is not None:
        margin += " " + _("(cost known for {share} of sales)").format(share=percent(whole.cost_known, digits=0))
    return {
        _("net sales, last 12 months"): amount(whole.sales_12m) + change,
        _("of it without a customer"): amount(whole.sales_without_customer_12m)
        if whole.sales_without_customer_12m
        else "",
        _("margin"): margin if sees_cost else "",
        _("expected, next 12 months"): amount(whole.expected_sales_365),
        _("of it at risk"): amount(whole.value_at_risk),
        _("customers, last 12 months"): _("{active} of {all} ever").format(
            active=number(whole.accounts_12m), all=number(whole.accounts)
        ),
        _("regular, chance, new buyers"): ", ".join(
            number(whole.buyers.get(kind, 0)) for kind in ("regular", "chance", "new")
        ),
    }


def _show_dependence(whole: Portfolio) -> None:
    from regulars.base.formats import number, percent

    curve, shares = whole.curve, whole.concentration
    say()
    say(_("On whom the firm lives"), style="bold")
    if curve.top_fifth_share is None or curve.accounts_for_80_percent is None:
        indented(_("Nobody bought in the last 12 months."))
        return
    indented(
        _("The biggest 20% of customers bring {share} of sales; {count} of {all} customers bring 80%.").format(
            share=percent(curve.top_fifth_share, digits=0),
            count=number(curve.accounts_for_80_percent),
            all=number(curve.accounts),
        )
    )
    class_a = whole.buyers_of_class_a
    indented(
        _("Of those, {regular} are regulars, {chance} are chance buyers, {new} are new.").format(
            regular=number(class_a.get("regular", 0)),
            chance=number(class_a.get("chance", 0)),
            new=number(class_a.get("new", 0)),
        )
    )
    if shares.largest_share is not None and shares.top_five_share is not None and shares.herfindahl is not None:
        indented(
            _("Largest customer {largest}, largest five {five} of sales; Herfindahl index {index}.").format(
                largest=percent(shares.largest_share, digits=1),
                five=percent(shares.top_five_share, digits=1),
                index=number(shares.herfindahl, digits=4),
            )
        )


def _show_retention(whole: Portfolio) -> None:
    from regulars.base.formats import number, percent

    kept = whole.retention
    say()
    say(_("Who stays"), style="bold")
    if kept.repeat_rate is not None:
        indented(
            _("{share} of the customers of the last 12 months ordered on two days or more.").format(
                share=percent(kept.repeat_rate, digits=0)
            )
        )
    if kept.net is None or kept.gross is None:
        indented(_("Revenue retention is not known: the history does not cover two years."))
    else:
        indented(
            _(
                "Of each 100 of last year’s sales, the same customers bought {net} this year ({gross} without growth)."
            ).format(net=round(kept.net * 100), gross=round(kept.gross * 100))
        )
    if whole.customers:
        year = whole.customers[0]
        indented(
            _("Customers of the last 12 months: {kept} kept, {new} new, {returned} came back; {lost} lost.").format(
                kept=number(year.kept), new=number(year.new), returned=number(year.returned), lost=number(year.lost)
            )
        )


def _show_parts(title: str, found: Sequence[Part], most: int) -> None:
    from regulars.base.formats import number

    if not any(part.name for part in found):
        return
    say()
    show_table(
        [
            Column(heading=title, flexible=True),
            Column(heading=_("Sales 12 m"), justify="right"),
            Column(heading=_("Before"), justify="right", rank=1),
            Column(heading=_("Customers"), justify="right", rank=2),
        ],
        [
            [
                _part_name(part),
                number(part.sales_12m),
                number(part.sales_previous_12m),
                "" if part.customers is None else number(part.customers),
            ]
            for part in found[:most]
        ],
    )


def _part_name(part: Part) -> str:
    if part.put_together > 1:
        return ngettext("{count} other", "{count} others", part.put_together).format(count=part.put_together)
    return part.name or _("not known")


def _show_cohorts(cohorts: Sequence[Cohort]) -> None:
    from regulars.base.formats import number, percent

    if not cohorts:
        return
    shown = cohorts[-COHORTS_SHOWN:]
    periods = min(PERIODS_SHOWN, max(len(cohort.periods) for cohort in shown) - 1)
    say()
    show_table(
        [
            Column(heading=_("First order")),
            Column(heading=_("Customers"), justify="right"),
            *(Column(heading=f"+{period}", justify="right", rank=period) for period in range(1, periods + 1)),
        ],
        [
            [
                f"{cohort.start.year} Q{(cohort.start.month + 2) // 3}" + ("*" if cohort.beginning_unknown else ""),
                number(cohort.accounts),
                *(
                    percent(cohort.periods[period].active_share, digits=0)
                    + ("" if cohort.periods[period].complete else "…")
                    if period < len(cohort.periods)
                    else ""
                    for period in range(1, periods + 1)
                ),
            ]
            for cohort in shown
        ],
        title=_("Share of customers that ordered in the quarters after the first one"),
    )
    if any(cohort.beginning_unknown for cohort in shown):
        indented(
            _("* the history begins here: older customers are among them. … the quarter is not over."), style="dim"
        )


def _show_months(whole: Portfolio) -> None:
    from regulars.base.formats import number

    if not whole.months:
        return
    say()
    show_table(
        [
            Column(heading=_("Month")),
            Column(heading=_("Net sales"), justify="right"),
            Column(heading=_("Orders"), justify="right", rank=1),
            Column(heading=_("Customers"), justify="right", rank=2),
        ],
        [
            [
                f"{month.month:%Y-%m}" + ("" if month.complete else "…"),
                number(month.sales),
                number(month.orders),
                number(month.customers),
            ]
            for month in whole.months[-MONTHS_SHOWN:]
        ],
    )
