"""Fills the sheet 本期数据 of receipts after a run: what each ledger came to, from the published marts alone.

A receipt is written at intake, when nobody knows its figures yet. Here they are put in, into that one sheet and the
JSON, all else byte for byte as it was. What was put in is remembered beside the build by a digest, so that a run with
nothing new opens no receipt. A receipt that somebody has saved over since is theirs and stays as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.reporting import marts
from pipelines.reporting.format import Format, Number, plain, share
from pipelines.reporting.marts import Marts
from pipelines.reporting.messages import catalogue
from pipelines.settings import Workspace

if TYPE_CHECKING:
    from pipelines.intake.receipt.figures import Figures, Line

TABLES = (
    "dim_district",
    "dim_indicator",
    "dim_period",
    "dim_plan",
    "fct_indicator",
    "fct_submission",
    "fct_submission_indicator",
    "mart_milestone_progress",
)
"""What the sheet is made of."""
LOOK = "1"
"""Of the sheet: receipts are filled anew when it changes."""
COUNTERS = {
    "communities": "个小区",
    "households": "户",
    "companies": "家",
    "bodies": "个",
    "answers": "份",
    "districts": "个",
    "occasions": "次",
}
_TONES = {"met": "good", "at_risk": "warning", "behind": "error", "overdue_not_met": "error"}
_YES_OR_NO = ("boolean", "document")
_FMT = Format("zh")


@dataclass
class Filled:
    """What a call did: receipts filled, and those that somebody has saved over."""

    written: int = 0
    left: list[Path] = field(default_factory=list)


# ── the files ─────────────────────────────────────────────────────────────────────────────────────────────────────


def fill_receipts(ws: Workspace) -> Filled:
    """Fill the receipts whose figures are new or have changed. Raises OSError where one can't be written."""
    memory = ws.build / "receipts.json"
    known = _remembered(memory)
    inputs = _digest(ws.marts)
    done = Filled()
    if known.inputs == inputs and all(_look_of(ws.receipts / path) == look for path, (_, look) in known.filled.items()):
        return done
    from pipelines.durable import write_durably
    from pipelines.intake.receipt import receipt_path

    memory.parent.mkdir(parents=True, exist_ok=True)
    filled: dict[str, tuple[str, list[int] | None]] = {}
    with Marts(ws.marts) as published:
        for submission, figures, data in ledgers(published):
            digest = hashlib.sha256(repr((LOOK, figures)).encode()).hexdigest()[:16]
            path = receipt_path(ws.receipts, submission)
            name, look = path.relative_to(ws.receipts).as_posix(), _look_of(path)
            if look and known.filled.get(name) != (digest, look):
                _fill(path, figures, data, done)
                look = _look_of(path)
            filled[name] = digest, look
    write_durably(memory, json.dumps({"inputs": inputs, "filled": filled}).encode())
    return done


def _look_of(path: Path) -> list[int] | None:
    """By what it is seen that a receipt was written anew; None where there is none, or not wholly."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return [status.st_mtime_ns, status.st_size] if path.with_suffix(".json").is_file() else None


@dataclass
class _Memory:
    """Of which tables receipts were filled, and each one's digest and look afterwards."""

    inputs: str = ""
    filled: dict[str, tuple[str, list[int] | None]] = field(default_factory=dict)


def _fill(path: Path, figures: Figures, data: Mapping[str, Any], done: Filled) -> None:
    from pipelines.durable import write_durably
    from pipelines.intake.receipt import write_json
    from pipelines.intake.receipt.annotate import CannotAnnotate, filled
    from pipelines.intake.receipt.figures import figures_sheet

    before = path.read_bytes()
    try:
        after = filled(before, figures_sheet(figures))
    except CannotAnnotate:
        done.left.append(path)
        after = before
    if after != before:
        write_durably(path, after)
        done.written += 1
    beside = path.with_suffix(".json")
    content = json.loads(beside.read_text(encoding="utf-8"))
    if content.get("figures") != data:
        write_json(beside, content | {"figures": data})


def _remembered(memory: Path) -> _Memory:
    """What was filled; nothing where the memory is lost or can't be read."""
    try:
        content = json.loads(memory.read_text(encoding="utf-8"))
        filled = {name: (digest, look) for name, (digest, look) in content["filled"].items()}
        return _Memory(content["inputs"], filled)
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return _Memory()


