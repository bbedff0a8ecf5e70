"""小区专项情况: what a plan asks beyond the ordinary list. A template has only the columns that its plan uses."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.keys import name_key, subdistrict_key
from pipelines.forms.types import Code, Flag, Integer, Name, Text


class Special(
    Form,
    sheet="小区专项情况",
    aliases="专项情况 物业管理区域专项情况",
    title="住宅小区（物业管理区域）专项情况表",
    title_en="Particulars of communities that some plans ask for",
    keys={"name_key": ("community_name", name_key), "subdistrict_key": ("subdistrict", subdistrict_key)},
):
    """One community of the list, with what only some plans want to know of it."""

    seq_no: Code = column("序号", "Running number; no key", aliases="编号 No. 序")
    community_code: Code = column(
        "小区编码", "Code of the community", example="1508020010010001", aliases="项目编码 小区编号 小区ID 小区代码"
    )
    subdistrict: Name = column(
        "街道(乡镇)", "Subdistrict, township or sumu", example="幸福街道", aliases="街道办事处 镇街 所属街道 街道 乡镇"
    )
    community_name: Name = column(
        "小区名称",
        "The community",
        example="阳光花园一期",
        required=True,
        identity=True,
        aliases="项目名称 住宅小区名称 物业管理区域名称 小区",
        note="与“小区明细”中的名称一致",
    )
    has_owners_assembly: Flag = column(
        "业主大会", "An owners' assembly has been set up", extra=True, aliases="是否设立业主大会 业主大会设立情况"
    )
    party_activities: Integer = column(
        "党组织活动次数", "Activities of the Party organisation in the year", extra=True, example=4, ge=0, counts="次"
    )
    common_revenue_disclosed: Flag = column(
        "共有收支公开", "Income and spending of common parts are published", extra=True, aliases="共有部分经营收支公开"
    )
    fee_is_market: Flag = column(
        "市场化收费", "Fees are agreed on the market", extra=True, aliases="物业费市场化 是否市场化收费"
    )
    grid_managed: Flag = column("网格化管理", "Under grid management", extra=True, aliases="是否纳入网格化管理")
    enforcement_covered: Flag = column(
        "城管综合执法", "Urban enforcement works in the community", extra=True, aliases="城管执法进小区 综合执法覆盖"
    )
    mediation_covered: Flag = column(
        "物业纠纷调解", "Mediation of disputes reaches the community", extra=True, aliases="纠纷调解覆盖"
    )
    committee_runs_well: Flag = column(
        "业委会规范运作", "Its committee works by the rules", extra=True, aliases="业委会运作规范"
    )
    is_improved: Flag = column(
        "管理水平改观",
        "Management has visibly improved",
        extra=True,
        aliases="物业管理明显改观",
        note="动迁安置小区填写",
    )
    old_elevators: Integer = column("老旧电梯数", "Old lifts", extra=True, example=6, ge=0, counts="台 部")
    assessed_elevators: Integer = column(
        "已评估电梯数", "Old lifts whose safety has been assessed", extra=True, example=4, ge=0, counts="台 部"
    )
    item_board_posted: Flag = column(
        "执法事项公告牌", "A board lists what is enforced here", extra=True, aliases="公告牌 执法清单公告牌"
    )
    consensus_before_listing: Flag = column(
        "列入改造前形成共识", "Owners agreed on upkeep before renovation was planned", extra=True, note="老旧小区填写"
    )
    consensus_before_start: Flag = column(
        "开工前形成共识", "Owners agreed on management and fees before work began", extra=True, note="老旧小区填写"
    )
    station_place: Flag = column("服务站有场所", "Its service station has rooms", extra=True, aliases="有场所")
    station_facilities: Flag = column("服务站有设施", "The station is equipped", extra=True, aliases="有设施")
    station_sign: Flag = column("服务站有标志", "The station has its sign", extra=True, aliases="有标志")
    station_flag: Flag = column("服务站有党旗", "The station shows the Party flag", extra=True, aliases="有党旗")
    station_books: Flag = column("服务站有书报", "The station has books and papers", extra=True, aliases="有书报")
    station_rules: Flag = column("服务站有制度", "The station posts its rules", extra=True, aliases="有制度")
    room_standard_met: Flag = column(
        "物业用房达标", "Rooms for the service are as large as prescribed", extra=True, aliases="物业服务用房达标"
    )
    joint_account: Flag = column("共管账户", "Common income is on a joint account", extra=True, aliases="是否共管账户")
    third_party_rating: Flag = column(
        "第三方评价", "A third party rated the service this year", extra=True, aliases="服务质量第三方评价"
    )
    is_model: Flag = column(
        "市级示范点",
        "Recognised as a model community at municipal level",
        extra=True,
        aliases="示范小区 是否市级示范点",
    )
    remark: Text = column("备注", "Remark", aliases="说明")
