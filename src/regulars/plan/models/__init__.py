"""What there is to do, as records."""

from __future__ import annotations

from regulars.plan.models.actions import Action

__all__ = ["Action"]
