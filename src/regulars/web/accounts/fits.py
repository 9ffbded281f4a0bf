"""Why an account is in this list: for each filter the sentence with the figure that made it fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext as _

from regulars.base.formats import day
from regulars.insight.protection_sentences import level_sentence
from regulars.insight.sentences import sentences
from regulars.plan.today import told
from regulars.web.accounts.filters import CUSTOM, Filter
from regulars.web.accounts.rows import ACTIONS, LAST_CONTACT, TAGS, Row
from regulars.web.desk import Desk

SENTENCES_OF_SCORE = {
    "pareto": "pareto",
    "buyer": "buyer",
    "trend": "trend",
    "silence": "rhythm",
    "alive": "alive",
    "risk": "at_risk",
    "sales_from": "sales",
    "sales_to": "sales",
}
"""Filter → the sentence about the score that holds its figure."""

NEEDS = {"cause": ACTIONS, "contact": LAST_CONTACT, "tag": TAGS}


def needs_of(chosen: Filter) -> set[str]:
    """What must be looked up of the rows for their sentences."""
    return {NEEDS[name] for name in chosen.said if name in NEEDS}


def why_here(row: Row, chosen: Filter, desk: Desk) -> list[str]:
    """One sentence a filter; filters that ask for the same figure share it."""
    asked = [SENTENCES_OF_SCORE[name] for name in chosen.said if name in SENTENCES_OF_SCORE]
    told = sentences(row.score, currency=desk.currency, about=asked) if row.score and asked else []
    said = {one.key: one.text for one in told}
    found = [_why(name, value, row, said, chosen) for name, value in chosen.said.items()]
    return list(dict.fromkeys(sentence for sentence in found if sentence))


def _why(name: str, value: Any, row: Row, said: dict[str, str], chosen: Filter) -> str:
    if name in SENTENCES_OF_SCORE:
        return said.get(SENTENCES_OF_SCORE[name], _("It has not ordered yet."))
    if name.startswith(CUSTOM):
        return _stated(chosen.fields[name].label, row.account.custom.get(name.removeprefix(CUSTOM)))
    return WHYS[name](row, value)


def _stated(field: Any, value: Any) -> str:
    return _("%(field)s: %(value)s") % {"field": field, "value": value}


def _search(row: Row, text: str) -> str:
    account = row.account
    fields: Iterable[tuple[str, str]] = (
        (_("E-mail"), account.email),
        (_("City"), account.city),
    )
    if text.lower() in account.name.lower():
        return _("Its name contains “%(text)s”.") % {"text": text}
    if account.external_id == text:
        return _stated(_("Customer number"), text)
    return next((_stated(field, value) for field, value in fields if value.lower() == text.lower()), "")


def _owner(row: Row, _value: str) -> str:
    owner = row.account.owner
    return _("Looked after by %(owner)s.") % {"owner": owner} if owner else _("Nobody looks after it.")


def _cause(row: Row, cause: str) -> str:
    return " ".join(sentence for one in row.actions if one.cause == cause for sentence in told(one).sentences)


def _contact(row: Row, _days: int) -> str:
    if row.last_contact is None:
        return _("No contact was ever noted.")
    return _("The last contact was on %(day)s.") % {"day": day(row.last_contact)}


def _reach(row: Row, value: str) -> str:
    if value == "neither":
        return _("Neither e-mail nor phone is known.")
    return _stated(_("E-mail") if value == "email" else _("Phone"), getattr(row.account, value))


def _first_order(row: Row, _since: Any) -> str:
    known = row.score.first_order if row.score else None
    return _("Ordered for the first time on %(day)s.") % {"day": day(known)} if known else ""


def _protection(row: Row, _level: str) -> str:
    return level_sentence(row.protection) if row.protection else ""


WHYS: dict[str, Callable[[Row, Any], str]] = {
    "protection": _protection,
    "q": _search,
    "owner": _owner,
    "cause": _cause,
    "contact": _contact,
    "reach": _reach,
    "first_since": _first_order,
    "tag": lambda row, _value: _stated(_("Tags"), ", ".join(row.tags)),
    "team": lambda row, _value: _stated(_("Team"), row.account.team),
    "department": lambda row, _value: _stated(_("Department"), row.account.department),
    "country": lambda row, _value: _stated(_("Country"), row.account.country),
    "city": lambda row, _value: _stated(_("City"), row.account.city),
}
