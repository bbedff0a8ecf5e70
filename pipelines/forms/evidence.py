"""佐证材料清单: what backs the figures."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.types import Code, Codes, Enum, Flag, Integer, Name, PartialDate, Text


class Evidence(Form, sheet="佐证材料清单", aliases="佐证材料", title="佐证材料清单", title_en="Evidence"):
    """One document or picture."""

    evidence_id: Code = column(
        "材料编号", "Its number", required=True, identity=True, aliases="佐证材料编号 编号 佐证编号"
    )
    subject_ids: Codes = column(
        "指标/任务编号",
        "Indicators or tasks it backs",
        example="",
        aliases="指标编号 任务编号 对应指标 对应任务",
        note="多个用顿号隔开",
    )
    name: Text = column(  # type: ignore[misc, assignment] # the field 材料名称, not the form's name
        "材料名称", "Title", example="物业管理联席会议制度", required=True, aliases="名称 佐证材料名称 文件名称"
    )
    type: Enum = column("材料类型", "Kind of material", vocabulary="evidence_type", open=True, aliases="类型 材料类别")
    date: PartialDate = column("形成日期", "Date it was made", example="2024-03-15", aliases="形成时间 日期")
    issuer: Name = column("形成单位", "Made by", example="住房和城乡建设局", aliases="出具单位 制发单位")
    pages: Integer = column("页数", "Pages", example=6, ge=0, aliases="页码 总页数")
    location: Text = column(
        "存放位置", "Where it is kept", example="住建局档案室", aliases="存放位置/网址 存放地点 位置"
    )
    sha256: Code = column("SHA-256", "Digest of the file", example="", aliases="文件摘要 哈希值")
    has_personal_data: Flag = column(
        "是否含个人信息", "Contains personal data", example="否", aliases="含个人信息 是否涉及个人信息"
    )
