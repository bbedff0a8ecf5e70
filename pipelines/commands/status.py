"""Who has submitted what: read from the published marts, judged by today's date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from pipelines.letters import aligned
from pipelines.settings import Workspace
from pipelines.warehouse.submitted import Standing, standings

WORDS = {"on_time": "按时", "late": "迟交", "returned": "退回", "missing": "未报", "not_due": "未到期"}


@dataclass(frozen=True)
class Overview:
    """Everything ``actionplan status`` says."""

    now: datetime
    inbox: list[str]
    standings: list[Standing] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        content = asdict(self)
        return _plain(content)

    def lines(self) -> Iterator[str]:
        """For a terminal: a table per plan (district × period), then what waits for whom."""
        if self.inbox:
            yield f"收件箱中有 {len(self.inbox)} 份文件待处理：请运行 actionplan run"
        if not self.standings:
            yield "尚无填报表：放入填报表（actionplan submit 文件…）后运行 actionplan run"
        for plan_id in dict.fromkeys(s.plan_id for s in self.standings):
            of_plan = [s for s in self.standings if s.plan_id == plan_id]
            if all(s.received_at is None for s in of_plan):
                yield f"{of_plan[0].plan_name}：尚无填报表"
            else:
                yield from _plan_lines(of_plan)


def _plan_lines(standings: Sequence[Standing]) -> Iterator[str]:
    yield f"{standings[0].plan_name}（{standings[0].plan_id}）"
    periods = list(dict.fromkeys(s.period_id for s in standings))
    by_district: dict[str, dict[str, str]] = {}
    for s in standings:
        by_district.setdefault(s.district_name, {})[s.period_id] = WORDS.get(s.status, s.status)
    rows: list[list[str]] = [["填报单位", *periods]]
    rows += [[name, *(cells.get(period, "") for period in periods)] for name, cells in by_district.items()]
    yield from (f"  {line}" for line in aligned(rows))
    for s in standings:
        if s.status == "returned":
            yield f"  退回：{s.district_name} {s.period_id}，{s.error_count} 处错误，回执在 {s.receipts}"
        elif s.status == "missing":
            yield f"  未报：{s.district_name} {s.period_id}，应于 {s.expected_by} 前报送，已逾期 {s.days_late} 天"


def read_status(ws: Workspace, now: datetime, plan_id: str | None = None) -> Overview:
    """What the marts say about submissions, with what fell overdue since they were published."""
    from pipelines.intake.receive import find_drops

    drops = find_drops(ws.inbox) if ws.inbox.is_dir() else []
    inbox = [drop.drop_path for drop in drops if drop.is_regular]
    return Overview(now, inbox, standings(ws, now.date(), plan_id))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
