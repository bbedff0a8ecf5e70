"""What was made of the tables of a workbook, as its receipt shows it and its JSON keeps it. Rows count from 1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipelines.forms.personal import mask
from pipelines.intake.issues import cell_name, column_letter
from pipelines.intake.layout import SheetLayout, Table, near_columns
from pipelines.intake.layout.model import ColumnFound
from pipelines.intake.parse import shown


def recognised(layouts: Iterable[SheetLayout]) -> list[dict[str, Any]]:
    """Every table of a workbook."""
    return [_table(table) for item in layouts for table in item.tables]


def _table(table: Table) -> dict[str, Any]:
    form, (left, right) = table.form, table.span
    last = max([*table.data_rows, *(row for row, _ in table.totals), table.header_rows[1]])
    columns = [column for column in table.columns if column.header and not column.is_our_own]
    return {
        "sheet": table.sheet.name,
        "form": form.name,
        "title": form.sheet,
        "area": f"{cell_name(table.header_rows[0], left)}:{cell_name(last, right)}",
        "score": table.score,
        "header_rows": [row + 1 for row in range(table.header_rows[0], table.header_rows[1] + 1)],
        "columns": [_column(table, column) for column in columns],
        "data_rows": len(table.data_rows),
        "first_data_row": table.data_rows[0] + 1 if table.data_rows else None,
        "last_data_row": table.data_rows[-1] + 1 if table.data_rows else None,
        "total_rows": [[row + 1, mask(label)] for row, label in table.totals],
        "skipped_rows": [[row + 1, mask(why)] for row, why in table.skipped],
        "nameless_rows": [row + 1 for row in table.nameless],
        "given": [
            {
                "field": given.field,
                "meaning": form.column(given.field).header,
                "value": mask(given.value),
                "source": given.source,
                "cell": cell_name(*given.cell),
                "rows": spans(given.rows),
            }
            for given in table.given
        ],
    }


def _column(table: Table, column: ColumnFound) -> dict[str, Any]:
    name = column.field or column.part_of
    said: dict[str, Any] = {
        "letter": column_letter(column.index),
        "header": shown(column.header),
        "field": name,
        "meaning": table.form.column(name).header if name else None,
        "unit": column.unit,
        "personal": column.personal,
        "how": column.how,
    }
    if name is None:
        said["problem"] = column.problem
        said["near"] = [near.header for near in near_columns(table.form, column.header, table.fields)]
    return said


def spans(rows: Iterable[int]) -> str:
    """Rows as people write them, from 1: 3—17、20."""
    runs: list[list[int]] = []
    for row in sorted(rows):
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    return "、".join(f"{a + 1}" if a == b else f"{a + 1}—{b + 1}" for a, b in runs)
