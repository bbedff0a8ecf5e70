"""街道机构: who looks after property management in a subdistrict."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.keys import subdistrict_key
from pipelines.forms.types import Decimal, Flag, Integer, Name


class Subdistrict(
    Form,
    sheet="街道机构",
    aliases="街道物业管理机构",
    title="街道(乡镇)物业管理工作机构情况表",
    title_en="Subdistrict capacity",
    keys={"subdistrict_key": ("subdistrict", subdistrict_key)},
):
    """One subdistrict or township."""

    subdistrict: Name = column(
        "街道(乡镇)",
        "Subdistrict, township or sumu",
        example="幸福街道",
        required=True,
        identity=True,
        aliases="街道办事处 苏木乡镇 镇街 街道 乡镇 街道名称 街道(镇)",
    )
    has_body: Flag = column(
        "是否明确工作机构", "A body is in charge", aliases="工作机构 是否设立工作机构 是否有工作机构"
    )
    body_name: Name = column("机构名称", "Name of that body", example="物业管理办公室", aliases="工作机构名称")
    full_time: Integer = column(
        "专职人数", "Full-time staff", example=2, ge=0, counts="人 名", aliases="专职人员 专职人员数"
    )
    part_time: Integer = column(
        "兼职人数", "Part-time staff", example=3, ge=0, counts="人 名", aliases="兼职人员 兼职人员数"
    )
    budget: Decimal = column(
        "工作经费",
        "Yearly budget, stored in yuan",
        example=15.0,
        unit="万元",
        ge=0,
        aliases="经费 年度工作经费 工作经费保障",
    )
    neighbourhoods: Integer = column("社区数", "Residents' committees", example=8, ge=0, aliases="辖区社区数 社区数量")
    communities: Integer = column("小区数", "Communities", example=46, ge=0, aliases="辖区小区数 住宅小区数 小区数量")
    has_mediation: Flag = column(
        "调解组织", "A mediation body exists", aliases="是否有调解组织 物业纠纷调解组织 调解委员会"
    )
    has_party_alliance: Flag = column(
        "党建联盟", "A Party-building alliance exists", extra=True, aliases="红色小区党建联盟 是否建立党建联盟"
    )
    has_pm_department: Flag = column(
        "物业管理专职部门", "A department of its own is in charge", extra=True, aliases="专职部门 是否设立专职部门"
    )
