"""The cause "relations": those to a key account hang by a thread, have a hole, or a champion has left (E12)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.warmth import Gap
from regulars.facts.models import ContactPart
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of
from regulars.plan.models import KeyAccount
from regulars.plan.people_map import people_maps
from regulars.plan.relation_sentences import gap_names, gap_sentence
from regulars.plan.standing import Standing, worth_a_year

LESS = 0.2
"""A level at which nobody is known, and nothing graver, matters so much less."""
HOME = Coalesce(F("account__merged_into_id"), F("account_id"))
"""The account that a record belongs to now."""


@dataclass(frozen=True, kw_only=True)
class Hanging:
    """What is wrong with the relations to one account, the gravest first, with the names it is about."""

    gaps: tuple[tuple[str, tuple[str, ...]], ...]
    manager_id: int | None
    """Of a key account, if still with us."""


def key_managers() -> dict[int, int | None]:
    """The manager of every key account by its account; None: who it was is no longer with us."""
    rows = KeyAccount.objects.filter(until=None).annotate(home=HOME).order_by("pk")
    return {
        home: manager if active else None
        for home, manager, active in rows.values_list("home", "manager_id", "manager__is_active")
    }


def hanging(ground: Ground) -> dict[int, Hanging]:
    """By account: key accounts with something wrong, and others whose champion has left."""
    managers = key_managers()
    others = set(_champions_gone().values_list("contact__account_id", flat=True)) - managers.keys()
    found = {}
    for account, one in people_maps([*managers, *others], on=ground.on).items():
        told = [gap for gap in one.gaps.found if account in managers or gap == Gap.CHAMPION_GONE]
        if told:
            gaps = tuple((gap.value, tuple(gap_names(one, gap))) for gap in told)
            found[account] = Hanging(gaps=gaps, manager_id=managers.get(account))
    return found


def _champions_gone() -> QuerySet[ContactPart]:
    there = ContactPart.objects.filter(
        part=ContactPart.Part.CHAMPION, contact__active=True, contact__account=OuterRef("contact__account")
    )
    gone = ContactPart.objects.filter(part=ContactPart.Part.CHAMPION, contact__active=False)
    return gone.filter(~Exists(there)).order_by()


def _candidates(ground: Ground) -> Q:
    key = KeyAccount.objects.filter(until=None).order_by().annotate(home=HOME)
    return Q(pk__in=key.values("home")) | Q(pk__in=_champions_gone().values("contact__account_id"))


def _fires(standing: Standing, ground: Ground) -> Firing | None:
    found: Hanging | None = standing.found.get("relations")
    if found is None:
        return None
    return Firing(
        stake=max(worth_a_year(standing), standing.expected_value_365 or 0.0),
        uplift=ground.thresholds.relations_uplift * (LESS if found.gaps[0][0] == Gap.LEVEL else 1.0),
        figures=figures_of(standing, ground) | {"gaps": [[gap, list(names)] for gap, names in found.gaps]},
        member_id=found.manager_id,
    )


def is_another_gap(before: Figures, firing: Firing) -> bool:
    """Is something wrong that was not when the action was done or dismissed?"""
    known = {gap for gap, _names in before.get("gaps", [])}
    return any(gap not in known for gap, _names in firing.figures["gaps"])


def _sentences(figures: Figures) -> list[str]:
    return [gap_sentence(Gap(gap), names=names) for gap, names in figures["gaps"]]


def _advice(figures: Figures) -> str:
    texts = {
        Gap.CHAMPION_GONE: _(
            "Find out who follows, and who else there speaks well of us. Ask where the champion went."
        ),
        Gap.NOBODY: _("Visit it. Note whom you met: the next one will know whom to ask for."),
        Gap.ONE_OF_OURS: _("Take a colleague along to the next talk, and introduce them."),
        Gap.ONE_OF_THEIRS: _("Ask to be introduced to a second person there, who uses what we sell or pays for it."),
        Gap.COLD_DECIDER: _("Ask for half an hour with who decides. A visit of our own executives opens that door."),
        Gap.LEVEL: _("Ask who is in charge at these levels, and note the names."),
    }
    return texts[Gap(figures["gaps"][0][0])]


def _opening(figures: Figures) -> str:
    gap = Gap(figures["gaps"][0][0])
    if gap == Gap.CHAMPION_GONE:
        return _("I hear there have been changes at your place. With whom may I speak from now on?")
    if gap == Gap.ONE_OF_OURS:
        return _("I would like you to meet a colleague, so that you always reach somebody who knows you.")
    return _("Whom else at your place does our work touch? I would like to hear from them what we can do better.")


CAUSE = Cause(
    key="relations",
    name=gettext_lazy("relations need care"),
    when=gettext_lazy(
        "Relations to a key account rest on one person, miss a level or have gone cold, or a champion has left."
    ),
    candidates=_candidates,
    fires=_fires,
    sentences=_sentences,
    advice=_advice,
    opening=_opening,
    quiet_days=60,
    renewed=is_another_gap,
    settled=gettext_lazy("The relation was widened, or it is a key account no longer."),
    look_up=hanging,
)
