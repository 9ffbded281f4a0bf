"""`suggest`: what to offer an account and what it is about to buy again; or all suggestions computed anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, indented, progress, say, show_facts, show_table
from regulars.cli.session import Session, open_session
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from regulars.insight.affinity import DueAgain, Suggestion
    from regulars.insight.models import SuggestionRun

PANEL = _("Insight: what it means")


class NoSuggestionsYet(Refusal):
    """Suggestions were never computed."""


def add_commands(app: typer.Typer) -> None:
    app.command(
        "suggest",
        help=_("What to offer an account; without one, compute the suggestions of all."),
        rich_help_panel=PANEL,
    )(suggest)


def suggest(
    context: typer.Context,
    wanted: Annotated[
        str, typer.Argument(metavar="[ACCOUNT]", help=_("Customer number, name, part of it, or #number."))
    ] = "",
    most: Annotated[int, typer.Option("--most", min=1, help=_("How many to show."))] = 10,
    item: Annotated[
        str, typer.Option("--product", metavar="CODE", help=_("Whom to offer this product to, for a campaign."))
    ] = "",
) -> None:
    session = open_session(context)
    if item:
        _of_product(session, item, most)
    elif wanted:
        _of_account(session, wanted, most)
    else:
        _of_all(session, most)


def _of_account(session: Session, wanted: str, most: int) -> None:
    from regulars.facts.accounts import find_account
    from regulars.insight.affinity import CATEGORY, due_again, latest_run, suggestions_of

    account = find_account(wanted, member=session.acting)
    run = latest_run()
    if run is None:
        raise NoSuggestionsYet(_("No suggestions were computed yet."), _("Compute them: regulars suggest"))
    sees_cost = _sees_cost(session)
    products, due = suggestions_of(account, most=most), due_again(account, most=most)
    categories = suggestions_of(account, kind=CATEGORY, most=most)
    if session.options.json:
        emit_json(
            {
                "account": account.uid,
                "as_of": run.as_of,
                "horizon_days": run.horizon_days,
                "suggestions": [_json(one, sees_cost=sees_cost) for one in [*products, *categories]],
                "due_again": due,
            }
        )
        return
    say(str(account), style="bold")
    _show(products, due, run, sees_cost=sees_cost)
    if categories:
        say(_("New kinds of goods that may suit it: {names}.").format(names=", ".join(one.name for one in categories)))


def _json(found: Suggestion, *, sees_cost: bool) -> dict[str, object]:
    hidden = {} if sees_cost else {"margin_share": None}
    margin = found.expected_margin if sees_cost else None
    return vars(found) | hidden | {"expected_sales": found.expected_sales, "expected_margin": margin}


def _show(products: list[Suggestion], due: list[DueAgain], run: SuggestionRun, *, sees_cost: bool) -> None:
    from regulars.base.organisation import organisation
    from regulars.insight.affinity_sentences import reason, record_told, rhythm, worth

    currency = organisation().base_currency
    say(_("What else would help?"), style="bold")
    for one in products:
        say(f"{one.name} ({one.item})" if one.name != one.item else one.name)
        indented(" ".join([reason(one), worth(one, currency, sees_cost=sees_cost)]).strip(), style="dim")
    if not products:
        say(
            _("Nothing stands out: it has bought nothing for two years, or too little is known of what goes with what.")
        )
    if due:
        say(_("Due again"), style="bold")
    for again in due:
        say(f"{again.name} ({again.item})" if again.name != again.item else again.name)
        indented(rhythm(again, run.as_of), style="dim")
    if record := record_told(run):
        say(record, style="dim")


def _of_product(session: Session, item: str, most: int) -> None:
    from regulars.facts.accounts import visible_accounts
    from regulars.insight.affinity import accounts_for
    from regulars.insight.affinity_sentences import reason

    visible = visible_accounts(session.acting)
    among = None if session.acting is None else list(visible.values_list("pk", flat=True))
    found = accounts_for(item, most=most, among=among)
    accounts = visible.in_bulk([pk for pk, _one in found])
    shown = [(accounts[pk], one) for pk, one in found if pk in accounts]
    if session.options.json:
        sees_cost = _sees_cost(session)
        emit_json([{"account": account.uid} | _json(one, sees_cost=sees_cost) for account, one in shown])
        return
    columns = [
        Column(heading=_("Account")),
        Column(heading=_("Chance"), justify="right"),
        Column(heading=_("Why"), flexible=True),
    ]
    show_table(columns, [[str(account), _chance(one), reason(one)] for account, one in shown])


def _chance(found: Suggestion) -> str:
    from regulars.base.formats import percent

    return "" if found.chance is None else percent(found.chance)


def _sees_cost(session: Session) -> bool:
    from regulars.base.access import Permission, may

    return may(session.acting, Permission.SEE_COST)


def _of_all(session: Session, most: int) -> None:
    from regulars.base.access import Permission, require
    from regulars.base.formats import money, number
    from regulars.base.organisation import organisation
    from regulars.insight.affinity import offered_items
    from regulars.insight.affinity_learning import compute_suggestions
    from regulars.insight.affinity_sentences import record_told

    require(session.acting, Permission.CONFIGURE)
    with progress(quiet=session.options.quiet) as tell:
        run = compute_suggestions(as_of=session.options.as_of, progress=tell)
    offered = offered_items(most=most)
    if session.options.json:
        emit_json({"as_of": run.as_of, "accounts": run.accounts, "record": run.record, "offered": offered})
        return
    show_facts({_("as of"): run.as_of.isoformat(), _("accounts"): f"{run.accounts:,}"})
    currency = organisation().base_currency
    columns = [
        Column(heading=_("Product"), flexible=True),
        Column(heading=_("Suggested to"), justify="right"),
        Column(heading=_("Expected"), justify="right"),
    ]
    rows = [
        [one.name, number(one.accounts), "" if one.expected_sales is None else money(one.expected_sales, currency)]
        for one in offered
    ]
    show_table(columns, rows)
    if record := record_told(run):
        say(record, style="dim")