def _digest(folder: Path) -> str:
    digest = hashlib.sha256(LOOK.encode())
    for table in TABLES:
        file = folder / f"{table}.parquet"
        digest.update(table.encode() + (hashlib.sha256(file.read_bytes()).digest() if file.is_file() else b"-"))
    return digest.hexdigest()


# ── the figures ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class _Version:
    """One version of a ledger."""

    submission_id: str
    plan_id: str
    district_code: str
    period_id: str
    file_name: str
    received_at: datetime
    is_effective: bool = False
    supersedes: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Own:
    """A figure of a version, and of the one it replaced."""

    submission_id: str
    indicator_id: str
    basis: str
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    previous_numerator: Decimal | None = None
    previous_denominator: Decimal | None = None


@dataclass
class _Plan:
    """What the sheets of one plan are made of."""

    indicators: list[marts.Indicator]
    districts: dict[str, str]
    periods: list[marts.Period]
    reported: dict[tuple[str, str, str], marts.Figure]
    """District, period, indicator → the reported figure."""
    progress: dict[tuple[str, str], list[marts.Progress]]
    """District, period → milestones in the order of their dates."""


def ledgers(published: Marts) -> Iterable[tuple[dict[str, Any], Figures, dict[str, Any]]]:
    """Every version of every ledger with a figure, as the sheet shows it and as the JSON has it."""
    versions = published.read(_Version, "fct_submission", "received_at file_name submission_id")
    by_id = {version.submission_id: version for version in versions}
    for plan_id in sorted({version.plan_id for version in versions if version.plan_id}):  # a returned one may have none
        own: dict[str, list[_Own]] = {}
        for figure in published.read(_Own, "fct_submission_indicator", "submission_id indicator_id", plan_id=plan_id):
            own.setdefault(figure.submission_id, []).append(figure)
        if not own:
            continue
        plan = _plan(published, plan_id)
        for version in versions:
            if version.plan_id == plan_id and version.submission_id in own:
                figures = {figure.indicator_id: figure for figure in own[version.submission_id]}
                replaced = by_id.get(version.supersedes or "")
                yield asdict(version), *_sheet(plan, version, figures, replaced)


def _plan(published: Marts, plan_id: str) -> _Plan:
    figures = published.read(
        marts.Figure, "fct_indicator", "indicator_id", plan_id=plan_id, variant="reported", is_main=True
    )
    progress: dict[tuple[str, str], list[marts.Progress]] = {}
    for row in published.read(marts.Progress, "mart_milestone_progress", "due_date milestone_id", plan_id=plan_id):
        progress.setdefault((row.district_code, row.period_id), []).append(row)
    return _Plan(
        published.read(marts.Indicator, "dim_indicator", "sort_order indicator_id", plan_id=plan_id),
        {d.district_code: d.district_name for d in published.read(marts.District, "dim_district", "district_code")},
        published.read(marts.Period, "dim_period", "seq", plan_id=plan_id),
        {(figure.district_code, figure.period_id, figure.indicator_id): figure for figure in figures},
        progress,
    )


def _sheet(
    plan: _Plan, version: _Version, own: Mapping[str, _Own], replaced: _Version | None
) -> tuple[Figures, dict[str, Any]]:
    from pipelines.intake.receipt.figures import Figures

    period = next(p for p in plan.periods if p.period_id == version.period_id)
    earlier = [p.period_id for p in plan.periods if p.as_of < period.as_of]
    milestones = plan.progress.get((version.district_code, version.period_id), [])
    names = {p.period_id: p.period_name or p.period_id for p in plan.periods}
    lines: list[Line] = []
    resent: list[Line] = []
    data = []
    for indicator in plan.indicators:
        figure = own.get(indicator.indicator_id)
        if figure is None:
            continue
        mine = [m for m in milestones if m.indicator_id == indicator.indicator_id and m.status != "not_applicable"]
        ahead = next((m for m in mine if m.due_date and m.due_date >= period.as_of), mine[-1] if mine else None)
        if figure.numerator is None and ahead is None:
            continue
        before = _before(plan, version, indicator.indicator_id, earlier)
        lines.append(_line(indicator, figure, before, ahead, names, is_effective=version.is_effective))
        data.append(_datum(indicator, figure, before, ahead))
        if replaced and _is_changed(figure):
            resent.append(_restated(indicator, figure))
    name = (
        f"{plan.districts.get(version.district_code, version.district_code)}　{period.period_name or period.period_id}"
    )
    figures = Figures(name, _said(version, period.as_of), lines, resent, _version_name(replaced) if replaced else "")
    return figures, {
        "as_of": period.as_of.isoformat(),
        "is_effective": version.is_effective,
        "replaces": replaced.submission_id if replaced else None,
        "indicators": data,
    }


