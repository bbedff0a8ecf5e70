"""汇总表: totals as the district typed them."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.types import Decimal, Enum, Text


class Summary(
    Form, sheet="汇总表", aliases="汇总 统计汇总表", title="住宅小区物业管理情况汇总表", title_en="Typed totals"
):
    """One total, claimed by the district and compared with what its rows add up to."""

    measure: Enum = column(
        "指标",
        "What is totalled",
        example="小区总数",
        required=True,
        identity=True,
        open=True,
        aliases="指标名称 项目 统计指标 内容",
    )
    value: Decimal = column(
        "数值",
        "The total; areas in ㎡, money in yuan, rates in percent",
        example=46,
        required=True,
        scale=4,
        aliases="数量 合计 值 数据",
    )
    unit: Text = column("单位", "Unit of the total", example="个", aliases="计量单位", note="如 个、户、万㎡、%")
