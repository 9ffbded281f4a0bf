"""Value in the demo: what its large customers improve with it, value about it, and think of its people."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from regulars.cli.language import _

if TYPE_CHECKING:
    from regulars.base.models import Member
    from regulars.facts.models import Account, Contact
    from regulars.plan.models import JointProject

SIZES = ("20-49", "10-19", "250-999", "10-19", "50-249", "10-19", "50-249", "20-49", "10-19", "20-49")
PROOFS = (
    (
        "repair",
        _("A lamp came broken on Friday; the new one was here on Monday, and nobody asked for forms."),
        "by_name",
    ),
    ("delivery", _("Before Christmas they deliver twice a week in small boxes: our back room is tiny."), "anonymous"),
    ("advice", _("They told us which colours would not sell here, and they were right."), "by_name"),
    ("quality", _("One box in a hundred has something broken; with others it was one in ten."), "anonymous"),
    ("service", _("I always speak with the same person, who knows my last order better than I do."), "by_name"),
    ("payment", _("We pay the season's goods when the season is over."), "none"),
    ("price", _("They are not the cheapest, but the price is the price."), "none"),
    ("delivery", _("What is ordered by noon is here the next day."), "by_name"),
    ("advice", _("The sample box in January decides half of our year."), "anonymous"),
    ("service", _("When I call, somebody answers."), "none"),
)
WORTH = ((6, 7, 9), (8, 8), (9, 6), (5, 7), (10, 10), (7,))
PROJECTS = (
    (_("Less broken glass"), _("Fewer lamps that cannot be sold"), _("Broken in a hundred"), "%", "6", "2"),
    (_("Faster unloading"), _("The van is gone before the shop opens"), _("Time for a delivery"), _("min"), "55", "30"),
    (_("Fewer small orders"), _("One order a week instead of many"), _("Orders a month"), "", "11", "4"),
)
MEASURED = (("5", 12_000), ("3.5", 31_000), ("2.4", 38_500))
RATED = ((7, 6), (6, 6), (7, 7), (5, 6), (6, 7), (7, 5), (7, 7))


def say_what_it_is_worth(day: date) -> None:
    """Businesses, projects, proofs and worth of ten of the largest accounts, and some ratings."""
    from regulars.facts.accounts import change_account
    from regulars.facts.models import Account

    largest = Account.objects.filter(merged_into=None, owner__isnull=False, score__rank__isnull=False)
    accounts = list(largest.select_related("owner").order_by("score__rank", "pk")[: len(SIZES)])
    for account, size in zip(accounts, SIZES, strict=False):
        if not account.trade:
            business = " ".join(account.name.split()[1:]) or account.name  # the names say it: Maple Tea Rooms
            change_account(account=account, member=None, trade=business, size=size)
    people = [account.contacts.filter(active=True).order_by("pk").first() for account in accounts]
    met = [(account, one) for account, one in zip(accounts, people, strict=True) if one is not None]
    _improve(met[: len(PROJECTS)], day)
    _praise(met, day)
    _rate(day)


def _improve(met: list[tuple[Account, Contact]], day: date) -> None:
    from regulars.plan.joint_projects import propose_project, start_project

    for place, ((account, contact), said) in enumerate(zip(met, PROJECTS, strict=False)):
        title, goal, measure, unit, baseline, target = said
        made = propose_project(
            account=account,
            on=day - timedelta(days=170),
            member=account.owner,
            title=title,
            goal=goal,
            measure=measure,
            unit=unit,
            baseline=Decimal(baseline),
            target=Decimal(target),
            contact=contact,
        )
        if place < 2:
            start_project(project=made, on=day - timedelta(days=160), member=account.owner)
            _measure(made, contact, place, day)


def _measure(project: JointProject, contact: Contact, place: int, day: date) -> None:
    """The first was measured three times and is confirmed; the second once."""
    from regulars.plan.customer_links import key_of
    from regulars.plan.joint_projects import measure_project, progress_of
    from regulars.plan.models import SignOff
    from regulars.plan.sign_offs import answer_sign_off

    for step, (value, saved) in enumerate(MEASURED if place == 0 else (("41", None),)):
        on = day - timedelta(days=120 - 45 * step)
        measure_project(
            project=project, value=Decimal(value), on=on, today=day, member=project.owner, saved_minor=saved
        )
    if place == 0:
        found = progress_of(project)
        assert found.newest is not None
        asked = SignOff.objects.create(  # asked without a letter: the demo writes to nobody
            project=project,
            contact=contact,
            asked_by=project.owner,
            asked_on=found.newest.on,
            measured_on=found.newest.on,
            value=found.newest.value,
            saved_minor=found.saved_minor,
        )
        words = _("Our people no longer pack everything twice.")
        answer_sign_off(key=key_of(asked), agrees=True, words=words, at=_noon(day - timedelta(days=20)))


def _praise(met: list[tuple[Account, Contact]], day: date) -> None:
    from regulars.plan.models import JointProject
    from regulars.plan.perceived_value import keep_perceived_value
    from regulars.plan.value_proofs import note_proof

    for place, ((account, contact), (what, words, consent)) in enumerate(zip(met, PROOFS, strict=False)):
        on = day - timedelta(days=11 + 13 * place)
        note_proof(
            account=account,
            on=on,
            member=account.owner,
            contact=contact,
            what=what,
            words=words,
            consent=consent,
            consent_from="" if consent == "none" else contact.name,
            project=JointProject.objects.filter(account=account, sign_offs__answer="agrees").first(),
        )
    for (account, contact), scores in zip(met, WORTH, strict=False):
        for step, score in enumerate(scores):
            on = day - timedelta(days=15 + 150 * (len(scores) - 1 - step))
            keep_perceived_value(account=account, contact=contact, score=score, on=on, today=day, member=account.owner)


def _rate(day: date) -> None:
    """Seven customers rated one of service, who has seen it; three rated an account manager, who has not yet."""
    from regulars.base.models import Member
    from regulars.facts.ratings import see_own_ratings

    for role, count in ((Member.Role.SERVICE, len(RATED)), (Member.Role.ACCOUNT_MANAGER, 3)):
        colleague = Member.objects.filter(role=role, is_active=True).order_by("pk").first()
        if colleague is not None:
            _rated(colleague, count, day)
            if role == Member.Role.SERVICE:
                see_own_ratings(member=colleague, at=_noon(day))


def _rated(colleague: Member, count: int, day: date) -> None:
    from regulars.facts.ratings import Rateable, rate_service
    from regulars.facts.signals import SignalSource

    for place, (courtesy, competence) in enumerate(RATED[:count]):
        source = SignalSource(kind="facts.issue", uid=uuid5(NAMESPACE_URL, f"demo:{colleague.email}:{place}"))
        rate_service(
            rateable=Rateable(member=colleague, source=source),
            courtesy=courtesy,
            competence=competence,
            words=_("Called back within the hour.") if place == 1 else "",
            at=_noon(day - timedelta(days=4 + 9 * place)),
        )


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)
