"""Value transfer: for a prospect, what the most similar customers say that they value (B9).

Only what may be quoted is quoted, and by name only where that was allowed. What others of the same kind said without
consent is counted, without their words.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.formats import listed, money, number, year
from regulars.base.models import Member
from regulars.core.money import from_minor
from regulars.core.similar_customers import Likeness, Profile, Trait, likeness
from regulars.facts.accounts import of_account
from regulars.facts.countries import country_code
from regulars.facts.models import Account
from regulars.plan.models import JointProject, SignOff, ValueProof
from regulars.plan.value_proofs import as_allowed, quoted_words, with_names

MOST_QUOTES: Final = 5
MOST_LOOKED_AT: Final = 5_000
"""The newest proofs; a firm that has more has enough new ones."""
LEAST_LIKE: Final = 0.2
"""Who is less like the prospect is not called similar."""


@dataclass(frozen=True, kw_only=True)
class Quote:
    """One customer's words, as they may be shown to the prospect; `likeness` is for us."""

    proof: ValueProof
    words: str
    who: str
    evidence: tuple[str, ...]
    likeness: Likeness


@dataclass(frozen=True, kw_only=True)
class Pitch:
    """What there is to say to a prospect: quotes, the most similar customer first, and what others like it value."""

    prospect: str
    profile: Profile
    quotes: list[Quote]
    others: str = ""


def profile_of(account: Account, *, wanted: str = "") -> Profile:
    """What is known of an account, as a prospect or as who said something."""
    return Profile(
        kind=account.kind,
        trade=account.trade,
        size=account.size,
        region=account.region,
        country=account.country,
        wanted=wanted,
    )


def _by_code(profile: Profile) -> Profile:
    """The same firm, whether somebody wrote Austria, Österreich or AT."""
    return replace(profile, country=country_code(profile.country))


def pitch_for(*, prospect: str, profile: Profile, member: Member | None, leave_out: Account | None = None) -> Pitch:
    """The pitch for a prospect like this, in the language in force. `leave_out`: its own words persuade nobody."""
    require(member, Permission.READ)
    proofs = _looked_at(leave_out)
    compared = _by_code(profile)
    alike = [(likeness(compared, _by_code(profile_of(_home(one), wanted=one.what))), one) for one in proofs]
    alike = [(like, one) for like, one in alike if like.value >= LEAST_LIKE]
    alike.sort(key=lambda pair: (-pair[0].value, pair[1].consent != ValueProof.Consent.BY_NAME, -pair[1].pk))
    quotable = [(like, one) for like, one in alike if one.consent in ValueProof.QUOTABLE]
    chosen = _one_an_account(quotable)[:MOST_QUOTES]
    quoted = _whole({one.pk for _like, one in chosen})
    return Pitch(
        prospect=prospect,
        profile=profile,
        quotes=[_quote(like, quoted[one.pk]) for like, one in chosen],
        others=_others([one for _like, one in alike if one.pk not in quoted]),
    )


def _looked_at(leave_out: Account | None) -> QuerySet[ValueProof]:
    found = ValueProof.objects.filter(taken_back_at=None).order_by("-said_on", "-pk")
    if leave_out is not None:
        found = found.exclude(of_account(leave_out))
    return found.select_related("account__merged_into")[:MOST_LOOKED_AT]


def _whole(chosen: set[int]) -> dict[int, ValueProof]:
    """The few that are quoted, with all that is told of them."""
    found = with_names(ValueProof.objects.filter(pk__in=chosen)).select_related(
        "account__merged_into", "contact", "project"
    )
    return {one.pk: one for one in found.prefetch_related("project__sign_offs")}


def _one_an_account(alike: list[tuple[Likeness, ValueProof]]) -> list[tuple[Likeness, ValueProof]]:
    """The best of each account first, then a second of the same: five voices say more than one five times."""
    first: list[tuple[Likeness, ValueProof]] = []
    further: list[tuple[Likeness, ValueProof]] = []
    seen: set[int] = set()
    for like, one in alike:
        (further if _home(one).pk in seen else first).append((like, one))
        seen.add(_home(one).pk)
    return first + further