def _version_name(version: _Version) -> str:
    return f"{version.received_at:%Y年%m月%d日 %H:%M}收到的「{version.file_name}」"


def _said(version: _Version, as_of: date) -> tuple[str, ...]:
    standing = (
        "本版现为有效的一版。" if version.is_effective else "本版已由后来报送的一版代替，以下为按本版算出的结果。"
    )
    return (
        f"数据截至{as_of:%Y年%m月%d日}，按本表各行重新计算，不用表中填写的合计数。{standing}",
        "“还差”和“状态”按考核口径：以前报过、这次没有报又没有说明去向的小区，仍然计入分母。",
    )


def _before(plan: _Plan, version: _Version, indicator_id: str, earlier: list[str]) -> marts.Figure | None:
    """The district's figure of the last earlier period that has one."""
    for period_id in reversed(earlier):
        if figure := plan.reported.get((version.district_code, period_id, indicator_id)):
            return figure
    return None


def _is_changed(figure: _Own) -> bool:
    return (figure.numerator, figure.denominator) != (figure.previous_numerator, figure.previous_denominator)


def _line(
    indicator: marts.Indicator,
    figure: _Own,
    before: marts.Figure | None,
    ahead: marts.Progress | None,
    periods: Mapping[str, str],
    *,
    is_effective: bool,
) -> Line:
    from pipelines.intake.receipt.figures import Line, day

    pair = figure.numerator, figure.denominator
    then = (before.numerator, before.denominator) if before else (None, None)
    target = ahead.target if ahead else None
    thresholds = [(ahead.operator, target)] if ahead and target is not None and indicator.kind == "rate" else []
    line: dict[str, Any] = {
        "indicator": indicator.indicator_name,
        "numerator": _number(pair[0]) if indicator.kind not in _YES_OR_NO else None,
        "denominator": _number(pair[1]) if indicator.kind not in _YES_OR_NO else None,
        "value": _value(indicator, *pair, thresholds),
        "before": _value(indicator, *then, thresholds) if before else "",
        "change": _change(indicator, pair, then),
        "is_headline": indicator.is_headline,
    }
    if ahead and target is not None and ahead.due_date:
        unit = "%" if indicator.kind == "rate" else indicator.unit or ""
        line["due"] = day(ahead.due_date)
        line["target"] = "完成" if ahead.operator == "done_by" else f"{plain(target)}{unit}"
    if ahead and is_effective:
        line["status"] = catalogue("zh").messages.get(f"status.{ahead.status}", ahead.status)
        line["tone"] = _TONES.get(ahead.status, "center")
        line["gap"] = _gap(indicator, figure, ahead)
        line["remark"] = _remark(indicator, figure, ahead, periods)
    return Line(**line)


