"""Opportunities of the demo: what it offers, what its largest customers get elsewhere, want, and may buy next."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from regulars.cli.language import _

if TYPE_CHECKING:
    from regulars.base.models import Member
    from regulars.facts.models import Account, Offering
    from regulars.plan.models import Opportunity

GOODS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (_("Bags and boxes"), _("bags, lunch, carry, storage"), ("bag", "box")),
    (_("Candles and lights"), _("light, evening, window, atmosphere"), ("candle", "light", "lantern")),
    (_("Kitchen and baking"), _("kitchen, baking, café, cooking"), ("cake", "kitchen", "baking", "mug", "teacup")),
    (_("Paper and party"), _("party, wedding, cards, wrapping"), ("paper", "card", "napkin", "bunting", "wrap")),
    (_("Signs and frames"), _("wall, shop window, signs"), ("sign", "frame", "hook")),
    (_("Garden"), _("garden, outdoor, summer"), ("garden", "planter", "herb")),
    (_("Christmas"), _("christmas, season, winter, december"), ("christmas", "xmas")),
)
"""Of the firm whose goods have no categories: they are known by words in their names."""
SERVICES = (
    (_("Seasonal range with returns"), _("season, unsold, stock, returns, risk")),
    (_("Express delivery"), _("late, delivery, quick, stock")),
)
"""Nothing of it stands in the orders; the first is the better alternative to the last of the goods."""
MOST_GOODS = 7
GOALS = (
    ("goal", _("Sell more in the winter season without being left with stock")),
    ("challenge", _("Deliveries come late in the weeks before a holiday")),
    ("goal", _("Attract more families at the weekend")),
    ("goal", _("Make the shop window more attractive in the evening")),
    ("challenge", _("Large orders come with little notice")),
)
ELSEWHERE = (
    (_("Northern Giftware"), 300, 120),
    (_("Castle Trading"), 45, 0),
    (_("Paper & Sons"), 700, 40),
)
LOST_WORDS = (
    ("price", _("Eight per cent more than the other offer.")),
    ("later", _("They want to see how the season goes.")),
    ("competitor", _("The other one delivers on the next day.")),
    ("no_need", _("They give up this part of the shop.")),
)
NEXT_STEPS = (
    (_("Send samples"), 3),
    (_("Call the buyer"), -4),
    (_("Visit with the price list"), 9),
    (_("Send the offer"), 1),
    (_("Ask for the decision"), -1),
)


def offer_more_to_the_largest(day: date) -> None:
    """The firm's offerings, goals of its largest customers, who else supplies them, opportunities of half a year."""
    from regulars.facts.models import Account

    largest = Account.objects.filter(merged_into=None, score__isnull=False, owner__isnull=False)
    accounts = list(largest.select_related("owner").order_by("-score__sales_12m", "pk")[:16])
    if len(accounts) < 16:
        return
    offered = _offerings()
    _say_what_they_want(accounts, day)
    _say_who_else_supplies(accounts, offered, day)
    _decided(accounts, offered, day)
    _under_way(accounts, offered, day)


def _offerings() -> list[Offering]:
    """The goods, by category or by words in their names; then the services."""
    from regulars.facts.offerings import record_offering, unmapped_categories

    services = [record_offering(name=name, words=words, member=None) for name, words in SERVICES]
    categories = unmapped_categories()[:MOST_GOODS]
    if categories:
        goods = [record_offering(name=one, categories=[one], member=None) for one in categories]
    else:
        goods = [
            record_offering(name=name, words=words, name_words=in_names, member=None) for name, words, in_names in GOODS
        ]
    last = goods[-1]
    record_offering(
        name=last.name,
        words=last.words,
        categories=last.categories,
        name_words=last.name_words,
        better=services[0],
        offering=last,
        member=None,
    )
    return [*goods, *services]


def _say_what_they_want(accounts: list[Account], day: date) -> None:
    from regulars.facts.goals import note_goal

    for place, (kind, text) in enumerate(GOALS):
        account = accounts[place]
        note_goal(
            account=account,
            kind=kind,
            text=text,
            on=day - timedelta(days=20 + place),
            since=day - timedelta(days=200),
            member=account.owner,
            contact=account.contacts.order_by("pk").first(),
            source=_("visit in autumn"),
        )


