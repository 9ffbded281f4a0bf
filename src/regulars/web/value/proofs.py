"""The library of value proofs: for who prepares an offer or a talk, to find what customers like that one say.

And for who talks with a customer, to keep what it said, and whether it may be quoted.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from regulars.base.access import Permission, require
from regulars.core.errors import Refusal
from regulars.facts.accounts import visible_accounts
from regulars.facts.models import Account
from regulars.plan.models import ValueProof
from regulars.plan.pitch import attribution, evidence_told
from regulars.plan.seen import seen_with_account
from regulars.plan.value_proofs import (
    change_proof,
    library,
    note_proof,
    quoted_words,
    restore_proof,
    take_back_proof,
    visible_proofs,
    with_names,
)
from regulars.web.account.record import heading, opened
from regulars.web.desk import Desk, desk_of
from regulars.web.frame import Toast, show_next
from regulars.web.value.forms import ProofForm, typed_proof
from regulars.web.value.found import found_or_absent
from regulars.web.value.section import TAB

A_PAGE = 25
LONGEST_SEARCH = 200


@require_safe
def value_proofs(request: HttpRequest) -> HttpResponse:
    """All proofs that one may read, the newest first; searched, and narrowed to a kind of customer."""
    desk = desk_of(request)
    asked = {
        name: request.GET.get(name, "").strip()[:LONGEST_SEARCH] for name in ("q", "what", "kind", "trade", "size")
    }
    readable = library(desk.member)
    page = Paginator(_narrowed(readable, asked, desk), A_PAGE).get_page(request.GET.get("page"))
    rows = list(with_names(ValueProof.objects.filter(pk__in=[one.pk for one in page])).select_related("project"))
    prefetch_related_objects(rows, "project__sign_offs")
    rows.sort(key=lambda one: (one.said_on, one.pk), reverse=True)
    homes = {one.account.merged_into_id or one.account_id for one in rows}
    seen = set(visible_accounts(desk.member).filter(pk__in=homes).values_list("pk", flat=True))
    context = {
        "desk": desk,
        "asked": asked,
        "is_narrowed": any(asked.values()),
        "page": page,
        "rows": [_row(one, seen) for one in rows],
        "all_what": ValueProof.What.choices,
        "all_kinds": Account.Kind.choices,
        "trades": _distinct(readable, "account__trade"),
        "sizes": _distinct(readable, "account__size"),
    }
    return render(request, "web/value/proofs.html", context)


def _narrowed(found: QuerySet[ValueProof], asked: dict[str, str], desk: Desk) -> QuerySet[ValueProof]:
    if asked["what"] in ValueProof.What.values:
        found = found.filter(what=asked["what"])
    if asked["kind"] in Account.Kind.values:
        found = found.filter(account__kind=asked["kind"])
    for name in ("trade", "size"):
        if asked[name]:
            found = found.filter(**{f"account__{name}": asked[name]})
    return _searched(found, asked["q"], desk) if asked["q"] else found


def _searched(found: QuerySet[ValueProof], text: str, desk: Desk) -> QuerySet[ValueProof]:
    """By words; by the name of the account where that may be read. A name that is kept back is not found either."""
    seen = seen_with_account(desk.member)
    named = seen | Q(consent=ValueProof.Consent.BY_NAME)
    hits = found.filter(Q(words__icontains=text) | (named & Q(account__name__icontains=text)))
    unnamed = with_names(hits.filter(~seen, consent=ValueProof.Consent.ANONYMOUS))
    hidden = [one.pk for one in unnamed if text.casefold() not in quoted_words(one).casefold()]
    return hits.exclude(pk__in=hidden)


def _distinct(found: QuerySet[ValueProof], column: str) -> list[str]:
    return list(found.exclude(**{column: ""}).order_by(column).values_list(column, flat=True).distinct()[:200])


def _row(proof: ValueProof, seen: set[int]) -> dict[str, Any]:
    """A proof as this member may read it: whole where the account is visible, else as a stranger would."""
    home = proof.account.merged_into or proof.account
    is_ours = home.pk in seen
    return {
        "proof": proof,
        "words": proof.words if is_ours else quoted_words(proof),
        "account": home if is_ours else None,
        "who": attribution(proof),
        "evidence": evidence_told(proof),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Note what somebody at the account said that it values."""
    desk, account = opened(request, uid)
    require(desk.member, Permission.WRITE)
    form = ProofForm(request.POST if request.method == "POST" else None, account=account, initial={"said_on": desk.day})
    if form.is_bound and form.is_valid():
        try:
            made = note_proof(account=account, on=desk.day, member=desk.member, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            undo = reverse("value_proof_act", args=[made.uid, "take-back"])
            show_next(request, Toast(text=_("Noted what it values."), undo=undo))
            return redirect("account_value", uid=account.uid)
    context = {
        **heading(desk, account, tab=TAB),
        "form": form,
        "title": _("What it values about us"),
        "back": reverse("account_value", args=[account.uid]),
    }
    return render(request, "web/value/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def value_proof(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """One proof of an account that one sees: its evidence and its consent, to be changed."""
    desk = desk_of(request)
    related = visible_proofs(desk.member).select_related(
        "account__merged_into", "contact", "issue", "project", "member"
    )
    proof = found_or_absent(related, uid)
    account = proof.account.merged_into or proof.account
    form = ProofForm(request.POST if request.method == "POST" else None, account=account, initial=typed_proof(proof))
    if proof.by_link:
        form.fields["words"].disabled = True
    if request.method == "POST":
        require(desk.member, Permission.WRITE)
        if form.is_valid():
            try:
                change_proof(proof=proof, on=desk.day, member=desk.member, **form.cleaned_data)
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                show_next(request, Toast(text=_("Changed.")))
                return redirect("value_proof", uid=uid)
    context = {
        **heading(desk, account, tab=TAB),
        "proof": proof,
        "form": form,
        "who": attribution(proof),
        "evidence": evidence_told(proof),
    }
    return render(request, "web/value/proof.html", context, status=422 if form.errors else 200)


@require_POST
def act(request: HttpRequest, uid: uuid.UUID, verb: str) -> HttpResponse:
    """Take a proof back, or put it back."""
    desk = desk_of(request)
    proof = found_or_absent(visible_proofs(desk.member), uid)
    if verb == "take-back":
        take_back_proof(proof=proof, on=desk.day, member=desk.member)
        undo = reverse("value_proof_act", args=[uid, "restore"])
        show_next(request, Toast(text=_("Taken back: it is quoted no more."), undo=undo))
    elif verb == "restore":
        restore_proof(proof=proof, on=desk.day, member=desk.member)
        show_next(request, Toast(text=_("It counts again.")))
    else:
        raise Http404
    return redirect("value_proof", uid=uid)
