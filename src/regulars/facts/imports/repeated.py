"""Order lines that stand more than once in the files of one import: overlapping exports, a corrected file by the old.

Lines with numbers of their own: of a line in several files the last file counts; a line twice in one file is taken once
if it is the same, and the second is rejected if it is not. Lines without numbers: an order in several files is compared
as a whole. Files that have nothing of it in common continue each other (an export cut into pieces); of files that
overlap, the last one that has all of it counts, else the last one.
"""

from __future__ import annotations

from collections.abc import Sequence

from regulars.base.warehouse import Engine, quoted
from regulars.facts.imports.rules import ORDER_AMOUNT_LINES

_OF_ORDERS = ", ".join(map(quoted, ORDER_AMOUNT_LINES))


def leave_out_repeated(engine: Engine, *, numbered: Sequence[int], several: bool, content: Sequence[str]) -> None:
    """Set `reason` of the rows of `typed` that are not taken: `repeated:`, or `other_line:line_no` for a conflict.

    `numbered`: the parts whose lines have numbers in the file; `several`: there is more than one file; `content`: the
    columns of `typed` that make two lines the same.
    """
    if several:
        _settle_orders_in_several_files(engine, numbered, content)
    if numbered or several:
        _settle_lines(engine, content)


def _settle_orders_in_several_files(engine: Engine, numbered: Sequence[int], content: Sequence[str]) -> None:
    unnumbered = " AND ".join(["reason IS DISTINCT FROM 'skipped:'", *(f"_part <> {part}" for part in numbered)])
    engine.run(
        f"""CREATE OR REPLACE TABLE spread_orders AS SELECT source, order_id FROM typed
        WHERE {unnumbered} AND order_id IS NOT NULL
        GROUP BY source, order_id HAVING min((_part, _file)) <> max((_part, _file))"""
    )
    if not engine.value("SELECT count(*) FROM spread_orders"):
        return
    engine.run(
        f"""CREATE OR REPLACE TABLE spread_lines AS
        SELECT rowid AS id, source, order_id, (_part, _file) AS file, _row, line_no,
               hash({", ".join(content)}, CASE WHEN line_no IN ({_OF_ORDERS}) THEN line_no END) AS same
        FROM typed SEMI JOIN spread_orders USING (source, order_id) WHERE {unnumbered}"""
    )
    engine.run(
        """CREATE OR REPLACE TABLE spread_files AS
        WITH counted AS (
          SELECT *, row_number() OVER (PARTITION BY source, order_id, file, same ORDER BY _row) AS nth
          FROM spread_lines),
        files AS (SELECT source, order_id, file, count(*) AS lines FROM counted GROUP BY ALL),
        orders AS (SELECT source, order_id, count(DISTINCT (same, nth)) AS lines FROM counted GROUP BY ALL)
        SELECT files.*, sum(files.lines) OVER of_order = orders.lines AS continues,
               max(CASE WHEN files.lines = orders.lines THEN file END) OVER of_order AS whole,
               max(file) OVER of_order AS last
        FROM files JOIN orders USING (source, order_id)
        WINDOW of_order AS (PARTITION BY source, order_id)"""
    )
    engine.run(
        f"""CREATE OR REPLACE TABLE spread_numbers AS
        SELECT id, line_no, CASE WHEN taken AND ordinary THEN
          (row_number() OVER (PARTITION BY source, order_id, taken, ordinary ORDER BY file, _row))::VARCHAR
          ELSE line_no END AS number, taken
        FROM (SELECT l.*, continues OR l.file = coalesce(whole, last) AS taken,
                     line_no NOT IN ({_OF_ORDERS}) AS ordinary
              FROM spread_lines AS l JOIN spread_files USING (source, order_id, file))"""
    )
    engine.run(
        """UPDATE typed SET line_no = n.number, reason = CASE WHEN n.taken THEN reason ELSE 'repeated:' END
        FROM spread_numbers AS n WHERE n.id = typed.rowid AND (NOT n.taken OR n.number <> n.line_no)"""
    )


def _settle_lines(engine: Engine, content: Sequence[str]) -> None:
    engine.run(
        """CREATE OR REPLACE TABLE repeated_keys AS SELECT source, order_id, line_no FROM typed
        WHERE reason IS NULL GROUP BY source, order_id, line_no HAVING count(*) > 1"""
    )
    if not engine.value("SELECT count(*) FROM repeated_keys"):
        return
    engine.run(
        f"""CREATE OR REPLACE TABLE repeated_lines AS
        SELECT id, CASE WHEN file < last OR same = first THEN 'repeated:' ELSE 'other_line:line_no' END AS reason FROM (
          SELECT *, row_number() OVER of_file AS nth, first_value(same) OVER of_file AS first,
                 max(file) OVER (PARTITION BY source, order_id, line_no) AS last
          FROM (SELECT rowid AS id, source, order_id, line_no, (_part, _file) AS file, _row,
                       hash({", ".join(content)}) AS same
                FROM typed SEMI JOIN repeated_keys USING (source, order_id, line_no) WHERE reason IS NULL)
          WINDOW of_file AS (PARTITION BY source, order_id, line_no, file ORDER BY _row))
        WHERE file < last OR nth > 1"""
    )
    engine.run("UPDATE typed SET reason = r.reason FROM repeated_lines AS r WHERE r.id = typed.rowid")
