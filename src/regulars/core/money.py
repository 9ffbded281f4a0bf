"""Money as integers of minor units (cents, paisa, fils): the only place where amounts are rounded.

How many decimals a currency has is what ISO 4217 says, not what the Unicode CLDR (and so Babel) says: CLDR gives the
decimals people usually write, which for a dozen currencies (IQD, IRR, LBP, PKR, ...) are fewer than their amounts have.
Half a unit is rounded away from zero, as invoices do: 0.125 → 0.13, -0.125 → -0.13.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext
from fractions import Fraction
from functools import cache

from regulars.core.errors import Refusal

_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_WIDE = Context(prec=120)  # products of amounts and rates stay exact until the one rounding
_EXPONENTS = {code: decimals for decimals, codes in _DECIMALS.items() for code in codes.split()}


class UnknownCurrency(Refusal):
    """A code that ISO 4217 does not know."""


class NotAnAmount(Refusal):
    """A text or number that is no amount of money."""


def exponent(currency: str) -> int:
    """Give how many decimals the currency's minor unit is: 2 for EUR, 0 for JPY, 3 for KWD."""
    if currency not in _currencies():
        raise UnknownCurrency(f"“{currency}” is no currency code.", "Use the three letters of ISO 4217, such as EUR.")
    return _EXPONENTS.get(currency, 2)


def to_minor(amount: Decimal | str | int, currency: str) -> int:
    """Give the amount in minor units, half a unit rounded away from zero: ("12.345", "EUR") → 1235."""
    try:
        exact = Decimal(amount)
    except InvalidOperation:
        raise _not_an_amount(amount) from None
    if not exact.is_finite() or exact.adjusted() > 30:
        raise _not_an_amount(amount)
    return _rounded(exact, exponent(currency))


def from_minor(minor: int, currency: str) -> Decimal:
    """Give minor units as an exact decimal amount: (1235, "EUR") → 12.35."""
    return Decimal(minor).scaleb(-exponent(currency), _WIDE)


def split_minor(total_minor: int, weights: Sequence[int | Decimal | Fraction]) -> list[int]:
    """Split an amount in proportion to the weights so that the parts add up to it exactly (largest remainder).

    Units left over go to the parts that were cut most, the first of equal ones first. A negative total is split as its
    opposite is: refunds mirror charges. Weights are exact numbers of at least 0, at least one above 0.
    """
    exact = [Fraction(weight) for weight in weights]
    whole = sum(exact, Fraction(0))
    assert whole > 0, "nothing to split by"
    assert min(exact) >= 0, "a weight is negative"
    shares = [abs(total_minor) * weight / whole for weight in exact]
    parts = [int(share) for share in shares]
    most_cut = sorted(range(len(parts)), key=lambda place: parts[place] - shares[place])
    for place in most_cut[: abs(total_minor) - sum(parts)]:
        parts[place] += 1
    return [part if total_minor >= 0 else -part for part in parts]


def convert_minor(minor: int, *, rate: Decimal, from_currency: str, to_currency: str) -> int:
    """Give the amount in another currency; `rate` is units of `to_currency` for one unit of `from_currency`.

    Both are whole units, not minor ones: 1 EUR at rate 160 is 160 JPY, though 100 cents become 160 yen.
    """
    assert rate.is_finite(), "the rate is no number"
    assert rate > 0, "the rate is not positive"
    with localcontext(_WIDE):
        return _rounded(from_minor(minor, from_currency) * rate, exponent(to_currency))


def _rounded(amount: Decimal, decimals: int) -> int:
    with localcontext(_WIDE):
        return int(amount.scaleb(decimals).to_integral_value(rounding=ROUND_HALF_UP))


def _not_an_amount(given: object) -> NotAnAmount:
    return NotAnAmount(f"“{str(given)[:40]}” is no amount of money.", "Write it in digits, such as 1234.50.")


@cache
def _currencies() -> frozenset[str]:
    from babel.numbers import list_currencies  # its locale data take a moment to read

    return frozenset(list_currencies())
