"""The sheet 与上一版相比 of a re-sent ledger's receipt: rows added and gone, and cells changed."""

from __future__ import annotations

from pipelines.forms import FORMS
from pipelines.intake.changes import KIND_NAMES, REMOVED, Change, Changes
from pipelines.intake.receipt.ownsheet import OwnSheet

SHEET = "与上一版相比"
WIDTHS = (18, 8, 28, 24, 28, 28, 10)
HEADERS = ("工作表", "变化", "小区/对象", "栏目", "上一版", "本版", "单元格")
MOST_LISTED = 2_000


def changes_sheet(changes: Changes, footer: str) -> OwnSheet:
    """What the comparison with the version it replaces found."""
    sheet = OwnSheet(SHEET, WIDTHS, footer=footer)
    sheet.say(SHEET, "title")
    sheet.say(changes.headline)
    if not changes.rows:
        return sheet
    sheet.say("请核对是否都是有意修改。", "small")
    header = sheet.add(*((text, "head") for text in HEADERS))
    sheet.header_row = sheet.frozen_row = header
    for change in changes.rows[:MOST_LISTED]:
        _add(sheet, change)
    sheet.filtered = f"A{header}:G{len(sheet.rows)}"
    if len(changes.rows) > MOST_LISTED:
        sheet.say(f"变化较多，以上列出前 {MOST_LISTED} 处。")
    return sheet


def _add(sheet: OwnSheet, change: Change) -> None:
    is_there = bool(change.sheet and change.cell) and change.kind != REMOVED
    row = sheet.add(
        (change.sheet or FORMS[change.form].sheet, "body"),
        (KIND_NAMES[change.kind], "center"),
        (change.entity, "body"),
        (change.header or "（整行）", "body"),
        (change.before, "body"),
        (change.after, "body"),
        (change.cell, "link" if is_there else "body"),
    )
    if is_there:
        quoted = str(change.sheet).replace("'", "''")
        sheet.links[f"G{row}"] = f"'{quoted}'!{change.cell}"
