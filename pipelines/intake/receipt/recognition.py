"""The second sheet of a receipt, 识别结果: which row was taken for the header, and which column became what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pipelines.forms import FORMS
from pipelines.forms.headers import header_key, normalise_header
from pipelines.intake.judging import Judgement
from pipelines.intake.receipt.ownsheet import OwnSheet

SHEET = "识别结果"
HEADERS = ("列", "表头", "识别为", "怎样认出", "单位", "备注")
WIDTHS = (8, 36, 30, 22, 12, 44)
HOW = {
    "exact": "与模板相同",
    "alias": "常见写法",
    "analyst": "市级补充的写法",
    "analyst_alias": "市级补充的写法",
    "parent": "结合上一级表头",
    "tick": "由打勾列合成",
    "title": "按表名或标题",
}
"""How a column was recognised, as the layout calls it and as a clerk reads it."""


def recognition_sheet(judgement: Judgement) -> OwnSheet:
    """Per table where it stands and what its columns mean; what needs no look is folded away."""
    sheet = OwnSheet(SHEET, WIDTHS, footer="识别结果")
    sheet.say("识别结果：每张表的表头和各列是怎样理解的", "title")
    if not judgement.recognised:
        sheet.say("没有可以识别的表格。")
        return sheet
    sheet.say(
        "与模板相同的列已折叠，点左侧“+”可展开查看。没有认出的列不会采用；如是模板中的某一列，请把表头改成模板的写法。",
        "text",
    )
    for table in judgement.recognised:
        _table(sheet, table)
    return sheet


def _table(sheet: OwnSheet, table: Mapping[str, Any]) -> None:
    columns = table["columns"]
    known = [column for column in columns if column["field"] or column["personal"]]
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
        _column(sheet, table, column, 0)
    plain = [column for column in columns if _is_plain(column)]
    if plain and odd:
        sheet.add((None, "band"), (f"其余 {len(plain)} 列与模板相同", "band"), *[(None, "band")] * 4, folds=True)
    for column in plain:
        _column(sheet, table, column, 1)
    for number, why in [*_rows_aside(table)]:
        sheet.add(
            (f"{number} 行", "center"), (why, "body"), ("不作为数据", "body"), (None, "body"), (None, "body"),
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
    """Recognised by the header the template prints: nothing to look at."""
    if not column["field"] or column["personal"]:
        return False
    how = column.get("how")
    if how:
        return bool(how == "exact")
    return header_key(normalise_header(column["header"])[0]) == header_key(normalise_header(column["meaning"])[0])


def _column(sheet: OwnSheet, table: Mapping[str, Any], column: Mapping[str, Any], level: int) -> None:
    known = column["field"] or column["personal"]
    if column["personal"]:
        remark = "个人信息，只用于核对，不入库，本回执中已屏蔽"
    elif known:
        remark = ""
    else:
        near = near_headers(table, column["header"])
        remark = "没有采用" + (f"；是不是：{'、'.join(f'“{name}”' for name in near)}？" if near else "")
    how = HOW.get(column.get("how") or "", "")
    if known and not how:
        how = HOW["exact"] if _is_plain(column) else HOW["alias"]
    sheet.add(
        (column["letter"], "center"),
        (column["header"], "body"),
        (column["meaning"] if known else "（没有认出）", "body" if known else "warning"),
        (how, "body"),
        (column["unit"], "body"),
        (remark, "body"),
        level=level,
    )


def _rows_aside(table: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Total rows, notes and rows without a name, with why they are no data."""
    for number, label in table["total_rows"]:
        yield f"第 {number}", f"合计行：{label}"
    for number, why in table["skipped_rows"]:
        yield f"第 {number}", why


def near_headers(table: Mapping[str, Any], header: str | None, most: int = 2) -> list[str]:
    """The template's headers, not found on the sheet, that an unknown one resembles."""
    form = FORMS[table["form"]]
    taken = {column["field"] for column in table["columns"]}
    names: dict[str, str] = {}
    for column in form.columns:
        if column.field not in taken:
            for name in (column.header, *column.aliases):
                names.setdefault(header_key(normalise_header(name)[0]), column.header)
    asked = header_key(normalise_header(header or "")[0])
    close = get_close_matches(asked, names, n=6, cutoff=0.6)
    inside = [key for key in names if len(asked) >= 2 and (asked in key or (len(key) >= 3 and key in asked))]
    return list(dict.fromkeys(names[key] for key in [*close, *inside]))[:most]
