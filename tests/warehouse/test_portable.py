"""Models are written in SQL that DuckDB and Spark share; what differs is behind the words of macros/portable.sql.

Every model is rendered with those words in Spark's own SQL, parsed as Spark, and looked through for what DuckDB alone
would understand. Nothing runs on Spark here; what is shown is that no model would have to be touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import jinja2
import pytest
import sqlglot
from sqlglot import exp
from sqlglot.tokens import TokenType

from pipelines.settings import CHECKOUT

PROJECT = CHECKOUT / "dbt_project"
MODELS = sorted((PROJECT / "models").glob("*/*.sql"))

SPARK: dict[str, Callable[..., str]] = {
    "holds": lambda items, value: f"coalesce(array_contains({items}, {value}), false)",
    "each_of": lambda items, alias, column: f"lateral view explode({items}) {alias} as {column}",
    "each_element": lambda items: f"explode({items})",
    "split": lambda text, separator: f"split({text}, '{separator}')",
    "days_between": lambda start, end: f"datediff({end}, {start})",
    "days_after": lambda day, days: f"date_add({day}, cast({days} as int))",
    "months_between": lambda start, end: f"datediff({end}, {start}) / 30.4375",
    "floor_to": lambda day, precision: f"cast(date_trunc({precision}, {day}) as date)",
    "on_or_after": lambda column, day: f"{column} >= {day}",
    "last_known": lambda value, partition, order: (
        f"last_value({value}) ignore nulls over (partition by {partition} order by {order} rows unbounded preceding)"
    ),
    "last_known_before": lambda value, partition, order: (
        f"last_value({value}) ignore nulls over (partition by {partition} order by {order} "
        "rows between unbounded preceding and 1 preceding)"
    ),
    "at_greatest": lambda value, by, partition, order: (
        f"max_by({value}, {by}) over (partition by {partition} order by {order} rows unbounded preceding)"
    ),
    "text": lambda value: f"cast({value} as string)",
    "amount": lambda value: f"cast({value} as decimal(18, 2))",
    "whole": lambda value: f"cast({value} as decimal(38, 0))",
    "divided_up": lambda a, b: f"(({a} + {b} - 1) div {b})",
    "divided_down": lambda a, b: f"({a} div {b})",
    "joined": lambda text, separator, order: f"array_join(array_sort(collect_list({text})), '{separator}')",
    "names_column": lambda text, column: f"rlike({text}, {column})",
    "length_of": lambda items: f"coalesce(size({items}), 0)",
    "nth_of": lambda items, nth: f"try_element_at({items}, {nth})",
    "nth_character": lambda text, nth: f"substr({text}, {nth}, 1)",
    "part_of": lambda text, separator, nth: f"split_part({text}, '{separator}', {nth})",
    "moments_of": lambda day: f"array(date_format({day}, 'y'), date_format({day}, 'y-MM'))",
}
"""Every word of portable.sql as Spark would have it."""

READ_WHEN_RUN = {
    "all_figures": "plan_id, period_id, district_code, indicator_id, variant, numerator, denominator, is_answered",
    "uncovered_communities": (
        "plan_id, period_id, district_code, ledger_no, community_no, community_id, indicator_id, is_reported, units"
    ),
    "doubtful_figures": "plan_id, period_id, district_code, indicator_id, doubtful_in, doubtful_out",
    "figure_rows": (
        "plan_id, period_id, district_code, entity, submission_id, source_sheet, source_row, "
        "community_id, row_name, is_reported, figure_set, amounts"
    ),
    "figures_in_sets": "plan_id, entity, nth, indicator_id, is_rate, numerator_at, denominator_at",
}
"""Macros that write SQL from the plans' conditions when a model runs, and the columns they give."""

SHARED = {
    *(
        "abs",
        "avg",
        "bool_and",
        "bool_or",
        "cast",
        "coalesce",
        "concat",
        "concat_ws",
        "count",
        "extract",
        "first_value",
    ),
    *(
        "floor",
        "greatest",
        "last_value",
        "least",
        "max",
        "max_by",
        "min",
        "min_by",
        "nullif",
        "power",
        "rank",
        "replace",
    ),
    *("round", "row_number", "split_part", "sum", "trim"),
    *(
        "array",
        "array_contains",
        "date_add",
        "date_format",
        "date_trunc",
        "datediff",
        "explode",
        "array_join",
        "array_sort",
    ),
    *("collect_list", "rlike", "size", "split", "substr"),
}
"""Functions that both engines have under one name and with one meaning (or that a word above put there)."""

