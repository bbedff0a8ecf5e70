"""制度机制清单: documents that set up what the plan asks for."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.types import Codes, DocumentNo, Flag, IndicatorId, Name, PartialDate, Text


class Mechanism(
    Form, sheet="制度机制清单", aliases="制度清单", title="制度机制建设清单", title_en="Mechanisms and documents"
):
    """One document that establishes one mechanism."""

    indicator_id: IndicatorId = column(
        "指标编号",
        "Indicator it fulfils",
        required=True,
        identity=True,
        aliases="任务编号 指标代码 指标",
        note="照填报说明所列编号填写",
    )
    document_name: Text = column(
        "制度名称",
        "Title of the document",
        example="物业管理联席会议制度",
        required=True,
        aliases="文件名称 制度(文件)名称 名称",
    )
    document_no: DocumentNo = column(
        "文号",
        "Number of the document",
        example="某建发〔2024〕12号",
        aliases="发文字号 文件号 文件编号",
        note="如 ×建发〔2024〕12号",
    )
    issued_date: PartialDate = column(
        "印发日期", "Date of issue", example="2024-03-15", aliases="印发时间 发文日期 发布日期"
    )
    issuer: Name = column("印发单位", "Issued by", example="住房和城乡建设局", aliases="发文单位 发文机关 印发机关")
    is_public: Flag = column("是否公开", "Open to the public", aliases="公开情况")
    url: Text = column("网址", "Where it can be read", example="", aliases="公开网址 链接")
    evidence_ids: Codes = column(
        "佐证材料编号",
        "Numbers in the list of evidence",
        example="1",
        aliases="附件编号 材料编号 佐证编号",
        note="多个用顿号隔开",
    )
