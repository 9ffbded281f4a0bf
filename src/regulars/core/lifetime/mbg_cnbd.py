"""MBG/CNBD-k: as BG/CNBD-k, but an account may leave right after its first order.

Reutterer, Platzer & Schröder, "Leveraging purchase regularity for predicting customer behavior the easy way",
*International Journal of Research in Marketing* 38(1), 2021. While it is alive, the gaps between an account's orders
are Erlang-k of its own rate λ; after *each* order, the first included, it leaves for good with its own chance p;
λ ~ Gamma(r, α), p ~ Beta(a, b).

Symbols of the paper: `x` repeat orders, `t_x` recency (0 without any), `T` age; `g_i` the gaps between orders, e(g) the
density of an Erlang-k time of rate λ and S(g) the chance that it is longer than g. The likelihood given λ and p is

    L = Π e(g_i) · [ (1-p)^(x+1) S(T-t_x) + p (1-p)ˣ ].

What comes of it when λ and p are integrated out is told in `beta_geometric`, of which this is the case c = 1. For k = 1
it is MBG/NBD.
"""

from __future__ import annotations

from typing import ClassVar

from regulars.core.lifetime.bg_cnbd import RegularBetaGeometric


class ModifiedBetaGeoCNBD(RegularBetaGeometric):
    """MBG/CNBD-k by maximum likelihood. Time is in any unit, the same for `fit` and for questions."""

    leaves_after_first: ClassVar[bool] = True
