"""Dossiers of the demo: what its people have learned of three key accounts; of the first much, of the last little."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from regulars.cli.language import _

if TYPE_CHECKING:
    from regulars.base.models import Member
    from regulars.facts.models import Account, Contact

VISIT, CALL, REPORT = _("visit of last spring"), _("call about the autumn order"), _("their yearly report")
SAYS = _("said it at the fair")

FIRM = (
    ("business", _("Sells gifts and things for the house in eleven shops and by catalogue"), VISIT, 200),
    ("business", _("Best known for its Christmas windows: people come from other towns"), SAYS, 380),
    (
        "history",
        _("Began as a stationer's in 1962; the daughter of the founder turned it to gifts in 1994"),
        VISIT,
        700,
    ),
    ("history", _("Took over two shops of a competitor in 2008, and nearly choked on it"), VISIT, 690),
    ("ownership", _("Belongs to the family; a cousin holds a fifth and wants to sell"), SAYS, 340),
    (
        "decisions",
        _("Each shop proposes, the head of buying decides on Tuesdays; over 5,000 the owner signs"),
        CALL,
        120,
    ),
    ("decisions", _("The budget for the year is made in October"), CALL, 120),
    ("aims", _("A third of sales by catalogue within three years; it is a fifth now"), VISIT, 150),
    ("aims", _("Fewer suppliers: from ninety to sixty, and they must deliver to the shops"), CALL, 60),
    ("preferences", _("Deliveries before ten, on half pallets, each shop on its own"), VISIT, 260),
    ("preferences", _("Wants to hear of delays by telephone, never by mail alone"), CALL, 90),
    ("preferences", _("New articles only after samples have stood in the window of one shop for a month"), VISIT, 260),
    ("competitors", _("Candles and glass from Nordlicht, for their displays that are given on loan"), SAYS, 400),
    (
        "competitors",
        _("Paper goods come from an importer of its own town, whose owner is a friend of the family"),
        VISIT,
        210,
    ),
    ("contracts", _("Four per cent back at the end of the year from 200,000 on; ends with the year"), REPORT, 300),
    ("contracts", _("May send back a tenth of the Christmas goods until the end of January"), REPORT, 300),
    ("finances", _("Pays within ten days and takes the discount, except in September"), CALL, 100),
    (
        "reputation",
        _("Its head of buying speaks at the congress of the trade; smaller shops copy her range"),
        SAYS,
        330,
    ),
    ("other", _("The car park of the main house is closed on market days: come by train on Wednesdays"), VISIT, 260),
)
SECRET = ("finances", _("Looks for a partner to buy the cousin's share; asked us to keep it to ourselves"), CALL, 45)
PERSONS = (
    (
        ("role", _("Decides on the range of all shops; answers for the margin of the house"), VISIT),
        ("aims", _("Wants to bring the catalogue into profit before handing over in two years"), SAYS),
        ("preferences", _("Likes one page with figures first; decides in the meeting, not after it"), VISIT),
        ("career", _("Was a buyer at a department store for twelve years"), SAYS),
        ("interests", _("Sings in a choir; hikes in the Lake District every May"), SAYS),
        ("relations", _("Went to school with the owner of our largest competitor"), SAYS),
    ),
    (
        ("role", _("Leads the house together with a brother; signs what is over 5,000"), VISIT),
        ("aims", _("A shop in every town within an hour's drive, without a loan from the bank"), SAYS),
        ("preferences", _("Wants to be visited once a year, by somebody who may decide"), CALL),
        ("interests", _("Restores old sailing boats; the office is full of models"), SAYS),
    ),
    (
        ("role", _("Unpacks and shelves in the main house: what arrives broken or late is seen here first"), VISIT),
        ("aims", _("Fewer broken boxes, and no deliveries on Fridays after noon"), CALL),
        ("preferences", _("Short calls early in the morning; never mails"), CALL),
        ("interests", _("Football on Saturdays; coaches the girls of the town"), SAYS),
        ("relations", _("Trusts our driver more than our office"), VISIT),
    ),
    (
        ("role", _("Checks each invoice against the order"), CALL),
        ("preferences", _("One invoice a month, as a table that can be sorted"), CALL),
        ("career", _("Came from the bank of the house in 2006"), SAYS),
    ),
    (
        ("role", _("Manages the three shops in the south; measured by sales for each metre of shelf"), VISIT),
        ("aims", _("Wants to be the next head of buying"), SAYS),
        ("interests", _("Grows roses; swaps cuttings with our sales head"), SAYS),
        ("relations", _("Close to the owner, at odds with the warehouse"), VISIT),
    ),
)
"""In the sequence of the people of the first key account: buying, executive, daily user, finance, middle."""
WELL, LITTLE = len(FIRM), 7


def know_the_key_accounts(day: date) -> None:
    """Facts on the key accounts: of the first all, of the second a few, of the third one that is out of date."""
    from regulars.plan.models import KeyAccount

    found = KeyAccount.objects.filter(until=None, account__merged_into=None).select_related("account", "manager")
    appointed = list(found.order_by("pk")[:3])
    for one, many in zip(appointed, (WELL, LITTLE, 1), strict=False):
        _know_the_firm(one.account, one.manager, FIRM[:many], day)
        people = list(one.account.contacts.filter(active=True).order_by("pk"))
        for contact, told in zip(people, PERSONS[: 5 if many == WELL else many // LITTLE], strict=False):
            _know_the_person(contact, one.manager, told, day)
    if appointed:
        topic, text, source, days = SECRET
        _note(appointed[0].account, appointed[0].manager, topic, text, source, day - timedelta(days=days), day, True)


def _know_the_firm(account: Account, member: Member, told: tuple[tuple[str, str, str, int], ...], day: date) -> None:
    for topic, text, source, days in told:
        _note(account, member, topic, text, source, day - timedelta(days=days), day)


def _know_the_person(contact: Contact, member: Member, told: tuple[tuple[str, str, str], ...], day: date) -> None:
    for place, (topic, text, source) in enumerate(told):
        known_on = day - timedelta(days=60 + 45 * place)
        _note(contact.account, member, topic, text, source, known_on, day, contact=contact)


def _note(
    account: Account,
    member: Member,
    topic: str,
    text: str,
    source: str,
    known_on: date,
    day: date,
    confidential: bool = False,
    contact: Contact | None = None,
) -> None:
    from regulars.plan.dossier import note_fact

    note_fact(
        account=account,
        member=member,
        topic=topic,
        text=text,
        source=source,
        known_on=known_on,
        on=day,
        contact=contact,
        confidential=confidential,
    )
