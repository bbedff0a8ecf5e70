"""What conditions in plan files may say: every entity with its columns and where they come from. docs/entities.md."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.forms import FORMS
from pipelines.plans.conditions import FUNCTIONS
from pipelines.plans.entities import ENTITIES, Column, Entity, origins

INTRODUCTION = """# What indicators count

Made from `pipelines/plans/entities.py` (`make docs`). An indicator names an entity; its `denominator`, `numerator`,
`strict` and `measure` are SQL over the entity's columns below, one row per thing, district and period. Allowed are
`and`, `or`, `not`, comparisons, `in`, `between`, `like`, `is null`, `case`, `+ - * /`, texts in single quotes, dates as
`date '2024-12-31'`, and the functions
{functions}.
`actionplan plans check` names anything else with its line.

`on its sheet`: where the column comes from; a workbook without that column leaves the indicator without data, unless
the column is worked out of others. `‡` columns are on a plan's templates only where one of its indicators uses them.
"""
_TYPES = {"VARCHAR": "text", "BIGINT": "whole number", "BOOLEAN": "true or false", "DATE": "date"}


def page() -> str:
    """docs/entities.md."""
    functions = ", ".join(f"`{name}`" for name in FUNCTIONS)
    lines = [INTRODUCTION.format(functions=functions)]
    for entity in ENTITIES.values():
        bases = ", ".join(entity.bases)
        lines += [f"## `{entity.name}`", "", f"{_capital(entity.meaning)}. Counted by: {bases}.", ""]
        lines += ["| column | type | meaning | on its sheet |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(_cells(entity, column))} |" for column in entity.columns]
        lines.append("")
    return "\n".join(lines)


def _cells(entity: Entity, column: Column) -> Iterator[str]:
    yield f"`{column.name}`"
    yield _TYPES.get(column.type, "number")
    words = ", ".join(f"`{word}`" for word in column.values)
    yield f"{column.meaning}: {words}" if words else column.meaning
    yield "; ".join(f"{sheet}: {'、'.join(headers)}" for sheet, headers in _headers(entity, column).items())


def _headers(entity: Entity, column: Column) -> dict[str, list[str]]:
    """By sheet, the headers of the fields that a column comes from; none where nothing typed says it."""
    found: dict[str, list[str]] = {}
    for name in origins(entity, column):
        form, _, field = name.partition(".")
        for typed in FORMS[form].columns:
            if typed.field == field:
                found.setdefault(FORMS[form].sheet, []).append(typed.header + "‡" * typed.extra)
    return found


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