def _quote(like: Likeness, proof: ValueProof) -> Quote:
    return Quote(
        proof=proof, words=quoted_words(proof), who=attribution(proof), evidence=evidence_told(proof), likeness=like
    )


def attribution(proof: ValueProof) -> str:
    """Who said it, as far as the prospect may know."""
    home = _home(proof)
    if proof.consent == ValueProof.Consent.BY_NAME:
        said_by = proof.contact.name if proof.contact else ""
        role = proof.contact.role if proof.contact else ""
        return ", ".join(part for part in (said_by, role, home.name) if part)
    told = [home.get_kind_display(), home.trade, home.size, home.country]
    return ", ".join(part for part in told if part)


def evidence_told(proof: ValueProof) -> tuple[str, ...]:
    """What stands behind the words: how long it buys, what a project of ours brought, and what was noted."""
    told = []
    since = proof.order_figures.get("since")
    if since:
        told.append(_("customer since %(year)s") % {"year": year(date.fromisoformat(since))})
    if proof.project is not None:
        told += [as_allowed(proof, one) for one in _project_told(proof.project)]
    if proof.evidence and proof.consent == ValueProof.Consent.BY_NAME:
        told.append(proof.evidence)
    return tuple(told)


def _project_told(project: JointProject) -> list[str]:
    """What the customer has confirmed counts; what only we say does not go to strangers."""
    confirmed = [one for one in project.sign_offs.all() if one.answer == SignOff.Answer.AGREES]
    if not confirmed:
        return []
    last = max(confirmed, key=lambda one: (one.measured_on, one.pk))
    said = {"measure": project.measure, "from": number(project.baseline, digits=4)}
    said |= {"to": number(last.value, digits=4), "unit": project.unit}
    told = [(_("%(measure)s: from %(from)s to %(to)s %(unit)s, confirmed by the customer") % said).replace("  ", " ")]
    if last.saved_minor:
        amount = money(from_minor(last.saved_minor, project.currency), project.currency)
        told.append(_("%(amount)s saved, confirmed by the customer") % {"amount": amount})
    return told


def _others(proofs: list[ValueProof]) -> str:
    """How many more customers like the prospect value what, each counted once for it."""
    valued = Counter(what for _pk, what in {(_home(one).pk, one.what) for one in proofs})
    told = [
        _("%(what)s (%(count)s)") % {"what": ValueProof.What(what).label, "count": number(count)}
        for what, count in sorted(valued.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    return _("What more customers like you value: %(what)s.") % {"what": listed(told)} if told else ""


TRAITS: Final = {
    Trait.TRADE: lambda: _("the same business"),
    Trait.WANTED: lambda: _("values what is looked for"),
    Trait.KIND: lambda: _("the same kind of customer"),
    Trait.SIZE: lambda: _("the same size"),
    Trait.REGION: lambda: _("the same region"),
    Trait.COUNTRY: lambda: _("the same country"),
}
NEARLY: Final = {
    Trait.TRADE: lambda: _("a similar business"),
    Trait.SIZE: lambda: _("a similar size"),
}
UNKNOWN: Final = {
    Trait.TRADE: lambda: _("its business"),
    Trait.SIZE: lambda: _("its size"),
    Trait.REGION: lambda: _("its region"),
    Trait.COUNTRY: lambda: _("its country"),
}


def why_similar(like: Likeness) -> str:
    """Why this customer was chosen, for us: what is the same, what nearly, and what nobody knows."""
    same = [TRAITS[one]() for one in like.same] + [NEARLY[one]() for one in like.near if one in NEARLY]
    told = _("Similar: %(traits)s.") % {"traits": listed(same)} if same else ""
    unknown = [UNKNOWN[one]() for one in like.unknown if one in UNKNOWN]
    if unknown:
        told = f"{told} " + _("Not known: %(traits)s.") % {"traits": listed(unknown)}
    return told.strip()


def _home(proof: ValueProof) -> Account:
    return proof.account.merged_into or proof.account
