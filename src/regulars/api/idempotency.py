"""A request that is sent again - since the answer was lost on the way - is answered again, not carried out again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.locks import exclusive
from regulars.base.models import AnsweredRequest, Member
from regulars.core.errors import Refusal

KEPT = timedelta(days=7)
WAIT_SECONDS = 20
LONGEST_KEY = 255


class WrongKey(Refusal):
    """This is no idempotency key."""


class UsedKey(Refusal):
    """The idempotency key was used for another request."""


def done_once(
    request: HttpRequest, *, member: Member, carry_out: Callable[[], tuple[int, Any]]
) -> tuple[int, Any, bool]:
    """Status and content of the answer, and whether it was given before: for a change of working records alone.

    Change and answer are kept in one transaction, so it is carried out once however the request was cut off. Without a
    key in the header `Idempotency-Key`: carried out each time. Raises `UsedKey` as `answered_once` does.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return *carry_out(), False
    if len(key) > LONGEST_KEY:
        raise WrongKey(_("This idempotency key is too long."), _("Use one of at most 255 letters."))
    with transaction.atomic():
        begun, new = _begun(member, key, _fingerprint(request))
        if not new:
            return begun.answer["status"], begun.answer["content"], True
        status, content = carry_out()
        begun.answer = {"status": status, "content": content}
        begun.save(update_fields=["answer"])
        return status, content, False


def _begun(member: Member, key: str, fingerprint: str) -> tuple[AnsweredRequest, bool]:
    """The answer that was kept, or one to be filled; a second request waits here until the first is done."""
    now = timezone.now()
    AnsweredRequest.objects.filter(at__lt=now - KEPT).delete()
    kept, new = AnsweredRequest.objects.get_or_create(
        member=member, key=key, defaults={"fingerprint": fingerprint, "answer": {}, "at": now}
    )
    if kept.fingerprint != fingerprint:
        raise UsedKey(_("This idempotency key was used for another request."), _("Use a new key for a new request."))
    return kept, new


def _fingerprint(request: HttpRequest) -> str:
    return hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body).hexdigest()


def answered_once(
    request: HttpRequest, *, member: Member, key: str, carry_out: Callable[[], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The answer that was given to this request under this key, else the one that `carry_out` gives now.

    Requests under keys follow one after the other. A process that dies after the work and before its answer is kept
    leaves no answer: the request is then carried out again, so `carry_out` has to be something that may happen twice.
    A refusal is not kept. Raises `UsedKey` for a key under which another request was answered.
    """
    fingerprint = _fingerprint(request)
    with exclusive("api-requests-under-keys", wait_seconds=WAIT_SECONDS):
        now = timezone.now()
        AnsweredRequest.objects.filter(at__lt=now - KEPT).delete()
        kept = AnsweredRequest.objects.filter(member=member, key=key).first()
        if kept is None:
            answer = carry_out()
            AnsweredRequest.objects.create(member=member, key=key, fingerprint=fingerprint, answer=answer, at=now)
            return answer
    if kept.fingerprint != fingerprint:
        raise UsedKey(_("This idempotency key was used for another request."), _("Use a new key for a new request."))
    answered: Mapping[str, Any] = kept.answer
    return answered
