"""The plan of a key account. For its manager before each week and each visit, to decide what is done next, and for the
head of sales, to see whether goals are met and whom to visit in person.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from regulars.base.access import Permission, Scope, account_scope, require
from regulars.base.formats import day as day_text
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account, visible_accounts
from regulars.facts.models import Account
from regulars.insight.key_signs import KeySign, key_signs_of, told_sign
from regulars.insight.models import Score
from regulars.insight.new_products import NewProduct, to_be_shown
from regulars.plan.bonuses import entitlements, given_to
from regulars.plan.causes.key_plan import due_visits, executive_visits
from regulars.plan.key_plans import (
    LONGEST_TEXT,
    add_plan_entry,
    move_plan_entry,
    plan_of,
    reopen_plan_entry,
    settle_plan_entry,
    visible_plan_entries,
)
from regulars.plan.models import KeyAccount, KeyPlanEntry
from regulars.plan.people_map import people_map
from regulars.plan.relation_sentences import beside_the_money, gap_sentences, health, health_label
from regulars.plan.seen import seen_with_account
from regulars.plan.thresholds import plan_thresholds
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next

SOON = timedelta(days=14)
"""A line of which no day is said is due in so many days."""
MOST_SETTLED = 50
SECTIONS = (
    (KeyPlanEntry.Kind.GOAL, gettext_lazy("Goals")),
    (KeyPlanEntry.Kind.MILESTONE, gettext_lazy("Milestones")),
    (KeyPlanEntry.Kind.ACTION, gettext_lazy("Actions")),
    (KeyPlanEntry.Kind.VISIT, gettext_lazy("Visits of our executives")),
)


def _due_on() -> forms.DateField:
    return forms.DateField(label=gettext_lazy("Until"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


def _colleagues() -> Any:
    return Member.objects.filter(is_active=True).order_by("name", "pk")


class LineForm(forms.Form):
    """A line of the plan."""

    kind = forms.ChoiceField(label=gettext_lazy("What it is"), choices=KeyPlanEntry.Kind.choices, initial="action")
    text = forms.CharField(label=gettext_lazy("What"), max_length=LONGEST_TEXT)
    owner = forms.ModelChoiceField(
        Member.objects.none(), label=gettext_lazy("Who"), to_field_name="uid", empty_label=None
    )
    due_on = _due_on()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["owner"].queryset = _colleagues()  # type: ignore[attr-defined]


class SettleForm(forms.Form):
    """What came of it."""

    result = forms.CharField(
        label=gettext_lazy("What came of it, or why it is dropped"), required=False, max_length=300
    )


class MoveForm(forms.Form):
    """Another day, another owner."""

    due_on = _due_on()
    owner = forms.ModelChoiceField(
        Member.objects.none(), label=gettext_lazy("Who"), to_field_name="uid", empty_label=None
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["owner"].queryset = _colleagues()  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One line with what can be said of it."""

    entry: KeyPlanEntry
    late: bool
    settle: forms.Form
    move: forms.Form

    @property
    def refused(self) -> bool:
        return bool(self.settle.errors or self.move.errors)


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Read the plan; put a line into it."""
    desk = desk_of(request)
    found = _key_account(desk, uid)
    if request.method != "POST":
        return _page(request, desk, found)
    require(desk.member, Permission.WRITE)
    form = LineForm(request.POST)
    if not form.is_valid():
        return _page(request, desk, found, form=form)
    try:
        made = add_plan_entry(account=_home(found), on=desk.day, member=desk.member, **form.cleaned_data)
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _page(request, desk, found, form=form)
    show_next(request, Toast(text=_("In the plan, until %(day)s.") % {"day": day_text(made.due_on)}))
    return redirect("key_account", uid=uid)


@require_POST
def show(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Put the showing of a new product into the plan."""
    desk = desk_of(request)
    found = _key_account(desk, uid)
    account = _home(found)
    product = next((one for one in _new(desk, account) if one.item == request.POST.get("product")), None)
    if product is None:
        raise Http404
    add_plan_entry(
        account=account,
        kind=KeyPlanEntry.Kind.ACTION,
        text=_("Show the new product %(product)s") % {"product": product.name},
        owner=found.manager if found.manager.is_active else desk.member,
        due_on=desk.day + SOON,
        on=desk.day,
        member=desk.member,
        product=product.item,
    )
    show_next(request, Toast(text=_("In the plan: show %(product)s.") % {"product": product.name}))
    return redirect("key_account", uid=uid)


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Say what became of a line, or give it another day; a refusal keeps what was typed."""
    desk = desk_of(request)
    entry = visible_plan_entries(desk.member).filter(uid=uid).select_related("account__merged_into", "owner").first()
    if entry is None or verb not in VERBS:
        raise Http404
    require(desk.member, Permission.WRITE)
    found = _key_account_of(desk, entry)
    form = FORMS[verb](request.POST, auto_id=f"{verb}-{entry.pk}-%s") if verb in FORMS else None
    if form is not None and not form.is_valid():
        return _page(request, desk, found, refused={entry.pk: (verb, form)})
    try:
        toast = VERBS[verb](entry, desk, form.cleaned_data if form else {})
    except Refusal as refusal:
        if form is None:
            raise
        form.add_error(None, str(refusal))
        return _page(request, desk, found, refused={entry.pk: (verb, form)})
    show_next(request, toast)
    return redirect("key_account", uid=found.uid)


def _key_account(desk: Desk, uid: uuid.UUID) -> KeyAccount:
    own_lines = KeyPlanEntry.objects.filter(owner=desk.member).order_by().values("account")
    may_see = seen_with_account(desk.member) | Q(manager=desk.member) | Q(account__in=own_lines)
    seen = KeyAccount.objects.filter(may_see, uid=uid)
    found = seen.select_related("account__merged_into", "manager").first()
    if found is None:
        raise Http404
    return found


def _key_account_of(desk: Desk, entry: KeyPlanEntry) -> KeyAccount:
    """The appointment on whose page the line stands: the newest of its account."""
    account = entry.account.merged_into or entry.account
    found = KeyAccount.objects.filter(of_account(account)).select_related("account__merged_into", "manager")
    newest = found.filter(until=None).first() or found.order_by("-since", "-pk").first()
    if newest is None:
        raise Http404
    return newest


def _home(found: KeyAccount) -> Account:
    return found.account.merged_into or found.account


def _new(desk: Desk, account: Account) -> list[NewProduct]:
    """New products that it neither bought nor has in its plan."""
    planned = plan_of(account).exclude(state=KeyPlanEntry.State.DROPPED).exclude(product="")
    known = set(planned.values_list("product", flat=True))
    return [one for one in to_be_shown(account.pk, on=desk.day, most=10) if one.item not in known]


Refused = Mapping[int, tuple[str, forms.Form]]


def _page(
    request: HttpRequest, desk: Desk, found: KeyAccount, *, form: LineForm | None = None, refused: Refused | None = None
) -> HttpResponse:
    account = _home(found)
    entries = list(plan_of(account))
    known = people_map(account, on=desk.day)
    score = Score.objects.filter(account=account).first()
    state = health(known)
    lines = [_shown(one, desk, refused or {}) for one in entries if one.state == KeyPlanEntry.State.OPEN]
    sees = visible_accounts(desk.member).filter(pk=account.pk).exists()
    context = {
        "desk": desk,
        "key_account": found,
        "account": account,
        "sees_account": sees,
        "may_write": desk.may_write and sees,
        "score": score,
        "signs": _signs(desk, account),
        "state": state,
        "state_label": health_label(state),
        "sentences": [beside_the_money(known, score), *gap_sentences(known)],
        "sections": [(kind.value, label, [one for one in lines if one.entry.kind == kind]) for kind, label in SECTIONS],
        "planned": bool(lines),
        "settled": [one for one in reversed(entries) if one.state != KeyPlanEntry.State.OPEN][:MOST_SETTLED],
        "visited_on": executive_visits([account.pk], on=desk.day).get(account.pk),
        "visit_due": _visit_due(desk, account),
        "new_products": _new(desk, account)[:3],
        "bonuses": entitlements(account, on=desk.day) if found.until is None else [],
        "given": given_to(account)[:3],
        "form": form or LineForm(initial={"due_on": desk.day + SOON, "owner": found.manager.uid, "kind": "action"}),
    }
    return render(request, "web/key_accounts/plan.html", context, status=422 if form or refused else 200)


def _visit_due(desk: Desk, account: Account) -> bool:
    days = plan_thresholds().executive_visit_days
    return account.pk in due_visits([account.pk], on=desk.day, days=days)


def _signs(desk: Desk, account: Account) -> Sequence[KeySign]:
    """What it shows; for who sees a part of the firm, what was told of it."""
    if account_scope(desk.member) == Scope.ALL:
        return key_signs_of(account, on=desk.day, member=desk.member)
    return [told_sign(one) for one in account.told_signs.filter(withdrawn_at=None).select_related("member")]


def _shown(entry: KeyPlanEntry, desk: Desk, refused: Refused) -> Shown:
    verb, form = refused.get(entry.pk, ("", None))
    settle = SettleForm(auto_id=f"settle-{entry.pk}-%s")
    move = MoveForm(initial={"due_on": entry.due_on, "owner": entry.owner.uid}, auto_id=f"move-{entry.pk}-%s")
    return Shown(
        entry=entry,
        late=entry.due_on < desk.day,
        settle=form if form is not None and verb in {"done", "drop"} else settle,
        move=form if form is not None and verb == "move" else move,
    )


Said = Mapping[str, Any]


def _done(entry: KeyPlanEntry, desk: Desk, said: Said) -> Toast:
    settle_plan_entry(entry=entry, state="done", on=desk.day, member=desk.member, result=said["result"])
    return Toast(text=_("Done: %(what)s") % {"what": entry.text}, undo=_undone(entry))


def _drop(entry: KeyPlanEntry, desk: Desk, said: Said) -> Toast:
    settle_plan_entry(entry=entry, state="dropped", on=desk.day, member=desk.member, result=said["result"])
    return Toast(text=_("Dropped: %(what)s") % {"what": entry.text}, undo=_undone(entry))


def _back(entry: KeyPlanEntry, desk: Desk, said: Said) -> Toast:
    reopen_plan_entry(entry=entry, member=desk.member)
    return Toast(text=_("In the plan again: %(what)s") % {"what": entry.text})


def _move(entry: KeyPlanEntry, desk: Desk, said: Said) -> Toast:
    moved = move_plan_entry(entry=entry, due_on=said["due_on"], owner=said["owner"], on=desk.day, member=desk.member)
    return Toast(text=_("Until %(day)s now.") % {"day": day_text(moved.due_on)})


def _undone(entry: KeyPlanEntry) -> str:
    return reverse("key_account_line", args=[entry.uid, "back"])


VERBS: dict[str, Callable[[KeyPlanEntry, Desk, Said], Toast]] = {
    "done": _done,
    "drop": _drop,
    "back": _back,
    "move": _move,
}
FORMS: dict[str, type[forms.Form]] = {"done": SettleForm, "drop": SettleForm, "move": MoveForm}