def _number(value: Decimal | int | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def _value(
    indicator: marts.Indicator,
    numerator: Number | None,
    denominator: Number | None,
    thresholds: Iterable[tuple[str, Number]] = (),
) -> str:
    """A figure as the sheet shows it."""
    if numerator is None:
        return "无数据"
    if indicator.kind in _YES_OR_NO:
        return "已完成" if numerator else "未完成"
    if denominator is None:
        return f"{plain(numerator)}{indicator.unit or ''}" if indicator.unit != "%" else "无数据"
    return _FMT.rate(share(numerator, denominator), thresholds) if denominator else "不适用"


def _change(
    indicator: marts.Indicator, now: tuple[Number | None, Number | None], then: tuple[Number | None, Number | None]
) -> str:
    """The difference to an earlier figure: points of a rate, units of a count."""
    if now[0] is None or then[0] is None:
        return ""
    if indicator.kind in _YES_OR_NO:
        return "" if bool(now[0]) == bool(then[0]) else ("新完成" if now[0] else "原已完成")
    if now[1] is None and then[1] is None:
        return _FMT.signed(Decimal(str(now[0])) - Decimal(str(then[0])), 0) if now[0] != then[0] else "持平"
    one, other = share(*now), share(*then)
    if one is None or other is None:
        return ""
    if one == other:
        return "持平"
    points = abs(one - other)
    return f"{_FMT.signed(one - other, 1 if points >= Fraction(1, 20) else 2)}个百分点"


def _gap(indicator: marts.Indicator, figure: _Own, ahead: marts.Progress) -> str:
    """What is still missing, in communities (or what is counted) and in points."""
    if not ahead.gap_units or indicator.kind in _YES_OR_NO:
        return ""
    units = f"{ahead.gap_units}{COUNTERS.get(figure.basis, '个')}"
    return f"{units}（{_FMT.gap(ahead.gap_points)}）" if ahead.gap_points and indicator.kind == "rate" else units


def _remark(indicator: marts.Indicator, figure: _Own, ahead: marts.Progress, periods: Mapping[str, str]) -> str:
    """Where the figures that are judged differ from the ledger's own, and by which period a milestone is decided."""
    said = []
    if ahead.numerator is not None and (ahead.numerator, ahead.denominator) != (figure.numerator, figure.denominator):
        judged = _value(indicator, ahead.numerator, ahead.denominator)
        parts = ""
        if ahead.denominator and indicator.kind not in _YES_OR_NO:
            parts = f"（{plain(ahead.numerator)}/{plain(ahead.denominator)}）"
        said.append(f"考核口径为{judged}{parts}")
    if figure.numerator is None:
        said.append("本表没有这项数据")
    if ahead.is_final and ahead.deciding_period_id:
        is_this = ahead.deciding_period_id == ahead.period_id
        said.append("该节点按这一期判定" if is_this else f"该节点已按{periods[ahead.deciding_period_id]}判定")
    return "；".join(said)


def _restated(indicator: marts.Indicator, figure: _Own) -> Line:
    """What this version did to a figure of the version it replaced."""
    from pipelines.intake.receipt.figures import Line

    now, then = (figure.numerator, figure.denominator), (figure.previous_numerator, figure.previous_denominator)
    parts = f"（{plain(then[0])}/{plain(then[1])}）" if then[0] is not None and then[1] else ""
    return Line(
        indicator.indicator_name,
        _number(now[0]) if indicator.kind not in _YES_OR_NO else None,
        _number(now[1]) if indicator.kind not in _YES_OR_NO else None,
        _value(indicator, *now),
        f"{_value(indicator, *then)}{parts}",
        _change(indicator, now, then),
    )


def _datum(
    indicator: marts.Indicator, figure: _Own, before: marts.Figure | None, ahead: marts.Progress | None
) -> dict[str, Any]:
    """The same for the JSON: numbers as they are."""
    return {
        "indicator_id": indicator.indicator_id,
        "indicator_name": indicator.indicator_name,
        "basis": figure.basis,
        "numerator": _number(figure.numerator),
        "denominator": _number(figure.denominator),
        "value": _percent(figure.numerator, figure.denominator),
        "last_period": before
        and {
            "period_id": before.period_id,
            "numerator": _number(before.numerator),
            "denominator": _number(before.denominator),
            "value": _percent(before.numerator, before.denominator),
        },
        "replaced_version": None
        if figure.previous_numerator is None
        else {
            "numerator": _number(figure.previous_numerator),
            "denominator": _number(figure.previous_denominator),
            "value": _percent(figure.previous_numerator, figure.previous_denominator),
        },
        "milestone": ahead
        and {
            "milestone_id": ahead.milestone_id,
            "due_date": ahead.due_date.isoformat() if ahead.due_date else None,
            "operator": ahead.operator,
            "target": _number(ahead.target),
            "status": ahead.status,
            "gap_units": ahead.gap_units,
            "gap_points": ahead.gap_points,
            "numerator": _number(ahead.numerator),
            "denominator": _number(ahead.denominator),
        },
    }


def _percent(numerator: Number | None, denominator: Number | None) -> float | int | None:
    """A rate in percent, else the number itself."""
    if numerator is None:
        return None
    if denominator is None:
        return _number(Decimal(str(numerator)))
    found = share(numerator, denominator)
    return None if found is None else float(found)


__all__ = ["Filled", "fill_receipts", "ledgers"]
