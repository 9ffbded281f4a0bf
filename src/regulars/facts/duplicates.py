"""Accounts that may be the same customer twice, proposed with reasons. `merges.py` makes them one.

How pairs are found and weighed is in `docs/methods/duplicates.md`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations
from typing import Any, Final, NamedTuple

import numpy as np
import phonenumbers
from cleanco import termdata
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rapidfuzz import fuzz, process

from regulars.base.access import require
from regulars.base.audit import record_change
from regulars.base.jobs import enqueue, job
from regulars.base.models import Job, Member
from regulars.facts.accounts import require_account, seen_by, visible_accounts
from regulars.facts.countries import country_code
from regulars.facts.models import Account, Contact, FoundPair, NotDuplicates

MOST_FOUND: Final = 5_000
"""Pairs that a search keeps, best first."""
PROPOSED_FROM: Final = 0.65
"""Pairs that score less are not proposed."""
SIMILAR_FROM: Final = 88.0
"""Folded names are similar from this many per cent of equal letters on."""
BLOCK: Final = 64
"""Accounts compared with each other at once; larger blocks are sorted and cut into overlapping windows."""

FREE_MAIL: Final = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.co.uk", "hotmail.de", "hotmail.es",
    "hotmail.fr", "live.com", "msn.com", "yahoo.com", "yahoo.co.uk", "yahoo.co.in", "ymail.com", "icloud.com", "me.com",
    "mac.com",
    "aol.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de", "mail.com", "mail.ru",
    "yandex.ru", "yandex.com", "proton.me", "protonmail.com", "zoho.com", "rediffmail.com", "orange.fr", "wanadoo.fr",
    "free.fr", "laposte.net", "libero.it", "uol.com.br", "bol.com.br", "terra.com.br", "btinternet.com", "bluewin.ch",
    "qq.com", "163.com", "126.com", "naver.com",
})  # fmt: skip
"""Firms do not share these with each other: the same domain says nothing."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two accounts that may be one. `score` is from 0 to 1; `reasons` say in words what speaks for and against it."""

    first: Account
    second: Account
    score: float
    reasons: list[str]


# Folding: what is left of a name or an address when spelling does not matter


class _Punctuation(dict[int, int | str]):
    """A blank for each sign between words, found out when it is met first."""

    def __missing__(self, code: int) -> int | str:
        joins = chr(code) in "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
        self[code] = " " if unicodedata.category(chr(code))[0] in "PSZC" and not joins else code
        return self[code]


