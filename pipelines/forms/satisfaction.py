"""满意度调查: what owners answered."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.keys import name_key
from pipelines.forms.types import Code, Enum, Integer, Name, Percent, Year


class Satisfaction(
    Form,
    sheet="满意度调查",
    aliases="满意度",
    title="业主满意度调查情况表",
    title_en="Satisfaction surveys",
    keys={"name_key": ("community_name", name_key)},
):
    """The answers of one survey in one community. 一般 is not satisfied."""

    survey_year: Year = column("调查年度", "Year of the survey", required=True, aliases="年度 调查年份")
    organiser: Enum = column(
        "组织方式",
        "Third party, authority or the company itself",
        required=True,
        aliases="组织形式 调查主体",
        note="只有第三方调查计入考核",
    )
    agency: Name = column(
        "调查机构", "Agency that asked", example="某某咨询公司", aliases="机构 第三方机构 第三方机构名称"
    )
    method: Enum = column(
        "调查方式", "How it asked", vocabulary="survey_method", open=True, aliases="调查方法 调查形式"
    )
    community_code: Code = column(
        "小区编码", "Code of the community", example="1508020010010001", aliases="项目编码 小区编号"
    )
    community_name: Name = column(
        "小区名称",
        "Community",
        example="阳光花园一期",
        required=True,
        identity=True,
        aliases="小区 项目名称 住宅小区名称",
    )
    sampled: Integer = column(
        "抽样户数", "Households asked", example=120, ge=0, aliases="样本户数 抽样数 调查户数 发放问卷数"
    )
    valid_answers: Integer = column(
        "有效样本", "Valid answers", example=110, required=True, ge=0, aliases="有效样本数 有效问卷 有效问卷数 有效份数"
    )
    very_satisfied: Integer = column("非常满意", "Answers 非常满意", example=38, ge=0, aliases="很满意 十分满意")
    satisfied: Integer = column("满意", "Answers 满意", example=42, ge=0, aliases="比较满意")
    fairly_satisfied: Integer = column("基本满意", "Answers 基本满意", example=18, ge=0, aliases="较满意")
    neutral: Integer = column("一般", "Answers 一般", example=7, ge=0, aliases="感觉一般")
    dissatisfied: Integer = column("不满意", "Answers 不满意", example=4, ge=0, aliases="不太满意")
    very_dissatisfied: Integer = column("非常不满意", "Answers 非常不满意", example=1, ge=0, aliases="很不满意")
    reported_rate: Percent = column(
        "满意率",
        "Rate typed by the district; recomputed from the answers",
        example=89.1,
        unit="%",
        ge=0,
        le=100,
        rule="R23",
        aliases="满意率(填报) 满意比例",
    )
