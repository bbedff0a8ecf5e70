"""Checks the SQL in plan files: conditions and sums over an entity's documented columns, and nothing else.

What is not on the list of allowed expressions is refused, so a plan file can't read other tables, run statements or
use what only one database knows. Importing this costs half a second (sqlglot); the loader does it only when it must.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from difflib import get_close_matches
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from pipelines.plans.entities import Column, Entity

Type = Literal["boolean", "number", "text", "date", "null"]

_TYPES: dict[str, Type] = {
    "VARCHAR": "text",
    "BIGINT": "number",
    "DECIMAL(18,2)": "number",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "date",
}
_NUMBER_FUNCTIONS = (exp.Abs, exp.Ceil, exp.Floor, exp.Round, exp.Length, exp.Year, exp.Month)
_TEXT_FUNCTIONS = (exp.Lower, exp.Upper, exp.Trim)
_CHOOSING = (exp.Coalesce, exp.Nullif, exp.Least, exp.Greatest)
FUNCTIONS = tuple(sorted(f.sql_name().lower() for f in (*_NUMBER_FUNCTIONS, *_TEXT_FUNCTIONS, *_CHOOSING)))
"""Functions that plans may use; each means the same in DuckDB and Spark."""


class _Refused(Exception):
    """One thing that is wrong with an expression."""


def check(
    sql: str,
    entity: Entity,
    *,
    wants: Literal["condition", "sum"] = "condition",
    task_ids: Collection[str] = (),
) -> list[str]:
    """What is wrong with an expression over an entity, in words; nothing when it is sound.

    ``wants``: a ``condition`` must be true or false, a ``sum`` must be a number. ``task_ids``: what ``task_id`` may be
    compared with (no check when empty).
    """
    try:
        statements = sqlglot.parse(sql, dialect="duckdb")
    except (SqlglotError, RecursionError) as error:
        return [f"not a SQL expression: {_where(error)}"]
    if len(statements) != 1 or statements[0] is None:
        return ["write one expression, without ;"]
    tree = statements[0]
    try:
        if any(node.comments for node in tree.walk()):
            return ["leave comments out of the expression; YAML has # for them"]
        found = _Checker(entity, task_ids).type_of(tree)
    except _Refused as refused:
        return [str(refused)]
    except RecursionError:
        return ["the expression is nested too deeply"]
    wanted = "boolean" if wants == "condition" else "number"
    if found not in (wanted, "null"):
        return [f"must be {_article(wanted)}, but {sql!r} is {_article(found)}"]
    return []


def _where(error: Exception) -> str:
    """What sqlglot stumbled over, without its own jargon."""
    if isinstance(error, ParseError) and error.errors and (column := error.errors[0].get("col")):
        return f"something is missing or out of place near character {column}"
    return "a quote or bracket is not closed" if isinstance(error, SqlglotError) else "it is nested too deeply"


def _article(kind: str) -> str:
    return {"boolean": "a true-or-false condition", "null": "null"}.get(kind, f"a {kind}")


def suggest(word: str, known: Collection[str]) -> str:
    """``; did you mean 'x'?`` when something known is close to the word, else nothing."""
    close = get_close_matches(word.lower(), list(known), n=1, cutoff=0.7)
    return f"; did you mean {close[0]!r}?" if close else ""


class _Checker:
    """Gives every expression a type, or refuses it."""

    def __init__(self, entity: Entity, task_ids: Collection[str]) -> None:
        self.entity = entity
        self.task_ids = task_ids

    def type_of(self, node: exp.Expr) -> Type:
        if isinstance(node, exp.Paren):
            return self.type_of(node.this)
        if isinstance(node, exp.Column):
            return _TYPES[self.column(node).type]
        if isinstance(node, exp.Boolean):
            return "boolean"
        if isinstance(node, exp.Null):
            return "null"
        if isinstance(node, exp.Literal):
            return "text" if node.is_string else "number"
        if isinstance(node, exp.Cast):
            return self.cast(node)
        if isinstance(node, exp.And | exp.Or):
            self.all_are("boolean", node.this, node.expression)
            return "boolean"
        if isinstance(node, exp.Not):
            self.all_are("boolean", node.this)
            return "boolean"
        if isinstance(node, exp.Is):
            self.type_of(node.this)
            if not isinstance(node.expression, exp.Null | exp.Boolean):
                raise _Refused("after 'is' comes null, true or false")
            return "boolean"
        if isinstance(node, exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE | exp.NullSafeEQ | exp.NullSafeNEQ):
            self.comparable(node.this, node.expression)
            return "boolean"
        if isinstance(node, exp.Between):
            self.comparable(node.this, node.args["low"], node.args["high"])
            return "boolean"
        if isinstance(node, exp.In):
            if node.args.get("query") or node.args.get("unnest") or not node.expressions:
                raise _Refused("a list of values must follow 'in', not a subquery")
            self.comparable(node.this, *node.expressions)
            return "boolean"
        if isinstance(node, exp.Like):
            self.all_are("text", node.this, node.expression)
            return "boolean"
        if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Mod):
            self.all_are("number", node.this, node.expression)
            return "number"
        if isinstance(node, exp.Neg):
            self.all_are("number", node.this)
            return "number"
        if isinstance(node, exp.Case):
            return self.case(node)
        if isinstance(node, exp.Func) and not isinstance(node, exp.Exists):
            return self.function(node)
        raise _Refused(f"{_what(node)} is not allowed; write a condition over {self.entity.name}'s columns")

    def column(self, node: exp.Column) -> Column:
        if node.table:
            raise _Refused(f"write {node.name!r} without a table before it")
        if column := self.entity.column(node.name):
            return column
        close = suggest(node.name, [c.name for c in self.entity.columns])
        raise _Refused(f"{self.entity.name} has no column {node.name!r}{close}")

    def cast(self, node: exp.Cast) -> Type:
        if not node.to.is_type("date"):
            raise _Refused("only casts to date are allowed")
        if isinstance(node.this, exp.Literal) and not _is_date(node.this):
            raise _Refused(f"{node.this.name!r} is not a date; write date '2023-01-01'")
        if (found := self.type_of(node.this)) == "number" or found == "boolean":
            raise _Refused(f"{_article(found)} is no date")
        return "date"

    def case(self, node: exp.Case) -> Type:
        if node.this:
            raise _Refused("write 'case when <condition> then …'")
        branches = node.args["ifs"]
        self.all_are("boolean", *(branch.this for branch in branches))
        results = [branch.args["true"] for branch in branches]
        return self.common(*results, *([node.args["default"]] if node.args.get("default") else []))

    def function(self, node: exp.Func) -> Type:
        if isinstance(node, _CHOOSING):
            return self.common(*_arguments(node))
        if isinstance(node, exp.Year | exp.Month):
            self.all_are("date", node.this)
            return "number"
        if isinstance(node, exp.Length):
            self.all_are("text", node.this)
            return "number"
        if isinstance(node, _NUMBER_FUNCTIONS):
            self.all_are("number", *_arguments(node))
            return "number"
        if isinstance(node, _TEXT_FUNCTIONS):
            self.all_are("text", *_arguments(node))
            return "text"
        name = node.name if isinstance(node, exp.Anonymous) else node.sql_name().lower()
        raise _Refused(f"function {name!r} is not allowed{suggest(name, FUNCTIONS) or '; use ' + ', '.join(FUNCTIONS)}")

    def all_are(self, wanted: Type, *nodes: exp.Expr) -> None:
        for node in nodes:
            if (found := self.type_of(node)) not in (wanted, "null"):
                raise _Refused(f"{node.sql()!r} is {_article(found)} where {_article(wanted)} is needed")

    def common(self, *nodes: exp.Expr) -> Type:
        kinds = [kind for node in nodes if (kind := self.type_of(node)) != "null"]
        if len(set(kinds)) > 1:
            raise _Refused(f"mixes {' and '.join(_article(k) for k in dict.fromkeys(kinds))}")
        return kinds[0] if kinds else "null"

    def comparable(self, *nodes: exp.Expr) -> None:
        """Same types; a text compared with a date must be one, and with a column of fixed words one of them."""
        kinds = {self.type_of(node) for node in nodes} - {"null"}
        texts = [node for node in nodes if isinstance(node, exp.Literal) and node.is_string]
        if "date" in kinds:
            if odd := next((t for t in texts if not _is_date(t)), None):
                raise _Refused(f"{odd.name!r} is not a date; write date '2023-01-01'")
            if texts:
                kinds.discard("text")
        if len(kinds) > 1:
            raise _Refused(f"compares {' with '.join(sorted(_article(k) for k in kinds))}")
        for column in (self.column(node) for node in nodes if isinstance(node, exp.Column)):
            words = self.task_ids if column.name == "task_id" else column.values
            for text in texts:
                if words and text.name not in words:
                    close = suggest(text.name, words) or f"; it is one of {', '.join(words)}"
                    raise _Refused(f"{column.name} is never {text.name!r}{close}")


def _arguments(node: exp.Expr) -> Iterator[exp.Expr]:
    """What a function is given, in any position."""
    for value in node.args.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, exp.Expr):
                yield item


def _is_date(node: exp.Expr) -> bool:
    try:
        return date.fromisoformat(node.name).isoformat() == node.name
    except ValueError:
        return False


def _what(node: exp.Expr) -> str:
    if isinstance(node, exp.Query | exp.Subquery | exp.Exists):
        return "a query"
    if isinstance(node, exp.Command | exp.DDL | exp.DML | exp.Drop):
        return "a statement"
    return f"{node.sql()!r}"
