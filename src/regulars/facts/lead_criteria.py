"""What makes a lead fit: criteria that marketing sets, and what they say of one lead, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.formats import number
from regulars.base.models import Member, Organisation
from regulars.base.organisation import organisation
from regulars.core.errors import Refusal
from regulars.core.lead_points import Criterion, Judgement, Met, Verdict, judge
from regulars.facts.countries import country_code, country_name
from regulars.facts.models import Account, Lead, LeadCriterion
from regulars.facts.thresholds import LEAD_POINTS

MOST_POINTS = 1000
MOST_ANSWERS = 20
LONGEST_ANSWER = 100
About = LeadCriterion.About


class WrongCriterion(Refusal):
    """A criterion cannot be made or changed like this."""


class CriterionFields(TypedDict, total=False):
    """What a criterion says."""

    name: str
    about: str
    question: str
    answers: Sequence[str]
    fits: Sequence[str]
    points: int
    must: bool
    on_form: bool
    position: int


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one criterion says of a lead, for people."""

    criterion: LeadCriterion
    met: str
    points: int
    said: str
    """What is known; empty: nothing."""


def criteria() -> list[LeadCriterion]:
    """Those in use, in their sequence."""
    return list(LeadCriterion.objects.filter(retired=False))


def questions(of: Iterable[LeadCriterion]) -> list[LeadCriterion]:
    """The firm's own questions among them."""
    return [one for one in of if one.about == About.QUESTION]


# Verbs


@transaction.atomic
def save_criterion(
    *, member: Member | None, criterion: LeadCriterion | None = None, **said: Unpack[CriterionFields]
) -> LeadCriterion:
    """Add a criterion, or change one. Leads that are open are judged anew when somebody looks at them next."""
    require(member, Permission.MANAGE_LEADS)
    made = LeadCriterion() if criterion is None else LeadCriterion.objects.select_for_update().get(pk=criterion.pk)
    with audited(made, verb="change_criterion" if criterion else "add_criterion", member=member):
        for name, value in said.items():
            setattr(made, name, value)
        _check(made)
        made.save()
    return made


def retire_criterion(*, criterion: LeadCriterion, member: Member | None) -> LeadCriterion:
    """Use it no longer; the answers that leads gave stay."""
    return _set_retired(criterion, True, verb="retire_criterion", member=member)


def restore_criterion(*, criterion: LeadCriterion, member: Member | None) -> LeadCriterion:
    """Use it again."""
    return _set_retired(criterion, False, verb="restore_criterion", member=member)


@transaction.atomic
def _set_retired(criterion: LeadCriterion, retired: bool, *, verb: str, member: Member | None) -> LeadCriterion:
    require(member, Permission.MANAGE_LEADS)
    found = LeadCriterion.objects.select_for_update().get(pk=criterion.pk)
    with audited(found, verb=verb, member=member):
        found.retired = retired
        found.save()
    return found


@transaction.atomic
def set_points_needed(*, points: int, member: Member | None) -> Organisation:
    """Say from how many points on a lead fits. Marketing may, which may not change other thresholds."""
    require(member, Permission.MANAGE_LEADS)
    changed = Organisation.objects.select_for_update().get(pk=organisation().pk)
    checked = LEAD_POINTS.checked(points)
    with audited(changed, verb="change_thresholds", member=member):
        changed.thresholds = {**changed.thresholds, LEAD_POINTS.name: checked}
        changed.save(update_fields=["thresholds", "updated_at"])
    return changed


def _check(one: LeadCriterion) -> None:
    one.name, one.question = one.name.strip()[:100], one.question.strip()[:200]
    one.answers, one.fits = _listed(one.answers), _listed(one.fits)
    if not one.name:
        raise WrongCriterion(_("The criterion has no name."), _("Give it one that sellers understand."))
    if one.about == About.QUESTION and not one.question:
        raise WrongCriterion(_("The question is missing."), _("Write it as the customer is to read it."))
    if one.about == About.QUESTION and one.answers:
        strange = [fit for fit in one.fits if fit not in one.answers]
        if strange:
            raise WrongCriterion(
                _("“%(answer)s” is none of the answers.") % {"answer": strange[0]},
                _("What fits is to be chosen from the answers, written the same way."),
            )
    if abs(one.points) > MOST_POINTS:
        raise WrongCriterion(
            _("So many points are not possible."), _("Give at most %(most)s.") % {"most": number(MOST_POINTS)}
        )
    one.on_form = one.on_form and one.about == About.QUESTION


