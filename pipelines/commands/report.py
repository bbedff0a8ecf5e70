"""Reports anew: from what is published, or as known on a past date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.progress import stage
from pipelines.settings import Workspace

if TYPE_CHECKING:
    from pipelines.plans.model import Plan


@dataclass(frozen=True)
class PastWorkspace(Workspace):
    """A workspace looked back at from a past day: the same records, its own marts and reports."""

    day: date

    @cached_property
    def build(self) -> Path:
        return self.root / ".build" / "as-of" / self.day.isoformat()

    @cached_property
    def marts(self) -> Path:
        return self.build / "marts"

    @cached_property
    def reports(self) -> Path:
        return self.root / "reports" / "as-of" / self.day.isoformat()


class NothingKnown(Exception):
    """Nothing had been received by the day asked for; ``first``: when the first came, if any did."""

    def __init__(self, first: datetime | None) -> None:
        self.first = first
        super().__init__()


def report_as_published(ws: Workspace, plan_id: str | None, lang: str, known_on: date | None = None) -> list[Path]:
    """The pages of one plan or all, from the marts as they stand (or stood on a past day, which the pages then say)."""
    from pipelines.reporting import build_reports

    with stage("生成报告"):
        return build_reports(ws, plan_id, lang=lang, known_on=known_on)


def report_as_known_on(
    ws: Workspace, plans: Mapping[str, Plan], day: date, plan_id: str | None, lang: str
) -> list[Path]:
    """The pages as they would have been at the end of ``day``: from what was received by then, judged by that date.

    Everything is worked out anew beside the published marts, which stay as they are. The pages are in
    ``reports/as-of/<day>/``, the marts in ``.build/as-of/<day>/marts/``. Raises NothingKnown where there is nothing to
    tell of.
    """
    from pipelines.warehouse import dbt, last_build
    from pipelines.warehouse.publish import publish
    from pipelines.warehouse.snapshot import received, write_inputs

    ever = received(ws)
    moments = (ever if plan_id is None else ever.filter(plan_id=plan_id))["received_at"]
    if moments.is_empty() or min(moments).date() > day:
        raise NothingKnown(min(moments, default=None))
    past = PastWorkspace(ws.root, day)
    past.prepare()
    moment = datetime.combine(day, time(23, 59, 59))
    with stage(f"还原 {day:%Y-%m-%d} 已知的情况"):
        write_inputs(past, plans, moment, moment)
    with stage("汇总与考核") as progress:
        if last_build.is_current(past):
            progress.summary = "没有变化"
        else:
            dbt.build(past)
    publish(past)
    return report_as_published(past, plan_id, lang, day)
