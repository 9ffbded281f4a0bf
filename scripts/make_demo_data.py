"""How the files in `src/regulars/cli/demo_data` were made: `python scripts/make_demo_data.py FOLDER`.

FOLDER holds the two data sets as Parquet (`uci_online_retail_ii.parquet`, `adventureworks_b2b_*.parquet`). No row and
no column is left out, their sequence stays; only the encoding changes, so that the files are small.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as parquet

DEMO_DATA = Path(__file__).resolve().parents[1] / "src" / "regulars" / "cli" / "demo_data"

FILES = {
    "uci_online_retail_ii.parquet": "wholesaler/online_retail_ii.parquet",
    "adventureworks_b2b_sales.parquet": "b2b/sales.parquet",
    "adventureworks_b2b_product.parquet": "b2b/product.parquet",
    "adventureworks_b2b_reseller.parquet": "b2b/reseller.parquet",
    "adventureworks_b2b_region.parquet": "b2b/region.parquet",
    "adventureworks_b2b_salesperson.parquet": "b2b/salesperson.parquet",
}


def main(folder: Path) -> None:
    for made_from, name in FILES.items():
        table = parquet.read_table(folder / made_from)
        file = DEMO_DATA / name
        file.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(
            table.replace_schema_metadata(None),
            file,
            compression="zstd",
            compression_level=19,
            use_dictionary=True,
            dictionary_pagesize_limit=8 * 1024 * 1024,
            data_page_size=8 * 1024 * 1024,
            row_group_size=300_000,  # so that several cores can read
            write_statistics=False,
            store_schema=False,
        )
        print(f"{name}: {table.num_rows:,} rows, {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
