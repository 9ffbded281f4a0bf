"""Who calls, and the colleagues that actions and accounts can be given to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from regulars.api.bearer import acting, scoped, token_in
from regulars.api.fields import MemberRef
from regulars.api.paging import Page, PageIn, page_of
from regulars.base.access import visible_members
from regulars.base.models import Member
from regulars.base.tokens import ApiScope

router = Router(tags=["members"])


class MemberOut(Schema):
    """A member of ours."""

    uid: UUID
    name: str
    email: str
    role: str
    team: str | None


class TokenOut(Schema):
    """The token that was sent, and as whom it acts."""

    uid: UUID
    name: str
    scopes: list[str]
    expires_at: datetime | None
    member: MemberRef
    role: str


@router.get("/token", response=TokenOut, summary="The token and its member")
def this_token(request: HttpRequest) -> TokenOut:
    token = token_in(request)
    return TokenOut(
        uid=token.uid,
        name=token.name,
        scopes=token.scopes,
        expires_at=token.expires_at,
        member=MemberRef(uid=token.member.uid, name=token.member.name),
        role=token.member.role,
    )


@router.get("/members", response=Page[MemberOut], summary="Colleagues that the member may see")
@scoped(ApiScope.ACTIONS_READ)
def list_members(request: HttpRequest, page: Query[PageIn]) -> Page[MemberOut]:
    found, following = page_of(visible_members(acting(request)).select_related("team"), page)
    return Page[MemberOut](items=[_shown(member) for member in found], next=following)


def _shown(member: Member) -> MemberOut:
    return MemberOut(
        uid=member.uid,
        name=member.name,
        email=member.email,
        role=member.role,
        team=member.team.name if member.team else None,
    )
