"""What the script for passkeys is told by the page."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    """For an attribute of an element: scripts in the page are forbidden, data scripts included."""
    return json.dumps(value, cls=DjangoJSONEncoder)