TYPES = {"bigint", "boolean", "date", "decimal", "double", "int", "integer", "string", "timestamp"}

FOREIGN_TOKENS = {
    TokenType.DCOLON: "::",
    TokenType.L_BRACKET: "[…]",
    TokenType.L_BRACE: "{…}",
    TokenType.QUALIFY: "qualify",
    TokenType.UNNEST: "unnest",
    TokenType.ARROW: "->",
    TokenType.DARROW: "->>",
}
FOREIGN_WORDS = re.compile(
    r"//|\b(?:by name|exclude|distinct on|asof|using sample|(?:order|group) by all|positional join|varchar)\b"
)


def rendered(source: str, words: dict[str, Callable[..., str]] = SPARK) -> str:
    """The SQL of a model with Spark's words."""
    files = {
        file.stem: file.read_text(encoding="utf-8")
        for file in (PROJECT / "macros").glob("*.sql")
        if file.stem not in ("portable", "indicators", "schema")
    }
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.globals |= {
        **words,
        "ref": lambda name: name,
        "source": lambda schema, name: f"{schema}.{name}",
        "config": lambda **_: "",
        **{name: _selecting(columns) for name, columns in READ_WHEN_RUN.items()},
    }
    for text in files.values():
        module = environment.from_string(text).module
        environment.globals |= {name: getattr(module, name) for name in re.findall(r"{%-? macro (\w+)", text)}
    return environment.from_string(source).render()


def _selecting(columns: str) -> Callable[..., str]:
    return lambda *_: f"select {columns} from somewhere"


def foreign(sql: str) -> Iterator[str]:
    """What in a statement Spark would not understand, or not in the same way."""
    bare = re.sub(r"'(?:[^']|'')*'", "''", re.sub(r"--[^\n]*", " ", sql))
    yield from FOREIGN_WORDS.findall(bare.lower())
    try:
        tokens = sqlglot.tokenize(sql, read="duckdb")
        tree = sqlglot.parse_one(sql, read="spark")
    except sqlglot.errors.SqlglotError as error:
        yield f"no Spark: {error}"
        return
    yield from (FOREIGN_TOKENS[token.token_type] for token in tokens if token.token_type in FOREIGN_TOKENS)
    if not re.match(r"\s*(with|select)\b", bare, re.IGNORECASE):
        yield "no select first"
    for before, after in pairwise(tokens):
        if after.token_type == TokenType.L_PAREN and before.token_type not in (TokenType.ALIAS, TokenType.IN):
            name = before.text.lower()
            if name.isidentifier() and name not in SHARED | KEYWORDS | _aliases(tree) | TYPES:
                yield f"{name}()"
    for kind in tree.find_all(exp.DataType):
        if kind.sql(dialect="spark").split("(")[0].lower() not in TYPES:
            yield kind.sql(dialect="spark").lower()


KEYWORDS = {
    *("and", "as", "by", "case", "else", "filter", "from", "in", "join", "not", "on", "or", "over", "then", "values"),
    *("when", "where"),
}


def _aliases(tree: exp.Expr) -> set[str]:
    """Names that a bracket may follow because its columns are listed there."""
    return {alias.name.lower() for alias in tree.find_all(exp.TableAlias)} | {"window"}


def test_every_word_has_its_spark() -> None:
    text = (PROJECT / "macros" / "portable.sql").read_text(encoding="utf-8")
    assert set(re.findall(r"{% macro (\w+)", text)) == set(SPARK)


@pytest.mark.parametrize("model", MODELS, ids=lambda file: file.stem)
def test_models_speak_what_both_engines_understand(model: Path) -> None:
    assert list(foreign(rendered(model.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "sql",
    [
        "select a::integer from t",
        "select a // b from t",
        "select unnest(a) from t",
        "select [a, b] from t",
        "select {'a': b} from t",
        "select * exclude (a) from t",
        "select a from t union all by name select a from u",
        "select distinct on (a) a, b from t",
        "select a from t qualify row_number() over (order by a) = 1",
        "select a, count(*) from t group by all",
        "from t",
        "select list_contains(a, b) from t",
        "select strftime(a, '%Y') from t",
        "select date_diff('day', a, b) from t",
        "select cast(a as hugeint) from t",
        "select cast(a as varchar) from t",
        "select a from t asof join u on t.a >= u.a",
        "select regexp_matches(a, 'x') from t",
        "select a ->> '$.b' from t",
    ],
)
def test_what_only_duckdb_understands_is_found(sql: str) -> None:
    assert list(foreign(sql)) != []
