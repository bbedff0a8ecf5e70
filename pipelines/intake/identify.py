"""Whose workbook it is: plan, district and period.

Five sources, in this order: the template's ``_meta`` sheet, the cover, title rows, the inbox path, the file name. A
source counts only when it parses completely, to one plan, district and period; sources that disagree are a fatal
issue, not a choice. The file name counts only when nothing else identifies.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from pipelines.forms.units import Unit, stated_units
from pipelines.intake.issues import FATAL, WARNING, Issue
from pipelines.intake.reader import META_SHEET, Cell, RawSheet, RawWorkbook
from pipelines.plans import District, Period, Plan, find_plan

LABELS = {
    "plan": "方案 行动方案 方案名称 所属方案",
    "district": "填报单位 报送单位 填报地区 填报旗县区 上报单位",
    "code": "行政区划代码 区划代码 行政区划 地区代码",
    "period": "填报期 填报时期 报告期 填报期别 填报年度 所属期",
    "as_of": "数据截止日期 数据截至日期 截止日期 截至日期 数据截止时间 数据截止",
    "fill_date": "填报日期 填表日期 报送日期 填报时间 上报日期 上报时间",
    "unit": "单位 计量单位",
    "person": "填报人 填表人 联系电话 审核人 负责人 单位负责人 联系人 电话 手机 填报人电话 审核 制表人 复核人 分管领导",
}
"""What the cover's labels mean. Values beside a ``person`` label are personal data."""

_FIELD_OF = {label: name for name, labels in LABELS.items() for label in labels.split()}
_LABELLED = re.compile(
    r"(?:^|(?<=\s))\s*("
    + "|".join(sorted(map(re.escape, _FIELD_OF), key=len, reverse=True))
    + r")\s*(?:[(（][^)）]*[)）])?\s*[:：]\s*(.*?)(?=\s+\S{2,8}\s*[:：]|$)"
)
_PERIOD = re.compile(r"(?<![\d—\-~至])(\d{4})年?(?:度?摸底|(?<=年)\d{1,2}月|(?<=年)度?(?![—\-~至]))|(?<!\d)摸底")
COVER = "封面"
_META_FIELDS = {"plan_id": "plan", "district_code": "code", "period_id": "period"}


class Identity(NamedTuple):
    """Whose workbook it is."""

    plan: Plan
    district: District
    period: Period

    @property
    def key(self) -> tuple[str, str, str]:
        return self.plan.id, self.district.code, self.period.id

    @property
    def text(self) -> str:
        return f"{self.district.name.zh} {self.period.name.zh}"


@dataclass(slots=True)
class Cover:
    """What labels on the cover and in title rows say, as text; and where personal data stands beside them."""

    values: dict[str, str] = field(default_factory=dict)
    as_of: date | None = None
    fill_date: date | None = None
    units: tuple[Unit, ...] = ()
    is_synthetic: bool = False
    personal: list[tuple[str, Cell]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source:
    """What one source says: the identity when it parses completely, else why it does not."""

    name: str
    identity: Identity | None
    why_not: str | None = None
    is_contradictory: bool = False


def read_labels(sheets: Iterable[tuple[RawSheet, Iterable[int]]]) -> Cover:
    """The labelled values in these rows of each sheet; label and value in one cell or side by side."""
    cover = Cover()
    units: list[Unit] = []
    for sheet, rows in sheets:
        for row in rows:
            line = sheet.cells[row] if row < len(sheet.cells) else ()
            for column, cell in enumerate(line):
                if not isinstance(cell, str) or not cell.strip():
                    continue
                if "合成数据" in cell or "演示数据" in cell:
                    cover.is_synthetic = True
                units += stated_units(cell)
                for name, value, place in _labelled(line, column, cell):
                    if name == "person":
                        cover.personal.append((sheet.name, (row, place)))
                    elif name == "unit":
                        units += stated_units(f"单位：{value}")
                    elif value not in (None, ""):
                        _note(cover, name, value)
    cover.units = tuple(dict.fromkeys(units))
    return cover


def _labelled(line: Sequence[object], column: int, cell: str) -> Iterable[tuple[str, object, int]]:
    """What a cell says by label: field, value, and the column the value stands in."""
    label = _plain(cell).rstrip(":").strip("*")
    label = re.sub(r"[(].*?[)]$", "", label)
    if name := _FIELD_OF.get(label):
        for place in range(column + 1, min(column + 6, len(line))):
            value = line[place]
            if value in (None, ""):
                continue
            if isinstance(value, str) and _plain(value).rstrip(":") in _FIELD_OF:
                break
            yield name, value, place
            break
        return
    for found in _LABELLED.finditer(unicodedata.normalize("NFKC", cell).strip()):
        value = found[2].strip()
        if value:
            yield _FIELD_OF[found[1]], value, column


def _note(cover: Cover, name: str, value: object) -> None:
    if name in ("as_of", "fill_date"):
        day = _day(value)
        if getattr(cover, name) is None:
            setattr(cover, name, day)
    cover.values.setdefault(name, _text(value))


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return f"{value:%Y-%m-%d}"
    return str(value).strip()


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    found = re.match(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})|(\d{4})(\d{2})(\d{2})$", _plain(_text(value)))
    if not found:
        return None
    try:
        return date(*(int(part) for part in found.groups() if part))
    except ValueError:
        return None