def _listed(texts: Iterable[str]) -> list[str]:
    found = dict.fromkeys(text.strip()[:LONGEST_ANSWER] for text in texts if text.strip())
    if len(found) > MOST_ANSWERS:
        raise WrongCriterion(
            _("These are too many answers."), _("Give at most %(most)s.") % {"most": number(MOST_ANSWERS)}
        )
    return list(found)


# What they say of a lead


def judge_lead(lead: Lead, used: Sequence[LeadCriterion], *, needed: int) -> Judgement:
    """What the criteria in use say of this lead."""
    known = {str(one.uid): known_of(lead, one) for one in used}
    return judge(known, [_as_core(one) for one in used], needed=needed)


def _as_core(one: LeadCriterion) -> Criterion:
    fits = map(country_code, one.fits) if one.about == About.COUNTRY else one.fits
    return Criterion(
        key=str(one.uid), points=one.points, must=one.must, fits=tuple(fits), words=one.about == About.WISHES
    )


def known_of(lead: Lead, criterion: LeadCriterion) -> str | None:
    """What is known of the lead where the criterion looks; None: nothing."""
    about = criterion.about
    if about == About.QUESTION:
        answer = lead.answers.get(str(criterion.uid))
        return str(answer) if answer else None
    if about in (About.EMAIL, About.PHONE):  # none given is an answer, too
        return str(lead.email if about == About.EMAIL else lead.phone)
    if about == About.COUNTRY:
        return country_code(lead.country) if lead.country else None
    value = {
        About.KIND: lead.kind,
        About.LANGUAGE: lead.language,
        About.CHANNEL: lead.channel,
        About.TRADE: lead.trade,
        About.SIZE: lead.size,
        About.WISHES: lead.wishes,
    }[About(about)]
    return value or None


def told_of(lead: Lead, used: Sequence[LeadCriterion], judgement: Judgement) -> list[Told]:
    """Criterion by criterion."""
    by_key = {str(one.uid): one for one in used}
    return [
        Told(
            criterion=by_key[one.criterion.key],
            met=one.met.value,
            points=one.points,
            said=shown_answer(by_key[one.criterion.key].about, known_of(lead, by_key[one.criterion.key]) or ""),
        )
        for one in judgement.judged
    ]


def shown_answer(about: str, answer: str) -> str:
    """An answer as people read it."""
    if not answer:
        return ""
    if about == About.COUNTRY:
        return country_name(answer)
    labels: dict[str, Any] = {
        About.KIND: Account.Kind.choices,
        About.CHANNEL: Lead.Channel.choices,
        About.LANGUAGE: settings.LANGUAGES,
    }
    return str(dict(labels.get(about, ())).get(answer, answer))


def judgement_sentences(told: Sequence[Told], judgement: Judgement) -> list[str]:
    """Why a lead fits, does not, or is not known yet."""
    if not judgement.judged:
        return [_("Nobody has said yet what makes a lead fit.")]
    said = {"points": number(judgement.points), "needed": number(judgement.needed), "most": number(judgement.most)}
    missed = [one.criterion.name for one in told if one.criterion.must and one.met == Met.NO]
    if missed:
        return [_("It does not fit: %(what)s is a must.") % {"what": ", ".join(missed)}]
    if judgement.verdict is Verdict.FITS:
        return [_("It fits: %(points)s points of %(needed)s that are needed, and every must-have.") % said]
    if judgement.verdict is Verdict.DOES_NOT_FIT:
        return [_("It does not fit: it can come to %(most)s points, and %(needed)s are needed.") % said]
    names = {str(one.criterion.uid): one.criterion.name for one in told}
    asked = ", ".join(names[one.criterion.key] for one in judgement.to_ask[:3])
    return [
        _("%(points)s points of %(needed)s so far; with what is not known yet it may be %(most)s.") % said,
        _("Ask about: %(what)s.") % {"what": asked},
    ]
