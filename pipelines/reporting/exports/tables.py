"""The published tables of one plan as files for programs: CSV that Excel opens as it should, Parquet, and a dictionary.

Text that a spreadsheet would run as a formula (it begins with = + - @, also full width, a tab or a line break) gets an
apostrophe before it in the CSV, as OWASP advises; in Parquet everything stands as published.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import yaml

from pipelines.reporting.marts import ALL, Marts

BOM = "\ufeff"
DICTIONARY = "data_dictionary.csv"
SHARED = frozenset(
    {
        "dim_clause",
        "dim_indicator",
        "dim_milestone",
        "dim_period",
        "dim_plan",
        "dim_rubric_item",
        "dim_rubric_rule",
    }
)
"""Tables of the plan itself: for every district."""
POOLED = frozenset(
    {
        "fct_indicator",
        "mart_evidence_coverage",
        "mart_fact",
        "mart_milestone_progress",
        "mart_rate_change",
        "mart_register_bridge",
    }
)
"""Tables of figures: a district sees its own, and the whole area's beside them."""
OWN = frozenset(
    {
        "dim_community",
        "dim_district",
        "fct_community_status",
        "fct_issue",
        "fct_submission",
        "fct_submission_indicator",
        "mart_assessment_item",
        "mart_assessment_score",
        "mart_finding",
        "mart_finding_example",
        "mart_gap_community",
        "mart_lagging_district",
        "mart_register_event",
        "mart_restatement",
        "mart_submission_change",
        "mart_submission_status",
    }
)
"""Tables of which a district sees its own rows. What is in none of the three, no district is given."""
ELSEWHERE = "found_in"
"""A column that names the district whose workbook a row was found in, where that may be another's."""
OF_ALL = ("provisional_reason", "provisional_reason_en")
"""Columns of scores that name the districts whose ledgers are still missing: not each other's business."""
_FORMULA = r"^([=+\-@＝＋－＠\t\r\n])"


@dataclass(frozen=True)
class Described:
    """What a table and its columns mean."""

    description: str
    columns: Mapping[str, str]


def described(marts: Marts) -> dict[str, Described]:
    """The descriptions published with the tables, from the comments in ``warehouse.duckdb``; empty without it."""
    warehouse = marts.folder / "warehouse.duckdb"
    if not warehouse.is_file():
        return {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        tables = connection.execute("select table_name, comment from duckdb_tables() where schema_name = 'marts'")
        texts = {name: comment or "" for name, comment in tables.fetchall()}
        columns: dict[str, dict[str, str]] = {name: {} for name in texts}
        for table, column, comment in connection.execute(
            "select table_name, column_name, comment from duckdb_columns() where schema_name = 'marts'"
        ).fetchall():
            columns.setdefault(table, {})[column] = comment or ""
    return {name: Described(text, columns[name]) for name, text in texts.items()}


def rows_of(marts: Marts, table: str, plan_id: str, codes: Collection[str] | None = None) -> pl.LazyFrame:
    """The plan's rows of a published table, in the order published; none of a table that names no plan.

    ``codes``: only those of these districts and of the whole area, and what is of no district. Not read yet: the rows
    behind all figures are millions in a large area.
    """
    whole = pl.scan_parquet(marts.folder / f"{table}.parquet")
    mine = pl.col("plan_id") == plan_id if "plan_id" in marts.types(table) else pl.lit(False)
    if codes is not None and "district_code" in marts.types(table):
        mine &= pl.col("district_code").is_in([*codes, ALL])
    return whole.filter(mine)


def is_visible(table: str) -> bool:
    """Whether a district may see any row of the table."""
    return table in SHARED or table in POOLED or table in OWN


def visible(table: str, rows: pl.DataFrame, codes: Iterable[str]) -> Iterator[tuple[str, pl.DataFrame]]:
    """By district, those of a plan's rows that it may see."""
    own = rows.partition_by("district_code", as_dict=True) if table in OWN else {}
    for code in codes:
        if table in SHARED:
            yield code, rows
            continue
        if table in POOLED:
            mine = rows.filter(pl.col("district_code").is_in([code, ALL]))
        else:
            mine = own.get((code,), rows.clear())
        if table == "mart_assessment_score":
            mine = mine.drop(*OF_ALL, strict=False)
        yield code, mine.filter(pl.col(ELSEWHERE) == code) if ELSEWHERE in rows.columns else mine


def as_text(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows as they stand in CSV: lists joined with semicolons, no text that would run."""
    lists = [column for column, kind in rows.collect_schema().items() if isinstance(kind, pl.List)]
    plain = rows.with_columns(pl.col(column).cast(pl.List(pl.String)).list.join("; ") for column in lists)
    return plain.with_columns(pl.col(pl.String).str.replace(_FORMULA, "'$1"))


def write_csv(text: pl.DataFrame | pl.LazyFrame, file: Path) -> Path:
    """Rows that are text already (``as_text``), in UTF-8 with the mark by which Excel knows it."""
    write = text.write_csv if isinstance(text, pl.DataFrame) else text.sink_csv
    write(file, include_bom=True, datetime_format="%Y-%m-%d %H:%M:%S")
    return file


def write_parquet(rows: pl.LazyFrame, file: Path) -> Path:
    """As published."""
    rows.sink_parquet(file, compression="zstd", row_group_size=122_880)
    return file


def dictionary(tables: Mapping[str, Mapping[str, str]], texts: Mapping[str, Described], header: list[str]) -> bytes:
    """The data dictionary: a line per column of ``tables`` (table → column → type), in ``header``'s words.

    What each means is said in Chinese, and behind that in English as published with the tables (``texts``).
    """
    memory = io.StringIO()
    writer = csv.writer(memory, lineterminator="\n")
    writer.writerow(header)
    for table, types in tables.items():
        known = texts.get(table, Described("", {}))
        for column, kind in types.items():
            told = table, meaning(table), column, kind.lower(), meaning(table, column)
            writer.writerow([*told, known.description, known.columns.get(column, "")])
    return (BOM + memory.getvalue()).encode()


def meaning(table: str, column: str | None = None) -> str:
    """What a published table, or a column of it, means in Chinese; empty where nobody has said."""
    if column is None:
        return str(_meanings()["tables"].get(table, ""))
    found = _meanings()["columns"].get(column, "")
    return str(found.get(table, found.get("else", "")) if isinstance(found, dict) else found)


@cache
def _meanings() -> dict[str, dict[str, Any]]:
    text = (files("pipelines.reporting") / "catalogue" / "tables.yaml").read_text("utf-8")
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return found
