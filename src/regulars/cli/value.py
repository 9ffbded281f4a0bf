"""`projects`, `value-proofs`, `value-proof`, `pitch`: what customers gain with us, what they say, whom it helps."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, note, say, show_table
from regulars.cli.session import open_session

if TYPE_CHECKING:
    from regulars.plan.models import JointProject, ValueProof
    from regulars.plan.pitch import Pitch

PANEL = _("Plan: what to do")


def add_commands(app: typer.Typer) -> None:
    for name, told, command in (
        ("projects", _("What customers and we improve together."), projects),
        ("value-proofs", _("What customers value, in their words."), value_proofs),
        ("value-proof", _("Note what a customer said that it values."), value_proof),
        ("pitch", _("What customers like this account say; as one page to hand over."), pitch),
    ):
        app.command(name, help=told, rich_help_panel=PANEL)(command)


def projects(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="[ACCOUNT]", help=_("Customer number, name, or part of it."))] = "",
    everything: Annotated[bool, typer.Option("--all", help=_("Ended ones, too."))] = False,
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.plan.joint_projects import projects_of, visible_projects
    from regulars.plan.models import JointProject

    found = visible_projects(session.acting)
    if wanted:
        found = projects_of(find_account(wanted, member=session.acting), member=session.acting)
    if not everything:
        found = found.filter(state__in=JointProject.LIVE)
    related = found.select_related("account__merged_into", "owner").prefetch_related("measurements", "sign_offs")
    shown = list(related[:200])
    if session.options.json:
        emit_json([_project_json(one) for one in shown])
    elif not shown:
        note(_("There is no joint project."))
    else:
        _show_projects(shown)


def _show_projects(shown: list[JointProject]) -> None:
    from regulars.plan.joint_projects import progress_of
    from regulars.plan.sign_offs import amount_told

    columns = [
        Column(heading=_("Account"), flexible=True),
        Column(heading=_("Project"), flexible=True),
        Column(heading=_("State")),
        Column(heading=_("At the start"), justify="right", rank=1),
        Column(heading=_("Measured"), justify="right"),
    ]
    rows = []
    for one in shown:
        newest = progress_of(one).newest
        start, now = amount_told(one, one.baseline), amount_told(one, newest.value) if newest else "–"
        rows.append([_account(one), one.title, one.get_state_display(), start, now])
    show_table(columns, rows)


def value_proofs(
    context: typer.Context,
    words: Annotated[str, typer.Argument(metavar="[WORDS]", help=_("Only those that hold these words."))] = "",
    what: Annotated[str, typer.Option("--what", help=_("service, advice, delivery, maintenance, …"))] = "",
    most: Annotated[int, typer.Option("--most", min=1, help=_("How many to show."))] = 20,
) -> None:
    session = open_session(context)
    from regulars.plan.value_proofs import library, with_names

    found = library(session.acting)
    if what:
        found = found.filter(what=what)
    if words:
        found = found.filter(words__icontains=words)
    shown = list(with_names(found)[:most])
    if session.options.json:
        emit_json([_proof_json(one) for one in shown])
        return
    if not shown:
        note(_("No customer’s words are noted."))
    for one in shown:
        told = _proof_json(one)
        say(f"“{told['words']}”")
        say(f"  {told['what']} · {told['who']} · {told['said_on']}", style="dim")


def value_proof(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, or part of it."))],
    words: Annotated[str, typer.Argument(metavar="WORDS", help=_("What it said, in its words."))],
    what: Annotated[str, typer.Option("--what", help=_("service, advice, delivery, maintenance, …"))] = "other",
    consent: Annotated[str, typer.Option("--consent", help=_("none, anonymous or by_name"))] = "none",
    consent_from: Annotated[str, typer.Option("--from", help=_("Who of theirs allowed that it is quoted."))] = "",
    on: Annotated[str, typer.Option("--on", metavar="DATE", help=_("Said on this day; else today."))] = "",
) -> None:
    session = open_session(context)
    from regulars.facts.accounts import find_account
    from regulars.plan.value_proofs import note_proof

    made = note_proof(
        account=find_account(wanted, member=session.acting),
        on=session.day,
        member=session.member,
        words=words,
        what=what,
        consent=consent,
        consent_from=consent_from,
        said_on=_day(on) if on else session.day,
    )
    if session.options.json:
        emit_json(_proof_json(made))
        return
    say(_("Noted: {account} values {what}.").format(account=_account(made), what=made.get_what_display()))


def pitch(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ACCOUNT", help=_("Customer number, name, or part of it."))],
    what: Annotated[str, typer.Option("--what", help=_("What it looks for."))] = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help=_("Write it as a PDF to this file."))] = None,
    language: Annotated[str, typer.Option("--language", help=_("Language of the reader; else your own."))] = "",
) -> None:
    session = open_session(context)
    from django.utils import translation

    from regulars.base.organisation import check_language
    from regulars.facts.accounts import find_account
    from regulars.plan.pitch import pitch_for, profile_of
    from regulars.plan.pitch_document import pitch_pdf

    if language:
        check_language(language)
    account = find_account(wanted, member=session.acting)
    with translation.override(language or translation.get_language() or "en"):
        made = pitch_for(
            prospect=account.name,
            profile=profile_of(account, wanted=what),
            member=session.acting,
            leave_out=account,
        )
        printed = pitch_pdf(made, member=session.member) if output else b""
    if output is not None:
        output.write_bytes(printed)
    if session.options.json:
        emit_json(_pitch_json(made))
        return
    if not made.quotes:
        note(_("No similar customer may be quoted yet."))
    for one in made.quotes:
        say(f"“{one.words}”")
        say(f"  {one.who}", style="dim")
    if made.others:
        say(made.others)


def _account(record: JointProject | ValueProof) -> str:
    return (record.account.merged_into or record.account).name


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(_("Write the date as year-month-day, for example 2026-01-31.")) from None


def _project_json(one: JointProject) -> dict[str, Any]:
    from regulars.plan.joint_projects import progress_of

    found = progress_of(one)
    return {
        "uid": one.uid,
        "account": _account(one),
        "title": one.title,
        "state": one.state,
        "measure": one.measure,
        "unit": one.unit,
        "baseline": str(one.baseline),
        "measured": str(found.newest.value) if found.newest else None,
        "saved_minor": found.saved_minor,
        "currency": one.currency,
        "confirmed": any(each.answer == "agrees" for each in one.sign_offs.all()),
    }


def _proof_json(one: ValueProof) -> dict[str, Any]:
    """As others may read it: whoever runs this may print it."""
    from regulars.plan.pitch import attribution
    from regulars.plan.value_proofs import quoted_words

    return {
        "uid": one.uid,
        "what": one.what,
        "words": quoted_words(one),
        "who": attribution(one),
        "consent": one.consent,
        "said_on": one.said_on,
    }


def _pitch_json(made: Pitch) -> dict[str, Any]:
    quotes = [
        {"what": one.proof.what, "words": one.words, "who": one.who, "likeness": one.likeness.value}
        for one in made.quotes
    ]
    return {"quotes": quotes, "others": made.others}
