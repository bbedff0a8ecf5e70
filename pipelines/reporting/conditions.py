"""A condition of a plan in words: what a page says beside the SQL that counts.

The names of columns come from ``catalogue/columns.yaml`` (Chinese) and the entities themselves (English), fixed values
from the words that forms allow, the rest from the catalogue. What this does not know how to say is left as SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import sqlglot
import yaml
from sqlglot import exp

from pipelines.forms import FORMS
from pipelines.plans.entities import ENTITIES, Column, Entity, origins
from pipelines.reporting.format import Format, plain
from pipelines.reporting.messages import catalogue

_COMPARED: dict[type[exp.Expr], str] = {
    exp.EQ: "eq",
    exp.NEQ: "neq",
    exp.GT: "gt",
    exp.GTE: "gte",
    exp.LT: "lt",
    exp.LTE: "lte",
}
_SUMS: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "−", exp.Mul: "×", exp.Div: "÷"}


@cache
def _words() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = yaml.safe_load(
        (files("pipelines.reporting") / "catalogue" / "columns.yaml").read_text("utf-8")
    )
    return found


def noun(entity: str, lang: str) -> str:
    """What is counted, in the plural: 小区, communities."""
    words = _words()[entity]["noun"]
    assert isinstance(words, dict)
    return str(words[lang])


@cache
def in_words(sql: str, entity: str, lang: str) -> str:
    """A condition or sum over an entity's columns as a phrase; empty where it holds of every row.

    >>> in_words("is_completed and has_management", "subdistrict", "en")
    Traceback (most recent call last):
    KeyError: 'is_completed'
    """
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    if isinstance(tree, exp.Boolean) and tree.this:
        return ""
    return _Phrase(ENTITIES[entity], lang).of(tree)


@dataclass(frozen=True)
class _Phrase:
    """One condition being put into words of one language."""

    entity: Entity
    lang: str

    def of(self, node: exp.Expr) -> str:
        match node:
            case exp.Paren():
                return self.of(node.this)
            case exp.Column():
                return self.column(node.name)
            case exp.And() | exp.Or():
                return self.joined(node)
            case exp.Not():
                if isinstance(node.this, exp.Is) and isinstance(node.this.expression, exp.Null):
                    return self.say("known", what=self.of(node.this.this))
                return self.say("not", what=self.of(node.this))
            case exp.Is() if isinstance(node.expression, exp.Null):
                return self.say("unknown", what=self.of(node.this))
            case exp.Coalesce():
                return self.instead(node)
            case exp.Between():
                low, high = self.value(node, node.args["low"]), self.value(node, node.args["high"])
                return self.say("between", what=self.of(node.this), low=low, high=high)
            case exp.In():
                values = self.say("or_short").join(self.value(node, value) for value in node.expressions)
                return self.say("eq", what=self.of(node.this), value=values)
            case exp.Round():
                return self.say("round", what=self.of(node.this))
            case exp.Least() | exp.Greatest():
                key = "least" if isinstance(node, exp.Least) else "greatest"
                return self.say(key, what=self.say("comma").join(map(self.of, [node.this, *node.expressions])))
        if (compared := _COMPARED.get(type(node))) is not None:
            what, value = self.of(node.this), self.value(node, node.expression)
            if compared == "eq" and isinstance(node.expression, exp.Literal) and not node.expression.is_string:
                compared = "is_number"
            return self.say(compared, what=what, value=value)
        if (sign := _SUMS.get(type(node))) is not None:
            return f"{self.of(node.this)} {sign} {self.of(node.expression)}"
        if isinstance(node, exp.Literal | exp.Cast):
            return self.value(node, node)
        return node.sql(dialect="duckdb")

    def say(self, key: str, **values: str) -> str:
        return catalogue(self.lang).messages[f"condition.{key}"].format(**values)

    def joined(self, node: exp.And | exp.Or) -> str:
        """Both sides; an ``or`` inside an ``and`` in brackets."""
        sides = []
        for side in (node.this, node.expression):
            inner = side.unnest()
            text = self.of(inner)
            mixed = isinstance(inner, exp.And | exp.Or) and type(inner) is not type(node)
            sides.append(self.say("bracket", what=text) if mixed else text)
        return self.say("and" if isinstance(node, exp.And) else "or").join(sides)

    def instead(self, node: exp.Coalesce) -> str:
        """A value with what stands for it where it is blank; a flag that counts as no needs no mention."""
        what, (other, *_) = self.of(node.this), node.expressions
        if isinstance(other, exp.Boolean):
            return what
        return self.say("blank_counts_as", what=what, value=self.value(node, other))

    def value(self, around: exp.Expr, node: exp.Expr) -> str:
        """A literal as its column would show it: a word of a fixed list, a number, a date; else a phrase."""
        if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
            return self.day(node.this.name)
        if not isinstance(node, exp.Literal):
            return self.of(node)
        if not node.is_string:
            return plain(float(node.name)) if "." in node.name else f"{int(node.name):,}"
        column = next((self.entity.column(c.name) for c in around.find_all(exp.Column)), None)
        return self.quoted(self.label(column, node.name) if column else node.name)

    def day(self, text: str) -> str:
        from datetime import date

        return Format(self.lang).day(date.fromisoformat(text))

    def quoted(self, text: str) -> str:
        return self.say("quote", what=text)

    def column(self, name: str) -> str:
        found = self.entity.column(name)
        assert found is not None, name
        return str(_words()[self.entity.name][found.name]) if self.lang == "zh" else found.meaning

    def label(self, column: Column, code: str) -> str:
        """The word that a form offers for a code."""
        if self.lang == "zh":
            for name in origins(self.entity, column):
                form, _, field = name.partition(".")
                known = {c.field: c for c in (*FORMS[form].columns, *FORMS[form].alternatives)} if form in FORMS else {}
                if field in known and code in known[field].allowed:
                    return known[field].allowed[code].label
        return code.replace("_", " ") if column.values else code
