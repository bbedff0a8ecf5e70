"""会议台账: meetings the plan asks for."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.types import Enum, Integer, PartialDate


class Meeting(Form, sheet="会议台账", aliases="例会台账", title="会议台账", title_en="Meetings"):
    """One meeting."""

    date: PartialDate = column(
        "会议日期", "Date", example="2024-09-18", required=True, identity=True, aliases="会议时间 召开时间 日期"
    )
    type: Enum = column(
        "会议类型", "Kind of meeting", required=True, vocabulary="meeting_type", open=True, aliases="类型 会议名称"
    )
    level: Enum = column(
        "层级", "City, district, subdistrict or neighbourhood", vocabulary="meeting_level", aliases="会议层级 级别"
    )
    units: Integer = column("参会单位数", "Units taking part", example=9, ge=0, aliases="参会单位 参加单位数")
    items: Integer = column("议题数", "Items discussed", example=4, ge=0, aliases="议题 研究议题数")
    closed: Integer = column("办结数", "Items settled", example=3, ge=0, aliases="已办结数 办结")
