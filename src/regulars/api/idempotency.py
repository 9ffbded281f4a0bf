"""A request that is sent again - since the answer was lost on the way - is answered again, not carried out again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.api.problems import UsedKey
from regulars.base.locks import exclusive
from regulars.base.models import AnsweredRequest, Member

KEPT = timedelta(days=7)
WAIT_SECONDS = 20


def answered_once(
    request: HttpRequest, *, member: Member, key: str, carry_out: Callable[[], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The answer that was given to this request under this key, else the one that `carry_out` gives now.

    Requests under keys follow one after the other. A process that dies after the work and before its answer is kept
    leaves no answer: the request is then carried out again, so `carry_out` has to be something that may happen twice.
    A refusal is not kept. Raises `UsedKey` for a key under which another request was answered.
    """
    fingerprint = hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body).hexdigest()
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
