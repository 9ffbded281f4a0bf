"""The chapters of a dossier on what was done together: talks, promises, issues, reviews, and what is planned."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from regulars.base.access import Scope, account_scope
from regulars.base.formats import day, listed, money, number, percent
from regulars.base.models import Member
from regulars.base.organisation import organisation, zone
from regulars.core.money import exponent
from regulars.facts.accounts import of_account, visible_accounts
from regulars.facts.interactions import said as outcome_said
from regulars.facts.interactions import visible_interactions
from regulars.facts.issues import visible_issues
from regulars.facts.signals import standing, visible_signals
from regulars.insight.key_signs import key_signs_of
from regulars.insight.white_space import STATES, white_space_of
from regulars.plan import dossier_blocks as blocks
from regulars.plan.actions import visible_actions
from regulars.plan.dossier_blocks import Block, Chapter
from regulars.plan.dossier_known import Dossier
from regulars.plan.handovers import latest_handover
from regulars.plan.joint_projects import progress_of, projects_of
from regulars.plan.key_plans import plan_of
from regulars.plan.models import Action, JointProject, Promise
from regulars.plan.opportunities import visible_opportunities
from regulars.plan.opportunity_stages import stages
from regulars.plan.perceived_value import perceived_by, standing_of
from regulars.plan.promises import visible_promises
from regulars.plan.reviews import visible_reviews
from regulars.plan.today import told
from regulars.plan.value_proofs import proofs_of

TALKS_LISTED = 80
MOST_LISTED = 60


def now_chapter(dossier: Dossier, *, member: Member | None) -> Chapter:
    """What matters now: what there is to do, signs, and what is coming."""
    account = dossier.account
    found: list[Block] = []
    due = visible_actions(member).filter(account=account, state__in=Action.PENDING)
    actions = [told(one) for one in due.select_related("member", "account").order_by("-expected_money", "pk")[:7]]
    if actions:
        found.append(blocks.heading(_("What there is to do")))
    for one in actions:
        found += [blocks.subheading(capfirst(one.cause)), blocks.words(" ".join([*one.sentences, one.advice]).strip())]
    if account_scope(member) == Scope.ALL:
        signs = key_signs_of(account, on=dossier.on, member=member)
        if signs:
            found += [blocks.heading(_("Signs of a key account")), blocks.said(one.sentence for one in signs)]
    handover = latest_handover(account, member=member)
    if handover is not None:
        parts = [
            (_("State"), str(handover.get_state_display())),
            (_("Work and orders to expect"), handover.work),
            (_("What the customer cares about"), handover.cares_about),
            (_("People there, and what they decide"), handover.their_people),
        ]
        kept = blocks.pairs((name, text) for name, text in parts if text)
        found += [blocks.heading(_("From the hand-over")), kept]
    return Chapter(title=_("What matters now"), blocks=found)


def plan_chapter(dossier: Dossier) -> Chapter:
    """The plan of the key account, with who does what until when."""
    entries = list(plan_of(dossier.account)[:MOST_LISTED])
    if not entries:
        return Chapter(title=_("Plan"), blocks=[])
    rows = [
        (
            str(one.get_kind_display()),
            _with(one.text, one.result),
            one.owner.name,
            day(one.due_on),
            str(one.get_state_display()),
        )
        for one in entries
    ]
    names = [_("Kind"), _("What"), _("Who"), _("Until"), _("State")]
    return Chapter(title=_("Plan"), blocks=[blocks.sheet(names, rows, widths=(2, 5, 2.4, 2, 1.6))])


def promises_chapter(dossier: Dossier, *, member: Member | None) -> Chapter:
    """What we promised, and what became of it."""
    found = visible_promises(member).filter(of_account(dossier.account)).select_related("owner")
    parts = (
        (_("To be kept"), found.filter(state__in=Promise.LIVE)),
        (_("Settled"), found.exclude(state__in=Promise.LIVE).order_by("-settled_on", "-pk")),
    )
    made: list[Block] = []
    for title, part in parts:
        rows = [
            (_with(one.text, one.source), one.owner.name, day(one.due_on), str(one.get_state_display()))
            for one in part[:MOST_LISTED]
        ]
        if rows:
            names = [_("Promise"), _("Kept by"), _("Due on"), _("State")]
            made += [blocks.heading(title), blocks.sheet(names, rows, widths=(5, 2.4, 2, 2))]
    return Chapter(title=_("Promises"), blocks=made)


def issues_chapter(dossier: Dossier, *, member: Member | None) -> Chapter:
    """What went wrong, and how it was solved."""
    where = zone(organisation())
    found = visible_issues(member).filter(of_account(dossier.account)).select_related("contact", "owner")
    made: list[Block] = []
    for one in found.order_by("-opened_at", "-pk")[:MOST_LISTED]:
        facts = [
            _("told us on %(day)s") % {"day": _on(one.opened_at, where)},
            str(one.get_state_display()),
            *([_("solved on %(day)s") % {"day": _on(one.solved_at, where)}] if one.solved_at else []),
            *([one.contact.name] if one.contact else []),
        ]
        made += [blocks.subheading(one.title), blocks.quiet(" · ".join(facts))]
        made += [blocks.words(text) for text in (one.text, one.solution) if text]
    return Chapter(title=_("Issues"), blocks=made)


def signals_chapter(dossier: Dossier, *, member: Member | None) -> Chapter:
    """What bears on risk and potential."""
    found = standing(visible_signals(member).filter(of_account(dossier.account)))
    rows = [
        (day(one.observed_on), str(one.get_kind_display()), one.said, str(one.get_direction_display()))
        for one in found.order_by("-observed_on", "-pk")[:MOST_LISTED]
    ]
    names = [_("Date"), _("Signal"), _("Words"), _("Bears on")]
    return Chapter(title=_("Signals"), blocks=_if_any(names, rows, widths=(2, 3, 5, 2)))


def reviews_chapter(dossier: Dossier, *, member: Member | None) -> Chapter:
    """Reviews: what was asked, learned and recommended."""
    found = visible_reviews(member).filter(of_account(dossier.account))
    held = found.filter(held_on__isnull=False).select_related("owner", "contact", "minutes")
    made: list[Block] = []
    for one in held.prefetch_related("answers", "recommendations").order_by("-held_on", "-pk")[:12]:
        made.append(blocks.heading(_("Review of %(day)s") % {"day": day(one.held_on or one.due_on)}))
        names = listed([person.name for person in (one.owner, one.contact) if person is not None])
        made.append(blocks.quiet(f"{names} · {one.get_state_display()}"))
        minutes = getattr(one, "minutes", None)
        if minutes is not None and minutes.said:
            made.append(blocks.words(minutes.said))
        made += [] if not one.answers.all() else [blocks.pairs((told.asked, told.text) for told in one.answers.all())]
        recommended = [_recommended(it.text, str(it.get_answer_display())) for it in one.recommendations.all()]
        made += [blocks.said(recommended)] if recommended else []
    coming = found.filter(held_on=None).exclude(state="cancelled").order_by("due_on").first()
    if coming is not None:
        made.insert(0, blocks.notice(_("The next review is due on %(day)s.") % {"day": day(coming.due_on)}))
    return Chapter(title=_("Reviews"), blocks=made)


def _recommended(text: str, answer: str) -> str:
    return _("Recommended: %(what)s (%(answer)s)") % {"what": text, "answer": answer}


def growth_chapter(dossier: Dossier, *, member: Member | None, currency: str) -> Chapter:
    """Opportunities, and who supplies what we offer."""
    found = visible_opportunities(member).filter(of_account(dossier.account)).select_related("owner")
    names = {one.key: one.name for one in stages()}
    rows = [
        (
            one.title,
            names.get(one.stage, one.stage) if one.state == "open" else str(one.get_state_display()),
            money(one.amount_minor / 10 ** exponent(one.currency), one.currency)
            if one.amount_minor
            else _("not known"),
            one.next_step or one.closing_words,
            one.owner.name,
        )
        for one in found.order_by("-state", "-amount_minor", "pk")[:MOST_LISTED]
    ]
    made: list[Block] = []
    if rows:
        headings = [_("Opportunity"), _("Stage"), _("First year"), _("Next step"), _("Who")]
        made += [
            blocks.heading(_("Opportunities")),
            blocks.sheet(headings, rows, numbers=(2,), widths=(4, 2, 2, 3.4, 2.2)),
        ]
    for row in white_space_of(dossier.account, member=member):
        if not row.cells:
            continue
        name = row.site.name if row.site else row.account.name
        made.append(blocks.heading(_("What %(name)s gets from whom") % {"name": name}))
        told_cells = [
            (one.offering.name, _with(str(STATES[one.state]), one.supplier), one.sentence(currency))
            for one in row.cells
        ]
        made.append(
            blocks.sheet([_("Offering"), _("Who supplies it"), _("How we know")], told_cells, widths=(3, 2.4, 5))
        )
    return Chapter(title=_("Growth"), blocks=made)


def value_chapter(dossier: Dossier, *, member: Member | None) -> Chapter:
    """What we are worth to the customer: its own words, and what we improve together."""
    account = dossier.account
    made: list[Block] = []
    worth = standing_of(list(perceived_by(account, member=member)[:2]))
    if worth is not None:
        made.append(blocks.notice(worth.sentence))
    for project in projects_of(account, member=member).select_related("owner").prefetch_related("measurements")[:12]:
        made += _project(project)
    proofs = list(proofs_of(account, member=member).filter(taken_back_at=None).select_related("contact")[:30])
    if proofs:
        rows = [
            (
                str(one.get_what_display()),
                pgettext("a quotation", "“%(words)s”") % {"words": one.words},
                one.contact.name if one.contact else "",
                day(one.said_on),
            )
            for one in proofs
        ]
        names = [_("What it values"), _("In its own words"), _("Who said it"), _("Said on")]
        made += [blocks.heading(_("What it values about us")), blocks.sheet(names, rows, widths=(2, 5, 2, 2))]
    return Chapter(title=_("Value"), blocks=made)


def _project(project: JointProject) -> list[Block]:
    progress = progress_of(project)
    unit = f" {project.unit}" if project.unit else ""
    facts = [
        (_("Goal"), project.goal),
        (_("State"), str(project.get_state_display())),
        (_("Led by"), project.owner.name),
        (_("At the start"), f"{number(project.baseline, digits=2)}{unit}, {day(project.baseline_on)}"),
    ]
    if progress.newest is not None:
        reached = f"{number(progress.newest.value, digits=2)}{unit}, {day(progress.newest.on)}"
        facts.append((_("Measured last"), reached))
    if progress.share is not None:
        facts.append((_("Part of the way to the goal"), percent(progress.share)))
    if progress.saved_minor is not None:
        saved = money(progress.saved_minor / 10 ** exponent(project.currency), project.currency)
        facts.append((_("Saved so far"), saved))
    if project.outcome:
        facts.append((_("How it ended"), project.outcome))
    return [blocks.heading(project.title), blocks.pairs(facts)]


def talks_chapter(dossier: Dossier, *, member: Member | None) -> Chapter:
    """Calls, visits, mails: the newest first."""
    found = visible_interactions(member).filter(account=dossier.account).select_related("member")
    rows = []
    for one in found.prefetch_related("contacts").order_by("-on", "-pk")[:TALKS_LISTED]:
        people = listed([person.name for person in one.contacts.all()]) if one.contacts.all() else ""
        words = _with(outcome_said(one.outcome) if one.outcome else "", one.text[:600])
        rows.append((day(one.on), str(one.get_kind_display()), one.member.name if one.member else "", people, words))
    names = [_("Date"), _("Kind"), _("Who of us"), _("With whom"), _("What was said")]
    return Chapter(title=_("Talks"), blocks=_if_any(names, rows, widths=(1.8, 1.4, 2.2, 2.2, 5)))


def family_chapter(dossier: Dossier, *, member: Member | None, currency: str) -> Chapter:
    """The accounts that belong to it."""
    children = visible_accounts(member).filter(parent=dossier.account).select_related("score", "owner")
    rows = []
    for one in children.order_by("-score__sales_12m", "name", "pk")[:MOST_LISTED]:
        score = getattr(one, "score", None)
        sales = money(score.sales_12m, currency) if score is not None else _("not known")
        rows.append((one.name, one.city, one.owner.name if one.owner else "", sales))
    names = [_("Account"), _("Place"), _("Looked after by"), _("Last 12 months")]
    return Chapter(title=_("Accounts that belong to it"), blocks=_if_any(names, rows, numbers=(3,)))


def _if_any(
    names: list[str], rows: Iterable[tuple[str, ...]], *, numbers: tuple[int, ...] = (), widths: tuple[float, ...] = ()
) -> list[Block]:
    listed_rows = list(rows)
    return [blocks.sheet(names, listed_rows, numbers=numbers, widths=widths)] if listed_rows else []


def _with(text: str, more: str) -> str:
    return pgettext("between clauses", "; ").join(one for one in (text, more) if one)


def _on(at: datetime, where: tzinfo) -> str:
    return day(at.astimezone(where).date())