# ── sources ───────────────────────────────────────────────────────────────────────────────────────────────────────


def from_meta(book: RawWorkbook, plans: Mapping[str, Plan]) -> Source | None:
    """The template's hidden sheet: names and values side by side, or names in the first row and values below."""
    sheet = next((sheet for sheet in book.sheets if sheet.name == META_SHEET), None)
    if sheet is None:
        return None
    pairs = {_text(line[0]): _text(line[1]) for line in sheet.cells if len(line) > 1}
    if not _META_FIELDS.keys() & pairs.keys() and len(sheet.cells) > 1:
        pairs = {_text(k): _text(v) for k, v in zip(sheet.cells[0], sheet.cells[1], strict=False)}
    values = {name: pairs[key] for key, name in _META_FIELDS.items() if pairs.get(key)}
    return _resolve("模板标记(_meta)", values, plans) if len(values) == len(_META_FIELDS) else None


def from_cover(cover: Cover, plans: Mapping[str, Plan], name: str = COVER) -> Source | None:
    """What the labels say. None when they say nothing about identity."""
    values = {key: text for key, text in cover.values.items() if key in ("plan", "district", "code", "period")}
    if not values:
        return None
    if "period" not in values and cover.as_of and len(values) > 1:
        values["period"] = f"{cover.as_of:%Y-%m}"
    return _resolve(name, values, plans)


def _resolve(name: str, values: Mapping[str, str], plans: Mapping[str, Plan]) -> Source:
    """Labelled texts → identity; every text that is given must be understood."""
    if "plan" in values:
        plan = find_plan(plans, values["plan"])
        if plan is None:
            return Source(name, None, f"没有名为「{_short(values['plan'])}」的方案")
        candidates = [plan]
    else:
        candidates = list(plans.values())
    lacking = [label for key, label in (("district", "填报单位"), ("period", "填报期")) if key not in values]
    if "code" in values:
        lacking = [label for label in lacking if label != "填报单位"]
    if lacking:
        return Source(name, None, f"没有填写{'、'.join(lacking)}")
    found: list[Identity] = []
    why = ""
    for plan in candidates:
        by = {key: plan.district(values[key]) for key in ("code", "district") if key in values}
        period = plan.period(values["period"])
        unknown = [key for key, district in by.items() if district is None]
        if not unknown and len({district.code for district in by.values() if district}) > 1:
            return Source(
                name,
                None,
                f"填报单位「{_short(values['district'])}」与行政区划代码「{values['code']}」不是同一个地区",
                True,
            )
        if unknown:
            text = values[unknown[0]]
            ambiguous = plan.is_ambiguous(text)
            why = f"「{_short(text)}」可以指几个旗县区" if ambiguous else why or f"不认识填报单位「{_short(text)}」"
        elif period is None:
            why = f"不认识填报期「{_short(values['period'])}」"
        else:
            district = next(iter(by.values()))
            assert district is not None
            found.append(Identity(plan, district, period))
    if len(found) == 1:
        return Source(name, found[0])
    return Source(name, None, why if not found else "符合几个方案，须写明方案名称")


_FILLED_ON = re.compile(r"(填报|填表|报送|上报|制表|打印)(日期|时间)[:：]?[\d年月日./-]*")
"""When a sheet was filled in says nothing about the period it speaks of."""


def from_texts(name: str, texts: Iterable[str], plans: Mapping[str, Plan]) -> Source | None:
    """Free text (titles, a file name): it counts when it names one district and one period of exactly one plan."""
    plain = [_FILLED_ON.sub("", _plain(text)) for text in texts]
    found = {}
    for plan in plans.values():
        districts = {d.code: d for text in plain for d in _districts_in(text, plan)}
        periods = {p.id: p for text in plain for p in _periods_in(text, plan)}
        if len(districts) == len(periods) == 1:
            identity = Identity(plan, next(iter(districts.values())), next(iter(periods.values())))
            found[identity.key] = identity
    named = [plan.id for plan in plans.values() if any(_plain(t) in text for text in plain for t in _titles(plan))]
    if len(named) == 1:
        found = {key: identity for key, identity in found.items() if key[0] == named[0]}
    return Source(name, next(iter(found.values()))) if len(found) == 1 else None


def _titles(plan: Plan) -> tuple[str, ...]:
    return plan.id, plan.name.zh, *plan.aliases


