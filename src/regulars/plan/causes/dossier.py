"""The cause "dossier": what we know of a key account is out of date, and should be asked again (E13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import listed, number
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of
from regulars.plan.causes.relations import HOME, key_managers
from regulars.plan.dossier import STANDING
from regulars.plan.dossier_topics import topic_of
from regulars.plan.models import DossierFact
from regulars.plan.standing import Standing, worth_a_year

MOST_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class OutOfDate:
    """How many facts are to be asked again, and under which topics: of the firm, or of a person ("person:aims")."""

    count: int
    topics: tuple[str, ...]
    manager_id: int | None


def _expired(ground: Ground) -> QuerySet[Any]:
    """Facts of all accounts whose day has come; confidential ones are nobody else's business."""
    facts = DossierFact.objects.filter(STANDING, expires_on__lte=ground.on, confidential=False)
    return facts.annotate(home=HOME)


def out_of_date(ground: Ground) -> dict[int, OutOfDate]:
    """By key account: what is to be asked again."""
    managers = key_managers()
    topics: dict[int, list[str]] = {}
    rows = _expired(ground).filter(home__in=list(managers)).order_by("expires_on", "pk")
    for account, topic, contact in rows.values_list("home", "topic", "contact_id"):
        topics.setdefault(account, []).append(f"person:{topic}" if contact else topic)
    return {
        account: OutOfDate(count=len(told), topics=tuple(dict.fromkeys(told)), manager_id=managers[account])
        for account, told in topics.items()
    }


def _candidates(ground: Ground) -> Q:
    return Q(pk__in=_expired(ground).order_by().values("home"))


def _fires(standing: Standing, ground: Ground) -> Firing | None:
    found: OutOfDate | None = standing.found.get("dossier")
    if found is None:
        return None
    return Firing(
        stake=max(worth_a_year(standing), standing.expected_value_365 or 0.0),
        uplift=ground.thresholds.dossier_uplift,
        figures=figures_of(standing, ground) | {"count": found.count, "topics": list(found.topics)},
        member_id=found.manager_id,
    )


def _sentences(figures: Figures) -> list[str]:
    said = ngettext(
        "It is a key account, and %(count)s thing that we know of it is to be asked again: %(topics)s.",
        "It is a key account, and %(count)s things that we know of it are to be asked again: %(topics)s.",
        figures["count"],
    )
    labels = list(dict.fromkeys(_label(one) for one in figures["topics"]))
    return [said % {"count": number(figures["count"]), "topics": listed(labels[:MOST_NAMED])}]


def _label(topic: str) -> str:
    key = topic.removeprefix("person:")
    return str(topic_of(key, person=key != topic).label)


def _advice(figures: Figures) -> str:
    return _("Ask at the next talk, and confirm or correct it in the dossier; what is true no longer, end it.")


def _opening(figures: Figures) -> str:
    return _("It has been a while: I would like to hear what has changed on your side.")


CAUSE = Cause(
    key="dossier",
    name=gettext_lazy("a dossier is out of date"),
    when=gettext_lazy("Something in the dossier of a key account is to be asked again."),
    candidates=_candidates,
    fires=_fires,
    sentences=_sentences,
    advice=_advice,
    opening=_opening,
    quiet_days=30,
    settled=gettext_lazy("It was asked again and noted, or it is a key account no longer."),
    look_up=out_of_date,
)
