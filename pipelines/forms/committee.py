"""业委会(物管会)明细: bodies of owners' self-government."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.keys import name_key, subdistrict_key
from pipelines.forms.types import Code, Decimal, Enum, Flag, Integer, Name, PartialDate, Text


class Committee(
    Form,
    sheet="业委会(物管会)明细",
    aliases="业委会明细 业委会台账 业委会、物管会明细 业委会情况",
    title="业主委员会(物业管理委员会)情况明细表",
    title_en="Owners' and property-management committees",
    keys={"name_key": ("community_name", name_key), "subdistrict_key": ("subdistrict", subdistrict_key)},
):
    """One body. A community may have several over time, and two at once."""

    seq_no: Code = column("序号", "Running number; no key", aliases="编号 No. 序")
    community_code: Code = column(
        "小区编码", "Code of its community", example="1508020010010001", aliases="项目编码 小区编号 小区ID 小区代码"
    )
    subdistrict: Name = column(
        "街道(乡镇)",
        "Subdistrict, township or sumu",
        example="幸福街道",
        aliases="街道办事处 苏木乡镇 镇街 所属街道 街道 乡镇 归属区 街道(镇)",
    )
    community_name: Name = column(
        "小区名称",
        "Community the body is for",
        example="阳光花园一期",
        required=True,
        identity=True,
        aliases="项目名称 住宅小区名称 小区 物业管理区域名称 所属小区 物业项目名称",
        note="与“小区明细”中的名称一致",
    )
    body_type: Enum = column(
        "组织类型",
        "Kind of body",
        required=True,
        aliases="类型 类别 组织类别 业委会/物管会",
        note="业主委员会或物业管理委员会",
    )
    body_name: Name = column(
        "组织名称",
        "Name of the body",
        example="阳光花园一期业主委员会",
        aliases="业委会名称 业主大会名称 业主委员会名称 物管会名称 名称",
    )
    status: Enum = column(
        "状态",
        "How far it is; bodies in preparation are not formed",
        example="已成立",
        required=True,
        vocabulary="committee_status",
        aliases="成立情况 业委会状态 是否成立 运行状态 组建情况",
        note="正在筹备的选“筹备中”，不算已成立",
    )
    established_date: PartialDate = column(
        "成立日期", "Date of establishment", example="2022-05-20", aliases="成立时间 选举日期 选举产生时间"
    )
    filed_date: PartialDate = column(
        "备案日期", "Date of filing with the subdistrict", example="2022-06-08", aliases="备案时间"
    )
    term_no: Integer = column("第几届", "Number of the term", example=1, ge=1, aliases="届次 届数 届别")
    term_years: Decimal = column(
        "任期", "Length of the term in years", example=5, unit="年", scale=1, gt=0, le=10, aliases="任期年限 任期年数"
    )
    term_start: PartialDate = column(
        "本届任期开始日期",
        "Start of the present term",
        example="2022-05-20",
        aliases="任期开始日期 任期开始时间 本届任期-开始 任期起",
    )
    term_end: PartialDate = column(
        "本届任期结束日期",
        "End of the present term",
        example="2027-05-19",
        aliases="任期结束日期 任期届满时间 任期到期时间 本届任期-结束 任期止 届满日期",
    )
    member_count: Integer = column(
        "委员人数", "Members", example=7, ge=0, counts="人 名", aliases="委员数 成员人数 成员数"
    )
    party_member_count: Integer = column(
        "党员委员人数",
        "Members who belong to the Party",
        example=4,
        ge=0,
        counts="人 名",
        aliases="党员委员数 党员人数 其中党员 党员数",
    )
    chair_is_party_member: Flag = column(
        "主任是否党员", "The chair belongs to the Party", aliases="主任党员 主任是否为党员"
    )
    has_seal: Flag = column("是否刻有公章", "The body has a seal", aliases="是否刻章 公章 有无公章")
    chair_name: Name = column("主任姓名", "Chair; not stored", personal=True, aliases="主任 主任委员")
    phone: Text = column(
        "联系电话",
        "Telephone; not stored",
        personal=True,
        aliases="电话 手机 联系方式 手机号码 主任-电话 主任-联系电话",
    )
    reported_to_party: Flag = column(
        "主任是否述职", "The chair reported to the neighbourhood's Party organisation this year", extra=True,
        aliases="主任述职 是否向社区党组织述职",
    )  # fmt: skip
    has_common_revenue: Flag = column("是否有公共收益", "Common parts earn money", extra=True, aliases="公共收益")
    exit_audited: Flag = column(
        "换届(离任)审计", "The accounts were audited at re-election or departure", extra=True,
        aliases="离任审计 换届审计 经济责任审计", note="没有换届、离任的填“/”",
    )  # fmt: skip
    remark: Text = column("备注", "Remark", aliases="说明")
