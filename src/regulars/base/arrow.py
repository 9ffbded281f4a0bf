"""PyArrow without the second that it takes to import pandas.

The first array that PyArrow makes of Python values has it look for pandas, to recognise a Series. Nothing here makes
one, and importing pandas is half of what a small command takes. PyArrow looks again when a frame is really asked for.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from typing import Any

import pyarrow as pa

__all__ = ["pa"]


class _NoPandas(MetaPathFinder):
    def find_spec(self, name: str, *_: Any) -> None:
        if name == "pandas":
            raise ImportError(name)


if "pandas" not in sys.modules:
    sys.meta_path.insert(0, blind := _NoPandas())
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(blind)
