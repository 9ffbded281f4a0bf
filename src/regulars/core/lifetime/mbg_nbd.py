"""MBG/NBD: as BG/NBD, but an account may leave right after its first order.

Batislam, Denizel & Filiztekin, "Empirical validation and comparison of models for customer base analysis",
*International Journal of Research in Marketing* 24, 2007; Hoppe & Wagner, "Customer Base Analysis: The Case for a
Central Variant of the Betageometric/NBD Model", *Marketing - Journal of Research and Management* 2, 2007. An account
orders at random at its own rate λ while it is alive, and after *each* order, the first included, leaves for good with
its own chance p; λ ~ Gamma(r, α), p ~ Beta(a, b).

Symbols of the papers: `x` repeat orders, `t_x` recency (0 without any), `T` age. The likelihood of an account (Hoppe &
Wagner call the model CBG/NBD) is

    L = B(a, b+x+1)/B(a, b) · Γ(r+x) αʳ/Γ(r) · [ (α+T)^-(r+x) + a/(b+x) · (α+t_x)^-(r+x) ],

and its orders to expect in the next t are

    E = P(alive) · E_p[ (1 - (1 + pτ)^-(r+x)) / p ],    p ~ Beta(a, b+x+1), τ = t/(α+T).

How these are computed is told in `beta_geometric`, of which this is the case k = 1, c = 1.
"""

from __future__ import annotations

from regulars.core.lifetime.beta_geometric import BetaGeometric


class ModifiedBetaGeoNBD(BetaGeometric):
    """MBG/NBD by maximum likelihood. Time is in any unit, the same for `fit` and for questions."""

    leaves_after_first = True
