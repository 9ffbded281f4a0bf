"""Why customers of the demo stay: asked how it went after a sale, bonuses for the best, and what all of it costs."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from regulars.cli.language import _

if TYPE_CHECKING:
    from regulars.facts.models import Account, Tag

ANSWERS = (
    (True, _("Everything came in one piece, thank you."), ""),
    (False, _("Two of the lamps are scratched.\nWe noticed only when we put them into the window."), "quality"),
    (None, "", ""),
)
"""What was answered; None: nothing yet."""
BONUSES = (
    (_("Dinner with our founders"), 18_000, 2, True, False),
    (_("First look at the new range, with samples"), 9_500, 1, True, True),
    (_("Birthday hamper for their team"), 6_000, 1, False, True),
)
"""Name, cost in minor units, times a year, for key accounts, for VIPs."""
COSTS = (
    ("winning", _("Stand at the spring fair"), 420_000, 95),
    ("winning", _("Advertisements in the trade paper"), 160_000, 60),
    ("winning", _("Samples for new shops"), 55_000, 20),
    ("keeping", _("Catalogue for our customers"), 130_000, 75),
    ("keeping", _("Open evening in our warehouse"), 88_000, 34),
)
"""For what, how much in minor units, so many days ago."""


def care_for_those_who_stay(day: date) -> None:
    """Ask three customers how it went; give bonuses to the best; note what was spent."""
    _ask_how_it_went(day)
    _give_bonuses(day)
    _note_costs(day)
    _meet_before_the_first_order(day)


def _ask_how_it_went(day: date) -> None:
    from regulars.facts.models import Account
    from regulars.plan.check_ins import answer_check_in
    from regulars.plan.customer_links import key_of
    from regulars.plan.models import CheckIn

    sold_after = day - timedelta(days=45)
    known = Account.objects.filter(merged_into=None, contacts__active=True, contacts__email__gt="", owner__isnull=False)
    lately = known.filter(score__last_order__gt=sold_after, score__last_order__lt=day - timedelta(days=4)).distinct()
    chosen = lately.select_related("score").order_by("-score__sales_12m", "pk")[20 : 20 + len(ANSWERS)]
    for place, (account, (well, words, about)) in enumerate(zip(chosen, ANSWERS, strict=False)):
        contact = account.contacts.filter(active=True).exclude(email="").order_by("pk")[0]
        sold_on = account.score.last_order
        asked = CheckIn.objects.create(  # asked without a letter: the demo writes to nobody
            account=account, contact=contact, member=account.owner, on=day - timedelta(days=3 - place), sold_on=sold_on
        )
        if well is not None:
            at = datetime.combine(day - timedelta(days=2 - place), time(11), tzinfo=UTC)
            more = {"about": about} if about else {}
            answer_check_in(key=key_of(asked), went_well=well, words=words, at=at, **more)


def _give_bonuses(day: date) -> None:
    from regulars.facts.models import Tag
    from regulars.plan.bonuses import record_bonus
    from regulars.plan.key_accounts import visible_key_accounts

    vip = Tag.objects.get_or_create(name=_("VIP"))[0]
    bonuses = [
        record_bonus(
            name=name,
            cost_minor=cost_minor,
            times_a_year=times,
            for_key_accounts=for_key,
            tag=vip if for_vip else None,
            member=None,
        )
        for name, cost_minor, times, for_key, for_vip in BONUSES
    ]
    keys = [one.account for one in visible_key_accounts(None).select_related("account__owner")]
    for account in keys[:2]:
        _given(account, bonuses[0].pk, day - timedelta(days=40), _("Their buyer and our founders, a long evening"))
    for account in _vips(vip):
        _given(account, bonuses[2].pk, day - timedelta(days=12), "")


def _vips(vip: Tag) -> list[Account]:
    """Two that are good and no key accounts."""
    from regulars.facts.models import Account

    good = Account.objects.filter(merged_into=None, owner__isnull=False, score__pareto="A", key_accounts=None)
    chosen = list(good.select_related("owner").order_by("-score__sales_12m", "pk")[5:7])
    for account in chosen:
        account.tags.add(vip)
    return chosen


def _given(account: Account, bonus: int, on: date, said: str) -> None:
    from regulars.plan.bonuses import give_bonus
    from regulars.plan.models import Bonus

    give_bonus(bonus=Bonus.objects.get(pk=bonus), account=account, on=on, today=on, member=account.owner, said=said)


def _note_costs(day: date) -> None:
    from regulars.plan.selling_costs import note_cost

    for aim, text, amount_minor, days_ago in COSTS:
        on = day - timedelta(days=days_ago)
        note_cost(aim=aim, on=on, text=text, amount_minor=amount_minor, today=day, member=None)


def _meet_before_the_first_order(day: date) -> None:
    """Somebody called and visited some of the newest customers before they ordered: time for winning."""
    from regulars.facts.interactions import record_interaction
    from regulars.facts.models import Account

    known = Account.objects.filter(merged_into=None, owner__isnull=False, score__first_order__lt=day)
    newest = known.select_related("owner", "score").order_by("-score__first_order", "pk")
    for account in newest[8:20]:
        first = account.score.first_order
        assert first is not None, "only such are asked for"
        for kind, days_before in (("call", 9), ("visit", 3)):
            on = first - timedelta(days=days_before)
            record_interaction(account=account, kind=kind, on=on, member=account.owner, text=_("Before they ordered"))