def _say_who_else_supplies(accounts: list[Account], offered: list[Offering], day: date) -> None:
    from regulars.facts.offerings import tell_supply

    for place, (supplier, since_days, until_days) in enumerate(ELSEWHERE):
        account = accounts[place]
        tell_supply(
            account=account,
            offering=offered[(len(offered) - 1 - place) % len(offered)],
            state="competitor",
            supplier=supplier,
            since=day - timedelta(days=since_days),
            until=day + timedelta(days=until_days) if until_days else None,
            on=day - timedelta(days=10),
            member=account.owner,
            source=_("said by the buyer"),
        )
    for place, state in enumerate(("in_house", "none", "none")):
        account = accounts[place + 3]
        tell_supply(
            account=account, offering=offered[-1], state=state, on=day - timedelta(days=30), member=account.owner
        )


def _decided(accounts: list[Account], offered: list[Offering], day: date) -> None:
    """Some of the last half year, a third of them won: enough for the chances to learn from."""
    from regulars.plan.opportunities import lose_opportunity, move_opportunity, win_opportunity
    from regulars.plan.opportunity_stages import stages

    keys = [one.key for one in stages()]
    for number in range(18):
        account, offering = accounts[number % len(accounts)], offered[number % (len(offered) - 2)]
        opened_on, closed_on = day - timedelta(days=180 - 5 * number), day - timedelta(days=150 - 6 * number)
        made = _open(account, offering, number, on=opened_on)
        for key in keys[1 : 2 + number % 4]:
            move_opportunity(opportunity=made, stage=key, on=opened_on + timedelta(days=7), member=None)
        if number % 3 == 1:
            win_opportunity(opportunity=made, on=closed_on, member=None)
        else:
            reason, said = LOST_WORDS[number % len(LOST_WORDS)]
            lose_opportunity(opportunity=made, reason=reason, said=said, on=closed_on, member=None)


def _under_way(accounts: list[Account], offered: list[Offering], day: date) -> None:
    from regulars.plan.opportunities import move_opportunity
    from regulars.plan.opportunity_stages import stages

    keys = [one.key for one in stages()]
    for number in range(12):
        step, days = NEXT_STEPS[number % len(NEXT_STEPS)]
        made = _open(
            accounts[number],
            offered[(len(offered) - 3 + number) % len(offered)],
            number,
            on=day - timedelta(days=35 - number),
            step=step,
            step_on=day + timedelta(days=days),
        )
        if number % 4:
            move_opportunity(opportunity=made, stage=keys[number % 4], on=day - timedelta(days=12), member=made.owner)
        if number == 0:
            _make_the_case(made, offered, day)


def _open(
    account: Account,
    offering: Offering,
    number: int,
    *,
    on: date,
    step: str = "",
    step_on: date | None = None,
) -> Opportunity:
    from regulars.plan.opportunities import open_opportunity

    owner: Member | None = account.owner
    return open_opportunity(
        account=account,
        title=_title(offering),
        offering=offering,
        amount_minor=(8 + 5 * (number % 9)) * 15_000,
        expected_on=on + timedelta(days=60),
        next_step=step,
        next_step_on=step_on,
        on=on,
        member=owner,
        source=("suggestion", "own", "white_space", "goal")[number % 4],
    )


def _title(offering: Offering) -> str:
    is_service = offering.name in {name for name, _words in SERVICES}
    return offering.name if is_service else _("{goods}: a wider range").format(goods=offering.name)


def _make_the_case(opportunity: Opportunity, offered: list[Offering], day: date) -> None:
    from regulars.plan.business_cases import write_case

    write_case(
        opportunity=opportunity,
        situation=_(
            "You want to sell more in the winter season without being left with stock.\n"
            "In the last season about a fifth of the goods was still there in January."
        ),
        options={
            "basic": {
                "name": opportunity.title,
                "text": _("The range of last year, ordered in September, at the price of the list."),
                "cost_yearly_minor": 1_200_000,
                "benefit_yearly_minor": 1_750_000,
                "benefit_said": _("sales at your usual prices, less the fifth that remains"),
            },
            "better": {
                "name": offered[-2].name,
                "text": _("The same range; what is left in January comes back to us. We fill up your shelf twice."),
                "cost_once_minor": 40_000,
                "cost_yearly_minor": 1_310_000,
                "benefit_yearly_minor": 2_050_000,
                "benefit_said": _("nothing remains, and nothing is sold out before Christmas"),
            },
        },
        recommendation=_("Take the range with returns: it costs a little more and takes the risk of the season away."),
        years=2,
        on=day - timedelta(days=3),
        member=opportunity.owner,
    )
