"""The project's own SQL over tables that a test types: models and macros rendered without dbt, run in memory.

A model that takes seconds to build with everything before it answers thousands of cases here in one query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import jinja2
import polars as pl

from pipelines.settings import CHECKOUT

PROJECT = CHECKOUT / "dbt_project"
_MACROS = "".join(
    (PROJECT / "macros" / f"{name}.sql").read_text(encoding="utf-8")
    for name in ("portable", "milestones", "records", "indicators")
)


def rendered(sql: str, **values: object) -> str:
    """SQL with the project's macros filled in; ``ref`` and ``source`` are the tables of that name."""
    words = {
        "ref": lambda name: name,
        "source": lambda schema, name: name,
        "return": lambda value: value,
        "config": lambda **options: "",
        "execute": True,
    }
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], undefined=jinja2.StrictUndefined)
    return environment.from_string(_MACROS + sql).render(**words, **values)


def model(name: str) -> str:
    """A model's SQL, rendered."""
    (file,) = PROJECT.glob(f"models/*/{name}.sql")
    return rendered(file.read_text(encoding="utf-8"))


def ask(sql: str, tables: Mapping[str, pl.DataFrame]) -> list[dict[str, Any]]:
    """The rows that a query gives over these tables."""
    with duckdb.connect() as db:
        for name, frame in tables.items():
            db.register(name, frame.to_arrow())
        answer = db.execute(sql)
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def table(rows: Iterable[Mapping[str, Any]], **types: pl.DataType | type[pl.DataType]) -> pl.DataFrame:
    """Rows as a table of exactly these columns."""
    return pl.DataFrame([{name: row.get(name) for name in types} for row in rows], schema=dict(types), orient="row")
