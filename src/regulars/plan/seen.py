"""Who sees a record about an account that may have been merged since."""

from __future__ import annotations

from django.db.models import Q

from regulars.base.models import Member
from regulars.facts.accounts import seen_by


def seen_with_account(member: Member | None) -> Q:
    """The condition that `member` sees the account of a record, or the one that it was merged into."""
    own = seen_by(member, at="account__") & Q(account__merged_into=None)
    merged = seen_by(member, at="account__merged_into__") & Q(account__merged_into__isnull=False)
    return own | merged
