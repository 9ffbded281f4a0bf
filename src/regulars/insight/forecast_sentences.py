"""What is to be expected of an account, and of all together, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.formats import chance, day, money, number, percent
from regulars.insight.forecasts import STAY_YEARS, AccountForecast, Ahead, BaseForecast, Worth

HALF = 0.5
LEAST_STAY_DAYS = 15
DAYS_A_MONTH, DAYS_A_YEAR = 30.4, 365.25
NEARLY_NONE = 0.05  # orders


def told_account(found: AccountForecast) -> list[str]:
    """What the figures ahead do not say: whether the account stays and how long, and what it is worth."""
    told = [_of_staying(found), _of_stay(found.stays_days), *told_worth(found.worth, found.currency, of_one=True)]
    return [sentence for sentence in told if sentence]


def told_time(days: int) -> str:
    """How far ahead: the next 90 days, the next 12 months."""
    if days == 365:
        return _("the next 12 months")
    return ngettext("the next %(days)s day", "the next %(days)s days", days) % {"days": number(days)}


def told_ahead(ahead: Ahead, currency: str) -> str:
    """Orders and sales to expect, with bounds where they are known."""
    words = {"time": told_time(ahead.days), "orders": number(ahead.orders, digits=1)}
    if ahead.orders < NEARLY_NONE and not ahead.orders_high:
        return _("In %(time)s hardly any order is to be expected.") % words
    bounds = told_bounds_of_orders(ahead)
    told = _("In %(time)s about %(orders)s orders are to be expected.") % words
    if bounds:
        words |= {"bounds": bounds}
        told = _("In %(time)s about %(orders)s orders are to be expected, nine times of ten %(bounds)s.") % words
    return f"{told} {_of_sales(ahead, currency)}".strip()


def _of_sales(ahead: Ahead, currency: str) -> str:
    if ahead.sales is None:
        return ""
    words = {"sales": money(ahead.sales, currency)}
    if ahead.sales_low is None or ahead.sales_high is None:
        return _("They bring %(sales)s on average.") % words
    words |= {"bounds": told_bounds_of_sales(ahead, currency)}
    return _("They bring %(sales)s on average, nine times of ten %(bounds)s.") % words


def told_bounds_of_sales(ahead: Ahead, currency: str) -> str:
    """£120 to £700; empty where they are not known."""
    if ahead.sales_low is None or ahead.sales_high is None:
        return ""
    low, high = (money(amount, currency) if amount else number(0) for amount in (ahead.sales_low, ahead.sales_high))
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def told_bounds_of_orders(ahead: Ahead) -> str:
    """5 to 15; empty where they are not known."""
    if ahead.orders_low is None or ahead.orders_high is None:
        return ""
    return _("%(low)s to %(high)s") % {"low": number(ahead.orders_low), "high": number(ahead.orders_high)}


def _of_staying(found: AccountForecast) -> str:
    """The chance that it is still a customer, and how long it may be silent until one doubts it."""
    if found.probability_alive is None:
        return _("It ordered on one day only, so nobody can say yet whether it is still a customer.")
    words = {"chance": chance(found.probability_alive)}
    doubted = found.curve.falls_below(HALF) if found.curve is not None else None
    if doubted is None:
        return _("The chance that it is still a customer is %(chance)s.") % words
    if doubted <= found.as_of:
        return _("The chance that it is still a customer is %(chance)s: it has more likely left than not.") % words
    words |= {"day": day(doubted)}
    return (
        _(
            "The chance that it is still a customer is %(chance)s. "
            "If no order comes until %(day)s, it has more likely left than not."
        )
        % words
    )


def _of_stay(stays_days: float | None) -> str:
    if stays_days is None or stays_days < LEAST_STAY_DAYS:
        return ""
    if stays_days < DAYS_A_YEAR:
        months = max(round(stays_days / DAYS_A_MONTH), 1)
        return ngettext(
            "It is expected to stay %(months)s month more, the chance that it has left counted in.",
            "It is expected to stay %(months)s months more, the chance that it has left counted in.",
            months,
        ) % {"months": number(months)}
    return _(
        "It is expected to stay %(years)s years more, the chance that it has left counted in; "
        "no stay is counted for longer than %(most)s years."
    ) % {"years": number(stays_days / DAYS_A_YEAR, digits=1), "most": number(STAY_YEARS)}


def told_worth(worth: Worth | None, currency: str, *, of_one: bool) -> list[str]:
    """What one account or all are worth, with the rate and the time that are counted."""
    if worth is None:
        return []
    words = {
        "value": money(worth.sales, currency),
        "months": number(worth.months),
        "rate": percent(worth.yearly_rate),
    }
    told = [_of_value(worth, of_one=of_one) % words]
    if worth.margin is not None:
        told.append(_("Of that, %(margin)s are margin.") % {"margin": money(worth.margin, currency)})
    return told


def _of_value(worth: Worth, *, of_one: bool) -> str:
    if of_one and worth.yearly_rate:
        return _(
            "It is worth %(value)s: the sales to be expected of it within %(months)s months, "
            "those a year later counting for %(rate)s less."
        )
    if of_one:
        return _("It is worth %(value)s: the sales to be expected of it within %(months)s months.")
    if worth.yearly_rate:
        return _(
            "Your customers are worth %(value)s: the sales to be expected of them within %(months)s months, "
            "those a year later counting for %(rate)s less."
        )
    return _("Your customers are worth %(value)s: the sales to be expected of them within %(months)s months.")


# All together


def told_base(found: BaseForecast) -> list[str]:
    """What all accounts will buy within 12 months, how sure that is and why no surer, and what they are worth."""
    words = {
        "sales": money(found.sales.expected, found.currency),
        "low": money(found.sales.low, found.currency),
        "high": money(found.sales.high, found.currency),
        "accounts": number(found.accounts),
    }
    told = ngettext(
        "The %(accounts)s customer who has ordered is expected to buy for %(sales)s within 12 months, "
        "nine times of ten for %(low)s to %(high)s. New customers come on top.",
        "The %(accounts)s customers who have ordered are expected to buy for %(sales)s within 12 months, "
        "nine times of ten for %(low)s to %(high)s. New customers come on top.",
        found.accounts,
    )
    return [told % words, _of_bounds(found), *told_worth(found.worth, found.currency, of_one=False)]


def _of_bounds(found: BaseForecast) -> str:
    error = found.sales.model_error
    if error is None:
        return _(
            "How far such forecasts are off on your own past is not known yet; "
            "the bounds count only what single customers may do, and are too narrow."
        )
    words = {"off": percent(error), "times": number(found.times_tried)}
    sentence = ngettext(
        "When it was tried on %(times)s earlier day, this forecast was off by %(off)s; the bounds leave room for that.",
        "When it was tried on %(times)s earlier days, this forecast was off by %(off)s on average; "
        "the bounds leave room for that.",
        found.times_tried,
    )
    return sentence % words
