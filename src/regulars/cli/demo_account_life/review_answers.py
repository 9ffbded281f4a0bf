"""Reviews of the demo that were held: what two of its largest customers said, what was promised and recommended."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from regulars.cli.language import _

if TYPE_CHECKING:
    from regulars.facts.models import Account
    from regulars.plan.models import Review

HELD_DAYS_AGO = (96, 41)
SAID = (
    _("A friendly talk. They plan to grow and want fewer, larger deliveries."),
    _("Open words on both sides: content with the goods, less so with the packing."),
)
ANSWERS = (
    (
        ("us-well", "about_us", _("The goods come as ordered, and somebody picks up the phone."), "praise"),
        ("us-better", "about_us", _("Tell us two days before a delivery, not on the morning of it."), ""),
        ("needs-plans", "needs", _("A second shop in spring, with a corner for gifts."), "new_site"),
        ("others-offers", "competitors", _("One came by with a catalogue; nothing that tempts them."), ""),
    ),
    (
        ("us-small", "about_us", _("The outer boxes are hard to open, and the paper ends up everywhere."), "complaint"),
        ("needs-customers", "needs", _("Their customers ask for smaller sets to give away."), "interest_shown"),
        (
            "others-also",
            "competitors",
            _("Candles come from somebody else, who delivers every week."),
            "competitor_supplies",
        ),
    ),
)
PROBLEMS = (
    (_("Deliveries come without notice"), _("They change orders by phone and nobody writes it down")),
    (_("Boxes arrive that are hard to open"), _("They pay two weeks late")),
)
PROMISES = (
    ((_("Announce each delivery two days before"), 14), (_("Send the plan of a gift corner"), 120)),
    ((_("Try another outer box with the next delivery"), 62), (_("Send three small sets as samples"), 48)),
)
RECOMMENDATIONS = (
    (
        ("upgrade", _("One delivery a fortnight in place of three small ones"), "yes"),
        ("advice", _("Order the spring goods before Christmas"), "later"),
    ),
    (("product", _("Small gift sets for the till"), "later"),),
)
LEARNED = (_("The accounts are made by a tax adviser in the next town"), _("The shop is closed every Monday"))


def hold_two_reviews(day: date) -> None:
    """Two finished reviews of customers who are looked after; of the older one a promise was kept."""
    from regulars.facts.models import Account
    from regulars.plan.models import Review

    looked_after = Account.objects.filter(merged_into=None, owner__isnull=False, contacts__active=True)
    free = looked_after.exclude(reviews__state__in=Review.COMING).distinct().order_by("-score__sales_12m", "pk")
    accounts = list(free.filter(score__isnull=False).select_related("owner")[:2])
    for place, account in enumerate(accounts):
        review = _held(account, place, on=day - timedelta(days=HELD_DAYS_AGO[place]))
        if place == 0:
            _keep_the_first_promise(review)


def _held(account: Account, place: int, *, on: date) -> Review:
    from regulars.base.organisation import organisation, zone
    from regulars.plan.models import Review
    from regulars.plan.review_finish import finish_review
    from regulars.plan.review_forms import Typed, keep_typed

    owner, contact = account.owner, account.contacts.filter(active=True).order_by("pk").first()
    assert owner is not None
    at = datetime.combine(on, time(15), tzinfo=zone(organisation()))
    review = Review.objects.create(
        account=account, due_on=on, scheduled_at=at, owner=owner, contact=contact, state=Review.State.SCHEDULED
    )
    typed = [Typed(name=name, value=str(text), asked=_asked(name)) for name, text in _fields(place, on).items()]
    keep_typed(review=review, typed=typed, member=owner, on=on)
    return finish_review(review=review, at=at, member=owner)


def _fields(place: int, on: date) -> dict[str, str]:
    theirs, ours = PROBLEMS[place]
    fields = {"said": SAID[place], "theirs.1.text": theirs, "ours.1.text": ours, "fact.1.text": LEARNED[place]}
    for key, area, text, signal in ANSWERS[place]:
        fields[f"answer.{area}.{key}.text"] = text
        fields[f"answer.{area}.{key}.signal"] = signal
    for line, (text, days) in enumerate(PROMISES[place], 1):
        fields |= {f"promise.{line}.text": text, f"promise.{line}.due_on": (on + timedelta(days=days)).isoformat()}
    for line, (kind, text, answer) in enumerate(RECOMMENDATIONS[place], 1):
        at = f"recommendation.{line}"
        fields |= {f"{at}.kind": kind, f"{at}.text": text, f"{at}.answer": answer}
    return fields


def _asked(name: str) -> str:
    from regulars.plan.review_question_bank import SHIPPED

    parts = name.split(".")
    return str(SHIPPED[parts[2]].text) if parts[0] == "answer" else ""


def _keep_the_first_promise(review: Review) -> None:
    from regulars.plan.promises import keep_promise
    from regulars.plan.review_finish import promises_of_review

    for promise in promises_of_review(review)[:1]:
        keep_promise(promise=promise, on=promise.due_on, member=promise.owner)