_PUNCTUATION: Final = _Punctuation()
_LETTERS: Final = str.maketrans({"ø": "o", "æ": "a", "œ": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_LATIN_ACCENTS: Final = re.compile("[\u0300-\u036f]")  # only these: in Indian scripts the combining marks are vowels
_UMLAUTS: Final = re.compile("([aou])e")
_NUMBER: Final = re.compile(r"\d+")
_JOINING_WORDS: Final = frozenset({"and", "und", "et", "the"})
_OWN_LEGAL_FORMS: Final = (
    "pvt ltd", "pvt", "private limited", "public limited company", "proprietary limited", "co ltd", "pty", "p ltd",
    "ltd", "sarl", "mbh", "gmbh co", "ek", "ug", "kg", "eg", "se", "sl", "slu", "lda", "ltda", "me", "epp", "eireli",
    "aktiengesellschaft", "प्रा लि", "प्रा लि नं", "प्राइवेट लिमिटेड", "प्राइभेट लिमिटेड", "लिमिटेड", "लि",
    "পিভিটি লিমিটেড", "প্রাইভেট লিমিটেড", "লিমিটেড", "লি", "پرائیویٹ لمیٹڈ", "لمیٹڈ",
    "บริษัท", "จำกัด", "จำกัด มหาชน", "ห้างหุ้นส่วนจำกัด", "หจก", "บจก",
)  # fmt: skip
"""What cleanco's table of legal forms lacks, above all those of the languages that Regulars speaks."""


def folded_words(text: str) -> list[str]:
    """The words of `text` without case, accents, punctuation, umlaut spelling; single letters in a row are one word."""
    plain = _LATIN_ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    words = unicodedata.normalize("NFC", plain).translate(_LETTERS).translate(_PUNCTUATION).split()
    joined: list[str] = []
    letters = ""
    for word in words:
        if len(word) == 1 and word.isalpha():
            letters += word
            continue
        if letters:
            joined.append(letters)
            letters = ""
        joined.append(_UMLAUTS.sub(r"\1", word))
    return [*joined, letters] if letters else joined


@lru_cache(maxsize=1)
def _legal_forms() -> frozenset[tuple[str, ...]]:
    known = {
        term for terms in (*termdata.terms_by_type.values(), *termdata.terms_by_country.values()) for term in terms
    }
    return frozenset(tuple(folded_words(term)) for term in {*known, *_OWN_LEGAL_FORMS})


def folded_name(name: str) -> str:
    """A firm's or person's name as it is compared: `folded_words` without legal form and "and", sorted.

    >>> folded_name("Müller & Söhne G.m.b.H.") == folded_name("SOEHNE und Mueller, GmbH")
    True
    """
    return " ".join(sorted(_meaning(name)))


def _meaning(name: str) -> list[str]:
    words = _without_legal_form(folded_words(name))
    return [word for word in words if word not in _JOINING_WORDS] or words


def _without_legal_form(words: list[str]) -> list[str]:
    forms = _legal_forms()
    shorter = True
    while shorter:
        shorter = False
        for length in (3, 2, 1):
            if len(words) > length and tuple(words[-length:]) in forms:
                words, shorter = words[:-length], True
            elif len(words) > length and tuple(words[:length]) in forms and not words[0].isascii():
                words, shorter = words[length:], True  # บริษัท stands before the name
    return words


# What is known of each account


class Known(NamedTuple):
    """What accounts are compared by."""

    account_id: int
    name: str
    person: bool
    folded: str
    closed_up: str
    digits: str
    emails: frozenset[str]
    phones: dict[str, str]  # by the last seven digits
    street: str
    city: str
    postcode: str
    country: str
    parent_id: int | None


def _by_last_digits(phones: Iterable[str]) -> dict[str, str]:
    digits = {phone: "".join(filter(str.isdigit, phone)) for phone in sorted(phones)}
    return {number[-7:]: phone for phone, number in digits.items() if len(number) >= 6}


def known_from(
    accounts: QuerySet[Account], contacts: QuerySet[Contact], *, also: Iterable[tuple[Any, ...]] = ()
) -> list[Known]:
    """What accounts and `also` rows like theirs are compared by; those of `also` come first."""
    emails: dict[int, set[str]] = defaultdict(set)
    phones: dict[int, set[str]] = defaultdict(set)
    ways = contacts.exclude(email="", phone="", mobile="").values_list("account_id", "email", "phone", "mobile")
    for account_id, email, phone, mobile in ways.iterator():
        emails[account_id].add(email)
        phones[account_id].update((phone, mobile))
    columns = ("pk", "name", "kind", "email", "phone", "street", "city", "postcode", "country", "parent_id")
    rows = chain(also, accounts.order_by("pk").values_list(*columns).iterator())
    found = []
    for account_id, name, kind, email, phone, street, city, postcode, country, parent_id in rows:
        words = _meaning(name)
        found.append(
            Known(
                account_id, name, kind == Account.Kind.PERSON, " ".join(sorted(words)), "".join(words),
                " ".join(sorted(_NUMBER.findall(name))),
                frozenset(one.strip().casefold() for one in {email, *emails[account_id]} if "@" in one),
                _by_last_digits({phone, *phones[account_id]}),
                " ".join(folded_words(street)), " ".join(folded_words(city)), postcode.replace(" ", "").casefold(),
                country_code(country), parent_id,
            )
        )  # fmt: skip
    return found


# Blocking: which pairs are worth a look


def _windows(block: list[int]) -> Iterator[list[int]]:
    for start in range(0, max(len(block) - BLOCK // 2, 1), BLOCK // 2):
        yield block[start : start + BLOCK]


def _same_key(known: Sequence[Known]) -> Iterator[tuple[int, int]]:
    """Pairs that share an e-mail address, the end of a phone number, an address or the folded name."""
    blocks: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, one in enumerate(known):
        for email in one.emails:
            blocks["email", email].append(at)
        for phone in one.phones:
            blocks["phone", phone].append(at)
        if one.street and (one.postcode or one.city):
            blocks["address", f"{one.street}|{one.postcode or one.city}"].append(at)
        if one.folded:
            blocks["name", one.folded].append(at)
    for block in blocks.values():
        if len(block) > 1:
            block.sort(key=lambda at: (known[at].folded, known[at].postcode, known[at].city))
            for window in _windows(block):
                yield from combinations(sorted(window), 2)


def _similar_names(known: Sequence[Known]) -> Iterator[tuple[int, int]]:
    """Pairs with similar folded names, looked for among names that share a word, a beginning or an end.

    Numbers must be equal: "Customer 1001" and "Customer 1002" are similar and not the same.
    """
    blocks: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for at, one in enumerate(known):
        if len(one.folded) < 5 or not any(map(str.isalpha, one.folded)):
            continue
        blocks["begins", one.folded[:4], one.digits].append(at)
        blocks["ends", one.folded[-4:], one.digits].append(at)
        for word in sorted(set(one.folded.split()), key=len)[-3:]:
            if len(word) > 3:
                blocks["word", word, one.digits].append(at)
    for (by, _key, _digits), block in blocks.items():
        if len(block) > 1:
            block.sort(key=lambda at: known[at].folded[::-1] if by == "ends" else known[at].folded)
            for window in _windows(block):
                yield from _similar_within(known, sorted(window))


def _similar_within(known: Sequence[Known], window: list[int]) -> Iterator[tuple[int, int]]:
    names = [known[at].folded for at in window]
    likeness = process.cdist(names, names, scorer=fuzz.ratio, score_cutoff=SIMILAR_FROM, dtype=np.uint8)
    for first, second in zip(*np.nonzero(np.triu(likeness, 1)), strict=True):
        yield window[first], window[second]


# Weighing: what speaks for a pair, and what against it


_Evidence = list[tuple[float, str, dict[str, str]]]
"""Weight, sentence, what to put into it. Translated only for pairs that are proposed: most are not."""


class Weighed(NamedTuple):
    score: float
    evidence: _Evidence

    def reasons(self) -> list[str]:
        return [_(sentence) % said for _weight, sentence, said in self.evidence]


def weigh(first: Known, second: Known) -> Weighed:
    """Every reason leaves a chance of error; the score is one minus their product, less what speaks against."""
    evidence = [*_name_evidence(first, second), *_email_evidence(first, second), *_phone_evidence(first, second)]
    evidence += _address_evidence(first, second)
    error = 1.0
    for weight, _sentence, _said in evidence:
        error *= 1 - weight
    score, against = 1 - error, _counter_evidence(first, second)
    for factor, _sentence, _said in against:
        score *= factor
    return Weighed(round(score, 3), evidence + against)


def _name_evidence(first: Known, second: Known) -> _Evidence:
    people = first.person and second.person
    if first.folded == second.folded and first.folded:
        if first.name == second.name:
            return [(0.45 if people else 0.75, gettext_noop("the same name"), {})]
        return [(0.45 if people else 0.72, gettext_noop("the same name apart from spelling and legal form"), {})]
    if first.digits != second.digits:
        return []
    likeness = max(fuzz.ratio(first.folded, second.folded), fuzz.ratio(first.closed_up, second.closed_up))
    if likeness >= SIMILAR_FROM:
        weight = 0.42 + 0.26 * (likeness - SIMILAR_FROM) / (100 - SIMILAR_FROM)
        return [(weight * (0.7 if people else 1), gettext_noop("similar names"), {})]
    if min(len(first.folded), len(second.folded)) >= 5 and fuzz.token_set_ratio(first.folded, second.folded) == 100:
        return [(0.3, gettext_noop("one name contains the other"), {})]
    return []


def _email_evidence(first: Known, second: Known) -> _Evidence:
    for email in sorted(first.emails & second.emails):
        return [(0.8, gettext_noop("the same e-mail address %(email)s"), {"email": email})]
    domains = [{email.rpartition("@")[2] for email in one.emails} - FREE_MAIL for one in (first, second)]
    for domain in sorted(domains[0] & domains[1]):
        return [(0.25, gettext_noop("e-mail addresses of the same firm (%(domain)s)"), {"domain": domain})]
    return []


def _phone_evidence(first: Known, second: Known) -> _Evidence:
    weights = {
        phonenumbers.MatchType.EXACT_MATCH: 0.6,
        phonenumbers.MatchType.NSN_MATCH: 0.5,
        phonenumbers.MatchType.SHORT_NSN_MATCH: 0.3,
    }
    for same in sorted(first.phones.keys() & second.phones.keys()):
        one, other = first.phones[same], second.phones[same]
        match = phonenumbers.is_number_match(_parsed(one, first.country), _parsed(other, second.country))
        if match in weights:
            return [(weights[match], gettext_noop("the same phone number %(phone)s"), {"phone": one})]
    return []


def _parsed(phone: str, country: str) -> Any:
    try:
        return phonenumbers.parse(phone, _region(country))
    except phonenumbers.NumberParseException:
        return phone


@lru_cache(maxsize=1000)
def _region(country: str) -> str | None:
    code = country_code(country)
    return code.upper() if len(code) == 2 else None


def _address_evidence(first: Known, second: Known) -> _Evidence:
    same_place = _same_place(first, second)
    if same_place and first.street and first.street == second.street:
        return [(0.45, gettext_noop("the same address"), {})]
    if same_place and first.street and second.street and fuzz.ratio(first.street, second.street) >= SIMILAR_FROM:
        return [(0.3, gettext_noop("similar addresses"), {})]
    return [(0.25, gettext_noop("the same town"), {})] if same_place else []


def _same_place(first: Known, second: Known) -> bool:
    return bool(first.postcode and first.postcode == second.postcode) or bool(first.city and first.city == second.city)


def _counter_evidence(first: Known, second: Known) -> _Evidence:
    against: _Evidence = []
    if first.country and second.country and first.country != second.country:
        against.append((0.6, gettext_noop("but in different countries"), {}))
    elif first.city and second.city and first.city != second.city and not _same_place(first, second):
        against.append((0.8, gettext_noop("but in different towns: perhaps two branches"), {}))
    if first.parent_id and second.parent_id:
        if first.parent_id == second.parent_id:
            against.append((0.7, gettext_noop("but both below the same parent: perhaps two branches"), {}))
        else:
            against.append((0.6, gettext_noop("but below different parents"), {}))
    return against


# Proposals


def propose_duplicates(*, limit: int = 100, member: Member | None = None) -> list[Pair]:
    """The likeliest pairs of accounts that are the same customer, best first; only accounts that `member` may see.

    Left out: merged accounts, pairs that a member said are different, and an account with its own parent.
    """
    best = _search(visible_accounts(member), limit=limit)
    named = Account.objects.in_bulk({one.account_id for first, second, _weighed in best for one in (first, second)})
    return [
        Pair(
            first=named[first.account_id],
            second=named[second.account_id],
            score=weighed.score,
            reasons=weighed.reasons(),
        )
        for first, second, weighed in best
    ]


def _search(accounts: QuerySet[Account], *, limit: int) -> list[tuple[Known, Known, Weighed]]:
    known = known_from(accounts, Contact.objects.filter(account__merged_into=None))
    different = set(NotDuplicates.objects.values_list("first_id", "second_id"))
    return _best_pairs(known, different=different, limit=limit)


def _best_pairs(
    known: Sequence[Known], *, different: set[tuple[int, int]], limit: int
) -> list[tuple[Known, Known, Weighed]]:
    found = []
    for one, other in {*_same_key(known), *_similar_names(known)}:
        first, second = known[one], known[other]
        if second.account_id == first.parent_id or first.account_id == second.parent_id:
            continue
        if (first.account_id, second.account_id) in different:
            continue
        weighed = weigh(first, second)
        if weighed.score >= PROPOSED_FROM:
            found.append((first, second, weighed))
    found.sort(key=lambda pair: (-pair[2].score, pair[0].account_id, pair[1].account_id))
    return found[:limit]


# Searches that are kept: looking at 100,000 accounts takes ten seconds, too long for a page


@job(retries=1)
def find_duplicates() -> int:
    """Search all accounts anew and keep what was found, for `found_pairs`. Returns how many pairs there are."""
    best = _search(visible_accounts(None), limit=MOST_FOUND)
    found = [
        FoundPair(
            first_id=first.account_id,
            second_id=second.account_id,
            score=weighed.score,
            evidence=[[sentence, said] for _weight, sentence, said in weighed.evidence],
        )
        for first, second, weighed in best
    ]
    with transaction.atomic():
        FoundPair.objects.all().delete()
        FoundPair.objects.bulk_create(found, batch_size=500)
    return len(found)


def look_for_duplicates(*, member: Member | None) -> None:
    """Have a worker search anew; one search at a time is enough."""
    require(member, "merge")
    if not is_looking_for_duplicates():
        enqueue(find_duplicates)


def is_looking_for_duplicates() -> bool:
    """Does a search wait or run?"""
    return _searches().exclude(status__in=("SUCCESSFUL", "FAILED")).exists()


def last_look_for_duplicates() -> Job | None:
    """The last search that came to an end."""
    return _searches().filter(status="SUCCESSFUL").order_by("-finished_at").first()


def _searches() -> QuerySet[Job]:
    return Job.objects.filter(task_path=find_duplicates.module_path)


def found_pairs(member: Member | None) -> QuerySet[FoundPair]:
    """What the last search found among the accounts that `member` may see and nobody decided since, best first."""
    decided = NotDuplicates.objects.filter(first=OuterRef("first"), second=OuterRef("second"))
    seen = seen_by(member, at="first__") & seen_by(member, at="second__")
    unmerged = Q(first__merged_into=None, second__merged_into=None)
    return FoundPair.objects.filter(seen, unmerged, ~Exists(decided)).order_by("-score", "pk")


def why_alike(pair: FoundPair) -> list[str]:
    """What speaks for and against a found pair, in the language in force."""
    return [_(sentence) % said for sentence, said in pair.evidence]


@transaction.atomic
def mark_different(*, first: Account, second: Account, member: Member | None) -> NotDuplicates:
    """Say that two accounts are two customers: the pair is not proposed again."""
    for account in (first, second):
        require_account(account, member=member)
    low, high = sorted((first, second), key=lambda account: account.pk)
    mark, made = NotDuplicates.objects.get_or_create(first=low, second=high)
    if made:
        record_change(
            member=member, verb="mark_different", record=mark, before={}, after={"first": low.pk, "second": high.pk},
            account_id=low.pk,
        )  # fmt: skip
    return mark


@transaction.atomic
def withdraw_different(*, first: Account, second: Account, member: Member | None) -> None:
    """Take back that two accounts are two customers: the pair may be proposed again."""
    for account in (first, second):
        require_account(account, member=member)
    low, high = sorted((first, second), key=lambda account: account.pk)
    mark = NotDuplicates.objects.filter(first=low, second=high).first()
    if mark is not None:
        record_change(
            member=member, verb="withdraw_different", record=mark, before={"first": low.pk, "second": high.pk},
            after={}, account_id=low.pk,
        )  # fmt: skip
        mark.delete()
