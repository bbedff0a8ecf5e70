"""信用评价及红黑榜: yearly credit rating of companies or of their projects."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.keys import company_key, name_key
from pipelines.forms.types import CompanyName, Decimal, Enum, Name, PartialDate, Text, Uscc, Year


class Credit(
    Form,
    sheet="信用评价及红黑榜",
    aliases="信用评价 红黑榜",
    title="物业服务企业信用评价及红黑榜",
    title_en="Credit ratings",
    keys={"company_key": ("company_name", company_key), "name_key": ("project_name", name_key)},
):
    """One rating of one company, or of one of its projects, in one year."""

    rating_year: Year = column("评价年度", "Year rated", required=True, aliases="年度 评价年份 评价周期")
    company_name: CompanyName = column(
        "企业名称",
        "Registered name in full",
        example="某某物业服务有限公司",
        required=True,
        identity=True,
        aliases="物业公司名称 物业服务企业 公司名称 物业企业名称 物业服务企业名称",
    )
    uscc: Uscc = column("统一社会信用代码", "Unified social credit code", aliases="信用代码 社会信用代码 营业执照号")
    legal_representative: Name = column(
        "法定代表人",
        "Legal representative, published by the plan with the lists",
        example="张某",
        aliases="法人 法人代表",
    )
    project_name: Name = column(
        "项目名称", "The project, where projects are rated", aliases="小区名称 物业项目 物业项目名称"
    )
    base_score: Decimal = column("基础分", "Base score", example=80.0, aliases="基本分 基础得分")
    bonus: Decimal = column("加分", "Points added", example=8.0, ge=0, aliases="加分(优良) 优良信息加分 优良加分")
    penalty: Decimal = column("扣分", "Points taken off", example=2.0, aliases="扣分(不良) 不良信息扣分 不良扣分")
    total_score: Decimal = column("得分", "Total score", example=86.0, aliases="总分 信用得分 总得分 最终得分 评价得分")
    grade: Text = column(
        "信用等级", "Grade by the table of the city and year", example="A", aliases="等级 评价等级 信用评价等级"
    )
    list_flag: Enum = column("红黑榜", "On the red or black list", aliases="榜单 红榜/黑榜 红黑榜情况 是否列入红黑榜")
    submitted_date: PartialDate = column(
        "上报日期", "Sent to the city", example="2025-01-15", aliases="上报时间 报送日期 报送时间"
    )
    published_date: PartialDate = column(
        "公布日期", "Made public", example="2025-02-10", aliases="公布时间 公示日期 公布网址/日期"
    )
    published_url: Text = column("公布网址", "Where it was made public", example="", aliases="网址 公布链接 公示网址")
