"""The rows of the list as they stand on its page.

They are put together here and not in a template, where fifty rows would take longer than all the rest of the page.
"""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from regulars.web.accounts.columns import Column
from regulars.web.accounts.filters import Filter
from regulars.web.accounts.fits import why_here
from regulars.web.accounts.rows import Row
from regulars.web.desk import Desk
from regulars.web.templatetags.regulars import called

ROW = """<tr tabindex="-1">
<td class="mark"><label><span class="unseen">{}</span><input type="checkbox" name="account" value="{}" form="bulk">\
</label></td>
<th scope="row"><a href="{}">{}</a>{}{}</th>
{}</tr>
"""
WHY = '<details class="fits"><summary>{}</summary><ul>{}</ul></details>'


def drawn(row: Row, columns: list[Column], chosen: Filter, desk: Desk) -> SafeString:
    """A row with its cells; `chosen` is what it was found by."""
    account = row.account
    return format_html(
        ROW,
        _("Select %(account)s") % {"account": account},
        account.uid,
        reverse("account", args=[account.uid]),
        called(account),
        _known_by(row),
        _why(why_here(row, chosen, desk)),
        SafeString("".join(column.cell(row, desk) for column in columns)),
    )


def _known_by(row: Row) -> SafeString | str:
    """Number and city, and whether it ever ordered, below the name."""
    account = row.account
    parts = [account.external_id, account.city, "" if row.score else _("no order yet")]
    return format_html("<small>{}</small>", " · ".join(filter(None, parts))) if any(parts) else ""


def _why(sentences: list[str]) -> SafeString | str:
    if not sentences:
        return ""
    return format_html(WHY, _("Why here?"), format_html_join("", "<li>{}</li>", ((one,) for one in sentences)))
