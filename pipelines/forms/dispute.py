"""矛盾纠纷及12345: complaints and disputes."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.keys import company_key, name_key
from pipelines.forms.types import Code, CompanyName, Enum, Flag, Name, PartialDate, Text


class Dispute(
    Form,
    sheet="矛盾纠纷及12345",
    aliases="纠纷台账 投诉台账 矛盾纠纷 12345工单",
    title="物业矛盾纠纷及12345热线工单台账",
    title_en="Disputes and hotline cases",
    keys={"name_key": ("community_name", name_key), "company_key": ("company_name", company_key)},
):
    """One case."""

    case_no: Code = column(
        "工单编号",
        "Number of the case",
        example="2024-0316",
        required=True,
        identity=True,
        aliases="受理编号 编号 案件编号 工单号",
    )
    source: Enum = column(
        "来源", "Channel it came through", vocabulary="dispute_source", open=True, aliases="受理渠道 诉求来源 工单来源"
    )
    received_date: PartialDate = column(
        "受理时间", "Received", example="2024-03-16", required=True, aliases="受理日期 接单时间 来电时间"
    )
    community_name: Name = column(
        "小区名称", "Community concerned", example="阳光花园一期", aliases="小区 涉及小区 所属小区"
    )
    company_name: CompanyName = column(
        "企业名称",
        "Company concerned",
        example="某某物业服务有限公司",
        aliases="企业 物业服务企业 涉及企业 物业公司 被诉企业",
    )
    category: Enum = column(
        "诉求类别",
        "What it is about",
        vocabulary="dispute_category",
        open=True,
        aliases="类别 诉求类型 问题类别 纠纷类型",
    )
    content: Text = column(
        "诉求内容",
        "Text of the complaint; not stored",
        example="（不入库）",
        personal=True,
        aliases="内容 诉求 问题描述 主要内容",
    )
    handler: Name = column("承办单位", "Unit in charge", example="幸福街道办事处", aliases="办理单位 责任单位")
    due_date: PartialDate = column(
        "办结时限", "To be closed by", example="2024-03-26", aliases="办理时限 截止时间 办结期限"
    )
    closed_date: PartialDate = column("办结时间", "Closed", example="2024-03-21", aliases="办结日期 回复时间")
    status: Enum = column(
        "办结状态", "Open, closed, returned …", vocabulary="dispute_status", aliases="状态 办理状态 办理情况 是否办结"
    )
    mediation: Enum = column("调解方式", "How it was mediated", open=True, aliases="化解方式 调解类型")
    is_repeat: Flag = column(
        "重复件", "A repeat of an earlier case", example="否", aliases="是否重复件 重复件标识 是否重复"
    )
    is_satisfied: Flag = column(
        "是否满意",
        "The caller is satisfied; no measure of owners' satisfaction",
        aliases="满意情况 回访满意 群众是否满意",
    )
    contact: Name = column("联系人", "Caller; not stored", personal=True, aliases="来电人 投诉人 诉求人")
    phone: Text = column("联系电话", "Telephone; not stored", personal=True, aliases="电话 来电号码 手机 联系方式")
