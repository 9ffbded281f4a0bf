"""Who should manage which key account. For the head of sales once a year, and when a manager comes or goes, to decide
who gets which: the proposal is solved over all at once and explained line by line; each line can be changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from regulars.base.access import Permission, may, require
from regulars.base.formats import number
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.models import Account
from regulars.insight.dependence import require_whole_firm
from regulars.plan.key_accounts import LONGEST_REASON, MOST_A_MANAGER, WrongKeyAccount, appoint_several
from regulars.plan.key_assignment import Assignment, Proposed, propose_assignment
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the proposal as it is shown, with what was chosen so far."""

    proposed: Proposed
    accepted: bool
    chosen: str
    """uid of the manager."""
    options: SafeString
    """All managers to choose from."""


@require_http_methods(["GET", "HEAD", "POST"])
def assignment(request: HttpRequest) -> HttpResponse:
    """The proposal; who may assign accepts it, as it is or changed."""
    desk = desk_of(request)
    require_whole_firm(desk.member)
    if request.method == "POST":
        require(desk.member, Permission.ASSIGN)
    found = propose_assignment(on=desk.day, member=desk.member)
    options = Options.of(found.managers)
    rows = [_row(one, request, options) for one in found.proposed]
    refusal = None
    if request.method == "POST":
        try:
            count = _accepted(request, desk, rows, found)
        except Refusal as refused:
            refusal = refused
        else:
            text = ngettext(
                "%(count)s key account has a new manager.", "%(count)s key accounts have a new manager.", count
            )
            show_next(request, Toast(text=text % {"count": number(count)}))
            return redirect("key_accounts")
    context: dict[str, Any] = {
        "desk": desk,
        "rows": rows,
        "changes": any(row.proposed.changes for row in rows),
        "managers": [(one, found.load.get(one.pk, 0)) for one in found.managers],
        "most": MOST_A_MANAGER,
        "may_assign": may(desk.member, Permission.ASSIGN),
        "refusal": refusal,
        "exception": request.POST.get("exception", ""),
        "has_figures": desk.figures_of is not None,
    }
    return render(request, "web/key_accounts/assignment.html", context, status=422 if refusal else 200)


@dataclass(frozen=True, kw_only=True)
class Options:
    """The managers as options of a choice, by uid. Made once: every line has all of them."""

    plain: dict[str, SafeString]
    chosen: dict[str, SafeString]

    @classmethod
    def of(cls, managers: Sequence[Member]) -> Options:
        names = {str(one.uid): one.name for one in managers}
        return cls(
            plain={uid: format_html('<option value="{}">{}</option>', uid, name) for uid, name in names.items()},
            chosen={
                uid: format_html('<option value="{}" selected>{}</option>', uid, name) for uid, name in names.items()
            },
        )

    def choosing(self, chosen: str) -> SafeString:
        # Each is safe already; joined so, since two hundred lines have them all.
        return mark_safe("".join(self.chosen[uid] if uid == chosen else one for uid, one in self.plain.items()))  # noqa: S308


def _row(one: Proposed, request: HttpRequest, options: Options) -> Row:
    uid = str(one.account.uid)
    chosen, accepted = str(one.manager.uid) if one.manager else "", one.changes
    if request.method == "POST":
        accepted = uid in request.POST.getlist("accept")
        chosen = request.POST.get(f"manager-{uid}", chosen)
    return Row(proposed=one, accepted=accepted, chosen=chosen, options=options.choosing(chosen))


def _accepted(request: HttpRequest, desk: Desk, rows: Sequence[Row], found: Assignment) -> int:
    """Appoint what was ticked; a line whose manager stays is nothing to do."""
    managers = {str(one.uid): one for one in found.managers}
    pairs: list[tuple[Account, Member]] = []
    for row in rows:
        manager = managers.get(row.chosen)
        if not row.accepted or (manager is not None and _same(manager, row.proposed.before)):
            continue
        if manager is None:
            words = {"account": row.proposed.account}
            raise WrongKeyAccount(_("Nobody is chosen for %(account)s.") % words, _("Choose a manager, or untick it."))
        pairs.append((row.proposed.account, manager))
    if not pairs:
        raise WrongKeyAccount(_("No change is ticked."), _("Tick the lines that shall hold, or leave all as it is."))
    exception = request.POST.get("exception", "")[:LONGEST_REASON]
    return len(appoint_several(pairs=pairs, on=desk.day, member=desk.member, exception=exception))


def _same(one: Model | None, other: Model | None) -> bool:
    return one is not None and other is not None and one.pk == other.pk
