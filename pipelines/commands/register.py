"""What analysts should look at in the register: probable duplicates, renames, mergers; who is missing; what waits."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pipelines.settings import Workspace

if TYPE_CHECKING:
    import polars as pl

    from pipelines.plans.model import Plan
    from pipelines.warehouse.proposals_file import Written

_NAMES = ("district_code", "community", "related")
LISTED = 50
"""So many missing communities of a district are listed by name; JSON has all."""
JOINED = {"duplicate": "＝", "rename": "←", "merge": "←"}


@dataclass(frozen=True)
class PlanRegister:
    """One plan: proposals (``proposals.PROPOSAL_SCHEMA``), who is missing, decisions without effect, waiting lines."""

    plan_id: str
    plan_name: str
    period_id: str
    district_names: dict[str, str]
    proposals: list[dict[str, Any]]
    missing: list[dict[str, Any]]
    unsettled: list[dict[str, Any]]
    pending: list[dict[str, str]]
    written: Written | None = None

    def lines(self) -> Iterator[str]:
        """For a terminal."""
        yield f"{self.plan_name}（{self.plan_id}），截至填报期 {self.period_id}"
        yield from self._proposals()
        yield from self._missing()
        if self.unsettled:
            yield f"  未起作用的认定 {len(self.unsettled)} 条（请核对地区、小区名称或编码、日期）："
            for line in self.unsettled:
                words = (line["event"], line["community"], "、".join(line["related"] or []))
                yield f"    {self.plan_id}.csv 第{line['line']}行：{' '.join(filter(None, words))}"
        if self.written:
            yield from self._written()
        elif self.pending:
            yield f"  待核对的建议 {len(self.pending)} 条，在 {self.plan_id}_proposals.csv"

    def _proposals(self) -> Iterator[str]:
        from pipelines.warehouse.proposals import KINDS

        if not self.proposals:
            yield "  没有疑似重复、更名或合并的小区"
            return
        yield f"  建议核对 {len(self.proposals)} 处（仅为建议，未改动登记册；小区没有坐标，距离未作比对）："
        for district, group in groupby(self.proposals, key=lambda p: p["district_code"]):
            yield f"  {self.district_names.get(district, district)}"
            for p in group:
                related = "、".join(p["related_names"])
                yield (
                    f"    [{KINDS[p['kind']]} {p['grade']} {p['score']}分]"
                    f" {p['community_name']} {JOINED[p['kind']]} {related}"
                )
                yield f"      依据：{'；'.join(p['evidence'])}"
                yield f"      认定：{_decision(p)}"

    def _missing(self) -> Iterator[str]:
        if not self.missing:
            yield "  没有漏报的小区"
            return
        yield f"  漏报的小区 {len(self.missing)} 个（上过登记册，现未上报，也无变更记录）："
        for district, group in groupby(self.missing, key=lambda m: m["district_code"]):
            gone = list(group)
            households = sum(m["households"] or 0 for m in gone)
            yield f"  {self.district_names.get(district, district)}：{len(gone)} 个，{households:,} 户"
            for m in gone[:LISTED]:
                known = filter(None, (m["subdistrict"], m["households"] and f"{m['households']:,}户"))
                yield f"    {'，'.join([m['community_name'], *known])}，最后一次上报 {m['last_period']}"
            if len(gone) > LISTED:
                yield f"    …… 另有 {len(gone) - LISTED} 个（--json 列出全部）"

    def _written(self) -> Iterator[str]:
        written = self.written
        assert written is not None
        if written.added:
            yield f"  已写入 {written.path}：新增 {written.added} 条建议，尚未生效。"
            yield f"  核对后把认可的行移到 {self.plan_id}.csv（没有则新建，首行照抄表头），再运行 actionplan run；"
            yield "  不认可的，把 event 改为 distinct 再移过去，以后不再建议。"
        else:
            yield f"  没有新的建议可写入 {written.path.name}"
        if written.backup:
            yield f"  原文件备份：{written.backup}"


def _decision(proposal: Mapping[str, Any]) -> str:
    if not proposal["can_be_decided"]:
        return "无法写成认定：名称相同，又没有编码和街道可区分；请填报单位补填小区编码或街道，或删去多余的一行"
    day = proposal["date"]
    cells = (
        proposal["district_code"],
        proposal["event"],
        proposal["community"],
        "、".join(proposal["related"]),
        f"{day:%Y-%m-%d}" if day else "",
    )
    return ",".join(cells)


@dataclass(frozen=True)
class RegisterOverview:
    """Everything ``actionplan register`` says."""

    plans: list[PlanRegister] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        content: dict[str, Any] = _plain(asdict(self))
        return content

    def lines(self) -> Iterator[str]:
        """For a terminal."""
        if not self.plans:
            yield "登记册中还没有小区：放入填报表（actionplan submit 文件…）后运行 actionplan run"
        for number, plan in enumerate(self.plans):
            if number:
                yield ""
            yield from plan.lines()


def read_register(
    ws: Workspace,
    plans: Mapping[str, Plan],
    now: datetime,
    plan_id: str | None = None,
    district_code: str | None = None,
    write: bool = False,
) -> RegisterOverview:
    """The register as it stands, one plan or all that have communities, one district or all.

    ``write``: add the proposals' decision lines to ``<plan>_proposals.csv``. Raises DecisionError, ProposalFileError.
    """
    import polars as pl

    from pipelines.warehouse import proposals_file, register_now
    from pipelines.warehouse.proposals_inputs import proposed as propose

    chosen = {id: plan for id, plan in plans.items() if plan_id in (None, id)}
    standing = register_now.read(ws, chosen, now)
    found = propose(standing.communities, standing.decisions, chosen)
    own = pl.lit(True) if district_code is None else pl.col("district_code") == district_code
    overviews = []
    for id, plan in chosen.items():
        of_plan = pl.col("plan_id") == id
        communities = standing.communities.filter(of_plan)
        if communities.is_empty():
            continue
        proposed = _in_order(found.filter(of_plan & own), plan).to_dicts()
        decided = standing.decisions.filter(of_plan & own & ~pl.col("is_applied"))
        waiting = _undecided(proposals_file.pending(ws.register, id), standing.decisions.filter(of_plan))
        written = None
        if write:
            lines = [line for line in proposed if line["can_be_decided"]]
            written = proposals_file.add(ws.register, id, lines, now)
        overviews.append(
            PlanRegister(
                plan_id=id,
                plan_name=plan.name.zh,
                period_id=communities["period_id"].item(0),
                district_names={district.code: district.name.zh for district in plan.districts},
                proposals=proposed,
                missing=_in_order(communities.filter(own & pl.col("is_missing")), plan)
                .select(
                    "district_code",
                    "community_id",
                    "community_code",
                    "community_name",
                    "subdistrict",
                    "households",
                    "last_period",
                )
                .to_dicts(),
                unsettled=decided.select("line", "district_code", "event", "community", "related", "reason").to_dicts(),
                pending=[line for line in waiting if district_code in (None, line["district_code"])],
                written=written,
            )
        )
    return RegisterOverview(overviews)


def _undecided(waiting: list[dict[str, str]], decisions: pl.DataFrame) -> list[dict[str, str]]:
    """The lines without those that were decided, one way or the other, and left standing in the file."""
    decided = {(district, one, "、".join(related)) for district, one, related in decisions.select(_NAMES).iter_rows()}

    def names(line: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(unicodedata.normalize("NFKC", line[name]) for name in _NAMES)

    return [line for line in waiting if names(line) not in decided]


def _in_order(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """In the plan's order of districts; within one as they are."""
    import polars as pl

    order = {district.code: number for number, district in enumerate(plan.districts)}
    number = pl.col("district_code").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    return rows.sort(number, "district_code", maintain_order=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
