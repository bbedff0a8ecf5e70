"""What analysts decide by hand: two small CSV files per plan in ``data/raw/register/``.

``<plan>.csv`` — decisions on the register, which win over what districts declare::

    district_code,event,community,related,date,reason
    150802,same,乌兰小区,WL01,,两个平台写法不同

``event`` is an English code or its Chinese word (``EVENTS``). ``community`` and ``related`` name a community by its
code, its name, or, where the name alone is not unique, ``街道/名称`` or ``名称@地址`` (``名称@``: the one without an
address); several in ``related`` are separated by 、 ; or ,.

``<plan>_assessment.csv`` — bonuses, penalties and vetoes that no figure shows::

    district_code,kind,entry_id,item_id,date,reason

Both may carry a BOM, be saved as UTF-8 or GB18030, and use Chinese headers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.handwritten import HandwrittenError, Line, lines
from pipelines.plans.model import Plan

DECISION_SCHEMA: dict[str, pl.DataType] = {
    "plan_id": pl.String(),
    "line": pl.Int64(),
    "district_code": pl.String(),
    "event": pl.String(),
    "community": pl.String(),
    "related": pl.List(pl.String()),
    "date": pl.Date(),
    "reason": pl.String(),
}
"""Decisions as ``register.build`` takes them."""

ENTRY_SCHEMA: dict[str, pl.DataType] = {
    "plan_id": pl.String(),
    "district_code": pl.String(),
    "kind": pl.String(),
    "entry_id": pl.String(),
    "item_id": pl.String(),
    "entry_date": pl.Date(),
    "reason": pl.String(),
}

EVENTS: dict[str, tuple[str, ...]] = {
    "same": ("同一小区", "同一", "别名", "alias", "更名", "rename", "renamed"),
    "distinct": ("不同小区", "不同", "不是同一小区", "different"),
    "merge": ("合并", "merged"),
    "split": ("拆分",),
    "demolished": ("核销", "拆除", "demolish", "demolition"),
    "added": ("新增", "add", "new_delivery"),
    "corrected": ("补录", "更正", "correct", "scope_correction"),
    "removed": ("剔除", "移除", "不属于住宅小区", "remove"),
    "rejected": ("驳回", "不予认可", "reject"),
}
"""Event → other words for it.

- same: community and related are one community under several names or codes (a rename is one of these).
- distinct: community is not the related one, whatever code or name they share.
- merge, split: community came out of the related ones, from the date on.
- demolished, removed: community stands no longer, or never belonged in the register, from the date on.
- added, corrected: how a community that came new into the register is to be counted.
- rejected: what the district declared on the row of that community in that period does not count.
"""
NEEDS_RELATED = frozenset({"same", "distinct", "merge", "split"})
NEEDS_DATE = frozenset({"merge", "split", "demolished", "removed", "added", "corrected", "rejected"})
KINDS: dict[str, tuple[str, ...]] = {"bonus": ("加分",), "penalty": ("扣分",), "veto": ("一票否决", "否决")}

_HEADERS: dict[str, tuple[str, ...]] = {
    "district_code": ("district", "行政区划代码", "旗县区", "地区", "填报单位"),
    "event": ("事件", "变更情况", "决定"),
    "community": ("小区", "小区编码", "小区名称"),
    "related": ("相关小区", "原小区编码", "原小区"),
    "date": ("日期", "变更时间", "entry_date"),
    "reason": ("原因", "理由", "变更原因", "说明"),
    "kind": ("类别", "类型"),
    "entry_id": ("entry", "编号", "条目"),
    "item_id": ("item", "评价项目", "项目编号"),
}
_SEPARATORS = re.compile(r"\s*[、;；,，]\s*")


class DecisionError(HandwrittenError):
    """A decision file that can't be used."""


def read_decisions(folder: Path, plans: Mapping[str, Plan]) -> pl.DataFrame:
    """Every plan's register decisions, in the order of the files (``DECISION_SCHEMA``).

    Raises DecisionError listing all mistakes of all files.
    """
    return _collect(folder, plans, "{}.csv", ("district_code", "event", "community"), _decision, DECISION_SCHEMA)


