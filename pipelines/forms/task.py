"""任务台账: the tasks of the plan and how far they are."""

from __future__ import annotations

from pipelines.forms.base import Form, column
from pipelines.forms.types import Code, Codes, Decimal, Enum, IndicatorId, Name, PartialDate, Percent, Text


class Task(Form, sheet="任务台账", aliases="工作台账", title="重点任务台账", title_en="Tasks"):
    """One task of the district for the period."""

    seq_no: Code = column("序号", "Running number; no key", aliases="编号 No. 序")
    task_id: IndicatorId = column(
        "任务编号", "Indicator the task belongs to", aliases="指标编号 任务编码", note="照填报说明所列编号填写"
    )
    task: Text = column(
        "工作任务",
        "The task in words",
        example="住宅小区物业管理覆盖",
        required=True,
        identity=True,
        aliases="任务 任务内容 重点任务 任务名称 工作内容",
    )
    target: Text = column("目标值", "Target in words or figures", example="95%以上", aliases="目标 工作目标 任务目标")
    planned: Decimal = column(
        "计划值", "Planned quantity of the year", example=120, scale=4, aliases="年度计划值 计划数 年度计划"
    )
    actual: Decimal = column("完成值", "Quantity reached", example=117, scale=4, aliases="完成数 实际完成值 完成情况值")
    completion_rate: Percent = column(
        "完成率", "Share done as typed", example=97.5, unit="%", ge=0, rule="R23", aliases="完成比例 任务完成率"
    )
    status: Enum = column(
        "完成状态",
        "Done, under way, not begun or late",
        example="正在推进",
        required=True,
        vocabulary="task_status",
        aliases="状态 进展状态 完成情况 进展情况",
    )
    done_date: PartialDate = column("完成日期", "Date it was done", example="2024-10-31", aliases="完成时间")
    responsible_unit: Name = column("责任单位", "Unit in charge", example="住建局", aliases="牵头单位 责任部门")
    responsible_person: Name = column(
        "责任人", "Person in charge; not stored", personal=True, aliases="责任人姓名 责任人员"
    )
    problem: Text = column("存在问题", "Difficulties", example="个别单体楼无人接管", aliases="问题 存在的问题 存在困难")
    next_step: Text = column(
        "下步措施", "What is planned next", example="由社区兜底", aliases="下一步措施 下步打算 下一步工作措施"
    )
    evidence_ids: Codes = column(
        "佐证材料编号",
        "Numbers in the list of evidence",
        example="1、2",
        aliases="佐证编号 材料编号 佐证材料",
        note="多个用顿号隔开",
    )
    remark: Text = column("备注", "Remark", example="", aliases="说明")
