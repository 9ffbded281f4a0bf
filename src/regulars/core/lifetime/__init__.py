"""Customer-base models: is this customer still ours, and what will it buy.

Usable by itself. `summarise` turns orders into one row an account; a model learns from such rows with `fit` and then
answers for any rows: learned names end in `_`. No model opens a file, a connection or a clock.
"""

from regulars.core.lifetime.anchored_boosting import AnchoredBoosting
from regulars.core.lifetime.average import Average
from regulars.core.lifetime.bg_bb import BetaGeoBetaBernoulli
from regulars.core.lifetime.bg_cnbd import BetaGeoCNBD
from regulars.core.lifetime.bg_nbd import BetaGeoNBD
from regulars.core.lifetime.calibrated import Calibrated
from regulars.core.lifetime.columns import UnusableSummary
from regulars.core.lifetime.covariates import Covariates
from regulars.core.lifetime.gamma_gamma import GammaGamma
from regulars.core.lifetime.history import History
from regulars.core.lifetime.last_window import LastWindow
from regulars.core.lifetime.maximum_likelihood import TooLittleHistory
from regulars.core.lifetime.mbg_cnbd import ModifiedBetaGeoCNBD
from regulars.core.lifetime.mbg_nbd import ModifiedBetaGeoNBD
from regulars.core.lifetime.moving_feasts import moving_feasts
from regulars.core.lifetime.nbd import NBD
from regulars.core.lifetime.pareto_nbd import ParetoNBD
from regulars.core.lifetime.scoring import SummaryScorer, counted_orders, counted_values
from regulars.core.lifetime.seasonal import Seasonal
from regulars.core.lifetime.shifted_beta_geometric import ShiftedBetaGeometric, rows_of_survivors
from regulars.core.lifetime.summary import summarise

__all__ = [
    "NBD",
    "AnchoredBoosting",
    "Average",
    "BetaGeoBetaBernoulli",
    "BetaGeoCNBD",
    "BetaGeoNBD",
    "Calibrated",
    "Covariates",
    "GammaGamma",
    "History",
    "LastWindow",
    "ModifiedBetaGeoCNBD",
    "ModifiedBetaGeoNBD",
    "ParetoNBD",
    "Seasonal",
    "ShiftedBetaGeometric",
    "SummaryScorer",
    "TooLittleHistory",
    "UnusableSummary",
    "counted_orders",
    "counted_values",
    "moving_feasts",
    "rows_of_survivors",
    "summarise",
]
