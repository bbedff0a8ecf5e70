"""社区情况: what residents' committees have set up."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.keys import subdistrict_key
from pipelines.forms.types import Enum, Flag, Integer, Name


class Neighbourhood(
    Form,
    sheet="社区情况",
    aliases="社区台账",
    title="社区物业管理工作情况表",
    title_en="Residents' committees",
    keys={"subdistrict_key": ("subdistrict", subdistrict_key)},
):
    """One residents' or village committee."""

    subdistrict: Name = column(
        "街道(乡镇)",
        "Subdistrict, township or sumu",
        example="幸福街道",
        aliases="街道办事处 苏木乡镇 镇街 所属街道 街道 乡镇 街道(镇)",
    )
    neighbourhood: Name = column(
        "社区",
        "Residents' or village committee",
        example="和平社区",
        required=True,
        identity=True,
        aliases="社区居委会 社区名称 嘎查村 社区(村) 村(社区)",
    )
    has_env_pm_committee: Flag = column(
        "环境和物业管理委员会",
        "Committee for environment and property management",
        aliases="是否成立环境和物业管理委员会 环物委",
    )
    has_mediation_system: Flag = column(
        "纠纷多元化调解制度", "Ways of mediating disputes are laid down", aliases="多元化调解制度 纠纷多元调解制度"
    )
    has_dispute_ledger: Flag = column(
        "矛盾纠纷台账及销账制度",
        "Ledger of disputes with closing of cases",
        aliases="矛盾纠纷台账 台账及销账制度 台账销账制度",
    )
    has_patrol_system: Flag = column(
        "日常巡查通报制度", "Routine patrols and notices", aliases="巡查通报制度 日常巡查制度"
    )
    has_joint_meeting: Flag = column(
        "社区联席会议", "Joint meeting of the community", aliases="联席会议 联席会议制度 是否建立联席会议"
    )
    has_trinity_mechanism: Flag = column(
        "三位一体议事协调机制",
        "Residents' committee, owners' committee and company confer",
        aliases="三位一体 议事协调机制 三位一体机制",
    )
    staff: Integer = column("专兼职人数", "Staff, full and part time", example=3, ge=0, aliases="专兼职人员 工作人员数")
    urban_rural: Enum = column("城镇/农村", "Urban or rural", aliases="城乡类别 城乡分类")
    part_time_staff: Integer = column(
        "兼职人数",
        "Part-time staff for property management",
        extra=True,
        example=1,
        ge=0,
        counts="人 名",
        aliases="兼职人员",
    )
    has_dedicated_staff: Flag = column(
        "专人专职专责", "Somebody does nothing else and answers for it", extra=True, aliases="专人专职专责制度"
    )
