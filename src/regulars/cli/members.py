"""`member` and `team`: the people of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from regulars.cli.language import _
from regulars.cli.output import Column, emit_json, say, show_table
from regulars.cli.session import find_member, open_session
from regulars.cli.today import made_up_or_not
from regulars.core.errors import Refusal

if TYPE_CHECKING:
    from regulars.base.models import Team

PANEL = _("Installation")


class NoSuchTeam(Refusal):
    """There is no team of that name."""


def add_commands(app: typer.Typer) -> None:
    member = typer.Typer(no_args_is_help=True, help=_("The people of ours: add, change, list."))
    member.command("add", help=_("Add a member."))(add)
    member.command("invite", help=_("Invite a new member by mail."))(invite)
    member.command("role", help=_("Give a member another role."))(role)
    member.command("let-in", help=_("Let in again who lost phone or password."))(let_in)
    member.command("deactivate", help=_("Take a member's login away."))(deactivate)
    member.command("list", help=_("List the members."))(list_members)
    app.add_typer(member, name="member", rich_help_panel=PANEL)
    team = typer.Typer(no_args_is_help=True, help=_("Teams: add, list."))
    team.command("add", help=_("Add a team."))(add_team)
    team.command("list", help=_("List the teams."))(list_teams)
    app.add_typer(team, name="team", rich_help_panel=PANEL)


_ROLES = "owner, sales_head, account_manager, new_business_seller, service, marketer, analyst"
Name = Annotated[str, typer.Option(help=_("Name."))]
RoleName = Annotated[str, typer.Option(help=_("Role: {roles}.").format(roles=_ROLES))]
TeamName = Annotated[str, typer.Option(help=_("Name of the team."))]
Language = Annotated[str, typer.Option(help=_("Language: en, ne, hi, ur, bn, th."))]


def add(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help=_("E-mail, with which the member signs in."))],
    name: Name,
    role: RoleName = "account_manager",
    team: TeamName = "",
    language: Language = "",
    seller_code: Annotated[str, typer.Option(help=_("How the order files call this person."))] = "",
) -> None:
    session = open_session(context)
    from regulars.base.members import create_member

    person = create_member(
        member=session.member,
        email=email,
        name=name,
        role=role,
        team=find_team(team) if team else None,
        language=language,
        seller_code=seller_code,
    )
    _done(context, _("Added: {name} ({email}).").format(name=person.name, email=person.email), person.email)


def invite(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help=_("E-mail, with which the member will sign in."))],
    name: Name,
    role: RoleName = "account_manager",
    team: TeamName = "",
    language: Language = "",
) -> None:
    session = open_session(context)
    from regulars.base.invitations import invite_member, link_of

    invitation = invite_member(
        member=session.member,
        email=email,
        name=name,
        role=role,
        team=find_team(team) if team else None,
        language=language,
    )
    link = link_of(invitation)
    if context.obj.json:
        emit_json({"done": True, "subject": invitation.email, "link": link})
    else:
        say(_("Invited: {name} ({email}). The link: {link}").format(name=name, email=invitation.email, link=link))


def role(
    context: typer.Context,
    person: Annotated[str, typer.Argument(metavar="MEMBER", help=_("E-mail or name."))],
    new_role: Annotated[str, typer.Argument(metavar="ROLE", help=_ROLES)],
) -> None:
    session = open_session(context)
    from regulars.base.members import change_role

    changed = change_role(person=find_member(person), role=new_role, member=session.member)
    _done(context, f"{changed.name}: {changed.get_role_display()}", changed.email)


def let_in(
    context: typer.Context, person: Annotated[str, typer.Argument(metavar="MEMBER", help=_("E-mail or name."))]
) -> None:
    session = open_session(context)
    from regulars.base.lost_access import let_in_again

    found = find_member(person)
    link = let_in_again(person=found, member=session.member)
    if context.obj.json:
        emit_json({"done": True, "subject": found.email, "link": link})
    else:
        say(
            _("{name} needs no second factor any more, and chooses a password here, once: {link}").format(
                name=found.name, link=link
            )
        )


def deactivate(
    context: typer.Context, person: Annotated[str, typer.Argument(metavar="MEMBER", help=_("E-mail or name."))]
) -> None:
    session = open_session(context)
    from regulars.base.members import deactivate_member

    gone = deactivate_member(person=find_member(person), member=session.member)
    _done(context, _("{name} can no longer sign in.").format(name=gone.name), gone.email)


def list_members(context: typer.Context) -> None:
    session = open_session(context)
    from regulars.base.access import visible_members

    members = visible_members(session.member).select_related("team")
    if session.options.json:
        emit_json(
            [
                {
                    "uid": person.uid,
                    "name": person.name,
                    "email": person.email,
                    "role": person.role,
                    "team": person.team.name if person.team else None,
                    "seller_code": person.seller_code or None,
                    "made_up": person.generated,
                }
                for person in members
            ]
        )
        return
    show_table(
        [
            Column(heading=_("Name"), flexible=True),
            Column(heading=_("Role")),
            Column(heading=_("Team"), rank=1),
            Column(heading=_("E-mail"), rank=2),
        ],
        [
            [
                made_up_or_not(person),
                str(person.get_role_display()),
                person.team.name if person.team else "",
                person.email,
            ]
            for person in members
        ],
    )


def add_team(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=_("Name of the team."))],
    kind: Annotated[str, typer.Option(help="new_business, growth, service, other")] = "growth",
) -> None:
    session = open_session(context)
    from regulars.base.organisation import create_team

    team = create_team(member=session.member, name=name, kind=kind)
    _done(context, _("Added: {name}.").format(name=team.name), team.name)


def list_teams(context: typer.Context) -> None:
    session = open_session(context)
    from django.db.models import Count

    from regulars.base.models import Team

    teams = Team.objects.annotate(people=Count("members")).order_by("name")
    if session.options.json:
        emit_json([{"uid": team.uid, "name": team.name, "kind": team.kind, "members": team.people} for team in teams])
        return
    show_table(
        [Column(heading=_("Name")), Column(heading=_("Kind")), Column(heading=_("Members"), justify="right")],
        [[team.name, str(team.get_kind_display()), str(team.people)] for team in teams],
    )


def find_team(name: str) -> Team:
    from regulars.base.models import Team

    found = Team.objects.filter(name__iexact=name).first()
    if found is None:
        raise NoSuchTeam(
            _("There is no team “{name}”.").format(name=name),
            _("Add it with: regulars team add “{name}”").format(name=name),
        )
    return found


def _done(context: typer.Context, sentence: str, subject: str) -> None:
    if context.obj.json:
        emit_json({"done": True, "subject": subject})
    else:
        say(sentence)
