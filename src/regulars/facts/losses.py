"""Losses that were told: declared by who hears it, taken back if it was a mistake, over when the account orders again.

They are facts: how long customers stay is computed with them (`insight/lifetimes.py`); winning back is `plan/lost.py`.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account, require_account
from regulars.facts.models import Account, Loss


class WrongLoss(Refusal):
    """A loss cannot be declared or taken back like this."""


def standing_losses() -> QuerySet[Loss]:
    """Those that hold."""
    return Loss.objects.filter(withdrawn_at=None, back_on=None).select_related("account__merged_into")


def standing_losses_of(account: Account) -> QuerySet[Loss]:
    """Those that hold of the account, or of one that was merged into it."""
    return standing_losses().filter(of_account(account))


@transaction.atomic
def declare_loss(
    *, account: Account, since: date, on: date, member: Member | None, known: str = Loss.Known.DECLARED
) -> Loss:
    """Say that the account is lost since a day. Raises `WrongLoss` if it was said before, and for a day to come."""
    require_account(account, member=member)
    account = account.merged_into or account
    if since > on:
        raise WrongLoss(_("That day is yet to come."), _("Give the day since which it is lost."))
    if known not in Loss.Known.values:
        raise WrongLoss(
            _("A loss is not known by “%(known)s”.") % {"known": known},
            _("Use one of: %(ways)s.") % {"ways": ", ".join(Loss.Known.values)},
        )
    if standing_losses_of(account).exists():
        raise WrongLoss(_("%(account)s is lost already.") % {"account": account}, _("There is nothing left to do."))
    made = Loss(account=account, since=since, known=known, declared_by=member)
    with audited(made, verb="declare_loss", member=member):
        made.save()
    return made


@transaction.atomic
def withdraw_loss(*, loss: Loss, member: Member | None) -> Loss:
    """Take back that the account is lost: it was a mistake."""
    found = _locked(loss)
    require_account(found.account, member=member)
    with audited(found, verb="withdraw_loss", member=member):
        found.withdrawn_at = timezone.now()
        found.save()
    return found


@transaction.atomic
def end_loss(*, loss: Loss, on: date, member: Member | None) -> Loss:
    """Say that the account is a customer again. `member` None: its order says so."""
    found = _locked(loss)
    require_account(found.account, member=member)
    with audited(found, verb="end_loss", member=member):
        found.back_on = on
        found.save()
    return found


@transaction.atomic
def resume_loss(*, loss: Loss, member: Member | None) -> Loss:
    """Take back that the account is a customer again."""
    found = Loss.objects.select_for_update(of=("self",)).select_related("account__merged_into").get(pk=loss.pk)
    require_account(found.account, member=member)
    with audited(found, verb="resume_loss", member=member):
        found.back_on = None
        found.save()
    return found


def _locked(loss: Loss) -> Loss:
    locked = Loss.objects.select_for_update(of=("self",)).select_related("account__merged_into")
    found = locked.filter(pk=loss.pk, withdrawn_at=None, back_on=None).first()
    if found is None:
        raise WrongLoss(_("This loss holds no more."), _("There is nothing left to do."))
    return found
