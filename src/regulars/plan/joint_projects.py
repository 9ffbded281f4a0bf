"""Joint projects: what a customer and we improve together, measured on days, from a known start to a known end (C4).

The customer confirms what it brought: `plan/sign_offs.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypedDict, Unpack

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.base.organisation import organisation
from regulars.core.errors import Refusal
from regulars.facts.accounts import of_account, require_account
from regulars.facts.models import Account, Contact
from regulars.plan.models import JointProject, ProjectMeasurement, SignOff
from regulars.plan.seen import seen_with_account

LONGEST_TITLE = 200
LONGEST_TEXT = 500
LONGEST_UNIT = 50
LARGEST = Decimal(10) ** 14
MOST_SAVED_MINOR = 10**15


class WrongProject(Refusal):
    """A joint project cannot be made or changed like this."""


class NoSuchProject(Refusal):
    """There is no such project that this member may see."""


class ProjectFields(TypedDict, total=False):
    """What is said about a project."""

    title: str
    goal: str
    measure: str
    unit: str
    lower_is_better: bool
    baseline: Decimal
    baseline_on: date
    target: Decimal | None
    owner: Member | None
    contact: Contact | None


def visible_projects(member: Member | None) -> QuerySet[JointProject]:
    """Joint projects with the accounts that `member` may see, the newest first."""
    return JointProject.objects.filter(seen_with_account(member)).order_by("-created_at", "-pk")


def projects_of(account: Account, *, member: Member | None) -> QuerySet[JointProject]:
    """Those of one account, and of what was merged into it."""
    return visible_projects(member).filter(of_account(account))


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a project stands: the newest measurement, its change since the start, and what was saved in all."""

    newest: ProjectMeasurement | None
    change: Decimal | None
    """Better is above zero, whichever direction is better."""
    share: float | None
    """Of the way from the start to the goal, 1 when it is reached; None without a goal in figures."""
    saved_minor: int | None
    """None: nobody said what was saved."""


def progress_of(project: JointProject) -> Progress:
    """Where it stands by the measurements that count. Prefetch `measurements` to ask for many at once."""
    counting = [one for one in project.measurements.all() if one.taken_back_at is None]
    newest = max(counting, key=lambda one: (one.on, one.pk), default=None)
    saved = [one.saved_minor for one in counting if one.saved_minor is not None]
    total = sum(saved) if saved else None
    if newest is None:
        return Progress(newest=None, change=None, share=None, saved_minor=total)
    change = _better(project, newest.value)
    way = _better(project, project.target) if project.target is not None else None
    return Progress(newest=newest, change=change, share=float(change / way) if way else None, saved_minor=total)


def _better(project: JointProject, value: Decimal) -> Decimal:
    return project.baseline - value if project.lower_is_better else value - project.baseline


# Verbs


@transaction.atomic
def propose_project(
    *, account: Account, on: date, member: Member | None, **fields: Unpack[ProjectFields]
) -> JointProject:
    """Note a project that is to be done with the customer. Without `owner`, who notes it leads it.

    Raises `WrongProject` without its words and its start in figures, and where the goal is no better than the start.
    """
    require_account(account, member=member)
    account = account.merged_into or account
    made = JointProject(account=account, currency=organisation().base_currency, baseline_on=on)
    _set(made, {"owner": member or account.owner, **fields}, on=on)
    with audited(made, verb="propose_project", member=member):
        made.save()
    return made


@transaction.atomic
def change_project(
    *, project: JointProject, on: date, member: Member | None, **fields: Unpack[ProjectFields]
) -> JointProject:
    """Change what is said about it. The start cannot be moved after the customer has confirmed something."""
    found = _locked(project, member)
    moved = {"baseline", "lower_is_better", "unit", "measure"} & {
        name for name, value in fields.items() if getattr(found, name) != value
    }
    if moved and found.sign_offs.exclude(answer=SignOff.Answer.OPEN).exists():
        raise WrongProject(
            _("The customer has confirmed figures that start from here."),
            _("Finish this project, and open another one with the new start."),
        )
    with audited(found, verb="change_project", member=member, account_id=found.account_id):
        _set(found, fields, on=on)
        found.save()
    return found


@transaction.atomic
def start_project(*, project: JointProject, on: date, member: Member | None) -> JointProject:
    """The customer agreed: it is under way."""
    found = _locked(project, member)
    if found.state != JointProject.State.PROPOSED:
        raise _not_now(found)
    return _move(found, JointProject.State.RUNNING, member=member, verb="start_project")


@transaction.atomic
def finish_project(*, project: JointProject, on: date, member: Member | None, outcome: str = "") -> JointProject:
    """It reached its end. There must be a measurement: else nobody could say what it brought."""
    found = _running(project, member)
    if not found.measurements.filter(taken_back_at=None).exists():
        raise WrongProject(
            _("Nothing was measured since the start."), _("Note what is measured now, or stop the project instead.")
        )
    return _move(found, JointProject.State.FINISHED, member=member, verb="finish_project", on=on, outcome=outcome)


@transaction.atomic
def stop_project(*, project: JointProject, on: date, member: Member | None, reason: str) -> JointProject:
    """It will not be done, or not to its end; why."""
    found = _locked(project, member)
    if found.state not in JointProject.LIVE:
        raise _not_now(found)
    if not reason.strip():
        raise WrongProject(_("The reason is missing."), _("Say in a few words why it is stopped."))
    return _move(found, JointProject.State.STOPPED, member=member, verb="stop_project", on=on, outcome=reason)


