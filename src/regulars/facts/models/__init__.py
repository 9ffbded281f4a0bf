"""What happened, as working records. Order lines are not here: they live in the warehouse, see `history.py`."""

from __future__ import annotations

from regulars.facts.models.accounts import Account, Contact, CustomField, Interaction, Site, Tag
from regulars.facts.models.duplicates import AccountMerge, FoundPair, NotDuplicates
from regulars.facts.models.imports import ClassificationRule, Import, Imported, SavedMapping, Upload, Worked
from regulars.facts.models.issues import EffortAnswer, Issue, IssueMail, IssueStep, KnownProblem, ServiceProfile
from regulars.facts.models.leads import Lead, LeadCriterion, LeadFile, LeadForm, LeadRoute, LeadStep
from regulars.facts.models.letters import Letter
from regulars.facts.models.live_orders import LiveOrder, LiveOrderFile, LiveOrderFollowUp
from regulars.facts.models.losses import Loss
from regulars.facts.models.offerings import AccountGoal, Offering, Supply
from regulars.facts.models.products import ExchangeRate, Product
from regulars.facts.models.ratings import ServiceRating
from regulars.facts.models.relations import ContactPart, ToldSign, WalletEstimate
from regulars.facts.models.signals import Signal

__all__ = [
    "Account",
    "AccountGoal",
    "AccountMerge",
    "ClassificationRule",
    "Contact",
    "ContactPart",
    "CustomField",
    "EffortAnswer",
    "ExchangeRate",
    "FoundPair",
    "Import",
    "Imported",
    "Interaction",
    "Issue",
    "IssueMail",
    "IssueStep",
    "KnownProblem",
    "Lead",
    "LeadCriterion",
    "LeadFile",
    "LeadForm",
    "LeadRoute",
    "LeadStep",
    "Letter",
    "LiveOrder",
    "LiveOrderFile",
    "LiveOrderFollowUp",
    "Loss",
    "NotDuplicates",
    "Offering",
    "Product",
    "SavedMapping",
    "ServiceProfile",
    "ServiceRating",
    "Signal",
    "Site",
    "Supply",
    "Tag",
    "ToldSign",
    "Upload",
    "WalletEstimate",
    "Worked",
]
