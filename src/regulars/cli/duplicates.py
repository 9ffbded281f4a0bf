"""`duplicates`, `merge`, `unmerge`, `different`: accounts that may be the same customer."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import emit_json, say
from regulars.cli.session import open_session
from regulars.core.errors import Refusal

PANEL = _("Facts: what happened")


class NoSuchMerge(Refusal):
    """There is no merge to take back."""


def add_commands(app: typer.Typer) -> None:
    app.command("duplicates", help=_("Accounts that may be the same customer."), rich_help_panel=PANEL)(duplicates)
    app.command("merge", help=_("Make one account of two."), rich_help_panel=PANEL)(merge)
    app.command("unmerge", help=_("Take a merge back."), rich_help_panel=PANEL)(unmerge)
    app.command("different", help=_("Say that two accounts are two customers."), rich_help_panel=PANEL)(different)


_ACCOUNT = _("Customer number, name or #number of the account.")


def duplicates(
    context: typer.Context, limit: Annotated[int, typer.Option(min=1, help=_("At most so many pairs."))] = 20
) -> None:
    session = open_session(context)
    from regulars.facts.duplicates import propose_duplicates

    pairs = propose_duplicates(limit=limit, member=session.member)
    if session.options.json:
        emit_json(
            [
                {
                    "first": _account_json(pair.first),
                    "second": _account_json(pair.second),
                    "score": round(pair.score, 3),
                    "reasons": pair.reasons,
                }
                for pair in pairs
            ]
        )
        return
    if not pairs:
        say(_("No account looks like another."))
        return
    for pair in pairs:
        say(f"#{pair.first.pk} {pair.first}  =  #{pair.second.pk} {pair.second}   ({pair.score:.0%})", style="bold")
        for reason in pair.reasons:
            say(f"  {reason}")
    say()
    say(_("The same: regulars merge KEPT OTHER.  Two customers: regulars different FIRST SECOND."), style="dim")


FIGURES_FOLLOW = _("The figures follow at night, or now with: regulars score")


def merge(
    context: typer.Context,
    kept: Annotated[str, typer.Argument(help=_ACCOUNT)],
    other: Annotated[str, typer.Argument(help=_("The account that becomes part of it."))],
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.facts.merges import merge_accounts

    merged = merge_accounts(
        kept=find_account(kept, member=session.member),
        merged=find_account(other, member=session.member),
        member=session.member,
    )
    if session.options.json:
        emit_json({"merge": merged.pk, "kept": _account_json(merged.kept), "merged": _account_json(merged.merged)})
        return
    say(_("{merged} is part of {kept} now.").format(merged=merged.merged, kept=merged.kept))
    say(_("Take it back with: regulars unmerge {number}").format(number=merged.pk), style="dim")
    say(FIGURES_FOLLOW, style="dim")


def unmerge(
    context: typer.Context,
    number: Annotated[int | None, typer.Argument(help=_("Number of the merge; without it the last one."))] = None,
) -> None:
    session = open_session(context)
    from regulars.facts.merges import undo_merge
    from regulars.facts.models import AccountMerge

    merges = AccountMerge.objects.filter(undone_at=None).order_by("-pk")
    found = merges.filter(pk=number).first() if number is not None else merges.first()
    if found is None:
        raise NoSuchMerge(
            _("There is no merge to take back.")
            if number is None
            else _("Merge {number} is not in force.").format(number=number),
            _("The last merge in force is taken back by: regulars unmerge")
            if merges.exists()
            else _("All merges are taken back already, or none was made."),
        )
    account = undo_merge(merge=found, member=session.member)
    if session.options.json:
        emit_json({"merge": found.pk, "restored": _account_json(account)})
        return
    say(_("{merged} is an account of its own again.").format(merged=found.merged))
    say(FIGURES_FOLLOW, style="dim")


def different(
    context: typer.Context,
    first: Annotated[str, typer.Argument(help=_ACCOUNT)],
    second: Annotated[str, typer.Argument(help=_ACCOUNT)],
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.facts.duplicates import mark_different

    one, other = find_account(first, member=session.member), find_account(second, member=session.member)
    mark_different(first=one, second=other, member=session.member)
    if session.options.json:
        emit_json({"first": _account_json(one), "second": _account_json(other)})
        return
    say(_("{first} and {second} are not proposed again.").format(first=one, second=other))


def _account_json(account: Any) -> dict[str, Any]:
    return {"uid": account.uid, "number": account.pk, "customer_number": account.external_id, "name": account.name}
