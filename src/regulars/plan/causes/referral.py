"""The cause "referral": value was just proven to a customer, so it may be asked whom else we could help."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day
from regulars.plan.proven_value import Proof, proofs, proven_accounts
from regulars.plan.standing import Standing, is_lost, is_silent, worth_a_year


def _proofs(ground: Ground) -> Mapping[int, Proof]:
    return proofs(on=ground.on, thresholds=ground.thresholds)


def _candidates(ground: Ground) -> Q:
    return Q(pk__in=proven_accounts(on=ground.on, thresholds=ground.thresholds))


def _referral(standing: Standing, ground: Ground) -> Firing | None:
    proof: Proof | None = standing.found.get("referral")
    if proof is None or is_lost(standing, ground.thresholds) or is_silent(standing, ground.thresholds):
        return None
    return Firing(
        stake=worth_a_year(standing),
        uplift=ground.thresholds.referral_uplift,
        figures=figures_of(standing, ground)
        | {"ground": proof.ground, "proven": proof.on.isoformat(), "said": proof.said},
    )


def _sentences(figures: Figures) -> list[str]:
    day = {"day": iso_day(figures["proven"])}
    told = {
        "praise": _("They praised us on %(day)s."),
        "low_effort": _("They were helped without trouble, on %(day)s."),
        "promise_kept": _("We kept what we had promised them, on %(day)s."),
    }[figures["ground"]]
    nothing = _("Nothing is open or went wrong of late, and nobody has asked them for a recommendation for long.")
    said = [f"“{figures['said'].rstrip('.')}”."] if figures["said"] else []
    return [told % day, *said, nothing]


def _advice(figures: Figures) -> str:
    return _("Ask whom else we could help as well: up to five names. Write them down at the table, or send the link.")


def _opening(figures: Figures) -> str:
    return _("I am glad that it worked out. Whom do you know who could use this, too?")


CAUSE = Cause(
    key="referral",
    name=gettext_lazy("the moment to ask for a recommendation"),
    when=gettext_lazy(
        "We kept a promise, solved a problem without trouble, or were praised, and nothing is wrong: the customer may "
        "be asked whom else we could help."
    ),
    candidates=_candidates,
    fires=_referral,
    sentences=_sentences,
    advice=_advice,
    opening=_opening,
    quiet_days=180,
    settled=gettext_lazy("They were asked, or this is not the moment any more."),
    look_up=_proofs,
)
