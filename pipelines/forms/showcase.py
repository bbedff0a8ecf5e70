"""典型案例: what a place puts forward as an example to others."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.types import Code, Enum, Flag, Name, PartialDate, Text


class Showcase(
    Form, sheet="典型案例", aliases="典型清单 示范典型", title="物业管理服务典型案例清单", title_en="Model cases"
):
    """One model case; it may be exemplary in more than one way."""

    seq_no: Code = column("序号", "Running number; no key", aliases="编号 No. 序")
    case_name: Name = column(
        "典型名称", "What is exemplary", example="阳光花园小区", required=True, identity=True, aliases="案例名称 名称"
    )
    subdistrict: Name = column(
        "街道(乡镇)", "Subdistrict, township or sumu", example="幸福街道", aliases="街道办事处 镇街 所属街道 街道 乡镇"
    )
    subject_type: Enum = column(
        "典型类别", "Community, company, committee or neighbourhood", vocabulary="case_subject", aliases="类别 对象类别"
    )
    is_mechanism_model: Flag = column(
        "议事协调机制典型", "Its three-in-one mechanism works well", aliases="三位一体典型 议事协调典型"
    )
    is_committee_model: Flag = column("业委会规范化典型", "Its committee works by the rules", aliases="业委会典型")
    is_service_model: Flag = column("优质服务典型", "Its company serves well", aliases="物业服务典型 服务典型")
    recognised_date: PartialDate = column("认定日期", "Recognised on", example="2023-06-30", aliases="认定时间")
    remark: Text = column("备注", "Remark", aliases="说明")
