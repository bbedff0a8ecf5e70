"""The sheet 与上一版相比 of a re-sent ledger's receipt: rows added and gone, and cells changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.forms import FORMS
from pipelines.intake.receipt.ownsheet import OwnSheet

SHEET = "与上一版相比"
WIDTHS = (16, 10, 24, 22, 26, 26, 10)
HEADERS = ("工作表", "变化", "小区/对象", "栏目", "上一版", "本版", "单元格")
MOST_LISTED = 2_000
KINDS = {"added": "新增的行", "removed": "不再有的行", "changed": "改动的内容"}


def changes_sheet(changes: Any) -> OwnSheet:
    """``changes``: what the comparison with the version it replaces found."""
    sheet = OwnSheet(SHEET, WIDTHS, footer=SHEET)
    rows: Sequence[Any] = changes.rows
    sheet.say("与上一版相比", "title")
    sheet.say(f"上一版：{changes.file_name}，{changes.received_at:%Y年%m月%d日 %H:%M}收到", "small")
    if not rows:
        sheet.say("各表的内容与上一版相同。")
        return sheet
    counts = {kind: sum(row.kind == kind for row in rows) for kind in KINDS}
    said = "、".join(f"{word} {counts[kind]} {'处' if kind == 'changed' else '行'}" for kind, word in KINDS.items())
    sheet.say(f"{said}。请核对是否都是有意修改。")
    header = sheet.add(*((text, "head") for text in HEADERS))
    sheet.header_row = sheet.frozen_row = header
    for row in rows[:MOST_LISTED]:
        number = sheet.add(
            (row.sheet or _title(row.form), "body"),
            (KINDS.get(row.kind, row.kind), "center"),
            (row.entity, "body"),
            (_header(row.form, row.field), "body"),
            (row.before, "body"),
            (row.after, "body"),
            (row.cell, "link" if row.cell and row.kind != "removed" else "body"),
        )
        if row.sheet and row.cell and row.kind != "removed":
            quoted = row.sheet.replace("'", "''")
            sheet.links[f"G{number}"] = f"'{quoted}'!{row.cell}"
    sheet.filtered = f"A{header}:G{len(sheet.rows)}"
    if len(rows) > MOST_LISTED:
        sheet.say(f"变化较多，以上列出前 {MOST_LISTED} 处。")
    return sheet


def _title(form: str | None) -> str | None:
    return FORMS[form].sheet if form in FORMS else form


def _header(form: str | None, field: str | None) -> str | None:
    if form not in FORMS or field is None:
        return field
    columns = (*FORMS[form].columns, *FORMS[form].alternatives)
    return next((column.header for column in columns if column.field == field), field)
