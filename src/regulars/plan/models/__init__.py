"""What there is to do, as records."""

from __future__ import annotations

from regulars.plan.models.actions import Action
from regulars.plan.models.promises import Promise, PromiseStep

__all__ = ["Action", "Promise", "PromiseStep"]
