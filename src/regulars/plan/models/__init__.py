"""What there is to do, as records."""

from __future__ import annotations

from regulars.plan.models.actions import Action
from regulars.plan.models.bonuses import Bonus, GivenBonus
from regulars.plan.models.check_ins import CheckIn, CheckInAnswer
from regulars.plan.models.dossier import DossierFact, DossierPrint
from regulars.plan.models.handovers import Handover, HandoverCheck, HandoverStep
from regulars.plan.models.key_accounts import KeyAccount
from regulars.plan.models.key_plans import KeyPlanEntry
from regulars.plan.models.opportunities import BusinessCase, CaseOption, Opportunity, OpportunityStage, OpportunityStep
from regulars.plan.models.playbooks import Play, Playbook, PlayStep
from regulars.plan.models.promises import Promise, PromiseStep
from regulars.plan.models.referrals import Referral, ReferralAsk, ReferralLink
from regulars.plan.models.review_answers import (
    ReviewAnswer,
    ReviewArea,
    ReviewEntry,
    ReviewFact,
    ReviewMinutes,
    ReviewProblem,
    ReviewQuestion,
    ReviewRecommendation,
)
from regulars.plan.models.reviews import CalendarFeed, LevelChoice, Review, ReviewCapacity, ReviewStep
from regulars.plan.models.selling_costs import SellingCost
from regulars.plan.models.targets import (
    CreditShare,
    IncentiveScheme,
    SalesPlan,
    Target,
    VisitChoice,
    WorkingHours,
)
from regulars.plan.models.value import (
    JointProject,
    PerceivedValue,
    ProjectMeasurement,
    ProofAsk,
    SignOff,
    ValueProof,
)
from regulars.plan.models.winback import WhatIf, WinBack

__all__ = [
    "Action",
    "Bonus",
    "BusinessCase",
    "CalendarFeed",
    "CaseOption",
    "CheckIn",
    "CheckInAnswer",
    "CreditShare",
    "DossierFact",
    "DossierPrint",
    "GivenBonus",
    "Handover",
    "HandoverCheck",
    "HandoverStep",
    "IncentiveScheme",
    "JointProject",
    "KeyAccount",
    "KeyPlanEntry",
    "LevelChoice",
    "Opportunity",
    "OpportunityStage",
    "OpportunityStep",
    "PerceivedValue",
    "Play",
    "PlayStep",
    "Playbook",
    "ProjectMeasurement",
    "Promise",
    "PromiseStep",
    "ProofAsk",
    "Referral",
    "ReferralAsk",
    "ReferralLink",
    "Review",
    "ReviewAnswer",
    "ReviewArea",
    "ReviewCapacity",
    "ReviewEntry",
    "ReviewFact",
    "ReviewMinutes",
    "ReviewProblem",
    "ReviewQuestion",
    "ReviewRecommendation",
    "ReviewStep",
    "SalesPlan",
    "SellingCost",
    "SignOff",
    "Target",
    "ValueProof",
    "VisitChoice",
    "WhatIf",
    "WinBack",
    "WorkingHours",
]
