"""Printing a dossier: asked for by a member, made by a job, fetched by nobody else, kept for some days.

Each is noted in the audit trail, when it is asked for and when it is fetched: it tells much about people.
"""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import record_change
from regulars.base.formats import buddhist_years
from regulars.base.jobs import enqueue, job
from regulars.base.models import Member
from regulars.base.printing import page_count
from regulars.core.errors import Refusal
from regulars.facts.accounts import require_account
from regulars.facts.models import Account
from regulars.plan.dossier_document import Progress, dossier_pdf
from regulars.plan.models import DossierPrint

KEPT_FOR: Final = timedelta(days=7)
GIVEN_UP_AFTER: Final = timedelta(minutes=30)
"""One that was not made by then was broken off: another may be asked for."""


class NoSuchPrint(Refusal):
    """There is no such dossier to fetch."""


def prints_of(account: Account, *, member: Member) -> QuerySet[DossierPrint]:
    """What the member had printed of an account, the newest first, without the files themselves."""
    found = DossierPrint.objects.filter(account=account, member=member, created_at__gt=timezone.now() - KEPT_FOR)
    return found.defer("content").order_by("-pk")


@transaction.atomic
def ask_for_dossier(*, account: Account, on: date, member: Member) -> DossierPrint:
    """Have the dossier printed in the language in force. One that is under way is not begun twice."""
    require_account(account, member=member, permission=Permission.READ)
    account = account.merged_into or account
    DossierPrint.objects.filter(created_at__lte=timezone.now() - KEPT_FOR).delete()
    mine = DossierPrint.objects.filter(account=account, member=member)
    under_way = mine.filter(state__in=DossierPrint.UNDER_WAY, created_at__gt=timezone.now() - GIVEN_UP_AFTER).first()
    if under_way is not None:
        return under_way
    mine.delete()
    language = translation.get_language() or settings.LANGUAGE_CODE
    made = DossierPrint.objects.create(account=account, member=member, language=language, as_of=on)
    _note(account, "print_dossier", member, {"language": language})
    enqueue(make_dossier, print_id=made.pk)
    return made


def fetch_dossier(*, uid: UUID, member: Member) -> DossierPrint:
    """The printed dossier with its file, for who asked for it, while he may still see the account."""
    found = DossierPrint.objects.filter(uid=uid, member=member, state=DossierPrint.State.READY).first()
    if found is None:
        raise NoSuchPrint(
            _("This dossier is not there any more."), _("Have it printed again on the page of the account.")
        )
    require(member, Permission.READ)
    require_account(found.account, member=member, permission=Permission.READ)
    _note(found.account, "fetch_dossier", member, {"language": found.language})
    return found


def dossier_for_file(*, account: Account, on: date, member: Member | None) -> bytes:
    """The dossier at once, for who writes it to a file of his own; noted as well."""
    require_account(account, member=member, permission=Permission.READ)
    made = dossier_pdf(account, on=on, member=member)
    _note(account.merged_into or account, "print_dossier", member, {"language": translation.get_language()})
    return made


@job(retries=1, pause_seconds=5)
def make_dossier(*, print_id: int) -> None:
    """Make the PDF of one that was asked for. Begun twice, it is made anew."""
    asked = DossierPrint.objects.select_related("account", "member").filter(pk=print_id).first()
    if asked is None or asked.state == DossierPrint.State.READY:
        return
    try:
        with translation.override(asked.language), buddhist_years(asked.member.buddhist_years):
            content = dossier_pdf(asked.account, on=asked.as_of, member=asked.member, progress=_telling(asked.pk))
    except Exception:
        _now(asked.pk, state=DossierPrint.State.FAILED)
        raise
    _now(
        asked.pk,
        state=DossierPrint.State.READY,
        done_percent=100,
        pages=page_count(content),
        content=content,
        ready_at=timezone.now(),
    )


TELL_EVERY_SECONDS: Final = 0.4


def _telling(print_id: int) -> Progress:
    """Says on the record how far the work is, not more often than anybody would see."""
    told_at = 0.0

    def tell(share: float) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= TELL_EVERY_SECONDS:
            told_at = time.monotonic()
            _now(print_id, state=DossierPrint.State.MAKING, done_percent=round(share * 100))

    return tell


def _now(print_id: int, **fields: object) -> None:
    DossierPrint.objects.filter(pk=print_id).update(**fields, updated_at=timezone.now())


def _note(account: Account, verb: str, member: Member | None, said: dict[str, str | None]) -> None:
    record_change(member=member, verb=verb, record=account, before={}, after=said, account_id=account.pk)
