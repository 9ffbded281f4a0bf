"""What somebody of ours said about an account and takes back: it stays on record, and can be let stand again."""

from __future__ import annotations

from typing import TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import require_account
from regulars.facts.models import ToldSign, WalletEstimate

Said = TypeVar("Said", ToldSign, WalletEstimate)


def withdraw(said: Said, *, verb: str, member: Member | None, wrong: type[Refusal]) -> Said:
    """Take it back. Within a transaction; raises `wrong` for what was taken back before."""
    found = _locked(said, member)
    if found.withdrawn_at is not None:
        raise wrong(_("This was withdrawn before."), _("There is nothing left to do."))
    with audited(found, verb=verb, member=member):
        found.withdrawn_at = timezone.now()
        found.save()
    return found


def restore(said: Said, *, verb: str, member: Member | None, wrong: type[Refusal], stands: str) -> Said:
    """Let it stand again. Within a transaction; raises `wrong`, with the sentence `stands`, for what stands already."""
    found = _locked(said, member)
    if found.withdrawn_at is None:
        raise wrong(stands, _("There is nothing left to do."))
    with audited(found, verb=verb, member=member):
        found.withdrawn_at = None
        found.save()
    return found


def _locked(said: Said, member: Member | None) -> Said:
    locked = type(said)._default_manager.select_for_update(of=("self",)).select_related("account__merged_into")
    found = locked.get(pk=said.pk)
    require_account(found.account, member=member)
    return found