@transaction.atomic
def resume_project(*, project: JointProject, on: date, member: Member | None) -> JointProject:
    """Take back that it was started, finished or stopped, or go on with it after all."""
    found = _locked(project, member)
    if found.state == JointProject.State.PROPOSED:
        raise _not_now(found)
    was_running = found.state == JointProject.State.RUNNING
    if was_running and found.measurements.filter(taken_back_at=None).exists():
        raise WrongProject(_("Something was measured already."), _("Stop the project, if it will not be done."))
    back = JointProject.State.PROPOSED if was_running else JointProject.State.RUNNING
    return _move(found, back, member=member, verb="resume_project")


@transaction.atomic
def measure_project(
    *,
    project: JointProject,
    value: Decimal,
    on: date,
    today: date,
    member: Member | None,
    saved_minor: int | None = None,
    said: str = "",
) -> ProjectMeasurement:
    """Note what was measured on a day, and what the customer saved since the last time, if that is known."""
    found = _running(project, member)
    if on > today or on < found.baseline_on:
        raise WrongProject(_("Nothing can be measured on that day."), _("Give a day from the start until today."))
    if abs(value) >= LARGEST or abs(saved_minor or 0) > MOST_SAVED_MINOR:
        raise WrongProject(_("That figure is too large to be true."), _("Check the unit."))
    made = ProjectMeasurement(
        project=found, on=on, value=value, saved_minor=saved_minor, said=said.strip()[:LONGEST_TEXT], member=member
    )
    with audited(made, verb="measure_project", member=member, account_id=found.account_id):
        made.save()
    return made


@transaction.atomic
def take_back_measurement(*, measurement: ProjectMeasurement, member: Member | None) -> ProjectMeasurement:
    """It was noted by mistake. Open questions to the customer that showed it are taken back with it."""
    project = _locked(measurement.project, member)
    found = ProjectMeasurement.objects.select_for_update().get(pk=measurement.pk)
    if found.taken_back_at is not None:
        raise WrongProject(_("This was taken back before."), _("There is nothing left to do."))
    with audited(found, verb="take_back_measurement", member=member, account_id=project.account_id):
        found.taken_back_at = timezone.now()
        found.save()
    unanswered = project.sign_offs.filter(answer=SignOff.Answer.OPEN, measured_on__gte=found.on, withdrawn_at=None)
    unanswered.update(withdrawn_at=timezone.now())
    return found


def _move(
    project: JointProject,
    state: JointProject.State,
    *,
    member: Member | None,
    verb: str,
    on: date | None = None,
    outcome: str = "",
) -> JointProject:
    with audited(project, verb=verb, member=member, account_id=project.account_id):
        project.state, project.ended_on, project.outcome = state, on, outcome.strip()[:LONGEST_TEXT]
        project.save()
    return project


def _locked(project: JointProject, member: Member | None) -> JointProject:
    require(member, Permission.WRITE)
    found = visible_projects(member).filter(pk=project.pk).first()
    if found is None:
        raise NoSuchProject(_("There is no such project."), _("It may belong to others."))
    locked = JointProject.objects.select_for_update(of=("self",)).select_related("account__merged_into", "owner")
    return locked.get(pk=found.pk)


def _running(project: JointProject, member: Member | None) -> JointProject:
    found = _locked(project, member)
    if found.state != JointProject.State.RUNNING:
        raise _not_now(found)
    return found


def _not_now(project: JointProject) -> WrongProject:
    said = _("This project is: %(state)s.") % {"state": project.get_state_display()}
    ways = {
        JointProject.State.PROPOSED: _("Start it first, when the customer has agreed."),
        JointProject.State.RUNNING: _("Finish it or stop it first."),
    }
    return WrongProject(said, ways.get(JointProject.State(project.state), _("Take it up again first.")))


def _set(project: JointProject, fields: ProjectFields, *, on: date) -> None:
    for name, value in fields.items():
        setattr(project, name, value.strip() if isinstance(value, str) else value)
    if not (project.title and project.goal and project.measure) or project.baseline is None:
        raise WrongProject(
            _("It does not say what is to be improved."),
            _("Give the project a name, say what it is to bring, what is measured and where it starts."),
        )
    project.title, project.measure = project.title[:LONGEST_TITLE], project.measure[:LONGEST_TITLE]
    project.goal, project.unit = project.goal[:LONGEST_TEXT], project.unit[:LONGEST_UNIT]
    if any(abs(one) >= LARGEST for one in (project.baseline, project.target or Decimal(0))):
        raise WrongProject(_("That figure is too large to be true."), _("Check the unit."))
    if project.baseline_on > on:
        raise WrongProject(_("That day has not come yet."), _("Give the day on which the start was measured."))
    if project.target is not None and _better(project, project.target) <= 0:
        raise WrongProject(_("The goal is no better than the start."), _("Check both, and whether less is better."))
    if project.owner is None or not project.owner.is_active:
        raise WrongProject(_("Nobody would lead this project."), _("Say who of ours does."))
    _refuse_stranger(project)


def _refuse_stranger(project: JointProject) -> None:
    home = project.account.merged_into_id or project.account_id
    if project.contact is not None and home != project.contact.account_id:
        raise WrongProject(
            _("%(contact)s is not known at this account.") % {"contact": project.contact},
            _("Choose one of its people."),
        )
