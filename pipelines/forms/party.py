"""党建情况: Party organisation and work among communities, companies and committees."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.keys import company_key, name_key
from pipelines.forms.types import Code, Enum, Flag, Integer, Name, PartialDate, Text


class Party(
    Form,
    sheet="党建情况",
    aliases="党建台账 党组织情况",
    title="物业行业党建情况表",
    title_en="Party coverage",
    keys={"name_key": ("subject_name", name_key), "company_key": ("subject_name", company_key)},
):
    """How one community, company, committee or industry is covered."""

    seq_no: Code = column("序号", "Running number; no key", aliases="编号 No. 序")
    subject_type: Enum = column(
        "对象类别", "What is covered", example="物业企业", required=True, aliases="类别 对象类型 覆盖类别 类型"
    )
    subject_name: Name = column(
        "名称",
        "Name of the community, company or committee",
        example="某某物业服务有限公司",
        required=True,
        identity=True,
        aliases="对象名称 小区/企业名称 单位名称",
    )
    subject_code: Code = column(
        "小区编码/统一社会信用代码",
        "Its code",
        aliases="编码 小区编码 统一社会信用代码 代码",
    )
    party_member_count: Integer = column(
        "党员数", "Party members", example=4, ge=0, aliases="党员人数 正式党员数 正式党员人数"
    )
    org_form: Enum = column(
        "组建方式",
        "How it is organised or covered",
        required=True,
        vocabulary="party_form",
        aliases="党组织形式 组建形式 覆盖方式",
    )
    org_name: Name = column(
        "党组织名称", "Name of the Party organisation", example="某某物业党支部", aliases="党支部名称"
    )
    parent_org: Name = column(
        "隶属党组织", "Organisation above it", example="幸福街道党工委", aliases="上级党组织 隶属 隶属关系"
    )
    established_date: PartialDate = column(
        "成立时间", "Date of establishment", example="2023-03-10", aliases="成立日期 组建时间"
    )
    approval_status: Enum = column("批复情况", "Applied for or approved", example="已批复", aliases="批复 批复状态")
    covered_subjects: Text = column(
        "覆盖对象",
        "What a joint organisation covers",
        aliases="覆盖单位 联合组建单位",
        note="联合党支部请列出全部单位，用顿号隔开",
    )
    agreement_signed: Flag = column(
        "党建联建协议", "Partnership agreement signed", aliases="是否签订党建联建协议 联建协议"
    )
    projects_claimed: Integer = column(
        "认领项目数", "Projects taken on in the year", example=2, ge=0, aliases="认领项目 认领服务项目数"
    )
    remark: Text = column("备注", "Remark", aliases="说明")
