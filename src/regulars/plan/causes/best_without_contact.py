"""The cause "best without contact": one of the best customers was not spoken to for long."""

from __future__ import annotations

from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.formats import number, percent
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day, money_of
from regulars.plan.standing import Standing, is_lost


def _best_candidates(ground: Ground) -> Q:
    best = Q(pareto="A", sales_12m__gt=0)
    return best if ground.contacts_recorded else best & Q(rank__lte=ground.thresholds.contact_rank_unknown)


def _best_without_contact(standing: Standing, ground: Ground) -> Firing | None:
    thresholds = ground.thresholds
    if standing.pareto != "A" or standing.sales_12m <= 0 or is_lost(standing, thresholds):
        return None
    known = ground.contacts_recorded
    if not known and (standing.rank is None or standing.rank > thresholds.contact_rank_unknown):
        return None
    if (ground.as_of - (standing.last_contact or standing.first_order)).days < thresholds.contact_days:
        return None
    return Firing(
        stake=standing.sales_12m * thresholds.yearly_loss_rate,
        uplift=thresholds.best_without_contact_uplift if known else thresholds.contact_uplift_unknown,
        figures=figures_of(standing, ground)
        | {
            "rank": standing.rank,
            "share_of_firm": standing.share_of_firm,
            "last_contact": standing.last_contact.isoformat() if standing.last_contact else None,
            "contact_days": (ground.as_of - standing.last_contact).days if standing.last_contact else None,
            "contacts_recorded": known,
        },
    )


def _best_sentences(figures: Figures) -> list[str]:
    said = [
        _("One of the best customers: %(sales)s in the last 12 months.") % {"sales": money_of(figures, "sales_12m")}
    ]
    if figures["rank"] is not None and figures["share_of_firm"] is not None:
        said[0] = _("One of the best customers: place %(rank)s, %(share)s of all sales.") % {
            "rank": number(figures["rank"]),
            "share": percent(figures["share_of_firm"], digits=1),
        }
    if figures["contact_days"] is None and not figures["contacts_recorded"]:
        said.append(_("Nobody records calls and visits yet, so it is not known when it was last spoken to."))
    elif figures["contact_days"] is None:
        said.append(_("No contact with it is recorded."))
    else:
        said.append(
            _("The last contact was %(days)s days ago, on %(last)s.")
            % {"days": number(figures["contact_days"]), "last": iso_day(figures["last_contact"])}
        )
    return said


def _best_advice(figures: Figures) -> str:
    return _(
        "Call or visit without wanting to sell. Ask what goes well, what does not, what they plan; record the talk."
    )


def _best_opening(figures: Figures) -> str:
    return _("You are one of our most important customers, and it is time we asked how satisfied you are with us.")


CAUSE: Final = Cause(
    key="best_without_contact",
    name=gettext_lazy("best customer long without contact"),
    when=gettext_lazy(
        "A customer among those who bring four fifths of sales was not called, visited or written to for long."
    ),
    candidates=_best_candidates,
    fires=_best_without_contact,
    sentences=_best_sentences,
    advice=_best_advice,
    opening=_best_opening,
    quiet_days=30,
)
