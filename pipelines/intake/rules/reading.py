"""Findings that are made while a workbook is read, listed with the rules: one register says all that can be found."""

from __future__ import annotations

from pipelines.forms.problems import KINDS
from pipelines.intake.rules.base import ERROR, WARNING, Rule, listed

FATAL = "fatal"

FILE = [
    ("empty_file", "文件是空的"),
    ("foreign_file", "文件不是表格"),
    ("unsupported_format", "文件格式无法读取"),
    ("zip_of_files", "压缩包，里面有若干文件"),
    ("zip_encrypted", "压缩包加了密码"),
    ("zip_too_large", "压缩包里的文件过多或过大"),
    ("encrypted", "文件加了打开密码"),
    ("unreadable", "文件已损坏或不是有效的表格"),
    ("no_sheet", "文件里没有工作表"),
    ("over_limit", "文件超出可以接收的范围"),
    ("read_timeout", "读取用时过长"),
    ("read_aborted", "读取时占用内存过多或内部结构损坏"),
    ("not_regular_file", "不是普通文件"),
    ("internal_error", "程序在处理文件时出错"),
    ("not_identified", "无法确定方案、填报单位或填报期"),
    ("identity_conflict", "填报信息互相矛盾"),
    ("missing_form", "没有「小区明细」表"),
    ("no_rows", "「小区明细」表里没有数据"),
]
for rule_id, message in FILE:
    listed(rule_id, FATAL, None, None, message, "按回执所说更正后重新报送", "file")

MISSING_COLUMN_FATAL = listed(
    "missing_column",
    FATAL,
    "community",
    None,
    "「小区明细」缺少必填列“{header}”",
    "补上“{header}”列并填写后重新报送；如已有该列，请把表头改为“{header}”",
    "file",
)
MISSING_COLUMN = listed(
    "missing_column",
    ERROR,
    None,
    None,
    "「{sheet}」缺少必填列“{header}”，相关指标没有数据",
    "补上“{header}”列并填写；如已有该列，请把表头改为“{header}”",
    "file",
)
MISSING_INDICATOR_COLUMN = listed(
    "missing_column",
    ERROR,
    None,
    None,
    "「{sheet}」没有“{header}”列，相关指标没有数据",
    "补上“{header}”列并填写",
    "file",
)
MISSING_SHEET = listed(
    "missing_sheet",
    ERROR,
    None,
    None,
    "没有「{sheet}」表，相关指标没有数据",
    "按模板补充「{sheet}」表后重新报送；确无此项内容的请在说明栏注明",
    "file",
)
UNMAPPED_COLUMN = listed(
    "unmapped_column",
    WARNING,
    None,
    None,
    "不认识表头“{header}”，该列未采用",
    "如是模板中的某一列，请改用模板的表头；否则不必处理",
    "column",
)
NEAR_COLUMN = listed(
    "unmapped_column",
    WARNING,
    None,
    None,
    "不认识表头“{header}”，该列未采用；它与“{near}”相近",
    "如果就是“{near}”，请把表头改为“{near}”后重新报送（或请市级把这一写法登记到表头对照表）；否则不必处理",
    "column",
)
DUPLICATE_COLUMN = listed(
    "duplicate_column",
    WARNING,
    None,
    None,
    "表头“{header}”与另一列含义相同，只采用了其中一列",
    "删去或改名其中一列",
    "column",
)
AMBIGUOUS_COLUMN = listed(
    "ambiguous_column",
    WARNING,
    None,
    None,
    "表头“{header}”出现多次，无法区分，该列未采用",
    "在表头中写明是谁的（如“项目负责人联系电话”）",
    "column",
)
UNRECOGNISED_SHEET = listed(
    "unrecognised_sheet",
    WARNING,
    None,
    None,
    "不认识工作表「{sheet}」，未采用",
    "如是要报送的内容，请把表名和表头改成模板的样子；否则不必处理",
    "file",
)
UNKNOWN_HEADER = listed(
    "unrecognised_sheet",
    WARNING,
    None,
    None,
    "不认识工作表「{sheet}」，未采用：看来表头在第{rows}行（“{headers}”），但与任何表的表头都不符",
    "如是要报送的内容，请把表名和表头改成模板的样子；否则不必处理",
    "file",
)
STREET_CONFLICT = listed(
    "street_conflict",
    WARNING,
    None,
    None,
    "{source}写的是“{given}”，而{rows}行的“{header}”填的是“{typed}”，已按所填采用",
    "核对这些行属于哪个街道（乡镇）或社区；{source}不对的请改正，填错的请改填",
    "column",
)
SHEET_COPY = listed(
    "sheet_copy",
    WARNING,
    None,
    None,
    "工作表「{sheet}」看来是「{original}」的副本，未采用，以「{original}」为准",
    "不用的副本请删去；如应以「{sheet}」为准，请删去另一张并把表名改为「{original}」后重新报送",
    "file",
)
HIDDEN_SHEET = listed(
    "hidden_sheet",
    WARNING,
    None,
    None,
    "工作表「{sheet}」是隐藏的，未采用",
    "要报送的请取消隐藏；不用的请删去",
    "file",
)
HIDDEN_ROWS = listed(
    "hidden_rows",
    WARNING,
    None,
    None,
    "工作表「{sheet}」有隐藏的行或列，其中的内容已一并采用",
    "请取消隐藏或筛选，核对后再报送",
    "file",
)
SHEET_OF_ANOTHER_FORM = listed(
    "sheet_of_another_form",
    WARNING,
    None,
    None,
    "工作表「{sheet}」的内容是「{title}」，已按「{title}」读取",
    "把表名改为「{title}」",
    "file",
)
R02 = listed(
    "R02", ERROR, None, None, "这一行没有填写“{header}”，未采用", "补填“{header}”；不需要的行请整行删去", "row"
)
listed(
    "row_without_name",
    ERROR,
    None,
    None,
    R02.message,
    R02.remedy,
    "row",
)
listed(
    "cover_incomplete",
    WARNING,
    None,
    None,
    "填报信息不完整：{why}",
    "补全或更正封面，下次报送时就不必依靠文件夹或标题来判断",
    "file",
)
R03 = listed(
    "R03",
    WARNING,
    None,
    None,
    "“{header}”填的是“{label}”，已按合计行处理，不计入明细",
    "合计行不必填写；确是名称的请换一种写法",
    "row",
)
R35 = listed(
    "R35", WARNING, None, None, "“{header}”（{value}）晚于收到报表的日期", "核对日期；还没有发生的事不要填日期", "row"
)
UNIT_ASSUMED = listed(
    "unit_not_stated", WARNING, None, None, "“{header}”没有注明单位，已按{unit}理解", "在表头注明单位", "column"
)
CLAIMED_TOTAL = listed(
    "T11",
    WARNING,
    None,
    None,
    "“{label}”行的“{header}”填{claimed}，各行之和为{counted}，两者不一致",
    "核对合计数和各行；以各行之和为准",
    "row",
)

for rule_id, kind in KINDS.items():
    name = rule_id.split("_")[0] if rule_id.startswith("R2") else rule_id
    listed(name, kind.severity, None, None, kind.message, kind.remedy, "cell")


def filled(rule: Rule, **values: object) -> tuple[str, str]:
    """A rule's message and remedy with their placeholders filled in."""
    return rule.message.format(**values), rule.remedy.format(**values)
