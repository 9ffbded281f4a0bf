"""BG/NBD: the beta-geometric/negative binomial distribution model of repeat orders.

Fader, Hardie & Lee, "'Counting Your Customers' the Easy Way: An Alternative to the Pareto/NBD Model",
*Marketing Science* 24(2), 2005. An account orders at random at its own rate λ while it is alive, and after each repeat
order leaves for good with its own chance p; λ ~ Gamma(r, α), p ~ Beta(a, b).

Symbols of the paper: `x` repeat orders, `t_x` recency, `T` age. The likelihood of an account (equation 6) is

    L = B(a, b+x)/B(a, b) · Γ(r+x) αʳ/Γ(r) · [ (α+T)^-(r+x) + δ(x>0) a/(b+x-1) · (α+t_x)^-(r+x) ],

and its orders to expect in the next t (equation 10 before it is solved by a hypergeometric function)

    E = P(alive) · E_p[ (1 - (1 + pτ)^-(r+x)) / p ],    p ~ Beta(a, b+x), τ = t/(α+T).

How these are computed is told in `beta_geometric`, of which this is the simplest case: k = 1, c = 0.
"""

from __future__ import annotations

from regulars.core.lifetime.beta_geometric import BetaGeometric


class BetaGeoNBD(BetaGeometric):
    """BG/NBD by maximum likelihood. Time is in any unit, the same for `fit` and for questions.

    `probability_alive` is 1 for accounts without a repeat order: they had no occasion to leave.
    """