def read_entries(folder: Path, plans: Mapping[str, Plan]) -> pl.DataFrame:
    """Every plan's assessment entries, in the order of the files (``ENTRY_SCHEMA``).

    Raises DecisionError listing all mistakes of all files.
    """
    needed = ("district_code", "kind", "entry_id", "reason")
    return _collect(folder, plans, "{}_assessment.csv", needed, _entry, ENTRY_SCHEMA)


def _collect(
    folder: Path,
    plans: Mapping[str, Plan],
    pattern: str,
    needed: tuple[str, ...],
    read: Callable[[Plan, _Line], dict[str, object]],
    schema: dict[str, pl.DataType],
) -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    mistakes: list[str] = []
    for plan in plans.values():
        path = folder / pattern.format(plan.id)
        if not path.is_file():
            continue
        for line in lines(path, _HEADERS, needed, mistakes, _Line):
            row = read(plan, line)
            mistakes.extend(line.mistakes)
            rows.append({"plan_id": plan.id, **row})
    if mistakes:
        raise DecisionError(mistakes)
    return pl.DataFrame(rows, schema=schema, orient="row")


class _Line(Line):
    """One line of a file about a plan's districts."""

    def district(self, plan: Plan) -> str | None:
        if (value := self.needed("district_code", "write the district's code")) is None:
            return None
        if found := plan.district(value):
            return found.code
        codes = ", ".join(district.code for district in plan.districts)
        self.wrong("district_code", f"{value} is no district of {plan.id}", f"use one of {codes}")
        return None

    def word(self, field: str, words: Mapping[str, tuple[str, ...]]) -> str | None:
        if (value := self.text(field)) is None:
            self.wrong(field, "is blank", _choices(words))
            return None
        for code, others in words.items():
            if value.lower() in (code, *others):
                return code
        self.wrong(field, f"{value} is unknown", _choices(words))
        return None

    def day(self, field: str) -> date | None:
        if (value := self.text(field)) is None:
            return None
        if parts := re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", value):
            try:
                return date(*map(int, parts.groups()))
            except ValueError:
                pass
        self.wrong(field, f"{value} is no date", "write it as 2024-11-30")
        return None


def _choices(words: Mapping[str, tuple[str, ...]]) -> str:
    return "use one of " + ", ".join(f"{code} ({others[0]})" for code, others in words.items())


def _decision(plan: Plan, line: _Line) -> dict[str, object]:
    event = line.word("event", EVENTS)
    related = [part for part in _SEPARATORS.split(line.text("related") or "") if part]
    day = line.day("date")
    if event in NEEDS_RELATED and not related:
        line.wrong("related", f"is blank, but {event} needs it", "name the other community by code or name")
    if event in NEEDS_DATE and line.text("date") is None:
        line.wrong("date", f"is blank, but {event} needs it", "write the day from which it holds, as 2024-11-30")
    return {
        "line": line.number,
        "district_code": line.district(plan),
        "event": event,
        "community": line.needed("community", "name the community by code or name"),
        "related": related,
        "date": day,
        "reason": line.prose("reason"),
    }


def _entry(plan: Plan, line: _Line) -> dict[str, object]:
    kind, entry, item = line.word("kind", KINDS), line.text("entry_id"), line.text("item_id")
    if plan.rubric is None:
        line.wrong("entry_id", f"{plan.id} has no rubric", "remove the file or give the plan a rubric")
    elif kind is not None:
        known = {
            "bonus": [extra.id for extra in plan.rubric.bonus.items],
            "penalty": [extra.id for extra in plan.rubric.penalty.items],
            "veto": [veto.id for veto in plan.rubric.vetoes],
        }[kind]
        if entry not in known:
            line.wrong("entry_id", f"{entry or 'blank'} is no {kind} of the rubric", f"use one of {', '.join(known)}")
        zeroing = {veto.id for veto in plan.rubric.vetoes if veto.zero_item or veto.effect == "zero_item"}
        if kind == "veto" and entry in zeroing and item is None:
            line.wrong("item_id", f"is blank, but {entry} takes an item's points away", "name the item")
        items = [rubric_item.id for rubric_item in plan.rubric.items]
        if item is not None and item not in items:
            line.wrong("item_id", f"{item} is no item of the rubric", f"use one of {', '.join(items)}")
    return {
        "district_code": line.district(plan),
        "kind": kind,
        "entry_id": entry,
        "item_id": item,
        "entry_date": line.day("date"),
        "reason": line.needed("reason", "say why") and line.prose("reason"),
    }