def _districts_in(text: str, plan: Plan) -> list[District]:
    """The districts a text names; a name inside a longer one (高新区 in 天府高新区) does not count."""
    hits: list[tuple[int, int, District | None]] = []
    for name, district in _names(plan):
        if name in text:
            hits += [(found.start(), found.end(), district) for found in re.finditer(re.escape(name), text)]
    longest = [h for h in hits if not any(o[0] <= h[0] and h[1] <= o[1] and o[1] - o[0] > h[1] - h[0] for o in hits)]
    if any(district is None for _, _, district in longest):
        return []
    return list({district.code: district for _, _, district in longest if district}.values())


_NAMES: dict[int, tuple[Plan, list[tuple[str, District | None]]]] = {}


def _names(plan: Plan) -> list[tuple[str, District | None]]:
    """Every name of every district of a plan; an ambiguous one stands for none."""
    if id(plan) not in _NAMES:
        names: dict[str, District | None] = {}
        for district in plan.districts:
            for name in (district.name.zh, district.short_name, *district.aliases, district.code):
                names[_plain(name or "")] = district
        for district in plan.districts:
            names |= {_plain(name): None for name in district.ambiguous_aliases}
        _NAMES[id(plan)] = plan, [(name, district) for name, district in names.items() if len(name) > 1]
    return _NAMES[id(plan)][1]


def _periods_in(text: str, plan: Plan) -> list[Period]:
    text = "".join(text.split(_plain(plan.name.zh)))
    text = re.sub(r"\d{4}年?[—\-~至]+\d{4}年?", "", text)
    fragments = [text] if plan.period(text) else [found[0] for found in _PERIOD.finditer(text)]
    fragments += re.findall(r"(?<!\d)\d{4}-(?:\d{2}|baseline)(?!\d)", text)
    periods = [plan.period(fragment) for fragment in fragments]
    return [period for period in periods if period]


def from_path(drop_path: str | None, plans: Mapping[str, Plan]) -> Source | None:
    """``<plan>/<period>/<district code>/`` in the inbox, ids written out."""
    parts = (drop_path or "").split("/")[:-1]
    if len(parts) < 3:
        return None
    plan = plans.get(parts[0])
    period = next((p for p in plan.periods if p.id == parts[1]), None) if plan else None
    district = next((d for d in plan.districts if d.code == parts[2]), None) if plan else None
    return Source("收件路径", Identity(plan, district, period)) if plan and period and district else None


# ── the verdict ───────────────────────────────────────────────────────────────────────────────────────────────────


def identify(
    book: RawWorkbook,
    cover: Cover | None,
    title_labels: Cover,
    titles: Sequence[str],
    drop_path: str | None,
    file_name: str,
    plans: Mapping[str, Plan],
) -> tuple[Identity | None, list[Issue]]:
    """Whose workbook this is, and what is to be said about it (fatal when it can't be told)."""
    sources = [
        from_meta(book, plans),
        from_cover(cover, plans) if cover else None,
        from_cover(title_labels, plans, "表头文字") or from_texts("标题", titles, plans),
        from_path(drop_path, plans),
    ]
    if sources[2] and sources[2].identity is None:
        sources[2] = from_texts("标题", titles, plans) or sources[2]
    given = [source for source in sources if source]
    complete = [source for source in given if source.identity]
    for source in given:
        if source.is_contradictory:
            return None, [_conflict(f"{source.name}：{source.why_not}")]
    if not complete and (by_name := from_texts("文件名", [file_name], plans)):
        complete = [by_name]
    identities = {source.identity.key: source for source in complete if source.identity}
    if len(identities) > 1:
        said = "；".join(f"{source.name}是「{source.identity.text}」" for source in complete if source.identity)
        return None, [_conflict(said)]
    why = "；".join(f"{source.name}：{source.why_not}" for source in given if source.why_not)
    if not complete:
        message = "无法确定这份表属于哪个方案、哪个旗县区、哪一期" + (f"（{why}）" if why else "") + "。"
        return None, [Issue(FATAL, "not_identified", message, IDENTIFY_REMEDY)]
    issues = []
    if cover_says := next((s for s in given if s.name == COVER and s.why_not), None):
        why = f"{COVER}：{cover_says.why_not}"
        remedy = "请补全或更正封面，下次报送时就不必依靠文件夹或标题来判断。"
        issues.append(Issue(WARNING, "cover_incomplete", f"填报信息不完整：{why}。", remedy))
    return complete[0].identity, issues


IDENTIFY_REMEDY = "请在「填报说明」表写明方案、填报单位、行政区划代码和填报期(如 2024-11)，或使用下发的模板填报。"


def _conflict(said: str) -> Issue:
    return Issue(
        FATAL,
        "identity_conflict",
        f"填报信息互相矛盾：{said}。",
        "请核对封面、标题和文件夹，改成同一个地区、同一期后再报送。",
    )


def _short(text: str) -> str:
    return text if len(text) <= 20 else text[:19] + "…"
