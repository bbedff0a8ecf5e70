"""The second sheet of a receipt, 识别结果: which row was taken for the header, and which column became what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.intake.judging import Judgement
from pipelines.intake.receipt.ownsheet import OwnSheet

SHEET = "识别结果"
HEADERS = ("列", "表头", "识别为", "怎样认出", "单位", "备注")
WIDTHS = (11, 36, 30, 20, 12, 46)
HOW = {
    "exact": "与模板相同",
    "alias": "常见写法",
    "remark": "表头另有说明",
    "analyst": "市级认定的写法",
    "parent": "结合上一级表头",
    "tick": "几列打勾合成",
}
"""How a column was recognised, as the layout calls it and as a clerk reads it."""
PROBLEMS = {
    "duplicate": "没有采用：另有一列含义相同",
    "ambiguous": "没有采用：同样的表头不止一个，请写明是谁的",
    "ignored": "按市级认定不采用",
}


def recognition_sheet(judgement: Judgement, footer: str) -> OwnSheet:
    """Per table where it stands and what its columns mean; what needs no look is folded away."""
    sheet = OwnSheet(SHEET, WIDTHS, footer=footer)
    sheet.say("识别结果：每张表的表头和各列是怎样理解的", "title")
    sheet.say(
        "与模板相同的列已折叠，点左侧“+”可展开查看。没有认出的列不会采用；如是模板中的某一列，请把表头改成模板的写法。",
        "text",
    )
    for table in judgement.recognised:
        _table(sheet, table)
    return sheet


def _table(sheet: OwnSheet, table: Mapping[str, Any]) -> None:
    columns = table["columns"]
    known = [column for column in columns if column["field"]]
    unknown = [column for column in columns if column not in known]
    sheet.add()
    sheet.say(_where(table), "section")
    odd = [column for column in columns if not _is_plain(column)]
    summary = f"共 {len(columns)} 列，认出 {len(known)} 列" + (f"，没有认出 {len(unknown)} 列" if unknown else "")
    summary += "：" if odd else "，都与模板相同。"
    sheet.say(summary, "text")
    sheet.add(*((text, "head") for text in HEADERS), folds=not odd)
    if not odd:
        sheet.rows[-1].level = 1
        sheet.rows[-2].folds = True
    for column in odd:
        _column(sheet, column, 0)
    plain = [column for column in columns if _is_plain(column)]
    if plain and odd:
        sheet.add((None, "band"), (f"其余 {len(plain)} 列与模板相同", "band"), *[(None, "band")] * 4, folds=True)
    for column in plain:
        _column(sheet, column, 1)
    for place, why, result in _rows_aside(table):
        sheet.add(
            (place, "center"), (why, "body"), (result, "body"), (None, "body"), (None, "body"),
            (None, "body"),
        )  # fmt: skip


def _where(table: Mapping[str, Any]) -> str:
    rows = table["header_rows"]
    header = f"第 {rows[0]} 行" if rows[0] == rows[-1] else f"第 {rows[0]}—{rows[-1]} 行"
    said = f"工作表「{table['sheet']}」→ {table['title']}：表头在{header}，数据 {table['data_rows']} 行"
    if table["first_data_row"]:
        said += f"（第 {table['first_data_row']}—{table['last_data_row']} 行）"
    if table["total_rows"]:
        said += f"，合计行 {len(table['total_rows'])} 行（不计入明细）"
    return said


def _is_plain(column: Mapping[str, Any]) -> bool:
    """Recognised by the header that the template prints, and shown as it is: nothing to look at."""
    return bool(column["field"]) and column["how"] == "exact" and not column["personal"]


def _column(sheet: OwnSheet, column: Mapping[str, Any], level: int) -> None:
    is_known = bool(column["field"])
    sheet.add(
        (column["letter"], "center"),
        (column["header"], "body"),
        (column["meaning"] if is_known else "（没有认出）", "body" if is_known else "warning"),
        (HOW.get(column["how"] or "", ""), "body"),
        (column["unit"], "body"),
        (_remark(column), "body"),
        level=level,
    )


def _remark(column: Mapping[str, Any]) -> str:
    if column["personal"]:
        return "个人信息，不入库，本回执中已屏蔽"
    if column["field"]:
        return ""
    why = PROBLEMS.get(column.get("problem") or "", "没有采用")
    near = "、".join(f"“{name}”" for name in column.get("near") or ())
    return f"{why}；是不是{near}？" if near else why


def _rows_aside(table: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """What stands outside the rows and is true of them; total rows, notes and the like, with why they are no data."""
    for given in table.get("given", ()):
        yield given["cell"], f"{given['source']}：{given['value']}", f"{given['meaning']}（第 {given['rows']} 行）"
    for number, label in table["total_rows"]:
        yield f"第 {number} 行", f"合计行：{label}", "不作为数据"
    for number, why in table["skipped_rows"]:
        yield f"第 {number} 行", why, "不作为数据"
