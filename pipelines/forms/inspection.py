"""双随机检查: inspections of property services."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.keys import company_key, name_key
from pipelines.forms.types import CompanyName, Decimal, Enum, Integer, Name, PartialDate, Text


class Inspection(
    Form,
    sheet="双随机检查",
    aliases="检查台账 双随机检查台账",
    title="物业服务“双随机、一公开”检查台账",
    title_en="Inspections",
    keys={"name_key": ("community_name", name_key), "company_key": ("company_name", company_key)},
):
    """One inspection of one community or company."""

    date: PartialDate = column(
        "检查日期", "Date", example="2024-06-12", required=True, identity=True, aliases="检查时间 日期"
    )
    type: Enum = column(
        "检查类型",
        "Double-random, special or routine",
        vocabulary="inspection_type",
        open=True,
        aliases="类型 检查方式",
    )
    department: Text = column(
        "检查部门",
        "Departments taking part",
        example="住建局、市场监管局",
        aliases="联合部门 检查单位 检查部门(联合部门)",
    )
    community_name: Name = column(
        "小区名称", "Community inspected", example="阳光花园一期", aliases="小区 被检查小区 项目名称"
    )
    company_name: CompanyName = column(
        "企业名称",
        "Company inspected",
        example="某某物业服务有限公司",
        aliases="企业 物业服务企业 被检查企业 物业公司 检查对象",
    )
    problems: Integer = column("发现问题数", "Problems found", example=3, ge=0, aliases="问题数 发现问题")
    rectified: Integer = column("整改数", "Problems put right", example=3, ge=0, aliases="已整改数 整改完成数")
    fine: Decimal = column(
        "处罚金额", "Fine, stored in yuan", example=0, unit="万元", ge=0, aliases="行政处罚金额 罚款金额 罚款"
    )
    published_url: Text = column("结果公开网址", "Where the result was made public", aliases="公开网址 网址 结果公开")
