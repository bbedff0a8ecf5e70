"""委员信用档案: the members of owners' committees with a credit file or without. People are counted, not named."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.types import Code, Enum, Flag, Name, PartialDate, Text


class Member(
    Form,
    sheet="委员信用档案",
    aliases="业委会委员信用档案 委员信用档案明细",
    title="业主委员会委员信用档案情况表",
    title_en="Committee members' credit files",
):
    """One member of one committee, told apart by number."""

    seq_no: Code = column("序号", "Running number; no key", aliases="编号 No. 序")
    subdistrict: Name = column(
        "街道(乡镇)", "Subdistrict, township or sumu", example="幸福街道", aliases="街道办事处 镇街 所属街道 街道 乡镇"
    )
    community_name: Name = column(
        "小区名称",
        "Community of the committee",
        example="阳光花园一期",
        required=True,
        identity=True,
        aliases="项目名称 小区",
    )
    member_no: Code = column(
        "委员编号",
        "Number of the member within the committee",
        example="01",
        aliases="委员序号",
        note="只编号，不写姓名",
    )
    member_name: Name = column("委员姓名", "Not stored", personal=True, aliases="委员")
    position: Enum = column(
        "职务", "Place in the committee", vocabulary="member_position", open=True, aliases="委员职务"
    )
    has_credit_file: Flag = column(
        "是否建立信用档案", "A credit file is kept", required=True, aliases="信用档案 已建立信用档案"
    )
    filed_date: PartialDate = column("建档日期", "The file was opened on", example="2019-06-30", aliases="建档时间")
    remark: Text = column("备注", "Remark", aliases="说明")
