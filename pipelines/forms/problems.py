"""What can be wrong with a single cell: id, severity, message and remedy of each finding a parser or schema makes.

Messages are Chinese, name the column and never repeat what was typed: it might be personal.
"""

from __future__ import annotations

from typing import NamedTuple

from pipelines.forms.parsed import Problem, Severity


class Kind(NamedTuple):
    """A rule a cell can break. ``{header}``, ``{value}`` and ``{limit}`` in the texts are filled in."""

    severity: Severity
    message: str
    remedy: str


KINDS: dict[str, Kind] = {
    "R04": Kind("error", "“{header}”须是不小于1的整数，该值未采用", "填写实际户数；确实不清楚的填“不详”"),
    "R23": Kind("error", "“{header}”不在0—100%之间，该值未采用", "核对后填写0至100之间的百分数，如 93.6%"),
    "R25": Kind(
        "error", "“{header}”不是有效的18位统一社会信用代码，该值未采用", "对照营业执照重填；注意字母O、I与数字0、1"
    ),
    "R25_number": Kind(
        "error",
        "“{header}”被存成数字，末几位可能已丢失，该值未采用",
        "把单元格格式改为“文本”后重新输入完整编码",
    ),
    "R25_check": Kind(
        "warning",
        "“{header}”的校验位不符，已按所填采用",
        "对照营业执照核对；早年赋码的企业可能确实不符，可在说明栏注明",
    ),
    "R26": Kind(
        "error", "“{header}”中含有身份证号，已屏蔽且不入库", "删除身份证号；如为信用代码栏，请填企业的统一社会信用代码"
    ),
    "R27": Kind("error", "“{header}”中含有电话、邮箱或银行卡号等个人信息，已屏蔽且不入库", "删除个人信息后重新报送"),
    "unreadable_number": Kind(
        "error", "“{header}”不是能识别的数值，该值未采用", "只填一个数，如 75800；不清楚的填“不详”"
    ),
    "several_values": Kind("error", "“{header}”一格里有多个数值，无法取舍，该值未采用", "只填一个数；其余情况写在备注"),
    "several_dates": Kind(
        "error", "“{header}”一格里有多个时间，无法取舍，该值未采用", "只填一个时间；分期建成的请分行填报或写在备注"
    ),
    "several_ticks": Kind(
        "error", "“{header}”勾选了不止一项（{value}），无法取舍，该值未采用", "只在符合的一栏打勾，其余各栏留空"
    ),
    "unit_mismatch": Kind("error", "“{header}”的单位与本栏不符，该值未采用", "核对是否填错栏；按表头单位重填"),
    "not_whole": Kind("error", "“{header}”应为整数，该值未采用", "填写整数"),
    "too_large": Kind("error", "“{header}”的数值过大，该值未采用", "核对数值和单位"),
    "out_of_range": Kind(
        "error", "“{header}”超出合理范围（{limit}），该值未采用", "核对数值和单位；确实无误的请在备注说明"
    ),
    "approximate_value": Kind("warning", "“{header}”填的是约数，已按 {value} 采用", "有准确数的请改填准确数"),
    "ambiguous_percent": Kind(
        "error", "“{header}”填的是1，无法判断是1%还是100%，该值未采用", "写明百分号，如 1% 或 100%"
    ),
    "percent_below_one": Kind("warning", "“{header}”小于1，已按 {value}% 采用", "如应为 93.6% 之类，请带百分号重填"),
    "unreadable_percent": Kind("error", "“{header}”不是能识别的百分数，该值未采用", "填写百分数，如 93.6%"),
    "unreadable_date": Kind(
        "error", "“{header}”不是能识别的日期，该值未采用", "按 2023-09-30、2023-09 或 2023 的样式填写"
    ),
    "impossible_date": Kind("error", "“{header}”不是存在的日期，该值未采用", "核对年、月、日"),
    "year_in_date_cell": Kind(
        "error",
        "“{header}”显示为1905年，可能是把年份填进了日期格式的单元格，该值未采用",
        "把单元格格式改为“文本”或“常规”后重填年份",
    ),
    "approximate_date": Kind("warning", "“{header}”填的是大致时间，已按 {value} 采用", "有准确时间的请改填准确时间"),
    "ambiguous_month": Kind(
        "warning",
        "“{header}”存成了数字，1月与10月无法区分，已只按年份采用",
        "把单元格格式改为“文本”或“日期”后重填，如 2023-10",
    ),
    "unreadable_period": Kind(
        "error", "“{header}”不是能识别的起止日期，该值未采用", "按 2022-01-01至2024-12-31 的样式填写"
    ),
    "unreadable_year": Kind("error", "“{header}”不是能识别的年份，该值未采用", "填写四位年份，如 2024"),
    "unknown_word": Kind("error", "“{header}”所填不在可选范围内，该值未采用", "从下拉列表中选择：{limit}"),
    "mode_in_company_column": Kind(
        "warning", "“{header}”填的不是企业名称，已按没有企业处理", "有企业的填企业全称；管理方式填在“物业管理方式”栏"
    ),
    "document_no_format": Kind("warning", "“{header}”不是规范的文号，已按所填采用", "按 ×建发〔2024〕12号 的样式填写"),
    "formula_without_value": Kind(
        "error",
        "“{header}”是公式，但文件里没有保存计算结果，该值未采用",
        "用 Excel 或 WPS 打开后保存一次，或改填数值",
    ),
    "formula_error": Kind("error", "“{header}”是公式错误值，该值未采用", "改正公式或直接填写数值"),
}
"""Every finding about a single cell, by rule id; a suffix after ``_`` on an R id tells cases of the same rule apart."""


def problem(kind: str, header: str, *, value: object = "", limit: str = "") -> Problem:
    """The finding of this kind about a cell of this column."""
    severity, message, remedy = KINDS[kind]
    rule_id = kind.split("_")[0] if kind.startswith("R2") else kind
    filled = {"header": header, "value": value, "limit": limit}
    return Problem(rule_id, severity, message.format(**filled), remedy.format(**filled))
