"""Regulars keeps the customers a firm has and grows with them.

The packages are the loop of the product: facts -> insight -> plan -> engage -> measure, on top of `base` (what every
stage stands on) and `core` (pure computation).
"""

__version__ = "0.1.0"
