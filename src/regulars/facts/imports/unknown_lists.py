"""The mapping of a list that no known program made: by the words of its headings, then by its values."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _

from regulars.base.warehouse import Engine
from regulars.facts.imports import meaning_of_amounts as amounts
from regulars.facts.imports.headings import meanings, unit_currency
from regulars.facts.imports.mapping import FIELDS, Mapping
from regulars.facts.imports.profiles import Profile
from regulars.facts.imports.proposals import ACCOUNT, AMOUNTS, Proposal, has_amount, missing_for_orders
from regulars.facts.imports.raw_tables import RawTable

NUMBERS: Final = frozenset(
    {
        *(
            "quantity",
            "unit_price",
            "net_amount",
            "gross_amount",
            "amount",
            "tax_amount",
            "discount",
            "discount_amount",
        ),
        *(
            "discount_percent",
            "cost",
            "cost_amount",
            "unit_cost",
            "order_shipping",
            "order_discount",
            "order_refund",
            "rate",
        ),
    }
)
MONEY: Final = NUMBERS - {"quantity", "discount_percent", "rate"}
DATES: Final = frozenset({"business_date", "valid_from"})
LEAST_WEIGHT: Final = 0.35

# What a word means depends on the kind of list that it stands in.
_ALIASES: Final[dict[str, dict[str, str]]] = {
    "order_lines": {"name": "account_name", "code": "order_id"},
    "accounts": {"name": "account_name", "code": "account_id", "seller": "owner", "contact_email": "account_email"},
    "contacts": {"name": "contact_name", "account_email": "contact_email", "account_phone": "contact_phone"},
    "products": {"name": "product_name", "code": "product", "cost": "unit_cost"},
    "rates": {"business_date": "valid_from", "unit_price": "rate"},
}
_NAME_PARTS: Final = ("first_name", "last_name")
_PSEUDO: Final = {"order_lines": ("amount", "discount", "cost", *_NAME_PARTS), "accounts": _NAME_PARTS}


def by_words(engine: Engine, raw: RawTable, seen: dict[str, Profile]) -> Proposal:
    found = {content: _assigned(engine, raw, seen, content) for content in ("order_lines", *list(_ALIASES)[1:])}
    columns_of = {
        content: {name: heading for name, (heading, _weight) in fields.items()} for content, fields in found.items()
    }
    content = _kind(columns_of, found, seen)
    if not content:
        missing = missing_for_orders(columns_of["order_lines"])
        return Proposal(Mapping(content="", columns=_only_fields(columns_of["order_lines"])), 0.0, [], missing)
    columns = columns_of["order_lines" if content == "order_headers" else content]
    mapping, notes = _refined(engine, raw, seen, content, columns)
    weights = [
        weight
        for name, (_heading, weight) in found.get(content, found["order_lines"]).items()
        if name in _NEEDED[content]
    ]
    notes += _ambiguities(seen, mapping)
    return Proposal(mapping, round(sum(weights) / max(1, len(weights)), 2), notes)


_NEEDED: Final[dict[str, frozenset[str]]] = {
    "order_lines": frozenset({"order_id", "business_date", *ACCOUNT, *AMOUNTS, "unit_price"}),
    "order_headers": frozenset({"order_id", "business_date", *ACCOUNT}),
    "accounts": frozenset({"account_id", "account_name"}),
    "contacts": frozenset({"contact_name", "account_id", "account_name"}),
    "products": frozenset({"product", "product_name"}),
    "rates": frozenset({"currency", "valid_from", "rate"}),
}


def _assigned(engine: Engine, raw: RawTable, seen: dict[str, Profile], content: str) -> dict[str, tuple[str, float]]:
    """For each field the heading that suits best, and how well. A heading serves one field, a field has one heading."""
    allowed = {*FIELDS[content], *_PSEUDO.get(content, ())}
    offers = []
    for position, (heading, profile) in enumerate(seen.items()):
        for meaning in meanings(heading):
            name = _alias(content, meaning.field, profile)
            weight = meaning.weight * _suits(name, profile)
            if name in allowed and weight >= LEAST_WEIGHT:
                offers.append((-weight, position, name, heading))
            elif name in {"other", "stranger"}:
                offers.append((-meaning.weight, position, "", heading))
    offers.sort()
    if content == "order_lines":
        offers = amounts.without_order_totals(engine, raw, offers)
    chosen: dict[str, tuple[str, float]] = {}
    taken: set[str] = set()
    for weight, _position, name, heading in offers:
        if heading in taken or name in chosen:
            continue
        taken.add(heading)
        if name:
            chosen[name] = (heading, -weight)
    return chosen


def _alias(content: str, name: str, profile: Profile) -> str:
    name = _ALIASES[content].get(name, name)
    if name == "account_name" and content != "products" and profile.numbers >= 0.9:
        return "account_id"
    if name == "account_name" and profile.emails >= 0.9:
        return "account_email"
    if name == "product_name" and profile.numbers >= 0.9:
        return "product"
    if name == "product" and profile.words >= 0.6:
        return "product_name"
    return name


def _suits(name: str, profile: Profile) -> float:
    """How well values suit a field: 0 (never) … 1."""
    if not profile.filled:
        return 0.5
    if name in NUMBERS:
        return 1.0 if profile.numbers >= 0.8 else 0.7 if profile.numbers >= 0.5 else 0.0
    if name in DATES:
        serials = 0.5 if profile.numbers >= 0.95 and not profile.decimals else 0.0
        return 1.0 if profile.dates >= 0.8 else 0.7 if profile.dates >= 0.3 else serials
    if name in {"account_email", "contact_email"}:
        return 1.0 if profile.emails >= 0.5 else 0.0
    if name == "currency":
        return 1.0 if profile.currencies >= 0.8 else 0.0
    if name == "cancelled_at":
        return 1.0
    if profile.dates >= 0.9:
        return 0.0
    if name in {"order_id", "account_id", "product", "line_no"}:
        return 0.0 if profile.decimals > 0.1 else 1.0 if profile.emails < 0.5 else 0.4
    if name in {"account_name", "contact_name", "category", "status", "document"}:
        return 0.0 if profile.decimals > 0.1 else 1.0
    return 1.0


def _kind(
    columns: dict[str, dict[str, str]], found: dict[str, dict[str, tuple[str, float]]], seen: dict[str, Profile]
) -> str:
    """What kind of list this is, by the fields that were found; empty if it is none that can be imported."""
    lines = columns["order_lines"]
    account = next((lines[name] for name in ACCOUNT if name in lines), "")
    order = "order_id" in lines
    if has_amount(lines) and "business_date" in lines and (order or _comes_back(seen, account)):
        return "order_lines"
    if order and lines.keys() & {"product", "product_name"} and has_amount(lines):
        return "order_lines"  # their date and customer may be in another file
    if order and "business_date" in lines and account:
        return "order_headers"
    surely_order = order and found["order_lines"]["order_id"][1] >= 0.9
    if surely_order or any(_is(heading, "stranger") for heading in seen):
        return ""
    if {"currency", "valid_from", "rate"} <= columns["rates"].keys() and not account:
        return "rates"
    person = columns["contacts"].keys() & {"contact_name", "contact_email"}
    if person and columns["contacts"].keys() & {"contact_id", "contact_role", "level"} and account:
        return "contacts"
    if {"product", "product_name"} <= columns["products"].keys() and "account_name" not in columns["accounts"]:
        return "products"
    named = columns["accounts"].keys() & {"account_name", *_NAME_PARTS}
    reachable = columns["accounts"].keys() & {
        *("account_id", "account_email", "account_phone", "account_street", "account_postcode"),
    }
    return "accounts" if named and reachable else ""


def _is(heading: str, meaning: str) -> bool:
    return any(one.field == meaning for one in meanings(heading))


def _comes_back(seen: dict[str, Profile], account: str) -> bool:
    """Customers stand in several rows: a list of purchases, not of customers."""
    return bool(account) and seen[account].distinct <= 0.8


def _only_fields(columns: dict[str, str]) -> dict[str, str]:
    return {name: heading for name, heading in columns.items() if name in FIELDS["order_lines"]}


def _refined(
    engine: Engine, raw: RawTable, seen: dict[str, Profile], content: str, columns: dict[str, str]
) -> tuple[Mapping, list[str]]:
    """The mapping of an unknown list: what amounts mean, names put together, empty cells, units in headings."""
    notes: list[str] = []
    mapping = Mapping(content=content, columns=dict(columns))
    if content == "order_lines":
        mapping, more = _with_order_id(mapping)
        settled, told = amounts.settled(engine, raw, mapping.columns)
        mapping = replace(mapping, columns=amounts.without_bad_line_numbers(engine, raw, seen, settled))
        notes += more + told
    mapping = _with_person(mapping)
    if content == "order_lines":
        mapping = _with_filling(mapping, seen)
        mapping = _with_product(mapping)
    mapping = _with_currency(mapping)
    kept = {name: heading for name, heading in mapping.columns.items() if name in FIELDS[content]}
    if content == "order_lines" and not kept.keys() & set(ACCOUNT):
        notes.append(_("No column with customers was found: the orders are counted, but belong to no account."))
    return replace(mapping, columns=kept), notes


def _with_order_id(mapping: Mapping) -> tuple[Mapping, list[str]]:
    """Without order numbers, what one customer bought on one day is an order."""
    account = next((mapping.columns[name] for name in ACCOUNT if name in mapping.columns), "")
    if "order_id" in mapping.columns or not account:
        return mapping, []
    parts = (account, mapping.columns["business_date"])
    name = " + ".join(parts)
    made = replace(mapping, columns={**mapping.columns, "order_id": name}, together={**mapping.together, name: parts})
    return made, [_("The file has no order numbers: what a customer bought on one day is one order.")]


def _with_person(mapping: Mapping) -> Mapping:
    """First and last name make the contact; a customer without a firm is called by it."""
    parts = tuple(mapping.columns[name] for name in _NAME_PARTS if name in mapping.columns)
    columns = {name: heading for name, heading in mapping.columns.items() if name not in _NAME_PARTS}
    if not parts:
        return mapping
    name = " + ".join(parts)
    together = {**mapping.together, name: parts} if len(parts) > 1 else mapping.together
    instead = dict(mapping.instead)
    columns.setdefault("contact_name", name)
    if mapping.content != "contacts":
        if "account_name" in columns:
            instead["account_name"] = (name,)
        else:
            columns["account_name"] = name
    return replace(mapping, columns=columns, together=together, instead=instead)


def _with_filling(mapping: Mapping, seen: dict[str, Profile]) -> Mapping:
    """Cells of the order that stand only on its first row."""
    order = seen.get(mapping.columns["order_id"])
    item = next(
        (seen[mapping.columns[name]] for name in ("product", "product_name", "quantity") if name in mapping.columns),
        None,
    )
    date = seen.get(mapping.columns.get("business_date", ""))
    if order is None or item is None or date is None:
        return mapping
    if max(order.filled, date.filled) < 0.95 * item.filled:
        return replace(mapping, fill_down="previous")  # a row that lacks its number alone must not join the order above
    return replace(mapping, fill_down="order") if date.filled < 0.95 * order.filled else mapping


def _with_product(mapping: Mapping) -> Mapping:
    """Products without a code are known by their name."""
    columns = mapping.columns
    if "product" in columns or "product_name" not in columns:
        return mapping
    return replace(mapping, columns={**columns, "product": columns["product_name"]})


def _with_currency(mapping: Mapping) -> Mapping:
    """A currency that the headings of amounts name: "Betrag (EUR)"."""
    named = {unit_currency(heading) for name, heading in mapping.columns.items() if name in MONEY} - {""}
    if "currency" in mapping.columns or len(named) != 1 or mapping.content not in {"order_lines", "products"}:
        return mapping
    return replace(mapping, constants={**mapping.constants, "currency": named.pop()})


def _ambiguities(seen: dict[str, Profile], mapping: Mapping) -> list[str]:
    """Other columns that could have been meant."""
    used = mapping.columns.get("business_date")
    others = [
        name
        for name, one in seen.items()
        if one.dates >= 0.6 and one.filled >= 0.5 and name != used and not _is(name, "other")
    ]
    if not used or not others:
        return []
    return [
        _("More than one column holds dates: “%(used)s” is used, “%(others)s” not.")
        % {"used": used, "others": "”, “".join(others)}
    ]
