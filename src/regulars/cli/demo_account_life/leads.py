"""Leads and recommendations of the demo: half a year of strangers, some of whom became its newest customers."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from regulars.cli.language import _
from regulars.cli.made_up import address_part, firm_names, person

if TYPE_CHECKING:
    from regulars.base.models import Member
    from regulars.facts.models import Account, Lead, LeadForm

SEED = 4711
WISHES = (
    _("We open in spring and look for lamps and candles for twenty tables."),
    _("Do you deliver small quantities every week?"),
    _("A catalogue, please, and your prices for orders from 500 up."),
    _("Our supplier has stopped making the hearts. Have you something like them?"),
    _("I saw your stand at the fair. Call me on a weekday before ten."),
    _("We are three shops by the sea and sell from May to September."),
)
SOURCES = (_("Spring fair"), _("Trade directory"), _("Autumn fair"))
TALKS = (
    _("Wants samples of four articles first; decides in two weeks."),
    _("Buys elsewhere so far, and is not happy with late deliveries."),
    _("Small, but opens a second shop next year."),
)
NAMED = (
    _("A friend of theirs who opens a tea room"),
    _("Her sister's shop in the next town"),
    _("A hotel that asked them where they buy"),
)
COUNTRIES = ("United Kingdom", "United Kingdom", "Ireland", "Netherlands", "United Kingdom", "Germany")


def meet_strangers(day: date) -> None:
    """Criteria, a form, some twenty leads in every state, and what four customers did when asked for names."""
    from regulars.base.models import Member
    from regulars.facts.lead_forms import save_form
    from regulars.facts.models import Account, Lead

    seller = Member.objects.filter(role=Member.Role.NEW_BUSINESS_SELLER, is_active=True).order_by("pk").first()
    if seller is None:
        return
    _say_what_fits()
    form = save_form(member=None, name=_("Web site"), language="en", title=_("What can we do for you?"))
    known = set(Account.objects.values_list("name", flat=True))
    names = (name for name in firm_names(SEED) if name not in known)
    for number in range(18):
        came = _moment(day, 4 + number * 9 if number >= 3 else number)
        lead = _came(next(names), number, came, form=form, seller=seller)
        _go_on(lead, number, came, seller)
    _become_customers(day, seller)
    _recommend(day, seller, names=[next(names) for _number in range(3)])
    Lead.objects.update(generated=True)


def _say_what_fits() -> None:
    from regulars.facts.lead_criteria import save_criterion

    near = ["United Kingdom", "Ireland", "Netherlands"]
    save_criterion(member=None, name=_("A firm"), about="kind", fits=["firm"], points=20, must=True, position=1)
    save_criterion(member=None, name=_("Where we deliver"), about="country", fits=near, points=20, position=2)
    save_criterion(
        member=None,
        name=_("Buys soon"),
        about="question",
        question=_("When do you want to order?"),
        answers=[_("This month"), _("This season"), _("I am only looking")],
        fits=[_("This month"), _("This season")],
        points=20,
        on_form=True,
        position=3,
    )
    save_criterion(member=None, name=_("Can be called"), about="phone", points=10, position=4)


def _came(name: str, number: int, at: datetime, *, form: LeadForm, seller: Member) -> Lead:
    from regulars.facts.leads import Origin, take_lead
    from regulars.facts.models import LeadCriterion

    someone = person(f"{SEED}:{number}", name)
    channel = ("form", "import", "form", "api", "hand", "form")[number % 6]
    asked = LeadCriterion.objects.filter(about=LeadCriterion.About.QUESTION).first()
    answers = {str(asked.uid): asked.answers[number % 3]} if asked and channel == "form" else {}
    return take_lead(
        origin=Origin(channel=channel, form=form if channel == "form" else None),
        at=at,
        member=seller if channel == "hand" else None,
        name=name,
        person=someone.name,
        role=someone.role,
        email=f"{address_part(someone.name, sign='.')}@{address_part(name)}.example",
        phone=someone.phone if number % 4 else "",
        country=COUNTRIES[number % len(COUNTRIES)],
        language="en",
        wishes=WISHES[number % len(WISHES)],
        said_source=SOURCES[number % len(SOURCES)] if channel in {"import", "hand"} else "",
        answers=answers,
    ).lead


def _go_on(lead: Lead, number: int, came: datetime, seller: Member) -> None:
    """The three newest wait; of the others some are in talks, most are decided."""
    from regulars.facts import leads

    if number < 3 or lead.fit == "no":
        if number % 2 and lead.fit == "no":
            leads.reject_lead(lead=lead, at=came + timedelta(hours=5), member=None, reason="criteria")
        return
    answered = came + timedelta(hours=(3, 7, 20, 30)[number % 4])
    leads.contact_lead(lead=lead, at=answered, member=None, said=TALKS[number % len(TALKS)])
    if lead.state == "new" and number % 3 == 0:
        leads.qualify_lead(lead=lead, at=answered, member=None)
    if number > 7:
        reason = ("price", "timing", "competitor", "no_need")[number % 4]
        leads.lose_lead(lead=lead, at=answered + timedelta(days=12), member=None, reason=reason)


def _become_customers(day: date, seller: Member) -> None:
    """Some of the newest customers came as leads: so the report knows what leads brought."""
    for place, account in enumerate(_newest(day)[:6]):
        first = account.score.first_order
        assert first is not None
        lead = _lead_of(account, place, _moment(first, 14 + place))
        _win(lead, account, first, seller)


def _lead_of(account: Account, place: int, at: datetime, channel: str = "") -> Lead:
    from regulars.facts.leads import Origin, take_lead

    contact = account.contacts.order_by("pk").first()
    return take_lead(
        origin=Origin(channel=channel or ("form", "import", "hand")[place % 3]),
        at=at,
        member=None,
        name=account.name,
        kind=account.kind,
        person=contact.name if contact else "",
        email=(contact.email if contact else "") or f"{address_part(account.name)}@post.example",
        country=account.country,
        wishes=WISHES[place % len(WISHES)],
    ).lead


def _win(lead: Lead, account: Account, on: date, seller: Member) -> None:
    from regulars.facts import leads
    from regulars.plan.leads import win_lead

    leads.assign_lead(lead=lead, owner=seller, at=lead.came_at, member=None)
    leads.contact_lead(lead=lead, at=lead.came_at + timedelta(hours=6), member=None)
    win_lead(lead=lead, at=_moment(on, 0), member=None, account=account, hand_over=False)


def _newest(day: date) -> list[Account]:
    from regulars.facts.models import Account

    found = Account.objects.filter(merged_into=None, owner__isnull=False, score__first_order__lte=day, leads=None)
    new = found.filter(score__first_order__gte=day - timedelta(days=180))
    return list(new.select_related("score", "owner").order_by("-score__sales_total", "pk")[:12])


def _recommend(day: date, seller: Member, *, names: list[str]) -> None:
    """One of the largest brought a customer and was thanked, one named three, one declined, one has a link."""
    from regulars.facts.leads import Taken
    from regulars.facts.models import Account
    from regulars.plan import referrals
    from regulars.plan.models import Referral

    large = Account.objects.filter(merged_into=None, owner__isnull=False, score__rank__isnull=False)
    first, second, third, fourth = list(large.select_related("owner").order_by("score__rank", "pk")[2:6])
    link = referrals.make_link(account=first, on=day - timedelta(days=150), member=None)
    for place, account in enumerate(_newest(day)[:1]):
        on = account.score.first_order
        assert on is not None
        lead = _lead_of(account, place, _moment(on, 20), channel="referral")
        referrals.came_by_link(link=link, taken=Taken(lead=lead, new=True), at=lead.came_at)
        _win(lead, account, on, seller)
        brought = Referral.objects.get(lead=lead)
        referrals.thank(referral=brought, on=on + timedelta(days=3), member=None, how=_("A call, and a box of tea"))
    asked = referrals.ask_for_names(account=second, on=day - timedelta(days=9), member=second.owner, ground="praise")
    people = [
        referrals.Named(
            name=name,
            person=(someone := person(f"{SEED}:named:{name}", name)).name,
            phone=someone.phone,
            email=someone.email,
            wishes=why,
        )
        for name, why in zip(names, NAMED, strict=True)
    ]
    referrals.give_names(ask=asked, names=people, at=_moment(day, 8), member=None, may_name=True)
    declined = referrals.ask_for_names(account=third, on=day - timedelta(days=60), member=third.owner)
    referrals.decline_ask(ask=declined, on=day - timedelta(days=60), member=None)
    referrals.ask_for_names(account=fourth, on=day - timedelta(days=2), member=fourth.owner, ground="low_effort")


def _moment(day: date, days_before: int) -> datetime:
    return datetime.combine(day - timedelta(days=days_before), time(9, 30), tzinfo=UTC)
